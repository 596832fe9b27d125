//! Pauses: created for dates to come, honoured wherever a period is judged. (C-STREAK-45 to 50)

use domain::calendar::Frequency;
use domain::catalog::StreakSettingsPatch;
use domain::user::Rejection;

use crate::support::{Event, NONE, World, tz};

/// A user `u` in `zone` with an event at each instant.
fn active(zone: &str, settings: StreakSettingsPatch, instants: &[&str]) -> World {
    let mut world = World::new();
    let words = world.metric("words");
    world.streaks(settings);
    for now in instants {
        world.event(now, "u", Event::of(words, "1").user(tz(zone)));
    }
    world.signals("u");
    world
}

fn again(world: &mut World, now: &str) -> String {
    let words = world.catalog.find_metric_by_key("words").expect("configured").id;
    world.event(now, "u", Event::of(words, "1"))
}

fn every(frequency: Frequency) -> StreakSettingsPatch {
    StreakSettingsPatch { frequency: Some(frequency), ..StreakSettingsPatch::default() }
}

// C-STREAK-45 C-STREAK-46
#[test]
fn pauses_are_for_dates_to_come_and_never_overlap() {
    // 09:00 on the 6th in Tokyo.
    let now = "2026-01-06T00:00:00Z";
    let mut world = active("Asia/Tokyo", StreakSettingsPatch::default(), &[now]);
    let mut pause = |start, end| world.pause(now, "u", start, end).map(|_| ());
    assert_eq!(pause("2026-01-05", "2026-01-09"), Err(Rejection::PauseStartsInPast));
    assert_eq!(pause("2026-01-07", "2026-01-06"), Err(Rejection::PauseEndsBeforeStart));
    assert_eq!(pause("2026-01-10", "2026-01-12"), Ok(()));
    assert_eq!(pause("2026-01-12", "2026-01-12"), Err(Rejection::PauseOverlaps));
    assert_eq!(pause("2026-01-09", "2026-01-10"), Err(Rejection::PauseOverlaps));
    assert_eq!(pause("2026-01-06", "2026-01-06"), Ok(()));
    assert_eq!(pause("2026-01-07", "2026-01-09"), Ok(()));
    let all = ["2026-01-06..2026-01-06", "2026-01-07..2026-01-09", "2026-01-10..2026-01-12"];
    assert_eq!(world.pauses(now, "u"), all);
    assert_eq!(world.stored("u").pauses.len(), 3);
    assert_eq!(
        world.pause(now, "nobody", "2026-01-10", "2026-01-12"),
        Err(Rejection::UserNotFound)
    );
    // Pauses that are over are not listed.
    assert_eq!(world.pauses("2026-01-06T15:00:00Z", "u"), all[1..]);
    assert_eq!(world.pauses("2026-01-12T15:00:00Z", "u"), NONE);
}

// C-STREAK-48
#[test]
fn activity_extends_a_paused_streak_and_a_pause_starts_none() {
    let mut world = active("UTC", StreakSettingsPatch::default(), &["2026-01-05T12:00:00Z"]);
    world.pause("2026-01-05T12:00:00Z", "u", "2026-01-06", "2026-01-08").expect("allowed");
    assert_eq!(again(&mut world, "2026-01-07T12:00:00Z"), "total 2; extended");
    assert_eq!(world.history("2026-01-08T12:00:00Z", "u", 4), "2026-01-05: 1 1p 2 2p");
    // Lost on the first day after the pause; a later pause brings nothing back.
    world.pause("2026-01-10T12:00:00Z", "u", "2026-01-10", "2026-01-20").expect("allowed");
    assert_eq!(world.history("2026-01-12T12:00:00Z", "u", 3), "2026-01-10: 0 0 0");
    assert_eq!(
        world.signals("u"),
        ["2026-01-07T12:00:00.000Z streak.extended 2", "2026-01-10T00:00:00.000Z streak.lost 2"]
    );
}

