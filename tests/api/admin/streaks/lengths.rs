//! `/admin/v1/streaks/restore` and `/admin/v1/streaks/reset`

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::world::World;

const RESTORE: &str = "/admin/v1/streaks/restore";
const RESET: &str = "/admin/v1/streaks/reset";

fn users(ids: &[&str]) -> Value {
    json!({"users": ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()})
}

fn issue(index: usize, user: &str, severity: &str, message: &str) -> Value {
    json!({"index": index, "userId": user, "severity": severity, "message": message, "level": severity, "reason": message})
}

// C-ADM-09 C-ADM-80 C-ADM-82 C-ADM-83 C-ADM-84 C-GEN-29 C-STREAK-60
#[tokio::test]
async fn resets_and_restores_name_the_users_they_changed() {
    let world = World::new().await;
    for user in ["a", "b"] {
        world.event("words", user, json!(1)).await.json(StatusCode::CREATED);
    }
    assert_eq!(
        world.post(RESET, users(&["b", "ghost", "a", "b"])).await.json(StatusCode::OK),
        json!({"resetUsers": ["b", "a"], "issues": [
            issue(1, "ghost", "error", "User does not exist"),
            issue(3, "b", "warning", "No active streak to reset"),
        ]})
    );
    let streak = world.get("/v1/users/a/streak?historyPeriods=2").await.json(StatusCode::OK);
    assert_eq!((&streak["length"], &streak["started"]), (&json!(0), &Value::Null));
    let now = world.get("/admin/v1/clock").await.json(StatusCode::OK)["now"].clone();
    assert_eq!(streak["streakHistory"][1]["resetAt"], now);
    assert_eq!(streak["streakHistory"][0].get("resetAt"), None);
    // Resetting again has no effect and is 200 as well.
    let again = world.post(RESET, users(&["a"])).await.json(StatusCode::OK);
    assert_eq!(again["resetUsers"], json!([]));
    assert_eq!(
        world.post(RESTORE, users(&["a", "ghost", "a"])).await.json(StatusCode::CREATED),
        json!({"restoredUsers": ["a"], "issues": [
            issue(1, "ghost", "error", "User does not exist"),
            issue(2, "a", "warning", "No streak to restore"),
        ]})
    );
    let streak = world.get("/v1/users/a/streak").await.json(StatusCode::OK);
    assert_eq!(streak["length"], 1);
    let mut lost = users(&["a"]);
    lost["mode"] = json!("last_lost");
    let none = world.post(RESTORE, lost).await.json(StatusCode::OK);
    assert_eq!(none["restoredUsers"], json!([]));
}

// C-ADM-03 C-ADM-04 C-STREAK-56
#[tokio::test]
async fn a_wrong_whole_fails_and_a_wrong_entry_does_not() {
    let world = World::new().await;
    world.event("words", "a", json!(1)).await.json(StatusCode::CREATED);
    for path in [RESTORE, RESET] {
        for wrong in [json!([]), json!({}), json!({"users": {}}), users(&[]), users(&["a"; 101])] {
            world.post(path, wrong).await.error(StatusCode::UNPROCESSABLE_ENTITY);
        }
        let answer = world
            .post(path, json!({"users": [{}, {"id": 5}, {"id": ""}, "a"]}))
            .await
            .json(StatusCode::OK);
        assert_eq!(
            answer["issues"],
            json!([
                issue(0, "", "error", "id is required"),
                issue(1, "", "error", "id must be a string"),
                issue(2, "", "error", "id must have 1 to 255 characters"),
                issue(3, "", "error", "item must be an object"),
            ])
        );
    }
    let mode = json!({"users": [{"id": "a"}], "mode": "longest"});
    world.post(RESTORE, mode).await.error(StatusCode::UNPROCESSABLE_ENTITY);
}
