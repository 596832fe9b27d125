//! What webhooks are told of leaderboards: runs that begin and end, rankings and ranks that change.

use std::collections::BTreeMap;

use domain::calendar::Zone;
use domain::catalog::{
    AttributeDraft, AttributeKind, LeaderboardDraft, LeaderboardPatch, LeaderboardStatus, Patch,
    RankByKind,
};
use domain::ids::{AttributeId, LeaderboardId};
use domain::leaderboard::{DailyWindow, RunUnit};
use domain::time::{Date, Timestamp};
use domain::user::{Command, Existing, ProfilePatch};
use domain::webhook::WebhookEvent;
use storage::{KeyRange, Kind};

use crate::world::{World, change_board, create_board, event_of, set_active, subscribe, user};

const ALL: [WebhookEvent; 4] = [
    WebhookEvent::LeaderboardStarted,
    WebhookEvent::LeaderboardChanged,
    WebhookEvent::LeaderboardFinished,
    WebhookEvent::LeaderboardRankChanged,
];
const CHANGES: [WebhookEvent; 2] =
    [WebhookEvent::LeaderboardChanged, WebhookEvent::LeaderboardRankChanged];
const OCCASIONS: [WebhookEvent; 2] =
    [WebhookEvent::LeaderboardStarted, WebhookEvent::LeaderboardFinished];

fn date(text: &str) -> Date {
    Date::parse(text).expect("a date")
}

/// A weekly board of words from 2026-03-02 on.
fn weekly(world: &World) -> LeaderboardDraft {
    LeaderboardDraft {
        name: "Words".to_owned(),
        key: "words".to_owned(),
        description: None,
        status: LeaderboardStatus::Scheduled,
        rank_by: RankByKind::Metric,
        metric_id: Some(world.metric),
        points_system_id: None,
        participants_max: None,
        start: Some(date("2026-03-02")),
        end: None,
        run_unit: Some(RunUnit::Day),
        run_interval: Some(7),
        window: DailyWindow::default(),
        breakdown: Vec::new(),
        user_filters: Vec::new(),
    }
}

async fn set_status(world: &World, board: LeaderboardId, status: LeaderboardStatus) {
    let status = Some(status);
    change_board(world, board, LeaderboardPatch { status, ..LeaderboardPatch::default() }).await;
}

async fn until(world: &World, at: &str) {
    let at = Timestamp::parse(at).expect("an instant");
    world.engine.advance_clock(at).await.expect("forwards");
}

async fn add(world: &World, who: &str, value: &str) {
    world.submit(who, event_of(world.metric, value)).await.expect("accepted");
}

/// What was told since the last time, with the time of day, once everything due now is.
async fn told(world: &World, seen: &mut usize) -> Vec<String> {
    let now = world.engine.now();
    world.engine.advance_clock(now).await.expect("it is now");
    let posts = world.receiver.posts();
    let new = posts[*seen..].iter().map(|post| post.payload.clone()).collect();
    *seen = posts.len();
    new
}

async fn w7() -> World {
    let world = World::new().await;
    create_board(&world, weekly(&world)).await;
    subscribe(&world, &CHANGES).await;
    until(&world, "2026-03-02T10:00:00Z").await;
    world
}

// C-WH-43 C-WH-44 C-WH-45 C-WH-46, worked example W7
#[tokio::test]
async fn changes_are_told_at_once_and_then_at_most_once_in_fifteen_minutes() {
    let mut world = w7().await;
    let mut seen = 0;
    add(&world, "ann", "10").await;
    let now = told(&world, &mut seen).await;
    assert_eq!(now, ["2026-03-02 changed active <> [ann 10]", "2026-03-02 ann - -> 1 (10)"]);
    until(&world, "2026-03-02T10:05:00Z").await;
    add(&world, "bob", "20").await;
    assert_eq!(told(&world, &mut seen).await, ["2026-03-02 bob - -> 1 (20)"]);
    // A restart and a crash in mid-window change nothing.
    world = world.restart().await;
    until(&world, "2026-03-02T10:14:59Z").await;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
    world = world.crash().await;
    until(&world, "2026-03-02T10:15:00Z").await;
    assert_eq!(
        told(&world, &mut seen).await,
        ["2026-03-02 changed active <> [bob 20, ann 10]", "2026-03-02 ann 1 (10) -> 2 (10)"]
    );
    until(&world, "2026-03-02T10:20:00Z").await;
    add(&world, "ann", "5").await;
    until(&world, "2026-03-02T10:25:00Z").await;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
    add(&world, "ann", "10").await;
    assert_eq!(told(&world, &mut seen).await, ["2026-03-02 bob 1 (20) -> 2 (20)"]);
    until(&world, "2026-03-02T10:30:00Z").await;
    assert_eq!(
        told(&world, &mut seen).await,
        ["2026-03-02 changed active <> [ann 25, bob 20]", "2026-03-02 ann 2 (10) -> 1 (25)"]
    );
    until(&world, "2026-03-03T12:00:00Z").await;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
    add(&world, "bob", "1").await;
    assert_eq!(told(&world, &mut seen).await, ["2026-03-02 changed active <> [ann 25, bob 21]"]);
}

