//! `/v1/users/{id}/preferences`

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Answer, World};

const PATH: &str = "/v1/users/u/preferences";

async fn patch(world: &World, path: &str, body: Value) -> Answer {
    world.request(Method::PATCH, path, Some(body)).await
}

/// A user `u` and whether users may customise.
async fn started(customization: bool) -> World {
    let world = World::new().await;
    world.event("words", "u", json!(1)).await.json(StatusCode::CREATED);
    let settings = json!({"customizationEnabled": customization});
    patch(&world, "/admin/v1/streaks/settings", settings).await.json(StatusCode::OK);
    world
}

// C-PREF-01 C-PREF-02 C-PREF-12
#[tokio::test]
async fn passed_types_are_replaced_and_others_stay() {
    let world = started(false).await;
    assert_eq!(world.get(PATH).await.json(StatusCode::OK), json!({"notifications": {}}));
    let body = json!({"notifications": {"recap": ["push", "email", "push"], "reactivation": []}});
    let expected = json!({"notifications": {"recap": ["email", "push"], "reactivation": []}});
    assert_eq!(patch(&world, PATH, body).await.json(StatusCode::OK), expected);
    let body = json!({"notifications": {"recap": null, "reactivation": ["push"]}, "streak": null});
    let expected = json!({"notifications": {"recap": ["email", "push"], "reactivation": ["push"]}});
    assert_eq!(patch(&world, PATH, body).await.json(StatusCode::OK), expected);
    let nothing = json!({"notifications": null});
    assert_eq!(patch(&world, PATH, nothing).await.json(StatusCode::OK), expected);
    assert_eq!(world.get(PATH).await.json(StatusCode::OK), expected);
    let unknown = "/v1/users/nobody/preferences";
    patch(&world, unknown, json!({})).await.error(StatusCode::NOT_FOUND);
    world.get(unknown).await.error(StatusCode::NOT_FOUND);
    world.get("/v1/users/nobody").await.error(StatusCode::NOT_FOUND);
}

// C-PREF-04 C-PREF-05 C-PREF-07 C-PREF-08 C-PREF-11 C-STREAK-04
#[tokio::test]
async fn overrides_are_shown_as_far_as_they_apply() {
    let world = started(true).await;
    let own = json!({"evaluationMode": "ALL", "metrics": [{"key": "words", "threshold": 1.5}], "daysOff": [6, 0]});
    let shown = json!({"evaluationMode": "AND", "metrics": [{"key": "words", "threshold": 1.5}], "daysOff": [0, 6]});
    let answer = patch(&world, PATH, json!({"streak": own})).await.json(StatusCode::OK);
    assert_eq!(answer, json!({"notifications": {}, "streak": shown}));
    let off = json!({"customizationEnabled": false});
    patch(&world, "/admin/v1/streaks/settings", off).await.json(StatusCode::OK);
    let asleep = patch(&world, PATH, json!({"streak": {"enabled": true}})).await;
    assert_eq!(asleep.json(StatusCode::OK)["streak"], json!({"enabled": true}));
    let on = json!({"customizationEnabled": true});
    patch(&world, "/admin/v1/streaks/settings", on).await.json(StatusCode::OK);
    let one = patch(&world, PATH, json!({"streak": {"metrics": null, "daysOff": null}})).await;
    assert_eq!(
        one.json(StatusCode::OK)["streak"],
        json!({"enabled": true, "evaluationMode": "AND"})
    );
    let all = patch(&world, PATH, json!({"streak": null})).await.json(StatusCode::OK);
    assert_eq!(all, json!({"notifications": {}}));
}

// C-PREF-06: the user, then customization, then the shape; all or nothing.
#[tokio::test]
async fn failures_come_in_the_contracts_order() {
    let world = started(false).await;
    let bad = json!({"streak": {"daysOff": "x"}, "notifications": {"recap": []}});
    let nobody = patch(&world, "/v1/users/nobody/preferences", bad.clone()).await;
    nobody.error(StatusCode::NOT_FOUND);
    let forbidden = patch(&world, PATH, bad).await.error(StatusCode::FORBIDDEN);
    assert_eq!(forbidden, "Streak customization is not enabled");
    let world = started(true).await;
    for wrong in [
        json!([]),
        json!({"notifications": []}),
        json!({"notifications": {"sms": []}}),
        json!({"notifications": {"recap": ["sms"]}}),
        json!({"notifications": {"recap": "email"}}),
        json!({"streak": 1}),
        json!({"streak": {"enabled": 1}}),
        json!({"streak": {"evaluationMode": "XOR"}}),
        json!({"streak": {"daysOff": [7]}}),
        json!({"streak": {"daysOff": [1, 1]}}),
        json!({"streak": {"metrics": []}}),
        json!({"streak": {"metrics": [{"key": "words"}]}}),
        json!({"streak": {"metrics": [{"key": "words", "threshold": 0}]}}),
        json!({"streak": {"metrics": [{"key": "nope", "threshold": 1}]}}),
        json!({"streak": {"metrics": [{"key": "words", "threshold": 1}, {"key": "words", "threshold": 2}]}}),
        json!({"notifications": {"recap": []}, "streak": {"daysOff": [1, 1]}}),
    ] {
        patch(&world, PATH, wrong).await.error(StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(world.get(PATH).await.json(StatusCode::OK), json!({"notifications": {}}));
}

// C-PREF-05 C-PREF-10
#[tokio::test]
async fn a_user_without_a_streak_shows_none() {
    let world = started(false).await;
    let off = patch(&world, PATH, json!({"streak": {"enabled": false}})).await;
    assert_eq!(off.json(StatusCode::OK)["streak"], json!({"enabled": false}));
    let event = world.event("words", "u", json!(1)).await.json(StatusCode::CREATED);
    assert_eq!(event["currentStreak"]["length"], 0);
    let ranking = world.get("/v1/streaks/rankings?type=longest").await.json(StatusCode::OK);
    assert_eq!(ranking, json!([]));
}
