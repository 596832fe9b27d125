//! Worked examples X1 to X12 of the contract, with their exact values and instants.

use domain::calendar::Frequency;
use domain::catalog::{EvaluationMode, Patch, StreakMetric, StreakSettingsPatch};
use domain::ids::MetricId;
use domain::user::{ProfilePatch, RestoreMode, StreakOverridesPatch};

use crate::support::{Ach, Event, NONE, Trig, World, amount, at, date, tz};

// X1 X2 C-EVENT-05 C-EVENT-06 C-EVENT-08 C-EVENT-10 C-EVENT-15 C-USER-23 C-ACH-05 C-ACH-08
// C-POINTS-15 C-POINTS-17 C-POINTS-24 C-POINTS-47 C-POINTS-49 C-STREAK-06 C-STREAK-32
#[test]
fn x1_first_event_and_x2_negative_event() {
    let mut world = World::new();
    let words = world.metric("words-written");
    let a1 = world.achievement("A1", Ach::metric(words, "500"));
    let a2 = world.achievement("A2", Ach::streak(1));
    world.achievement("A3", Ach::all_of(&[a1, a2]));
    let xp = world.system("xp", None, &[("bronze", 0), ("silver", 50), ("gold", 200)]);
    world.trigger(xp, "T1", Trig::creation(5));
    world.trigger(xp, "T2", Trig::metric(words, 100, 10));
    world.trigger(xp, "T3", Trig::streak(7, 50));
    world.trigger(xp, "T4", Trig::achievement(a1, 50));

    let event = Event::of(words, "750").user(tz("America/New_York"));
    assert_eq!(
        world.event("2026-01-06T03:30:00Z", "u1", event),
        "total 750; extended; completed A1 A2 A3; xp 125 (+125) level silver: 5 T1, 70 T2, 50 T4"
    );
    assert_eq!(
        world.streak("2026-01-06T03:30:00Z", "u1"),
        "1 since 2026-01-05, 2026-01-05..2026-01-05, expires 2026-01-06, \
         extended 2026-01-06T03:30:00.000Z"
    );
    assert_eq!(
        world.signals("u1"),
        [
            "2026-01-06T03:30:00.000Z streak.started",
            "2026-01-06T03:30:00.000Z achievement.completed A1",
            "2026-01-06T03:30:00.000Z achievement.completed A2",
            "2026-01-06T03:30:00.000Z achievement.completed A3",
            "2026-01-06T03:30:00.000Z points.changed xp 125: 5 T1, 70 T2, 50 T4",
            "2026-01-06T03:30:00.000Z points.level_changed xp 125: none -> silver",
        ]
    );
    let totals: Vec<_> = world.stored("u1").awards[&xp].iter().map(|award| award.total).collect();
    assert_eq!(totals, [5, 75, 125]);
    let done: Vec<_> =
        world.stored("u1").state.iter().flat_map(|state| &state.completions).collect();
    assert!(done.iter().all(|completion| completion.at == at("2026-01-06T03:30:00Z")));

    let minus = Event::of(words, "-200");
    assert_eq!(world.event("2026-01-06T15:00:00Z", "u1", minus), "total 550");
    assert_eq!(
        world.streak("2026-01-06T15:00:00Z", "u1"),
        "1 since 2026-01-05, 2026-01-06..2026-01-06, expires 2026-01-06, \
         extended 2026-01-06T03:30:00.000Z"
    );
    assert_eq!(world.signals("u1"), NONE);

    let plus = Event::of(words, "260");
    assert_eq!(
        world.event("2026-01-07T15:00:00Z", "u1", plus),
        "total 810; extended; xp 135 (+10): 10 T2"
    );
    assert_eq!(
        world.streak("2026-01-07T15:00:00Z", "u1"),
        "1 since 2026-01-07, 2026-01-07..2026-01-07, expires 2026-01-08, \
         extended 2026-01-07T15:00:00.000Z"
    );
    assert_eq!(
        world.signals("u1"),
        [
            "2026-01-07T05:00:00.000Z streak.lost 1",
            "2026-01-07T15:00:00.000Z streak.started",
            "2026-01-07T15:00:00.000Z points.changed xp 135: 10 T2",
        ]
    );
    // C-METRIC-13 C-METRIC-14: the rows the event summary is made of.
    let days: Vec<_> = world
        .stored("u1")
        .metric_days
        .iter()
        .map(|((_, day), row)| format!("{day} {} {} {}", row.total, row.change, row.events))
        .collect();
    assert_eq!(days, ["2026-01-05 750 750 1", "2026-01-06 550 -200 1", "2026-01-07 810 260 1"]);
}

