//! Scores on leaderboards: what counts in which run, who stands before whom, in which group.

use domain::amount::Amount;
use domain::calendar::Frequency;
use domain::catalog::{
    AttributeKind, LeaderboardPatch, LeaderboardStatus, Patch, StreakSettingsPatch,
};
use domain::ids::AttributeId;
use domain::leaderboard::RunUnit;
use domain::user::{Command, ProfilePatch, RestoreMode};

use crate::support::{Board, Event, NONE, Trig, World, amount, at, date, tz};

const BEFORE: &str = "2026-02-26T12:00:00Z";

fn attribute(id: AttributeId, value: Option<&str>) -> ProfilePatch {
    let attributes = [(id, value.map(str::to_owned))].into();
    ProfilePatch { attributes, ..ProfilePatch::default() }
}

// W1, C-LB-08 C-LB-19 C-LB-20 C-LB-21
#[test]
fn a_daily_board_over_three_time_zones() {
    let mut world = World::new();
    let words = world.metric("words");
    let board = Board::metric(words).start("2026-03-02").every(1, RunUnit::Day);
    let board = world.board(BEFORE, board.status(LeaderboardStatus::Scheduled));
    let mut event = |now: &str, user: &str, zone: &str, value: &str| {
        world.event(now, user, Event::of(words, value).user(tz(zone)));
        (world.ranked(board, "2026-03-02"), world.ranked(board, "2026-03-03"))
    };
    let (kiri, uma, lara) = ("Pacific/Kiritimati", "UTC", "America/Los_Angeles");
    assert_eq!(event("2026-03-01T09:59:59Z", "kiri", kiri, "5").0, NONE);
    assert_eq!(event("2026-03-01T10:00:00Z", "kiri", kiri, "7").0, ["kiri 7"]);
    assert_eq!(event("2026-03-02T00:00:00Z", "uma", uma, "9").0, ["uma 9", "kiri 7"]);
    assert_eq!(event("2026-03-02T10:00:00Z", "kiri", kiri, "1").1, ["kiri 1"]);
    assert_eq!(event("2026-03-03T07:59:59Z", "lara", lara, "20").0, ["lara 20", "uma 9", "kiri 7"]);
    let (first, second) = event("2026-03-03T08:00:00Z", "lara", lara, "3");
    assert_eq!(first, ["lara 20", "uma 9", "kiri 7"]);
    assert_eq!(second, ["lara 3", "kiri 1"]);
    let status = |now: &str| world.catalog.find_leaderboard(board).expect("live").status(at(now));
    assert_eq!(status("2026-03-01T09:59:59Z"), LeaderboardStatus::Scheduled);
    assert_eq!(status("2026-03-01T10:00:00Z"), LeaderboardStatus::Active);
}

// W2 C-LB-31
#[test]
fn who_falls_to_zero_takes_no_part() {
    let mut world = World::new();
    let words = world.metric("words");
    let board = Board::metric(words).start("2026-03-02").every(1, RunUnit::Day);
    let board = world.board("2026-03-02T08:00:00Z", board);
    for (minute, user, value) in [
        (0, "A", "10"),
        (1, "B", "8"),
        (2, "C", "5"),
        (3, "D", "5"),
        (4, "D", "1"),
        (5, "E", "3"),
        (6, "B", "-4"),
        (7, "A", "-10"),
        (8, "E", "4"),
    ] {
        world.event(&format!("2026-03-02T09:0{minute}:00Z"), user, Event::of(words, value));
    }
    assert_eq!(world.ranked(board, "2026-03-02"), ["E 7", "D 6", "C 5", "B 4"]);
    world.event("2026-03-02T09:09:00Z", "A", Event::of(words, "4"));
    assert_eq!(world.ranked(board, "2026-03-02"), ["E 7", "D 6", "C 5", "B 4", "A 4"]);
}

