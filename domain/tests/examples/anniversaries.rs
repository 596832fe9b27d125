//! Anniversaries of the sign-up date. (C-ACH-03, C-ACH-10)

use domain::catalog::{AchievementPatch, AchievementStatus, AttributeKind, Patch, TriggerPatch};
use domain::ids::AchievementId;
use domain::user::ProfilePatch;

use crate::support::{Ach, Event, NONE, Trig, World, at, date, tz};

const CREATED: &str = "2026-05-04T10:00:00Z";

/// A patch that sets the sign-up date.
fn signed_up(day: &str) -> ProfilePatch {
    ProfilePatch { sign_up_on: Patch::Set(date(day)), ..ProfilePatch::default() }
}

fn user(world: &mut World, zone: &str, day: &str) {
    let profile = ProfilePatch { sign_up_on: Patch::Set(date(day)), ..tz(zone) };
    assert_eq!(world.identify(CREATED, "u", profile), Ok(true));
}

/// When the user completed it, read at `now`.
fn completed(world: &mut World, now: &str, achievement: AchievementId) -> Option<String> {
    let state = world.read(now, "u");
    state.find_completion(achievement).map(|own| own.at.to_string())
}

// C-ACH-03 C-ACH-10 C-GEN-22: with the first instant of the local date, whoever looks when.
#[test]
fn an_anniversary_falls_due_with_its_local_date() {
    let mut world = World::new();
    let one = world.achievement("one", Ach::anniversary(1));
    let two = world.achievement("two", Ach::anniversary(2));
    user(&mut world, "America/New_York", "2025-06-10");
    assert_eq!(completed(&mut world, "2026-06-10T03:59:59.999Z", one), None);
    let later = "2026-09-01T00:00:00Z";
    assert_eq!(completed(&mut world, later, one).as_deref(), Some("2026-06-10T04:00:00.000Z"));
    assert_eq!(completed(&mut world, later, two), None);
    assert_eq!(world.signals("u"), ["2026-06-10T04:00:00.000Z achievement.completed one"]);
}

// C-ACH-10: 29 February falls on the 28th in common years.
#[test]
fn a_leap_day_is_celebrated_on_the_28th_in_common_years() {
    let mut world = World::new();
    let three = world.achievement("three", Ach::anniversary(3));
    let four = world.achievement("four", Ach::anniversary(4));
    user(&mut world, "UTC", "2024-02-29");
    let later = "2028-03-05T00:00:00Z";
    assert_eq!(completed(&mut world, later, three).as_deref(), Some("2027-02-28T00:00:00.000Z"));
    assert_eq!(completed(&mut world, later, four).as_deref(), Some("2028-02-29T00:00:00.000Z"));
}

// C-ACH-10 C-ACH-19: imports must not spam; on the day itself it is normal, but no part of what
// the request answers.
#[test]
fn a_date_told_late_is_silent_and_told_on_the_day_is_not() {
    let mut world = World::new();
    let metric = world.metric("m");
    let two = world.achievement("two", Ach::anniversary(2));
    let one = world.achievement("one", Ach::anniversary(1));
    world.achievement("old", Ach::all_of(&[two]));
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "2", Trig::achievement(two, 20));
    world.trigger(xp, "1", Trig::achievement(one, 10));
    let event = Event::of(metric, "1").user(signed_up("2024-05-03"));
    assert_eq!(world.event(CREATED, "u", event), "total 1; extended");
    assert_eq!(world.signals("u"), ["2026-05-04T10:00:00.000Z streak.started"]);
    assert_eq!(world.read(CREATED, "u").completions.len(), 3);
    let event = Event::of(metric, "1").user(signed_up("2025-05-04"));
    assert_eq!(world.event(CREATED, "v", event), "total 1; extended");
    assert_eq!(
        world.signals("v"),
        [
            "2026-05-04T10:00:00.000Z achievement.completed one",
            "2026-05-04T10:00:00.000Z points.changed xp 10: 10 1",
            "2026-05-04T10:00:00.000Z streak.started",
        ]
    );
    // Telling the same date again, or another one, takes nothing away and gives nothing twice.
    let tomorrow = "2026-05-05T10:00:00Z";
    world.identify(tomorrow, "v", signed_up("2025-05-05")).expect("allowed");
    assert_eq!(world.signals("v"), NONE);
    assert_eq!(world.read(tomorrow, "v").completions.len(), 1);
}

