//! `/admin/v1/api-keys`: the life of admin keys. (C-AUTH-05 to 13)

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::world::{AUTH_FAILURES_MAX, Answer, KEY, World};

const PATH: &str = "/admin/v1/api-keys";

async fn with_key(world: &World, method: Method, path: &str, key: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("X-API-KEY", key);
    world.send(request.body(Body::empty()).unwrap()).await
}

/// What both APIs answer to a key.
async fn statuses(world: &World, key: &str) -> [StatusCode; 2] {
    let application = with_key(world, Method::GET, "/v1/achievements", key).await.status;
    [application, with_key(world, Method::GET, PATH, key).await.status]
}

async fn accepted(world: &World, key: &str) -> bool {
    match statuses(world, key).await {
        [StatusCode::OK, StatusCode::OK] => true,
        [StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED] => false,
        other => panic!("{other:?}"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

async fn created(world: &World, name: &str) -> Value {
    world.created("/api-keys", json!([{"name": name}])).await[0].take()
}

async fn change(world: &World, key: &Value, change: &str) -> Value {
    let path = format!("{PATH}/{}/{change}", text(&key["id"]));
    world.request(Method::POST, &path, None).await.json(StatusCode::OK)
}

async fn listed(world: &World) -> Vec<Value> {
    world.get(PATH).await.json(StatusCode::OK).as_array().unwrap().clone()
}

/// One row of the list.
async fn row(world: &World, key: &Value) -> Value {
    let rows = listed(world).await;
    rows.into_iter().find(|row| row["id"] == key["id"]).unwrap()
}

// C-AUTH-02 C-AUTH-04 C-AUTH-07 C-AUTH-16
#[tokio::test]
async fn a_new_key_opens_both_apis_and_is_told_once() {
    let world = World::empty().await;
    let made = created(&world, "CI").await;
    let (prefix, body) = text(&made["key"]).split_once('.').unwrap();
    assert_eq!((prefix.len(), body.len(), &made["prefix"]), (8, 32, &json!(prefix)));
    assert!([prefix, body].concat().chars().all(|char| char.is_ascii_alphanumeric()));
    let expected = json!({
        "id": made["id"], "name": "CI", "prefix": prefix, "status": "active",
        "created": "2026-01-06T03:30:00.000Z", "lastUsed": null,
    });
    assert_eq!(row(&world, &made).await, expected);
    assert!(accepted(&world, text(&made["key"])).await);
    assert_eq!(row(&world, &made).await["lastUsed"], "2026-01-06T03:30:00.000Z");
}

// C-AUTH-08
#[tokio::test]
async fn last_use_is_at_most_a_minute_late_and_survives_a_restart() {
    let world = World::empty().await;
    let made = created(&world, "CI").await;
    let key = text(&made["key"]);
    for (now, noted) in [
        ("2026-01-06T03:30:10Z", "2026-01-06T03:30:10.000Z"),
        ("2026-01-06T03:31:09Z", "2026-01-06T03:30:10.000Z"),
        ("2026-01-06T03:31:10Z", "2026-01-06T03:31:10.000Z"),
    ] {
        world.clock(now).await;
        assert!(accepted(&world, key).await);
        assert_eq!(row(&world, &made).await["lastUsed"], noted);
    }
    // A change waits for the note before it.
    change(&world, &made, "activate").await;
    let world = world.restart().await;
    let stored = row(&world, &made).await;
    assert_eq!(
        (&stored["lastUsed"], &stored["name"]),
        (&json!("2026-01-06T03:31:10.000Z"), &json!("CI"))
    );
}

// C-AUTH-05 C-AUTH-06
#[tokio::test]
async fn an_environment_has_at_most_three() {
    let world = World::empty().await;
    let second = created(&world, "second").await;
    let too_many = json!([{"name": "third"}, {"name": "fourth"}]);
    let limit = "Maximum of 3 API keys reached";
    let refused = world.post(PATH, too_many).await;
    assert_eq!(refused.error(StatusCode::UNPROCESSABLE_ENTITY), limit);
    assert_eq!(listed(&world).await.len(), 2);
    created(&world, "third").await;
    // Revoked ones count, deleted ones don't.
    change(&world, &second, "revoke").await;
    let refused = world.post(PATH, json!([{"name": "fourth"}])).await;
    assert_eq!(refused.error(StatusCode::UNPROCESSABLE_ENTITY), limit);
    let path = format!("{PATH}/{}", text(&second["id"]));
    let deleted = world.request(Method::DELETE, &path, None).await.json(StatusCode::OK);
    assert_eq!(deleted, json!({"deleted": [{"id": second["id"]}], "issues": []}));
    created(&world, "fourth").await;
    world.request(Method::DELETE, &path, None).await.error(StatusCode::NOT_FOUND);
}

// C-AUTH-09 C-AUTH-12 C-AUTH-13
#[tokio::test]
async fn rotation_changes_the_whole_value_and_nothing_else() {
    let world = World::empty().await;
    let made = created(&world, "CI").await;
    world.clock("2026-01-07T00:00:00Z").await;
    let rotated = change(&world, &made, "rotate").await;
    for same in ["id", "name", "created"] {
        assert_eq!(rotated[same], made[same]);
    }
    let parts = |key: &Value| {
        let (prefix, body) = text(&key["key"]).split_once('.').unwrap();
        (prefix.to_owned(), body.to_owned())
    };
    assert_ne!(parts(&rotated).0, parts(&made).0);
    assert_ne!(parts(&rotated).1, parts(&made).1);
    assert!(!accepted(&world, text(&made["key"])).await);
    assert!(accepted(&world, text(&rotated["key"])).await);
    change(&world, &made, "revoke").await;
    assert!(!accepted(&world, text(&rotated["key"])).await);
    let again = change(&world, &made, "rotate").await;
    assert_eq!(again["status"], "active");
    assert!(accepted(&world, text(&again["key"])).await);
    let world = world.restart().await;
    assert!(accepted(&world, text(&again["key"])).await);
    assert!(!accepted(&world, text(&rotated["key"])).await);
}

// C-AUTH-10 C-AUTH-11 C-AUTH-12
#[tokio::test]
async fn a_revoked_key_is_refused_until_it_is_activated_and_a_deleted_one_for_ever() {
    let world = World::empty().await;
    let made = created(&world, "CI").await;
    let key = text(&made["key"]);
    for _ in 0..2 {
        assert_eq!(change(&world, &made, "revoke").await["status"], "inactive");
        assert!(!accepted(&world, key).await);
        let activated = change(&world, &made, "activate").await;
        assert_eq!(
            (&activated["status"], &activated["prefix"]),
            (&json!("active"), &made["prefix"])
        );
        assert!(accepted(&world, key).await);
    }
    let path = format!("{PATH}/{}", text(&made["id"]));
    world.request(Method::DELETE, &path, None).await.json(StatusCode::OK);
    assert!(!accepted(&world, key).await);
    let world = world.restart().await;
    assert!(!accepted(&world, key).await);
    assert_eq!(listed(&world).await.len(), 1);
}

// C-AUTH-12
#[tokio::test]
async fn a_key_can_revoke_itself() {
    let world = World::empty().await;
    let own = listed(&world).await[0].clone();
    change(&world, &own, "revoke").await;
    assert!(!accepted(&world, KEY).await);
    // The operator chose it, so the next start has it accepted again.
    let world = world.restart().await;
    assert!(accepted(&world, KEY).await);
}

// C-ADM-04 C-ADM-18 C-ADM-21
#[tokio::test]
async fn wrong_items_are_issues_and_wrong_ids_are_told() {
    let world = World::empty().await;
    let answer = world.post(PATH, json!([{}, {"name": ""}, {"name": "good"}, 5])).await;
    let body = answer.json(StatusCode::CREATED);
    assert_eq!(body["created"].as_array().unwrap().len(), 1);
    let at: Vec<_> =
        body["issues"].as_array().unwrap().iter().map(|i| i["index"].clone()).collect();
    assert_eq!(at, [0, 1, 3]);
    world.post(PATH, json!([{}])).await.json(StatusCode::OK);
    for (id, status) in [
        ("nonsense", StatusCode::UNPROCESSABLE_ENTITY),
        ("11111111-1111-4111-8111-111111111111", StatusCode::NOT_FOUND),
    ] {
        for change in ["rotate", "revoke", "activate"] {
            let path = format!("{PATH}/{id}/{change}");
            world.request(Method::POST, &path, None).await.error(status);
        }
        world.request(Method::DELETE, &format!("{PATH}/{id}"), None).await.error(status);
    }
}

// C-AUTH-27
#[tokio::test]
async fn guessing_is_answered_only_so_often_in_a_second() {
    let world = World::empty().await;
    let guess = || with_key(&world, Method::GET, PATH, "nobody01.0123456789abcdef");
    for _ in 0..AUTH_FAILURES_MAX {
        assert_eq!(guess().await.status, StatusCode::UNAUTHORIZED);
    }
    let refused = guess().await;
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refused.error(StatusCode::TOO_MANY_REQUESTS), "Rate limit exceeded");
    assert!(accepted(&world, KEY).await, "clients can't shut each other out");
    world.clock("2026-01-06T03:30:01Z").await;
    assert_eq!(guess().await.status, StatusCode::UNAUTHORIZED);
}
