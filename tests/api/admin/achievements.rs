//! `/admin/v1/achievements`

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{UNKNOWN, create, delete, read, refusal, text, update, update_refusal};
use crate::world::World;

/// The id of the object with this key, of a list.
async fn id_of(world: &World, path: &str, key: &str) -> String {
    let list = read(world, &format!("{path}?limit=100")).await;
    let found = list.as_array().unwrap().iter().find(|own| own["key"] == key);
    text(found.unwrap(), "id").to_owned()
}

// C-ACH-01 C-ACH-02 C-ACH-14 C-ADM-38 C-ADM-39 C-API-14
#[tokio::test]
async fn each_trigger_has_exactly_its_own_fields() {
    let world = World::new().await;
    let words = id_of(&world, "/metrics", "words").await;
    let plan = id_of(&world, "/attributes", "plan").await;
    let book = id_of(&world, "/attributes", "book").await;
    let toured = id_of(&world, "/achievements", "toured").await;
    let user = json!([{"attributeId": plan, "attributeValue": "pro"}]);
    let event = json!([{"attributeId": book, "attributeValue": ""}]);
    let answer = create(&world, "/achievements", json!([
        {"name": "M", "trigger": "metric", "metricId": words, "metricValue": 10.50, "status": "active",
         "description": "d", "badge": {"url": "https://a.example/b.png"}, "userAttributes": user, "eventAttributes": event},
        {"name": "M", "trigger": "metric", "metricId": words, "metricValue": 10.0},
        {"name": "S", "trigger": "streak", "streakLength": 7, "status": "locked", "description": null, "badge": null,
         "userAttributes": null},
        {"name": "A", "trigger": "api", "key": "tour"},
        {"name": "C", "trigger": "achievement", "achievementIds": [toured]},
        {"name": "Y", "trigger": "anniversary", "anniversaryYears": 1},
    ]))
    .await;
    assert_eq!(answer["issues"], json!([]));
    let expected = |n: usize, mut own: Value| {
        own["id"] = answer["created"][n]["id"].clone();
        for (field, default) in [
            ("description", json!(null)),
            ("badge", json!(null)),
            ("userAttributes", json!([])),
            ("status", json!("inactive")),
        ] {
            own.as_object_mut().unwrap().entry(field).or_insert(default);
        }
        assert_eq!(answer["created"][n], own);
    };
    expected(
        0,
        json!({"name": "M", "trigger": "metric", "metricId": words, "metricValue": 10.5, "status": "active",
        "description": "d", "badge": {"url": "https://a.example/b.png"}, "userAttributes": user, "eventAttributes": event}),
    );
    expected(
        1,
        json!({"name": "M", "trigger": "metric", "metricId": words, "metricValue": 10, "eventAttributes": []}),
    );
    expected(2, json!({"name": "S", "trigger": "streak", "streakLength": 7, "status": "locked"}));
    expected(3, json!({"name": "A", "trigger": "api", "key": "tour"}));
    expected(4, json!({"name": "C", "trigger": "achievement", "achievementIds": [toured]}));
    expected(5, json!({"name": "Y", "trigger": "anniversary", "anniversaryYears": 1}));
}

// C-ACH-06 C-ADM-11 C-ADM-12 C-ADM-22 C-ADM-23 C-ADM-40
#[tokio::test]
async fn wrong_fields_are_told_one_by_one() {
    let world = World::new().await;
    let words = id_of(&world, "/metrics", "words").await;
    let plan = id_of(&world, "/attributes", "plan").await;
    let triggers = "trigger must be one of metric, streak, api, achievement, anniversary";
    let streak = |field: &str, value: Value| {
        let mut item = json!({"name": "n", "trigger": "streak", "streakLength": 7});
        item[field] = value;
        item
    };
    let filter = |filter: Value| json!([filter]);
    for (item, message) in [
        (json!({"name": "n"}), "trigger is required"),
        (json!({"name": "n", "trigger": "anniversary"}), "anniversaryYears is required"),
        (
            json!({"name": "n", "trigger": "anniversary", "anniversaryYears": 0}),
            "anniversaryYears must be an integer between 1 and 4294967295",
        ),
        (json!({"name": "n", "trigger": "level"}), triggers),
        (streak("trigger", json!(5)), triggers),
        (
            streak("anniversaryYears", json!(1)),
            "anniversaryYears is only permitted for anniversary achievements",
        ),
        (streak("key", json!("k")), "key is only permitted for api achievements"),
        (streak("metricId", json!(words)), "metricId is only permitted for metric achievements"),
        (
            streak("achievementIds", json!([UNKNOWN])),
            "achievementIds is only permitted for achievement achievements",
        ),
        (
            streak("eventAttributes", json!([])),
            "eventAttributes is only permitted for metric achievements",
        ),
        (
            streak("streakLength", json!(0)),
            "streakLength must be an integer between 1 and 4294967295",
        ),
        (
            streak("streakLength", json!(1.5)),
            "streakLength must be an integer between 1 and 4294967295",
        ),
        (
            streak("streakLength", json!("7")),
            "streakLength must be an integer between 1 and 4294967295",
        ),
        (streak("status", json!("archived")), "status must be one of inactive, active, locked"),
        (streak("description", json!(5)), "description must be a string"),
        (
            streak("description", json!("é".repeat(2001))),
            "description must have at most 2000 characters",
        ),
        (streak("badge", json!("https://a.example/b")), "badge must be an object"),
        (streak("badge", json!({})), "url is required"),
        (
            streak("badge", json!({"url": "/b.png"})),
            "badge.url must be an absolute http(s) URL of at most 2048 characters",
        ),
        (streak("userAttributes", json!({})), "userAttributes must be an array"),
        (streak("userAttributes", filter(json!(5))), "userAttributes[0] must be an object"),
        (
            streak("userAttributes", filter(json!({"attributeId": plan}))),
            "userAttributes[0]: attributeValue is required",
        ),
        (
            streak("userAttributes", filter(json!({"attributeId": "x", "attributeValue": "y"}))),
            "userAttributes[0]: attributeId must be a valid UUID",
        ),
        (
            streak(
                "userAttributes",
                filter(json!({"attributeId": UNKNOWN, "attributeValue": "y"})),
            ),
            "Attribute not found by ID",
        ),
        (
            json!({"name": "n", "trigger": "metric", "metricId": "x", "metricValue": 1}),
            "metricId must be a valid UUID",
        ),
        (
            json!({"name": "n", "trigger": "metric", "metricId": words, "metricValue": 0.5}),
            "metricValue must be at least 1",
        ),
        (
            json!({"name": "n", "trigger": "metric", "metricId": words, "metricValue": "5"}),
            "metricValue must be a number",
        ),
        (
            json!({"name": "n", "trigger": "metric", "metricId": UNKNOWN, "metricValue": 5}),
            "Metric not found by ID",
        ),
        (
            json!({"name": "n", "trigger": "achievement", "achievementIds": ["x"]}),
            "achievementIds[0] must be a valid UUID",
        ),
        (
            json!({"name": "n", "trigger": "achievement", "achievementIds": [UNKNOWN]}),
            "Achievement not found by ID",
        ),
        (
            json!({"name": "n", "trigger": "api", "key": "toured"}),
            "Key already in use by another achievement",
        ),
    ] {
        assert_eq!(refusal(&world, "/achievements", item.clone()).await, message, "{item}");
    }
    assert_eq!(read(&world, "/achievements").await.as_array().unwrap().len(), 2);
}

