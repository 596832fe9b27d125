//! What holds for every resource: lists, wrong wholes, ids, statuses, durability.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::{UNKNOWN, create, delete, read, text, update};
use crate::world::{KEY, World};

/// Every bulk resource, with a points system for those inside one.
async fn resources(world: &World) -> [String; 7] {
    let system = create(world, "/points", json!([{"name": "XP", "key": "xp"}])).await;
    let system = text(&system["created"][0], "id").to_owned();
    [
        "/attributes".to_owned(),
        "/metrics".to_owned(),
        "/achievements".to_owned(),
        "/points".to_owned(),
        "/leaderboards".to_owned(),
        format!("/points/{system}/triggers"),
        format!("/points/{system}/levels"),
    ]
}

/// An item of the resource that can be created as often as wanted.
fn item(path: &str, n: usize) -> Value {
    let key = format!("k{n}");
    match path.rsplit('/').next().unwrap() {
        "attributes" => json!({"name": "n", "key": key, "type": "user"}),
        "metrics" | "points" => json!({"name": "n", "key": key}),
        "achievements" => json!({"name": "n", "trigger": "api", "key": key}),
        "leaderboards" => json!({"name": "n", "key": key, "rankBy": "streak"}),
        "triggers" => json!({"type": "user_creation", "points": 1}),
        "levels" => json!({"name": "n", "key": key, "points": n}),
        other => panic!("{other}"),
    }
}

async fn raw(
    world: &World,
    method: Method,
    path: &str,
    body: &'static str,
) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(format!("/admin/v1{path}"));
    let request = request.header("X-API-KEY", KEY).body(Body::from(body)).unwrap();
    let answer = world.send(request).await;
    (answer.status, answer.error(answer.status))
}

