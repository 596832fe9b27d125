//! `GET /streaks` and `GET /streaks/rankings`

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

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

// C-STREAK-67 C-STREAK-68
#[tokio::test]
async fn rankings_are_of_current_or_greatest_lengths() {
    let world = World::new().await;
    let day = 86_400;
    for users in [&["b", "c"][..], &["b", "c", "a"], &["a"]] {
        for user in users {
            world.event("words", user, json!(1)).await.json(StatusCode::CREATED);
        }
        world.post("/admin/v1/clock/advance", json!({"seconds": day})).await.json(StatusCode::OK);
    }
    world.post("/v1/users", json!({"id": "d", "name": "Dee"})).await.json(StatusCode::CREATED);
    world.event("words", "d", json!(1)).await.json(StatusCode::CREATED);
    let ranking = async |query: &str| {
        let answer = world.get(&format!("/v1/streaks/rankings{query}")).await.json(StatusCode::OK);
        let item =
            |item: &Value| format!("{} {}", item["userId"].as_str().unwrap(), item["streakLength"]);
        answer.as_array().unwrap().iter().map(item).collect::<Vec<_>>()
    };
    // The streaks of b and c are over although nobody has looked at them since.
    assert_eq!(ranking("").await, ["a 2", "d 1"]);
    assert_eq!(ranking("?type=longest").await, ["a 2", "b 2", "c 2", "d 1"]);
    assert_eq!(ranking("?type=longest&limit=2").await, ["a 2", "b 2"]);
    let first = world.get("/v1/streaks/rankings").await.json(StatusCode::OK)[1].clone();
    assert_eq!(first, json!({"userId": "d", "name": "Dee", "streakLength": 1}));
    for wrong in ["?limit=0", "?limit=101", "?limit=x", "?type=", "?type=best"] {
        world
            .get(&format!("/v1/streaks/rankings{wrong}"))
            .await
            .error(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let off = json!({"enabled": false});
    world
        .request(Method::PATCH, "/admin/v1/streaks/settings", Some(off))
        .await
        .json(StatusCode::OK);
    assert_eq!(ranking("?type=longest").await, Vec::<String>::new());
}