// C-WH-44: what is as it was when the window ends is not told.
#[tokio::test]
async fn what_changes_back_within_a_window_is_not_told() {
    let world = w7().await;
    let mut seen = 0;
    for (who, value) in [("ann", "10"), ("bob", "5")] {
        add(&world, who, value).await;
        until(&world, &world.engine.now().plus_millis(960_000).to_string()).await;
    }
    seen += told(&world, &mut seen).await.len();
    let before = world.receiver.posts().len();
    add(&world, "bob", "10").await;
    add(&world, "bob", "-10").await;
    until(&world, "2026-03-02T12:00:00Z").await;
    let told: Vec<String> = world.receiver.bodies().split_off(before);
    // Both sides of the swap, and the way back of whoever was told of it.
    assert_eq!(
        told,
        [
            "2026-03-02 changed active <> [bob 15, ann 10]",
            "2026-03-02 ann 1 (10) -> 2 (10)",
            "2026-03-02 bob 2 (5) -> 1 (15)",
            "2026-03-02 changed active <> [ann 10, bob 5]",
            "2026-03-02 ann 2 (10) -> 1 (10)",
            "2026-03-02 bob 1 (15) -> 2 (5)",
        ]
    );
    let _ = seen;
    let before = world.receiver.posts().len();
    add(&world, "ann", "1").await;
    add(&world, "bob", "10").await;
    add(&world, "bob", "-10").await;
    add(&world, "ann", "-1").await;
    until(&world, "2026-03-02T13:00:00Z").await;
    let changed: Vec<String> = world.receiver.bodies().split_off(before);
    assert_eq!(changed.iter().filter(|told| told.contains("changed")).count(), 2, "{changed:?}");
}

// C-WH-46: entering, being pushed out and leaving.
#[tokio::test]
async fn those_who_are_pushed_out_and_those_who_leave_are_told() {
    let world = World::new().await;
    create_board(&world, LeaderboardDraft { participants_max: Some(2), ..weekly(&world) }).await;
    subscribe(&world, &[WebhookEvent::LeaderboardRankChanged]).await;
    until(&world, "2026-03-02T10:00:00Z").await;
    for (who, value) in [("a", "10"), ("b", "5")] {
        add(&world, who, value).await;
    }
    until(&world, "2026-03-02T11:00:00Z").await;
    let mut seen = 0;
    told(&world, &mut seen).await;
    add(&world, "c", "7").await;
    assert_eq!(
        told(&world, &mut seen).await,
        ["2026-03-02 b 2 (5) -> -", "2026-03-02 c - -> 2 (7)"]
    );
    until(&world, "2026-03-02T12:00:00Z").await;
    add(&world, "a", "-10").await;
    assert_eq!(
        told(&world, &mut seen).await,
        ["2026-03-02 c 2 (7) -> 1 (7)", "2026-03-02 b - -> 2 (5)", "2026-03-02 a 1 (10) -> -"]
    );
}

