//! Streak settings of a user's own, merged with the environment's. (C-PREF-04 to 11)

use domain::catalog::{EvaluationMode, Patch, StreakMetric, StreakSettingsPatch};
use domain::ids::MetricId;
use domain::user::{Rejection, RestoreMode, StreakOverridesPatch, streak_standing};

use crate::support::{Event, NONE, World, amount, at};

fn noon(day: u32) -> String {
    format!("2026-01-{day:02}T12:00:00Z")
}

fn own(metric: MetricId, threshold: &str) -> StreakMetric {
    StreakMetric { metric, threshold: amount(threshold) }
}

fn customization(enabled: bool) -> StreakSettingsPatch {
    StreakSettingsPatch { customization_enabled: Some(enabled), ..StreakSettingsPatch::default() }
}

/// A user `u` with an event on 5 January 2026, where users may customise.
fn started() -> (World, MetricId, MetricId) {
    let mut world = World::new();
    let (a, b) = (world.metric("a"), world.metric("b"));
    world.streaks(customization(true));
    world.event(&noon(5), "u", Event::of(a, "1"));
    world.signals("u");
    (world, a, b)
}

fn conditions(metrics: Vec<StreakMetric>) -> Patch<StreakOverridesPatch> {
    Patch::Set(StreakOverridesPatch {
        metrics: Patch::Set(metrics),
        ..StreakOverridesPatch::default()
    })
}

fn days_off(days: &[u8]) -> Patch<StreakOverridesPatch> {
    Patch::Set(StreakOverridesPatch {
        days_off: Patch::Set(days.to_vec()),
        ..StreakOverridesPatch::default()
    })
}

fn enabled(enabled: bool) -> Patch<StreakOverridesPatch> {
    Patch::Set(StreakOverridesPatch {
        enabled: Patch::Set(enabled),
        ..StreakOverridesPatch::default()
    })
}

// C-PREF-06
#[test]
fn overrides_need_customization_and_enabled_does_not() {
    let (mut world, a, _) = started();
    world.streaks(customization(false));
    let mode = StreakOverridesPatch {
        evaluation_mode: Patch::Set(EvaluationMode::And),
        enabled: Patch::Set(false),
        ..StreakOverridesPatch::default()
    };
    for refused in [conditions(vec![own(a, "1")]), days_off(&[]), Patch::Set(mode)] {
        let answer = world.prefer(&noon(5), "u", refused);
        assert_eq!(answer, Err(Rejection::CustomizationNotEnabled));
    }
    assert!(world.streak(&noon(5), "u").starts_with("1 since"));
    let clear = StreakOverridesPatch { metrics: Patch::Clear, ..StreakOverridesPatch::default() };
    assert_eq!(world.prefer(&noon(5), "u", Patch::Set(clear)), Ok(()));
    assert_eq!(world.prefer(&noon(5), "u", enabled(false)), Ok(()));
    assert_eq!(world.prefer(&noon(5), "nobody", enabled(false)), Err(Rejection::UserNotFound));
}

// C-PREF-07 C-PREF-09: decimals, in the place of the environment's whole list.
#[test]
fn own_conditions_replace_the_environments_and_act_at_the_next_event() {
    let (mut world, a, b) = started();
    assert_eq!(world.prefer(&noon(6), "u", conditions(vec![own(b, "0.5")])), Ok(()));
    assert!(world.streak(&noon(6), "u").starts_with("1 since"));
    assert_eq!(world.event(&noon(6), "u", Event::of(a, "9")), "total 10");
    assert_eq!(world.event(&noon(6), "u", Event::of(b, "0.25")), "total 0.25");
    assert_eq!(world.event(&noon(6), "u", Event::of(b, "0.25")), "total 0.5; extended");
    // Others keep the environment's.
    assert_eq!(world.event(&noon(6), "v", Event::of(a, "1")), "total 1; extended");
    assert_eq!(world.prefer(&noon(7), "u", Patch::Clear), Ok(()));
    assert_eq!(world.event(&noon(7), "u", Event::of(a, "1")), "total 11; extended");
}

