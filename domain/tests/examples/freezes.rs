//! Freezes: granted, earned, consumed. (C-STREAK-33 to 44)

use domain::catalog::{Patch, StreakSettingsPatch};
use domain::user::{ProfilePatch, Rejection};

use crate::support::{Event, NONE, World, freezes, tz};

fn noon(day: u32) -> String {
    format!("2026-01-{day:02}T12:00:00Z")
}

/// A world whose user was created on 5 January with one event.
fn started(settings: StreakSettingsPatch) -> World {
    let mut world = World::new();
    let metric = world.metric("m");
    world.streaks(settings);
    world.event(&noon(5), "u", Event::of(metric, "1"));
    world.signals("u");
    world
}

fn held(world: &mut World, now: &str) -> u32 {
    world.read(now, "u").streak.freezes
}

// C-STREAK-36: no initial grant for users who were there before.
#[test]
fn existing_users_start_without_freezes() {
    let mut world = started(StreakSettingsPatch::default());
    world.streak_settings(&noon(5), freezes(2, 3, None));
    assert_eq!(held(&mut world, &noon(5)), 0);
    assert_eq!(world.identify(&noon(5), "new", ProfilePatch::default()), Ok(true));
    assert_eq!(world.read(&noon(5), "new").streak.freezes, 2);
    assert_eq!(world.signals("new"), NONE);
}

// C-STREAK-39: freezes that didn't save the streak stay spent.
#[test]
fn spent_freezes_stay_spent() {
    let mut world = started(freezes(1, 3, None));
    assert_eq!(world.streak(&noon(9), "u"), "0, freezes 0/3");
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-07T00:00:00.000Z streak.freeze_consumed 1, 0 left",
            "2026-01-08T00:00:00.000Z streak.lost 1",
        ]
    );
}

// C-STREAK-40: nothing to keep, nothing spent.
#[test]
fn no_freeze_is_spent_without_a_streak() {
    let mut world = World::new();
    world.freezes(2, 3, None);
    assert_eq!(world.identify(&noon(5), "u", ProfilePatch::default()), Ok(true));
    assert_eq!(held(&mut world, &noon(20)), 2);
    assert_eq!(world.signals("u"), NONE);
}

// C-STREAK-41: from the later of creation and the day auto-earn was enabled or changed.
#[test]
fn accrual_counts_from_its_anchor() {
    let mut world = started(freezes(0, 5, Some((3, 2))));
    assert_eq!(held(&mut world, "2026-01-07T23:59:59Z"), 0);
    assert_eq!(held(&mut world, "2026-01-08T00:00:00Z"), 2);
    // Unchanged auto-earn keeps its anchor; a changed one starts anew on the 10th.
    world.streak_settings(&noon(9), freezes(1, 5, Some((3, 2))));
    world.streak_settings(&noon(10), freezes(1, 5, Some((3, 1))));
    assert_eq!(held(&mut world, &noon(12)), 2);
    assert_eq!(held(&mut world, "2026-01-13T00:00:00Z"), 3);
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-07T00:00:00.000Z streak.lost 1",
            "2026-01-08T00:00:00.000Z streak.freeze_earned 2, 2 held",
            "2026-01-13T00:00:00.000Z streak.freeze_earned 1, 3 held",
        ]
    );
}

// C-STREAK-41: cut to the maximum; what doesn't fit is silent and not banked.
#[test]
fn accrual_stops_at_the_maximum() {
    let mut world = started(freezes(1, 2, Some((1, 3))));
    world.read("2026-01-06T00:00:00Z", "u");
    assert_eq!(world.signals("u"), ["2026-01-06T00:00:00.000Z streak.freeze_earned 1, 2 held"]);
    // The missed 6th takes one before the midnight's accrual gives one.
    world.read("2026-01-07T00:00:00Z", "u");
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-07T00:00:00.000Z streak.freeze_consumed 1, 1 left",
            "2026-01-07T00:00:00.000Z streak.freeze_earned 1, 2 held",
        ]
    );
}

// C-STREAK-41 C-GEN-22: what was due while auto-earn was on is found however late.
#[test]
fn accrual_of_the_past_is_found_late() {
    let mut world = World::new();
    world.freezes(0, 5, Some((2, 1)));
    assert_eq!(world.identify(&noon(5), "u", ProfilePatch::default()), Ok(true));
    world.streak_settings(&noon(8), freezes(0, 5, None));
    assert_eq!(held(&mut world, &noon(20)), 1);
    assert_eq!(world.signals("u"), ["2026-01-07T00:00:00.000Z streak.freeze_earned 1, 1 held"]);
}

// C-STREAK-41: due at the local start of the day.
#[test]
fn accrual_is_due_at_local_midnight() {
    let mut world = World::new();
    world.freezes(0, 5, Some((2, 1)));
    assert_eq!(world.identify(&noon(5), "u", tz("America/New_York")), Ok(true));
    world.read(&noon(10), "u");
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-07T05:00:00.000Z streak.freeze_earned 1, 1 held",
            "2026-01-09T05:00:00.000Z streak.freeze_earned 1, 2 held",
        ]
    );
}

// C-STREAK-41: whoever came after auto-earn was enabled counts from their own day, also where that
// is still the day before in UTC.
#[test]
fn accrual_of_new_users_counts_from_the_day_they_came() {
    let mut world = World::new();
    world.streak_settings("2026-01-06T01:00:00Z", freezes(0, 5, Some((2, 1))));
    let came = "2026-01-06T03:30:00Z";
    assert_eq!(world.identify(came, "u", tz("America/New_York")), Ok(true));
    world.read(&noon(8), "u");
    assert_eq!(world.signals("u"), ["2026-01-07T05:00:00.000Z streak.freeze_earned 1, 1 held"]);
}

// C-STREAK-42
#[test]
fn a_lower_maximum_and_disabling_keep_balances() {
    let mut world = started(freezes(3, 3, None));
    world.streak_settings(&noon(5), freezes(0, 1, Some((1, 1))));
    assert_eq!(held(&mut world, "2026-01-06T00:00:00Z"), 3);
    let off = StreakSettingsPatch { freezes: Patch::Clear, ..StreakSettingsPatch::default() };
    world.streak_settings("2026-01-06T00:00:01Z", off);
    // Disabled freezes save nothing, show nothing and stay.
    assert_eq!(world.streak("2026-01-07T00:00:00Z", "u"), "0");
    world.streak_settings("2026-01-07T00:00:01Z", freezes(0, 2, None));
    assert_eq!(world.streak("2026-01-07T00:00:02Z", "u"), "0, freezes 3/2");
    assert_eq!(world.signals("u"), ["2026-01-07T00:00:00.000Z streak.lost 1"]);
}

// C-STREAK-43 C-STREAK-44
#[test]
fn operators_grant_up_to_the_maximum() {
    let mut world = started(StreakSettingsPatch::default());
    assert_eq!(world.grant(&noon(5), "u", 1), Err(Rejection::FreezesNotEnabled));
    assert_eq!(world.grant(&noon(5), "nobody", 1), Err(Rejection::UserNotFound));
    world.streak_settings(&noon(5), freezes(0, 3, None));
    let grants = [(2, 2, 2), (4, 1, 3), (1, 0, 3)];
    for (asked, granted, balance) in grants {
        assert_eq!(world.grant(&noon(5), "u", asked), Ok(granted));
        assert_eq!(held(&mut world, &noon(5)), balance);
    }
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-05T12:00:00.000Z streak.freeze_earned 2, 2 held",
            "2026-01-05T12:00:00.000Z streak.freeze_earned 1, 3 held",
        ]
    );
}
