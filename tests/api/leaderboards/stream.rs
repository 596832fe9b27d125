//! `GET /leaderboards/{key}/stream`

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::ServiceExt;

use super::{board, change_board, words};
use crate::world::{KEY, World};

/// Long enough for whatever is going to come at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open stream.
struct Reader {
    body: BodyDataStream,
    unread: String,
}

/// One event.
#[derive(Debug)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

async fn request(world: &World, path: &str, seen: Option<&str>) -> Response {
    let request = Request::get(format!("/v1/leaderboards/{path}")).header("X-API-KEY", KEY);
    let request = seen.into_iter().fold(request, |request, id| request.header("Last-Event-ID", id));
    world.service.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn open(world: &World, path: &str, seen: Option<&str>) -> Reader {
    let response = request(world, path, seen).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    Reader { body: response.into_body().into_data_stream(), unread: String::new() }
}

impl Reader {
    /// The next event, without comments; none at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.unread.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.unread = rest;
                let field = |name: &str| {
                    block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned)
                };
                if let Some(name) = field("event: ") {
                    let data = serde_json::from_str(&field("data: ").unwrap()).unwrap();
                    return Some(Event { name, id: field("id: "), data });
                }
                assert!(block.starts_with(": "), "{block}");
                continue;
            }
            let more = timeout(PATIENCE, self.body.next()).await.expect("something comes");
            self.unread += std::str::from_utf8(&more?.unwrap()).unwrap();
        }
    }

    /// The data of the next event, which has to be this one.
    async fn expect(&mut self, name: &str) -> Value {
        let event = self.next().await.unwrap_or_else(|| panic!("it ended before {name}"));
        assert_eq!(event.name, name, "{event:?}");
        event.data
    }

    /// That there is only a last event, with an error's message.
    async fn expect_closed(&mut self, message: &str) {
        assert_eq!(self.expect("closed").await, json!({"error": message}));
        assert!(self.next().await.is_none());
    }
}

fn row(rank: u64, user: &str, value: i64) -> Value {
    json!({"userId": user, "userName": null, "rank": rank, "value": value})
}

// C-LB-86 C-LB-87 C-LB-88
#[tokio::test]
async fn a_page_is_shown_and_then_what_changes_of_it() {
    let world = World::new().await;
    board(&world, "b", json!({})).await;
    for (user, value) in [("a", 5), ("b", 7), ("c", 3)] {
        words(&world, json!({"id": user}), value).await;
    }
    let mut reader = open(&world, "b/stream?limit=2", None).await;
    let mut around = open(&world, "b/stream?userId=c", None).await;
    let shown = world.get("/v1/leaderboards/b?limit=2").await.json(StatusCode::OK);
    assert_eq!(reader.expect("snapshot").await, shown);
    assert_eq!(around.expect("snapshot").await["rankings"], json!([row(3, "c", 3)]));
    // Below what is shown; then two of the rows are others.
    words(&world, json!({"id": "d"}), 1).await;
    words(&world, json!({"id": "c"}), 3).await;
    let changes = json!({"rankings": [row(2, "c", 6)], "removedRanks": []});
    assert_eq!(reader.expect("changed").await, changes);
    loop {
        // One look or two may have told it.
        let told = around.expect("changed").await;
        if told["rankings"][0] == row(2, "c", 6) {
            break;
        }
        assert_eq!(told, json!({"rankings": [row(4, "d", 1)], "removedRanks": []}));
    }
    words(&world, json!({"id": "c"}), -6).await;
    words(&world, json!({"id": "b"}), -7).await;
    words(&world, json!({"id": "d"}), -1).await;
    let mut known = vec![row(1, "b", 7), row(2, "c", 6)];
    while known != [row(1, "a", 5)] {
        let changes = reader.expect("changed").await;
        known.retain(|own| {
            let is_told = |told: &Value| told["rank"] == own["rank"] || *told == own["rank"];
            let lists = [&changes["rankings"], &changes["removedRanks"]];
            !lists.iter().any(|list| list.as_array().unwrap().iter().any(is_told))
        });
        known.extend(changes["rankings"].as_array().unwrap().iter().cloned());
        known.sort_by_key(|own| own["rank"].as_u64());
    }
}

// C-LB-90
#[tokio::test]
async fn who_comes_back_is_told_only_what_they_don_t_know() {
    let world = World::new().await;
    board(&world, "b", json!({})).await;
    words(&world, json!({"id": "a"}), 5).await;
    let mut reader = open(&world, "b/stream", None).await;
    let first = reader.next().await.unwrap().id.unwrap();
    words(&world, json!({"id": "a"}), 1).await;
    let changed = reader.next().await.unwrap();
    assert_eq!(changed.name, "changed");
    let latest = changed.id.unwrap();
    drop(reader);
    // Nothing happened since.
    let mut again = open(&world, "b/stream", Some(&latest)).await;
    words(&world, json!({"id": "a"}), 1).await;
    assert_eq!(again.expect("changed").await["rankings"], json!([row(1, "a", 7)]));
    drop(again);
    for seen in [&first, &latest, "nonsense"] {
        let mut again = open(&world, "b/stream", Some(seen)).await;
        assert_eq!(again.expect("snapshot").await["rankings"], json!([row(1, "a", 7)]));
    }
    // The same page is not the same page of another run or part.
    let now = open(&world, "b/stream", None).await.next().await.unwrap().id.unwrap();
    let mut other = open(&world, "b/stream?offset=1", Some(&now)).await;
    assert_eq!(other.expect("snapshot").await["rankings"], json!([]));
}

