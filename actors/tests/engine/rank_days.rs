//! Days of runs: what is written of them and when, across midnights, crashes and the end of a run.

use std::collections::BTreeMap;

use domain::calendar::Period;
use domain::catalog::{
    Leaderboard, LeaderboardDraft, LeaderboardPatch, LeaderboardStatus, Patch, RankByKind,
};
use domain::ids::LeaderboardId;
use domain::leaderboard::{DailyWindow, RankDay, RankEvent, Ranked, RunUnit, history};
use domain::time::{Date, Timestamp};
use storage::records::decode;
use storage::{KeyRange, Kind};

use crate::world::{World, change_board, create_board, user};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

fn day(day: u32) -> Date {
    Date::from_ymd(2026, 3, day).expect("a date")
}

fn at(rank: u64, value: i64) -> Option<Ranked> {
    Some(Ranked { rank, value })
}

/// A board of words over five days from the first, on which two can stand.
fn draft(world: &World) -> LeaderboardDraft {
    LeaderboardDraft {
        name: "Words".to_owned(),
        key: "words".to_owned(),
        description: None,
        status: LeaderboardStatus::Active,
        rank_by: RankByKind::Metric,
        metric_id: Some(world.metric),
        points_system_id: None,
        participants_max: Some(2),
        start: Some(day(1)),
        end: Some(day(5)),
        run_unit: None,
        run_interval: None,
        window: DailyWindow::default(),
        breakdown: Vec::new(),
        user_filters: Vec::new(),
    }
}

async fn submit(world: &World, id: &str, value: i64) {
    world.submit(id, world.event(&value.to_string())).await.expect("accepted");
}

fn configured(world: &World, board: LeaderboardId) -> Leaderboard {
    world.engine.catalog(world.scope()).find_leaderboard(board).expect("there").clone()
}

/// What a reader sees of a user's days in the first run.
async fn seen(world: &World, board: LeaderboardId, id: &str) -> Vec<RankEvent> {
    let (engine, board) = (&world.engine, configured(world, board));
    let (scope, run) = (world.scope(), board.runs.first());
    let place = engine.place(scope, &board, run, user(id)).await.expect("readable");
    let days = engine.rank_days(scope, &board, run, user(id), &place).await;
    history(&days.expect("readable"), 100)
}

fn event(date: u32, previous: Option<Ranked>, end: Option<Ranked>) -> RankEvent {
    RankEvent { date: day(date), previous, end }
}

/// Every row of a day, as `user day rank/value changes`.
fn written(world: &World) -> Vec<String> {
    let rows = world.store.rows(KeyRange::kind(world.scope(), Kind::RankDay));
    let row = |row: Result<storage::Row, storage::Error>| {
        let (key, value) = row.expect("readable");
        let (_, _, user, date) = key.rank_day_parts().expect("a day");
        let RankDay { end, changes } = decode(&key, &value).expect("it decodes");
        let end = end.map_or("-".to_owned(), |end| format!("{}/{}", end.rank, end.value));
        format!("{user} {date} {end} {changes}")
    };
    rows.map(row).collect()
}

// C-LB-80 C-LB-81
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_change_of_a_rank_is_counted_passive_ones_included() {
    let world = World::new().await;
    create_board(&world, draft(&world)).await;
    submit(&world, "a", 10).await;
    submit(&world, "b", 5).await;
    // c never gets in, and so has no day.
    submit(&world, "c", 1).await;
    submit(&world, "b", 6).await;
    submit(&world, "a", 6).await;
    submit(&world, "a", 1).await;
    world.advance(MINUTE_MS).await;
    assert_eq!(written(&world), ["a 2026-03-01 1/17 2", "b 2026-03-01 2/11 2"]);
    // b falls out, which is a change, and returns, which isn't the first entry.
    submit(&world, "c", 20).await;
    submit(&world, "c", -21).await;
    world.advance(DAY_MS).await;
    assert_eq!(written(&world), ["a 2026-03-01 1/17 4", "b 2026-03-01 2/11 4", "c 2026-03-01 - 1"]);
}