// C-STREAK-47 C-STREAK-19
#[test]
fn one_shared_date_protects_a_week_and_a_month() {
    let now = "2026-01-07T12:00:00Z";
    let mut world = active("UTC", every(Frequency::Weekly), &[now]);
    // Sunday to Saturday: the last date of the next week.
    world.pause(now, "u", "2026-01-17", "2026-01-17").expect("allowed");
    assert!(world.streak(now, "u").contains("expires 2026-01-24"));
    assert_eq!(world.history("2026-01-24T12:00:00Z", "u", 3), "2026-01-04: 1 1p 0");
    assert_eq!(world.history("2026-01-25T12:00:00Z", "u", 1), "2026-01-25: 0");
    let mut world = active("UTC", every(Frequency::Monthly), &[now]);
    world.pause(now, "u", "2026-02-28", "2026-03-01").expect("allowed");
    assert!(world.streak(now, "u").contains("expires 2026-04-30"));
    assert_eq!(world.history("2026-04-01T12:00:00Z", "u", 4), "2026-01-01: 1 1p 1p 0");
}

// C-STREAK-49 C-STREAK-50
#[test]
fn a_deleted_pause_protects_what_it_closed_and_nothing_more() {
    let now = "2026-01-05T12:00:00Z";
    let mut world = active("UTC", StreakSettingsPatch::default(), &[now]);
    let id = world.pause(now, "u", "2026-01-06", "2026-01-20").expect("allowed");
    let later = "2026-01-08T12:00:00Z";
    assert!(world.streak(later, "u").contains("expires 2026-01-21"));
    assert_eq!(world.unpause(later, "u", id), Ok(()));
    assert_eq!(world.unpause(later, "u", id), Err(Rejection::PauseNotFound));
    assert_eq!(world.pauses(later, "u"), NONE);
    assert!(world.streak(later, "u").contains("expires 2026-01-08"));
    assert_eq!(world.history(later, "u", 4), "2026-01-05: 1 1p 1p 0");
    assert_eq!(world.history("2026-01-09T12:00:00Z", "u", 5), "2026-01-05: 1 1p 1p 0 0");
    assert_eq!(world.signals("u"), ["2026-01-09T00:00:00.000Z streak.lost 1"]);
    // The dates are free again.
    assert!(world.pause(later, "u", "2026-01-09", "2026-01-10").is_ok());
}

// C-STREAK-45 C-STREAK-15: days of 23 and 25 hours are paused whole.
#[test]
fn a_pause_ends_at_local_midnight_across_clock_changes() {
    let zone = "America/New_York";
    for (active_at, start, end, last, lost) in [
        (
            "2026-03-06T17:00:00Z",
            "2026-03-07",
            "2026-03-08",
            "2026-03-10T03:59:59.999Z",
            "2026-03-10T04:00:00.000Z",
        ),
        (
            "2026-10-30T16:00:00Z",
            "2026-10-31",
            "2026-11-01",
            "2026-11-03T04:59:59.999Z",
            "2026-11-03T05:00:00.000Z",
        ),
    ] {
        let mut world = active(zone, StreakSettingsPatch::default(), &[active_at]);
        world.pause(active_at, "u", start, end).expect("allowed");
        assert!(world.history(last, "u", 4).ends_with(": 1 1p 1p 0"));
        assert_eq!(world.signals("u"), NONE);
        world.streak(lost, "u");
        assert_eq!(world.signals("u"), [format!("{lost} streak.lost 1")]);
    }
}

// C-STREAK-08 C-STREAK-40: a pause comes before a freeze.
#[test]
fn no_freeze_is_spent_while_paused() {
    let mut world = active("UTC", crate::support::freezes(1, 1, None), &["2026-01-05T12:00:00Z"]);
    world.pause("2026-01-05T12:00:00Z", "u", "2026-01-06", "2026-01-07").expect("allowed");
    assert!(world.streak("2026-01-08T12:00:00Z", "u").ends_with("freezes 1/1"));
    assert!(world.streak("2026-01-09T12:00:00Z", "u").ends_with("freezes 0/1"));
}