// W3 C-LB-33 C-LB-37 C-LB-38
#[test]
fn ties_go_to_who_was_there_first() {
    let mut world = World::new();
    let words = world.metric("words");
    let board = world.board("2026-03-02T08:00:00Z", Board::metric(words).start("2026-03-02"));
    let mut event = |now: &str, user: &str, value: &str| {
        world.event(&format!("2026-03-02T{now}:00Z"), user, Event::of(words, value));
        world.ranked(board, "2026-03-02")
    };
    event("10:00", "ann", "10");
    assert_eq!(event("10:05", "bob", "10"), ["ann 10", "bob 10"]);
    assert_eq!(event("10:06", "cat", "10.5"), ["cat 10.5", "ann 10", "bob 10"]);
    assert_eq!(event("10:10", "ann", "5"), ["ann 15", "cat 10.5", "bob 10"]);
    assert_eq!(event("10:12", "ann", "-5"), ["cat 10.5", "bob 10", "ann 10"]);
    // In one instant the first request wins, and an event without a value is none.
    assert_eq!(event("10:12", "aaa", "10"), ["cat 10.5", "bob 10", "ann 10", "aaa 10"]);
    assert_eq!(event("10:20", "bob", "0"), ["cat 10.5", "bob 10", "ann 10", "aaa 10"]);
}

// W4 C-LB-45 C-LB-46 C-LB-47 C-LB-49
#[test]
fn groups_follow_the_users_attributes() {
    let mut world = World::new();
    let words = world.metric("words");
    let city = world.attribute(AttributeKind::User, "city");
    let board = Board::metric(words).start("2026-03-02").every(1, RunUnit::Day).split_by(city);
    let board = world.board("2026-03-02T07:00:00Z", board);
    for (minute, user, home, value) in [
        (0, "p1", Some("London"), "30"),
        (1, "p2", Some("London"), "20"),
        (2, "p3", Some("Paris"), "25"),
        (3, "p5", Some("Paris"), "10"),
        (4, "p4", None, "99"),
    ] {
        let event = Event::of(words, value).user(attribute(city, home));
        world.event(&format!("2026-03-02T08:0{minute}:00Z"), user, event);
    }
    let of = |world: &World, home: &str| world.ranked_in(board, "2026-03-02", &[home]);
    assert_eq!(of(&world, "London"), ["p1 30", "p2 20"]);
    assert_eq!(of(&world, "Paris"), ["p3 25", "p5 10"]);
    let moves = |world: &mut World, now: &str, user: &str, home: Option<&str>| {
        world.identify(now, user, attribute(city, home)).expect("allowed");
    };
    moves(&mut world, "2026-03-02T08:10:00Z", "p1", Some("Paris"));
    assert_eq!(of(&world, "London"), ["p2 20"]);
    assert_eq!(of(&world, "Paris"), ["p1 30", "p3 25", "p5 10"]);
    moves(&mut world, "2026-03-02T08:11:00Z", "p4", Some("London"));
    assert_eq!(of(&world, "London"), ["p4 99", "p2 20"]);
    moves(&mut world, "2026-03-02T08:12:00Z", "p4", None);
    assert_eq!(of(&world, "London"), ["p2 20"]);
    moves(&mut world, "2026-03-03T11:59:59Z", "p4", Some("london"));
    assert_eq!(of(&world, "london"), ["p4 99"]);
    // What is finalised doesn't move any more.
    moves(&mut world, "2026-03-03T12:00:00Z", "p4", Some("Rome"));
    assert_eq!(of(&world, "london"), ["p4 99"]);
}

// C-LB-48 C-LB-49
#[test]
fn who_is_not_eligible_keeps_their_score() {
    let mut world = World::new();
    let words = world.metric("words");
    let plan = world.attribute(AttributeKind::User, "plan");
    let board = Board::metric(words).start("2026-03-02").if_user(plan, "pro");
    let board = world.board("2026-03-02T07:00:00Z", board);
    world.event("2026-03-02T08:00:00Z", "u", Event::of(words, "5"));
    assert_eq!(world.ranked(board, "2026-03-02"), NONE);
    world.identify("2026-03-02T09:00:00Z", "u", attribute(plan, Some("pro"))).expect("allowed");
    assert_eq!(world.ranked(board, "2026-03-02"), ["u 5"]);
    world.identify("2026-03-02T10:00:00Z", "u", attribute(plan, None)).expect("allowed");
    assert_eq!(world.ranked(board, "2026-03-02"), NONE);
}

// W6 C-LB-23 C-LB-55 C-LB-58
#[test]
fn a_window_of_office_hours_by_everyones_own_clock() {
    let mut world = World::new();
    let words = world.metric("words");
    let board = Board::metric(words).start("2026-03-02").every(1, RunUnit::Day);
    let board = world.board("2026-03-02T00:00:00Z", board.between("09:00", "17:00"));
    for (now, user, zone, value) in [
        ("00:00:00", "tok", "Asia/Tokyo", "5"),
        ("08:00:00", "tok", "Asia/Tokyo", "50"),
        ("08:59:59", "lon", "Europe/London", "4"),
        ("09:00:00", "lon", "Europe/London", "4"),
        ("16:59:59", "lon", "Europe/London", "2"),
        ("17:00:00", "lon", "Europe/London", "50"),
    ] {
        let event = Event::of(words, value).user(tz(zone));
        world.event(&format!("2026-03-02T{now}Z"), user, event);
    }
    assert_eq!(world.ranked(board, "2026-03-02"), ["lon 6", "tok 5"]);
}