// X3 C-IDEM-01 C-IDEM-02 C-IDEM-04 C-IDEM-06 C-IDEM-07 C-IDEM-09
#[test]
fn x3_idempotency() {
    let mut world = World::new();
    let lessons = world.metric("lessons-completed");
    let quizzes = world.metric("quizzes");
    let lesson = |value| Event::of(lessons, value).key("lesson-42");
    let named = |value| {
        lesson(value)
            .user(ProfilePatch { name: Patch::Set("Ann".into()), ..ProfilePatch::default() })
    };

    assert!(!world.knows("u3"));
    assert_eq!(world.event("2026-02-01T09:00:05Z", "u3", lesson("1")), "total 1; extended");
    assert_eq!(world.signals("u3"), ["2026-02-01T09:00:05.000Z streak.started"]);
    assert_eq!(world.event("2026-02-01T09:01:00Z", "u3", named("5")), "total 1; replay of E1");
    assert_eq!(world.signals("u3"), NONE);
    let state = world.read("2026-02-01T09:01:00Z", "u3");
    assert_eq!(state.profile.name, None);

    let other_metric = Event::of(quizzes, "1").key("lesson-42");
    assert_eq!(world.event("2026-02-01T09:02:00Z", "u3", other_metric), "total 1");
    assert_eq!(world.event("2026-02-01T09:02:00Z", "u4", lesson("1")), "total 1; extended");

    assert_eq!(world.event("2031-02-01T09:01:00Z", "u3", named("5")), "total 1; replay of E1");
    assert_eq!(world.streak("2031-02-01T09:01:00Z", "u3"), "0");
    assert_eq!(world.signals("u3"), ["2026-02-03T00:00:00.000Z streak.lost 1"]);
}

// X4 C-STREAK-08 C-STREAK-10 C-STREAK-21 C-STREAK-27 C-STREAK-30 C-STREAK-31 C-STREAK-36 C-STREAK-37
// C-STREAK-39
#[test]
fn x4_freezes_across_a_gap() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.freezes(2, 3, None);
    let event = || Event::of(metric, "1").user(tz("America/New_York"));
    for day in ["2026-02-02", "2026-02-03", "2026-02-04"] {
        let reply = world.event(&format!("{day}T15:00:00Z"), "u", event());
        assert!(reply.ends_with("; extended"), "{day}: {reply}");
    }
    world.signals("u");
    assert_eq!(
        world.streak("2026-02-05T17:00:00Z", "u"),
        "3 since 2026-02-02, 2026-02-05..2026-02-05, expires 2026-02-05, \
         extended 2026-02-04T15:00:00.000Z, freezes 2/3"
    );
    assert_eq!(
        world.streak("2026-02-07T17:00:00Z", "u"),
        "3 since 2026-02-02, 2026-02-07..2026-02-07, expires 2026-02-07, \
         extended 2026-02-04T15:00:00.000Z, freezes 0/3"
    );
    assert_eq!(world.history("2026-02-07T17:00:00Z", "u", 7), "2026-02-01: 0 1 2 3 3f 3f 0");
    assert_eq!(
        world.signals("u"),
        [
            "2026-02-06T05:00:00.000Z streak.freeze_consumed 1, 1 left",
            "2026-02-07T05:00:00.000Z streak.freeze_consumed 1, 0 left",
        ]
    );
    assert_eq!(world.streak("2026-02-08T17:00:00Z", "u"), "0, freezes 0/3");
    assert_eq!(world.signals("u"), ["2026-02-08T05:00:00.000Z streak.lost 3"]);
    assert_eq!(world.event("2026-02-08T20:00:00Z", "u", event()), "total 4; extended");
    assert_eq!(
        world.streak("2026-02-08T20:00:00Z", "u"),
        "1 since 2026-02-08, 2026-02-08..2026-02-08, expires 2026-02-09, \
         extended 2026-02-08T20:00:00.000Z, freezes 0/3"
    );
    assert_eq!(world.signals("u"), ["2026-02-08T20:00:00.000Z streak.started"]);
}

