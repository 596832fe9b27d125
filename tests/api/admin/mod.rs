//! `/admin/v1`: what every resource has in common here, what is peculiar in the file of each.

mod achievements;
mod api_keys;
mod attributes;
mod backdating;
mod catalog;
mod conventions;
mod leaderboards;
mod metric_events;
mod metrics;
mod points;
mod streaks;
mod users;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

/// A well-formed id that nothing has.
const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

/// The answer to a bulk creation that created something.
async fn create(world: &World, path: &str, items: Value) -> Value {
    world.post(&format!("/admin/v1{path}"), items).await.json(StatusCode::CREATED)
}

/// The answer to a bulk creation that created nothing.
async fn create_nothing(world: &World, path: &str, items: Value) -> Value {
    let answer = world.post(&format!("/admin/v1{path}"), items).await.json(StatusCode::OK);
    assert_eq!(answer["created"], json!([]));
    answer
}

/// The message of the one issue of a creation that was refused.
async fn refusal(world: &World, path: &str, item: Value) -> String {
    let answer = create_nothing(world, path, json!([item])).await;
    only_message(&answer["issues"])
}

async fn update(world: &World, path: &str, items: Value) -> Value {
    world
        .request(Method::PATCH, &format!("/admin/v1{path}"), Some(items))
        .await
        .json(StatusCode::OK)
}

/// The message of the one issue of an update that was refused.
async fn update_refusal(world: &World, path: &str, item: Value) -> String {
    let answer = update(world, path, json!([item])).await;
    assert_eq!(answer["updated"], json!([]));
    only_message(&answer["issues"])
}

async fn delete(world: &World, path: &str, ids: &str) -> Value {
    let path = format!("/admin/v1{path}?ids={ids}");
    world.request(Method::DELETE, &path, None).await.json(StatusCode::OK)
}

async fn read(world: &World, path: &str) -> Value {
    world.get(&format!("/admin/v1{path}")).await.json(StatusCode::OK)
}

fn only_message(issues: &Value) -> String {
    let issues = issues.as_array().unwrap();
    assert_eq!(issues.len(), 1, "{issues:?}");
    assert_eq!(issues[0]["severity"], "error");
    assert_eq!(issues[0]["index"], 0);
    issues[0]["message"].as_str().unwrap().to_owned()
}

/// The text of a field that is one.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}
