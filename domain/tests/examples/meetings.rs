//! Where two rules of the streak meet: pauses, freezes, days off, restores and changed settings.
//!
//! Each expectation is worked out from the contract's lines. What one rule does alone is in the
//! file of that rule; what happens between dates is in `date_line`.

use domain::calendar::Frequency;
use domain::catalog::{EvaluationMode, Patch, StreakSettingsPatch};
use domain::user::{Rejection, RestoreMode, StreakOverridesPatch};

use crate::support::{Event, NONE, World, at, freezes, tz};

/// A user `u` in `zone` with an event at each instant.
fn active(zone: &str, settings: StreakSettingsPatch, instants: &[&str]) -> World {
    let mut world = World::new();
    let metric = world.metric("m");
    world.streaks(settings);
    for now in instants {
        world.event(now, "u", Event::of(metric, "1").user(tz(zone)));
    }
    world.signals("u");
    world
}

fn act(world: &mut World, now: &str) -> String {
    let metric = world.catalog.find_metric_by_key("m").expect("configured").id;
    world.event(now, "u", Event::of(metric, "1"))
}

fn daily() -> StreakSettingsPatch {
    StreakSettingsPatch::default()
}

// C-STREAK-45 C-STREAK-15 C-GEN-17: one paused date beside a midnight that clocks skip (Santiago,
// Cairo and Beirut go from 00:00 to 01:00) or beside an hour before midnight that comes twice. The
// date after it is not paused, and the streak is lost when that one ends.
#[test]
fn a_pause_covers_the_short_and_the_long_day() {
    let table = [
        ("America/Santiago", "2026-09-05T16:00:00Z", "2026-09-06", "2026-09-08T03:00:00.000Z"),
        ("America/Santiago", "2026-04-03T16:00:00Z", "2026-04-04", "2026-04-06T04:00:00.000Z"),
        ("Africa/Cairo", "2026-04-23T10:00:00Z", "2026-04-24", "2026-04-25T21:00:00.000Z"),
        ("Africa/Cairo", "2026-10-28T10:00:00Z", "2026-10-29", "2026-10-30T22:00:00.000Z"),
        ("Asia/Beirut", "2026-03-28T10:00:00Z", "2026-03-29", "2026-03-30T21:00:00.000Z"),
        ("Asia/Beirut", "2026-10-23T10:00:00Z", "2026-10-24", "2026-10-25T22:00:00.000Z"),
    ];
    for (zone, active_at, paused, lost) in table {
        let mut world = active(zone, daily(), &[active_at]);
        world.pause(active_at, "u", paused, paused).expect("allowed");
        let last = at(lost).plus_millis(-1).to_string();
        assert!(world.history(&last, "u", 3).ends_with(": 1 1p 0"), "{zone} {paused}");
        assert_eq!(world.signals("u"), NONE, "{zone} {paused}");
        world.read(lost, "u");
        assert_eq!(world.signals("u"), [format!("{lost} streak.lost 1")], "{zone} {paused}");
    }
}

// C-STREAK-48 C-GEN-17: activity on both sides of a midnight that doesn't exist. 6 September 2026
// begins at 04:00Z in Santiago, at 01:00 on the clock; the 7th begins an hour earlier.
#[test]
fn a_paused_day_ends_at_the_gap() {
    let zone = "America/Santiago";
    let mut world = active(zone, daily(), &["2026-09-04T16:00:00Z"]);
    world.pause("2026-09-04T16:00:00Z", "u", "2026-09-05", "2026-09-06").expect("allowed");
    let replies = [
        ("2026-09-06T03:59:59Z", "total 2; extended"),
        ("2026-09-06T04:00:00Z", "total 3; extended"),
        ("2026-09-07T02:59:59Z", "total 4"),
        ("2026-09-07T03:00:00Z", "total 5; extended"),
    ];
    for (now, reply) in replies {
        assert_eq!(act(&mut world, now), reply, "{now}");
    }
    assert_eq!(world.history("2026-09-07T03:00:00Z", "u", 4), "2026-09-04: 1 2 3 4");
    // The 25 hours of 4 April 2026.
    let mut world = active(zone, daily(), &["2026-04-03T16:00:00Z"]);
    world.pause("2026-04-03T16:00:00Z", "u", "2026-04-04", "2026-04-04").expect("allowed");
    let replies = [
        ("2026-04-04T03:00:00Z", "total 2; extended"),
        ("2026-04-05T03:30:00Z", "total 3"),
        ("2026-04-05T04:00:00Z", "total 4; extended"),
    ];
    for (now, reply) in replies {
        assert_eq!(act(&mut world, now), reply, "{now}");
    }
}

