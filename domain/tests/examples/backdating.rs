//! Backdating: who qualifies when an achievement opens gets it, as of that instant and silently,
//! whoever settles them when. (C-ACH-16 to 19)

use domain::calendar::{Frequency, WeekStart, Zone};
use domain::catalog::{
    AchievementPatch, AchievementStatus, AttributeKind, Catalog, Filter, Patch, PointsSystemPatch,
    StreakSettingsPatch,
};
use domain::ids::AchievementId;
use domain::user::{Command, ProfilePatch};

use crate::support::{Ach, Event, NONE, Trig, World, at, date, freezes};

const NOW: &str = "2026-01-05T12:00:00Z";
const OPENED: &str = "2026-01-07T09:00:00Z";
const LATER: &str = "2026-02-01T12:00:00Z";

/// When the user completed it, read at `now`.
fn completed(world: &mut World, now: &str, achievement: AchievementId) -> Option<String> {
    let state = world.read(now, "u");
    state.find_completion(achievement).map(|own| own.at.to_string())
}

fn open(world: &mut World, achievement: AchievementId) {
    world.set_status(OPENED, achievement, AchievementStatus::Active);
}

// C-ACH-16 C-ACH-18 C-ACH-19: silently, unpaid, with the instant of opening; composites too.
#[test]
fn who_qualifies_when_it_opens_gets_it_silently() {
    let mut world = World::new();
    let metric = world.metric("m");
    let five = world.achievement("five", Ach::metric(metric, "5").inactive());
    let six = world.achievement("six", Ach::metric(metric, "6").inactive());
    let top = world.achievement("top", Ach::all_of(&[five]));
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "five", Trig::achievement(five, 10));
    world.trigger(xp, "top", Trig::achievement(top, 10));
    world.event(NOW, "u", Event::of(metric, "5"));
    world.signals("u");
    open(&mut world, five);
    open(&mut world, six);
    let streak_lost = "2026-01-07T00:00:00.000Z streak.lost 1";
    assert_eq!(completed(&mut world, LATER, five).as_deref(), Some("2026-01-07T09:00:00.000Z"));
    assert_eq!(completed(&mut world, LATER, top).as_deref(), Some("2026-01-07T09:00:00.000Z"));
    assert_eq!(completed(&mut world, LATER, six), None);
    assert_eq!(world.signals("u"), [streak_lost]);
    assert_eq!(world.read(LATER, "u").balance(xp), 0);
}

// C-ACH-17 C-GEN-22: a request that comes first sees the same and can't complete it again.
#[test]
fn a_request_before_the_walk_sees_the_same() {
    let mut world = World::new();
    let metric = world.metric("m");
    let five = world.achievement("five", Ach::metric(metric, "5").inactive());
    let six = world.achievement("six", Ach::metric(metric, "6").inactive());
    world.event(NOW, "u", Event::of(metric, "5"));
    open(&mut world, five);
    open(&mut world, six);
    let reply = world.event(LATER, "u", Event::of(metric, "1"));
    assert_eq!(reply, "total 6; extended; completed six");
    assert_eq!(completed(&mut world, LATER, five).as_deref(), Some("2026-01-07T09:00:00.000Z"));
}

// C-ACH-18 C-ACH-05: with event filters, the sum of the stored events, whatever the request is.
#[test]
fn filtered_sums_come_from_the_stored_events() {
    let mut world = World::new();
    let metric = world.metric("m");
    let kind = world.attribute(AttributeKind::Event, "kind");
    for (value, tag) in [("4", "a"), ("3", "b"), ("2", "a")] {
        world.event(NOW, "u", Event::of(metric, value).with(kind, tag));
    }
    let a = world.achievement_at(OPENED, "a", Ach::metric(metric, "6").if_event(kind, "a"));
    let b = world.achievement_at(OPENED, "b", Ach::metric(metric, "6").if_event(kind, "b"));
    // Edited before anyone looked: both versions are judged, each as of its instant.
    let mut patch = AchievementPatch::default();
    patch.fields.event_attributes = Patch::Set(vec![Filter { attribute: kind, value: "b".into() }]);
    world.catalog.update_achievement(a, patch, at("2026-01-08T00:00:00Z")).expect("valid");
    assert_eq!(completed(&mut world, LATER, a).as_deref(), Some("2026-01-07T09:00:00.000Z"));
    assert_eq!(completed(&mut world, LATER, b), None);
    let reply = world.event(LATER, "u", Event::of(metric, "3").with(kind, "b"));
    assert_eq!(reply, "total 12; extended; completed b");
}

