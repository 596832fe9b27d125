//! Rate limits: what counts, what is told, and that a refused request did nothing. (C-RL)

use accolade::rate_limit::RateLimit;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::world::{Answer, World};

const TOO_MANY: StatusCode = StatusCode::TOO_MANY_REQUESTS;

fn global(limit: u32) -> RateLimit {
    RateLimit::Global(limit.try_into().unwrap())
}

fn tiered(one: u32, two: u32) -> RateLimit {
    RateLimit::Tiered { one: one.try_into().unwrap(), two: two.try_into().unwrap() }
}

/// Limit, what is left, and when the next window begins.
fn told(answer: &Answer) -> [String; 3] {
    ["limit", "remaining", "reset"]
        .map(|name| answer.headers[&format!("x-ratelimit-{name}")].to_str().unwrap().to_owned())
}

/// `START` in seconds, and one more.
const RESET: &str = "1767670201";

// C-RL-01 C-RL-05 C-RL-06 C-RL-07 C-RL-08
#[tokio::test]
async fn both_apis_are_counted_together_in_a_second_of_the_clock() {
    let world = World::limited(global(3)).await;
    for (path, left) in
        [("/v1/achievements", "2"), ("/admin/v1/metrics", "1"), ("/v1/users/u", "0")]
    {
        assert_eq!(told(&world.get(path).await), ["3", left, RESET], "{path}");
    }
    for path in ["/v1/achievements", "/admin/v1/metrics", "/api/leaderboards"] {
        let refused = world.get(path).await;
        assert_eq!(told(&refused), ["3", "0", RESET]);
        assert_eq!(refused.headers["retry-after"], "1");
        assert_eq!(refused.error(TOO_MANY), "Rate limit exceeded");
    }
    world.clock("2026-01-06T03:30:00.999Z").await;
    world.get("/v1/achievements").await.error(TOO_MANY);
    world.clock("2026-01-06T03:30:01Z").await;
    assert_eq!(told(&world.get("/v1/achievements").await), ["3", "2", "1767670202"]);
}

// C-RL-08 C-API-09
#[tokio::test]
async fn what_has_no_caller_is_not_counted_and_a_wrong_key_is_told_first() {
    let world = World::limited(global(1)).await;
    world.get("/v1/achievements").await.json(StatusCode::OK);
    for path in ["/v1/openapi", "/admin/v1/openapi", "/healthz", "/readyz", "/metrics"] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!answer.headers.contains_key("x-ratelimit-limit"), "{path}");
    }
    let request = Request::builder().uri("/v1/achievements").header("X-API-KEY", "wrong");
    let answer = world.send(request.body(Body::empty()).unwrap()).await;
    assert!(!answer.headers.contains_key("x-ratelimit-limit"));
    answer.error(StatusCode::UNAUTHORIZED);
    // Before anything in the request is looked at.
    let request = Request::builder().method("POST").uri("/v1/users");
    let request = request.header("X-API-KEY", crate::world::KEY).body(Body::from("not json"));
    world.send(request.unwrap()).await.error(TOO_MANY);
    world.get("/v1/unknown").await.error(StatusCode::NOT_FOUND);
}

// C-RL-10
#[tokio::test]
async fn a_refused_request_has_no_effect() {
    let world = World::limited(tiered(2, 100)).await;
    world.created("/metrics", json!([{"name": "Words", "key": "words"}])).await;
    let event = json!({"user": {"id": "u"}, "value": 1, "idempotencyKey": "k"});
    for user in ["a", "b"] {
        world.event("words", user, json!(1)).await.json(StatusCode::CREATED);
    }
    world.post("/v1/metrics/words/event", event.clone()).await.error(TOO_MANY);
    world.get("/v1/users/u").await.error(StatusCode::NOT_FOUND);
    world.clock("2026-01-06T03:30:01Z").await;
    world.post("/v1/metrics/words/event", event).await.json(StatusCode::CREATED);
}

// C-RL-02 C-RL-03 C-RL-08
#[tokio::test]
async fn tiers_count_each_endpoint_by_its_route() {
    let world = World::limited(tiered(1, 2)).await;
    let batch = json!([{"key": "words", "user": {"id": "u"}, "value": 1}, 5, 5]);
    world.created("/metrics", json!([{"name": "Words", "key": "words"}])).await;
    world.post("/admin/v1/metrics", json!([])).await.error(TOO_MANY);
    world
        .post("/admin/v1/metrics/events", batch.clone())
        .await
        .error(StatusCode::UNPROCESSABLE_ENTITY);
    world.post("/admin/v1/metrics/events", batch).await.error(TOO_MANY);
    world.event("words", "u", json!(1)).await.json(StatusCode::CREATED);
    // Another metric is the same endpoint, and so is the other way to it.
    world.event("others", "u", json!(1)).await.error(TOO_MANY);
    world.post("/api/metrics/words/event", json!({})).await.error(TOO_MANY);
    for user in ["u", "v"] {
        world.get(&format!("/v1/users/{user}")).await;
    }
    world.get("/v1/users/w").await.error(TOO_MANY);
    assert_eq!(told(&world.get("/v1/users/u/streak").await), ["2", "1", RESET]);
    let other_method =
        world.request("PATCH".parse().unwrap(), "/v1/users/u", Some(json!({}))).await;
    assert_eq!(told(&other_method), ["2", "1", RESET]);
}

// C-RL-04
#[tokio::test]
async fn without_a_limit_nothing_is_told() {
    let world = World::empty().await;
    for _ in 0..200 {
        let answer = world.get("/v1/achievements").await;
        assert!(!answer.headers.contains_key("x-ratelimit-limit"));
        answer.json(StatusCode::OK);
    }
}
