//! `GET /users/{id}/streak`

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::world::World;

// C-STREAK-16 C-STREAK-21 C-STREAK-25 C-API-15
#[tokio::test]
async fn without_a_streak_dates_are_null_and_freezes_are_left_out() {
    let world = World::new().await;
    world.post("/v1/users", json!({"id": "u"})).await.json(StatusCode::CREATED);
    let streak = world.get("/v1/users/u/streak?historyPeriods=2").await.json(StatusCode::OK);
    assert_eq!(
        streak,
        json!({"length": 0, "frequency": "daily", "started": null, "periodStart": null, "periodEnd": null,
               "expires": null, "extended": null, "rank": null, "pauses": [],
               "streakHistory": [
                   {"periodStart": "2026-01-05", "periodEnd": "2026-01-05", "length": 0, "usedPause": false},
                   {"periodStart": "2026-01-06", "periodEnd": "2026-01-06", "length": 0, "usedPause": false}]})
    );
}

// X4 C-STREAK-20 C-STREAK-21 C-STREAK-27
#[tokio::test]
async fn with_freezes_enabled_their_fields_are_there() {
    let world = World::new().await;
    let freezes =
        json!({"startCount": 2, "maxCount": 3, "autoEarnInterval": 7, "autoEarnAmount": 1});
    let settings = world
        .request(Method::PATCH, "/admin/v1/streaks/settings", Some(json!({"freezes": freezes})))
        .await;
    settings.json(StatusCode::OK);
    let event = world.event("words", "u", json!(1)).await.json(StatusCode::CREATED);
    assert_eq!(event["currentStreak"]["freezes"], 2);
    let streak = world.get("/v1/users/u/streak").await.json(StatusCode::OK);
    assert_eq!(
        [
            &streak["freezes"],
            &streak["maxFreezes"],
            &streak["freezeAutoEarnInterval"],
            &streak["freezeAutoEarnAmount"]
        ],
        [&json!(2), &json!(3), &json!(7), &json!(1)]
    );
    assert_eq!(streak["extended"], "2026-01-06T03:30:00.000Z");
    let history = streak["streakHistory"].as_array().unwrap();
    assert_eq!(history.len(), 7);
    assert!(history.iter().all(|period| period["usedFreeze"] == false));
}

// C-STREAK-24 C-API-19
#[tokio::test]
async fn history_has_0_to_400_periods() {
    let world = World::new().await;
    world.post("/v1/users", json!({"id": "u"})).await.json(StatusCode::CREATED);
    for periods in [0, 1, 400] {
        let streak = world
            .get(&format!("/v1/users/u/streak?historyPeriods={periods}"))
            .await
            .json(StatusCode::OK);
        assert_eq!(streak["streakHistory"].as_array().map(Vec::len), Some(periods));
    }
    for bad in ["401", "-1", "x", "1.0", ""] {
        let answer = world.get(&format!("/v1/users/nobody/streak?historyPeriods={bad}")).await;
        let message = answer.error(StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(message, "historyPeriods must be an integer between 0 and 400");
    }
    let answer = world.get("/v1/users/nobody/streak").await;
    assert_eq!(answer.error(StatusCode::NOT_FOUND), "User not found");
}
