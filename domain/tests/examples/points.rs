//! Triggers, maximum, deductions, guard and levels. (C-POINTS)

use domain::catalog::{
    AttributeKind, Filter, LevelPatch, Patch, PointsSystemPatch, TriggerPatch, TriggerType,
    TriggerTypeFields,
};
use domain::ids::{AttributeId, MetricId};
use domain::user::ProfilePatch;

use crate::support::{Ach, Event, NONE, Trig, World, at};

const NOW: &str = "2026-01-05T12:00:00Z";

/// Submits values of one metric on one day; the replies without their total.
fn paid(world: &mut World, metric: MetricId, values: &[&str]) -> Vec<String> {
    let reply = |value: &&str| {
        let reply = world.event(NOW, "u", Event::of(metric, value));
        let rest = reply.split_once("; xp ").map_or("", |(_, rest)| rest);
        rest.to_owned()
    };
    values.iter().map(reply).collect()
}

fn pro(attribute: AttributeId, is: bool) -> ProfilePatch {
    let mut patch = ProfilePatch::default();
    patch.attributes.insert(attribute, is.then(|| "pro".to_owned()));
    patch
}

// C-POINTS-14 C-POINTS-15 C-POINTS-17: multiples of the threshold, each once, whatever way the total takes.
#[test]
fn each_multiple_is_paid_once() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "T", Trig::metric(metric, 100, 10));
    let table = [
        ("-50", ""),
        ("149", ""),
        ("1", "10 (+10): 10 T"),
        ("899.5", "90 (+80): 80 T"),
        ("-500", ""),
        ("500", ""),
        ("0.5", "100 (+10): 10 T"),
    ];
    for (value, reply) in table {
        assert_eq!(paid(&mut world, metric, &[value]), [reply], "{value}");
    }
}

// C-POINTS-16 C-POINTS-18: passed before activation is never paid; base covers the inactive span.
#[test]
fn multiples_passed_while_inactive_are_never_paid() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[]);
    let id = world.trigger(xp, "T", Trig::metric(metric, 10, 1).inactive());
    let switch = |world: &mut World, on| {
        let patch = TriggerPatch { active: Some(on), ..TriggerPatch::default() };
        world.catalog.update_trigger(xp, id, patch, at(NOW)).expect("valid");
    };
    assert_eq!(paid(&mut world, metric, &["35"]), [""]);
    switch(&mut world, true);
    assert_eq!(paid(&mut world, metric, &["4", "1", "10"]), ["", "1 (+1): 1 T", "2 (+1): 1 T"]);
    switch(&mut world, false);
    assert_eq!(paid(&mut world, metric, &["30", "-20"]), ["", ""]);
    switch(&mut world, true);
    // The mark stayed at 50 and the total is 60: 70 pays, though 80 was seen meanwhile.
    assert_eq!(paid(&mut world, metric, &["10"]), ["3 (+1): 1 T"]);
}

// C-POINTS-16 C-POINTS-18: filtered progress sums matching events ever; an edit drops the mark.
#[test]
fn filtered_triggers_sum_matching_events_ever() {
    let mut world = World::new();
    let metric = world.metric("m");
    let kind = world.attribute(AttributeKind::Event, "kind");
    let xp = world.system("xp", None, &[]);
    let event = |value, tag| Event::of(metric, value).with(kind, tag);
    world.event(NOW, "u", event("7", "a"));
    world.event(NOW, "u", event("5", "b"));
    let id = world.trigger(xp, "T", Trig::metric(metric, 5, 1).if_event(kind, "a"));
    assert_eq!(world.event(NOW, "u", event("9", "b")), "total 21");
    assert_eq!(world.event(NOW, "u", event("3", "a")), "total 24; xp 1 (+1): 1 T");
    assert_eq!(world.event(NOW, "u", event("-6", "a")), "total 18");
    assert_eq!(world.event(NOW, "u", event("6", "a")), "total 24");
    let fields = TriggerTypeFields {
        event_attributes: Patch::Set(vec![Filter { attribute: kind, value: "b".into() }]),
        ..TriggerTypeFields::default()
    };
    let patch = TriggerPatch { fields, ..TriggerPatch::default() };
    world.catalog.update_trigger(xp, id, patch, at(NOW)).expect("valid");
    assert_eq!(world.event(NOW, "u", event("1", "b")), "total 25; xp 2 (+1): 1 T");
    assert_eq!(world.event(NOW, "u", event("5", "a")), "total 30");
    // Without a filter the total counts, with a mark of its own from then on.
    let fields =
        TriggerTypeFields { event_attributes: Patch::Clear, ..TriggerTypeFields::default() };
    let patch = TriggerPatch { fields, ..TriggerPatch::default() };
    world.catalog.update_trigger(xp, id, patch, at(NOW)).expect("valid");
    assert_eq!(world.event(NOW, "u", event("5", "a")), "total 35; xp 3 (+1): 1 T");
    assert_eq!(world.event(NOW, "u", event("-5", "a")), "total 30");
    assert_eq!(world.event(NOW, "u", event("5", "a")), "total 35");
}

