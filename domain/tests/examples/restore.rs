//! Restore and reset beside windows, pauses, points and the other frequencies. (C-STREAK-54 to 61)

use domain::calendar::Frequency;
use domain::catalog::StreakSettingsPatch;
use domain::ids::MetricId;
use domain::user::{Rejection, RestoreMode};

use crate::support::{Ach, Event, NONE, Trig, World, date};

const NONE_TO_RESTORE: Result<(), Rejection> = Err(Rejection::NoStreakToRestore);

/// A user `u` with an event at noon UTC on each of `days` dates from `first` on.
fn run(world: &mut World, metric: MetricId, first: &str, days: i64) {
    for day in 0..days {
        let on = date(first).plus_days(day);
        world.event(&format!("{on}T12:00:00Z"), "u", Event::of(metric, "1"));
    }
    world.signals("u");
}

fn world_with_run(first: &str, days: i64) -> (World, MetricId) {
    let mut world = World::new();
    let metric = world.metric("m");
    run(&mut world, metric, first, days);
    (world, metric)
}

fn configure(world: &mut World, frequency: Frequency) {
    let frequency = Some(frequency);
    world.streaks(StreakSettingsPatch { frequency, ..StreakSettingsPatch::default() });
}

// C-STREAK-54 C-STREAK-56: the 90 dates that end today.
#[test]
fn a_daily_length_is_found_for_90_dates() {
    for (now, length) in [("2026-04-10T12:00:00Z", 10), ("2026-04-11T12:00:00Z", 0)] {
        // 2026-01-11 is the last date of ten: the first of 90 that end 2026-04-10.
        let (mut world, _) = world_with_run("2026-01-02", 10);
        let restored = world.restore(now, "u", RestoreMode::Max);
        assert_eq!(restored, if length > 0 { Ok(()) } else { NONE_TO_RESTORE });
        assert!(world.streak(now, "u").starts_with(&length.to_string()));
        // What was lost last has no window.
        let (mut world, _) = world_with_run("2026-01-02", 10);
        assert_eq!(world.restore(now, "u", RestoreMode::LastLost), Ok(()));
    }
}

// C-STREAK-54
#[test]
fn weeks_count_from_new_year_and_months_from_the_year_before() {
    let now = "2026-11-02T12:00:00Z";
    // The week of 1 January 2026 starts on 28 December.
    for (first, found) in [("2025-12-27", false), ("2025-12-28", true)] {
        let (mut world, _) = world_with_run(first, 1);
        configure(&mut world, Frequency::Weekly);
        assert_eq!(world.restore(now, "u", RestoreMode::Max).is_ok(), found, "{first}");
    }
    for (first, found) in [("2024-12-31", false), ("2025-01-01", true)] {
        let (mut world, _) = world_with_run(first, 1);
        configure(&mut world, Frequency::Monthly);
        assert_eq!(world.restore(now, "u", RestoreMode::Max).is_ok(), found, "{first}");
    }
}

// C-STREAK-57: exactly the earlier length, on the current period if that is met.
#[test]
fn a_met_day_takes_the_length_itself() {
    let (mut world, metric) = world_with_run("2026-01-05", 4);
    run(&mut world, metric, "2026-01-20", 2);
    let now = "2026-01-21T13:00:00Z";
    assert_eq!(world.restore(now, "u", RestoreMode::Max), Ok(()));
    assert!(world.streak(now, "u").starts_with("4 since 2026-01-05"));
    assert!(world.streak(now, "u").contains("expires 2026-01-22"));
    assert_eq!(world.history(now, "u", 3), "2026-01-19: 0 1 4");
    run(&mut world, metric, "2026-01-22", 1);
    assert_eq!(world.history("2026-01-22T13:00:00Z", "u", 3), "2026-01-20: 1 4 5");
}

// C-STREAK-57: a met day has the length of the run before it, gap or none, and not one more.
#[test]
fn a_restored_length_on_a_met_day_is_found_again_by_a_recount() {
    for (on, run_is_over) in [("2026-01-09", false), ("2026-01-20", true)] {
        let (mut world, metric) = world_with_run("2026-01-05", 4);
        let now = format!("{on}T13:00:00Z");
        // On the day after the run it takes a reset to end it.
        assert_eq!(world.reset(&now, "u").is_err(), run_is_over);
        run(&mut world, metric, on, 1);
        assert_eq!(world.restore(&now, "u", RestoreMode::Max), Ok(()));
        let daily = world.read(&now, "u").streak.daily;
        assert_eq!((daily.length(), daily.length_by_periods()), (4, 4), "{on}");
    }
}

// C-STREAK-57: the open day has to be met still.
#[test]
fn a_restored_streak_is_lost_like_any_other() {
    let (mut world, _) = world_with_run("2026-01-05", 4);
    assert_eq!(world.restore("2026-01-20T12:00:00Z", "u", RestoreMode::Max), Ok(()));
    assert_eq!(world.streak("2026-01-21T12:00:00Z", "u"), "0");
    assert_eq!(
        world.signals("u"),
        ["2026-01-10T00:00:00.000Z streak.lost 4", "2026-01-21T00:00:00.000Z streak.lost 4"]
    );
    assert_eq!(world.history("2026-01-21T12:00:00Z", "u", 3), "2026-01-19: 4 0 0");
}