// C-ACH-18 C-STREAK-13: the longest length ever, at the frequency configured at the instant.
#[test]
fn streaks_count_by_their_longest_length_at_the_frequency_then() {
    let mut world = World::new();
    let metric = world.metric("m");
    for day in 5..=8 {
        world.event(&format!("2026-01-0{day}T12:00:00Z"), "u", Event::of(metric, "1"));
    }
    let opened = "2026-01-20T12:00:00Z";
    let three = world.achievement_at(opened, "three", Ach::streak(3));
    let weekly = StreakSettingsPatch { frequency: Some(Frequency::Weekly), ..Default::default() };
    world.streak_settings(opened, weekly);
    let weeks = world.achievement_at(opened, "weeks", Ach::streak(2));
    assert_eq!(completed(&mut world, LATER, three).as_deref(), Some("2026-01-20T12:00:00.000Z"));
    assert_eq!(completed(&mut world, LATER, weeks), None);
}

// C-ACH-18: the other types.
#[test]
fn composites_and_anniversaries_qualify_and_calls_never_do() {
    let mut world = World::new();
    let call = world.achievement("call", Ach::api("call"));
    let profile =
        ProfilePatch { sign_up_on: Patch::Set(date("2025-01-06")), ..ProfilePatch::default() };
    world.complete(NOW, "u", call, profile);
    world.signals("u");
    let both = world.achievement_at(OPENED, "both", Ach::all_of(&[call]));
    let year = world.achievement_at(OPENED, "year", Ach::anniversary(1));
    let two = world.achievement_at(OPENED, "two", Ach::anniversary(2));
    let other = world.achievement_at(OPENED, "other", Ach::api("other"));
    for id in [both, year] {
        assert_eq!(completed(&mut world, LATER, id).as_deref(), Some("2026-01-07T09:00:00.000Z"));
    }
    for id in [two, other] {
        assert_eq!(completed(&mut world, LATER, id), None);
    }
    assert_eq!(world.signals("u"), NONE);
}

// C-ACH-18: user filters use the values of the instant, not later ones.
#[test]
fn user_filters_use_current_values() {
    let mut world = World::new();
    let metric = world.metric("m");
    let plan = world.attribute(AttributeKind::User, "plan");
    let set = |value: &str| {
        let mut patch = ProfilePatch::default();
        patch.attributes.insert(plan, Some(value.to_owned()));
        patch
    };
    world.event(NOW, "u", Event::of(metric, "5").user(set("pro")));
    let pro = world.achievement_at(OPENED, "pro", Ach::metric(metric, "5").if_user(plan, "pro"));
    let free = world.achievement_at(OPENED, "free", Ach::metric(metric, "5").if_user(plan, "free"));
    world.identify(LATER, "u", set("free")).expect("allowed");
    assert_eq!(completed(&mut world, LATER, pro).as_deref(), Some("2026-01-07T09:00:00.000Z"));
    assert_eq!(completed(&mut world, LATER, free), None);
}

// C-ACH-16: edits of what qualifies, and unlocking, count; names and locked ones don't.
#[test]
fn only_changes_of_who_qualifies_are_reviewed() {
    let mut world = World::new();
    let metric = world.metric("m");
    let id = world.achievement("a", Ach::metric(metric, "9"));
    let created = world.catalog.review;
    let count = |world: &World| world.catalog.review - created;
    let rename = AchievementPatch { name: Some("b".into()), ..AchievementPatch::default() };
    world.catalog.update_achievement(id, rename, at(OPENED)).expect("valid");
    world.set_status(OPENED, id, AchievementStatus::Locked);
    let value = |value: &str| {
        let mut patch = AchievementPatch::default();
        patch.fields.metric_value = domain::amount::Amount::parse(value);
        patch
    };
    world.catalog.update_achievement(id, value("8"), at(OPENED)).expect("valid");
    assert_eq!(count(&world), 0);
    world.set_status(OPENED, id, AchievementStatus::Active);
    assert_eq!(count(&world), 1);
    world.catalog.update_achievement(id, value("5"), at(LATER)).expect("valid");
    world.catalog.update_achievement(id, value("5"), at(LATER)).expect("valid");
    assert_eq!(count(&world), 2);
    let latest = world.catalog.achievements[0].latest_review().map(|(at, _)| at);
    assert_eq!(latest, Some(at(LATER)));
}