// C-WH-05: who begins to listen is told of nothing from before; what comes next is told against how it
// stood then, also after a crash.
#[tokio::test]
async fn a_new_subscriber_is_told_of_changes_only() {
    let mut world = World::new().await;
    create_board(&world, weekly(&world)).await;
    until(&world, "2026-03-02T10:00:00Z").await;
    for (who, value) in [("a", "10"), ("b", "5"), ("c", "1")] {
        add(&world, who, value).await;
    }
    let webhook = subscribe(&world, &CHANGES).await;
    let mut seen = 0;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
    world = world.crash().await;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
    add(&world, "b", "6").await;
    assert_eq!(
        told(&world, &mut seen).await,
        [
            "2026-03-02 changed active <> [b 11, a 10, c 1]",
            "2026-03-02 a 1 (10) -> 2 (10)",
            "2026-03-02 b 2 (5) -> 1 (11)",
        ]
    );
    // Nothing from the time in which nobody listened.
    set_active(&world, webhook, false).await;
    until(&world, "2026-03-02T11:00:00Z").await;
    assert_eq!(kept(&world), 0);
    add(&world, "c", "30").await;
    set_active(&world, webhook, true).await;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
    add(&world, "a", "5").await;
    assert_eq!(
        told(&world, &mut seen).await,
        [
            "2026-03-02 changed active <> [c 31, a 15, b 11]",
            "2026-03-02 b 2 (11) -> 3 (11)",
            "2026-03-02 a 3 (10) -> 2 (15)",
        ]
    );
}

/// How many rows there are of what was told of groups and ranks.
fn kept(world: &World) -> usize {
    let rows = |kind| world.store.rows(KeyRange::kind(world.scope(), kind)).count();
    [Kind::ListenedBoard, Kind::ToldGroup, Kind::ToldRank].map(rows).iter().sum()
}

// C-WH-19: what was committed and not told when the engine ended is told by the next one.
#[tokio::test]
async fn a_crash_between_a_change_and_its_telling_loses_nothing() {
    let mut world = w7().await;
    add(&world, "ann", "10").await;
    let mut seen = 0;
    told(&world, &mut seen).await;
    until(&world, "2026-03-02T11:00:00Z").await;
    // Scores change while nobody is there to tell: as if the engine died right after each commit.
    let webhooks: Vec<_> = rows_of_telling(&world);
    add(&world, "bob", "20").await;
    told(&world, &mut seen).await;
    world = take_back(world, webhooks).await;
    assert_eq!(
        told(&world, &mut seen).await,
        [
            "2026-03-02 changed active <> [bob 20, ann 10]",
            "2026-03-02 bob - -> 1 (20)",
            "2026-03-02 ann 1 (10) -> 2 (10)",
        ]
    );
}

const TELLING: [Kind; 3] = [Kind::ListenedBoard, Kind::ToldGroup, Kind::ToldRank];

fn rows_of_telling(world: &World) -> Vec<storage::Row> {
    let rows = |kind| world.store.rows(KeyRange::kind(world.scope(), kind));
    TELLING.into_iter().flat_map(rows).collect::<Result<_, _>>().expect("readable")
}

/// Ends the engine and puts the rows of what was told back to what they were.
async fn take_back(world: World, rows: Vec<storage::Row>) -> World {
    let now = rows_of_telling(&world);
    let board = world.engine.catalog(world.scope()).leaderboards[0].id;
    let shard = storage::ShardId::of_board(world.scope(), board, world.store.shards());
    let gone = now.into_iter().map(|(key, _)| storage::Op::Delete { key });
    let back = rows.into_iter().map(|(key, value)| storage::Op::put(key, value));
    let ops = gone.chain(back).collect();
    world.store.commit(storage::Batch { shard, ops }).await.expect("commits");
    world.crash().await
}

// C-WH-47
#[tokio::test]
async fn what_is_held_of_an_older_run_gives_way_to_a_newer_one_and_else_is_told_when_it_is_final() {
    let world = World::new().await;
    let daily = LeaderboardDraft { run_interval: Some(1), ..weekly(&world) };
    create_board(&world, daily).await;
    subscribe(&world, &CHANGES).await;
    until(&world, "2026-03-03T11:50:00Z").await;
    // ann is still in the run of the second, bob already in that of the third.
    in_zone(&world, "ann", "Etc/GMT+12").await;
    in_zone(&world, "bob", "Etc/GMT+12").await;
    add(&world, "ann", "10").await;
    until(&world, "2026-03-03T11:55:00Z").await;
    add(&world, "bob", "20").await;
    let mut seen = 0;
    assert_eq!(
        told(&world, &mut seen).await,
        [
            "2026-03-02 changed active <> [ann 10]",
            "2026-03-02 ann - -> 1 (10)",
            "2026-03-02 bob - -> 1 (20)",
        ]
    );
    // For ann the next day has begun and something happens in it; bob is left as he was.
    until(&world, "2026-03-03T12:01:00Z").await;
    add(&world, "ann", "3").await;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
    until(&world, "2026-03-03T12:30:00Z").await;
    assert_eq!(
        told(&world, &mut seen).await,
        [
            "2026-03-02 changed active <> [bob 20, ann 10]",
            "2026-03-03 ann - -> 1 (3)",
            "2026-03-03 changed active <> [ann 3]",
        ]
    );
}

