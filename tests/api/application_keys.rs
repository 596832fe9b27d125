//! Application keys: made for one user, good for that user alone. (C-AUTH-17 to 22)

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::world::{Answer, World};

const PATH: &str = "/admin/v1/application-api-keys";

async fn with_key(world: &World, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    let request = Request::builder().method(method).uri(path).header("X-API-KEY", key);
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    world.send(request.body(body).unwrap()).await
}

/// A world with the users `own` and `other`, and a key of `own`.
async fn with_users() -> (World, String, String) {
    let world = World::new().await;
    world.created("/points", json!([{"name": "XP", "key": "xp"}])).await;
    for user in ["own", "other"] {
        world.event("words", user, json!(5)).await.json(StatusCode::CREATED);
    }
    let made = world.created("/application-api-keys", json!([{"userId": "own"}])).await;
    let text = |name: &str| made[0][name].as_str().unwrap().to_owned();
    let (key, id) = (text("key"), text("id"));
    (world, key, id)
}

/// Every operation that names a user, with `$` where the user stands.
fn naming_a_user() -> Vec<(&'static str, &'static str, Value)> {
    let mut operations = vec![
        ("POST", "/metrics/words/event", json!({"user": {"id": "$"}, "value": 1})),
        ("POST", "/achievements/toured/complete", json!({"user": {"id": "$"}})),
        ("POST", "/users", json!({"id": "$"})),
        ("PUT", "/users/$", json!({"name": "N"})),
        ("PATCH", "/users/$", json!({"name": "N"})),
        ("PATCH", "/users/$/preferences", json!({})),
    ];
    let reads = [
        "/users/$",
        "/users/$/metrics",
        "/users/$/metrics/words",
        "/users/$/metrics/words/event-summary?aggregation=daily&startDate=2026-01-01&endDate=2026-01-02",
        "/users/$/achievements",
        "/users/$/streak",
        "/users/$/points/xp",
        "/users/$/points/xp/boosts",
        "/users/$/points/xp/event-summary?aggregation=daily&startDate=2026-01-01&endDate=2026-01-02",
        "/users/$/preferences",
        "/users/$/wrapped?year=2026",
        "/streaks?userIds=$",
    ];
    operations.extend(reads.map(|path| ("GET", path, Value::Null)));
    operations
}

fn filled(user: &str, path: &str, body: &Value) -> (String, Value) {
    let body = body.to_string().replace('$', user);
    (format!("/v1{}", path.replace('$', user)), serde_json::from_str(&body).unwrap())
}

// C-AUTH-17 C-AUTH-20
#[tokio::test]
async fn a_key_is_good_for_its_own_user_wherever_one_is_named() {
    let (world, key, _) = with_users().await;
    for (method, path, body) in naming_a_user() {
        let (path, own) = filled("own", path, &body);
        let answer = with_key(&world, &key, method, &path, &own).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text);
    }
}

// C-AUTH-20
#[tokio::test]
async fn any_other_user_is_refused_whether_they_exist_or_not() {
    let (world, key, _) = with_users().await;
    for other in ["other", "nobody", "OWN", "own2", "ow"] {
        for (method, path, body) in naming_a_user() {
            let (path, body) = filled(other, path, &body);
            let answer = with_key(&world, &key, method, &path, &body).await;
            let message = answer.error(StatusCode::FORBIDDEN);
            assert_eq!(message, "API key is not permitted to access this user", "{method} {path}");
        }
    }
    assert_eq!(world.get("/v1/users/nobody").await.status, StatusCode::NOT_FOUND);
    let untouched = world.get("/v1/users/other/metrics/words").await.json(StatusCode::OK);
    assert_eq!(untouched["current"], 5);
}