/// Daily events at noon UTC from 1 March 2026 on, `days` of them.
fn london(days: u32) -> World {
    let mut world = World::new();
    let metric = world.metric("m");
    world.freezes(0, 2, Some((7, 1)));
    for day in 1..=days {
        let event = Event::of(metric, "1").user(tz("Europe/London"));
        let reply = world.event(&format!("2026-03-{day:02}T12:00:00Z"), "u", event);
        assert_eq!(reply, format!("total {day}; extended"));
    }
    world.signals("u");
    world
}

// X5 C-STREAK-38 C-STREAK-41 C-GEN-22
#[test]
fn x5_accrual_at_midnight() {
    let mut world = london(7);
    assert_eq!(
        world.streak("2026-03-08T00:05:00Z", "u"),
        "7 since 2026-03-01, 2026-03-08..2026-03-08, expires 2026-03-08, \
         extended 2026-03-07T12:00:00.000Z, freezes 1/2 +1 every 7"
    );
    assert_eq!(world.signals("u"), ["2026-03-08T00:00:00.000Z streak.freeze_earned 1, 1 held"]);
    assert_eq!(
        world.streak("2026-03-09T00:00:00Z", "u"),
        "7 since 2026-03-01, 2026-03-09..2026-03-09, expires 2026-03-09, \
         extended 2026-03-07T12:00:00.000Z, freezes 0/2 +1 every 7"
    );
    assert_eq!(world.signals("u"), ["2026-03-09T00:00:00.000Z streak.freeze_consumed 1, 0 left"]);
}

// X5 C-STREAK-38
#[test]
fn x5_a_freeze_due_today_cannot_save_yesterday() {
    let mut world = london(6);
    assert_eq!(world.streak("2026-03-15T00:00:00Z", "u"), "0, freezes 2/2 +1 every 7");
    assert_eq!(
        world.signals("u"),
        [
            "2026-03-08T00:00:00.000Z streak.lost 6",
            "2026-03-08T00:00:00.000Z streak.freeze_earned 1, 1 held",
            "2026-03-15T00:00:00.000Z streak.freeze_earned 1, 2 held",
        ]
    );
}

// X6 C-POINTS-25 C-POINTS-26 C-POINTS-27 C-EVENT-09
#[test]
fn x6_awards_are_cut_to_the_maximum() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", Some(1000), &[]);
    world.trigger(xp, "start", Trig::creation(965));
    world.trigger(xp, "T", Trig::metric(metric, 1, 28));
    assert_eq!(world.identify("2026-03-01T00:00:00Z", "u", ProfilePatch::default()), Ok(true));
    let replies =
        ["total 1; extended; xp 993 (+28): 28 T", "total 2; xp 1000 (+7): 7 T", "total 3"];
    for reply in replies {
        assert_eq!(world.event("2026-03-01T01:00:00Z", "u", Event::of(metric, "1")), reply);
    }
}