// C-ACH-12 C-GEN-22: locked again before anyone looked; who qualified meanwhile has it, and what
// else is closed at that instant stays closed.
#[test]
fn an_achievement_that_was_open_for_a_while_was_reviewed() {
    let mut world = World::new();
    let metric = world.metric("m");
    let five = world.achievement("five", Ach::metric(metric, "5").inactive());
    let top = world.achievement("top", Ach::all_of(&[five]));
    world.event(NOW, "u", Event::of(metric, "5"));
    world.set_status(OPENED, top, AchievementStatus::Locked);
    open(&mut world, five);
    world.set_status(OPENED, five, AchievementStatus::Locked);
    assert_eq!(completed(&mut world, LATER, five).as_deref(), Some("2026-01-07T09:00:00.000Z"));
    assert_eq!(completed(&mut world, LATER, top), None);
}

// C-ACH-18: users who came later are not existing ones.
#[test]
fn a_new_user_is_not_reviewed_for_what_came_before_them() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.achievement("year", Ach::anniversary(1));
    world.achievement("m", Ach::metric(metric, "1"));
    world.identify(NOW, "u", ProfilePatch::default()).expect("allowed");
    assert_eq!(world.read(NOW, "u").reviewed, world.catalog.review);
    // Looking at someone who gets nothing is not worth a commit.
    let id = world.achievement_at(OPENED, "late", Ach::metric(metric, "1"));
    let outcome = world.run(at(LATER), "u", &Command::Settle).expect("known");
    assert!(!outcome.must_commit);
    assert_eq!((completed(&mut world, LATER, id), outcome.state.reviewed), (None, 3));
}

/// Whether a change concerns existing users.
fn concerns(change: impl FnOnce(&mut World)) -> bool {
    let mut world = World::new();
    let xp = world.system("xp", Some(100), &[("low", 1)]);
    world.trigger(xp, "time", Trig::hours(3, 1));
    world.streaks(freezes(1, 3, Some((2, 1))));
    let before: Catalog = world.catalog.clone();
    change(&mut world);
    let mut after = world.catalog;
    after.note_review(&before);
    after.review > before.review
}

// C-GEN-22: what may bring something forward is a reason to look at everyone; what may only put it
// off is not.
#[test]
fn changes_that_bring_something_forward_concern_existing_users() {
    let max = |max_points: i64| {
        move |world: &mut World| {
            let system = world.catalog.points_systems[0].id;
            let patch =
                PointsSystemPatch { max_points: Patch::Set(max_points), ..Default::default() };
            world.catalog.update_points_system(system, patch, at(NOW)).expect("valid");
        }
    };
    assert!(concerns(max(200)));
    assert!(!concerns(max(50)));
    assert!(concerns(|world| world.freezes(1, 4, Some((2, 1)))));
    assert!(concerns(|world| world.freezes(1, 3, Some((3, 1)))));
    assert!(!concerns(|world| world.freezes(1, 2, Some((2, 1)))));
    assert!(!concerns(|world| world.freezes(1, 3, None)));
    assert!(concerns(|world| world.catalog.settings.week_start = WeekStart::Monday));
    assert!(concerns(|world| {
        world.catalog.settings.default_time_zone = Zone::parse("Asia/Tokyo").expect("a zone");
    }));
    let trigger = |trig: fn() -> Trig| {
        move |world: &mut World| {
            let system = world.catalog.points_systems[0].id;
            world.trigger(system, "new", trig());
        }
    };
    assert!(concerns(trigger(|| Trig::days(1, 1))));
    assert!(!concerns(trigger(|| Trig::days(1, 1).inactive())));
    assert!(!concerns(trigger(|| Trig::streak(1, 1))));
    assert!(concerns(|world| {
        world.achievement("year", Ach::anniversary(1));
    }));
    assert!(!concerns(|world| {
        world.achievement("call", Ach::api("call"));
        world.metric("m");
    }));
}
