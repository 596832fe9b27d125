//! `/leaderboards`, `/leaderboards/{key}`, its stream, and `/users/{id}/leaderboards/{key}`

mod get;
mod list;
mod stream;
mod user;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

/// An active board of words from today on, with these fields besides.
pub(crate) async fn board(world: &World, key: &str, fields: Value) -> Value {
    let words = world.id("/metrics", "words").await;
    let mut item = json!({
        "name": key, "key": key, "rankBy": "metric", "metricId": words, "status": "active",
        "start": "2026-01-06",
    });
    for (field, value) in fields.as_object().unwrap() {
        item[field] = value.clone();
    }
    world.created("/leaderboards", json!([item])).await[0].take()
}

/// Words by a user with attributes or a zone.
pub(crate) async fn words(world: &World, user: Value, value: i64) -> Value {
    let body = json!({"user": user, "value": value});
    let answer = world.post("/v1/metrics/words/event", body).await;
    answer.json(StatusCode::CREATED)
}

pub(crate) async fn change_board(world: &World, change: Value) {
    let answer =
        world.request(Method::PATCH, "/admin/v1/leaderboards", Some(json!([change]))).await;
    assert_eq!(answer.json(StatusCode::OK)["issues"], json!([]));
}

/// A ranking in short: `rank user value`.
pub(crate) async fn ranking(world: &World, path: &str) -> Vec<String> {
    let body = world.get(&format!("/v1/leaderboards/{path}")).await.json(StatusCode::OK);
    let row = |row: &Value| {
        format!("{} {} {}", row["rank"], row["userId"].as_str().unwrap(), row["value"])
    };
    body["rankings"].as_array().unwrap().iter().map(row).collect()
}
