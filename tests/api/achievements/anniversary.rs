//! Anniversaries in the Application API.

use axum::http::StatusCode;
use serde_json::json;

use crate::world::World;

// C-ACH-03 C-ACH-10 C-EVENT-06: of its own trigger's fields there is one, and telling the date is
// no effect of the event.
#[tokio::test]
async fn an_anniversary_has_its_own_field_and_is_no_effect_of_an_event() {
    let world = World::new().await;
    let item = json!({"name": "A year", "trigger": "anniversary", "anniversaryYears": 1, "status": "active"});
    let made = world.created("/achievements", json!([item])).await;
    assert_eq!(made[0]["anniversaryYears"], 1);
    let body = json!({"user": {"id": "u", "signUpDate": "2025-01-06"}, "value": 1});
    let event = world.post("/v1/metrics/words/event", body).await.json(StatusCode::CREATED);
    assert_eq!(event["achievements"], json!([]));
    let own = world.get("/v1/users/u/achievements").await.json(StatusCode::OK);
    assert_eq!(
        own,
        json!([{
            "id": made[0]["id"], "name": "A year", "trigger": "anniversary", "description": null,
            "badgeUrl": null, "userAttributes": [], "anniversaryYears": 1,
            "achievedAt": "2026-01-06T03:30:00.000Z", "completions": 1, "rarity": 100,
        }])
    );
}