// C-POINTS-18: progress belongs to what is counted now, also after the trigger was of another type.
#[test]
fn a_trigger_that_changed_its_type_and_metric_starts_anew() {
    let mut world = World::new();
    let [cards, words] = ["cards", "words"].map(|key| world.metric(key));
    let xp = world.system("xp", None, &[]);
    let id = world.trigger(xp, "T", Trig::metric(cards, 10, 1));
    assert_eq!(
        world.event(NOW, "u", Event::of(cards, "100")),
        "total 100; extended; xp 10 (+10): 10 T"
    );
    let mut change = |patch| world.catalog.update_trigger(xp, id, patch, at(NOW)).map(|_| ());
    let off = TriggerPatch { active: Some(false), ..TriggerPatch::default() };
    assert_eq!(change(off), Ok(()));
    for (trigger_type, fields) in [
        (
            TriggerType::Streak,
            TriggerTypeFields { streak_length: Some(99), ..TriggerTypeFields::default() },
        ),
        (
            TriggerType::Metric,
            TriggerTypeFields {
                metric_id: Some(words),
                metric_threshold: Some(10),
                ..TriggerTypeFields::default()
            },
        ),
    ] {
        let trigger_type = Some(trigger_type);
        assert_eq!(
            change(TriggerPatch { trigger_type, fields, ..TriggerPatch::default() }),
            Ok(())
        );
    }
    let on = TriggerPatch { active: Some(true), ..TriggerPatch::default() };
    assert_eq!(change(on), Ok(()));
    assert_eq!(world.event(NOW, "u", Event::of(words, "10")), "total 10; xp 11 (+1): 1 T");
}

// C-POINTS-18: a crossing that the user's attributes forbid is forfeited.
#[test]
fn crossings_of_others_are_forfeited() {
    let mut world = World::new();
    let metric = world.metric("m");
    let plan = world.attribute(AttributeKind::User, "plan");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "T", Trig::metric(metric, 10, 1).if_user(plan, "pro"));
    assert_eq!(paid(&mut world, metric, &["10", "-10"]), ["", ""]);
    assert_eq!(world.identify(NOW, "u", pro(plan, true)), Ok(false));
    assert_eq!(paid(&mut world, metric, &["10", "10"]), ["", "1 (+1): 1 T"]);
}

// C-POINTS-19: multiples of the length, in every run anew.
#[test]
fn streak_triggers_fire_at_every_multiple_of_every_run() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "T", Trig::streak(2, 5));
    let table = [
        (5, ""),
        (6, "; xp 5 (+5): 5 T"),
        (7, ""),
        (8, "; xp 10 (+5): 5 T"),
        (12, ""),
        (13, "; xp 15 (+5): 5 T"),
    ];
    for (i, (day, points)) in table.iter().enumerate() {
        let reply =
            world.event(&format!("2026-01-{day:02}T12:00:00Z"), "u", Event::of(metric, "1"));
        assert_eq!(reply, format!("total {}; extended{points}", i + 1));
        let again =
            world.event(&format!("2026-01-{day:02}T12:00:01Z"), "u", Event::of(metric, "0"));
        assert_eq!(again, format!("total {}", i + 1));
    }
}