// C-WH-47: held at the end, told with the final state, and then forgotten.
#[tokio::test]
async fn what_is_held_when_a_run_becomes_final_is_told_with_its_final_state() {
    let mut world = World::new().await;
    let daily = LeaderboardDraft { run_interval: Some(1), ..weekly(&world) };
    create_board(&world, LeaderboardDraft { end: Some(date("2026-03-02")), ..daily }).await;
    subscribe(&world, &ALL).await;
    until(&world, "2026-03-03T11:50:00Z").await;
    let mut seen = 0;
    told(&world, &mut seen).await;
    for who in ["ann", "bob"] {
        in_zone(&world, who, "Etc/GMT+12").await;
    }
    add(&world, "ann", "10").await;
    add(&world, "bob", "20").await;
    world = world.restart().await;
    until(&world, "2026-03-03T12:04:59Z").await;
    told(&world, &mut seen).await;
    world = world.crash().await;
    until(&world, "2026-03-03T12:05:00Z").await;
    assert_eq!(
        told(&world, &mut seen).await,
        ["2026-03-02 changed finished <> [bob 20, ann 10]", "2026-03-02 ann 1 (10) -> 2 (10)"]
    );
    until(&world, "2026-03-03T13:00:00Z").await;
    assert_eq!(told(&world, &mut seen).await, ["2026-03-02 finished finished <> [bob 20, ann 10]"]);
    assert_eq!(kept(&world), 2, "only that the board is listened to");
}

// C-ADM-72
#[tokio::test]
async fn what_is_held_of_a_deleted_board_is_dropped() {
    let world = w7().await;
    add(&world, "ann", "10").await;
    add(&world, "bob", "20").await;
    let mut seen = 0;
    told(&world, &mut seen).await;
    let deleted = world.engine.change_catalog(world.scope(), |catalog, now| {
        let board = catalog.leaderboards[0].id;
        catalog.delete_leaderboard(board, now)
    });
    deleted.await.expect("made").expect("there");
    until(&world, "2026-03-20T00:00:00Z").await;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
    assert_eq!(kept(&world), 0);
}

// C-WH-44: each group is a ranking of its own. W4.
#[tokio::test]
async fn groups_have_windows_of_their_own() {
    let world = World::new().await;
    subscribe(&world, &ALL).await;
    let city = AttributeDraft {
        name: "City".to_owned(),
        key: "city".to_owned(),
        kind: AttributeKind::User,
    };
    let city = world.engine.change_catalog(world.scope(), |catalog, now| {
        catalog.create_attribute(city, now).expect("valid").id
    });
    let city = city.await.expect("made");
    let end = Some(date("2026-03-02"));
    let split =
        LeaderboardDraft { breakdown: vec![city], end, run_interval: Some(1), ..weekly(&world) };
    create_board(&world, LeaderboardDraft { participants_max: Some(2), ..split }).await;
    until(&world, "2026-03-02T08:00:00Z").await;
    let mut seen = 0;
    assert_eq!(told(&world, &mut seen).await, ["2026-03-02 started active <all> []"]);
    for (who, town, value) in [
        ("p1", "London", "30"),
        ("p2", "London", "20"),
        ("p3", "Paris", "25"),
        ("p5", "Paris", "10"),
    ] {
        in_city(&world, who, city, town).await;
        add(&world, who, value).await;
    }
    assert_eq!(
        told(&world, &mut seen).await,
        [
            "2026-03-02 changed active <London> [p1 30]",
            "2026-03-02 p1 - -> 1 (30)",
            "2026-03-02 p2 - -> 2 (20)",
            "2026-03-02 changed active <Paris> [p3 25]",
            "2026-03-02 p3 - -> 1 (25)",
            "2026-03-02 p5 - -> 2 (10)",
        ]
    );
    until(&world, "2026-03-02T09:00:00Z").await;
    told(&world, &mut seen).await;
    in_city(&world, "p1", city, "Paris").await;
    assert_eq!(
        told(&world, &mut seen).await,
        [
            "2026-03-02 changed active <London> [p2 20]",
            "2026-03-02 changed active <Paris> [p1 30, p3 25]",
            "2026-03-02 p2 2 (20) -> 1 (20)",
            "2026-03-02 p3 1 (25) -> 2 (25)",
            "2026-03-02 p5 2 (10) -> -",
        ]
    );
    // C-WH-42
    until(&world, "2026-03-03T13:00:00Z").await;
    assert_eq!(
        told(&world, &mut seen).await,
        [
            "2026-03-02 finished finished <London> [p2 20]",
            "2026-03-02 finished finished <Paris> [p1 30, p3 25]",
        ]
    );
}

