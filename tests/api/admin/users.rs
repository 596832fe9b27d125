//! `/admin/v1/users/{id}` and `/admin/v1/users/{id}/export`

use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::leaderboards::{board, ranking, words};
use crate::world::{KEY, World};

const ANN: &str = "ann/1,2 ü";
const ANN_PATH: &str = "ann%2F1%2C2%20%C3%BC";

async fn erase(world: &World, path: &str) -> crate::world::Answer {
    world.request(Method::DELETE, &format!("/admin/v1/users/{path}"), None).await
}

async fn export(world: &World, path: &str) -> Value {
    world.get(&format!("/admin/v1/users/{path}/export")).await.json(StatusCode::OK)
}

async fn keyed(world: &World, key: &str, body: Value) -> Value {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/v1/metrics/words/event")
        .header("X-API-KEY", KEY)
        .header("Idempotency-Key", key)
        .body(body.to_string().into())
        .unwrap();
    world.send(request).await.json(StatusCode::CREATED)
}

/// Ann with something of everything, over two days.
async fn ann() -> World {
    let world = World::new().await;
    let metric = world.id("/metrics", "words").await;
    world
        .created(
            "/points",
            json!([{
                "name": "XP", "key": "xp",
                "triggers": [{"type": "metric", "metricId": metric, "metricThreshold": 100, "points": 3, "status": "active"}],
                "levels": [{"name": "One", "key": "one", "points": 3}],
            }]),
        )
        .await;
    board(&world, "daily", json!({"runUnit": "day", "runInterval": 1})).await;
    let user = json!({
        "id": ANN, "email": "ann@example.com", "name": "Ann", "tz": "Europe/London",
        "attributes": {"plan": "pro"}, "deviceTokens": ["token"],
    });
    let event = json!({"user": user, "value": 500.5, "attributes": {"book": "Emma"}});
    keyed(&world, "one", event).await;
    let pause = json!({"pauses": [{"userId": ANN, "start": "2026-02-01", "end": "2026-02-02"}]});
    world.post("/admin/v1/streaks/pauses", pause).await.json(StatusCode::CREATED);
    let xp = world.id("/points", "xp").await;
    let boost = json!([{"name": "Double", "start": "2026-01-01", "multiplier": 2, "userId": ANN}]);
    world.created(&format!("/points/{}/boosts", xp.as_str().unwrap()), boost).await;
    world.clock("2026-01-08T12:00:00Z").await;
    world.event("words", ANN, json!(100)).await.json(StatusCode::CREATED);
    world
}