// C-POINTS-20 C-POINTS-21 C-POINTS-24 C-GEN-34: stages in order; user filters after the request's
// own attributes; each award sees the total the one before left.
#[test]
fn stages_pay_in_order() {
    let mut world = World::new();
    let metric = world.metric("m");
    let plan = world.attribute(AttributeKind::User, "plan");
    let second = world.achievement("A2", Ach::metric(metric, "2"));
    let first = world.achievement("A1", Ach::metric(metric, "1"));
    let xp = world.system("xp", Some(100), &[]);
    world.trigger(xp, "second", Trig::achievement(second, 90));
    world.trigger(xp, "first", Trig::achievement(first, 8));
    world.trigger(xp, "streak", Trig::streak(1, -3));
    world.trigger(xp, "metric", Trig::metric(metric, 1, 2));
    world.trigger(xp, "minus", Trig::metric(metric, 1, -100));
    world.trigger(xp, "new", Trig::creation(10).if_user(plan, "pro"));
    world.trigger(xp, "free", Trig::creation(9).if_user(plan, "free"));
    let event = Event::of(metric, "2").user(pro(plan, true));
    assert_eq!(
        world.event(NOW, "u", event),
        "total 2; extended; completed A1 A2; xp 98 (+98): \
         10 new, 4 metric, -14 minus, 8 first, 90 second"
    );
    assert_eq!(world.event(NOW, "u", Event::of(metric, "0")), "total 2");
}

// C-POINTS-26 C-POINTS-27: a lowered maximum takes nothing and gives nothing.
#[test]
fn a_lowered_maximum_takes_no_points_away() {
    let mut world = World::new();
    let metric = world.metric("m");
    let other = world.metric("other");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "T", Trig::metric(metric, 1, 10));
    world.trigger(xp, "minus", Trig::metric(other, 1, -15));
    assert_eq!(paid(&mut world, metric, &["3"]), ["30 (+30): 30 T"]);
    let patch = PointsSystemPatch { max_points: Patch::Set(20), ..PointsSystemPatch::default() };
    world.catalog.update_points_system(xp, patch, at(NOW)).expect("valid");
    world.signals("u");
    assert_eq!(paid(&mut world, metric, &["1"]), [""]);
    assert_eq!(world.signals("u"), NONE);
    assert_eq!(paid(&mut world, other, &["1"]), ["15 (-15): -15 minus"]);
    assert_eq!(paid(&mut world, metric, &["1", "1"]), ["20 (+5): 5 T", ""]);
}

// C-POINTS-29 C-POINTS-31: only active negative metric triggers whose filters match guard.
#[test]
fn only_matching_guarded_deductions_refuse() {
    let mut world = World::new();
    let metric = world.metric("m");
    let plan = world.attribute(AttributeKind::User, "plan");
    let kind = world.attribute(AttributeKind::Event, "kind");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "new", Trig::creation(5));
    world.trigger(xp, "plus", Trig::metric(metric, 1, 1).guarded());
    world.trigger(xp, "streak", Trig::streak(1, -1).guarded());
    world.trigger(xp, "off", Trig::metric(metric, 1, -99).guarded().inactive());
    world.trigger(xp, "pro", Trig::metric(metric, 1, -99).guarded().if_user(plan, "pro"));
    world.trigger(xp, "kind", Trig::metric(metric, 2, -3).guarded().if_event(kind, "k"));
    world.trigger(xp, "more", Trig::metric(metric, 2, -3).guarded().if_event(kind, "k"));
    assert_eq!(
        world.event(NOW, "u", Event::of(metric, "1")),
        "total 1; extended; xp 5 (+5): 5 new, 1 plus, -1 streak"
    );
    let tagged = |value| Event::of(metric, value).with(kind, "k");
    // Two deductions of 3 exceed 5 together; the event's own award doesn't help.
    assert_eq!(world.event(NOW, "u", tagged("2")), "rejected: Insufficient points in xp");
    assert_eq!(world.event(NOW, "u", tagged("1")), "total 2; xp 6 (+1): 1 plus");
    assert_eq!(world.event(NOW, "u", tagged("1")), "total 3; xp 1 (-5): 1 plus, -3 kind, -3 more");
    let upgraded = Event::of(metric, "1").user(pro(plan, true));
    assert_eq!(world.event(NOW, "u", upgraded), "rejected: Insufficient points in xp");
}

