//! When a user is planned to be settled: never late, and not at all when there is nothing to wait for.

use crate::support::{Event, NONE, Trig, World, at, tz};

fn planned(world: &World) -> String {
    world.next_due("u").map_or_else(|| "never".to_owned(), |due| due.to_string())
}

// C-GEN-22
#[test]
fn an_idle_user_is_never_due() {
    let mut world = World::new();
    world.identify("2026-03-01T12:00:00Z", "u", tz("Europe/London")).expect("accepted");
    assert_eq!(planned(&world), "never");
}

// C-GEN-22 C-STREAK-08
#[test]
fn a_streak_is_due_when_it_could_be_lost_and_then_no_more() {
    let mut world = World::new();
    let words = world.metric("words");
    world.event("2026-03-28T12:00:00Z", "u", Event::of(words, "1").user(tz("Europe/London")));
    // The 28th is met, so the 29th may be missed; the clocks go forward that night.
    assert_eq!(planned(&world), "2026-03-29T23:00:00.000Z");
    world.signals("u");
    assert!(!world.is_due(at("2026-03-29T22:59:59.999Z"), "u"));
    world.read("2026-03-29T23:00:00Z", "u");
    assert_eq!(world.signals("u"), ["2026-03-29T23:00:00.000Z streak.lost 1"]);
    // The week and the month go on, and end unmet one after the other.
    assert_eq!(planned(&world), "2026-04-04T23:00:00.000Z");
    world.read("2026-04-04T23:00:00Z", "u");
    assert_eq!(planned(&world), "2026-04-30T23:00:00.000Z");
    world.read("2026-04-30T23:00:00Z", "u");
    assert_eq!(planned(&world), "never");
    assert_eq!(world.signals("u"), NONE);
}

// C-GEN-22 C-STREAK-41
#[test]
fn freezes_are_due_while_there_is_room() {
    let mut world = World::new();
    world.freezes(0, 2, Some((3, 1)));
    world.identify("2026-03-01T12:00:00Z", "u", tz("Asia/Tokyo")).expect("accepted");
    assert_eq!(planned(&world), "2026-03-03T15:00:00.000Z");
    world.read("2026-03-03T15:00:00Z", "u");
    assert_eq!(planned(&world), "2026-03-06T15:00:00.000Z");
    world.read("2026-03-07T00:00:00Z", "u");
    assert_eq!(planned(&world), "never");
}

// C-GEN-22 C-POINTS-22
#[test]
fn a_full_balance_is_not_waited_for() {
    let mut world = World::new();
    let words = world.metric("words");
    let energy = world.system("energy", Some(2), &[]);
    world.trigger(energy, "refill", Trig::hours(1, 1));
    world.trigger(energy, "spend", Trig::metric(words, 1, -1));
    world.identify("2026-03-01T12:00:00Z", "u", tz("UTC")).expect("accepted");
    assert_eq!(planned(&world), "2026-03-01T13:00:00.000Z");
    world.read("2026-03-01T13:00:00Z", "u");
    assert_eq!(planned(&world), "2026-03-01T14:00:00.000Z");
    world.read("2026-03-01T20:00:00Z", "u");
    assert_eq!(planned(&world), "never");
    world.event("2026-03-01T20:10:00Z", "u", Event::of(words, "1"));
    assert_eq!(planned(&world), "2026-03-01T21:00:00.000Z");
}