// X7 C-POINTS-22 C-POINTS-27 C-POINTS-29 C-POINTS-31 C-POINTS-48 C-POINTS-50 C-POINTS-51
// C-EVENT-07 C-EVENT-16 C-USER-23
#[test]
fn x7_energy() {
    let mut world = World::new();
    let cards = world.metric("flashcards");
    let energy = world.system("energy", Some(10), &[("low", 1), ("ok", 5)]);
    world.trigger(energy, "new", Trig::creation(10));
    world.trigger(energy, "time", Trig::hours(3, 2));
    world.trigger(energy, "card", Trig::metric(cards, 1, -1).guarded());
    assert_eq!(world.identify("2026-04-01T09:00:00Z", "u", ProfilePatch::default()), Ok(true));
    assert_eq!(
        world.signals("u"),
        ["2026-04-01T09:00:00.000Z points.level_changed energy 10: none -> ok"]
    );
    assert_eq!(
        world.event("2026-04-01T10:00:00Z", "u", Event::of(cards, "4")),
        "total 4; extended; energy 6 (-4): -4 card"
    );
    world.signals("u");
    assert_eq!(world.read("2026-04-01T18:30:00Z", "u").balance(energy), 10);
    assert_eq!(
        world.signals("u"),
        [
            "2026-04-01T12:00:00.000Z points.changed energy 8: 2 time",
            "2026-04-01T15:00:00.000Z points.changed energy 10: 2 time",
        ]
    );
    let awards = world.stored("u").awards[&energy].iter();
    let awards: Vec<_> = awards.map(|own| (own.awarded, own.at, own.total)).collect();
    let expected = [(10, "09", 10), (-4, "10", 6), (2, "12", 8), (2, "15", 10)]
        .map(|(awarded, hour, total)| (awarded, at(&format!("2026-04-01T{hour}:00:00Z")), total));
    assert_eq!(awards, expected);
    let before = world.stored("u").clone();
    assert_eq!(
        world.event("2026-04-01T18:40:00Z", "u", Event::of(cards, "11").key("k")),
        "rejected: Insufficient points in energy"
    );
    assert_eq!(*world.stored("u"), before);
    assert_eq!(
        world.event("2026-04-01T18:41:00Z", "u", Event::of(cards, "10").key("k")),
        "total 14; energy 0 (-10) level none: -10 card"
    );
    assert_eq!(
        world.signals("u"),
        [
            "2026-04-01T18:41:00.000Z points.changed energy 0: -10 card",
            "2026-04-01T18:41:00.000Z points.level_changed energy 0: ok -> none",
        ]
    );
}

// X7 C-POINTS-03 C-POINTS-30
#[test]
fn x7_without_the_guard_the_deduction_is_cut() {
    let mut world = World::new();
    let cards = world.metric("flashcards");
    let energy = world.system("energy", Some(10), &[]);
    world.trigger(energy, "new", Trig::creation(6));
    world.trigger(energy, "card", Trig::metric(cards, 1, -1));
    assert_eq!(world.identify("2026-04-01T09:00:00Z", "u", ProfilePatch::default()), Ok(true));
    assert_eq!(
        world.event("2026-04-01T10:00:00Z", "u", Event::of(cards, "8")),
        "total 8; extended; energy 0 (-6): -6 card"
    );
}

// X8 C-STREAK-30 C-STREAK-15 C-STREAK-17 C-STREAK-18 C-STREAK-19 C-STREAK-26 C-GEN-18
#[test]
fn x8_weekly_streak() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.streaks(StreakSettingsPatch {
        frequency: Some(Frequency::Weekly),
        ..StreakSettingsPatch::default()
    });
    let event = || Event::of(metric, "1").user(tz("Asia/Tokyo"));
    assert_eq!(world.event("2026-03-07T14:59:00Z", "u", event()), "total 1; extended");
    assert_eq!(
        world.streak("2026-03-07T14:59:00Z", "u"),
        "1 since 2026-03-07, 2026-03-01..2026-03-07, expires 2026-03-14, \
         extended 2026-03-07T14:59:00.000Z"
    );
    assert_eq!(world.event("2026-03-07T15:00:00Z", "u", event()), "total 2; extended");
    assert_eq!(
        world.streak("2026-03-07T15:00:00Z", "u"),
        "2 since 2026-03-07, 2026-03-08..2026-03-14, expires 2026-03-21, \
         extended 2026-03-07T15:00:00.000Z"
    );
    assert_eq!(
        world.streak("2026-03-21T14:59:59Z", "u"),
        "2 since 2026-03-07, 2026-03-15..2026-03-21, expires 2026-03-21, \
         extended 2026-03-07T15:00:00.000Z"
    );
    assert_eq!(world.history("2026-03-21T14:59:59Z", "u", 3), "2026-03-01: 1 2 0");
    assert_eq!(world.streak("2026-03-21T15:00:00Z", "u"), "0");
    assert_eq!(
        world.signals("u"),
        [
            "2026-03-07T14:59:00.000Z streak.started",
            "2026-03-07T15:00:00.000Z streak.extended 2",
            "2026-03-21T15:00:00.000Z streak.lost 2",
        ]
    );
}