fn names(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

// C-USER-34
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_has_everything_about_the_user() {
    let world = ann().await;
    let all = export(&world, ANN_PATH).await;
    assert_eq!(
        names(&all),
        [
            "exported",
            "user",
            "identity",
            "effectiveDay",
            "nextDue",
            "attributes",
            "preferences",
            "metrics",
            "achievements",
            "progress",
            "streak",
            "points",
            "boosts",
            "leaderboards",
            "events",
            "metricDays",
            "attributeDays",
            "attributeProgress",
            "awards",
            "pointsDays",
            "idempotencyKeys",
            "webhookDeliveries",
        ]
    );
    assert_eq!(all["exported"], "2026-01-08T12:00:00.000Z");
    assert_eq!(all["user"], world.get(&format!("/v1/users/{ANN_PATH}")).await.body());
    assert_eq!(all["attributes"][0]["value"], "pro");
    assert_eq!(all["metrics"][0]["total"], json!(600.5));
    assert_eq!(all["achievements"][0]["name"], "Novelist");
    assert_eq!(all["streak"]["daily"]["longest"], 1);
    assert_eq!(all["streak"]["pauses"][0]["start"], "2026-02-01");
    assert_eq!(all["points"][0]["level"], "one");
    assert_eq!(all["boosts"][0]["name"], "Double");
    let board = |run: &str, rank| {
        let all = all["leaderboards"].as_array().unwrap().iter();
        let found = all.clone().find(|score| score["run"] == run);
        assert_eq!(found.unwrap_or_else(|| panic!("{all:?}"))["rank"], rank);
    };
    board("2026-01-06", json!(1));
    board("2026-01-08", json!(null));
    let event = &all["events"][0];
    assert_eq!(event["metric"]["key"], "words");
    assert_eq!(event["attributes"][0]["attribute"]["key"], "book");
    assert_eq!(event["attributes"][0]["value"], "Emma");
    assert_eq!((&event["value"], &event["day"]), (&json!(500.5), &json!("2026-01-06")));
    assert_eq!(all["events"].as_array().unwrap().len(), 2);
    assert_eq!(all["metricDays"][1]["total"], json!(600.5));
    assert_eq!(all["attributeDays"][0]["value"], "Emma");
    assert_eq!(all["attributeProgress"][0]["events"], 1);
    let awarded: Vec<_> =
        all["awards"].as_array().unwrap().iter().map(|award| &award["awarded"]).collect();
    assert_eq!(awarded, [&json!(15), &json!(6)]);
    assert_eq!(all["awards"][1]["boosts"][0]["name"], "Double");
    assert_eq!(all["pointsDays"][1]["total"], 21);
    assert_eq!(all["idempotencyKeys"][0]["key"], "one");
    assert_eq!(all["idempotencyKeys"][0]["eventId"], event["id"]);
    assert_eq!(all["webhookDeliveries"], json!([]));
}

// C-USER-34
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_many_events_arrives_whole() {
    let world = World::new().await;
    for _ in 0..1_500 {
        world.event("words", "u", json!(1)).await.json(StatusCode::CREATED);
    }
    let all = export(&world, "u").await;
    assert_eq!(all["events"].as_array().unwrap().len(), 1_500);
    assert_eq!(all["metrics"][0]["events"], 1_500);
}

// C-USER-28 C-USER-29 C-USER-30 C-USER-33
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_erased_is_unknown_and_may_begin_anew() {
    let world = ann().await;
    world.event("words", "bob", json!(600)).await.json(StatusCode::CREATED);
    let answer = erase(&world, ANN_PATH).await.json(StatusCode::OK);
    assert_eq!(answer, json!({"deleted": [{"id": ANN}], "issues": []}));
    for path in ["", "/preferences", "/streak", "/metrics/words", "/achievements", "/points/xp"] {
        let gone = world.get(&format!("/v1/users/{ANN_PATH}{path}")).await;
        assert_eq!(gone.error(StatusCode::NOT_FOUND), "User not found", "{path}");
    }
    let gone = world.get(&format!("/admin/v1/users/{ANN_PATH}/export")).await;
    assert_eq!(gone.error(StatusCode::NOT_FOUND), "User not found");
    assert_eq!(erase(&world, ANN_PATH).await.error(StatusCode::NOT_FOUND), "User not found");
    let xp = world.id("/points", "xp").await;
    let boosts = format!("/admin/v1/points/{}/boosts", xp.as_str().unwrap());
    assert_eq!(world.get(&boosts).await.json(StatusCode::OK), json!([]));
    let listed = world.get("/v1/achievements").await.json(StatusCode::OK);
    assert_eq!(listed[0]["completions"], 1, "bob's");
    let summary = world.get("/v1/points/xp/summary").await.json(StatusCode::OK);
    let users = summary.as_array().unwrap().iter().map(|range| range["users"].as_u64().unwrap());
    assert_eq!(users.sum::<u64>(), 1);
    let rankings = world.get("/v1/streaks/rankings").await.json(StatusCode::OK);
    assert_eq!(rankings.as_array().unwrap().len(), 1);
    // The key is new again, and so is everything else.
    let event = keyed(&world, "one", json!({"user": {"id": ANN}, "value": 1})).await;
    assert_eq!(event["total"], 1);
    let user = world.get(&format!("/v1/users/{ANN_PATH}")).await.json(StatusCode::OK);
    assert_eq!((&user["email"], &user["name"]), (&json!(null), &json!(null)));
    assert_eq!(user["created"], "2026-01-08T12:00:00.000Z");
}

// C-LB-62 C-LB-84
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn final_rankings_keep_a_gap_and_open_ones_close_it() {
    let world = World::new().await;
    board(&world, "daily", json!({"runUnit": "day", "runInterval": 1})).await;
    for (id, value) in [("a", 9), ("b", 8), ("c", 7)] {
        words(&world, json!({"id": id}), value).await;
    }
    world.clock("2026-01-08T12:00:00Z").await;
    for (id, value) in [("a", 1), ("b", 2), ("c", 3)] {
        words(&world, json!({"id": id}), value).await;
    }
    erase(&world, "b").await.json(StatusCode::OK);
    let over = "daily?run=2026-01-06";
    assert_eq!(ranking(&world, over).await, ["1 a 9", "3 c 7"]);
    assert_eq!(ranking(&world, "daily").await, ["1 c 3", "2 a 1"]);
    // Entries are counted by rank, so that no page repeats or loses anyone.
    assert_eq!(ranking(&world, &format!("{over}&limit=2")).await, ["1 a 9"]);
    assert_eq!(ranking(&world, &format!("{over}&offset=2&limit=2")).await, ["3 c 7"]);
    assert_eq!(ranking(&world, &format!("{over}&userId=b")).await, [""; 0]);
    let own = "/v1/users/c/leaderboards/daily?run=2026-01-06";
    assert_eq!(world.get(own).await.json(StatusCode::OK)["rank"], 3);
}

// C-USER-02 C-GEN-02
#[tokio::test]
async fn both_are_refused_as_any_other_request_about_a_user() {
    let world = World::empty().await;
    for (method, path) in [(Method::DELETE, "u"), (Method::GET, "u/export")] {
        let path = format!("/admin/v1/users/{path}");
        let unknown = world.request(method.clone(), &path, None).await;
        assert_eq!(unknown.error(StatusCode::NOT_FOUND), "User not found");
        let request = Request::builder().method(method.clone()).uri(&path);
        let keyless = world.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(keyless.status, StatusCode::UNAUTHORIZED);
        let long = path.replace("users/u", &format!("users/{}", "u".repeat(256)));
        let wrong = world.request(method, &long, None).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{long}");
    }
}