// C-LB-08 C-WH-37 C-WH-39 C-WH-41, worked example W5
#[tokio::test]
async fn every_run_is_told_to_begin_and_to_end() {
    let mut world = World::new().await;
    // 2026-03-01T12:00: two hours after the first start.
    create_board(
        &world,
        LeaderboardDraft {
            start: Some(date("2026-03-09")),
            end: Some(date("2026-04-01")),
            ..weekly(&world)
        },
    )
    .await;
    subscribe(&world, &OCCASIONS).await;
    let mut seen = 0;
    for (at, expected) in [
        ("2026-03-08T09:59:59Z", None),
        ("2026-03-08T10:00:00Z", Some("2026-03-09 started active <all> []")),
        ("2026-03-15T09:59:59Z", None),
        ("2026-03-15T10:00:00Z", Some("2026-03-16 started active <all> []")),
        ("2026-03-16T12:59:59Z", None),
        ("2026-03-16T13:00:00Z", Some("2026-03-09 finished active <> [ann 7]")),
        ("2026-03-22T10:00:00Z", Some("2026-03-23 started active <all> []")),
        ("2026-03-23T13:00:00Z", Some("2026-03-16 finished active <all> []")),
        ("2026-03-29T10:00:00Z", Some("2026-03-30 started active <all> []")),
        ("2026-03-30T13:00:00Z", Some("2026-03-23 finished active <all> []")),
        ("2026-04-02T13:00:00Z", Some("2026-03-30 finished finished <all> []")),
        ("2026-05-01T00:00:00Z", None),
    ] {
        until(&world, at).await;
        if at.starts_with("2026-03-15T09") {
            add(&world, "ann", "7").await;
        }
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(told(&world, &mut seen).await, expected, "{at}");
        world = world.restart().await;
        assert_eq!(told(&world, &mut seen).await, [""; 0], "{at}");
    }
}

// C-WH-51: what fell due while nobody was there is told on recovery, once.
#[tokio::test]
async fn what_begins_and_ends_during_downtime_is_told_once_afterwards() {
    let mut world = World::new().await;
    subscribe(&world, &OCCASIONS).await;
    create_board(&world, LeaderboardDraft { end: Some(date("2026-03-15")), ..weekly(&world) })
        .await;
    let mut seen = 0;
    assert_eq!(told(&world, &mut seen).await, ["2026-03-02 started active <all> []"]);
    world = world.away_for(30 * 24 * 3_600_000).await;
    assert_eq!(
        told(&world, &mut seen).await,
        [
            "2026-03-09 started active <all> []",
            "2026-03-02 finished active <all> []",
            "2026-03-09 finished finished <all> []",
        ]
    );
    world = world.crash().await;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
}

// C-WH-05: without a subscriber they are over, whoever subscribes later.
#[tokio::test]
async fn later_subscribers_are_not_told_of_runs_from_before() {
    let mut world = World::new().await;
    create_board(&world, LeaderboardDraft { end: Some(date("2026-03-08")), ..weekly(&world) })
        .await;
    until(&world, "2026-03-09T13:00:00Z").await;
    subscribe(&world, &ALL).await;
    let mut seen = 0;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
    world = world.crash().await;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
}

