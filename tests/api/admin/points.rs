//! `/admin/v1/points` with the triggers and levels below a system

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    UNKNOWN, create, create_nothing, delete, only_message, read, refusal, text, update,
    update_refusal,
};
use crate::world::World;

async fn system(world: &World, key: &str) -> String {
    let answer = create(world, "/points", json!([{"name": key, "key": key}])).await;
    text(&answer["created"][0], "id").to_owned()
}

async fn metric(world: &World, key: &str) -> String {
    let answer = create(world, "/metrics", json!([{"name": key, "key": key}])).await;
    text(&answer["created"][0], "id").to_owned()
}

// C-POINTS-04 C-POINTS-07 C-ADM-46 C-API-16
#[tokio::test]
async fn nested_lists_are_echoed_only_if_they_were_sent() {
    let world = World::empty().await;
    let words = metric(&world, "words").await;
    let answer = create(&world, "/points", json!([
        {"name": "Plain", "key": "plain"},
        {"name": "XP", "key": "xp", "description": "d", "badge": {"url": "https://a.example/b"}, "maxPoints": 500,
         "levels": [{"name": "Gold", "key": "gold", "points": 100}, {"name": "Iron", "key": "iron", "points": 0}],
         "triggers": [{"type": "metric", "points": 5, "metricId": words, "metricThreshold": 1}],
         "boosts": []},
        {"name": "Empty", "key": "empty", "levels": [], "badge": null, "maxPoints": null},
    ]))
    .await;
    assert_eq!(answer["issues"], json!([]));
    let plain = &answer["created"][0];
    assert_eq!(
        *plain,
        json!({"id": plain["id"], "name": "Plain", "key": "plain", "description": "", "status": "active",
        "badge": null, "maxPoints": null})
    );
    let xp = &answer["created"][1];
    assert_eq!(xp["maxPoints"], 500);
    assert_eq!(xp["boosts"], json!([]));
    let levels: Vec<_> =
        xp["levels"].as_array().unwrap().iter().map(|own| text(own, "key")).collect();
    assert_eq!(levels, ["gold", "iron"]);
    assert_eq!(xp["triggers"][0]["metricId"], json!(words));
    let empty = answer["created"][2].as_object().unwrap();
    assert_eq!(empty["levels"], json!([]));
    assert!(!empty.contains_key("triggers") && !empty.contains_key("boosts"));
    let stored = read(&world, &format!("/points/{}", text(xp, "id"))).await;
    assert!(stored.get("levels").is_none());
}

// C-POINTS-05 C-ADM-47
#[tokio::test]
async fn a_bad_part_fails_its_system_alone() {
    let world = World::empty().await;
    let with = |field: &str, value: Value| {
        let mut item = json!({"name": "n", "key": "k"});
        item[field] = value;
        item
    };
    let level = json!({"name": "n", "key": "a", "points": 1});
    for (item, message) in [
        (with("levels", json!({})), "levels must be an array"),
        (with("levels", json!([5])), "levels[0]: item must be an object"),
        (
            with("levels", json!([level, {"name": "n", "key": "b", "points": -1}])),
            "levels[1]: points must be an integer between 0 and 1000000000000",
        ),
        (with("levels", json!([level, level])), "levels[1]: Key already in use by another level"),
        (
            with(
                "triggers",
                json!([{"type": "time", "points": 1, "timeUnit": "hours", "timeInterval": 0}]),
            ),
            "triggers[0]: timeInterval must be an integer between 1 and 4294967295",
        ),
        (
            with("triggers", json!([{"type": "user_creation", "points": 0}])),
            "triggers[0]: points must be a non-zero integer between -1000000000 and 1000000000",
        ),
        (with("boosts", json!([{"name": "b", "multiplier": 2}])), "boosts[0]: start is required"),
        (with("maxPoints", json!(0)), "maxPoints must be an integer between 1 and 1000000000000"),
        (with("maxPoints", json!(1.5)), "maxPoints must be an integer between 1 and 1000000000000"),
        (with("description", json!(null)), "description must be a string"),
    ] {
        assert_eq!(refusal(&world, "/points", item.clone()).await, message, "{item}");
    }
    assert_eq!(read(&world, "/points").await, json!([]));
    let answer =
        create(&world, "/points", json!([with("levels", json!([5])), {"name": "n", "key": "k"}]))
            .await;
    assert_eq!(answer["created"].as_array().unwrap().len(), 1);
}

