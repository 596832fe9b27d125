//! `POST /metrics/{key}/event`

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::world::{Answer, KEY, World};

const PATH: &str = "/v1/metrics/words/event";

/// An event with an `Idempotency-Key` header.
async fn keyed(world: &World, path: &str, user: &str, value: i32, key: &str) -> Answer {
    let request = Request::builder().method(Method::POST).uri(path).header("X-API-KEY", KEY);
    let body = json!({"user": {"id": user}, "value": value}).to_string();
    world.send(request.header("Idempotency-Key", key).body(Body::from(body)).unwrap()).await
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

// X1 C-EVENT-06 C-EVENT-17 C-IDEM-03 C-API-15
#[tokio::test]
async fn the_answer_has_every_documented_field_and_no_other() {
    let world = World::new().await;
    let body = json!({"user": {"id": "u1", "tz": "America/New_York"}, "value": 750});
    let answer = world.post(PATH, body).await.json(StatusCode::CREATED);
    let fields =
        ["eventId", "metricId", "total", "achievements", "currentStreak", "points", "leaderboards"];
    assert_eq!(keys(&answer), fields);
    assert_eq!(answer["total"], 750);
    assert_eq!(answer["points"], json!({}));
    assert_eq!(answer["leaderboards"], json!({}));
    assert_eq!(
        answer["currentStreak"],
        json!({"length": 1, "frequency": "daily", "started": "2026-01-05", "periodStart": "2026-01-05",
               "periodEnd": "2026-01-05", "expires": "2026-01-06", "extended": true})
    );
    let achievement = &answer["achievements"][0];
    let fields = [
        "id",
        "name",
        "trigger",
        "description",
        "badgeUrl",
        "userAttributes",
        "metricId",
        "metricName",
        "metricValue",
        "eventAttributes",
        "achievedAt",
    ];
    assert_eq!(keys(achievement), fields);
    assert_eq!(achievement["description"], Value::Null);
    assert_eq!(achievement["eventAttributes"], json!([]));
    assert_eq!(achievement["achievedAt"], "2026-01-06T03:30:00.000Z");
}

// C-GEN-33 C-API-14
#[tokio::test]
async fn totals_are_exact_and_shortest() {
    let world = World::new().await;
    for (value, total) in
        [("0.1", "0.1"), ("0.2", "0.3"), ("0.7", "1"), ("1e3", "1001"), ("-1001.0", "0")]
    {
        let body = format!(r#"{{"user":{{"id":"u"}},"value":{value}}}"#);
        let request = Request::builder().method(Method::POST).uri(PATH).header("X-API-KEY", KEY);
        let answer = world.send(request.body(Body::from(body)).unwrap()).await;
        assert!(answer.text.contains(&format!(r#""total":{total},"#)), "{}", answer.text);
    }
}

// C-GEN-10 C-EVENT-01 C-EVENT-03
#[tokio::test]
async fn values_are_numbers_in_range() {
    let world = World::new().await;
    for value in [json!("1"), json!(null), json!(true), json!([1]), json!(1_000_000_000_001_i64)] {
        world.event("words", "u", value).await.error(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let missing = world.post(PATH, json!({"user": {"id": "u"}})).await;
    assert_eq!(missing.error(StatusCode::UNPROCESSABLE_ENTITY), "value is required");
    world.get("/v1/users/u").await.error(StatusCode::NOT_FOUND);
}

// C-USER-01 C-USER-02
#[tokio::test]
async fn events_need_a_user_with_an_id() {
    let world = World::new().await;
    for (user, message) in [
        (json!({}), "user.id is required"),
        (json!({"id": 5}), "user.id must be a string"),
        (json!({"id": null}), "user.id must be a string"),
        (json!({"id": ""}), "id must have 1 to 255 characters"),
        (json!({"id": "u".repeat(256)}), "id must have 1 to 255 characters"),
        (json!("u"), "user must be an object"),
        (json!(null), "user must be an object"),
    ] {
        let answer = world.post(PATH, json!({"user": user, "value": 1})).await;
        assert_eq!(answer.error(StatusCode::UNPROCESSABLE_ENTITY), message);
    }
    world
        .post(PATH, json!({"user": {"id": " ü/\u{1f600}"}, "value": 1}))
        .await
        .json(StatusCode::CREATED);
    world.get("/v1/users/%20%C3%BC%2F%F0%9F%98%80").await.json(StatusCode::OK);
}

// C-EVENT-05 C-ATTR-03 C-ATTR-04 C-ATTR-07 C-ADM-28
#[tokio::test]
async fn mistakes_are_told_in_the_order_of_processing() {
    let world = World::new().await;
    let body = |user: Value, attributes: Value| json!({"user": {"id": "u", "attributes": user}, "value": 1, "attributes": attributes});
    let unknown =
        body(json!({"z": "1", "plan": "pro", "a": "2"}), json!({"y": "1", "book": "x", "b": "2"}));

    let shape = world.post("/v1/metrics/none/event", body(json!({"z": 1}), json!({}))).await;
    assert_eq!(shape.error(StatusCode::UNPROCESSABLE_ENTITY), "attributes.z must be a string");
    let metric = world.post("/v1/metrics/none/event", unknown.clone()).await;
    assert_eq!(metric.error(StatusCode::NOT_FOUND), "Metric not found");
    let user = world.post(PATH, unknown).await;
    assert_eq!(
        user.error(StatusCode::UNPROCESSABLE_ENTITY),
        "Invalid attribute keys: z, a. Please ensure all attribute keys match those set up at https://console.example/users/attributes."
    );
    let event = world.post(PATH, body(json!({}), json!({"y": "1", "book": "x", "b": "2"}))).await;
    assert_eq!(
        event.error(StatusCode::UNPROCESSABLE_ENTITY),
        "Invalid attribute keys: y, b. Please ensure all attribute keys match those set up at https://console.example/metrics."
    );
    let null = world.post(PATH, body(json!({}), json!({"book": null}))).await;
    assert_eq!(null.error(StatusCode::UNPROCESSABLE_ENTITY), "attributes.book must be a string");
    for attributes in [json!({"book": ""}), json!({}), json!(null)] {
        world.post(PATH, body(json!({"plan": null}), attributes)).await.json(StatusCode::CREATED);
    }
}

// X3 C-IDEM-01 C-IDEM-02 C-IDEM-03 C-IDEM-06 C-IDEM-07
#[tokio::test]
async fn a_key_counts_once_per_user_and_metric() {
    let world = World::new().await;
    let first = keyed(&world, PATH, "u3", 1, "lesson-42").await.json(StatusCode::CREATED);
    assert_eq!(
        (&first["idempotencyKey"], &first["idempotentReplayed"]),
        (&json!("lesson-42"), &json!(false))
    );
    let replay = keyed(&world, PATH, "u3", 5, " lesson-42 ").await.json(StatusCode::ACCEPTED);
    assert_eq!(keys(&replay), keys(&first));
    assert_eq!(replay["eventId"], first["eventId"]);
    assert_eq!(replay["total"], 1);
    assert_eq!(
        (&replay["idempotencyKey"], &replay["idempotentReplayed"]),
        (&json!("lesson-42"), &json!(true))
    );
    assert_eq!(
        (&replay["achievements"], &replay["points"], &replay["leaderboards"]),
        (&json!([]), &json!({}), &json!({}))
    );
    assert_eq!(
        (&replay["currentStreak"]["length"], &replay["currentStreak"]["extended"]),
        (&json!(1), &json!(false))
    );
    keyed(&world, "/v1/metrics/quizzes/event", "u3", 1, "lesson-42")
        .await
        .json(StatusCode::CREATED);
    keyed(&world, PATH, "u4", 1, "lesson-42").await.json(StatusCode::CREATED);
}

// C-IDEM-08 C-IDEM-09
#[tokio::test]
async fn a_malformed_replay_is_still_malformed_and_uses_no_key() {
    let world = World::new().await;
    keyed(&world, "/v1/metrics/none/event", "u", 1, "k").await.error(StatusCode::NOT_FOUND);
    keyed(&world, PATH, "", 1, "k").await.error(StatusCode::UNPROCESSABLE_ENTITY);
    keyed(&world, PATH, "u", 1, "k").await.json(StatusCode::CREATED);
    keyed(&world, PATH, "", 1, "k").await.error(StatusCode::UNPROCESSABLE_ENTITY);
}

// C-IDEM-11 C-IDEM-12
#[tokio::test]
async fn blank_keys_are_none_and_the_body_stands_in_for_the_header() {
    let world = World::new().await;
    for key in ["", "   "] {
        let answer = keyed(&world, PATH, "u", 1, key).await.json(StatusCode::CREATED);
        assert!(answer.get("idempotencyKey").is_none());
        assert!(answer.get("idempotentReplayed").is_none());
    }
    assert_eq!(
        keyed(&world, PATH, "u", 1, &"k".repeat(256)).await.error(StatusCode::UNPROCESSABLE_ENTITY),
        "Idempotency-Key must have at most 255 characters"
    );
    let body = |key: Value| json!({"user": {"id": "v"}, "value": 1, "idempotencyKey": key});
    let first = world.post(PATH, body(json!("in-body"))).await.json(StatusCode::CREATED);
    assert_eq!(first["idempotencyKey"], "in-body");
    world.post(PATH, body(json!("in-body"))).await.json(StatusCode::ACCEPTED);
    keyed(&world, PATH, "v", 1, "in-body").await.json(StatusCode::ACCEPTED);
    world.post(PATH, body(json!(null))).await.json(StatusCode::CREATED);
    world.post(PATH, body(json!(5))).await.error(StatusCode::UNPROCESSABLE_ENTITY);
}

// C-METRIC-01 C-ATTR-09
#[tokio::test]
async fn each_metric_sums_its_own_events_and_takes_any_event_attribute() {
    let world = World::new().await;
    for (metric, values) in [("words", [2, 3]), ("quizzes", [10, -4])] {
        for value in values {
            let body = json!({"user": {"id": "u"}, "value": value, "attributes": {"book": "x"}});
            world
                .post(&format!("/v1/metrics/{metric}/event"), body)
                .await
                .json(StatusCode::CREATED);
        }
    }
    let metrics = world.get("/v1/users/u/metrics").await.json(StatusCode::OK);
    let current: Vec<_> =
        metrics.as_array().unwrap().iter().map(|own| (&own["key"], &own["current"])).collect();
    assert_eq!(current, [(&json!("words"), &json!(5)), (&json!("quizzes"), &json!(6))]);
}

// C-EVENT-04
#[tokio::test]
async fn events_happen_when_they_are_received() {
    let world = World::new().await;
    let then = "2020-01-01T00:00:00.000Z";
    let body =
        json!({"user": {"id": "u"}, "value": 500, "timestamp": then, "time": then, "date": then});
    let answer = world.post(PATH, body).await.json(StatusCode::CREATED);
    assert_eq!(answer["achievements"][0]["achievedAt"], "2026-01-06T03:30:00.000Z");
    assert_eq!(answer["currentStreak"]["started"], "2026-01-06");
}

// C-API-13 C-GEN-13
#[tokio::test]
async fn ids_are_lower_case_hyphenated_uuids() {
    let world = World::new().await;
    let answer = world.event("words", "u", json!(500)).await.json(StatusCode::CREATED);
    for id in [&answer["eventId"], &answer["metricId"], &answer["achievements"][0]["id"]] {
        let text = id.as_str().unwrap();
        assert_eq!(uuid::Uuid::parse_str(text).unwrap().hyphenated().to_string(), text);
    }
}

// C-API-07 C-GEN-08
#[tokio::test]
async fn no_business_outcome_has_a_status_that_clients_retry() {
    let world = World::new().await;
    let words = world.id("/metrics", "words").await;
    let trigger = json!({"type": "metric", "metricId": words, "metricThreshold": 1, "points": -1,
                         "status": "active", "blockIfOutOfPoints": true});
    world
        .created("/points", json!([{"name": "Energy", "key": "energy", "triggers": [trigger]}]))
        .await;
    let lock = |items: Value| world.request(Method::PATCH, "/admin/v1/achievements", Some(items));
    let toured = world.id("/achievements", "toured").await;
    lock(json!([{"id": toured, "status": "locked"}])).await.json(StatusCode::OK);
    let user = json!({"user": {"id": "u"}});
    for (path, body, status) in [
        (PATH, json!({"user": {"id": "u"}, "value": 1}), 422),
        ("/v1/achievements/toured/complete", user, 422),
        ("/admin/v1/metrics", json!([{"name": "Words", "key": "words"}]), 200),
        ("/admin/v1/streaks/freezes", json!({"freezes": [{"userId": "u"}]}), 200),
    ] {
        assert_eq!(world.post(path, body).await.status.as_u16(), status, "{path}");
    }
    let answer = world
        .request(Method::PATCH, "/admin/v1/points", Some(json!([{"id": words, "name": "n"}])))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}
