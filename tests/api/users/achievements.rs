//! `GET /users/{id}/achievements`

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::world::World;

fn names(achievements: &Value) -> Vec<(&str, bool)> {
    let achievements = achievements.as_array().unwrap().iter();
    achievements.map(|one| (one["name"].as_str().unwrap(), !one["achievedAt"].is_null())).collect()
}

// C-ACH-29 C-ACH-30 C-ACH-24
#[tokio::test]
async fn incomplete_ones_are_shown_when_asked_for() {
    let world = World::new().await;
    world.event("words", "other", json!(1)).await.json(StatusCode::CREATED);
    world.event("words", "u", json!(500)).await.json(StatusCode::CREATED);
    for query in ["", "?includeIncomplete=false", "?includeIncomplete=1", "?includeIncomplete="] {
        let achievements =
            world.get(&format!("/v1/users/u/achievements{query}")).await.json(StatusCode::OK);
        assert_eq!(names(&achievements), [("Novelist", true)], "{query}");
        assert_eq!(
            (&achievements[0]["completions"], &achievements[0]["rarity"]),
            (&json!(1), &json!(50))
        );
    }
    let achievements =
        world.get("/v1/users/u/achievements?includeIncomplete=true").await.json(StatusCode::OK);
    assert_eq!(names(&achievements), [("Novelist", true), ("Toured", false)]);
    world.get("/v1/users/nobody/achievements").await.error(StatusCode::NOT_FOUND);
}
