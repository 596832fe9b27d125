//! `/points/{key}` and below

use axum::http::StatusCode;
use serde_json::json;

use crate::world::World;

// C-POINTS-06 C-POINTS-07 C-POINTS-11 C-POINTS-52 C-POINTS-53
#[tokio::test]
async fn systems_show_active_triggers_levels_and_who_is_at_them() {
    let world = World::new().await;
    world
        .created(
            "/points",
            json!([
                {"name": "XP", "key": "xp", "maxPoints": 100, "description": "Experience",
                 "levels": [{"name": "Gold", "key": "gold", "points": 50}, {"name": "Start", "key": "start", "points": 1}],
                 "triggers": [{"type": "user_creation", "points": 60, "status": "active"},
                              {"type": "streak", "streakLength": 7, "points": 5},
                              {"type": "time", "timeUnit": "days", "timeInterval": 2, "points": 5, "status": "active"}]},
                {"name": "Plain", "key": "plain"},
            ]),
        )
        .await;
    let system = world.get("/v1/points/xp").await.json(StatusCode::OK);
    let trigger = &system["triggers"][0];
    assert_eq!(
        system,
        json!({"id": system["id"], "key": "xp", "name": "XP", "description": "Experience", "badgeUrl": null,
               "maxPoints": 100,
               "triggers": [{"id": trigger["id"], "type": "user_creation", "points": 60, "status": "active",
                             "userAttributes": [], "created": "2026-01-06T03:30:00.000Z",
                             "updated": "2026-01-06T03:30:00.000Z"},
                            {"id": system["triggers"][1]["id"], "type": "time", "points": 5, "status": "active",
                             "timeUnit": "day", "timeInterval": 2, "userAttributes": [],
                             "created": "2026-01-06T03:30:00.000Z", "updated": "2026-01-06T03:30:00.000Z"}]})
    );
    let levels = world.get("/v1/points/xp/levels").await.json(StatusCode::OK);
    assert_eq!((&levels[0]["key"], &levels[1]["key"]), (&json!("start"), &json!("gold")));
    world.post("/v1/users", json!({"id": "u"})).await.json(StatusCode::CREATED);
    let summary = world.get("/v1/points/xp/level-summary").await.json(StatusCode::OK);
    assert_eq!((&summary[0]["users"], &summary[1]["users"]), (&json!(0), &json!(1)));
    assert_eq!(summary[1]["level"], levels[1]);

    let plain = world.get("/v1/points/plain").await.json(StatusCode::OK);
    assert_eq!((&plain["description"], &plain["maxPoints"]), (&json!(null), &json!(null)));
    assert_eq!(world.get("/v1/points/plain/levels").await.json(StatusCode::OK), json!([]));
    world.get("/v1/points/plain/level-summary").await.error(StatusCode::UNPROCESSABLE_ENTITY);
    for path in ["none", "none/levels", "none/level-summary"] {
        let answer = world.get(&format!("/v1/points/{path}")).await;
        assert_eq!(answer.error(StatusCode::NOT_FOUND), "Points system not found");
    }
}

// C-POINTS-39 C-POINTS-41 C-POINTS-42
#[tokio::test]
async fn boosts_are_listed_for_all_and_for_each_user() {
    let world = World::new().await;
    world.post("/v1/users", json!({"id": "u"})).await.json(StatusCode::CREATED);
    let boost = |name: &str, start: &str, end: Option<&str>, user: Option<&str>| json!({"name": name, "start": start, "end": end, "multiplier": 2, "userId": user});
    world
        .created(
            "/points",
            json!([{"name": "XP", "key": "xp",
                "triggers": [{"type": "user_creation", "points": 5, "status": "active"}],
                "boosts": [boost("later", "2026-02-01", None, None), boost("now", "2026-01-05", None, None),
                           boost("mine", "2026-01-06", None, Some("u")),
                           boost("old", "2025-01-01", Some("2025-01-02"), None)]}]),
        )
        .await;
    let names = |list: &serde_json::Value| -> Vec<String> {
        let shown = list.as_array().unwrap().iter();
        shown
            .map(|own| {
                format!("{} {}", own["name"].as_str().unwrap(), own["status"].as_str().unwrap())
            })
            .collect()
    };
    let listed = world.get("/v1/points/xp/boosts").await.json(StatusCode::OK);
    assert_eq!(names(&listed), ["now active", "later scheduled"]);
    let now = listed[0].clone();
    assert_eq!(
        now,
        json!({"id": now["id"], "name": "now", "status": "active", "start": "2026-01-05", "end": null,
               "multiplier": 2, "rounding": "down"})
    );
    let listed = world.get("/v1/points/xp/boosts?includeFinished=true").await.json(StatusCode::OK);
    assert_eq!(names(&listed), ["old finished", "now active", "later scheduled"]);
    let listed = world.get("/v1/users/u/points/xp/boosts").await.json(StatusCode::OK);
    assert_eq!(names(&listed), ["now active", "mine active"]);
    world.post("/v1/users", json!({"id": "v"})).await.json(StatusCode::CREATED);
    let points = world.get("/v1/users/v/points/xp").await.json(StatusCode::OK);
    assert_eq!(
        (&points["awards"][0]["awarded"], &points["awards"][0]["boosts"]),
        (&json!(10), &json!([now]))
    );
    for path in
        ["/v1/points/none/boosts", "/v1/users/u/points/none/boosts", "/v1/users/w/points/xp/boosts"]
    {
        world.get(path).await.error(StatusCode::NOT_FOUND);
    }
}

// C-POINTS-58 C-POINTS-59 C-ATTR-10
#[tokio::test]
async fn balances_are_counted_in_eleven_ranges() {
    let world = World::new().await;
    world.post("/v1/users", json!({"id": "none"})).await.json(StatusCode::CREATED);
    let trigger = json!({"type": "user_creation", "points": 35, "status": "active"});
    world.created("/points", json!([{"name": "XP", "key": "xp", "triggers": [trigger]}])).await;
    let pro = json!({"id": "pro", "attributes": {"plan": "pro"}});
    world.post("/v1/users", pro).await.json(StatusCode::CREATED);
    world.post("/v1/users", json!({"id": "free"})).await.json(StatusCode::CREATED);
    let all = world.get("/v1/points/xp/summary").await.json(StatusCode::OK);
    assert_eq!(all.as_array().unwrap().len(), 11);
    assert_eq!(all[0], json!({"from": 0, "to": 0, "users": 1}));
    assert_eq!(all[4], json!({"from": 31, "to": 40, "users": 2}));
    let pro = world.get("/v1/points/xp/summary?userAttributes=plan:pro").await.json(StatusCode::OK);
    assert_eq!((&pro[0]["users"], &pro[4]["users"]), (&json!(0), &json!(1)));
    let none = world.get("/v1/points/xp/summary?userAttributes=plan:x").await.json(StatusCode::OK);
    assert_eq!(none[10], json!({"from": 10, "to": 10, "users": 0}));
    for bad in ["plan", "team:x", "plan:a,plan:b"] {
        let answer = world.get(&format!("/v1/points/xp/summary?userAttributes={bad}")).await;
        answer.error(StatusCode::UNPROCESSABLE_ENTITY);
    }
    world.get("/v1/points/none/summary").await.error(StatusCode::NOT_FOUND);
}