// C-STREAK-08 C-STREAK-38 C-STREAK-50: while paused the freezes stay and still accrue; the day on
// which the pause is deleted takes one.
#[test]
fn freezes_wait_for_the_end_of_a_pause() {
    let created = "2026-01-05T12:00:00Z";
    let mut world = active("UTC", freezes(1, 2, Some((2, 1))), &[created]);
    let id = world.pause(created, "u", "2026-01-06", "2026-01-20").expect("allowed");
    world.unpause("2026-01-07T12:00:00Z", "u", id).expect("live");
    assert_eq!(world.history("2026-01-09T12:00:00Z", "u", 5), "2026-01-05: 1 1p 1f 1f 0");
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-07T00:00:00.000Z streak.freeze_earned 1, 2 held",
            "2026-01-08T00:00:00.000Z streak.freeze_consumed 1, 1 left",
            "2026-01-09T00:00:00.000Z streak.freeze_consumed 1, 0 left",
            "2026-01-09T00:00:00.000Z streak.freeze_earned 1, 1 held",
        ]
    );
}

// C-STREAK-38 C-STREAK-41 C-GEN-22: at a maximum of one, a midnight first takes what is held and
// then has room to give; with nothing held it gives too late.
#[test]
fn one_freeze_at_most_is_taken_before_one_is_given() {
    let days = ["2026-01-05T12:00:00Z", "2026-01-06T12:00:00Z"];
    let settings = || freezes(0, 1, Some((2, 1)));
    let mut world = active("UTC", settings(), &days);
    world.read("2026-01-09T00:00:00Z", "u");
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-07T00:00:00.000Z streak.freeze_earned 1, 1 held",
            "2026-01-08T00:00:00.000Z streak.freeze_consumed 1, 0 left",
            "2026-01-09T00:00:00.000Z streak.lost 2",
            "2026-01-09T00:00:00.000Z streak.freeze_earned 1, 1 held",
        ]
    );
    let mut world = active("UTC", settings(), &days);
    assert_eq!(act(&mut world, "2026-01-07T12:00:00Z"), "total 3; extended");
    world.read("2026-01-11T00:00:00Z", "u");
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-07T00:00:00.000Z streak.freeze_earned 1, 1 held",
            "2026-01-07T12:00:00.000Z streak.extended 3",
            "2026-01-09T00:00:00.000Z streak.freeze_consumed 1, 0 left",
            "2026-01-09T00:00:00.000Z streak.freeze_earned 1, 1 held",
            "2026-01-10T00:00:00.000Z streak.freeze_consumed 1, 0 left",
            "2026-01-11T00:00:00.000Z streak.lost 3",
            "2026-01-11T00:00:00.000Z streak.freeze_earned 1, 1 held",
        ]
    );
    // Held to the end, it is not banked.
    let mut world = active("UTC", settings(), &days);
    for now in ["2026-01-07T12:00:00Z", "2026-01-08T12:00:00Z", "2026-01-09T12:00:00Z"] {
        act(&mut world, now);
    }
    assert_eq!(world.read("2026-01-09T12:00:00Z", "u").streak.freezes, 1);
    let earned = world.signals("u").into_iter().filter(|told| told.contains("earned"));
    assert_eq!(
        earned.collect::<Vec<_>>(),
        ["2026-01-07T00:00:00.000Z streak.freeze_earned 1, 1 held"]
    );
}

/// A run of five lost on the 7th, a run of two lost on the 13th, and a pause from the 15th to the
/// 17th.
fn lost_twice_and_paused() -> World {
    let days = ["01", "02", "03", "04", "05", "10", "11"];
    let instants = days.map(|day| format!("2026-01-{day}T12:00:00Z"));
    let mut world = active("UTC", daily(), &instants.each_ref().map(String::as_str));
    world.pause("2026-01-15T12:00:00Z", "u", "2026-01-15", "2026-01-17").expect("allowed");
    world.signals("u");
    world
}

const RESTORES: [(RestoreMode, u32, &str); 2] =
    [(RestoreMode::Max, 5, "2026-01-01"), (RestoreMode::LastLost, 2, "2026-01-10")];

