//! When achievements complete and when they don't. (C-ACH)

use domain::catalog::{AchievementPatch, AchievementStatus, AttributeKind, Filter, Patch};
use domain::user::ProfilePatch;

use crate::support::{Ach, Event, NONE, Trig, World, at, tz};

const NOW: &str = "2026-01-05T12:00:00Z";
const LATER: &str = "2026-01-05T13:00:00Z";

// C-ACH-05 C-ACH-06: state-based; one event completes many; the value itself is enough.
#[test]
fn metric_achievements_look_at_the_total_after_the_event() {
    let mut world = World::new();
    let (metric, other) = (world.metric("m"), world.metric("other"));
    for value in ["1", "2.5", "10"] {
        world.achievement(&format!("A{value}"), Ach::metric(metric, value));
    }
    let replies = [
        (other, "50", "total 50; extended"),
        (metric, "0.9", "total 0.9"),
        (metric, "1.6", "total 2.5; completed A1 A2.5"),
        (metric, "-2", "total 0.5"),
        (metric, "9.4", "total 9.9"),
        (metric, "0.1", "total 10; completed A10"),
    ];
    for (metric, value, reply) in replies {
        assert_eq!(world.event(NOW, "u", Event::of(metric, value)), reply);
    }
}

// C-ACH-05: with filters, the sum of matching events ever, also from before it existed.
#[test]
fn filtered_achievements_sum_matching_events_ever() {
    let mut world = World::new();
    let metric = world.metric("m");
    let kind = world.attribute(AttributeKind::Event, "kind");
    let event = |value, tag| Event::of(metric, value).with(kind, tag);
    world.event(NOW, "u", event("4", "a"));
    world.event(NOW, "u", event("2", "b"));
    let id = world.achievement("A", Ach::metric(metric, "5").if_event(kind, "a"));
    assert_eq!(world.event(NOW, "u", event("1", "b")), "total 7");
    // C-ATTR-08: editing the filter reads the history again, once.
    let mut patch = AchievementPatch::default();
    let filter = Filter { attribute: kind, value: "b".into() };
    patch.fields.event_attributes = Patch::Set(vec![filter]);
    world.catalog.update_achievement(id, patch, at(LATER)).expect("valid");
    assert_eq!(world.event(LATER, "u", event("9", "a")), "total 16");
    assert_eq!(world.event(LATER, "u", event("2", "b")), "total 18; completed A");
}

// C-ACH-07 C-ACH-11: right after an extension only; filters on the user hold at that moment.
#[test]
fn streak_achievements_need_an_extension() {
    let mut world = World::new();
    let metric = world.metric("m");
    let plan = world.attribute(AttributeKind::User, "plan");
    world.achievement("S2", Ach::streak(2));
    world.achievement("Pro1", Ach::streak(1).if_user(plan, "pro"));
    world.event(NOW, "u", Event::of(metric, "1"));
    world.achievement("Late2", Ach::streak(2));
    let pro = || {
        let mut patch = ProfilePatch::default();
        patch.attributes.insert(plan, Some("pro".to_owned()));
        patch
    };
    // C-USER-24: neither the attribute nor an event without an extension completes anything.
    assert_eq!(world.identify(NOW, "u", pro()), Ok(false));
    assert_eq!(world.event(NOW, "u", Event::of(metric, "1")), "total 2");
    let next = "2026-01-06T12:00:00Z";
    assert_eq!(
        world.event(next, "u", Event::of(metric, "1")),
        "total 3; extended; completed Pro1 S2 Late2"
    );
}

// C-ACH-04: a second run completes nothing again.
#[test]
fn an_achievement_completes_once() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.achievement("S1", Ach::streak(1));
    let first = world.event(NOW, "u", Event::of(metric, "1"));
    assert_eq!(first, "total 1; extended; completed S1");
    let again = world.event("2026-02-05T12:00:00Z", "u", Event::of(metric, "1"));
    assert_eq!(again, "total 2; extended");
}

// C-ACH-12: only active ones complete.
#[test]
fn inactive_and_locked_achievements_do_not_complete() {
    for status in [AchievementStatus::Inactive, AchievementStatus::Locked] {
        let mut world = World::new();
        let metric = world.metric("m");
        world.achievement("A", Ach::metric(metric, "1").status(status));
        assert_eq!(world.event(NOW, "u", Event::of(metric, "1")), "total 1; extended");
    }
}

