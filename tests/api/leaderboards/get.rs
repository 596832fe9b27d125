//! `GET /leaderboards/{key}`, and `leaderboards` in the answer to an event

use axum::http::StatusCode;
use serde_json::json;

use super::{board, change_board, ranking, words};
use crate::world::World;

// C-LB-36 C-LB-37 C-LB-62 C-LB-64 C-LB-66
#[tokio::test]
async fn pages_start_at_an_offset_or_at_a_user() {
    let world = World::new().await;
    board(&world, "b", json!({})).await;
    for (user, value) in [("a", 5), ("b", 7), ("c", 5), ("d", 9), ("out", -1)] {
        words(&world, json!({"id": user, "name": user}), value).await;
    }
    let all = ["1 d 9", "2 b 7", "3 a 5", "4 c 5"];
    assert_eq!(ranking(&world, "b").await, all);
    assert_eq!(ranking(&world, "b?offset=1&limit=2").await, all[1..3]);
    assert_eq!(ranking(&world, "b?offset=4").await, [""; 0]);
    assert_eq!(ranking(&world, "b?limit=0").await, [""; 0]);
    assert_eq!(ranking(&world, "b?userId=a").await, all[2..]);
    assert_eq!(ranking(&world, "b?userId=b&offset=1&limit=1").await, all[2..3]);
    for nobody in ["out", "unknown"] {
        assert_eq!(ranking(&world, &format!("b?userId={nobody}")).await, [""; 0]);
    }
    let body = world.get("/v1/leaderboards/b?limit=1").await.json(StatusCode::OK);
    assert_eq!(body["rankings"], json!([{"userId": "d", "userName": "d", "rank": 1, "value": 9}]));
    assert_eq!(body["run"], json!({"start": "2026-01-06", "end": null}));
    assert_eq!(body["status"], "active");
}

// C-LB-52 C-LB-53 C-LB-63 C-LB-67
#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let world = World::new().await;
    board(&world, "small", json!({"maxParticipants": 3})).await;
    let plan = world.id("/attributes", "plan").await;
    board(&world, "split", json!({"breakdownAttributes": [plan]})).await;
    board(&world, "off", json!({"status": "inactive"})).await;
    for (path, message) in [
        ("small?limit=4", "limit must be an integer between 0 and 3"),
        ("small?offset=-1", "offset must be an integer of at least 0"),
        ("small?limit=-1", "limit must be an integer between 0 and 3"),
        ("small?run=yesterday", "run must be a date (YYYY-MM-DD)"),
        (
            "small?userAttributes=plan:pro",
            "userAttributes is not permitted for leaderboards without breakdown attributes",
        ),
        ("split", "userAttributes is required for leaderboards with breakdown attributes"),
        (
            "split?userAttributes=",
            "userAttributes is required for leaderboards with breakdown attributes",
        ),
        ("split?userAttributes=plan", "userAttributes must be key:value pairs separated by commas"),
    ] {
        let answer = world.get(&format!("/v1/leaderboards/{path}")).await;
        assert_eq!(answer.error(StatusCode::UNPROCESSABLE_ENTITY), message, "{path}");
    }
    for key in ["off", "unknown", "SMALL"] {
        let answer = world.get(&format!("/v1/leaderboards/{key}")).await;
        assert_eq!(answer.error(StatusCode::NOT_FOUND), "Leaderboard not found");
    }
}

