//! Events, idempotency, numbers and filters. (C-EVENT, C-IDEM, C-GEN-33, C-GEN-34)

use domain::catalog::AttributeKind;
use domain::user::ProfilePatch;

use crate::support::{Ach, Event, NONE, Trig, World, tz};

const NOW: &str = "2026-01-05T12:00:00Z";

/// A user's replies to a row of events at one instant.
fn replies(world: &mut World, events: impl IntoIterator<Item = Event>) -> Vec<String> {
    events.into_iter().map(|event| world.event(NOW, "u", event)).collect()
}

// C-EVENT-02 C-EVENT-03 C-EVENT-13 C-STREAK-06 C-GEN-33
#[test]
fn totals_are_exact_sums_without_a_floor() {
    let mut world = World::new();
    let metric = world.metric("m");
    let expected = [
        ("0", "total 0"),
        ("-2.5", "total -2.5"),
        ("0", "total -2.5"),
        ("2.6", "total 0.1; extended"),
        ("0.2", "total 0.3"),
        ("-7", "total -6.7"),
        ("0.000000001", "total -6.699999999"),
    ];
    for (value, reply) in expected {
        assert_eq!(world.event(NOW, "u", Event::of(metric, value)), reply, "{value}");
    }
    assert_eq!(world.streak(NOW, "u").split(',').next(), Some("1 since 2026-01-05"));
    assert_eq!(world.stored("u").events.len(), expected.len());
}

// C-EVENT-02 C-ACH-05: an event of value 0 still runs state-based checks.
#[test]
fn an_event_of_zero_completes_what_is_reached() {
    let mut world = World::new();
    let metric = world.metric("m");
    let plan = world.attribute(AttributeKind::User, "plan");
    world.achievement("late", Ach::metric(metric, "5").if_user(plan, "pro"));
    world.event(NOW, "u", Event::of(metric, "5"));
    let mut pro = ProfilePatch::default();
    pro.attributes.insert(plan, Some("pro".to_owned()));
    let event = Event::of(metric, "0").user(pro);
    assert_eq!(replies(&mut world, [event]), ["total 5; completed late"]);
}

// C-GEN-33
#[test]
fn a_total_beyond_its_range_is_refused() {
    let mut world = World::new();
    let metric = world.metric("m");
    let huge = "1000000000000";
    for _ in 0..1000 {
        world.event(NOW, "u", Event::of(metric, huge));
    }
    let expected = [
        ("1", "rejected: value would move the total out of range"),
        ("-1", "total 999999999999999"),
        ("1", "total 1000000000000000"),
        ("0.000000001", "rejected: value would move the total out of range"),
    ];
    for (value, reply) in expected {
        assert_eq!(world.event(NOW, "u", Event::of(metric, value)), reply, "{value}");
    }
}

// C-EVENT-08 C-EVENT-09 C-POINTS-24: creation first; a system is listed even if it nets to 0.
#[test]
fn creation_awards_come_first_and_zero_sums_are_listed() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[]);
    let idle = world.system("idle", None, &[]);
    world.trigger(xp, "minus", Trig::metric(metric, 1, -7));
    world.trigger(xp, "new", Trig::creation(7));
    world.trigger(idle, "nothing", Trig::metric(metric, 100, 1));
    assert_eq!(
        replies(&mut world, [Event::of(metric, "1")]),
        ["total 1; extended; xp 0 (+0): 7 new, -7 minus"]
    );
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-05T12:00:00.000Z streak.started",
            "2026-01-05T12:00:00.000Z points.changed xp 0: 7 new, -7 minus",
        ]
    );
}

// C-EVENT-16 C-POINTS-51: creation alone signals level changes only.
#[test]
fn creation_alone_does_not_signal_points_changed() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[("zero", 0)]);
    world.trigger(xp, "new", Trig::creation(7));
    assert_eq!(
        replies(&mut world, [Event::of(metric, "1")]),
        ["total 1; extended; xp 7 (+7) level zero: 7 new"]
    );
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-05T12:00:00.000Z streak.started",
            "2026-01-05T12:00:00.000Z points.level_changed xp 7: none -> zero",
        ]
    );
}

// C-EVENT-10: by value, then streak length, then dependency; ties by creation.
#[test]
fn completions_come_in_response_order() {
    let mut world = World::new();
    let metric = world.metric("m");
    let big = world.achievement("M9", Ach::metric(metric, "9"));
    let streak = world.achievement("S1", Ach::streak(1));
    let both = world.achievement("C1", Ach::all_of(&[big, streak]));
    world.achievement("C2", Ach::all_of(&[both]));
    world.achievement("C3", Ach::all_of(&[streak]));
    world.achievement("M2b", Ach::metric(metric, "2.5"));
    world.achievement("M2c", Ach::metric(metric, "2.5"));
    world.achievement("S1b", Ach::streak(1));
    assert_eq!(
        replies(&mut world, [Event::of(metric, "9")]),
        ["total 9; extended; completed M2b M2c M9 S1 S1b C1 C3 C2"]
    );
}

