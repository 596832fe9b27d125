//! Time triggers: their clock, what changes of them do to it, and settling late. (C-POINTS-22, 23)

use domain::catalog::{
    AttributeKind, Filter, LevelPatch, Patch, PointsSystemPatch, TriggerPatch, TriggerTypeFields,
};
use domain::ids::{PointsSystemId, TriggerId};
use domain::user::ProfilePatch;

use crate::support::{Event, NONE, Trig, World, at, freezes, tz};

const CREATED: &str = "2026-05-04T10:00:00Z";

/// A user who was created while everything set up so far was active.
fn create(world: &mut World, zone: &str) {
    assert_eq!(world.identify(CREATED, "u", tz(zone)), Ok(true));
    world.signals("u");
}

/// The instants and changes of the user's awards, read at `now`.
fn awards(world: &mut World, now: &str, system: PointsSystemId) -> Vec<String> {
    world.read(now, "u");
    let awards = world.stored("u").awards.get(&system);
    let shown = awards.into_iter().flatten().map(|own| format!("{} {:+}", own.at, own.awarded));
    shown.collect()
}

fn change(
    world: &mut World,
    now: &str,
    (system, trigger): (PointsSystemId, TriggerId),
    patch: TriggerPatch,
) {
    world.catalog.update_trigger(system, trigger, patch, at(now)).expect("a valid change");
}

fn switch(world: &mut World, now: &str, which: (PointsSystemId, TriggerId), on: bool) {
    change(world, now, which, TriggerPatch { active: Some(on), ..TriggerPatch::default() });
}

// C-POINTS-22 C-ADM-57: hours run from the activation, days from its local date.
#[test]
fn a_trigger_activated_later_starts_its_clock_then() {
    let mut world = World::new();
    let xp = world.system("xp", None, &[]);
    let hours = world.trigger(xp, "5h", Trig::hours(5, 1).inactive());
    let days = world.trigger(xp, "2d", Trig::days(2, 10).inactive());
    create(&mut world, "Pacific/Kiritimati");
    // 2026-05-06T02:30 there.
    switch(&mut world, "2026-05-05T12:30:00Z", (xp, hours), true);
    switch(&mut world, "2026-05-05T12:30:00Z", (xp, days), true);
    assert_eq!(
        awards(&mut world, "2026-05-07T12:00:00Z", xp),
        [
            "2026-05-05T17:30:00.000Z +1",
            "2026-05-05T22:30:00.000Z +1",
            "2026-05-06T03:30:00.000Z +1",
            "2026-05-06T08:30:00.000Z +1",
            "2026-05-06T13:30:00.000Z +1",
            "2026-05-06T18:30:00.000Z +1",
            "2026-05-06T23:30:00.000Z +1",
            "2026-05-07T04:30:00.000Z +1",
            "2026-05-07T09:30:00.000Z +1",
            "2026-05-07T10:00:00.000Z +10",
        ]
    );
}

// C-POINTS-23 C-ADM-57 C-GEN-22: nothing for the inactive span, however late anyone looks.
#[test]
fn deactivation_stops_at_once_and_reactivation_starts_anew() {
    let mut world = World::new();
    let xp = world.system("xp", None, &[]);
    let id = world.trigger(xp, "4h", Trig::hours(4, 1));
    create(&mut world, "UTC");
    // What is due at the very instant of the change was earned before it.
    switch(&mut world, "2026-05-04T18:00:00Z", (xp, id), false);
    switch(&mut world, "2026-05-05T01:00:00Z", (xp, id), true);
    // Activating what is active changes nothing.
    switch(&mut world, "2026-05-05T03:00:00Z", (xp, id), true);
    let expected = [
        "2026-05-04T14:00:00.000Z +1",
        "2026-05-04T18:00:00.000Z +1",
        "2026-05-05T05:00:00.000Z +1",
        "2026-05-05T09:00:00.000Z +1",
    ];
    assert_eq!(awards(&mut world.clone(), "2026-05-05T12:59:59Z", xp), expected);
    world.catalog.delete_trigger(xp, id, at("2026-05-05T09:00:01Z")).expect("live");
    assert_eq!(awards(&mut world, "2026-06-01T00:00:00Z", xp), expected);
}

