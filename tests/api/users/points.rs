//! `/users/{id}/points/{key}` and below

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::world::World;

async fn with_points() -> World {
    let world = World::new().await;
    let words = world.id("/metrics", "words").await;
    world
        .created(
            "/points",
            json!([{"name": "XP", "key": "xp",
                    "levels": [{"name": "Bronze", "key": "bronze", "points": 0}, {"name": "Silver", "key": "silver", "points": 10}],
                    "triggers": [
                        {"type": "user_creation", "points": 5, "status": "active"},
                        {"type": "metric", "metricId": words, "metricThreshold": 1, "points": 2, "status": "active"}]}]),
        )
        .await;
    world
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

// C-POINTS-47 C-POINTS-54 C-POINTS-55 C-API-15
#[tokio::test]
async fn events_show_what_changed_and_reads_show_everything() {
    let world = with_points().await;
    let first = world.event("words", "u", json!(1)).await.json(StatusCode::CREATED);
    let xp = &first["points"]["xp"];
    assert_eq!(
        keys(xp),
        [
            "id",
            "key",
            "name",
            "description",
            "badgeUrl",
            "maxPoints",
            "total",
            "level",
            "added",
            "awards"
        ]
    );
    assert_eq!(
        (&xp["total"], &xp["added"], &xp["level"]["key"]),
        (&json!(7), &json!(7), &json!("bronze"))
    );
    assert_eq!((&xp["description"], &xp["level"]["description"]), (&json!(null), &json!("")));
    assert_eq!(keys(&xp["awards"][1]), ["id", "awarded", "date", "total", "trigger", "boosts"]);
    assert_eq!(
        keys(&xp["awards"][1]["trigger"]),
        [
            "id",
            "type",
            "points",
            "status",
            "userAttributes",
            "created",
            "updated",
            "metricId",
            "metricName",
            "metricThreshold",
            "eventAttributes"
        ]
    );
    let second = world.event("words", "u", json!(1)).await.json(StatusCode::CREATED);
    assert!(second["points"]["xp"].get("level").is_none(), "the level did not change");

    let points = world.get("/v1/users/u/points/xp?awards=2").await.json(StatusCode::OK);
    let fields =
        ["id", "key", "name", "description", "badgeUrl", "maxPoints", "total", "level", "awards"];
    assert_eq!(keys(&points), fields);
    assert_eq!((&points["total"], &points["level"]["key"]), (&json!(9), &json!("bronze")));
    let totals: Vec<_> =
        points["awards"].as_array().unwrap().iter().map(|award| &award["total"]).collect();
    assert_eq!(totals, [&json!(9), &json!(7)]);
    let summary = "/v1/users/u/points/xp/event-summary?aggregation=daily&startDate=2026-01-05&endDate=2026-01-06";
    assert_eq!(
        world.get(summary).await.json(StatusCode::OK),
        json!([{"date": "2026-01-05", "total": 0, "change": 0}, {"date": "2026-01-06", "total": 9, "change": 9}])
    );
}

// C-POINTS-55 C-USER-25
#[tokio::test]
async fn awards_are_1_to_100_and_users_and_systems_are_told_apart() {
    let world = with_points().await;
    world.event("quizzes", "u", json!(1)).await.json(StatusCode::CREATED);
    for bad in ["0", "101", "x", ""] {
        let answer = world.get(&format!("/v1/users/nobody/points/none?awards={bad}")).await;
        answer.error(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let unknown = world.get("/v1/users/u/points/none").await;
    assert_eq!(unknown.error(StatusCode::NOT_FOUND), "Points system not found");
    assert_eq!(
        world.get("/v1/users/nobody/points/none").await.error(StatusCode::NOT_FOUND),
        "User not found"
    );
}