// C-LB-22 C-LB-29 C-LB-32 C-LB-35
#[test]
fn a_points_board_counts_what_balances_really_gained() {
    let mut world = World::new();
    let words = world.metric("words");
    let xp = world.system("xp", Some(25), &[]);
    world.trigger(xp, "word", Trig::metric(words, 1, 10));
    world.trigger(xp, "hello", Trig::creation(3));
    let board = Board::points(xp).start("2026-03-02").every(1, RunUnit::Day);
    let board = world.board("2026-03-02T00:00:00Z", board);
    world.event("2026-03-02T09:00:00Z", "u", Event::of(words, "1").key("k"));
    assert_eq!(world.ranked(board, "2026-03-02"), ["u 13"]);
    world.event("2026-03-02T09:00:01Z", "u", Event::of(words, "1").key("k"));
    assert_eq!(world.ranked(board, "2026-03-02"), ["u 13"]);
    world.event("2026-03-02T09:00:02Z", "u", Event::of(words, "7"));
    assert_eq!(world.ranked(board, "2026-03-02"), ["u 25"]);
}

// C-LB-12 C-LB-27
#[test]
fn a_board_that_is_switched_on_counts_what_was_stored() {
    let mut world = World::new();
    let words = world.metric("words");
    world.event("2026-02-28T09:00:00Z", "u", Event::of(words, "100"));
    for day in 1..=4 {
        world.event(&format!("2026-03-0{day}T09:00:00Z"), "u", Event::of(words, "2"));
    }
    world.event("2026-03-04T09:00:00Z", "v", Event::of(words, "4"));
    let daily = Board::metric(words).start("2026-03-01").every(1, RunUnit::Day);
    let daily = world.board("2026-03-04T10:00:00Z", daily);
    let board = Board::metric(words).key("all").start("2026-03-01");
    let perpetual = world.board("2026-03-04T10:00:00Z", board);
    world.read("2026-03-04T11:00:00Z", "u");
    world.read("2026-03-04T11:00:00Z", "v");
    assert_eq!(world.ranked(perpetual, "2026-03-01"), ["u 8", "v 4"]);
    // Runs that were over by then stay empty.
    assert_eq!(world.ranked(daily, "2026-03-02"), NONE);
    assert_eq!(world.ranked(daily, "2026-03-04"), ["v 4", "u 2"]);
    let off = |world: &mut World, now: &str| {
        world.switch_board(now, perpetual, LeaderboardStatus::Inactive);
    };
    off(&mut world, "2026-03-04T12:00:00Z");
    world.event("2026-03-04T13:00:00Z", "v", Event::of(words, "10"));
    assert_eq!(world.ranked(perpetual, "2026-03-01"), ["u 8", "v 4"]);
    world.switch_board("2026-03-04T14:00:00Z", perpetual, LeaderboardStatus::Active);
    world.event("2026-03-04T15:00:00Z", "v", Event::of(words, "1"));
    assert_eq!(world.ranked(perpetual, "2026-03-01"), ["v 15", "u 8"]);
    // Another start makes another run; the scores of the old one are gone.
    off(&mut world, "2026-03-04T16:00:00Z");
    let patch = LeaderboardPatch { start: Some(date("2026-03-04")), ..Default::default() };
    world.change_board("2026-03-04T16:00:00Z", perpetual, patch);
    world.switch_board("2026-03-04T16:00:00Z", perpetual, LeaderboardStatus::Active);
    world.read("2026-03-04T17:00:00Z", "u");
    world.read("2026-03-04T17:00:00Z", "v");
    assert_eq!(world.ranked(perpetual, "2026-03-01"), NONE);
    assert_eq!(world.ranked(perpetual, "2026-03-04"), ["v 15", "u 2"]);
}

