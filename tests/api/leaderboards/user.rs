//! `GET /users/{id}/leaderboards/{key}`

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{board, words};
use crate::world::World;

async fn place(world: &World, path: &str) -> Value {
    world.get(&format!("/v1/users/{path}")).await.json(StatusCode::OK)
}

// C-LB-33 C-LB-60 C-LB-61 C-LB-68 C-LB-70 C-LB-72 C-LB-74
#[tokio::test]
async fn a_user_has_a_place_or_none() {
    let world = World::new().await;
    let fields = json!({"start": "2026-01-05", "runUnit": "day", "runInterval": 7});
    let weekly = board(&world, "weekly", fields).await;
    words(&world, json!({"id": "a"}), 5).await;
    let body = json!({"user": {"id": "b"}, "value": 7.9});
    world.post("/v1/metrics/words/event", body).await.json(StatusCode::CREATED);
    assert_eq!(
        place(&world, "b/leaderboards/weekly").await,
        json!({
            "id": weekly["id"], "name": "weekly", "key": "weekly", "rankBy": "metric", "metricKey": "words",
            "metricName": "Words", "breakdownAttribute": null, "breakdownAttributes": [], "description": null,
            "start": "2026-01-05", "end": null, "startTime": null, "endTime": null, "maxParticipants": 1000,
            "runUnit": "day", "runInterval": 7, "userAttributes": [], "rank": 1, "value": 7,
            "history": [{
                "date": "2026-01-06", "timestamp": "2026-01-06T00:00:00.000Z", "previousRank": null, "rank": 1,
                "previousValue": null, "value": 7,
            }],
            "run": {"start": "2026-01-05", "end": "2026-01-11"},
        })
    );
    words(&world, json!({"id": "a"}), -5).await;
    let none = place(&world, "a/leaderboards/weekly?numEvents=0").await;
    assert_eq!((&none["rank"], &none["value"]), (&json!(null), &json!(null)));
    assert_eq!(none["history"], json!([]));
}

/// History in short: `day rank/value`.
async fn history(world: &World, path: &str) -> Vec<String> {
    let place = place(world, path).await;
    let day = |day: &Value| {
        assert_eq!(day["timestamp"], format!("{}T00:00:00.000Z", day["date"].as_str().unwrap()));
        format!("{} {}/{}", day["date"].as_str().unwrap(), day["rank"], day["value"])
    };
    let days = place["history"].as_array().unwrap();
    for pair in days.windows(2) {
        assert_eq!(pair[0]["rank"], pair[1]["previousRank"]);
        assert_eq!(pair[0]["value"], pair[1]["previousValue"]);
    }
    days.iter().map(day).collect()
}

// C-LB-70 C-LB-71 C-LB-72 C-LB-73 C-LB-74
#[tokio::test]
async fn history_has_the_newest_days_of_open_and_past_runs() {
    let world = World::new().await;
    board(&world, "two", json!({"runUnit": "day", "runInterval": 2})).await;
    words(&world, json!({"id": "a"}), 5).await;
    // The run is open until noon in UTC, but its days are over at midnight.
    world.clock("2026-01-07T23:00:00Z").await;
    words(&world, json!({"id": "b"}), 5).await;
    words(&world, json!({"id": "west", "tz": "Etc/GMT+12"}), 9).await;
    let path = "a/leaderboards/two";
    assert_eq!(history(&world, path).await, ["2026-01-06 1/5", "2026-01-07 2/5"]);
    world.clock("2026-01-08T11:00:00Z").await;
    words(&world, json!({"id": "east", "tz": "Etc/GMT+12"}), 7).await;
    let past = "a/leaderboards/two?run=2026-01-06";
    assert_eq!(history(&world, past).await, ["2026-01-06 1/5", "2026-01-07 3/5"]);
    assert_eq!(history(&world, path).await, [""; 0]);
    words(&world, json!({"id": "a"}), 5).await;
    assert_eq!(history(&world, path).await, ["2026-01-08 1/5"]);
    world.clock("2026-01-09T12:00:00Z").await;
    assert_eq!(history(&world, past).await, ["2026-01-06 1/5", "2026-01-07 3/5"]);
    let newest = format!("{past}&numEvents=1");
    assert_eq!(history(&world, &newest).await, ["2026-01-07 3/5"]);
    assert_eq!(place(&world, &newest).await["history"][0]["previousRank"], 1);
    assert_eq!(history(&world, &format!("{past}&numEvents=0")).await, [""; 0]);
}

// C-LB-69
#[tokio::test]
async fn the_place_is_in_the_users_own_group() {
    let world = World::new().await;
    let plan = world.id("/attributes", "plan").await;
    board(&world, "split", json!({"breakdownAttributes": [plan]})).await;
    words(&world, json!({"id": "a", "attributes": {"plan": "pro"}}), 5).await;
    words(&world, json!({"id": "b"}), 9).await;
    let own = place(&world, "a/leaderboards/split").await;
    assert_eq!(own["breakdownAttributeValues"], json!([{"key": "plan", "value": "pro"}]));
    assert_eq!(own["rank"], 1);
    let none = place(&world, "b/leaderboards/split").await;
    assert_eq!((&none["breakdownAttributeValues"], &none["rank"]), (&json!([]), &json!(null)));
}

// C-LB-26 C-LB-68 C-LB-70
#[tokio::test]
async fn what_is_unknown_is_not_found() {
    let world = World::new().await;
    board(&world, "b", json!({})).await;
    words(&world, json!({"id": "a"}), 5).await;
    for path in ["nobody/leaderboards/b", "a/leaderboards/c", "a/leaderboards/b?run=2026-01-05"] {
        world.get(&format!("/v1/users/{path}")).await.error(StatusCode::NOT_FOUND);
    }
    for query in ["numEvents=101", "numEvents=-1", "run=x"] {
        let answer = world.get(&format!("/v1/users/a/leaderboards/b?{query}")).await;
        answer.error(StatusCode::UNPROCESSABLE_ENTITY);
    }
}
