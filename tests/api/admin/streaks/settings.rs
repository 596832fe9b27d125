//! `/admin/v1/streaks/settings`

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::super::read;
use crate::world::World;

async fn change(world: &World, patch: Value) -> Value {
    let path = "/admin/v1/streaks/settings";
    world.request(Method::PATCH, path, Some(patch)).await.json(StatusCode::OK)
}

// C-STREAK-69 C-ADM-85
#[tokio::test]
async fn the_defaults_are_the_contracts_and_nothing_is_a_valid_change() {
    let world = World::empty().await;
    let defaults = json!({"enabled": true, "frequency": "daily", "evaluationMode": "OR", "customizationEnabled": false,
        "daysOff": [], "metrics": [], "freezes": null});
    assert_eq!(read(&world, "/streaks/settings").await, defaults);
    assert_eq!(change(&world, json!({})).await, defaults);
}

// C-STREAK-04 C-STREAK-70 C-STREAK-71 C-ADM-86 C-ADM-87 C-ADM-88 C-ADM-89
#[tokio::test]
async fn a_change_replaces_what_it_passes_and_answers_with_everything() {
    let world = World::new().await;
    let metrics = json!([{"key": "words", "threshold": 5}, {"key": "quizzes", "threshold": 0}]);
    let freezes =
        json!({"startCount": 1, "maxCount": 3, "autoEarnInterval": 7, "autoEarnAmount": 2});
    let all = change(
        &world,
        json!({"metrics": metrics, "evaluationMode": "ALL", "daysOff": [6, 0], "freezes": freezes}),
    )
    .await;
    assert_eq!(
        all,
        json!({"enabled": true, "frequency": "daily", "evaluationMode": "AND", "customizationEnabled": false,
        "daysOff": [0, 6], "metrics": [{"key": "words", "threshold": 5}], "freezes": freezes})
    );
    let all = change(&world, json!({"frequency": "monthly", "freezes": {"startCount": 0, "maxCount": 1, "autoEarnAmount": null}})).await;
    assert_eq!((&all["daysOff"], &all["metrics"][0]["key"]), (&json!([]), &json!("words")));
    assert_eq!(
        all["freezes"],
        json!({"startCount": 0, "maxCount": 1, "autoEarnInterval": null, "autoEarnAmount": null})
    );
    assert_eq!(change(&world, json!({"freezes": null})).await["freezes"], Value::Null);
    assert_eq!(read(&world, "/streaks/settings").await["freezes"], Value::Null);
}

// C-ADM-90
#[tokio::test]
async fn a_new_frequency_shows_what_was_counted_all_along() {
    let world = World::new().await;
    for day in ["2026-01-09", "2026-01-10", "2026-01-11"] {
        world.clock(&format!("{day}T12:00:00Z")).await;
        world.event("words", "u", json!(1)).await.json(StatusCode::CREATED);
    }
    for (frequency, length) in [("daily", 3), ("weekly", 2), ("monthly", 1), ("daily", 3)] {
        change(&world, json!({"frequency": frequency})).await;
        let streak = world.get("/v1/users/u/streak").await.json(StatusCode::OK);
        assert_eq!((&streak["frequency"], &streak["length"]), (&json!(frequency), &json!(length)));
    }
}

// C-ADM-85 C-ADM-14 C-STREAK-35 C-STREAK-52 C-STREAK-53
#[tokio::test]
async fn any_mistake_fails_the_whole_change() {
    let world = World::new().await;
    let before = read(&world, "/streaks/settings").await;
    for (patch, message) in [
        (json!([]), "body must be an object"),
        (json!({"enabled": null}), "enabled must be a boolean"),
        (json!({"frequency": "yearly"}), "frequency must be one of daily, weekly, monthly"),
        (json!({"evaluationMode": "and"}), "evaluationMode must be one of OR, AND"),
        (json!({"daysOff": null}), "daysOff must be an array"),
        (json!({"daysOff": [7]}), "daysOff[0] must be an integer between 0 and 6"),
        (json!({"daysOff": [1, 1]}), "daysOff must be distinct"),
        (
            json!({"frequency": "weekly", "daysOff": [1]}),
            "daysOff is only permitted for daily streaks",
        ),
        (
            json!({"metrics": [{"key": "words", "threshold": -1}]}),
            "metrics[0]: threshold must be an integer between 0 and 1000000000000",
        ),
        (
            json!({"metrics": [{"key": "words", "threshold": 1.5}]}),
            "metrics[0]: threshold must be an integer between 0 and 1000000000000",
        ),
        (json!({"metrics": [{"key": "nope", "threshold": 1}]}), "metrics: Metric not found: nope"),
        (
            json!({"metrics": [{"key": "words", "threshold": 1}, {"key": "words", "threshold": 2}]}),
            "metrics must name each metric once",
        ),
        (json!({"freezes": {"startCount": 1}}), "freezes: maxCount is required"),
        (
            json!({"freezes": {"startCount": 2, "maxCount": 1}}),
            "freezes.maxCount must be at least freezes.startCount",
        ),
        (
            json!({"freezes": {"startCount": 0, "maxCount": 1, "autoEarnInterval": 7}}),
            "freezes.autoEarnInterval and freezes.autoEarnAmount must both be set or both be null",
        ),
    ] {
        let mut patch = patch;
        if patch.is_object() {
            patch["customizationEnabled"] = json!(true);
        }
        let path = "/admin/v1/streaks/settings";
        let answer = world.request(Method::PATCH, path, Some(patch)).await;
        assert_eq!(answer.error(StatusCode::UNPROCESSABLE_ENTITY), message);
        assert_eq!(read(&world, "/streaks/settings").await, before);
    }
}