// C-GEN-22: an edit changes what falls due after it, and so do a new maximum and new levels.
#[test]
fn edits_change_what_falls_due_after_them() {
    let mut world = World::new();
    let xp = world.system("xp", Some(4), &[("low", 3)]);
    let id = world.trigger(xp, "6h", Trig::hours(6, 3));
    create(&mut world, "UTC");
    let levels = world.catalog.points_systems[0].levels[0].id;
    let max = |world: &mut World, now: &str, max| {
        let patch =
            PointsSystemPatch { max_points: Patch::Set(max), ..PointsSystemPatch::default() };
        world.catalog.update_points_system(xp, patch, at(now)).expect("valid");
    };
    // Due 16:00 +3, 22:00 cut to 1, 04:00 nothing.
    max(&mut world, "2026-05-05T06:00:00Z", 100);
    let patch = LevelPatch { points: Some(9), ..LevelPatch::default() };
    world.catalog.update_level(xp, levels, patch, at("2026-05-05T07:00:00Z")).expect("valid");
    // Due 10:00 +3, 16:00 +3.
    let patch = TriggerPatch {
        points: Some(-2),
        fields: TriggerTypeFields { time_interval: Some(10), ..TriggerTypeFields::default() },
        ..TriggerPatch::default()
    };
    change(&mut world, "2026-05-05T17:00:00Z", (xp, id), patch);
    // The clock still runs from the creation: due 02:00, 12:00.
    max(&mut world, "2026-05-06T07:00:00Z", 1);
    world.catalog.delete_points_system(xp, at("2026-05-06T17:00:00Z")).expect("live");
    world.read("2027-01-01T00:00:00Z", "u");
    assert_eq!(
        world.signals("u"),
        [
            "2026-05-04T16:00:00.000Z points.changed xp 3: 3 6h",
            "2026-05-04T16:00:00.000Z points.level_changed xp 3: none -> low",
            "2026-05-04T22:00:00.000Z points.changed xp 4: 1 6h",
            "2026-05-05T10:00:00.000Z points.changed xp 7: 3 6h",
            "2026-05-05T16:00:00.000Z points.changed xp 10: 3 6h",
            "2026-05-05T16:00:00.000Z points.level_changed xp 10: none -> low",
            "2026-05-06T02:00:00.000Z points.changed xp 8: -2 6h",
            "2026-05-06T02:00:00.000Z points.level_changed xp 8: low -> none",
            "2026-05-06T12:00:00.000Z points.changed xp 6: -2 6h",
        ]
    );
}

// C-POINTS-23: attributes and filters as they are known at settlement and were in force.
#[test]
fn filters_are_those_in_force() {
    let mut world = World::new();
    let plan = world.attribute(AttributeKind::User, "plan");
    let xp = world.system("xp", None, &[]);
    let id = world.trigger(xp, "1d", Trig::days(1, 1).if_user(plan, "pro"));
    create(&mut world, "UTC");
    let mut pro = ProfilePatch::default();
    pro.attributes.insert(plan, Some("pro".to_owned()));
    // Settled before it becomes true.
    assert_eq!(world.identify("2026-05-06T00:00:00Z", "u", pro), Ok(false));
    assert_eq!(awards(&mut world, "2026-05-07T00:00:00Z", xp), ["2026-05-07T00:00:00.000Z +1"]);
    let filters = vec![Filter { attribute: plan, value: "free".to_owned() }];
    let patch = TriggerPatch { user_filters: Patch::Set(filters), ..TriggerPatch::default() };
    change(&mut world, "2026-05-08T12:00:00Z", (xp, id), patch);
    let patch = TriggerPatch { user_filters: Patch::Clear, ..TriggerPatch::default() };
    change(&mut world, "2026-05-10T00:00:00Z", (xp, id), patch);
    let days = ["07", "08", "11"].map(|day| format!("2026-05-{day}T00:00:00.000Z +1"));
    assert_eq!(awards(&mut world, "2026-05-11T01:00:00Z", xp), days);
}