// C-LB-18 C-LB-21 C-LB-27
#[test]
fn a_new_end_decides_about_what_was_counted() {
    let mut world = World::new();
    let words = world.metric("words");
    let board = world.board("2026-03-02T00:00:00Z", Board::metric(words).start("2026-03-02"));
    let kiri = || Event::of(words, "5").user(tz("Pacific/Kiritimati"));
    world.event("2026-03-02T11:00:00Z", "kiri", kiri());
    assert_eq!(world.ranked(board, "2026-03-02"), ["kiri 5"]);
    let end = |end: Option<&str>| LeaderboardPatch {
        end: end.map_or(Patch::Clear, |end| Patch::Set(date(end))),
        ..Default::default()
    };
    // It is the third there already.
    world.change_board("2026-03-02T12:00:00Z", board, end(Some("2026-03-02")));
    world.read("2026-03-02T12:00:00Z", "kiri");
    assert_eq!(world.ranked(board, "2026-03-02"), NONE);
    world.event("2026-03-02T13:00:00Z", "kiri", kiri());
    world.change_board("2026-03-02T14:00:00Z", board, end(None));
    world.read("2026-03-02T14:00:00Z", "kiri");
    assert_eq!(world.ranked(board, "2026-03-02"), ["kiri 10"]);
}

// C-LB-11
#[test]
fn finishing_by_hand_freezes_at_that_instant() {
    let mut world = World::new();
    let words = world.metric("words");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "hourly", Trig::hours(1, 1));
    let metric = world.board("2026-03-02T00:00:00Z", Board::metric(words).start("2026-03-02"));
    let points = Board::points(xp).key("points").start("2026-03-02");
    let points = world.board("2026-03-02T00:00:00Z", points);
    world.event("2026-03-02T09:00:00Z", "u", Event::of(words, "5"));
    for board in [metric, points] {
        world.switch_board("2026-03-02T12:30:00Z", board, LeaderboardStatus::Finished);
    }
    world.event("2026-03-02T15:00:00Z", "u", Event::of(words, "5"));
    assert_eq!(world.ranked(metric, "2026-03-02"), ["u 5"]);
    // What fell due before the end counts, however late someone looks.
    assert_eq!(world.ranked(points, "2026-03-02"), ["u 3"]);
    let board = world.catalog.find_leaderboard(metric).expect("live");
    assert_eq!(board.runs.end, Some(date("2026-03-02")));
    assert_eq!(board.status(at("2026-03-02T12:30:00Z")), LeaderboardStatus::Finished);
}

// C-LB-30
#[test]
fn a_streak_board_follows_the_length_until_its_end() {
    let mut world = World::new();
    let words = world.metric("words");
    for day in 1..=3 {
        world.event(&format!("2026-03-0{day}T09:00:00Z"), "u", Event::of(words, "1"));
    }
    world.event("2026-03-03T08:00:00Z", "v", Event::of(words, "1"));
    let board = Board::streak().start("2026-03-02").end("2026-03-06");
    let board = world.board("2026-03-03T10:00:00Z", board);
    let ranked = |world: &mut World, now: &str| {
        world.read(now, "u");
        world.read(now, "v");
        world.ranked(board, "2026-03-02")
    };
    assert_eq!(ranked(&mut world, "2026-03-03T11:00:00Z"), ["u 3", "v 1"]);
    world.event("2026-03-04T09:00:00Z", "v", Event::of(words, "1"));
    assert_eq!(ranked(&mut world, "2026-03-04T11:00:00Z"), ["u 3", "v 2"]);
    // Lost at midnight.
    assert_eq!(ranked(&mut world, "2026-03-05T00:00:00Z"), ["v 2"]);
    world.restore("2026-03-05T01:00:00Z", "u", RestoreMode::Max).expect("there is one");
    assert_eq!(ranked(&mut world, "2026-03-05T02:00:00Z"), ["u 3", "v 2"]);
    world.reset("2026-03-05T03:00:00Z", "u").expect("there is one");
    assert_eq!(ranked(&mut world, "2026-03-05T03:00:00Z"), ["v 2"]);
    world.event("2026-03-05T09:00:00Z", "v", Event::of(words, "1"));
    world.event("2026-03-06T09:00:00Z", "v", Event::of(words, "1"));
    world.event("2026-03-07T09:00:00Z", "v", Event::of(words, "1"));
    // Frozen with the local date of the end.
    assert_eq!(ranked(&mut world, "2026-03-07T09:00:00Z"), ["v 4"]);
}

