//! Every route against the mistakes that are told before anything is looked up. (C-API-09)

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;

use crate::world::{BODY_BYTES_MAX, KEY, World};

const ID: &str = "11111111-1111-4111-8111-111111111111";

/// Method, path, and whether the operation has a body.
fn routes() -> Vec<(Method, String, bool)> {
    let application = [
        ("POST", "/metrics/words/event"),
        ("GET", "/achievements"),
        ("POST", "/achievements/toured/complete"),
        ("POST", "/users"),
        ("GET", "/users/u"),
        ("PUT", "/users/u"),
        ("PATCH", "/users/u"),
        ("GET", "/users/u/metrics"),
        ("GET", "/users/u/metrics/words"),
        ("GET", "/users/u/metrics/words/event-summary"),
        ("GET", "/users/u/achievements"),
        ("GET", "/users/u/streak"),
        ("GET", "/users/u/points/xp"),
        ("GET", "/users/u/points/xp/event-summary"),
        ("GET", "/users/u/preferences"),
        ("PATCH", "/users/u/preferences"),
        ("GET", "/users/u/wrapped"),
        ("GET", "/streaks"),
        ("GET", "/streaks/rankings"),
        ("GET", "/points/xp"),
        ("GET", "/points/xp/levels"),
        ("GET", "/points/xp/level-summary"),
    ];
    let bulk = ["/attributes", "/metrics", "/achievements", "/points"].map(str::to_owned);
    let nested = ["triggers", "levels"].map(|part| format!("/points/{ID}/{part}"));
    let mut routes = vec![
        ("GET", "/admin/v1/streaks/settings".to_owned()),
        ("PATCH", "/admin/v1/streaks/settings".to_owned()),
        ("POST", "/admin/v1/streaks/freezes".to_owned()),
        ("POST", "/admin/v1/streaks/pauses".to_owned()),
        ("DELETE", "/admin/v1/streaks/pauses".to_owned()),
        ("POST", "/admin/v1/streaks/restore".to_owned()),
        ("POST", "/admin/v1/streaks/reset".to_owned()),
        ("GET", "/admin/v1/api-keys".to_owned()),
        ("POST", "/admin/v1/api-keys".to_owned()),
        ("POST", "/admin/v1/application-api-keys".to_owned()),
        ("DELETE", "/admin/v1/application-api-keys".to_owned()),
        ("GET", "/admin/v1/clock".to_owned()),
        ("POST", "/admin/v1/clock/advance".to_owned()),
    ];
    for (method, path) in application {
        routes.push((method, format!("/v1{path}")));
        routes.push((method, format!("/api{path}")));
    }
    for path in bulk.iter().chain(&nested) {
        routes.extend(
            ["GET", "POST", "PATCH", "DELETE"].map(|method| (method, format!("/admin/v1{path}"))),
        );
        routes.push(("GET", format!("/admin/v1{path}/{ID}")));
    }
    routes
        .into_iter()
        .map(|(method, path)| {
            (method.parse().unwrap(), path, ["POST", "PUT", "PATCH"].contains(&method))
        })
        .collect()
}

fn request(method: &Method, path: &str, key: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = key.into_iter().fold(request, |request, key| request.header("X-API-KEY", key));
    request.body(body.into()).unwrap()
}

// C-AUTH-15 C-API-09
#[tokio::test]
async fn a_wrong_key_is_told_before_anything_in_the_request() {
    let world = World::new().await;
    for (method, path, _) in routes() {
        for key in [
            None,
            Some(""),
            Some("testkey1"),
            Some("testkey1.wrong"),
            Some("nobody01.0123456789abcdef"),
        ] {
            let answer = world.send(request(&method, &path, key, "not json")).await;
            assert_eq!(
                answer.error(StatusCode::UNAUTHORIZED),
                "Invalid or missing API key",
                "{method} {path}"
            );
        }
    }
}

// C-API-09
#[tokio::test]
async fn a_wrong_method_is_told_before_a_wrong_key() {
    let world = World::new().await;
    for (_, path, _) in routes() {
        let answer = world.send(request(&Method::TRACE, &path, None, "")).await;
        assert_eq!(answer.error(StatusCode::METHOD_NOT_ALLOWED), "Method not allowed", "{path}");
        assert!(answer.headers.contains_key("allow"), "{path}");
    }
}

// C-API-06 C-API-09
#[tokio::test]
async fn an_unknown_route_is_told_before_a_wrong_key() {
    let world = World::new().await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v2/users",
        "/v1/nothing",
        "/v1/users/u/nothing",
        "/api",
        "/admin",
        "/admin/v1",
        "/admin/v1/nothing",
        "/v1/points/xp/histogram",
        "/v1/leaderboards/b/nothing",
        // Nothing has an empty name.
        "/v1//users",
        "/v1/users//streak",
        "/v1/users//metrics/words/",
        "/v1/users/u/points//",
        "/admin/v1/points//levels",
    ] {
        let answer = world.send(request(&Method::GET, path, None, "")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.error(StatusCode::NOT_FOUND), "Not found");
    }
}

// C-API-12 C-API-09
#[tokio::test]
async fn a_body_over_the_limit_is_told_before_its_syntax() {
    let world = World::new().await;
    let body = "x".repeat(BODY_BYTES_MAX + 1);
    for (method, path, _) in routes().into_iter().filter(|(_, _, has_body)| *has_body) {
        let answer = world.send(request(&method, &path, Some(KEY), body.clone())).await;
        assert_eq!(
            answer.error(StatusCode::PAYLOAD_TOO_LARGE),
            "Request body is too large",
            "{method} {path}"
        );
    }
}

// C-GEN-06 C-API-10
#[tokio::test]
async fn a_body_that_is_not_json_is_told_before_what_the_path_names() {
    let world = World::new().await;
    let deep = "[".repeat(100_000);
    let malformed: [&[u8]; 9] = [
        b"",
        b"  ",
        b"{",
        b"{\"a\":}",
        b"nul",
        b"{} {}",
        b"{\"value\": 01}",
        b"\"\xff\"",
        deep.as_bytes(),
    ];
    for (method, path, _) in routes().into_iter().filter(|(_, _, has_body)| *has_body) {
        for body in malformed {
            let answer = world.send(request(&method, &path, Some(KEY), body.to_vec())).await;
            assert_eq!(
                answer.error(StatusCode::BAD_REQUEST),
                "Request body is not valid JSON",
                "{method} {path}"
            );
        }
    }
}

// C-GEN-06 C-API-09
#[tokio::test]
async fn a_body_of_the_wrong_type_is_told_before_what_the_path_names() {
    let world = World::new().await;
    for (method, path, _) in routes().into_iter().filter(|(_, _, has_body)| *has_body) {
        let path = path.replace("words", "unknown").replace("toured", "unknown");
        for body in [json!(null), json!(5), json!("text"), json!(true)] {
            let answer = world.send(request(&method, &path, Some(KEY), body.to_string())).await;
            answer.error(StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
}

// C-GEN-14
#[tokio::test]
async fn texts_contain_no_nul() {
    let world = World::new().await;
    let body = r#"{"user": {"id": "u", "name": "a\u0000b"}, "value": 1}"#;
    let answer =
        world.send(request(&Method::POST, "/v1/metrics/words/event", Some(KEY), body)).await;
    answer.error(StatusCode::UNPROCESSABLE_ENTITY);
    world.get("/v1/users/u").await.error(StatusCode::NOT_FOUND);
}