// C-LB-25 C-LB-26 C-LB-61 C-LB-77
#[tokio::test]
async fn everyone_is_in_the_run_of_their_own_day() {
    let world = World::new().await;
    board(&world, "daily", json!({"start": "2026-01-05", "runUnit": "day", "runInterval": 1}))
        .await;
    // 3:30 UTC on the 6th is the 5th in New York.
    let west = words(&world, json!({"id": "west", "tz": "America/New_York"}), 4).await;
    words(&world, json!({"id": "east"}), 2).await;
    let changed = &west["leaderboards"]["daily"];
    assert_eq!((&changed["start"], &changed["end"]), (&json!("2026-01-05"), &json!("2026-01-05")));
    assert_eq!(changed["runUnit"], "day");
    assert_eq!(ranking(&world, "daily").await, ["1 east 2"]);
    assert_eq!(ranking(&world, "daily?userId=west").await, ["1 west 4"]);
    assert_eq!(ranking(&world, "daily?run=2026-01-05").await, ["1 west 4"]);
    for run in ["2026-01-04", "2026-01-07"] {
        let answer = world.get(&format!("/v1/leaderboards/daily?run={run}")).await;
        assert_eq!(answer.error(StatusCode::NOT_FOUND), "Run not found");
    }
    // It opens before its date begins in UTC.
    world.clock("2026-01-06T10:00:00Z").await;
    assert_eq!(ranking(&world, "daily?run=2026-01-07").await, [""; 0]);
}

// C-LB-45 to C-LB-49 C-LB-53 C-LB-54 C-LB-65 C-LB-78
#[tokio::test]
async fn groups_follow_the_attributes_of_their_users() {
    let world = World::new().await;
    let plan = world.id("/attributes", "plan").await;
    board(&world, "split", json!({"breakdownAttributes": [plan]})).await;
    let user = |id: &str, plan: &str| json!({"id": id, "attributes": {"plan": plan}});
    words(&world, user("a", "pro"), 5).await;
    words(&world, user("b", "free"), 9).await;
    let c = words(&world, user("c", "pro"), 7).await;
    let changed = &c["leaderboards"]["split"];
    assert_eq!(changed["breakdownAttribute"], "plan");
    assert_eq!(changed["breakdownAttributeValues"], json!([{"key": "plan", "value": "pro"}]));
    assert_eq!(changed["breakdownAttributeValue"], "pro");
    assert_eq!((&changed["rank"], &changed["previousRank"]), (&json!(1), &json!(null)));
    // Who has no plan is in no group.
    let none = words(&world, json!({"id": "d"}), 50).await;
    assert_eq!(none["leaderboards"], json!({}));
    assert_eq!(ranking(&world, "split?userAttributes=plan:pro").await, ["1 c 7", "2 a 5"]);
    assert_eq!(ranking(&world, "split?userAttributes=plan:none").await, [""; 0]);
    assert_eq!(ranking(&world, "split?userAttributes=plan:pro&userId=b").await, [""; 0]);
    // The group of an event is that of after its own attributes, the previous rank that of before.
    let moved = words(&world, user("c", "free"), 1).await;
    let changed = &moved["leaderboards"]["split"];
    assert_eq!((&changed["rank"], &changed["previousRank"]), (&json!(2), &json!(1)));
    assert_eq!(changed["breakdownAttributeValue"], "free");
    assert_eq!(ranking(&world, "split?userAttributes=plan:free").await, ["1 b 9", "2 c 8"]);
    assert_eq!(ranking(&world, "split?userAttributes=plan:pro").await, ["1 a 5"]);
}

// C-LB-41 to C-LB-44 C-LB-75 C-LB-76
#[tokio::test]
async fn an_event_tells_what_it_did_to_ranks() {
    let world = World::new().await;
    let limited = board(&world, "limited", json!({"maxParticipants": 2})).await;
    board(&world, "scheduled", json!({"status": "scheduled", "start": "2026-01-20"})).await;
    let told = |answer: &serde_json::Value| {
        let board = &answer["leaderboards"]["limited"];
        ["previousRank", "rank", "threshold"].map(|field| board[field].as_i64().unwrap_or(0))
    };
    let first = words(&world, json!({"id": "a"}), 5).await;
    assert_eq!(first["leaderboards"].as_object().unwrap().len(), 1);
    assert_eq!(told(&first), [0, 1, 1]);
    assert_eq!(told(&words(&world, json!({"id": "b"}), 4).await), [0, 2, 5]);
    assert_eq!(told(&words(&world, json!({"id": "c"}), 4).await), [0, 0, 5], "the incumbent stays");
    assert_eq!(told(&words(&world, json!({"id": "c"}), 2).await), [0, 1, 6]);
    assert_eq!(told(&words(&world, json!({"id": "c"}), -4).await), [1, 0, 5], "b is back");
    assert_eq!(ranking(&world, "limited?limit=2").await, ["1 a 5", "2 b 4"]);
    change_board(&world, json!({"id": limited["id"], "maxParticipants": 3})).await;
    assert_eq!(ranking(&world, "limited?limit=3").await, ["1 a 5", "2 b 4", "3 c 2"]);

    let body = json!({"user": {"id": "a"}, "value": 1, "idempotencyKey": "once"});
    let once = world.post("/v1/metrics/words/event", body.clone()).await.json(StatusCode::CREATED);
    assert_eq!(told(&once), [1, 1, 3]);
    let again = world.post("/v1/metrics/words/event", body).await.json(StatusCode::ACCEPTED);
    assert_eq!(again["leaderboards"], json!({}));
    let zero = words(&world, json!({"id": "a"}), 0).await;
    assert_eq!(zero["leaderboards"], json!({}), "its value did not change");
}