// X9 C-GEN-17 C-STREAK-15
#[test]
fn x9_spring_dst() {
    let mut world = World::new();
    let metric = world.metric("m");
    let event = || Event::of(metric, "1").user(tz("America/New_York"));
    for now in ["2026-03-08T04:59:59Z", "2026-03-09T03:59:59Z", "2026-03-09T04:00:00Z"] {
        let reply = world.event(now, "u", event());
        assert!(reply.ends_with("; extended"), "{now}: {reply}");
    }
    assert_eq!(
        world.streak("2026-03-09T04:00:00Z", "u"),
        "3 since 2026-03-07, 2026-03-09..2026-03-09, expires 2026-03-10, \
         extended 2026-03-09T04:00:00.000Z"
    );
    world.signals("u");
    assert_eq!(
        world.streak("2026-03-11T03:59:59Z", "u"),
        "3 since 2026-03-07, 2026-03-10..2026-03-10, expires 2026-03-10, \
         extended 2026-03-09T04:00:00.000Z"
    );
    assert_eq!(world.signals("u"), NONE);
    assert_eq!(world.streak("2026-03-11T04:00:00Z", "u"), "0");
    assert_eq!(world.signals("u"), ["2026-03-11T04:00:00.000Z streak.lost 3"]);
}

// X9 C-POINTS-22
#[test]
fn x9_time_triggers_over_dst() {
    let mut world = World::new();
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "day", Trig::days(1, 1));
    world.trigger(xp, "24h", Trig::hours(24, 10));
    let created = world.identify("2026-03-06T20:00:00Z", "u", tz("America/New_York"));
    assert_eq!(created, Ok(true));
    world.read("2026-03-09T20:00:00Z", "u");
    assert_eq!(
        world.signals("u"),
        [
            "2026-03-07T05:00:00.000Z points.changed xp 1: 1 day",
            "2026-03-07T20:00:00.000Z points.changed xp 11: 10 24h",
            "2026-03-08T05:00:00.000Z points.changed xp 12: 1 day",
            "2026-03-08T20:00:00.000Z points.changed xp 22: 10 24h",
            "2026-03-09T04:00:00.000Z points.changed xp 23: 1 day",
            "2026-03-09T20:00:00.000Z points.changed xp 33: 10 24h",
        ]
    );
}

// X9 C-GEN-17
#[test]
fn x9_an_autumn_day_of_25_hours_is_one_day() {
    let mut world = World::new();
    let metric = world.metric("m");
    let event = || Event::of(metric, "1").user(tz("America/New_York"));
    let replies = [
        ("2026-11-01T03:59:59Z", "total 1; extended"),
        ("2026-11-01T04:00:00Z", "total 2; extended"),
        ("2026-11-02T04:59:59Z", "total 3"),
        ("2026-11-02T05:00:00Z", "total 4; extended"),
    ];
    for (now, reply) in replies {
        assert_eq!(world.event(now, "u", event()), reply, "{now}");
    }
}

