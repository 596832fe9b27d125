//! `/users/{id}/metrics` and below

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

// C-METRIC-07 C-METRIC-08 C-METRIC-09 C-METRIC-10
#[tokio::test]
async fn every_active_metric_is_listed_with_its_achievements() {
    let world = World::new().await;
    world.event("words", "u", json!(499.5)).await.json(StatusCode::CREATED);
    let metrics = world.get("/v1/users/u/metrics").await.json(StatusCode::OK);
    let shown: Vec<_> = metrics
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| (&metric["key"], &metric["current"]))
        .collect();
    assert_eq!(shown, [(&json!("words"), &json!(499.5)), (&json!("quizzes"), &json!(0))]);
    let fields: Vec<_> = metrics[0].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["id", "key", "name", "status", "current", "achievements"]);
    assert_eq!(metrics[0]["status"], "active");
    assert_eq!(metrics[0]["achievements"][0]["achievedAt"], json!(null));
    assert_eq!(world.get("/v1/users/u/metrics/words").await.json(StatusCode::OK), metrics[0]);
}

// C-METRIC-10 C-ACH-12
#[tokio::test]
async fn a_metric_shows_what_is_held_or_can_be_seen_by_value_then_creation() {
    let world = World::new().await;
    let (words, plan) =
        (world.id("/metrics", "words").await, world.id("/attributes", "plan").await);
    let item = |name: &str, value: i32, status: &str, user_filters: Value| {
        json!({"name": name, "trigger": "metric", "metricId": words, "metricValue": value,
               "status": status, "userAttributes": user_filters})
    };
    let pro = json!([{"attributeId": plan, "attributeValue": "pro"}]);
    let items = [
        item("late", 300, "active", json!([])),
        item("early", 7, "active", json!([])),
        item("drawn", 7, "active", json!([])),
        item("closed", 5, "active", json!([])),
        item("kept", 6, "active", pro.clone()),
        item("for others", 100, "active", pro),
        item("draft", 1, "inactive", json!([])),
        item("never had", 8, "locked", json!([])),
    ];
    let mut created = Vec::new();
    for item in items {
        created.push(world.created("/achievements", json!([item])).await[0]["id"].clone());
    }
    let user = |plan: &str| json!({"id": "u", "attributes": {"plan": plan}});
    for (plan, value) in [("pro", 7), ("free", 1)] {
        let body = json!({"user": user(plan), "value": value});
        world.post("/v1/metrics/words/event", body).await.json(StatusCode::CREATED);
    }
    let lock = json!([{"id": created[3], "status": "locked"}]);
    let locked = world.request(Method::PATCH, "/admin/v1/achievements", Some(lock)).await;
    assert_eq!(locked.json(StatusCode::OK)["issues"], json!([]));

    let metric = world.get("/v1/users/u/metrics/words").await.json(StatusCode::OK);
    let shown: Vec<_> = metric["achievements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| (own["name"].as_str().unwrap(), own["achievedAt"].is_string()))
        .collect();
    assert_eq!(
        shown,
        [
            ("closed", true),
            ("kept", true),
            ("early", true),
            ("drawn", true),
            ("late", false),
            ("Novelist", false),
        ]
    );
}

// C-METRIC-06 C-USER-25
#[tokio::test]
async fn unknown_users_and_metrics_are_told_apart() {
    let world = World::new().await;
    world.event("words", "u", json!(1)).await.json(StatusCode::CREATED);
    let summary = "event-summary?aggregation=daily&startDate=2026-01-01&endDate=2026-01-02";
    for (path, message) in [
        ("nobody/metrics".to_owned(), "User not found"),
        ("nobody/metrics/none".to_owned(), "User not found"),
        ("u/metrics/none".to_owned(), "Metric not found"),
        (format!("nobody/metrics/none/{summary}"), "User not found"),
        (format!("u/metrics/none/{summary}"), "Metric not found"),
    ] {
        assert_eq!(
            world.get(&format!("/v1/users/{path}")).await.error(StatusCode::NOT_FOUND),
            message
        );
    }
}

// X2 C-METRIC-12 C-METRIC-13
#[tokio::test]
async fn summaries_have_a_bucket_for_every_day_and_week() {
    let world = World::new().await;
    let event = |value| {
        world.post(
            "/v1/metrics/words/event",
            json!({"user": {"id": "u1", "tz": "America/New_York"}, "value": value}),
        )
    };
    event(750).await.json(StatusCode::CREATED);
    world.clock("2026-01-06T15:00:00Z").await;
    event(-200).await.json(StatusCode::CREATED);
    world.clock("2026-01-07T15:00:00Z").await;
    event(260).await.json(StatusCode::CREATED);
    let path = |aggregation| {
        format!(
            "/v1/users/u1/metrics/words/event-summary?aggregation={aggregation}&startDate=2026-01-04&endDate=2026-01-07"
        )
    };
    assert_eq!(
        world.get(&path("daily")).await.json(StatusCode::OK),
        json!([{"date": "2026-01-04", "total": 0, "change": 0}, {"date": "2026-01-05", "total": 750, "change": 750},
               {"date": "2026-01-06", "total": 550, "change": -200}, {"date": "2026-01-07", "total": 810, "change": 260}])
    );
    let weekly = world.get(&path("weekly")).await.json(StatusCode::OK);
    assert_eq!(weekly, json!([{"date": "2026-01-04", "total": 810, "change": 810}]));
}

// C-METRIC-11 C-GEN-06
#[tokio::test]
async fn summaries_need_a_range_of_dates() {
    let world = World::new().await;
    for query in [
        "",
        "aggregation=daily&startDate=2026-01-01",
        "aggregation=daily&endDate=2026-01-02",
        "startDate=2026-01-01&endDate=2026-01-02",
        "aggregation=hourly&startDate=2026-01-01&endDate=2026-01-02",
        "aggregation=Daily&startDate=2026-01-01&endDate=2026-01-02",
        "aggregation=daily&startDate=2026-1-1&endDate=2026-01-02",
        "aggregation=daily&startDate=2026-01-01&endDate=2026-01-01",
        "aggregation=daily&startDate=2026-01-02&endDate=2026-01-01",
        "aggregation=daily&startDate=2025-01-01&endDate=2026-02-06",
    ] {
        for resource in ["metrics/words", "points/xp"] {
            let answer =
                world.get(&format!("/v1/users/nobody/{resource}/event-summary?{query}")).await;
            answer.error(StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
}