// C-LB-16 C-LB-24 C-LB-43
#[tokio::test]
async fn a_run_that_is_over_stays_as_it_was() {
    let world = World::new().await;
    let fields =
        json!({"runUnit": "day", "runInterval": 1, "end": "2026-01-08", "maxParticipants": 2});
    let daily = board(&world, "daily", fields).await;
    for (user, value) in [("a", 5), ("b", 7), ("c", 6)] {
        words(&world, json!({"id": user, "name": "then"}), value).await;
    }
    world.clock("2026-01-07T12:00:00Z").await;
    change_board(&world, json!({"id": daily["id"], "maxParticipants": 1})).await;
    words(&world, json!({"id": "a", "name": "now"}), 1).await;
    let then = ["1 b 7", "2 c 6"];
    assert_eq!(ranking(&world, "daily?run=2026-01-06&limit=1").await, then[..1]);
    assert_eq!(ranking(&world, "daily?run=2026-01-06&userId=c&limit=1").await, then[1..]);
    assert_eq!(ranking(&world, "daily?run=2026-01-06&userId=a&limit=1").await, [""; 0]);
    assert_eq!(ranking(&world, "daily?limit=1").await, ["1 a 1"]);
    world.clock("2026-01-09T12:00:00Z").await;
    let over =
        world.get("/v1/leaderboards/daily?run=2026-01-07&limit=1").await.json(StatusCode::OK);
    assert_eq!(over["status"], "finished");
    assert_eq!(
        over["rankings"],
        json!([{"userId": "a", "userName": "now", "rank": 1, "value": 1}])
    );
    assert_eq!(ranking(&world, "daily").await, [""; 0], "the last run");
}

// C-LB-12 C-LB-27
#[tokio::test]
async fn a_board_that_is_switched_on_counts_what_was_before() {
    let world = World::new().await;
    for (user, value) in [("a", 5), ("b", 7)] {
        words(&world, json!({"id": user}), value).await;
    }
    let late = board(&world, "late", json!({})).await;
    assert_eq!(ranking(&world, "late").await, ["1 b 7", "2 a 5"]);
    change_board(&world, json!({"id": late["id"], "status": "inactive"})).await;
    words(&world, json!({"id": "a"}), 9).await;
    change_board(&world, json!({"id": late["id"], "status": "active"})).await;
    assert_eq!(ranking(&world, "late").await, ["1 a 14", "2 b 7"]);
}

// C-LB-11
#[tokio::test]
async fn a_board_that_is_finished_by_hand_is_settled_at_once() {
    let world = World::new().await;
    let board = board(&world, "b", json!({})).await;
    words(&world, json!({"id": "a"}), 5).await;
    change_board(&world, json!({"id": board["id"], "status": "finished"})).await;
    let later = words(&world, json!({"id": "a"}), 5).await;
    assert_eq!(later["leaderboards"], json!({}));
    world.clock("2026-01-06T03:30:01Z").await;
    assert_eq!(ranking(&world, "b").await, ["1 a 5"]);
}