// X10 C-STREAK-62 C-STREAK-63 C-USER-10
#[test]
fn x10_moving_east() {
    let mut world = World::new();
    let metric = world.metric("m");
    let first = Event::of(metric, "1").user(tz("America/Los_Angeles"));
    assert_eq!(world.event("2026-05-04T20:00:00Z", "u", first), "total 1; extended");
    assert_eq!(
        world.streak("2026-05-04T20:00:00Z", "u"),
        "1 since 2026-05-04, 2026-05-04..2026-05-04, expires 2026-05-05, \
         extended 2026-05-04T20:00:00.000Z"
    );
    world.signals("u");
    assert_eq!(world.identify("2026-05-05T16:30:00Z", "u", tz("Asia/Tokyo")), Ok(false));
    assert_eq!(
        world.streak("2026-05-05T16:30:00Z", "u"),
        "1 since 2026-05-04, 2026-05-06..2026-05-06, expires 2026-05-06, \
         extended 2026-05-04T20:00:00.000Z"
    );
    assert_eq!(world.history("2026-05-05T16:30:00Z", "u", 3), "2026-05-04: 1 1p 0");
    assert_eq!(world.signals("u"), NONE);
    assert_eq!(
        world.event("2026-05-05T17:00:00Z", "u", Event::of(metric, "1")),
        "total 2; extended"
    );
    assert_eq!(
        world.streak("2026-05-05T17:00:00Z", "u"),
        "2 since 2026-05-04, 2026-05-06..2026-05-06, expires 2026-05-07, \
         extended 2026-05-05T17:00:00.000Z"
    );
}

// X10 C-STREAK-62 C-STREAK-63 C-GEN-16 C-USER-10
#[test]
fn x10_moving_west() {
    let mut world = World::new();
    let metric = world.metric("m");
    let event = |zone| Event::of(metric, "1").user(tz(zone));
    let first = event("Pacific/Auckland");
    assert_eq!(world.event("2026-05-10T20:00:00Z", "u", first), "total 1; extended");
    let same_day = event("Pacific/Honolulu");
    assert_eq!(world.event("2026-05-11T06:00:00Z", "u", same_day), "total 2");
    assert_eq!(
        world.streak("2026-05-11T06:00:00Z", "u"),
        "1 since 2026-05-11, 2026-05-11..2026-05-11, expires 2026-05-12, \
         extended 2026-05-10T20:00:00.000Z"
    );
    let next_day = event("Pacific/Honolulu");
    assert_eq!(world.event("2026-05-12T10:00:00Z", "u", next_day), "total 3; extended");
    assert_eq!(
        world.streak("2026-05-12T10:00:00Z", "u"),
        "2 since 2026-05-11, 2026-05-12..2026-05-12, expires 2026-05-13, \
         extended 2026-05-12T10:00:00.000Z"
    );
}

// X11 C-STREAK-04 C-STREAK-51 C-STREAK-53: of the environment.
#[test]
fn x11_days_off_and_all_conditions() {
    let mut world = World::new();
    let words = world.metric("words");
    let lessons = world.metric("lessons");
    x11_days_off(&mut world, words, lessons, |world| {
        world.streaks(StreakSettingsPatch {
            evaluation_mode: Some(EvaluationMode::And),
            metrics: Some(vec![("words".into(), 500), ("lessons".into(), 1)]),
            days_off: Some(vec![6, 0]),
            ..StreakSettingsPatch::default()
        })
    });
}

// X11 C-PREF-04 C-PREF-05 C-PREF-07: the user's own.
#[test]
fn x11_own_days_off_and_all_conditions() {
    let mut world = World::new();
    let words = world.metric("words");
    let lessons = world.metric("lessons");
    world.streaks(StreakSettingsPatch {
        customization_enabled: Some(true),
        ..StreakSettingsPatch::default()
    });
    x11_days_off(&mut world, words, lessons, |world| {
        let own = |metric, threshold| StreakMetric { metric, threshold: amount(threshold) };
        let patch = StreakOverridesPatch {
            enabled: Patch::Keep,
            evaluation_mode: Patch::Set(EvaluationMode::And),
            metrics: Patch::Set(vec![own(words, "500"), own(lessons, "1")]),
            days_off: Patch::Set(vec![0, 6]),
        };
        world.prefer("2026-06-04T12:00:00Z", "u", Patch::Set(patch)).expect("allowed");
    });
}