// C-STREAK-48 C-STREAK-57: a restore during a pause.
#[test]
fn a_restored_streak_is_kept_by_a_pause() {
    let (mut world, metric) = world_with_run("2026-01-05", 4);
    let now = "2026-01-15T12:00:00Z";
    world.pause(now, "u", "2026-01-15", "2026-01-17").expect("allowed");
    assert_eq!(world.restore(now, "u", RestoreMode::Max), Ok(()));
    assert_eq!(world.history(now, "u", 3), "2026-01-13: 0 4 4p");
    assert!(world.streak(now, "u").contains("expires 2026-01-18"));
    run(&mut world, metric, "2026-01-18", 1);
    assert_eq!(world.history("2026-01-18T13:00:00Z", "u", 5), "2026-01-14: 4 4p 4p 4p 5");
}

// C-STREAK-58 C-STREAK-59: nothing is completed, awarded or consumed by a restore.
#[test]
fn a_restore_is_silent_and_later_extensions_count() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.freezes(1, 1, None);
    run(&mut world, metric, "2026-01-05", 4);
    world.achievement("five", Ach::streak(5));
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "T", Trig::streak(5, 10));
    let now = "2026-01-20T12:00:00Z";
    assert_eq!(world.restore(now, "u", RestoreMode::Max), Ok(()));
    let state = world.read(now, "u");
    assert_eq!((state.completions.len(), state.balance(xp), state.streak.freezes), (0, 0, 0));
    let reply = world.event(now, "u", Event::of(metric, "1"));
    assert_eq!(reply, "total 5; extended; completed five; xp 10 (+10): 10 T");
}

// C-STREAK-57
#[test]
fn there_may_be_nothing_to_restore_or_reset() {
    let (mut world, _) = world_with_run("2026-01-05", 4);
    let now = "2026-01-08T13:00:00Z";
    for mode in [RestoreMode::Max, RestoreMode::LastLost] {
        assert_eq!(world.restore(now, "u", mode), NONE_TO_RESTORE);
        assert_eq!(world.restore(now, "nobody", mode), Err(Rejection::UserNotFound));
    }
    let later = "2026-01-20T12:00:00Z";
    assert_eq!(world.reset(later, "u"), Err(Rejection::NoActiveStreakToReset));
    let off = StreakSettingsPatch { enabled: Some(false), ..StreakSettingsPatch::default() };
    world.streak_settings(later, off);
    assert_eq!(world.restore(later, "u", RestoreMode::Max), NONE_TO_RESTORE);
}

// C-STREAK-61: all three frequencies, with the progress of the open periods.
#[test]
fn a_reset_hits_every_frequency_and_open_progress() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.streaks(StreakSettingsPatch {
        metrics: Some(vec![("m".to_owned(), 3)]),
        ..StreakSettingsPatch::default()
    });
    world.event("2026-01-05T12:00:00Z", "u", Event::of(metric, "3"));
    world.event("2026-01-06T12:00:00Z", "u", Event::of(metric, "2"));
    world.signals("u");
    let now = "2026-01-06T13:00:00Z";
    assert_eq!(world.reset(now, "u"), Ok(()));
    assert_eq!(world.event(now, "u", Event::of(metric, "1")), "total 6");
    assert_eq!(world.event(now, "u", Event::of(metric, "2")), "total 8; extended");
    assert_eq!(world.signals("u"), ["2026-01-06T13:00:00.000Z streak.started"]);
    assert_eq!(world.history(now, "u", 2), "2026-01-05: 1 1r");
    for frequency in Frequency::ALL {
        configure(&mut world, frequency);
        assert!(world.streak(now, "u").starts_with("1 since 2026-01-06"));
    }
    assert_eq!(world.signals("u"), NONE);
}

// C-STREAK-56 C-STREAK-57 C-STREAK-61: a restore takes the place of a higher length, not its peak.
#[test]
fn a_higher_length_can_be_restored_after_a_lower_one() {
    for frequency in Frequency::ALL {
        let mut world = World::new();
        let metric = world.metric("m");
        configure(&mut world, frequency);
        // Two periods, at least one without anything, then the three before the open one.
        let days = match frequency {
            Frequency::Daily => {
                ["2026-10-05", "2026-10-06", "2026-10-12", "2026-10-13", "2026-10-14"]
            }
            Frequency::Weekly => {
                ["2026-08-03", "2026-08-10", "2026-09-21", "2026-09-28", "2026-10-05"]
            }
            Frequency::Monthly => {
                ["2026-02-05", "2026-03-05", "2026-07-05", "2026-08-05", "2026-09-05"]
            }
        };
        for day in days {
            run(&mut world, metric, day, 1);
        }
        let now = "2026-10-15T12:00:00Z";
        assert_eq!(world.reset(now, "u"), Ok(()));
        assert_eq!(world.restore(now, "u", RestoreMode::LastLost), Ok(()));
        assert!(world.streak(now, "u").starts_with(&format!("2 since {}", days[0])));
        assert_eq!(world.restore(now, "u", RestoreMode::Max), Ok(()));
        assert!(world.streak(now, "u").starts_with(&format!("3 since {}", days[2])));
        assert_eq!(world.restore(now, "u", RestoreMode::Max), NONE_TO_RESTORE);
        let history = world.history(now, "u", 4);
        assert!(history.ends_with(": 1 2 3 0r"), "{frequency:?}: {history}");
    }
}