// C-LB-43 C-LB-81
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_of_the_limit_changes_ranks() {
    let world = World::new().await;
    let board = create_board(&world, draft(&world)).await;
    for (id, value) in [("a", 3), ("b", 2), ("c", 1)] {
        submit(&world, id, value).await;
    }
    world.advance(MINUTE_MS).await;
    let limit =
        |limit| LeaderboardPatch { participants_max: Patch::Set(limit), ..Default::default() };
    change_board(&world, board, limit(1)).await;
    assert_eq!(seen(&world, board, "b").await, []);
    change_board(&world, board, limit(3)).await;
    assert_eq!(seen(&world, board, "c").await, [event(1, None, at(3, 1))]);
    // At once, though nobody asks for it on that day.
    change_board(&world, board, limit(2)).await;
    world.advance(DAY_MS).await;
    assert_eq!(written(&world), ["a 2026-03-01 1/3 0", "b 2026-03-01 2/2 2", "c 2026-03-01 - 1"]);
}

// C-LB-71 C-LB-72 C-LB-73
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_day_ends_with_what_was_before_midnight() {
    let world = World::new().await;
    let streaks = LeaderboardDraft {
        key: "streaks".to_owned(),
        rank_by: RankByKind::Streak,
        metric_id: None,
        end: None,
        ..draft(&world)
    };
    let streak = create_board(&world, streaks).await;
    submit(&world, "a", 1).await;
    // The streak of the first is lost when the second is over: at the midnight that begins the third.
    world.advance(3 * DAY_MS).await;
    let lost = seen(&world, streak, "a").await;
    assert_eq!(lost, [event(1, None, at(1, 1)), event(3, at(1, 1), None)]);
    assert_eq!(written(&world), ["a 2026-03-01 1/1 0", "a 2026-03-03 - 1"]);
}

// C-LB-70 C-LB-71 C-LB-72
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn days_lie_within_the_run() {
    let world = World::new().await;
    let daily =
        LeaderboardDraft { run_unit: Some(RunUnit::Day), run_interval: Some(1), ..draft(&world) };
    let board = create_board(&world, daily).await;
    submit(&world, "a", 5).await;
    let mut late = world.event("7");
    late.profile.time_zone = Patch::Set(domain::calendar::Zone::parse("Etc/GMT+12").expect("one"));
    world.advance(23 * HOUR_MS).await;
    world.submit("late", late).await.expect("accepted");
    assert_eq!(seen(&world, board, "a").await, [event(1, None, at(2, 5))], "live");
    world.advance(HOUR_MS).await;
    assert_eq!(seen(&world, board, "a").await, [event(1, None, at(2, 5))], "settled");
    assert_eq!(written(&world), ["a 2026-03-01 2/5 1", "late 2026-03-01 1/7 0"]);
}

// C-LB-72 C-LB-81
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crash_forgets_counts_of_a_minute_and_no_rank() {
    let world = World::new().await;
    let board = create_board(&world, draft(&world)).await;
    submit(&world, "a", 10).await;
    submit(&world, "b", 5).await;
    world.advance(HOUR_MS).await;
    for _ in 0..2 {
        submit(&world, "b", 6).await;
        submit(&world, "a", 6).await;
    }
    // c pushes a out.
    submit(&world, "c", 100).await;
    submit(&world, "b", 30).await;
    let world = world.crash().await;
    assert_eq!(seen(&world, board, "a").await, []);
    assert_eq!(seen(&world, board, "c").await, [event(1, None, at(1, 100))]);
    world.advance(MINUTE_MS).await;
    assert_eq!(
        written(&world),
        ["a 2026-03-01 - 1", "b 2026-03-01 2/47 0", "c 2026-03-01 1/100 0"]
    );
    // Nothing is left to write, now and after a clean restart.
    let rows = written(&world);
    let world = world.crash().await.restart().await;
    world.advance(MINUTE_MS).await;
    assert_eq!(written(&world), rows);
    // A server that is stopped writes what it has.
    submit(&world, "b", 54).await;
    let world = world.restart().await;
    assert_eq!(
        written(&world),
        ["a 2026-03-01 - 1", "b 2026-03-01 1/101 1", "c 2026-03-01 2/100 1"]
    );
}