// C-ADM-14 C-ADM-48 C-POINTS-04
#[tokio::test]
async fn null_clears_a_systems_badge_and_maximum() {
    let world = World::empty().await;
    let item =
        json!({"name": "n", "key": "k", "badge": {"url": "https://a.example/b"}, "maxPoints": 5});
    let id = create(&world, "/points", json!([item])).await["created"][0]["id"].clone();
    let answer =
        update(&world, "/points", json!([{"id": id, "badge": null, "maxPoints": null}])).await;
    assert_eq!(
        (&answer["updated"][0]["badge"], &answer["updated"][0]["maxPoints"]),
        (&Value::Null, &Value::Null)
    );
    let message = update_refusal(&world, "/points", json!({"id": id, "description": null})).await;
    assert_eq!(message, "description must be a string");
}

// C-POINTS-08 C-API-09
#[tokio::test]
async fn an_unknown_system_is_told_after_the_shape_of_the_request() {
    let world = World::empty().await;
    for kind in ["triggers", "levels"] {
        for (method, path, body, status) in [
            (Method::GET, format!("{UNKNOWN}/{kind}"), None, StatusCode::NOT_FOUND),
            (Method::GET, format!("{UNKNOWN}/{kind}/{UNKNOWN}"), None, StatusCode::NOT_FOUND),
            (Method::GET, format!("{UNKNOWN}/{kind}/x"), None, StatusCode::UNPROCESSABLE_ENTITY),
            (
                Method::GET,
                format!("{UNKNOWN}/{kind}?limit=0"),
                None,
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            (Method::GET, format!("x/{kind}"), None, StatusCode::UNPROCESSABLE_ENTITY),
            (Method::POST, format!("{UNKNOWN}/{kind}"), Some(json!([{}])), StatusCode::NOT_FOUND),
            (
                Method::POST,
                format!("{UNKNOWN}/{kind}"),
                Some(json!({})),
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            (Method::PATCH, format!("{UNKNOWN}/{kind}"), Some(json!([{}])), StatusCode::NOT_FOUND),
            (Method::DELETE, format!("{UNKNOWN}/{kind}?ids=x"), None, StatusCode::NOT_FOUND),
            (Method::DELETE, format!("{UNKNOWN}/{kind}"), None, StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let message = world
                .request(method, &format!("/admin/v1/points/{path}"), body)
                .await
                .error(status);
            assert_eq!(
                message == "Points system not found",
                status == StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }
}

// C-POINTS-10 C-POINTS-13 C-ADM-53 C-ADM-54
#[tokio::test]
async fn each_trigger_type_has_exactly_its_own_fields() {
    let world = World::new().await;
    let path = format!("/points/{}/triggers", system(&world, "xp").await);
    let words = metric(&world, "pages").await;
    let toured = read(&world, "/achievements").await;
    let toured =
        toured.as_array().unwrap().iter().find(|own| own["key"] == "toured").unwrap()["id"].clone();
    let answer = create(&world, &path, json!([
        {"type": "metric", "points": -3, "metricId": words, "metricThreshold": 4, "blockIfOutOfPoints": true},
        {"type": "streak", "points": 1, "streakLength": 7, "status": "active", "userAttributes": null},
        {"type": "achievement", "points": 2, "achievementId": toured},
        {"type": "user_creation", "points": 9},
        {"type": "time", "points": 2, "timeUnit": "hours", "timeInterval": 3},
        {"type": "time", "points": -2, "timeUnit": "days", "timeInterval": 1},
    ]))
    .await;
    assert_eq!(answer["issues"], json!([]));
    let expected = [
        json!({"type": "metric", "points": -3, "metricId": words, "metricThreshold": 4, "eventAttributes": [],
            "blockIfOutOfPoints": true, "status": "inactive"}),
        json!({"type": "streak", "points": 1, "streakLength": 7, "status": "active", "blockIfOutOfPoints": false}),
        json!({"type": "achievement", "points": 2, "achievementId": toured, "status": "inactive", "blockIfOutOfPoints": false}),
        json!({"type": "user_creation", "points": 9, "status": "inactive", "blockIfOutOfPoints": false}),
        json!({"type": "time", "points": 2, "timeUnit": "hours", "timeInterval": 3, "status": "inactive", "blockIfOutOfPoints": false}),
        json!({"type": "time", "points": -2, "timeUnit": "days", "timeInterval": 1, "status": "inactive", "blockIfOutOfPoints": false}),
    ];
    for (created, mut expected) in answer["created"].as_array().unwrap().iter().zip(expected) {
        expected["id"] = created["id"].clone();
        expected["userAttributes"] = json!([]);
        assert_eq!(*created, expected);
    }
    let creation = |field: &str, value: Value| {
        let mut item = json!({"type": "user_creation", "points": 1});
        item[field] = value;
        item
    };
    for (item, message) in [
        (
            creation("type", json!("level")),
            "type must be one of metric, achievement, streak, time, user_creation",
        ),
        (creation("timeUnit", json!("hours")), "timeUnit is only permitted for time triggers"),
        (creation("timeInterval", json!(1)), "timeInterval is only permitted for time triggers"),
        (creation("type", json!("time")), "timeUnit is required"),
        (creation("timeUnit", json!("hour")), "timeUnit must be one of hours, days"),
        (creation("streakLength", json!(7)), "streakLength is only permitted for streak triggers"),
        (
            creation("achievementId", json!(UNKNOWN)),
            "achievementId is only permitted for achievement triggers",
        ),
        (
            creation("metricThreshold", json!(7)),
            "metricThreshold is only permitted for metric triggers",
        ),
        (creation("status", json!("locked")), "status must be one of active, inactive"),
        (creation("blockIfOutOfPoints", json!("yes")), "blockIfOutOfPoints must be a boolean"),
        (
            creation("points", json!(0.5)),
            "points must be an integer between -1000000000000 and 1000000000000",
        ),
        (json!({"type": "user_creation"}), "points is required"),
        (json!({"type": "metric", "points": 1, "metricId": words}), "metricThreshold is required"),
        (
            json!({"type": "metric", "points": 1, "metricId": words, "metricThreshold": 0}),
            "metricThreshold must be an integer between 1 and 1000000000000",
        ),
    ] {
        let answer = create_nothing(&world, &path, json!([item])).await;
        assert_eq!(only_message(&answer["issues"]), message, "{item}");
    }
}

// C-ADM-55 C-ADM-14 C-POINTS-10
#[tokio::test]
async fn a_triggers_type_changes_only_while_it_is_inactive() {
    let world = World::empty().await;
    let path = format!("/points/{}/triggers", system(&world, "xp").await);
    let item = json!({"type": "user_creation", "points": 1, "status": "active"});
    let id = create(&world, &path, json!([item])).await["created"][0]["id"].clone();
    let streak = json!({"id": id, "type": "streak", "streakLength": 7});
    let message = update_refusal(&world, &path, streak.clone()).await;
    assert_eq!(message, "type can only change while the trigger is inactive");
    let answer = update(&world, &path, json!([{"id": id, "status": "inactive"}, streak])).await;
    assert_eq!(answer["issues"], json!([]));
    assert_eq!(answer["updated"][1]["streakLength"], 7);
    let message = update_refusal(&world, &path, json!({"id": id, "points": null})).await;
    assert_eq!(message, "points must be an integer between -1000000000000 and 1000000000000");
}

// C-POINTS-46 C-ADM-50 C-ADM-51 C-ADM-52
#[tokio::test]
async fn levels_are_listed_by_points_and_share_none() {
    let world = World::empty().await;
    let path = format!("/points/{}/levels", system(&world, "xp").await);
    let answer = create(&world, &path, json!([
        {"name": "Gold", "key": "gold", "points": 100, "badge": {"url": "https://a.example/b"}, "description": "d"},
        {"name": "Iron", "key": "iron", "points": 0},
        {"name": "Or", "key": "or", "points": 100},
        {"name": "Gold", "key": "gold", "points": 7},
    ]))
    .await;
    let gold = &answer["created"][0];
    assert_eq!(
        *gold,
        json!({"id": gold["id"], "name": "Gold", "key": "gold", "points": 100, "description": "d",
        "badge": {"url": "https://a.example/b"}})
    );
    let messages: Vec<_> =
        answer["issues"].as_array().unwrap().iter().map(|own| text(own, "message")).collect();
    assert_eq!(
        messages,
        ["Points already in use by another level", "Key already in use by another level"]
    );
    let listed = read(&world, &path).await;
    assert_eq!(listed, json!([answer["created"][1], gold]));
    let changed = update(
        &world,
        &path,
        json!([{"id": gold["id"], "badge": null, "points": 0}, {"id": gold["id"], "badge": null}]),
    );
    let changed = changed.await;
    assert_eq!(changed["issues"][0]["message"], "Points already in use by another level");
    assert_eq!(
        (&changed["updated"][0]["badge"], &changed["updated"][0]["points"]),
        (&Value::Null, &json!(100))
    );
    delete(&world, &path, text(gold, "id")).await;
    assert_eq!(read(&world, &path).await, json!([answer["created"][1]]));
}

// C-ADM-25 C-ADM-57 C-POINTS-56
#[tokio::test]
async fn changes_act_on_later_events_and_take_nothing_back() {
    let world = World::new().await;
    let path = format!("/points/{}/triggers", system(&world, "xp").await);
    let total = async || {
        let points = world.get("/v1/users/u/points/xp").await.json(StatusCode::OK);
        (points["total"].clone(), points["awards"][0]["trigger"]["status"].clone())
    };
    world.event("words", "u", json!(10)).await.json(StatusCode::CREATED);
    let item = json!({"type": "metric", "metricId": world.id("/metrics", "words").await,
                      "metricThreshold": 1, "points": 1, "status": "active"});
    let id = create(&world, &path, json!([item])).await["created"][0]["id"].clone();
    assert_eq!(total().await, (json!(0), Value::Null));
    world.event("words", "u", json!(1)).await.json(StatusCode::CREATED);
    assert_eq!(total().await, (json!(1), json!("active")));
    update(&world, &path, json!([{"id": id, "status": "inactive", "points": 5}])).await;
    world.event("words", "u", json!(1)).await.json(StatusCode::CREATED);
    assert_eq!(total().await, (json!(1), json!("inactive")));
}

// C-ADM-06 C-GEN-30
#[tokio::test]
async fn of_two_who_create_one_key_at_once_one_does() {
    let world = World::empty().await;
    let create = || async {
        let body = json!([{"name": "XP", "key": "xp"}]);
        let answer = world.post("/admin/v1/points", body).await;
        (answer.status.as_u16(), answer.body()["issues"].as_array().unwrap().len())
    };
    let (a, b, c) = tokio::join!(create(), create(), create());
    let mut answers = [a, b, c];
    answers.sort_unstable();
    assert_eq!(answers, [(200, 1), (200, 1), (201, 0)]);
}

// C-ADM-58 to 63 C-POINTS-33 C-POINTS-34 C-POINTS-40 C-POINTS-43
#[tokio::test]
async fn boosts_are_live_by_their_dates() {
    let world = World::empty().await;
    let path = format!("/points/{}/boosts", system(&world, "xp").await);
    world
        .post("/v1/users", json!({"id": "u", "tz": "Pacific/Kiritimati"}))
        .await
        .json(StatusCode::CREATED);
    // It is 2026-01-06T03:30Z, and the same date in Kiritimati.
    let answer = create(&world, &path, json!([
        {"name": "All", "start": "2026-01-08", "multiplier": 1.5},
        {"name": "One", "start": "2026-01-06", "end": "2026-01-06", "multiplier": 0.5, "rounding": "nearest", "userId": "u"},
        {"name": "Old", "start": "2025-01-01", "end": "2026-01-04", "multiplier": 2, "userAttributes": null},
        {"name": "Ghost", "start": "2026-01-06", "multiplier": 2, "userId": "ghost"},
    ]))
    .await;
    let [all, one, old] = [0, 1, 2].map(|place| answer["created"][place].clone());
    assert_eq!(
        all,
        json!({"id": all["id"], "name": "All", "status": "scheduled", "start": "2026-01-08", "end": null,
               "multiplier": 1.5, "rounding": "down", "userId": null, "userAttributes": []})
    );
    assert_eq!(
        one,
        json!({"id": one["id"], "name": "One", "status": "active", "start": "2026-01-06", "end": "2026-01-06",
               "multiplier": 0.5, "rounding": "nearest", "userId": "u"})
    );
    assert_eq!(old["status"], "finished");
    assert_eq!(answer["issues"][0]["message"], "User does not exist");
    // Of one instant, so by id.
    let mut listed = [&all, &one, &old];
    listed.sort_by_key(|own| text(own, "id").to_owned());
    assert_eq!(read(&world, &path).await, json!(listed));
    assert_eq!(read(&world, &format!("{path}/{}", text(&one, "id"))).await, one);
    let message =
        update_refusal(&world, &path, json!({"id": one["id"], "userAttributes": []})).await;
    assert_eq!(message, "userAttributes is not permitted for boosts of one user");
    let message =
        update_refusal(&world, &path, json!({"id": old["id"], "start": "2026-01-05"})).await;
    assert_eq!(message, "end must not be before start");
    let opened =
        json!([{"id": old["id"], "end": null, "multiplier": 3, "name": "New"}, {"id": old["id"]}]);
    let answer = update(&world, &path, opened).await;
    assert_eq!(
        (&answer["updated"][1]["status"], &answer["updated"][1]["end"]),
        (&json!("active"), &Value::Null)
    );
    delete(&world, &path, text(&all, "id")).await;
    assert_eq!(read(&world, &path).await.as_array().unwrap().len(), 2);
    for (item, message) in [
        (
            json!({"name": "b", "start": "2026-01-06", "multiplier": 1}),
            "multiplier must be above 0 and below 100, but not 1",
        ),
        (
            json!({"name": "b", "start": "2026-01-06", "multiplier": 100}),
            "multiplier must be above 0 and below 100, but not 1",
        ),
        (
            json!({"name": "b", "start": "2026-01-32", "multiplier": 2}),
            "start must be a date (YYYY-MM-DD)",
        ),
        (
            json!({"name": "b", "start": "2026-01-06", "end": "2026-01-05", "multiplier": 2}),
            "end must not be before start",
        ),
        (
            json!({"name": "b", "start": "2026-01-06", "multiplier": 2, "rounding": "half"}),
            "rounding must be one of down, up, nearest",
        ),
    ] {
        let answer = create_nothing(&world, &path, json!([item])).await;
        assert_eq!(only_message(&answer["issues"]), message, "{item}");
    }
}