// C-LB-11: manual finish tells at once; C-LB-12: what became final while the board was off is not told.
#[tokio::test]
async fn finishing_by_hand_tells_at_once_and_being_off_tells_nothing() {
    let world = World::new().await;
    let board = create_board(&world, weekly(&world)).await;
    subscribe(&world, &OCCASIONS).await;
    until(&world, "2026-03-04T00:00:00Z").await;
    let mut seen = 0;
    told(&world, &mut seen).await;
    set_status(&world, board, LeaderboardStatus::Inactive).await;
    until(&world, "2026-03-20T00:00:00Z").await;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
    // C-WH-38: the current run, whose start has passed.
    add(&world, "ann", "7").await;
    set_status(&world, board, LeaderboardStatus::Active).await;
    assert_eq!(told(&world, &mut seen).await, ["2026-03-16 started active <all> [ann 7]"]);
    set_status(&world, board, LeaderboardStatus::Finished).await;
    assert_eq!(told(&world, &mut seen).await, ["2026-03-16 finished finished <> [ann 7]"]);
    until(&world, "2026-05-01T00:00:00Z").await;
    assert_eq!(told(&world, &mut seen).await, [""; 0]);
}

// C-LB-11: a board that is finished before it begins tells nothing.
#[tokio::test]
async fn finishing_a_scheduled_board_tells_nothing() {
    let world = World::new().await;
    let board = create_board(
        &world,
        LeaderboardDraft { start: Some(date("2026-03-09")), ..weekly(&world) },
    )
    .await;
    subscribe(&world, &ALL).await;
    set_status(&world, board, LeaderboardStatus::Finished).await;
    until(&world, "2026-04-01T00:00:00Z").await;
    assert!(world.receiver.posts().is_empty());
}

// C-LB-43 C-WH-45: a smaller limit pushes out.
#[tokio::test]
async fn another_limit_is_a_change() {
    let world = World::new().await;
    let board = create_board(&world, weekly(&world)).await;
    subscribe(&world, &CHANGES).await;
    until(&world, "2026-03-02T10:00:00Z").await;
    add(&world, "a", "10").await;
    add(&world, "b", "5").await;
    until(&world, "2026-03-02T11:00:00Z").await;
    let mut seen = 0;
    told(&world, &mut seen).await;
    let participants_max = Patch::Set(1);
    change_board(
        &world,
        board,
        LeaderboardPatch { participants_max, ..LeaderboardPatch::default() },
    )
    .await;
    assert_eq!(
        told(&world, &mut seen).await,
        ["2026-03-02 changed active <> [a 10]", "2026-03-02 b 2 (5) -> -"]
    );
}

// A batch is bounded, and every one of many who move is told.
#[tokio::test]
async fn everyone_who_is_overtaken_is_told() {
    let world = w7().await;
    for number in 0..250 {
        add(&world, &format!("u{number:03}"), &(1_000 - number).to_string()).await;
    }
    until(&world, "2026-03-02T12:00:00Z").await;
    let mut seen = 0;
    told(&world, &mut seen).await;
    add(&world, "top", "5000").await;
    let told = told(&world, &mut seen).await;
    assert_eq!(told.len(), 1 + 251);
    assert_eq!(told[0].matches(", ").count(), 9, "the first ten: {}", told[0]);
    assert_eq!(told[1], "2026-03-02 u000 1 (1000) -> 2 (1000)");
    assert_eq!(told[251], "2026-03-02 top - -> 1 (5000)");
}

async fn in_zone(world: &World, who: &str, zone: &str) {
    let time_zone = Patch::Set(Zone::parse(zone).expect("a zone"));
    identify(world, who, ProfilePatch { time_zone, ..ProfilePatch::default() }).await;
}

async fn in_city(world: &World, who: &str, city: AttributeId, value: &str) {
    let attributes = BTreeMap::from([(city, Some(value.to_owned()))]);
    identify(world, who, ProfilePatch { attributes, ..ProfilePatch::default() }).await;
}

async fn identify(world: &World, who: &str, profile: ProfilePatch) {
    let command = Command::Identify { profile, existing: Existing::Optional };
    let catalog = world.engine.catalog(world.scope());
    world.engine.run(world.scope(), user(who), catalog, command).await.expect("accepted");
}