// C-POINTS-20 C-POINTS-51 C-GEN-22: paid at its instant by what held then, with its composites.
#[test]
fn an_anniversary_pays_by_the_triggers_that_held_at_its_instant() {
    let mut world = World::new();
    let one = world.achievement("one", Ach::anniversary(1));
    let top = world.achievement("top", Ach::all_of(&[one]));
    let xp = world.system("xp", None, &[("low", 0), ("high", 25)]);
    let trigger = world.trigger(xp, "one", Trig::achievement(one, 10));
    world.trigger(xp, "top", Trig::achievement(top, 20));
    user(&mut world, "UTC", "2025-06-10");
    let patch = TriggerPatch { points: Some(500), ..TriggerPatch::default() };
    world.catalog.update_trigger(xp, trigger, patch, at("2026-06-11T00:00:00Z")).expect("valid");
    world.set_status("2026-06-12T00:00:00Z", top, AchievementStatus::Locked);
    assert_eq!(world.read("2026-07-01T00:00:00Z", "u").balance(xp), 30);
    assert_eq!(
        world.signals("u"),
        [
            "2026-06-10T00:00:00.000Z achievement.completed one",
            "2026-06-10T00:00:00.000Z achievement.completed top",
            "2026-06-10T00:00:00.000Z points.changed xp 10: 10 one",
            "2026-06-10T00:00:00.000Z points.level_changed xp 10: none -> low",
            "2026-06-10T00:00:00.000Z points.changed xp 30: 20 top",
            "2026-06-10T00:00:00.000Z points.level_changed xp 30: low -> high",
        ]
    );
}

// C-ACH-10 C-GEN-16: a move east past the date completes at the move, a move west never again.
#[test]
fn a_move_past_the_date_completes_at_the_move() {
    let mut world = World::new();
    let one = world.achievement("one", Ach::anniversary(1));
    user(&mut world, "Pacific/Honolulu", "2025-05-05");
    // 2026-05-04 in Honolulu, the day after on Kiritimati.
    let moved = "2026-05-04T12:00:00Z";
    world.identify(moved, "u", tz("Pacific/Kiritimati")).expect("allowed");
    assert_eq!(completed(&mut world, moved, one).as_deref(), Some("2026-05-04T12:00:00.000Z"));
    assert_eq!(world.signals("u"), ["2026-05-04T12:00:00.000Z achievement.completed one"]);
    world.identify("2026-05-04T13:00:00Z", "u", tz("Pacific/Honolulu")).expect("allowed");
    world.read("2026-05-06T13:00:00Z", "u");
    assert_eq!(world.signals("u"), NONE);
}

// C-GEN-17: a date that the zone skipped begins with the next one.
#[test]
fn an_anniversary_on_a_skipped_date_falls_due_with_the_next() {
    let mut world = World::new();
    let one = world.achievement("one", Ach::anniversary(1));
    let profile = ProfilePatch { sign_up_on: Patch::Set(date("2010-12-30")), ..tz("Pacific/Apia") };
    world.identify("2011-12-28T12:00:00Z", "u", profile).expect("allowed");
    let read = completed(&mut world, "2012-01-05T00:00:00Z", one);
    assert_eq!(read.as_deref(), Some("2011-12-30T10:00:00.000Z"));
}

// C-ACH-11 C-ACH-12 C-USER-18: only active ones, for users who match, who have a date.
#[test]
fn what_is_closed_to_the_user_at_its_instant_does_not_complete() {
    let mut world = World::new();
    let plan = world.attribute(AttributeKind::User, "plan");
    let pro = world.achievement("pro", Ach::anniversary(1).if_user(plan, "pro"));
    let locked = world.achievement("locked", Ach::anniversary(1));
    let after = world.achievement("after", Ach::anniversary(1));
    user(&mut world, "UTC", "2025-06-10");
    world.set_status("2026-06-09T00:00:00Z", locked, AchievementStatus::Locked);
    // Changed at the instant itself: what led up to it counts.
    world.set_status("2026-06-10T00:00:00Z", after, AchievementStatus::Locked);
    world.identify(CREATED, "without", ProfilePatch::default()).expect("allowed");
    let later = "2026-06-20T00:00:00Z";
    assert_eq!(completed(&mut world, later, pro), None);
    assert_eq!(completed(&mut world, later, locked), None);
    assert_eq!(completed(&mut world, later, after).as_deref(), Some("2026-06-10T00:00:00.000Z"));
    assert!(world.read(later, "without").completions.is_empty());
}

// C-GEN-22 C-ACH-16: another number of years judges who is settled later as of the change.
#[test]
fn a_change_of_years_counts_from_its_instant() {
    let mut world = World::new();
    let id = world.achievement("a", Ach::anniversary(3));
    user(&mut world, "UTC", "2025-06-10");
    let mut patch = AchievementPatch::default();
    patch.fields.anniversary_years = Some(1);
    world.catalog.update_achievement(id, patch, at("2026-06-15T08:00:00Z")).expect("valid");
    let read = completed(&mut world, "2026-09-01T00:00:00Z", id);
    assert_eq!(read.as_deref(), Some("2026-06-15T08:00:00.000Z"));
    assert_eq!(world.signals("u"), NONE);
}
