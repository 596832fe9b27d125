//! Periods, conditions, frequencies and what is shown of them. (C-STREAK-01 to 19, 25 to 27, 51)

use domain::calendar::{Frequency, WeekStart};
use domain::catalog::{EvaluationMode, Patch, StreakSettingsPatch};

use crate::support::{Ach, Event, NONE, Trig, World, at, freezes};

/// Noon UTC of a day in January 2026.
fn noon(day: u32) -> String {
    format!("2026-01-{day:02}T12:00:00Z")
}

fn frequency(frequency: Frequency) -> StreakSettingsPatch {
    StreakSettingsPatch { frequency: Some(frequency), ..StreakSettingsPatch::default() }
}

fn conditions(mode: EvaluationMode, metrics: &[(&str, i64)]) -> StreakSettingsPatch {
    StreakSettingsPatch {
        evaluation_mode: Some(mode),
        metrics: Some(metrics.iter().map(|(key, least)| ((*key).to_owned(), *least)).collect()),
        ..StreakSettingsPatch::default()
    }
}

fn enabled(enabled: bool) -> StreakSettingsPatch {
    StreakSettingsPatch { enabled: Some(enabled), ..StreakSettingsPatch::default() }
}

// C-STREAK-02 C-STREAK-03 C-STREAK-04 C-STREAK-05 C-STREAK-06 C-EVENT-02: what meets a day.
#[test]
fn conditions_hold_for_net_changes_inside_the_period() {
    use EvaluationMode::{And, Or};
    type Events<'a> = &'a [(&'a str, &'a str, bool)];
    let table: [(&str, StreakSettingsPatch, Events<'_>); 6] = [
        (
            "any increase",
            conditions(Or, &[]),
            &[("a", "-1", false), ("a", "0.5", false), ("b", "0.1", true)],
        ),
        (
            "net change",
            conditions(Or, &[]),
            &[("a", "-1", false), ("a", "1.5", true), ("a", "-9", false), ("a", "9", false)],
        ),
        (
            "or",
            conditions(Or, &[("a", 3), ("b", 1)]),
            &[("a", "2.9", false), ("b", "0.5", false), ("b", "0.5", true)],
        ),
        (
            "and",
            conditions(And, &[("a", 3), ("b", 1)]),
            &[
                ("a", "5", false),
                ("b", "0.5", false),
                ("a", "-3", false),
                ("b", "0.5", false),
                ("a", "1", true),
            ],
        ),
        (
            "unlisted metrics don't count",
            conditions(Or, &[("a", 1)]),
            &[("b", "9", false), ("a", "1", true)],
        ),
        (
            "zero meets nothing",
            conditions(Or, &[("a", 1)]),
            &[("a", "0", false), ("b", "0", false)],
        ),
    ];
    for (name, settings, events) in table {
        let mut world = World::new();
        let metrics = [("a", world.metric("a")), ("b", world.metric("b"))];
        world.streaks(settings);
        for (key, value, extended) in events {
            let metric = metrics.iter().find(|(own, _)| own == key).expect("listed").1;
            let reply = world.event(&noon(5), "u", Event::of(metric, value));
            assert_eq!(reply.ends_with("; extended"), *extended, "{name}: {key} {value}");
        }
    }
}

// C-STREAK-07: the settings then in force; the open period only, at the next event.
#[test]
fn changed_conditions_count_from_the_next_event_on() {
    let mut world = World::new();
    let metric = world.metric("a");
    world.streaks(conditions(EvaluationMode::Or, &[("a", 5)]));
    assert_eq!(world.event(&noon(5), "u", Event::of(metric, "3")), "total 3");
    assert_eq!(world.event(&noon(6), "u", Event::of(metric, "3")), "total 6");
    world.streak_settings(&noon(6), conditions(EvaluationMode::Or, &[("a", 2)]));
    assert_eq!(world.streak(&noon(6), "u"), "0");
    assert_eq!(world.signals("u"), NONE);
    // Yesterday is never judged again; today's progress counts, though not for a value of 0.
    assert_eq!(world.event(&noon(6), "u", Event::of(metric, "0")), "total 6");
    assert_eq!(world.event(&noon(6), "u", Event::of(metric, "-1")), "total 5; extended");
    world.streak_settings(&noon(6), conditions(EvaluationMode::Or, &[("a", 99)]));
    assert_eq!(world.event(&noon(6), "u", Event::of(metric, "-1")), "total 4");
    assert_eq!(world.history(&noon(6), "u", 2), "2026-01-05: 0 1");
}

// C-STREAK-09 C-STREAK-16 C-STREAK-18 C-STREAK-19: an unmet open period never lowers the length.
#[test]
fn an_open_period_keeps_the_length() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.event(&noon(5), "u", Event::of(metric, "1"));
    world.event(&noon(6), "u", Event::of(metric, "1"));
    let extended = "extended 2026-01-06T12:00:00.000Z";
    assert_eq!(
        world.streak("2026-01-07T23:59:59.999Z", "u"),
        format!("2 since 2026-01-05, 2026-01-07..2026-01-07, expires 2026-01-07, {extended}")
    );
    assert_eq!(world.history("2026-01-07T23:59:59.999Z", "u", 4), "2026-01-04: 0 1 2 0");
    assert_eq!(world.streak("2026-01-08T00:00:00Z", "u"), "0");
}

