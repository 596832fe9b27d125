//! `/admin/v1/leaderboards`

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{create, delete, only_message, read, refusal, text, update, update_refusal};
use crate::world::World;

async fn metric(world: &World, key: &str) -> Value {
    let answer = create(world, "/metrics", json!([{"name": key, "key": key}])).await;
    answer["created"][0]["id"].clone()
}

async fn attribute(world: &World, key: &str) -> Value {
    let item = json!({"name": key, "key": key, "type": "user"});
    create(world, "/attributes", json!([item])).await["created"][0]["id"].clone()
}

/// The id of a board that ranks by a new metric, with these fields besides.
async fn board(world: &World, key: &str, fields: Value) -> String {
    let metric = metric(world, &format!("{key}-metric")).await;
    let mut item = json!({"name": key, "key": key, "rankBy": "metric", "metricId": metric});
    for (field, value) in fields.as_object().unwrap() {
        item[field] = value.clone();
    }
    let answer = create(world, "/leaderboards", json!([item])).await;
    assert_eq!(answer["issues"], json!([]));
    text(&answer["created"][0], "id").to_owned()
}

// C-LB-01 C-LB-56 C-ADM-14 C-ADM-64
#[tokio::test]
async fn what_is_unset_is_absent() {
    let world = World::empty().await;
    let words = metric(&world, "words").await;
    let (plan, city) = (attribute(&world, "plan").await, attribute(&world, "city").await);
    let answer = create(&world, "/leaderboards", json!([
        {"name": " Board ", "key": "b", "rankBy": "metric", "metricId": words},
        {"name": "All", "key": "all", "rankBy": "metric", "metricId": words, "description": "d", "status": "scheduled",
         "maxParticipants": null, "start": "2027-01-01", "end": "2027-02-01", "startTime": "09:00", "endTime": "17:00:30",
         "breakdownAttributes": [city, plan], "runUnit": "day", "runInterval": 7,
         "userAttributes": [{"attributeId": plan, "attributeValue": "pro"}]},
    ]))
    .await;
    assert_eq!(answer["issues"], json!([]));
    let plain = &answer["created"][0];
    let today = "2026-01-06";
    assert_eq!(
        *plain,
        json!({"id": plain["id"], "name": "Board", "key": "b", "status": "inactive", "rankBy": "metric",
        "metricId": words, "maxParticipants": 1000, "start": today, "breakdownAttributes": [], "userAttributes": []})
    );
    let full = &answer["created"][1];
    assert_eq!(
        *full,
        json!({"id": full["id"], "name": "All", "key": "all", "description": "d", "status": "scheduled",
        "rankBy": "metric", "metricId": words, "maxParticipants": null, "start": "2027-01-01", "end": "2027-02-01",
        "startTime": "09:00", "endTime": "17:00:30", "breakdownAttributes": [city, plan], "runUnit": "day",
        "runInterval": 7, "userAttributes": [{"attributeId": plan, "attributeValue": "pro"}]})
    );
    let all = read(&world, "/leaderboards").await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert!([plain, full].into_iter().all(|own| all.as_array().unwrap().contains(own)));
    assert_eq!(read(&world, &format!("/leaderboards/{}", text(full, "id"))).await, *full);
}

// C-LB-39 C-LB-56 C-ADM-11 C-ADM-12 C-ADM-65
#[tokio::test]
async fn a_wrong_field_is_named() {
    let world = World::empty().await;
    let words = metric(&world, "words").await;
    let with = |field: &str, value: Value| {
        let mut item = json!({"name": "n", "key": "k", "rankBy": "metric", "metricId": words});
        item[field] = value;
        item
    };
    for (item, message) in [
        (json!({"key": "k", "rankBy": "streak"}), "name is required"),
        (json!({"name": "n", "key": "k"}), "rankBy is required"),
        (json!({"name": "n", "key": "k", "rankBy": "metric"}), "metricId is required"),
        (with("rankBy", json!("level")), "rankBy must be one of points, streak, metric"),
        (
            with("status", json!("archived")),
            "status must be one of inactive, active, scheduled, finished",
        ),
        (with("metricId", json!("x")), "metricId must be a valid UUID"),
        (
            with("maxParticipants", json!(0)),
            "maxParticipants must be an integer between 1 and 1000",
        ),
        (
            with("maxParticipants", json!(1001)),
            "maxParticipants must be an integer between 1 and 1000",
        ),
        (with("start", json!("2026-02-30")), "start must be a date (YYYY-MM-DD)"),
        (with("startTime", json!("24:00")), "startTime must be a time (HH:mm or HH:mm:ss)"),
        (with("runUnit", json!("week")), "runUnit must be one of day, month, year"),
        (with("breakdownAttributes", json!(["x"])), "breakdownAttributes[0] must be a valid UUID"),
        (with("breakdownAttributes", json!([words])), "Attribute not found by ID"),
        (with("description", json!(null)), "description must be a string"),
    ] {
        assert_eq!(refusal(&world, "/leaderboards", item.clone()).await, message, "{item}");
    }
    assert_eq!(read(&world, "/leaderboards").await, json!([]));
}

