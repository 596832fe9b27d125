//! `/points/{key}` and below

use axum::http::StatusCode;
use serde_json::json;

use crate::world::World;

// C-POINTS-06 C-POINTS-07 C-POINTS-11 C-POINTS-52 C-POINTS-53
#[tokio::test]
async fn systems_show_active_triggers_levels_and_who_is_at_them() {
    let world = World::new().await;
    world
        .created(
            "/points",
            json!([
                {"name": "XP", "key": "xp", "maxPoints": 100, "description": "Experience",
                 "levels": [{"name": "Gold", "key": "gold", "points": 50}, {"name": "Start", "key": "start", "points": 1}],
                 "triggers": [{"type": "user_creation", "points": 60, "status": "active"},
                              {"type": "streak", "streakLength": 7, "points": 5},
                              {"type": "time", "timeUnit": "days", "timeInterval": 2, "points": 5, "status": "active"}]},
                {"name": "Plain", "key": "plain"},
            ]),
        )
        .await;
    let system = world.get("/v1/points/xp").await.json(StatusCode::OK);
    let trigger = &system["triggers"][0];
    assert_eq!(
        system,
        json!({"id": system["id"], "key": "xp", "name": "XP", "description": "Experience", "badgeUrl": null,
               "maxPoints": 100,
               "triggers": [{"id": trigger["id"], "type": "user_creation", "points": 60, "status": "active",
                             "userAttributes": [], "created": "2026-01-06T03:30:00.000Z",
                             "updated": "2026-01-06T03:30:00.000Z"},
                            {"id": system["triggers"][1]["id"], "type": "time", "points": 5, "status": "active",
                             "timeUnit": "day", "timeInterval": 2, "userAttributes": [],
                             "created": "2026-01-06T03:30:00.000Z", "updated": "2026-01-06T03:30:00.000Z"}]})
    );
    let levels = world.get("/v1/points/xp/levels").await.json(StatusCode::OK);
    assert_eq!((&levels[0]["key"], &levels[1]["key"]), (&json!("start"), &json!("gold")));
    world.post("/v1/users", json!({"id": "u"})).await.json(StatusCode::CREATED);
    let summary = world.get("/v1/points/xp/level-summary").await.json(StatusCode::OK);
    assert_eq!((&summary[0]["users"], &summary[1]["users"]), (&json!(0), &json!(1)));
    assert_eq!(summary[1]["level"], levels[1]);

    let plain = world.get("/v1/points/plain").await.json(StatusCode::OK);
    assert_eq!((&plain["description"], &plain["maxPoints"]), (&json!(null), &json!(null)));
    assert_eq!(world.get("/v1/points/plain/levels").await.json(StatusCode::OK), json!([]));
    world.get("/v1/points/plain/level-summary").await.error(StatusCode::UNPROCESSABLE_ENTITY);
    for path in ["none", "none/levels", "none/level-summary"] {
        let answer = world.get(&format!("/v1/points/{path}")).await;
        assert_eq!(answer.error(StatusCode::NOT_FOUND), "Points system not found");
    }
}
