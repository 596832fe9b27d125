//! `GET /leaderboards`

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{board, change_board};
use crate::world::World;

// C-LB-59 C-LB-60
#[tokio::test]
async fn boards_that_rank_or_will_are_listed() {
    let world = World::new().await;
    let active = board(&world, "active", json!({"maxParticipants": null})).await;
    board(&world, "off", json!({"status": "inactive"})).await;
    board(&world, "soon", json!({"status": "scheduled", "start": "2026-02-01"})).await;
    let done = board(&world, "done", json!({})).await;
    change_board(&world, json!({"id": done["id"], "status": "finished"})).await;

    let list = |query: &'static str| {
        let world = &world;
        async move { world.get(&format!("/v1/leaderboards{query}")).await.json(StatusCode::OK) }
    };
    let keys = |list: &Value| {
        let items = list.as_array().unwrap().iter();
        items.map(|item| format!("{} {}", item["key"], item["status"])).collect::<Vec<_>>()
    };
    let listed = list("").await;
    assert_eq!(keys(&listed), [r#""active" "active""#, r#""soon" "scheduled""#]);
    assert_eq!(
        listed[0],
        json!({
            "id": active["id"], "name": "active", "key": "active", "rankBy": "metric", "metricKey": "words",
            "metricName": "Words", "breakdownAttribute": null, "breakdownAttributes": [], "description": null,
            "start": "2026-01-06", "end": null, "startTime": null, "endTime": null, "maxParticipants": 1000,
            "runUnit": null, "runInterval": null, "userAttributes": [], "status": "active",
        })
    );
    let all = list("?includeFinished=true").await;
    assert_eq!(keys(&all)[2], r#""done" "finished""#);
    world.get("/v1/leaderboards?includeFinished=x").await.error(StatusCode::UNPROCESSABLE_ENTITY);
}