/// Part b of X11, after whatever makes these settings hold.
fn x11_days_off(
    world: &mut World,
    words: MetricId,
    lessons: MetricId,
    configure: impl FnOnce(&mut World),
) {
    world.identify("2026-06-04T11:00:00Z", "u", tz("Europe/Berlin")).expect("allowed");
    configure(world);
    let event = |metric, value| Event::of(metric, value).user(tz("Europe/Berlin"));
    assert_eq!(world.event("2026-06-05T08:00:00Z", "u", event(words, "500")), "total 500");
    assert_eq!(world.streak("2026-06-05T08:00:00Z", "u"), "0");
    let reply = world.event("2026-06-05T09:00:00Z", "u", event(lessons, "1"));
    assert_eq!(reply, "total 1; extended");
    let extended = "extended 2026-06-05T09:00:00.000Z";
    assert_eq!(
        world.streak("2026-06-05T09:00:00Z", "u"),
        format!("1 since 2026-06-05, 2026-06-05..2026-06-05, expires 2026-06-08, {extended}")
    );
    assert_eq!(
        world.streak("2026-06-07T12:00:00Z", "u"),
        format!("1 since 2026-06-05, 2026-06-07..2026-06-07, expires 2026-06-08, {extended}")
    );
    assert_eq!(world.history("2026-06-07T12:00:00Z", "u", 3), "2026-06-05: 1 1p 1p");
    world.signals("u");
    assert_eq!(world.streak("2026-06-08T22:00:00Z", "u"), "0");
    assert_eq!(world.signals("u"), ["2026-06-08T22:00:00.000Z streak.lost 1"]);
}

/// The two runs of X12, both lost.
fn x12() -> World {
    let mut world = World::new();
    let metric = world.metric("m");
    let run = |world: &mut World, first: &str, days: i64| {
        for day in 0..days {
            let on = date(first).plus_days(day);
            let reply = world.event(&format!("{on}T12:00:00Z"), "u", Event::of(metric, "1"));
            assert!(reply.ends_with("; extended"), "{on}: {reply}");
        }
    };
    run(&mut world, "2026-01-30", 12);
    assert_eq!(
        world.streak("2026-02-11T23:59:59Z", "u"),
        "12 since 2026-01-30, 2026-02-11..2026-02-11, expires 2026-02-11, \
         extended 2026-02-10T12:00:00.000Z"
    );
    world.signals("u");
    run(&mut world, "2026-02-20", 3);
    assert_eq!(world.streak("2026-03-01T12:00:00Z", "u"), "0");
    assert_eq!(
        world.signals("u"),
        [
            "2026-02-12T00:00:00.000Z streak.lost 12",
            "2026-02-20T12:00:00.000Z streak.started",
            "2026-02-21T12:00:00.000Z streak.extended 2",
            "2026-02-22T12:00:00.000Z streak.extended 3",
            "2026-02-24T00:00:00.000Z streak.lost 3",
        ]
    );
    assert_eq!(world.history("2026-03-01T12:00:00Z", "u", 3), "2026-02-27: 0 0 0");
    assert_eq!(
        world.history("2026-03-01T12:00:00Z", "u", 32),
        "2026-01-29: 0 1 2 3 4 5 6 7 8 9 10 11 12 0 0 0 0 0 0 0 0 0 1 2 3 0 0 0 0 0 0 0"
    );
    let longest = world.read("2026-03-01T12:00:00Z", "u").streak.daily.longest;
    assert_eq!(longest, 12);
    world
}