// C-EVENT-13 C-ACH-04: nothing earned is undone.
#[test]
fn negative_events_take_nothing_back() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.achievement("A", Ach::metric(metric, "5"));
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "T", Trig::metric(metric, 5, 3));
    assert_eq!(
        replies(&mut world, ["5", "-9", "9"].map(|value| Event::of(metric, value))),
        ["total 5; extended; completed A; xp 3 (+3): 3 T", "total -4", "total 5"]
    );
    assert_eq!(world.stored("u").state.as_ref().map(|state| state.completions.len()), Some(1));
}

// C-EVENT-12 C-GEN-34: exact, case-sensitive, ANDed; a missing attribute never matches.
#[test]
fn event_filters_match_exactly_and_together() {
    let mut world = World::new();
    let metric = world.metric("m");
    let [lang, level] = ["lang", "level"].map(|key| world.attribute(AttributeKind::Event, key));
    let filtered = Ach::metric(metric, "2").if_event(lang, "de").if_event(level, "");
    world.achievement("A", filtered);
    let event = |value| Event::of(metric, value);
    let events = [
        event("9").with(lang, "de"),
        event("9").with(lang, "DE").with(level, ""),
        event("9").with(lang, "de").with(level, " "),
        event("1").with(lang, "de").with(level, ""),
        event("9"),
        event("1").with(lang, "de").with(level, ""),
    ];
    let last: Vec<_> = replies(&mut world, events);
    assert_eq!(last[3..], ["total 28", "total 37", "total 38; completed A"]);
}

// C-IDEM-02 C-IDEM-11: trimmed, per user and metric.
#[test]
fn keys_are_trimmed_and_blank_ones_count_every_time() {
    let mut world = World::new();
    let metric = world.metric("m");
    let keyed = |key| Event::of(metric, "1").key(key);
    assert_eq!(
        replies(&mut world, ["k", " k ", "", "  ", "K"].map(keyed)),
        ["total 1; extended", "total 1; replay of E1", "total 2", "total 3", "total 4"]
    );
}

// C-IDEM-06 C-IDEM-07 C-EVENT-05: a replay settles and does nothing else.
#[test]
fn a_replay_settles() {
    let mut world = World::new();
    let metric = world.metric("m");
    let event = || Event::of(metric, "1").key("k");
    world.event(NOW, "u", event());
    world.signals("u");
    let moved = event().user(tz("Asia/Tokyo"));
    assert_eq!(world.event("2026-01-07T00:00:00Z", "u", moved), "total 1; replay of E1");
    assert_eq!(world.signals("u"), ["2026-01-07T00:00:00.000Z streak.lost 1"]);
    let state = world.read("2026-01-07T00:00:00Z", "u");
    assert_eq!((state.profile.time_zone, state.events), (None, 1));
}

// C-IDEM-09 C-GEN-21: a refused event uses no key and creates nobody.
#[test]
fn a_refused_event_leaves_no_trace() {
    let mut world = World::new();
    let metric = world.metric("m");
    let coins = world.system("coins", None, &[]);
    world.trigger(coins, "cost", Trig::metric(metric, 1, -1).guarded());
    let event = || Event::of(metric, "1").key("k");
    let refused = "rejected: Insufficient points in coins";
    assert_eq!(world.event(NOW, "u", event()), refused);
    assert!(!world.knows("u"));
    assert_eq!(world.signals("u"), NONE);
    assert_eq!(world.identify(NOW, "u", ProfilePatch::default()), Ok(true));
    let renamed = event().user(tz("Asia/Tokyo"));
    assert_eq!(world.event(NOW, "u", renamed), refused);
    assert_eq!(world.read(NOW, "u").profile.time_zone, None);
    let earn = world.trigger(coins, "earn", Trig::metric(metric, 1, 5));
    assert_eq!(world.event(NOW, "u", event()), refused, "{earn}: awards of the event don't help");
}

// C-GEN-22: what is settled stays settled, also if the clock is set back.
#[test]
fn a_clock_set_back_does_not_unsettle() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.event("2026-01-06T00:00:00Z", "u", Event::of(metric, "1"));
    world.event("2026-01-05T23:00:00Z", "u", Event::of(metric, "1"));
    let events = &world.stored("u").events;
    let stamps: Vec<_> = events.iter().map(|event| format!("{} {}", event.day, event.at)).collect();
    assert_eq!(stamps, ["2026-01-06 2026-01-06T00:00:00.000Z"; 2]);
}