// C-LB-86 C-LB-91
#[tokio::test]
async fn streams_are_refused_like_rankings_and_beyond_their_number() {
    let world = World::new().await;
    board(&world, "b", json!({"maxParticipants": 3})).await;
    board(&world, "off", json!({"status": "inactive"})).await;
    board(&world, "other", json!({})).await;
    for (path, status) in [
        ("b/stream?limit=4", StatusCode::UNPROCESSABLE_ENTITY),
        ("b/stream?run=never", StatusCode::UNPROCESSABLE_ENTITY),
        ("b/stream?run=2020-01-01", StatusCode::NOT_FOUND),
        ("off/stream", StatusCode::NOT_FOUND),
        ("unknown/stream", StatusCode::NOT_FOUND),
    ] {
        let refused = world.get(&format!("/v1/leaderboards/{path}")).await;
        let plain = world.get(&format!("/v1/leaderboards/{}", path.replace("/stream", ""))).await;
        assert_eq!(refused.error(status), plain.error(status), "{path}");
    }
    let unknown =
        world.send(Request::get("/v1/leaderboards/b/stream").body(Body::empty()).unwrap());
    unknown.await.error(StatusCode::UNAUTHORIZED);
    let readers = [open(&world, "b/stream", None).await, open(&world, "b/stream", None).await];
    let refused = world.get("/v1/leaderboards/b/stream").await;
    let message = "Too many streams of this leaderboard are open, try again later";
    assert_eq!(refused.error(StatusCode::SERVICE_UNAVAILABLE), message);
    assert_eq!(refused.headers["retry-after"], "1");
    open(&world, "other/stream", None).await.expect("snapshot").await;
    drop(readers);
    open(&world, "b/stream", None).await.expect("snapshot").await;
}

// C-LB-24 C-LB-89
#[tokio::test]
async fn the_current_run_is_followed_into_the_next_and_a_named_one_to_its_end() {
    let world = World::new().await;
    board(&world, "daily", json!({"runUnit": "day", "runInterval": 1})).await;
    words(&world, json!({"id": "a"}), 5).await;
    let mut current = open(&world, "daily/stream", None).await;
    let mut named = open(&world, "daily/stream?run=2026-01-06", None).await;
    current.expect("snapshot").await;
    named.expect("snapshot").await;
    world.clock("2026-01-07T01:00:00Z").await;
    let next = current.expect("snapshot").await;
    assert_eq!(next["run"], json!({"start": "2026-01-07", "end": "2026-01-07"}));
    assert_eq!(next["rankings"], json!([]));
    words(&world, json!({"id": "a"}), 2).await;
    assert_eq!(current.expect("changed").await["rankings"], json!([row(1, "a", 2)]));
    words(&world, json!({"id": "west", "tz": "Etc/GMT+12"}), 4).await;
    assert_eq!(named.expect("changed").await["rankings"], json!([row(2, "west", 4)]));
    world.clock("2026-01-07T12:00:00Z").await;
    let dates = json!({"start": "2026-01-06", "end": "2026-01-06"});
    assert_eq!(named.expect("finished").await, json!({"run": dates}));
    assert!(named.next().await.is_none());
    let mut past = open(&world, "daily/stream?run=2026-01-06", None).await;
    let rows = json!([row(1, "a", 5), row(2, "west", 4)]);
    assert_eq!(past.expect("snapshot").await["rankings"], rows);
    past.expect("finished").await;
    assert!(past.next().await.is_none());
}

// C-LB-89
#[tokio::test]
async fn a_stream_ends_with_its_board() {
    let world = World::new().await;
    let off = board(&world, "off", json!({})).await;
    let gone = board(&world, "gone", json!({})).await;
    let fewer = board(&world, "fewer", json!({"maxParticipants": 5})).await;
    let mut readers = Vec::new();
    for path in ["off/stream", "gone/stream", "fewer/stream?limit=5"] {
        readers.push(open(&world, path, None).await);
        readers.last_mut().unwrap().expect("snapshot").await;
    }
    change_board(&world, json!({"id": off["id"], "status": "inactive"})).await;
    readers[0].expect_closed("Leaderboard not found").await;
    let id = gone["id"].as_str().unwrap();
    let path = format!("/admin/v1/leaderboards?ids={id}");
    world.request(Method::DELETE, &path, None).await.json(StatusCode::OK);
    readers[1].expect_closed("Leaderboard not found").await;
    change_board(&world, json!({"id": fewer["id"], "maxParticipants": 4})).await;
    readers[2].expect_closed("limit must be an integer between 0 and 4").await;
}

// C-LB-43 C-LB-66 C-LB-93
#[tokio::test]
async fn names_limits_and_settings_are_told_without_any_event() {
    let world = World::new().await;
    let board = board(&world, "b", json!({})).await;
    for (user, value) in [("a", 5), ("b", 7)] {
        words(&world, json!({"id": user}), value).await;
    }
    let mut reader = open(&world, "b/stream?limit=1", None).await;
    reader.expect("snapshot").await;
    let renamed = world.request(Method::PATCH, "/v1/users/b", Some(json!({"name": "Bea"}))).await;
    renamed.json(StatusCode::OK);
    assert_eq!(reader.expect("changed").await["rankings"][0]["userName"], "Bea");
    let mut second = open(&world, "b/stream?offset=1&limit=1", None).await;
    assert_eq!(second.expect("snapshot").await["rankings"], json!([row(2, "a", 5)]));
    change_board(&world, json!({"id": board["id"], "maxParticipants": 1, "name": "Best"})).await;
    // The limit is told at once, everything else with the next heartbeat.
    for reader in [&mut reader, &mut second] {
        let mut latest = reader.next().await.unwrap();
        while latest.name == "changed" {
            latest = reader.next().await.unwrap();
        }
        assert_eq!((latest.name.as_str(), &latest.data["name"]), ("snapshot", &json!("Best")));
        assert_eq!(latest.data["maxParticipants"], 1);
    }
}