// X12 C-STREAK-17 C-STREAK-25 C-STREAK-28 C-STREAK-32 C-STREAK-54 C-STREAK-55 C-STREAK-56
// C-STREAK-57 C-STREAK-58 C-STREAK-60 C-STREAK-61
#[test]
fn x12_restore_and_reset() {
    let mut world = x12();
    let noon = "2026-03-01T12:00:00Z";
    let mut other = world.clone();
    assert_eq!(world.restore(noon, "u", RestoreMode::Max), Ok(()));
    assert_eq!(
        world.streak(noon, "u"),
        "12 since 2026-01-30, 2026-03-01..2026-03-01, expires 2026-03-01, \
         extended 2026-02-22T12:00:00.000Z"
    );
    assert_eq!(world.history(noon, "u", 3), "2026-02-27: 0 12 0");
    assert_eq!(other.restore(noon, "u", RestoreMode::LastLost), Ok(()));
    assert!(other.streak(noon, "u").starts_with("3 since 2026-02-20"));
    assert_eq!(
        world.restore(noon, "u", RestoreMode::Max),
        Err(domain::user::Rejection::NoStreakToRestore)
    );
    assert_eq!(world.signals("u"), NONE);
    let metric = world.catalog.find_metric_by_key("m").expect("configured").id;
    let mut event = |now: &str| {
        let reply = world.event(now, "u", Event::of(metric, "1"));
        assert!(reply.ends_with("; extended"), "{now}: {reply}");
        let shown = world.streak(now, "u");
        (shown, world.signals("u"))
    };
    let (shown, signals) = event("2026-03-01T15:00:00Z");
    assert!(shown.starts_with("13 since 2026-01-30") && shown.contains("expires 2026-03-02"));
    assert_eq!(signals, ["2026-03-01T15:00:00.000Z streak.extended 13"]);
    let evening = "2026-03-01T18:00:00Z";
    assert_eq!(world.reset(evening, "u"), Ok(()));
    assert_eq!(world.reset(evening, "u"), Err(domain::user::Rejection::NoActiveStreakToReset));
    assert_eq!(world.streak(evening, "u"), "0");
    assert_eq!(world.history(evening, "u", 2), "2026-02-28: 12 0r");
    assert_eq!(world.read(evening, "u").streak.reset.map(|reset| reset.at), Some(at(evening)));
    assert_eq!(world.signals("u"), NONE);
    let again = "2026-03-01T19:00:00Z";
    let reply = world.event(again, "u", Event::of(metric, "1"));
    assert!(reply.ends_with("; extended"));
    assert_eq!(
        world.streak(again, "u"),
        "1 since 2026-03-01, 2026-03-01..2026-03-01, expires 2026-03-02, \
         extended 2026-03-01T19:00:00.000Z"
    );
    assert_eq!(world.signals("u"), ["2026-03-01T19:00:00.000Z streak.started"]);
    assert_eq!(world.restore("2026-03-01T20:00:00Z", "u", RestoreMode::Max), Ok(()));
    assert!(world.streak("2026-03-01T20:00:00Z", "u").starts_with("13 since 2026-01-30"));
}

// X11 C-STREAK-45 C-STREAK-46 C-STREAK-48 C-STREAK-29: pause.
#[test]
fn x11_pause() {
    let mut world = World::new();
    let lessons = world.metric("lessons");
    world.freezes(1, 2, None);
    for day in 6..=9 {
        let event = Event::of(lessons, "1").user(tz("Europe/Paris"));
        world.event(&format!("2026-07-{day:02}T10:00:00Z"), "u", event);
    }
    let now = "2026-07-09T12:00:00Z";
    assert_eq!(
        world.pause(now, "u", "2026-07-08", "2026-07-14"),
        Err(domain::user::Rejection::PauseStartsInPast)
    );
    world.pause(now, "u", "2026-07-10", "2026-07-14").expect("allowed");
    world.signals("u");
    let read = "2026-07-12T09:00:00Z";
    assert_eq!(
        world.streak(read, "u"),
        "4 since 2026-07-06, 2026-07-12..2026-07-12, expires 2026-07-15, \
         extended 2026-07-09T10:00:00.000Z, freezes 1/2"
    );
    assert_eq!(world.history(read, "u", 5), "2026-07-08: 3 4 4p 4p 4p");
    assert_eq!(world.pauses(read, "u"), ["2026-07-10..2026-07-14"]);
    let back = "2026-07-15T10:00:00Z";
    assert_eq!(world.event(back, "u", Event::of(lessons, "1")), "total 5; extended");
    assert_eq!(
        world.streak(back, "u"),
        "5 since 2026-07-06, 2026-07-15..2026-07-15, expires 2026-07-16, \
         extended 2026-07-15T10:00:00.000Z, freezes 1/2"
    );
    assert_eq!(world.signals("u"), ["2026-07-15T10:00:00.000Z streak.extended 5"]);
}