// C-STREAK-11 C-STREAK-12 C-STREAK-13 C-STREAK-17: every frequency is kept all the time.
#[test]
fn switching_frequency_shows_the_existing_streak() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.achievement("S2", Ach::streak(2));
    // Wednesdays: each week and each day is met, no day follows another; December and January.
    for now in ["2025-12-24T12:00:00Z", "2025-12-31T12:00:00Z", "2026-01-07T12:00:00Z"] {
        world.event(now, "u", Event::of(metric, "1"));
    }
    world.signals("u");
    let extended = "extended 2026-01-07T12:00:00.000Z";
    let table = [
        (Frequency::Weekly, "3 since 2025-12-24, 2026-01-04..2026-01-10, expires 2026-01-17"),
        (Frequency::Monthly, "2 since 2025-12-24, 2026-01-01..2026-01-31, expires 2026-02-28"),
        (Frequency::Daily, "1 since 2026-01-07, 2026-01-07..2026-01-07, expires 2026-01-08"),
    ];
    for (chosen, shown) in table {
        world.streak_settings(&noon(7), frequency(chosen));
        assert_eq!(world.streak(&noon(7), "u"), format!("{shown}, {extended}"));
    }
    assert_eq!(world.signals("u"), NONE);
    assert!(world.read(&noon(7), "u").completions.is_empty());
}

// C-STREAK-12: a consumed freeze covers its dates at the other frequencies, also after a switch.
#[test]
fn a_consumed_freeze_covers_its_week() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.freezes(1, 1, None);
    // Friday and Saturday met; Sunday is saved by the freeze; nothing more that week.
    world.event(&noon(9), "u", Event::of(metric, "1"));
    world.event(&noon(10), "u", Event::of(metric, "1"));
    world.read(&noon(12), "u");
    world.signals("u");
    world.streak_settings(&noon(12), frequency(Frequency::Weekly));
    assert_eq!(
        world.streak(&noon(12), "u"),
        "1 since 2026-01-09, 2026-01-11..2026-01-17, expires 2026-01-24, \
         extended 2026-01-09T12:00:00.000Z, freezes 0/1"
    );
    assert_eq!(world.history(&noon(12), "u", 2), "2026-01-04: 1 1p");
    assert_eq!(world.history(&noon(19), "u", 3), "2026-01-04: 1 1p 0");
    assert_eq!(world.signals("u"), NONE);
    assert_eq!(world.streak("2026-01-25T00:00:00Z", "u"), "0, freezes 0/1");
    assert_eq!(world.signals("u"), ["2026-01-25T00:00:00.000Z streak.lost 1"]);
}

// C-STREAK-12: also the week that ends with the saved day, at the same midnight.
#[test]
fn a_freeze_saves_the_week_that_ends_with_its_day() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.freezes(0, 1, None);
    // Saturday the 3rd meets its week. The next has a net change below zero, with Friday met.
    for (day, value) in [(3, "1"), (4, "-5"), (9, "1")] {
        world.event(&noon(day), "u", Event::of(metric, value));
    }
    assert_eq!(world.grant(&noon(9), "u", 1), Ok(1));
    world.signals("u");
    assert_eq!(world.history(&noon(11), "u", 3), "2026-01-09: 1 1f 0");
    world.streak_settings(&noon(11), frequency(Frequency::Weekly));
    assert_eq!(world.history(&noon(11), "u", 3), "2025-12-28: 1 1p 0");
}

// C-STREAK-14 C-STREAK-40: off means silent and zero, but marks go on.
#[test]
fn streaks_that_are_off_are_silent_and_keep_their_marks() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.achievement("S1", Ach::streak(1));
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "s1", Trig::streak(1, 5));
    world.streaks(freezes(1, 2, Some((1, 1))));
    world.streaks(enabled(false));
    for day in [5, 6] {
        let reply = world.event(&noon(day), "u", Event::of(metric, "1"));
        assert_eq!(reply, format!("total {}", day - 4));
    }
    assert_eq!(world.grant(&noon(6), "u", 5), Ok(0));
    assert_eq!(world.streak(&noon(6), "u"), "0, freezes 2/2 +1 every 1");
    assert_eq!(world.history(&noon(6), "u", 3), "2026-01-04: 0 0 0");
    assert_eq!(world.signals("u"), NONE);
    world.streak_settings(&noon(6), enabled(true));
    assert!(world.streak(&noon(6), "u").starts_with("2 since 2026-01-05, "));
    // Off again over a missed day: lost without a word and without a freeze.
    world.streak_settings(&noon(6), enabled(false));
    world.streak_settings(&noon(8), enabled(true));
    assert_eq!(world.streak(&noon(8), "u"), "0, freezes 2/2 +1 every 1");
    assert_eq!(world.signals("u"), NONE);
    let reply = world.event(&noon(8), "u", Event::of(metric, "1"));
    assert_eq!(reply, "total 3; extended; completed S1; xp 5 (+5): 5 s1");
}

