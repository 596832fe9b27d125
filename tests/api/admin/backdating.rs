//! `/admin/v1/achievements/{id}/backdating`

use axum::http::StatusCode;
use serde_json::json;

use super::{UNKNOWN, create, read, update};
use crate::world::{START, World};

// C-ACH-16 C-ACH-17
#[tokio::test]
async fn progress_is_shown_from_none_to_finished() {
    let world = World::new().await;
    let words = world.id("/metrics", "words").await;
    let item = json!({"name": "Five", "trigger": "metric", "metricId": words, "metricValue": 5});
    let made = create(&world, "/achievements", json!([item])).await;
    let id = made["created"][0]["id"].clone();
    let path = format!("/achievements/{}/backdating", id.as_str().unwrap());
    let none = json!({
        "status": "none", "started": null, "finished": null, "usersChecked": null,
        "usersTotal": null,
    });
    assert_eq!(read(&world, &path).await, none);
    world.event("words", "u", json!(5)).await.json(StatusCode::CREATED);
    update(&world, "/achievements", json!([{"id": id, "status": "active"}])).await;
    let progress = loop {
        let progress = read(&world, &path).await;
        if progress["status"] != "running" {
            break progress;
        }
        tokio::task::yield_now().await;
    };
    let at = START.replace('Z', ".000Z");
    assert_eq!(
        progress,
        json!({"status": "finished", "started": at, "finished": at, "usersChecked": 1, "usersTotal": 1})
    );
    let listed = world.get("/v1/achievements").await.json(StatusCode::OK);
    assert_eq!(listed[2]["completions"], 1);
}

#[tokio::test]
async fn it_is_refused_as_the_achievement_itself() {
    let world = World::empty().await;
    let path = |id: &str| format!("/admin/v1/achievements/{id}/backdating");
    let unknown = world.get(&path(UNKNOWN)).await;
    assert_eq!(unknown.error(StatusCode::NOT_FOUND), "Achievement not found");
    let wrong = world.get(&path("x")).await;
    assert_eq!(wrong.error(StatusCode::UNPROCESSABLE_ENTITY), "id must be a valid UUID");
}