// C-LB-72 C-LB-81
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_not_written_is_of_the_day_it_happened_on() {
    let mut world = World::new().await;
    let board = create_board(&world, draft(&world)).await;
    submit(&world, "a", 10).await;
    submit(&world, "b", 5).await;
    world.advance(HOUR_MS).await;
    submit(&world, "b", 6).await;
    // A crash whose successor comes two days later.
    world.clock =
        actors::clock::Clock::test(Timestamp::parse("2026-03-03T12:00:00Z").expect("valid"));
    let world = world.crash().await;
    let (a, b) = (event(1, None, at(2, 10)), event(1, None, at(1, 11)));
    assert_eq!(seen(&world, board, "a").await, [a]);
    assert_eq!(seen(&world, board, "b").await, [b]);
    submit(&world, "a", 2).await;
    let (a_later, b_later) = (event(3, at(2, 10), at(1, 12)), event(3, at(1, 11), at(2, 11)));
    assert_eq!(seen(&world, board, "a").await, [a, a_later]);
    assert_eq!(seen(&world, board, "b").await, [b, b_later]);
}

// C-LB-24 C-LB-81
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_settled_run_ends_with_its_final_ranking_also_after_a_crash() {
    let mut world = World::new().await;
    let board = create_board(&world, draft(&world)).await;
    submit(&world, "a", 10).await;
    world.advance(HOUR_MS).await;
    submit(&world, "b", 15).await;
    // The run was over before the server came back.
    world.clock =
        actors::clock::Clock::test(Timestamp::parse("2026-03-09T12:00:00Z").expect("valid"));
    let world = world.crash().await;
    world.advance(0).await;
    assert_eq!(seen(&world, board, "a").await, [event(1, None, at(2, 10))]);
    assert_eq!(written(&world), ["a 2026-03-01 2/10 1", "b 2026-03-01 1/15 0"]);
}

// C-LB-12 C-LB-72
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_board_that_is_switched_on_has_days_from_then_on() {
    let world = World::new().await;
    submit(&world, "a", 10).await;
    world.advance(DAY_MS).await;
    let board = create_board(&world, draft(&world)).await;
    assert_eq!(seen(&world, board, "a").await, [event(2, None, at(1, 10))]);
    submit(&world, "b", 11).await;
    let status = |status| LeaderboardPatch { status: Some(status), ..Default::default() };
    change_board(&world, board, status(LeaderboardStatus::Inactive)).await;
    world.advance(DAY_MS).await;
    submit(&world, "a", 5).await;
    change_board(&world, board, status(LeaderboardStatus::Active)).await;
    let a = [event(2, None, at(2, 10)), event(3, at(2, 10), at(1, 15))];
    assert_eq!(seen(&world, board, "a").await, a);
}

// C-LB-85
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_year_has_the_best_rank_of_each_board() {
    let world = World::new().await;
    let daily = LeaderboardDraft {
        key: "daily".to_owned(),
        run_unit: Some(RunUnit::Day),
        run_interval: Some(1),
        ..draft(&world)
    };
    let (whole, daily) =
        (create_board(&world, draft(&world)).await, create_board(&world, daily).await);
    submit(&world, "a", 5).await;
    world.advance(DAY_MS).await;
    submit(&world, "b", 9).await;
    submit(&world, "a", 3).await;
    submit(&world, "a", -2).await;
    world.advance(DAY_MS).await;
    let applied = world.settle("a").await.expect("the user exists");
    let wrapped = world.engine.wrapped(world.scope(), &applied, 2026).await.expect("readable");
    let best = |review: &domain::wrapped::Review| -> BTreeMap<LeaderboardId, (Date, u64, i64)> {
        let own = review.leaderboards.iter();
        own.map(|(id, best)| (*id, (best.run.start, best.ranked.rank, best.ranked.value))).collect()
    };
    // Of the year the first day, when a was alone; of the second, with the most events, second.
    let year = BTreeMap::from([(whole, (day(1), 1, 5)), (daily, (day(1), 1, 5))]);
    assert_eq!(best(&wrapped.year), year);
    assert_eq!(wrapped.day.dates, Period { start: day(2), end: day(2) });
    let second = BTreeMap::from([(whole, (day(1), 2, 6)), (daily, (day(2), 2, 1))]);
    assert_eq!(best(&wrapped.day), second);
    let other = world.settle("b").await.expect("the user exists");
    let wrapped = world.engine.wrapped(world.scope(), &other, 2025).await.expect("readable");
    assert_eq!(best(&wrapped.year), BTreeMap::new());
}