// C-STREAK-15 C-GEN-19: weeks close with their last date, whatever day starts them.
#[test]
fn weeks_can_start_on_monday() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.catalog.settings.week_start = WeekStart::Monday;
    world.streaks(frequency(Frequency::Weekly));
    // Sunday the 4th ends one week, Monday the 5th begins the next.
    world.event(&noon(4), "u", Event::of(metric, "1"));
    assert_eq!(world.event(&noon(5), "u", Event::of(metric, "1")), "total 2; extended");
    assert_eq!(
        world.streak(&noon(5), "u"),
        "2 since 2026-01-04, 2026-01-05..2026-01-11, expires 2026-01-18, \
         extended 2026-01-05T12:00:00.000Z"
    );
}

// C-STREAK-08 C-STREAK-10 C-STREAK-26 C-STREAK-27 C-STREAK-51 C-STREAK-53
#[test]
fn a_day_off_keeps_and_activity_on_it_extends() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.streaks(StreakSettingsPatch { days_off: Some(vec![0, 6]), ..freezes(1, 1, None) });
    // Friday; Saturday off; Sunday off but active.
    world.event(&noon(9), "u", Event::of(metric, "1"));
    assert_eq!(world.history(&noon(10), "u", 2), "2026-01-09: 1 1p");
    assert_eq!(world.event(&noon(11), "u", Event::of(metric, "1")), "total 2; extended");
    assert_eq!(world.history(&noon(12), "u", 4), "2026-01-09: 1 1p 2 0");
    assert!(world.streak(&noon(12), "u").ends_with("freezes 1/1"));
    assert_eq!(world.history(&noon(13), "u", 5), "2026-01-09: 1 1p 2 2f 0");
}

// C-STREAK-19: no end within ten years.
#[test]
fn a_streak_with_every_day_off_never_expires() {
    let mut world = World::new();
    let metric = world.metric("m");
    let days_off = Some((0..7).collect());
    world.streaks(StreakSettingsPatch { days_off, ..StreakSettingsPatch::default() });
    world.event(&noon(5), "u", Event::of(metric, "1"));
    assert_eq!(
        world.streak("2027-01-05T12:00:00Z", "u"),
        "1 since 2026-01-05, 2027-01-05..2027-01-05, extended 2026-01-05T12:00:00.000Z"
    );
}

// C-STREAK-25: exactly as many items as asked for, none before the user existed.
#[test]
fn history_has_as_many_items_as_asked_for() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.event(&noon(5), "u", Event::of(metric, "1"));
    for (periods, shown) in [(0, ""), (1, "2026-01-05: 1"), (3, "2026-01-03: 0 0 1")] {
        assert_eq!(world.history(&noon(5), "u", periods), shown);
    }
    let full = world.history(&noon(5), "u", 400);
    assert_eq!(full.split(' ').count(), 401);
}

// C-METRIC-05 C-STREAK-05: a deleted metric no longer meets anything; marks stay.
#[test]
fn a_deleted_metric_leaves_the_conditions() {
    let mut world = World::new();
    let (gone, kept) = (world.metric("gone"), world.metric("kept"));
    world.streaks(conditions(EvaluationMode::And, &[("gone", 1), ("kept", 1)]));
    world.event(&noon(5), "u", Event::of(kept, "1"));
    world.catalog.delete_metric(gone, at(&noon(5))).expect("live");
    assert_eq!(world.event(&noon(5), "u", Event::of(kept, "1")), "total 2; extended");
}

// C-GEN-22 C-STREAK-07: a midnight is judged by the settings that led up to it, however late.
#[test]
fn late_settlement_uses_the_settings_of_the_midnight() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.freezes(2, 2, None);
    world.event(&noon(5), "u", Event::of(metric, "1"));
    world.signals("u");
    // At the very midnight of the 8th freezes go away; the 6th and 7th were missed before.
    let off = StreakSettingsPatch { freezes: Patch::Clear, ..StreakSettingsPatch::default() };
    world.streak_settings("2026-01-08T00:00:00Z", off);
    assert_eq!(world.streak("2026-01-20T00:00:00Z", "u"), "0");
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-07T00:00:00.000Z streak.freeze_consumed 1, 1 left",
            "2026-01-08T00:00:00.000Z streak.freeze_consumed 1, 0 left",
            "2026-01-09T00:00:00.000Z streak.lost 1",
        ]
    );
}