// C-PREF-11
#[test]
fn overrides_sleep_while_customization_is_off() {
    let (mut world, a, b) = started();
    assert_eq!(world.prefer(&noon(5), "u", conditions(vec![own(b, "2")])), Ok(()));
    world.streak_settings(&noon(6), customization(false));
    assert_eq!(world.event(&noon(6), "u", Event::of(a, "1")), "total 2; extended");
    world.streak_settings(&noon(7), customization(true));
    assert_eq!(world.event(&noon(7), "u", Event::of(a, "1")), "total 3");
    assert_eq!(world.event(&noon(7), "u", Event::of(b, "2")), "total 2; extended");
}

// C-METRIC-05
#[test]
fn a_deleted_metric_leaves_own_conditions() {
    let (mut world, a, b) = started();
    let both = conditions(vec![own(a, "1"), own(b, "1")]);
    assert_eq!(world.prefer(&noon(5), "u", both), Ok(()));
    let and = StreakOverridesPatch {
        evaluation_mode: Patch::Set(EvaluationMode::And),
        ..StreakOverridesPatch::default()
    };
    assert_eq!(world.prefer(&noon(5), "u", Patch::Set(and)), Ok(()));
    world.catalog.delete_metric(b, at(&noon(6))).expect("known");
    assert_eq!(world.event(&noon(6), "u", Event::of(a, "1")), "total 2; extended");
}

// C-PREF-05 C-STREAK-52 C-STREAK-53: closed days keep the judgement they got.
#[test]
fn own_days_off_count_from_their_change_on() {
    // The 6th and 7th of January 2026 are a Tuesday and a Wednesday.
    let (mut world, ..) = started();
    assert_eq!(world.prefer(&noon(5), "u", days_off(&[2, 3])), Ok(()));
    assert_eq!(world.history(&noon(7), "u", 3), "2026-01-05: 1 1p 1p");
    assert!(world.streak(&noon(7), "u").contains("expires 2026-01-08"));
    assert_eq!(world.prefer(&noon(7), "u", days_off(&[])), Ok(()));
    assert_eq!(world.history(&noon(7), "u", 3), "2026-01-05: 1 1p 0");
    assert_eq!(world.history(&noon(8), "u", 4), "2026-01-05: 1 1p 0 0");
    assert_eq!(world.signals("u"), ["2026-01-08T00:00:00.000Z streak.lost 1"]);
    // A change after the day is over comes too late for it.
    let (mut world, ..) = started();
    assert_eq!(world.prefer(&noon(7), "u", days_off(&[2])), Ok(()));
    assert_eq!(world.signals("u"), ["2026-01-07T00:00:00.000Z streak.lost 1"]);
}

// C-PREF-05 C-PREF-10 C-STREAK-40
#[test]
fn a_streak_switched_off_is_gone_silently_and_starts_again_from_zero() {
    let (mut world, a, _) = started();
    world.streaks(crate::support::freezes(1, 1, None));
    assert_eq!(world.prefer(&noon(5), "u", enabled(false)), Ok(()));
    assert!(world.streak(&noon(5), "u").starts_with('0'));
    assert_eq!(world.event(&noon(6), "u", Event::of(a, "1")), "total 2");
    let restored = world.restore(&noon(6), "u", RestoreMode::Max);
    assert_eq!(restored, Err(Rejection::NoStreakToRestore));
    let state = world.read(&noon(6), "u");
    assert_eq!(streak_standing(&state), None);
    assert_eq!(world.history(&noon(7), "u", 3), "2026-01-05: 0 0 0");
    assert_eq!(world.signals("u"), NONE);
    assert_eq!(world.prefer(&noon(7), "u", Patch::Clear), Ok(()));
    assert_eq!(world.event(&noon(7), "u", Event::of(a, "1")), "total 3; extended");
    assert!(world.streak(&noon(7), "u").starts_with("1 since 2026-01-07"));
    assert_eq!(world.signals("u"), ["2026-01-07T12:00:00.000Z streak.started"]);
}
