//! `POST /admin/v1/streaks/freezes`

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

const PATH: &str = "/admin/v1/streaks/freezes";

async fn enabled(max_count: u32) -> World {
    let world = World::new().await;
    let patch = json!({"freezes": {"startCount": 0, "maxCount": max_count}});
    world
        .request(Method::PATCH, "/admin/v1/streaks/settings", Some(patch))
        .await
        .json(StatusCode::OK);
    world
}

fn list(users: &[&str]) -> Value {
    json!({"freezes": users.iter().map(|user| json!({"userId": user})).collect::<Vec<_>>()})
}

fn issue(index: usize, user: &str, severity: &str, message: &str) -> Value {
    json!({"index": index, "userId": user, "severity": severity, "message": message, "level": severity, "reason": message})
}

// C-STREAK-43 C-ADM-08 C-ADM-09 C-ADM-10 C-ADM-73 C-ADM-74 C-GEN-29
#[tokio::test]
async fn every_entry_is_one_freeze_up_to_the_maximum() {
    let world = enabled(2).await;
    for user in ["a", "b"] {
        world.event("words", user, json!(1)).await.json(StatusCode::CREATED);
    }
    let answer =
        world.post(PATH, list(&["a", "ghost", "b", "a", "a"])).await.json(StatusCode::CREATED);
    assert_eq!(
        answer,
        json!({"issues": [
            issue(1, "ghost", "error", "User does not exist"),
            issue(4, "a", "warning", "Would exceed maximum freeze limit"),
        ]})
    );
    for (user, freezes) in [("a", 2), ("b", 1)] {
        let streak = world.get(&format!("/v1/users/{user}/streak")).await.json(StatusCode::OK);
        assert_eq!(streak["freezes"], freezes);
    }
    world.get("/v1/users/ghost").await.error(StatusCode::NOT_FOUND);
    let full = world.post(PATH, list(&["a"])).await.json(StatusCode::OK);
    assert_eq!(
        full["issues"],
        json!([issue(0, "a", "warning", "Would exceed maximum freeze limit")])
    );
}

// C-STREAK-44 C-ADM-75
#[tokio::test]
async fn without_freezes_every_entry_is_an_error() {
    let world = World::new().await;
    let answer = world.post(PATH, list(&["a", "a"])).await.json(StatusCode::OK);
    let disabled = |index| issue(index, "a", "error", "Streak freezes are not enabled");
    assert_eq!(answer["issues"], json!([disabled(0), disabled(1)]));
}

// C-ADM-03 C-ADM-04 C-GEN-30
#[tokio::test]
async fn a_wrong_whole_fails_and_a_wrong_entry_does_not() {
    let world = enabled(5).await;
    world.event("words", "a", json!(1)).await.json(StatusCode::CREATED);
    for wrong in
        [json!([]), json!({}), json!({"freezes": {}}), json!({"freezes": []}), list(&["a"; 101])]
    {
        world.post(PATH, wrong).await.error(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let mixed = json!({"freezes": [{}, {"userId": "a"}, {"userId": 5}, "a"]});
    let answer = world.post(PATH, mixed).await.json(StatusCode::CREATED);
    assert_eq!(
        answer["issues"],
        json!([
            issue(0, "", "error", "userId is required"),
            issue(2, "", "error", "userId must be a string"),
            issue(3, "", "error", "item must be an object"),
        ])
    );
    let streak = world.get("/v1/users/a/streak").await.json(StatusCode::OK);
    assert_eq!(streak["freezes"], 1);
}
