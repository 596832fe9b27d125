//! `POST /admin/v1/metrics/events`: what is accepted, and what is told of what isn't. (C-BATCH)

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{BODY_BYTES_MAX, START, World};

const PATH: &str = "/admin/v1/metrics/events";

fn event(user: &str, value: u32) -> Value {
    json!({"key": "words", "user": {"id": user}, "value": value})
}

async fn current(world: &World, user: &str) -> Value {
    let path = format!("/v1/users/{user}/metrics/words");
    world.get(&path).await.json(StatusCode::OK)["current"].clone()
}

// C-BATCH-01 C-BATCH-05 C-ADM-33 C-ADM-35 C-GEN-25
#[tokio::test]
async fn a_batch_is_counted_and_worked_through() {
    let world = World::new().await;
    let rich = json!({
        "key": "words", "value": 2.5, "idempotencyKey": "k", "attributes": {"book": "Emma"},
        "user": {"id": "ann", "name": "Ann", "tz": "Europe/Berlin", "attributes": {"plan": "pro"},
                 "deviceTokens": null, "email": null},
    });
    let batch = json!([event("ann", 1), rich, rich, event("bob", 7), event("ann", 500)]);
    let answer = world.post(PATH, batch).await;
    assert_eq!(answer.json(StatusCode::ACCEPTED), json!({"accepted": 5}));
    world.clock(START).await;
    assert_eq!(current(&world, "ann").await, json!(503.5));
    assert_eq!(current(&world, "bob").await, 7);
    let ann = world.get("/v1/users/ann").await.json(StatusCode::OK);
    assert_eq!((&ann["name"], &ann["attributes"]), (&json!("Ann"), &json!({"plan": "pro"})));
    let achieved = world.get("/v1/users/ann/achievements").await.json(StatusCode::OK);
    assert_eq!(achieved[0]["name"], "Novelist");
}

// C-BATCH-02
#[tokio::test]
async fn one_wrong_item_refuses_the_whole_batch_and_is_named() {
    let world = World::new().await;
    let unknown = "Invalid attribute keys: x. Please ensure all attribute keys match those set up at https://console.example";
    for (item, message) in [
        (json!(5), "Item 1: item must be an object".to_owned()),
        (json!({"user": {"id": "u"}, "value": 1}), "Item 1: key is required".to_owned()),
        (
            json!({"key": 5, "user": {"id": "u"}, "value": 1}),
            "Item 1: key must be a string".to_owned(),
        ),
        (json!({"key": "words", "value": 1}), "Item 1: user is required".to_owned()),
        (json!({"key": "words", "user": {}, "value": 1}), "Item 1: user.id is required".to_owned()),
        (json!({"key": "words", "user": {"id": "u"}}), "Item 1: value is required".to_owned()),
        (
            json!({"key": "words", "user": {"id": "u"}, "value": "1"}),
            "Item 1: value must be a number".to_owned(),
        ),
        (
            json!({"key": "words", "user": {"id": "u", "tz": "Mars"}, "value": 1}),
            "Item 1: Invalid time zone: Mars".to_owned(),
        ),
        (
            json!({"key": "words", "user": {"id": "u", "attributes": {"x": "1"}}, "value": 1}),
            format!("Item 1: {unknown}/users/attributes."),
        ),
        (
            json!({"key": "words", "user": {"id": "u"}, "value": 1, "attributes": {"x": "1"}}),
            format!("Item 1: {unknown}/metrics."),
        ),
        (
            json!({"key": "words", "user": {"id": "u"}, "value": 1, "idempotencyKey": "k".repeat(256)}),
            "Item 1: idempotencyKey must have at most 255 characters".to_owned(),
        ),
    ] {
        let answer = world.post(PATH, json!([event("ghost", 1), item, event("ghost", 1)])).await;
        assert_eq!(answer.error(StatusCode::UNPROCESSABLE_ENTITY), message);
    }
    let unknown = json!({"key": "nothing", "user": {"id": "u"}, "value": 1});
    let answer = world.post(PATH, json!([event("ghost", 1), unknown])).await;
    assert_eq!(answer.error(StatusCode::NOT_FOUND), "Metric not found: nothing");
    // As for a single event, shapes come before what keys name, and metrics before attributes.
    let attribute =
        json!({"key": "words", "user": {"id": "u"}, "value": 1, "attributes": {"x": "1"}});
    let answer = world.post(PATH, json!([attribute, unknown])).await;
    answer.error(StatusCode::NOT_FOUND);
    let answer = world.post(PATH, json!([unknown, {"key": "words"}])).await;
    assert_eq!(answer.error(StatusCode::UNPROCESSABLE_ENTITY), "Item 1: user is required");
    world.clock(START).await;
    world.get("/v1/users/ghost").await.error(StatusCode::NOT_FOUND);
}

// C-BATCH-01 C-API-12 C-GEN-14
#[tokio::test]
async fn a_batch_has_1_to_1000_items_and_may_be_larger_than_other_bodies() {
    let world = World::new().await;
    let many = |count: usize, note: &str| {
        let event = json!({"key": "words", "user": {"id": "u"}, "value": 1, "ignored": note});
        Value::from(vec![event; count])
    };
    for wrong in [json!([]), json!({}), json!("x"), many(1_001, "")] {
        let answer = world.post(PATH, wrong).await;
        let message = "body must be an array of 1 to 1000 items";
        assert_eq!(answer.error(StatusCode::UNPROCESSABLE_ENTITY), message);
    }
    let large = many(1_000, &"x".repeat(BODY_BYTES_MAX / 500));
    assert!(large.to_string().len() > 2 * BODY_BYTES_MAX);
    let answer = world.post(PATH, large).await;
    assert_eq!(answer.json(StatusCode::ACCEPTED), json!({"accepted": 1000}));
    world.clock(START).await;
    assert_eq!(current(&world, "u").await, 1000);
    let larger = json!("x".repeat(8 * BODY_BYTES_MAX));
    world.post(PATH, larger).await.error(StatusCode::PAYLOAD_TOO_LARGE);
    world.request(Method::GET, PATH, None).await.error(StatusCode::METHOD_NOT_ALLOWED);
}

// C-BATCH-03 C-API-08
#[tokio::test]
async fn what_cannot_be_stored_is_told_to_come_again() {
    let world = World::new().await;
    world.faults.journal.fail("no space");
    let answer = world.post(PATH, json!([event("u", 1)])).await;
    assert_eq!(answer.headers["retry-after"], "1");
    answer.error(StatusCode::SERVICE_UNAVAILABLE);
}
