//! `GET /achievements`

use axum::http::StatusCode;
use serde_json::json;

use crate::world::World;

async fn with_filters() -> World {
    let world = World::new().await;
    let plan = world.id("/attributes", "plan").await;
    let pro = json!([{"attributeId": plan, "attributeValue": "pro"}]);
    world
        .created(
            "/achievements",
            json!([
                {"name": "Pros only", "trigger": "api", "key": "pros", "status": "active", "userAttributes": pro},
                {"name": "Draft", "trigger": "streak", "streakLength": 3},
            ]),
        )
        .await;
    world
}

async fn names(world: &World, query: &str) -> Vec<String> {
    let achievements = world.get(&format!("/v1/achievements{query}")).await.json(StatusCode::OK);
    achievements
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

// C-ACH-26 C-ACH-27 C-ACH-28 C-ATTR-10 C-ATTR-11
#[tokio::test]
async fn active_ones_a_user_with_these_attributes_could_get() {
    let world = with_filters().await;
    assert_eq!(names(&world, "").await, ["Novelist", "Toured", "Pros only"]);
    assert_eq!(names(&world, "?userAttributes=").await.len(), 3);
    assert_eq!(names(&world, "?userAttributes=plan%3Apro").await.len(), 3);
    for other in ["plan:free", "plan:pro%20", "plan:", "plan:Pro"] {
        assert_eq!(
            names(&world, &format!("?userAttributes={other}")).await,
            ["Novelist", "Toured"],
            "{other}"
        );
    }
    for bad in ["plan", "plan:pro,", "unknown:x", "book:x", "plan:a,plan:b", "%20plan:pro"] {
        world
            .get(&format!("/v1/achievements?userAttributes={bad}"))
            .await
            .error(StatusCode::UNPROCESSABLE_ENTITY);
    }
}

// C-ACH-24 C-ACH-25 C-API-15
#[tokio::test]
async fn each_kind_has_its_own_fields() {
    let world = with_filters().await;
    let all = world.get("/v1/achievements").await.json(StatusCode::OK);
    let toured = all[1].clone();
    assert_eq!(
        toured,
        json!({"id": toured["id"], "name": "Toured", "trigger": "api", "description": "Saw it all", "badgeUrl": null,
               "userAttributes": [], "key": "toured", "completions": 0, "rarity": 0})
    );
    assert_eq!(all[2]["userAttributes"], json!([{"key": "plan", "value": "pro"}]));
}
