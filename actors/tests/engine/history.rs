//! Rows of history: what is read back, and what the rules ask for once.

use std::collections::BTreeMap;

use domain::catalog::{
    AttributeDraft, AttributeKind, Filter, LeaderboardDraft, LeaderboardStatus, Patch, RankByKind,
};
use domain::leaderboard::DailyWindow;
use domain::time::Date;

use crate::world::{World, amount, user, words_written};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn date(text: &str) -> Date {
    Date::parse(text).expect("a valid date")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn days_and_awards_are_read_back_in_order() {
    let world = World::new().await;
    for value in ["10", "25", "40"] {
        world.submit("18", world.event(value)).await.expect("accepted");
        world.engine.advance_clock(world.clock.now().plus_millis(DAY_MS)).await.expect("forwards");
    }
    let (scope, id) = (world.scope(), user("18"));
    let days = world.engine.metric_days(scope, &id, world.metric, date("2026-03-02")).await;
    let days: Vec<_> =
        days.expect("readable").into_iter().map(|(day, figures)| (day, figures.total)).collect();
    assert_eq!(days, [(date("2026-03-02"), amount("35")), (date("2026-03-03"), amount("75"))]);

    let points = world.engine.points_days(scope, &id, world.system, date("2026-03-01")).await;
    let points: Vec<_> =
        points.expect("readable").into_iter().map(|(_, figures)| figures.change).collect();
    assert_eq!(points, [1, 2, 4]);

    let recorded = world.state("18").await.points[&world.system].awards;
    let awards = world.engine.recent_awards(scope, &id, world.system, recorded, 2).await;
    let totals: Vec<_> = awards.expect("readable").into_iter().map(|award| award.total).collect();
    assert_eq!(totals, [7, 3], "newest first");
    let earlier = world.engine.recent_awards(scope, &id, world.system, recorded - 1, 10).await;
    assert_eq!(earlier.expect("readable").len(), 2, "as of an earlier state");
}

// C-ACH-05
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_filter_counts_earlier_events() {
    let world = World::new().await;
    let draft = AttributeDraft {
        name: "Mode".to_owned(),
        key: "mode".to_owned(),
        kind: AttributeKind::Event,
    };
    let made = world.engine.change_catalog(world.scope(), |catalog, now| {
        catalog.create_attribute(draft, now).expect("valid").id
    });
    let mode = made.await.expect("it is made");
    for value in ["fast", "slow", "fast"] {
        let mut event = world.event("40");
        event.attributes = BTreeMap::from([(mode, value.to_owned())]);
        world.submit("18", event).await.expect("accepted");
    }
    let mut draft = words_written(world.metric, "81");
    draft.fields.event_attributes =
        Patch::Set(vec![Filter { attribute: mode, value: "fast".to_owned() }]);
    let made = world.engine.change_catalog(world.scope(), |catalog, now| {
        catalog.create_achievement(draft, now).expect("valid").id
    });
    let achievement = made.await.expect("it is made");

    let completed = |state: &domain::user::UserState| {
        state.completions.iter().any(|completion| completion.achievement == achievement)
    };
    let slow = world.submit("18", world.event("1")).await.expect("accepted");
    assert!(!completed(&slow.state));
    let mut event = world.event("1");
    event.attributes = BTreeMap::from([(mode, "fast".to_owned())]);
    let fast = world.submit("18", event).await.expect("accepted");
    assert!(completed(&fast.state), "80 earlier and 1 now");
    assert_eq!(world.engine.statistics(world.scope()).completions(achievement), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn users_without_points_hold_none() {
    let world = World::new().await;
    world.identify("idle").await.expect("accepted");
    world.submit("busy", world.event("100")).await.expect("accepted");
    let statistics = world.engine.statistics(world.scope());
    assert_eq!(statistics.users(), 2);
    assert_eq!(statistics.balances(world.system), [(10, 1)]);
    let ranges = statistics.histogram(world.system);
    assert_eq!((ranges[0].users, ranges[10].users), (1, 1));
    assert_eq!(statistics.completions(world.achievement), 1);
}

/// A board that is on from a date.
fn board(key: &str, rank_by: RankByKind, world: &World, start: &str) -> LeaderboardDraft {
    LeaderboardDraft {
        name: key.to_owned(),
        key: key.to_owned(),
        description: None,
        status: LeaderboardStatus::Active,
        rank_by,
        metric_id: (rank_by == RankByKind::Metric).then_some(world.metric),
        points_system_id: (rank_by == RankByKind::Points).then_some(world.system),
        participants_max: None,
        start: Some(date(start)),
        end: None,
        run_unit: None,
        run_interval: None,
        window: DailyWindow::default(),
        breakdown: Vec::new(),
        user_filters: Vec::new(),
    }
}

// C-LB-27 C-LB-37
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_board_that_is_switched_on_counts_earlier_rows_once() {
    let world = World::new().await;
    world.submit("18", world.event("1000")).await.expect("accepted");
    world.engine.advance_clock(world.clock.now().plus_millis(DAY_MS)).await.expect("forwards");
    for _ in 0..300 {
        world.submit("18", world.event("10")).await.expect("accepted");
    }
    let drafts = [
        board("words", RankByKind::Metric, &world, "2026-03-02"),
        board("xp", RankByKind::Points, &world, "2026-03-02"),
        board("all", RankByKind::Metric, &world, "2026-03-01"),
    ];
    let made = world.engine.change_catalog(world.scope(), |catalog, now| {
        drafts.map(|draft| catalog.create_leaderboard(draft, now).expect("valid").id)
    });
    let boards = made.await.expect("it is made");
    let values = |state: &domain::user::UserState| {
        let score = |board| state.scores.iter().find(|((own, _), _)| *own == board);
        boards.map(|board| score(board).map(|(_, score)| score.value))
    };
    let counted = ["3000", "300", "4000"].map(|value| Some(amount(value)));
    assert_eq!(values(&*world.state("18").await), counted);
    let commits = world.engine.stats().commits;
    assert_eq!(values(&*world.state("18").await), counted);
    assert_eq!(world.engine.stats().commits, commits, "it is known now");

    // Requests are numbered on after a restart, so that ties stay decided.
    let order = world.state("18").await.order;
    let world = world.restart().await;
    let later = world.submit("19", world.event("10")).await.expect("accepted");
    assert!(later.state.order > order);
    let more = world.submit("18", world.event("10")).await.expect("accepted");
    let counted = ["3010", "301", "4010"].map(|value| Some(amount(value)));
    assert_eq!(values(&more.state), counted);
}