// C-POINTS-31: a guarded trigger below its mark deducts nothing and lends nothing to another; one
// that is new to the user counts their events from before it.
#[test]
fn guards_use_the_marks_and_sums_that_awards_use() {
    let mut world = World::new();
    let metric = world.metric("m");
    let kind = world.attribute(AttributeKind::Event, "kind");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "new", Trig::creation(10));
    world.trigger(xp, "all", Trig::metric(metric, 10, -1).guarded());
    let tagged = |value| Event::of(metric, value).with(kind, "k");
    world.event(NOW, "u", tagged("100"));
    world.event(NOW, "u", Event::of(metric, "-100"));
    // The balance is 0 and the mark at 100.
    world.trigger(xp, "kind", Trig::metric(metric, 101, -1).guarded().if_event(kind, "k"));
    assert_eq!(world.event(NOW, "u", tagged("1")), "rejected: Insufficient points in xp");
    assert_eq!(world.event(NOW, "u", tagged("0.5")), "total 0.5");
}

// C-POINTS-46 C-POINTS-47 C-POINTS-48 C-POINTS-50: up, within, down and out.
#[test]
fn levels_follow_the_balance() {
    let mut world = World::new();
    let metric = world.metric("m");
    let other = world.metric("other");
    let xp = world.system("xp", None, &[("gold", 30), ("bronze", 10)]);
    world.trigger(xp, "T", Trig::metric(metric, 1, 5));
    world.trigger(xp, "minus", Trig::metric(other, 1, -25));
    let table = [
        (metric, "1", "5 (+5): 5 T"),
        (metric, "1", "10 (+5) level bronze: 5 T"),
        (metric, "3", "25 (+15): 15 T"),
        (metric, "1", "30 (+5) level gold: 5 T"),
        (other, "1", "5 (-25) level none: -25 minus"),
        (metric, "9", "50 (+45) level gold: 45 T"),
    ];
    for (metric, value, reply) in table {
        assert_eq!(paid(&mut world, metric, &[value]), [reply]);
    }
    let moves: Vec<_> = world
        .signals("u")
        .iter()
        .filter_map(|line| line.split_once("level_changed xp ").map(|(_, rest)| rest.to_owned()))
        .collect();
    let expected =
        ["10: none -> bronze", "30: bronze -> gold", "5: gold -> none", "50: none -> gold"];
    assert_eq!(moves, expected);
}

// C-POINTS-49: before a first award the level is none, also where a level starts at 0.
#[test]
fn a_first_award_reports_the_zero_level() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[("bronze", 0)]);
    world.trigger(xp, "T", Trig::metric(metric, 1, 5));
    assert_eq!(
        paid(&mut world, metric, &["0", "1", "1"]),
        ["", "5 (+5) level bronze: 5 T", "10 (+5): 5 T"]
    );
}

// C-POINTS-51: editing a level moves users silently; the next change compares with the new one.
#[test]
fn edited_levels_move_users_silently() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[("gold", 30)]);
    world.trigger(xp, "T", Trig::metric(metric, 1, 5));
    assert_eq!(paid(&mut world, metric, &["2"]), ["10 (+10): 10 T"]);
    let gold = world.catalog.points_systems[0].levels[0].id;
    let patch = LevelPatch { points: Some(10), ..LevelPatch::default() };
    world.catalog.update_level(xp, gold, patch, at(NOW)).expect("valid");
    world.signals("u");
    assert_eq!(world.read(NOW, "u").balance(xp), 10);
    assert_eq!(world.signals("u"), NONE);
    assert_eq!(paid(&mut world, metric, &["1"]), ["15 (+5): 5 T"]);
}

// C-POINTS-03 C-POINTS-30 C-GEN-33: cut at zero and inside 64 bits, however many multiples.
#[test]
fn balances_stay_inside_their_range() {
    let mut world = World::new();
    let metric = world.metric("m");
    let other = world.metric("other");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "T", Trig::metric(metric, 1, 1_000_000_000));
    world.trigger(xp, "minus", Trig::metric(other, 1, -1_000_000_000));
    let max = i64::MAX;
    let rich = paid(&mut world, metric, &["1000000000000", "1000000000000"]);
    assert_eq!(rich, [format!("{max} (+{max}): {max} T"), String::new()]);
    let poor = paid(&mut world, other, &["1000000000000", "1"]);
    assert_eq!(poor, [format!("0 (-{max}): -{max} minus"), String::new()]);
}