// C-STREAK-48 C-STREAK-57 C-STREAK-58: the paused day before had no streak to keep, so it only
// carries the length; the open one keeps it, up to the end of the pause.
#[test]
fn a_restore_in_a_pause_is_kept_by_the_rest_of_it() {
    for (mode, length, since) in RESTORES {
        let mut world = lost_twice_and_paused();
        let now = "2026-01-16T12:00:00Z";
        assert_eq!(world.restore(now, "u", mode), Ok(()));
        let shown = format!(
            "{length} since {since}, 2026-01-16..2026-01-16, expires 2026-01-18, \
             extended 2026-01-11T12:00:00.000Z"
        );
        assert_eq!(world.streak(now, "u"), shown);
        let l = length;
        assert_eq!(world.history(now, "u", 4), format!("2026-01-13: 0 0 {l} {l}p"));
        let last = "2026-01-18T23:59:59Z";
        assert_eq!(world.history(last, "u", 5), format!("2026-01-14: 0 {l} {l}p {l}p 0"));
        assert_eq!(world.signals("u"), NONE);
        world.read("2026-01-19T00:00:00Z", "u");
        assert_eq!(world.signals("u"), [format!("2026-01-19T00:00:00.000Z streak.lost {l}")]);
    }
}

// C-STREAK-48 C-STREAK-57: on a paused day that is met the length sits on that day itself, and
// activity after a restore extends as on any other day.
#[test]
fn a_restore_meets_activity_on_a_paused_day() {
    for (mode, length, _) in RESTORES {
        let mut world = lost_twice_and_paused();
        assert_eq!(act(&mut world, "2026-01-16T11:00:00Z"), "total 8; extended");
        assert_eq!(world.restore("2026-01-16T12:00:00Z", "u", mode), Ok(()));
        let l = length;
        assert_eq!(
            world.history("2026-01-17T12:00:00Z", "u", 4),
            format!("2026-01-14: 0 0 {l} {l}p")
        );
        let mut world = lost_twice_and_paused();
        assert_eq!(world.restore("2026-01-16T12:00:00Z", "u", mode), Ok(()));
        assert_eq!(act(&mut world, "2026-01-16T13:00:00Z"), "total 8; extended");
        assert_eq!(
            world.history("2026-01-17T12:00:00Z", "u", 4),
            format!("2026-01-14: 0 {l} {n} {n}p", n = l + 1)
        );
    }
}

// C-STREAK-57 C-STREAK-50: a restored length is the current one: a lower candidate is none, and
// without the pause the open day has to be met.
#[test]
fn a_restored_length_is_the_current_one() {
    let mut world = lost_twice_and_paused();
    let now = "2026-01-16T12:00:00Z";
    assert_eq!(world.restore(now, "u", RestoreMode::Max), Ok(()));
    for mode in [RestoreMode::Max, RestoreMode::LastLost] {
        assert_eq!(world.restore(now, "u", mode), Err(Rejection::NoStreakToRestore));
    }
    let id = world.read(now, "u").streak.pauses[0].id;
    world.unpause(now, "u", id).expect("live");
    assert!(world.streak(now, "u").contains("expires 2026-01-16"));
    assert_eq!(world.history("2026-01-17T00:00:00Z", "u", 4), "2026-01-14: 0 5 0 0");
    assert_eq!(world.signals("u"), ["2026-01-17T00:00:00.000Z streak.lost 5"]);
    // What was lost last is now the restored run.
    assert_eq!(world.restore("2026-01-17T12:00:00Z", "u", RestoreMode::LastLost), Ok(()));
    assert!(world.streak("2026-01-17T12:00:00Z", "u").starts_with("5 since 2026-01-01"));
}