// C-GEN-22: at one instant the period closes, then freezes are granted, then triggers pay, in the
// order of their creation.
#[test]
fn at_one_instant_streaks_come_first() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[]);
    let energy = world.system("energy", None, &[]);
    world.trigger(energy, "7h", Trig::hours(7, 1));
    world.trigger(xp, "1d", Trig::days(1, 2));
    world.streaks(freezes(0, 2, Some((1, 1))));
    let event = Event::of(metric, "1");
    assert_eq!(world.event("2026-05-03T17:00:00Z", "u", event), "total 1; extended");
    world.signals("u");
    world.read("2026-05-05T00:00:00Z", "u");
    assert_eq!(
        world.signals("u"),
        [
            "2026-05-04T00:00:00.000Z streak.freeze_earned 1, 1 held",
            "2026-05-04T00:00:00.000Z points.changed xp 2: 2 1d",
            "2026-05-04T00:00:00.000Z points.changed energy 1: 1 7h",
            "2026-05-04T07:00:00.000Z points.changed energy 2: 1 7h",
            "2026-05-04T14:00:00.000Z points.changed energy 3: 1 7h",
            "2026-05-04T21:00:00.000Z points.changed energy 4: 1 7h",
            "2026-05-05T00:00:00.000Z streak.freeze_consumed 1, 0 left",
            "2026-05-05T00:00:00.000Z streak.freeze_earned 1, 1 held",
            "2026-05-05T00:00:00.000Z points.changed xp 4: 2 1d",
        ]
    );
}

// C-EVENT-07 C-POINTS-47 C-POINTS-51: the total has what was settled; the event's own part hasn't.
#[test]
fn an_event_answers_with_its_own_awards_alone() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[("ten", 10)]);
    world.trigger(xp, "1h", Trig::hours(1, 5));
    world.trigger(xp, "m", Trig::metric(metric, 1, 1));
    create(&mut world, "UTC");
    let reply = world.event("2026-05-04T12:30:00Z", "u", Event::of(metric, "1"));
    assert_eq!(reply, "total 1; extended; xp 11 (+1): 1 m");
    assert_eq!(
        world.signals("u"),
        [
            "2026-05-04T11:00:00.000Z points.changed xp 5: 5 1h",
            "2026-05-04T12:00:00.000Z points.changed xp 10: 5 1h",
            "2026-05-04T12:00:00.000Z points.level_changed xp 10: none -> ten",
            "2026-05-04T12:30:00.000Z streak.started",
            "2026-05-04T12:30:00.000Z points.changed xp 11: 1 m",
        ]
    );
}

// C-POINTS-22 C-GEN-16: a date that a move skips pays at the move, one that comes again doesn't.
#[test]
fn each_date_pays_once_wherever_the_user_is() {
    let mut world = World::new();
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "1d", Trig::days(1, 1));
    create(&mut world, "America/Los_Angeles");
    assert_eq!(world.identify("2026-05-05T16:30:00Z", "u", tz("Asia/Tokyo")), Ok(false));
    assert_eq!(world.identify("2026-05-05T17:00:00Z", "u", tz("Pacific/Honolulu")), Ok(false));
    assert_eq!(
        awards(&mut world, "2026-05-07T10:00:00Z", xp),
        [
            "2026-05-05T07:00:00.000Z +1",
            "2026-05-05T16:30:00.000Z +1",
            "2026-05-07T10:00:00.000Z +1",
        ]
    );
}

// C-POINTS-22: Samoa had no 30 December 2011; the two dates that began at once pay once.
#[test]
fn one_instant_pays_once() {
    let mut world = World::new();
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "1d", Trig::days(1, 1));
    assert_eq!(world.identify("2011-12-29T12:00:00Z", "u", tz("Pacific/Apia")), Ok(true));
    assert_eq!(
        awards(&mut world, "2011-12-31T11:00:00Z", xp),
        ["2011-12-30T10:00:00.000Z +1", "2011-12-31T10:00:00.000Z +1"]
    );
}

// C-POINTS-27: a full balance is not looked at hour by hour, an empty one neither.
#[test]
fn nothing_is_done_for_awards_that_come_to_nothing() {
    let mut world = World::new();
    let xp = world.system("xp", Some(5), &[]);
    let id = world.trigger(xp, "1h", Trig::hours(1, 5));
    world.trigger(xp, "far", Trig::days(u32::MAX, 1));
    let energy = world.system("energy", None, &[]);
    world.trigger(energy, "1h", Trig::hours(1, -5));
    create(&mut world, "UTC");
    assert_eq!(awards(&mut world, "2026-05-04T11:00:00Z", xp), ["2026-05-04T11:00:00.000Z +5"]);
    world.signals("u");
    // Four hundred thousand years of hours.
    let far = at("2026-05-04T11:00:00Z").plus_millis(3_600_000 * 3_500_000_000);
    let state = world.run(far, "u", &domain::user::Command::Settle).expect("known").state;
    assert_eq!((state.balance(xp), state.balance(energy)), (5, 0));
    assert_eq!(world.signals("u"), NONE);
    switch(&mut world, "2026-05-05T00:00:00Z", (xp, id), false);
}