// C-LB-30
#[test]
fn a_streak_board_begins_with_the_length_of_its_first_date() {
    let mut world = World::new();
    let words = world.metric("words");
    world.event("2026-02-28T09:00:00Z", "u", Event::of(words, "1"));
    world.event("2026-03-01T09:00:00Z", "u", Event::of(words, "1"));
    let board = Board::streak().start("2026-03-02").status(LeaderboardStatus::Scheduled);
    let board = world.board("2026-02-27T00:00:00Z", board);
    world.read("2026-03-01T23:59:59Z", "u");
    assert_eq!(world.ranked(board, "2026-03-02"), NONE);
    world.read("2026-03-02T00:00:00Z", "u");
    assert_eq!(world.ranked(board, "2026-03-02"), ["u 2"]);
}

// C-LB-58
#[test]
fn an_extension_outside_the_window_is_picked_up_inside_it() {
    let mut world = World::new();
    let words = world.metric("words");
    let board = Board::streak().start("2026-03-02").between("09:00", "17:00");
    let board = world.board("2026-03-02T00:00:00Z", board);
    world.event("2026-03-02T08:00:00Z", "u", Event::of(words, "1"));
    assert_eq!(world.ranked(board, "2026-03-02"), NONE);
    world.event("2026-03-02T09:00:00Z", "u", Event::of(words, "1"));
    assert_eq!(world.ranked(board, "2026-03-02"), ["u 1"]);
    world.event("2026-03-03T18:00:00Z", "u", Event::of(words, "1"));
    assert_eq!(world.ranked(board, "2026-03-02"), ["u 1"]);
    world.event("2026-03-04T12:00:00Z", "u", Event::of(words, "1"));
    assert_eq!(world.ranked(board, "2026-03-02"), ["u 3"]);
    // A loss needs no window.
    world.read("2026-03-06T00:00:00Z", "u");
    assert_eq!(world.ranked(board, "2026-03-02"), NONE);
}

// C-LB-30
#[test]
fn another_frequency_is_another_length_for_everyone() {
    let mut world = World::new();
    let words = world.metric("words");
    let board = world.board("2026-03-02T00:00:00Z", Board::streak().start("2026-03-02"));
    for day in 2..=4 {
        world.event(&format!("2026-03-0{day}T09:00:00Z"), "u", Event::of(words, "1"));
    }
    assert_eq!(world.ranked(board, "2026-03-02"), ["u 3"]);
    let frequency = Some(Frequency::Weekly);
    let patch = StreakSettingsPatch { frequency, ..StreakSettingsPatch::default() };
    world.streak_settings("2026-03-04T10:00:00Z", patch);
    world.read("2026-03-04T11:00:00Z", "u");
    assert_eq!(world.ranked(board, "2026-03-02"), ["u 1"]);
    let patch = StreakSettingsPatch { enabled: Some(false), ..StreakSettingsPatch::default() };
    world.streak_settings("2026-03-04T12:00:00Z", patch);
    world.read("2026-03-04T13:00:00Z", "u");
    assert_eq!(world.ranked(board, "2026-03-02"), NONE);
}

// C-LB-76 C-LB-77
#[test]
fn an_outcome_tells_what_was_due_apart_from_what_was_asked() {
    let mut world = World::new();
    let words = world.metric("words");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "hourly", Trig::hours(1, 1));
    world.trigger(xp, "word", Trig::metric(words, 1, 10));
    world.trigger(xp, "double", Trig::metric(words, 2, 5));
    let board = world.board("2026-03-02T00:00:00Z", Board::points(xp).start("2026-03-02"));
    world.event("2026-03-02T09:00:00Z", "u", Event::of(words, "1"));
    let outcome = world
        .run(at("2026-03-02T11:30:00Z"), "u", &Event::of(words, "1").command())
        .expect("accepted");
    let moves: Vec<_> = outcome
        .scores
        .iter()
        .map(|change| {
            let value = |record: &Option<domain::leaderboard::ScoreRecord>| {
                record.as_ref().map_or(Amount::ZERO, |record| record.score.value)
            };
            assert_eq!((change.leaderboard, change.run), (board, date("2026-03-02")));
            (value(&change.before), value(&change.after))
        })
        .collect();
    let expected = [("10", "12"), ("12", "27")].map(|(a, b)| (amount(a), amount(b)));
    assert_eq!(moves, expected);
    assert!(
        world
            .run(at("2026-03-02T11:30:00Z"), "u", &Command::Settle)
            .expect("known")
            .scores
            .is_empty()
    );
}