// C-LB-10 C-LB-11 C-LB-13 C-ADM-14 C-ADM-69 C-ADM-71
#[tokio::test]
async fn a_board_is_switched_edited_and_finished() {
    let world = World::empty().await;
    let plan = attribute(&world, "plan").await;
    let filters = json!([{"attributeId": plan, "attributeValue": "pro"}]);
    let id = board(&world, "b", json!({"userAttributes": filters, "start": "2026-01-01"})).await;
    let changed = async |fields: Value| {
        let mut item = fields;
        item["id"] = json!(id);
        update(&world, "/leaderboards", json!([item])).await["updated"][0].clone()
    };
    let weekly = changed(json!({"runUnit": "day", "runInterval": 7, "userAttributes": null})).await;
    assert_eq!((&weekly["runInterval"], &weekly["userAttributes"]), (&json!(7), &json!([])));
    let active = changed(json!({"status": "active", "runUnit": null})).await;
    assert_eq!(active["status"], "active");
    assert_eq!((active.get("runUnit"), active.get("runInterval")), (None, None));
    let refused = async |fields: Value| {
        let mut item = fields;
        item["id"] = json!(id);
        update_refusal(&world, "/leaderboards", item).await
    };
    assert_eq!(
        refused(json!({"key": "c", "status": "inactive"})).await,
        "key can only change while the leaderboard is inactive"
    );
    assert_eq!(
        refused(json!({"status": "scheduled"})).await,
        "status cannot change from active to scheduled"
    );
    let bounded = changed(json!({"end": "2026-02-01", "maxParticipants": 5})).await;
    assert_eq!((&bounded["end"], &bounded["maxParticipants"]), (&json!("2026-02-01"), &json!(5)));
    assert_eq!(changed(json!({"end": null})).await.get("end"), None);
    let finished = changed(json!({"status": "finished"})).await;
    assert_eq!((&finished["status"], &finished["end"]), (&json!("finished"), &json!("2026-01-06")));
    assert_eq!(
        refused(json!({"status": "active"})).await,
        "status cannot change from finished to active"
    );
}

// C-LB-08 C-LB-09
#[tokio::test]
async fn time_alone_starts_and_finishes_a_board() {
    let world = World::empty().await;
    let dates = json!({"status": "scheduled", "start": "2026-01-10", "end": "2026-01-11"});
    let id = board(&world, "b", dates).await;
    for (now, status) in [
        ("2026-01-09T09:59:59Z", "scheduled"),
        ("2026-01-09T10:00:00Z", "active"),
        ("2026-01-12T11:59:59Z", "active"),
        ("2026-01-12T12:00:00Z", "finished"),
    ] {
        world.clock(now).await;
        let shown = read(&world, &format!("/leaderboards/{id}")).await;
        assert_eq!(shown["status"], status, "{now}");
    }
}

// C-LB-05 C-LB-83 C-ADM-10 C-ADM-24
#[tokio::test]
async fn a_board_goes_with_its_metric_and_is_named() {
    let world = World::empty().await;
    let id = board(&world, "b", json!({"status": "active"})).await;
    let metric = read(&world, &format!("/leaderboards/{id}")).await["metricId"].clone();
    let metric = metric.as_str().unwrap();
    let answer = delete(&world, "/metrics", metric).await;
    assert_eq!(
        answer,
        json!({"deleted": [{"id": metric}], "issues": [{"index": 0, "id": metric, "severity": "warning",
        "message": "Leaderboard \"b\" was deleted with it"}]})
    );
    let path = format!("/admin/v1/leaderboards/{id}");
    let gone = world.request(Method::GET, &path, None).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let other = board(&world, "b", json!({})).await;
    let answer = delete(&world, "/leaderboards", &format!("{other},{id}")).await;
    assert_eq!(answer["deleted"], json!([{"id": other}]));
    assert_eq!(answer["issues"][0]["message"], "Leaderboard not found by ID");
}

// C-LB-83 C-ADM-24
#[tokio::test]
async fn an_attribute_that_splits_a_board_stays() {
    let world = World::empty().await;
    let city = attribute(&world, "city").await;
    let id = board(&world, "b", json!({"breakdownAttributes": [city]})).await;
    let answer = delete(&world, "/attributes", city.as_str().unwrap()).await;
    assert_eq!(only_message(&answer["issues"]), "Attribute is in use");
    update(&world, "/leaderboards", json!([{"id": id, "breakdownAttributes": []}])).await;
    let answer = delete(&world, "/attributes", city.as_str().unwrap()).await;
    assert_eq!(answer["issues"], json!([]));
}