// C-ACH-08: prerequisites that are locked or inactive still count if completed earlier, but a
// composite is only checked when one of them completes.
#[test]
fn composites_complete_with_their_last_prerequisite() {
    let mut world = World::new();
    let metric = world.metric("m");
    let a1 = world.achievement("A1", Ach::metric(metric, "1"));
    let a2 = world.achievement("A2", Ach::metric(metric, "2"));
    world.event(NOW, "u", Event::of(metric, "1"));
    let locked =
        AchievementPatch { status: Some(AchievementStatus::Locked), ..AchievementPatch::default() };
    world.catalog.update_achievement(a1, locked, at(NOW)).expect("active may be locked");
    world.achievement("OnlyA1", Ach::all_of(&[a1]));
    world.achievement("Both", Ach::all_of(&[a1, a2]));
    assert_eq!(world.event(NOW, "u", Event::of(metric, "0")), "total 1");
    assert_eq!(world.event(NOW, "u", Event::of(metric, "1")), "total 2; completed A2 Both");
}

// C-ACH-20 C-ACH-22 C-ACH-23 C-POINTS-20 C-POINTS-24
#[test]
fn calls_complete_once_and_pay_for_composites_too() {
    let mut world = World::new();
    let call = world.achievement("Call", Ach::api("call"));
    let top = world.achievement("Top", Ach::all_of(&[call]));
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "top", Trig::achievement(top, 20));
    world.trigger(xp, "call", Trig::achievement(call, 10));
    world.trigger(xp, "new", Trig::creation(1));
    assert_eq!(
        world.complete(NOW, "u", call, tz("Asia/Tokyo")),
        "completed 2026-01-05T12:00:00.000Z; xp 31 (+31): 1 new, 10 call, 20 top"
    );
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-05T12:00:00.000Z achievement.completed Call",
            "2026-01-05T12:00:00.000Z achievement.completed Top",
            "2026-01-05T12:00:00.000Z points.changed xp 31: 1 new, 10 call, 20 top",
        ]
    );
    let again = world.complete(LATER, "u", call, tz("Asia/Seoul"));
    assert_eq!(again, "held since 2026-01-05T12:00:00.000Z");
    assert_eq!(world.signals("u"), NONE);
    let zone = world.read(LATER, "u").profile.time_zone;
    assert_eq!(zone.map(|zone| zone.name()), Some("Asia/Seoul"));
}

// C-ACH-21 C-GEN-21
#[test]
fn calls_are_refused_without_a_trace() {
    let mut world = World::new();
    let plan = world.attribute(AttributeKind::User, "plan");
    let inactive = Ach::api("inactive").status(AchievementStatus::Inactive);
    let locked = Ach::api("locked").status(AchievementStatus::Locked);
    let refused = [
        (world.achievement("inactive", inactive), "Achievement not found"),
        (world.achievement("locked", locked), "Achievement is locked"),
        (
            world.achievement("pro", Ach::api("pro").if_user(plan, "pro")),
            "User does not meet the achievement's attribute filters",
        ),
    ];
    for (id, error) in refused {
        let reply = world.complete(NOW, "u", id, ProfilePatch::default());
        assert_eq!(reply, format!("rejected: {error}"));
        assert!(!world.knows("u"));
    }
    // The filters look at the attributes after the call's own user object. (C-GEN-34)
    let mut pro = ProfilePatch::default();
    pro.attributes.insert(plan, Some("pro".to_owned()));
    let reply = world.complete(NOW, "u", refused[2].0, pro);
    assert_eq!(reply, "completed 2026-01-05T12:00:00.000Z");
    let lock =
        AchievementPatch { status: Some(AchievementStatus::Locked), ..AchievementPatch::default() };
    world.catalog.update_achievement(refused[2].0, lock, at(NOW)).expect("active may be locked");
    let held = world.complete(LATER, "u", refused[2].0, ProfilePatch::default());
    assert_eq!(held, "held since 2026-01-05T12:00:00.000Z");
}