// C-STREAK-51 C-STREAK-53 C-STREAK-02: with every weekday off but Monday, one of two conditions
// neither extends nor loses a day off, both extend it, and neither saves a Monday.
#[test]
fn days_off_need_no_condition_and_count_only_with_all() {
    let mut world = World::new();
    let (a, b) = (world.metric("a"), world.metric("b"));
    world.freezes(1, 1, None);
    world.streaks(StreakSettingsPatch {
        evaluation_mode: Some(EvaluationMode::And),
        metrics: Some(vec![("a".to_owned(), 2), ("b".to_owned(), 1)]),
        days_off: Some(vec![0, 2, 3, 4, 5, 6]),
        ..StreakSettingsPatch::default()
    });
    // 5 January 2026 is a Monday.
    let events = [
        ("2026-01-05T10:00:00Z", a, "2", "total 2"),
        ("2026-01-05T11:00:00Z", b, "1", "total 1; extended"),
        ("2026-01-06T10:00:00Z", b, "1", "total 2"),
        ("2026-01-06T11:00:00Z", a, "2", "total 4; extended"),
        ("2026-01-07T10:00:00Z", a, "2", "total 6"),
        ("2026-01-12T10:00:00Z", a, "1", "total 7"),
        ("2026-01-12T11:00:00Z", b, "1", "total 3"),
    ];
    for (now, metric, value, reply) in events {
        assert_eq!(world.event(now, "u", Event::of(metric, value)), reply, "{now}");
    }
    let now = "2026-01-12T12:00:00Z";
    assert_eq!(world.history(now, "u", 8), "2026-01-05: 1 2 2p 2p 2p 2p 2p 0");
    world.signals("u");
    // The freeze lasts for this Monday and not for the next.
    world.read("2026-01-20T00:00:00Z", "u");
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-13T00:00:00.000Z streak.freeze_consumed 1, 0 left",
            "2026-01-20T00:00:00.000Z streak.lost 2",
        ]
    );
}

// C-STREAK-12 C-STREAK-47 C-STREAK-52: days off keep the days of a week and not the week; one
// paused date keeps both. Leaving daily clears the days off.
#[test]
fn days_off_do_not_cover_a_week_and_a_pause_does() {
    let now = "2026-01-20T12:00:00Z";
    for (paused, weeks) in [(false, "2026-01-04: 1 0 0"), (true, "2026-01-04: 1 1p 0")] {
        let all = StreakSettingsPatch { days_off: Some((0..7).collect()), ..daily() };
        let mut world = active("UTC", all, &["2026-01-05T12:00:00Z"]);
        if paused {
            world.pause("2026-01-05T12:00:00Z", "u", "2026-01-17", "2026-01-17").expect("allowed");
        }
        assert_eq!(world.history(now, "u", 3), "2026-01-18: 1p 1p 1p");
        let weekly = StreakSettingsPatch { frequency: Some(Frequency::Weekly), ..daily() };
        world.streak_settings(now, weekly);
        assert!(world.catalog.streaks.current().days_off.is_empty());
        assert_eq!(world.history(now, "u", 3), weeks);
        assert_eq!(world.signals("u"), NONE);
    }
}

// C-STREAK-12 C-STREAK-13 C-STREAK-47 C-STREAK-52: the environment goes to weekly and back while a
// user with days off of their own is paused. The pause covers both frequencies, their days off
// hold while it is daily, and neither change is told.
#[test]
fn the_frequency_changes_in_the_middle_of_a_pause() {
    let custom = StreakSettingsPatch { customization_enabled: Some(true), ..daily() };
    let days = ["2026-01-08T12:00:00Z", "2026-01-09T12:00:00Z"];
    let mut world = active("UTC", custom, &days);
    let weekend = StreakOverridesPatch {
        days_off: Patch::Set(vec![0, 6]),
        ..StreakOverridesPatch::default()
    };
    world.prefer("2026-01-09T13:00:00Z", "u", Patch::Set(weekend)).expect("customization is on");
    world.pause("2026-01-09T13:00:00Z", "u", "2026-01-12", "2026-01-20").expect("allowed");
    let frequency = |frequency| StreakSettingsPatch { frequency: Some(frequency), ..daily() };
    let now = "2026-01-14T12:00:00Z";
    world.streak_settings(now, frequency(Frequency::Weekly));
    assert_eq!(
        world.streak(now, "u"),
        "1 since 2026-01-08, 2026-01-11..2026-01-17, expires 2026-01-31, \
         extended 2026-01-08T12:00:00.000Z"
    );
    assert_eq!(world.history(now, "u", 2), "2026-01-04: 1 1p");
    let now = "2026-01-16T12:00:00Z";
    world.streak_settings(now, frequency(Frequency::Daily));
    assert_eq!(world.history(now, "u", 9), "2026-01-08: 1 2 2p 2p 2p 2p 2p 2p 2p");
    assert!(world.streak(now, "u").contains("expires 2026-01-21"));
    assert_eq!(world.signals("u"), NONE);
    world.read("2026-01-22T00:00:00Z", "u");
    assert_eq!(world.signals("u"), ["2026-01-22T00:00:00.000Z streak.lost 2"]);
}