// C-ADM-03 C-GEN-06 C-GEN-30 C-API-10
#[tokio::test]
async fn a_wrong_whole_fails_the_request_and_does_nothing() {
    let world = World::empty().await;
    for path in resources(&world).await {
        let before = read(&world, &format!("{path}?limit=100")).await;
        for method in [Method::POST, Method::PATCH] {
            for body in ["", "{", "[1,]", "nope"] {
                let (status, message) = raw(&world, method.clone(), &path, body).await;
                assert_eq!(
                    (status, message.as_str()),
                    (StatusCode::BAD_REQUEST, "Request body is not valid JSON")
                );
            }
            for body in ["{}", "null", "5", "\"x\"", "[]"] {
                let (status, message) = raw(&world, method.clone(), &path, body).await;
                assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{method} {path} {body}");
                assert_eq!(message, "body must be an array of 1 to 100 items");
            }
            let many = Value::from((0..101).map(|n| item(&path, n)).collect::<Vec<_>>());
            let answer = world.request(method, &format!("/admin/v1{path}"), Some(many)).await;
            answer.error(StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert_eq!(read(&world, &format!("{path}?limit=100")).await, before);
    }
}

// C-ADM-04 C-ADM-05 C-GEN-27
#[tokio::test]
async fn items_without_shape_are_issues() {
    let world = World::empty().await;
    for path in resources(&world).await {
        let answer = create(&world, &path, json!([null, 5, item(&path, 50), [], "x"])).await;
        assert_eq!(answer["created"].as_array().unwrap().len(), 1);
        for (issue, index) in answer["issues"].as_array().unwrap().iter().zip([0, 1, 3, 4]) {
            let message = "item must be an object";
            assert_eq!(*issue, json!({"index": index, "severity": "error", "message": message}));
        }
        let answer =
            world.post(&format!("/admin/v1{path}"), json!([{}])).await.json(StatusCode::OK);
        assert_eq!(answer["created"], json!([]));
        assert!(text(&answer["issues"][0], "message").ends_with("is required"));
    }
}

// C-ADM-01 C-ADM-02 C-GEN-25 C-GEN-26
#[tokio::test]
async fn lists_are_pages_oldest_first() {
    let world = World::empty().await;
    for path in resources(&world).await {
        let kept = read(&world, &path).await.as_array().unwrap().len();
        let mut made = Vec::new();
        for n in 0..12 {
            let second = made.len();
            world.clock(&after(&path, second)).await;
            let answer = create(&world, &path, json!([item(&path, n)])).await;
            made.push(answer["created"][0]["id"].clone());
        }
        let ids = async |query: &str| -> Vec<Value> {
            let list = read(&world, &format!("{path}{query}")).await;
            list.as_array().unwrap().iter().map(|own| own["id"].clone()).collect()
        };
        assert_eq!(ids(&format!("?skip={kept}")).await, made[..10]);
        assert_eq!(ids(&format!("?limit=100&skip={kept}")).await, made);
        assert_eq!(ids(&format!("?limit=3&skip={}", kept + 5)).await, made[5..8]);
        assert!(ids("?skip=100").await.is_empty());
        for query in ["limit=0", "limit=101", "limit=x", "skip=-1", "skip=1.5"] {
            world
                .get(&format!("/admin/v1{path}?{query}"))
                .await
                .error(StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
}

/// An instant later than all before it: each resource has an hour, each creation a second.
fn after(path: &str, second: usize) -> String {
    let hour =
        ["attributes", "metrics", "achievements", "points", "leaderboards", "triggers", "levels"];
    let hour = hour.iter().position(|name| path.ends_with(name)).unwrap() + 10;
    format!("2026-01-06T{hour}:00:{second:02}Z")
}

// C-GEN-26
#[tokio::test]
async fn one_instant_orders_by_id() {
    let world = World::empty().await;
    for path in ["/attributes", "/metrics", "/achievements", "/points"] {
        let items = Value::from((0..20).map(|n| item(path, n)).collect::<Vec<_>>());
        let made = create(&world, path, items).await;
        let mut ids: Vec<_> =
            made["created"].as_array().unwrap().iter().map(|own| text(own, "id")).collect();
        ids.sort_unstable();
        let listed = read(&world, &format!("{path}?limit=100")).await;
        let listed: Vec<_> = listed.as_array().unwrap().iter().map(|own| text(own, "id")).collect();
        assert_eq!(listed, ids);
    }
}

// C-ADM-08 C-ADM-13 C-ADM-16
#[tokio::test]
async fn updates_need_an_id_and_only_an_id() {
    let world = World::empty().await;
    for path in resources(&world).await {
        let made = create(&world, &path, json!([item(&path, 0)])).await;
        let id = &made["created"][0]["id"];
        let before = read(&world, &format!("{path}/{}", id.as_str().unwrap())).await;
        let answer = update(
            &world,
            &path,
            json!([{"id": id}, {}, {"id": "x"}, {"id": UNKNOWN}, {"id": id}]),
        )
        .await;
        assert_eq!(answer["updated"], json!([before, before]));
        let issues = answer["issues"].as_array().unwrap();
        assert_eq!(
            issues[0],
            json!({"index": 1, "severity": "error", "message": "id is required"})
        );
        assert_eq!(
            issues[1],
            json!({"index": 2, "id": "x", "severity": "error", "message": "id must be a valid UUID"})
        );
        assert_eq!((&issues[2]["index"], &issues[2]["id"]), (&json!(3), &json!(UNKNOWN)));
        assert!(text(&issues[2], "message").ends_with(" not found by ID"));
    }
}

// C-GEN-31 C-ADM-17 C-ADM-18 C-ADM-19
#[tokio::test]
async fn deletion_works_once_and_hides() {
    let world = World::empty().await;
    for path in resources(&world).await {
        let made = create(&world, &path, json!([item(&path, 0)])).await;
        let id = text(&made["created"][0], "id");
        let answer = delete(&world, &path, &format!("{id},nope&ids={UNKNOWN}")).await;
        assert_eq!(answer["deleted"], json!([{"id": id}]));
        assert_eq!(
            answer["issues"][0],
            json!({"index": 1, "id": "nope", "severity": "error", "message": "id must be a valid UUID"})
        );
        assert!(text(&answer["issues"][1], "message").ends_with(" not found by ID"));
        assert_eq!(delete(&world, &path, id).await["deleted"], json!([]));
        world.get(&format!("/admin/v1{path}/{id}")).await.error(StatusCode::NOT_FOUND);
        world.get(&format!("/admin/v1{path}/nope")).await.error(StatusCode::UNPROCESSABLE_ENTITY);
        // The key is free again.
        create(&world, &path, json!([item(&path, 0)])).await;
        for query in ["", "?ids=", "?ids=,"] {
            let path = format!("/admin/v1{path}{query}");
            world
                .request(Method::DELETE, &path, None)
                .await
                .error(StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
}

// C-ADM-20 C-ADM-21 C-ADM-11
#[tokio::test]
async fn names_and_keys_have_one_form() {
    let world = World::empty().await;
    for path in ["/attributes", "/metrics", "/points"] {
        let with = |field: &str, value: Value| {
            let mut item = item(path, 0);
            item[field] = value;
            json!([item])
        };
        for (field, value, message) in [
            ("name", json!(5), "Name not a string"),
            ("name", json!(null), "Name not a string"),
            ("name", json!(" "), "name must have 1 to 255 characters"),
            ("name", json!("é".repeat(256)), "name must have 1 to 255 characters"),
            ("key", json!(5), "key must be a string"),
            ("key", json!(""), "Key contains invalid characters"),
            ("key", json!("a b"), "Key contains invalid characters"),
            ("key", json!("k".repeat(256)), "Key contains invalid characters"),
        ] {
            let answer = world.post(&format!("/admin/v1{path}"), with(field, value)).await;
            assert_eq!(answer.json(StatusCode::OK)["issues"][0]["message"], message);
        }
        let made = create(&world, path, with("name", json!("  é  "))).await;
        assert_eq!(made["created"][0]["name"], "é");
    }
}

// C-API-08 C-GEN-08
#[tokio::test]
async fn what_is_not_durable_did_not_happen() {
    let world = World::empty().await;
    world.faults.journal.fail("the disk is full");
    let answer = world.post("/admin/v1/metrics", json!([{"name": "Words", "key": "words"}])).await;
    answer.error(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(read(&world, "/metrics").await, json!([]));
}

// C-ADM-15 C-ADM-14
#[tokio::test]
async fn fixed_fields_are_ignored_and_null_is_no_value() {
    let world = World::empty().await;
    // The key of an API achievement and of a leaderboard may change.
    let is_fixed =
        |path: &&String| !["achievements", "leaderboards"].iter().any(|own| path.ends_with(own));
    for path in resources(&world).await.iter().filter(is_fixed) {
        let made = create(&world, path, json!([item(path, 0)])).await;
        let made = &made["created"][0];
        if made.get("key").is_some() {
            let answer =
                update(&world, path, json!([{"id": made["id"], "key": "other", "unknown": {}}]))
                    .await;
            assert_eq!(answer["updated"][0]["key"], made["key"]);
            let answer = update(&world, path, json!([{"id": made["id"], "name": null}])).await;
            assert_eq!(answer["issues"][0]["message"], "Name not a string");
        }
    }
}