// C-AUTH-20 C-API-09
#[tokio::test]
async fn it_is_refused_before_anything_else_about_the_request_is_told() {
    let (world, key, _) = with_users().await;
    for (method, path, body) in [
        // What the path names besides.
        ("GET", "/v1/users/other/metrics/unknown", Value::Null),
        ("GET", "/v1/users/other/points/unknown", Value::Null),
        ("POST", "/v1/metrics/unknown/event", json!({"user": {"id": "other"}, "value": 1})),
        ("POST", "/v1/achievements/unknown/complete", json!({"user": {"id": "other"}})),
        ("GET", "/v1/leaderboards/unknown?userId=other", Value::Null),
        // What else is wrong.
        ("POST", "/v1/metrics/words/event", json!({"user": {"id": "other"}})),
        ("GET", "/v1/users/other/streak?historyPeriods=x", Value::Null),
        ("GET", "/v1/users/%FF", Value::Null),
        // One among several, and both at once.
        ("GET", "/v1/streaks?userIds=own,other", Value::Null),
        ("GET", "/v1/streaks?userIds=own&userIds=other", Value::Null),
        ("GET", "/v1/leaderboards/unknown?userId=own&userId=other", Value::Null),
        ("POST", "/v1/users", json!({"id": "own", "user": {"id": "other"}})),
        ("PUT", "/v1/users/own", json!({"id": "other"})),
    ] {
        with_key(&world, &key, method, path, &body).await.error(StatusCode::FORBIDDEN);
    }
    // Before the body is looked at, if the path says enough.
    let request = Request::builder().method("PUT").uri("/v1/users/other").header("X-API-KEY", &key);
    let answer = world.send(request.body(Body::from("not json")).unwrap()).await;
    answer.error(StatusCode::FORBIDDEN);
    // What is wrong with the own user's request is told.
    for (method, path, body, status) in [
        ("GET", "/v1/users/own/metrics/unknown", Value::Null, StatusCode::NOT_FOUND),
        ("POST", "/v1/metrics/words/event", json!({"value": 1}), StatusCode::UNPROCESSABLE_ENTITY),
        ("POST", "/v1/users", json!({"id": 5}), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        with_key(&world, &key, method, path, &body).await.error(status);
    }
}

// C-AUTH-21
#[tokio::test]
async fn what_names_no_user_can_be_read() {
    let (world, key, _) = with_users().await;
    for path in [
        "/achievements",
        "/leaderboards",
        "/points/xp",
        "/points/xp/summary",
        "/points/xp/boosts",
        "/points/xp/levels",
        "/streaks/rankings",
    ] {
        with_key(&world, &key, "GET", &format!("/v1{path}"), &Value::Null)
            .await
            .json(StatusCode::OK);
        with_key(&world, &key, "GET", &format!("/api{path}"), &Value::Null)
            .await
            .json(StatusCode::OK);
    }
    let board = with_key(&world, &key, "GET", "/v1/leaderboards/unknown", &Value::Null).await;
    board.error(StatusCode::NOT_FOUND);
}

// C-AUTH-19
#[tokio::test]
async fn the_admin_api_does_not_know_it() {
    let (world, key, id) = with_users().await;
    for (method, path, status) in [
        ("GET", "/admin/v1/metrics", StatusCode::UNAUTHORIZED),
        ("POST", "/admin/v1/metrics", StatusCode::UNAUTHORIZED),
        ("GET", "/admin/v1/api-keys", StatusCode::UNAUTHORIZED),
        ("POST", "/admin/v1/streaks/restore", StatusCode::UNAUTHORIZED),
        ("GET", "/admin/v1/webhooks", StatusCode::UNAUTHORIZED),
        ("GET", "/admin/v1/clock", StatusCode::UNAUTHORIZED),
        ("POST", PATH, StatusCode::FORBIDDEN),
        ("DELETE", PATH, StatusCode::FORBIDDEN),
        ("GET", PATH, StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let answer = with_key(&world, &key, method, path, &json!([{"userId": "own"}])).await;
        answer.error(status);
    }
    let path = format!("{PATH}?ids={id}");
    with_key(&world, &key, "DELETE", &path, &Value::Null).await.error(StatusCode::FORBIDDEN);
    // A wrong one is unknown there as well.
    let wrong = format!("{key}x");
    with_key(&world, &wrong, "POST", PATH, &json!([])).await.error(StatusCode::UNAUTHORIZED);
}

// C-AUTH-18 C-ADM-98 C-ADM-99 C-ADM-100
#[tokio::test]
async fn each_item_makes_a_key_of_a_user_who_exists() {
    let (world, key, _) = with_users().await;
    let items = json!([{"userId": "own"}, {"userId": "nobody"}, {"userId": "own"}, {}, {"userId": "other"}]);
    let body = world.post(PATH, items).await.json(StatusCode::CREATED);
    let created = body["created"].as_array().unwrap();
    let users: Vec<_> = created.iter().map(|made| made["userId"].as_str().unwrap()).collect();
    assert_eq!(users, ["own", "own", "other"]);
    for made in created {
        let (prefix, body) = made["key"].as_str().unwrap().split_once('.').unwrap();
        assert_eq!((&made["prefix"], prefix.len(), body.len()), (&json!(prefix), 9, 32));
        assert!(prefix.starts_with("app_"));
    }
    let issues = json!([
        {"userId": "nobody", "index": 1, "severity": "error", "message": "User does not exist"},
        {"userId": "", "index": 3, "severity": "error", "message": "userId is required"},
    ]);
    assert_eq!(body["issues"], issues);
    let none = world.post(PATH, json!([{"userId": "nobody"}])).await.json(StatusCode::OK);
    assert_eq!(none["created"], json!([]));
    for key in [&key, created[0]["key"].as_str().unwrap()] {
        let read = with_key(&world, key, "GET", "/v1/users/own", &Value::Null).await;
        read.json(StatusCode::OK);
    }
}

// C-AUTH-22 C-AUTH-12 C-ADM-100
#[tokio::test]
async fn a_deleted_key_is_gone_at_once_and_the_others_stay() {
    let (world, key, id) = with_users().await;
    let other = world.created("/application-api-keys", json!([{"userId": "own"}])).await;
    let other = other[0]["key"].as_str().unwrap();
    let unknown = "11111111-1111-4111-8111-111111111111";
    let path = format!("{PATH}?ids=nonsense,{id},{unknown}");
    let deleted = world.request(Method::DELETE, &path, None).await.json(StatusCode::OK);
    assert_eq!(deleted["deleted"], json!([{"id": id}]));
    let issues = json!([
        {"id": "nonsense", "index": 0, "severity": "error", "message": "id must be a valid UUID"},
        {"id": unknown, "index": 2, "severity": "error", "message": "Application API key not found by ID"},
    ]);
    assert_eq!(deleted["issues"], issues);
    let read = async |world: &World, key| {
        with_key(world, key, "GET", "/v1/users/own", &Value::Null).await.status
    };
    assert_eq!(read(&world, &key).await, StatusCode::UNAUTHORIZED);
    assert_eq!(read(&world, other).await, StatusCode::OK);
    let again = world.request(Method::DELETE, &format!("{PATH}?ids={id}"), None).await;
    assert_eq!(again.json(StatusCode::OK)["deleted"], json!([]));
    let world = world.restart().await;
    assert_eq!(read(&world, &key).await, StatusCode::UNAUTHORIZED);
    assert_eq!(read(&world, other).await, StatusCode::OK);
}
