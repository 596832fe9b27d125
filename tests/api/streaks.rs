//! `GET /streaks`

use axum::http::StatusCode;
use serde_json::json;

use crate::world::World;

// C-STREAK-65 C-STREAK-66
#[tokio::test]
async fn the_longest_comes_first_and_unknown_users_have_none() {
    let world = World::new().await;
    world.event("words", "long", json!(1)).await.json(StatusCode::CREATED);
    world.clock("2026-01-07T03:30:00Z").await;
    for user in ["b", "long", "a"] {
        world.event("words", user, json!(1)).await.json(StatusCode::CREATED);
    }
    let streaks = world
        .get("/v1/streaks?userIds=nobody,a&userIds=b%2Clong&userIds=a")
        .await
        .json(StatusCode::OK);
    let at = "2026-01-07T03:30:00.000Z";
    assert_eq!(
        streaks,
        json!([{"userId": "long", "streakLength": 2, "extended": at}, {"userId": "a", "streakLength": 1, "extended": at},
               {"userId": "b", "streakLength": 1, "extended": at}, {"userId": "nobody", "streakLength": 0, "extended": null}])
    );
}

// C-STREAK-66
#[tokio::test]
async fn one_to_a_hundred_users_are_asked_for() {
    let world = World::new().await;
    let list = |count: usize| (0..count).map(|i| format!("u{i}")).collect::<Vec<_>>().join(",");
    assert_eq!(
        world
            .get(&format!("/v1/streaks?userIds={}", list(100)))
            .await
            .json(StatusCode::OK)
            .as_array()
            .map(Vec::len),
        Some(100)
    );
    for query in [
        "".to_owned(),
        "?userIds=".to_owned(),
        "?userIds=,".to_owned(),
        format!("?userIds={}", list(101)),
        format!("?userIds={}", "u".repeat(256)),
    ] {
        world.get(&format!("/v1/streaks{query}")).await.error(StatusCode::UNPROCESSABLE_ENTITY);
    }
}