// C-ACH-13 C-ACH-14 C-ADM-14 C-ADM-41 C-ADM-42
#[tokio::test]
async fn updates_merge_clear_and_keep_the_charts() {
    let world = World::new().await;
    let toured = id_of(&world, "/achievements", "toured").await;
    let one = async |mut item: Value| {
        item["id"] = json!(toured);
        update(&world, "/achievements", json!([item])).await["updated"][0].clone()
    };
    assert_eq!(one(json!({"description": null})).await["description"], Value::Null);
    assert_eq!(one(json!({"description": ""})).await["description"], Value::Null);
    assert_eq!(one(json!({"key": "seen"})).await["key"], "seen");
    let message =
        update_refusal(&world, "/achievements", json!({"id": toured, "status": "inactive"})).await;
    assert_eq!(message, "Cannot change status from active to inactive");
    let message =
        update_refusal(&world, "/achievements", json!({"id": toured, "trigger": "streak"})).await;
    assert_eq!(message, "streakLength is required");
    let streak = one(json!({"trigger": "streak", "streakLength": 3, "status": "locked"})).await;
    assert_eq!(
        (&streak["trigger"], &streak["status"], streak.get("key")),
        (&json!("streak"), &json!("locked"), None)
    );
}

// C-ACH-09 C-ADM-44
#[tokio::test]
async fn prerequisites_stay() {
    let world = World::new().await;
    let toured = id_of(&world, "/achievements", "toured").await;
    let item = json!({"name": "All", "trigger": "achievement", "achievementIds": [toured]});
    create(&world, "/achievements", json!([item])).await;
    let answer = delete(&world, "/achievements", &toured).await;
    assert_eq!(
        answer["issues"][0]["message"],
        "Achievement is a prerequisite of another achievement"
    );
}

// C-ADM-45 C-ACH-31
#[tokio::test]
async fn deletion_hides_the_achievement_and_its_completions_and_leaves_the_points() {
    let world = World::new().await;
    let toured = id_of(&world, "/achievements", "toured").await;
    let badge = json!({"url": "https://img.example/toured.png"});
    update(&world, "/achievements", json!([{"id": toured, "badge": badge}])).await;
    let trigger =
        json!({"type": "achievement", "achievementId": toured, "points": 7, "status": "active"});
    world.created("/points", json!([{"name": "XP", "key": "xp", "triggers": [trigger]}])).await;
    let call = || world.post("/v1/achievements/toured/complete", json!({"user": {"id": "u"}}));
    let answer = call().await.json(StatusCode::CREATED);
    assert_eq!(answer["achievement"]["badgeUrl"], "https://img.example/toured.png");
    let listed = world.get("/v1/achievements").await.json(StatusCode::OK);
    assert_eq!(listed[0]["badgeUrl"], Value::Null, "none was set");

    delete(&world, "/achievements", &toured).await;
    call().await.error(StatusCode::NOT_FOUND);
    let held = world.get("/v1/users/u/achievements?includeIncomplete=true").await;
    let held = held.json(StatusCode::OK);
    let names: Vec<_> = held.as_array().unwrap().iter().map(|own| text(own, "name")).collect();
    assert_eq!(names, ["Novelist"]);
    let points = world.get("/v1/users/u/points/xp").await.json(StatusCode::OK);
    assert_eq!((&points["total"], &points["awards"][0]["awarded"]), (&json!(7), &json!(7)));
    let trigger = &points["awards"][0]["trigger"];
    assert_eq!(
        (&trigger["status"], &trigger["achievementName"]),
        (&json!("archived"), &json!("Toured"))
    );
}
