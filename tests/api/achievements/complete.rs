//! `POST /achievements/{key}/complete`

use axum::http::StatusCode;
use serde_json::json;

use crate::world::World;

const PATH: &str = "/v1/achievements/toured/complete";

// C-ACH-20 C-ACH-22
#[tokio::test]
async fn completing_again_answers_with_the_original() {
    let world = World::new().await;
    let first = world.post(PATH, json!({"user": {"id": "u"}})).await.json(StatusCode::CREATED);
    let fields: Vec<_> = first.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["completionId", "achievement", "points"]);
    assert_eq!(first["achievement"]["achievedAt"], "2026-01-06T03:30:00.000Z");
    world.clock("2026-01-07T00:00:00Z").await;
    let again =
        world.post(PATH, json!({"user": {"id": "u", "name": "Ann"}})).await.json(StatusCode::OK);
    assert_eq!(again, first);
    assert_eq!(world.get("/v1/users/u").await.json(StatusCode::OK)["name"], "Ann");
}

// C-ACH-21
#[tokio::test]
async fn only_active_api_achievements_can_be_called() {
    let world = World::new().await;
    world
        .created("/achievements", json!([{"name": "Draft", "trigger": "api", "key": "draft"}]))
        .await;
    for key in ["none", "draft", "Toured", "toured%20"] {
        let answer = world
            .post(&format!("/v1/achievements/{key}/complete"), json!({"user": {"id": "u"}}))
            .await;
        assert_eq!(answer.error(StatusCode::NOT_FOUND), "Achievement not found");
    }
    let answer = world.post(PATH, json!({"user": {"name": "Ann"}})).await;
    assert_eq!(answer.error(StatusCode::UNPROCESSABLE_ENTITY), "user.id is required");
    world.get("/v1/users/u").await.error(StatusCode::NOT_FOUND);
}
