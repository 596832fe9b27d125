//! `/admin/v1/streaks/pauses`

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

const PATH: &str = "/admin/v1/streaks/pauses";
const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

fn issue(index: usize, user: &str, message: &str) -> Value {
    json!({"index": index, "userId": user, "severity": "error", "message": message, "level": "error", "reason": message})
}

async fn delete(world: &World, ids: &str) -> Value {
    world.request(Method::DELETE, &format!("{PATH}?ids={ids}"), None).await.json(StatusCode::OK)
}

/// Today in the user's zone, plus so many days.
async fn day(world: &World, offset: i64) -> String {
    let now = world.get("/admin/v1/clock").await.json(StatusCode::OK);
    let now = domain::time::Timestamp::parse(now["now"].as_str().unwrap()).unwrap();
    now.utc_date().plus_days(offset).to_string()
}

// C-ADM-03 C-ADM-04 C-ADM-05 C-ADM-06 C-ADM-09 C-ADM-76 C-ADM-77 C-GEN-29 C-STREAK-45 C-STREAK-46
#[tokio::test]
async fn each_entry_is_a_pause_or_an_issue() {
    let world = World::new().await;
    world.event("words", "a", json!(1)).await.json(StatusCode::CREATED);
    let [yesterday, today, tomorrow] =
        [day(&world, -1).await, day(&world, 0).await, day(&world, 1).await];
    let pause =
        |user: &str, start: &str, end: &str| json!({"userId": user, "start": start, "end": end});
    let entries = json!({"pauses": [
        pause("a", &today, &today),
        pause("ghost", &today, &today),
        pause("a", &yesterday, &today),
        pause("a", &tomorrow, &today),
        pause("a", &today, &tomorrow),
        pause("a", "2026-02-30", &tomorrow),
        pause("a", &tomorrow, &tomorrow),
        json!({"userId": "a", "start": tomorrow}),
        json!({"start": today, "end": today}),
        json!(5),
    ]});
    let answer = world.post(PATH, entries).await.json(StatusCode::CREATED);
    let created = answer["created"].as_array().unwrap();
    assert_eq!(created.len(), 2);
    for (pause, date) in created.iter().zip([&today, &tomorrow]) {
        assert_eq!(
            *pause,
            json!({"id": pause["id"], "userId": "a", "start": date, "end": date, "status": "active"})
        );
    }
    assert_eq!(
        answer["issues"],
        json!([
            issue(1, "ghost", "User does not exist"),
            issue(2, "a", "Start date must not be in the past"),
            issue(3, "a", "End date must be on or after start date"),
            issue(4, "a", "Overlaps an existing pause"),
            issue(5, "a", "Invalid date"),
            issue(7, "a", "end is required"),
            issue(8, "", "userId is required"),
            issue(9, "", "item must be an object"),
        ])
    );
    let none = json!({"pauses": [pause("a", &today, &today)]});
    assert_eq!(world.post(PATH, none).await.json(StatusCode::OK)["created"], json!([]));
    for wrong in [json!([]), json!({}), json!({"pauses": {}}), json!({"pauses": []})] {
        world.post(PATH, wrong).await.error(StatusCode::UNPROCESSABLE_ENTITY);
    }
}

// C-ADM-17 C-ADM-78 C-STREAK-29 C-STREAK-49 C-STREAK-50
#[tokio::test]
async fn deleted_pauses_are_listed_no_more() {
    let world = World::new().await;
    world.event("words", "a", json!(1)).await.json(StatusCode::CREATED);
    let today = day(&world, 0).await;
    let entry = json!({"pauses": [{"userId": "a", "start": today, "end": today}]});
    let created = world.post(PATH, entry).await.json(StatusCode::CREATED);
    let id = created["created"][0]["id"].as_str().unwrap().to_owned();
    let read =
        || async { world.get("/v1/users/a/streak").await.json(StatusCode::OK)["pauses"].clone() };
    assert_eq!(read().await, json!([{"id": id, "start": today, "end": today}]));
    let not_found = "Streak pause not found by ID";
    let mut issues = [issue(1, "", not_found), issue(2, "", "id must be a valid UUID")];
    issues[0]["id"] = json!(UNKNOWN);
    issues[1]["id"] = json!("x");
    assert_eq!(
        delete(&world, &format!("{id},{UNKNOWN},x")).await,
        json!({"deleted": [{"id": id}], "issues": issues})
    );
    assert_eq!(read().await, json!([]));
    let mut again = issue(0, "a", not_found);
    again["id"] = json!(id);
    assert_eq!(delete(&world, &id).await, json!({"deleted": [], "issues": [again]}));
    world.request(Method::DELETE, PATH, None).await.error(StatusCode::UNPROCESSABLE_ENTITY);
}
