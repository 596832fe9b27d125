//! What holds for every request, whatever the route. (C-API, C-GEN)

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;
use uuid::Uuid;

use crate::world::{KEY, World};

fn request(method: Method, uri: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(uri).header("X-API-KEY", KEY)
}

// C-GEN-03 C-GEN-04 C-API-03
#[tokio::test]
async fn the_alias_and_a_trailing_slash_lead_to_the_same_handlers() {
    let world = World::new().await;
    for path in [
        "/v1/metrics/words/event",
        "/v1/metrics/words/event/",
        "/api/metrics/words/event",
        "/api/metrics/words/event/?a=b",
    ] {
        world.post(path, json!({"user": {"id": "u"}, "value": 1})).await.json(StatusCode::CREATED);
    }
    let metric = world.get("/api/users/u/metrics/words/").await.json(StatusCode::OK);
    assert_eq!(metric["current"], 4);
}

// C-API-02 C-GEN-02
#[tokio::test]
async fn hosts_of_the_admin_api_have_it_at_v1() {
    let world = World::new().await;
    let attributes_at = |host| {
        let sent = request(Method::GET, "/v1/attributes").header("Host", host);
        world.send(sent.body(Body::empty()).unwrap())
    };
    for host in ["admin.example.com", "ADMIN.localhost:8080"] {
        let answer = attributes_at(host).await;
        assert!(answer.json(StatusCode::OK)[0].get("id").is_some());
    }
    for host in ["api.example.com", "administration.example.com", "example.com"] {
        attributes_at(host).await.error(StatusCode::NOT_FOUND);
    }
}

// C-API-21
#[tokio::test]
async fn every_response_has_an_id_of_its_own() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for path in
        ["/v1/achievements", "/v1/nothing", "/healthz", "/admin/v1/metrics", "/v1/users/nobody"]
    {
        let answer = world.get(path).await;
        let id = Uuid::parse_str(answer.headers["x-request-id"].to_str().unwrap()).unwrap();
        assert!(!ids.contains(&id));
        ids.push(id);
    }
}

// C-API-20
#[tokio::test]
async fn browsers_may_call_the_application_api_only() {
    let world = World::new().await;
    let preflight = |path: &str| {
        Request::builder()
            .method(Method::OPTIONS)
            .uri(path)
            .header("Origin", "https://app.example")
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "x-api-key")
            .body(Body::empty())
            .unwrap()
    };
    for path in ["/v1/metrics/words/event", "/api/users"] {
        let answer = world.send(preflight(path)).await;
        assert!(answer.status.is_success());
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        for (header, names) in [
            ("access-control-allow-methods", "GET POST PUT PATCH DELETE"),
            (
                "access-control-allow-headers",
                "x-api-key tenant-id idempotency-key content-type x-sdk-version x-fern-language x-fern-runtime x-fern-platform last-event-id",
            ),
        ] {
            let allowed = answer.headers[header].to_str().unwrap();
            assert!(names.split(' ').all(|name| allowed.contains(name)), "{header}: {allowed}");
        }
    }
    for (method, path) in [
        (Method::GET, "/v1/achievements"),
        (Method::GET, "/v1/nothing"),
        (Method::PUT, "/v1/users"),
    ] {
        let answer = world
            .send(
                request(method, path)
                    .header("Origin", "https://app.example")
                    .body(Body::empty())
                    .unwrap(),
            )
            .await;
        assert_eq!(answer.headers["access-control-allow-origin"], "*", "{path}");
        assert!(
            answer.headers["access-control-expose-headers"]
                .to_str()
                .unwrap()
                .contains("x-ratelimit-limit")
        );
    }
    let admin = world
        .send(
            request(Method::GET, "/admin/v1/metrics")
                .header("Origin", "https://app.example")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert!(!admin.headers.contains_key("access-control-allow-origin"));
}

// C-API-11 C-GEN-09
#[tokio::test]
async fn what_newer_clients_send_is_ignored() {
    let world = World::new().await;
    let body = r#"{"user": {"id": "u", "future": [1]}, "value": 1, "value": 2, "later": {}}"#;
    let event = request(Method::POST, "/v1/metrics/words/event?debug=%41")
        .header("Content-Type", "text/plain")
        .header("Tenant-ID", "any")
        .header("X-SDK-VERSION", "99.0.0")
        .body(Body::from(body))
        .unwrap();
    let answer = world.send(event).await.json(StatusCode::CREATED);
    assert_eq!(answer["total"], 2, "of duplicate keys the last wins");
}

// C-API-08
#[tokio::test]
async fn while_nothing_can_be_written_the_server_says_so() {
    let world = World::new().await;
    assert_eq!(world.get("/readyz").await.json(StatusCode::OK), json!({"status": "ok"}));
    world.faults.journal.fail("the disk is full");
    let answer = world.event("words", "u", json!(1)).await;
    answer.error(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers["retry-after"], "1");
    world.get("/readyz").await.error(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(world.get("/healthz").await.json(StatusCode::OK), json!({"status": "ok"}));
}

// C-API-01 C-GEN-01 C-AUTH-16 C-AUTH-23
#[tokio::test]
async fn one_key_opens_two_apis_whose_paths_overlap() {
    let world = World::new().await;
    let id = world.created("/points", json!([{"name": "XP", "key": "xp"}])).await[0]["id"].clone();
    let id = id.as_str().unwrap();
    let system = world.get("/v1/points/xp").await.json(StatusCode::OK);
    assert_eq!((&system["id"], system.get("triggers")), (&json!(id), Some(&json!([]))));
    let system = world.get(&format!("/admin/v1/points/{id}")).await.json(StatusCode::OK);
    assert_eq!((&system["id"], &system["status"]), (&json!(id), &json!("active")));
    world.get(&format!("/v1/points/{id}")).await.error(StatusCode::NOT_FOUND);
    world.get("/admin/v1/points/xp").await.error(StatusCode::UNPROCESSABLE_ENTITY);
}

// C-API-05 C-API-21
#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let world = World::new().await;
    for path in ["/v1/achievements", "/admin/v1/metrics", "/v1/users/nobody", "/v1/nothing"] {
        let (head, get) = (world.request(Method::HEAD, path, None).await, world.get(path).await);
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        for header in ["content-type", "content-length"] {
            assert_eq!(head.headers.get(header), get.headers.get(header), "{path}");
        }
        assert!(head.headers.contains_key("x-request-id"));
    }
    let path = "/v1/metrics/words/event";
    assert_eq!(world.request(Method::HEAD, path, None).await.status, 405);
}

// C-API-05 C-API-06
#[tokio::test]
async fn options_is_a_wrong_method_unless_it_is_a_preflight() {
    let world = World::new().await;
    for path in ["/admin/v1/metrics", "/v1/users/u", "/api/achievements"] {
        let answer = world.request(Method::OPTIONS, path, None).await;
        assert_eq!(answer.error(StatusCode::METHOD_NOT_ALLOWED), "Method not allowed");
    }
    let answer = world.request(Method::OPTIONS, "/v1/nothing", None).await;
    assert_eq!(answer.error(StatusCode::NOT_FOUND), "Not found");
}
