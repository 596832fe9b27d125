//! `GET /users/{id}/wrapped`

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::leaderboards::{board, words};
use crate::world::World;

async fn wrapped(world: &World, query: &str) -> Value {
    world.get(&format!("/v1/users/u/wrapped{query}")).await.json(StatusCode::OK)
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// 1,000 words in 2026, 500 of them with a book.
async fn active() -> World {
    let world = World::new().await;
    let xp = world.created("/points", json!([{"name": "XP", "key": "xp"}])).await;
    let words = world.id("/metrics", "words").await;
    let trigger = json!([{"type": "metric", "metricId": words, "metricThreshold": 100, "points": 1,
                          "status": "active"}]);
    world.created(&format!("/points/{}/triggers", xp[0]["id"].as_str().unwrap()), trigger).await;
    world.event("words", "u", json!(500)).await.json(StatusCode::CREATED);
    world.clock("2026-02-01T12:00:00Z").await;
    let event = json!({"user": {"id": "u"}, "value": 500, "attributes": {"book": "Emma"}});
    world.post("/v1/metrics/words/event", event).await.json(StatusCode::CREATED);
    world
}

// C-WRAP-01 C-WRAP-05 C-WRAP-06 C-WRAP-07 C-WRAP-08 C-WRAP-09 C-WRAP-10
#[tokio::test]
async fn a_year_has_everything_the_clients_read() {
    let world = active().await;
    let wrapped = wrapped(&world, "?year=2026").await;
    assert_eq!(keys(&wrapped), ["user", "activity"]);
    assert_eq!(wrapped["user"]["id"], "u");
    let activity = &wrapped["activity"];
    assert_eq!(
        [&activity["daysActive"], &activity["weeksActive"], &activity["monthsActive"]],
        [2, 2, 2]
    );
    let words = json!({
        "name": "Words", "units": null, "currentTotal": 1000, "changeThisPeriod": 1000,
        "percentChange": 100, "percentileThisPeriod": 100,
        "byAttribute": {"book": {"Emma": {
            "name": "Words", "units": null, "currentTotal": 500, "changeThisPeriod": 500,
            "percentChange": 100}}},
    });
    let xp = json!({"name": "XP", "description": null, "currentTotal": 10, "changeThisPeriod": 10,
                    "percentChange": 100, "percentileThisPeriod": 100});
    let year = &activity["entireYear"];
    assert_eq!(year["metrics"], json!({"words": words}));
    assert_eq!(year["points"], json!({"xp": xp}));
    assert_eq!(year["leaderboards"], json!({}));
    assert_eq!(
        year["longestStreak"],
        json!({"length": 1, "frequency": "daily", "periodStart": "2026-01-06",
               "periodEnd": "2026-01-06", "started": "2026-01-06"})
    );
    let novelist = &year["achievements"][0];
    assert_eq!(
        [&novelist["name"], &novelist["achievedAt"], &novelist["metricName"]],
        ["Novelist", "2026-01-06T03:30:00.000Z", "Words"]
    );
    let day = &activity["mostActiveDay"];
    assert_eq!(day["date"], "2026-01-06");
    assert_eq!(
        day["metrics"]["words"],
        json!({"name": "Words", "units": null, "currentTotal": 500, "changeThisPeriod": 500,
               "percentChange": 100, "byAttribute": {}})
    );
    let week = &activity["mostActiveWeek"];
    assert_eq!([&week["start"], &week["end"]], ["2026-01-04", "2026-01-10"]);
    assert_eq!(week["metrics"]["words"]["percentileThisPeriod"], 100);
    assert_eq!(activity["mostActiveMonth"]["month"], 0);
}

// C-WRAP-11 C-WRAP-12
#[tokio::test]
async fn a_year_without_activity_is_empty() {
    let world = active().await;
    let wrapped = wrapped(&world, "?year=2024").await;
    let activity = &wrapped["activity"];
    let empty = json!({"metrics": {}, "points": {}, "achievements": [], "leaderboards": {}});
    let with = |fields: Value| {
        let mut own = empty.clone();
        own.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        own
    };
    assert_eq!(activity["daysActive"], 0);
    assert_eq!(activity["mostActiveDay"], with(json!({"date": "2024-01-01"})));
    let week = json!({"start": "2023-12-31", "end": "2024-01-06"});
    assert_eq!(activity["mostActiveWeek"], with(week));
    assert_eq!(activity["mostActiveMonth"], with(json!({"month": 0})));
    let streak = json!({"length": 0, "frequency": "daily", "periodStart": null, "periodEnd": null,
                        "started": null});
    assert_eq!(activity["entireYear"], with(json!({"longestStreak": streak})));
}

// C-WRAP-12
#[tokio::test]
async fn the_current_year_is_the_default() {
    let world = active().await;
    assert_eq!(wrapped(&world, "").await, wrapped(&world, "?year=2026").await);
    assert_eq!(wrapped(&world, "?year=1").await["activity"]["daysActive"], 0);
}

// C-WRAP-12 C-USER-25 C-API-19
#[tokio::test]
async fn bad_years_and_unknown_users_are_refused() {
    let world = active().await;
    for bad in ["0", "-1", "x", "2025.0", "", "1e3"] {
        // Refused whoever it is.
        let answer = world.get(&format!("/v1/users/nobody/wrapped?year={bad}")).await;
        let message = answer.error(StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(message, "year must be an integer of at least 1", "{bad}");
    }
    for late in ["2027", "99999999999"] {
        let answer = world.get(&format!("/v1/users/u/wrapped?year={late}")).await;
        let message = answer.error(StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(message, "year must be an integer between 1 and 2026", "{late}");
    }
    let answer = world.get("/v1/users/nobody/wrapped").await;
    assert_eq!(answer.error(StatusCode::NOT_FOUND), "User not found");
}

// C-LB-85 C-WRAP-09
#[tokio::test]
async fn a_year_has_the_best_rank_of_each_leaderboard() {
    let world = World::new().await;
    let weekly = json!({"runUnit": "day", "runInterval": 7});
    board(&world, "weekly", weekly).await;
    board(&world, "off", json!({"status": "inactive"})).await;
    for (user, value) in [("u", 5), ("first", 9), ("u", 4)] {
        words(&world, json!({"id": user}), value).await;
    }
    world.clock("2026-01-14T12:00:00Z").await;
    words(&world, json!({"id": "u"}), 7).await;
    let activity = wrapped(&world, "?year=2026").await["activity"].take();
    // Second in the first week, and alone in the next.
    let year = &activity["entireYear"]["leaderboards"];
    assert_eq!(keys(year), ["weekly"]);
    let weekly = &year["weekly"];
    assert_eq!((&weekly["rank"], &weekly["value"]), (&json!(1), &json!(7)));
    assert_eq!(weekly["run"], json!({"start": "2026-01-13", "end": "2026-01-19"}));
    assert_eq!((&weekly["key"], &weekly["metricKey"]), (&json!("weekly"), &json!("words")));
    let day = &activity["mostActiveDay"];
    assert_eq!(day["date"], "2026-01-06");
    let best = &day["leaderboards"]["weekly"];
    assert_eq!((&best["rank"], &best["value"]), (&json!(2), &json!(9)));
}
