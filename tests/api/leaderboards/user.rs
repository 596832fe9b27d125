//! `GET /users/{id}/leaderboards/{key}`

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{board, words};
use crate::world::World;

async fn place(world: &World, path: &str) -> Value {
    world.get(&format!("/v1/users/{path}")).await.json(StatusCode::OK)
}

// C-LB-33 C-LB-60 C-LB-61 C-LB-68
#[tokio::test]
async fn a_user_has_a_place_or_none() {
    let world = World::new().await;
    let fields = json!({"start": "2026-01-05", "runUnit": "day", "runInterval": 7});
    let weekly = board(&world, "weekly", fields).await;
    words(&world, json!({"id": "a"}), 5).await;
    let body = json!({"user": {"id": "b"}, "value": 7.9});
    world.post("/v1/metrics/words/event", body).await.json(StatusCode::CREATED);
    assert_eq!(
        place(&world, "b/leaderboards/weekly").await,
        json!({
            "id": weekly["id"], "name": "weekly", "key": "weekly", "rankBy": "metric", "metricKey": "words",
            "metricName": "Words", "breakdownAttribute": null, "breakdownAttributes": [], "description": null,
            "start": "2026-01-05", "end": null, "startTime": null, "endTime": null, "maxParticipants": 1000,
            "runUnit": "day", "runInterval": 7, "userAttributes": [], "rank": 1, "value": 7, "history": [],
            "run": {"start": "2026-01-05", "end": "2026-01-11"},
        })
    );
    words(&world, json!({"id": "a"}), -5).await;
    let none = place(&world, "a/leaderboards/weekly?numEvents=0").await;
    assert_eq!((&none["rank"], &none["value"]), (&json!(null), &json!(null)));
}

// C-LB-69
#[tokio::test]
async fn the_place_is_in_the_users_own_group() {
    let world = World::new().await;
    let plan = world.id("/attributes", "plan").await;
    board(&world, "split", json!({"breakdownAttributes": [plan]})).await;
    words(&world, json!({"id": "a", "attributes": {"plan": "pro"}}), 5).await;
    words(&world, json!({"id": "b"}), 9).await;
    let own = place(&world, "a/leaderboards/split").await;
    assert_eq!(own["breakdownAttributeValues"], json!([{"key": "plan", "value": "pro"}]));
    assert_eq!(own["rank"], 1);
    let none = place(&world, "b/leaderboards/split").await;
    assert_eq!((&none["breakdownAttributeValues"], &none["rank"]), (&json!([]), &json!(null)));
}

// C-LB-26 C-LB-68 C-LB-70
#[tokio::test]
async fn what_is_unknown_is_not_found() {
    let world = World::new().await;
    board(&world, "b", json!({})).await;
    words(&world, json!({"id": "a"}), 5).await;
    for path in ["nobody/leaderboards/b", "a/leaderboards/c", "a/leaderboards/b?run=2026-01-05"] {
        world.get(&format!("/v1/users/{path}")).await.error(StatusCode::NOT_FOUND);
    }
    for query in ["numEvents=101", "numEvents=-1", "run=x"] {
        let answer = world.get(&format!("/v1/users/a/leaderboards/b?{query}")).await;
        answer.error(StatusCode::UNPROCESSABLE_ENTITY);
    }
}
