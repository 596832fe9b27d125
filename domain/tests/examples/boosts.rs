//! Boosts: windows, stacking, and what held when. (C-POINTS-32 to 44)

use domain::catalog::{
    AttributeKind, BoostDraft, BoostPatch, BoostStatus, BoostTerms, Filter, Patch, Rounding,
};
use domain::ids::{BoostId, PointsSystemId, UserId};
use domain::user::{ProfilePatch, points_boosts};

use crate::support::{Event, Trig, World, amount, at, date, tz};

const SETUP: &str = "2026-01-01T00:00:00Z";

fn terms(name: &str, window: (&str, Option<&str>), by: &str, rounding: Rounding) -> BoostTerms {
    BoostTerms {
        name: name.to_owned(),
        start: date(window.0),
        end: window.1.map(date),
        multiplier: amount(by),
        rounding,
        user_filters: Vec::new(),
    }
}

fn boost(
    world: &mut World,
    now: &str,
    system: PointsSystemId,
    user: Option<&str>,
    terms: BoostTerms,
) -> BoostId {
    let user = user.and_then(UserId::new);
    let created = world.catalog.create_boost(system, BoostDraft { user, terms }, at(now));
    created.expect("a valid boost").id
}

/// The awards of `u` with the names of their boosts.
fn awards(world: &World, system: PointsSystemId) -> Vec<String> {
    let shown = world.stored("u").awards[&system].iter().map(|own| {
        let boosts: Vec<_> = own.boosts.iter().map(|boost| boost.name.as_str()).collect();
        format!("{} {:+} [{}]", own.at, own.awarded, boosts.join(" "))
    });
    shown.collect()
}

// X6 C-POINTS-35 C-POINTS-36 C-POINTS-38 C-POINTS-39
#[test]
fn x6_boosts_stack_and_are_cut_to_the_maximum() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", Some(1000), &[]);
    world.trigger(xp, "start", Trig::creation(965));
    world.trigger(xp, "T", Trig::metric(metric, 1, 15));
    assert_eq!(world.identify("2026-03-01T00:00:00Z", "u", ProfilePatch::default()), Ok(true));
    let window = ("2026-03-01", None);
    let own = terms("B2", window, "1.25", Rounding::Down);
    boost(&mut world, "2026-03-01T00:00:00Z", xp, Some("u"), own);
    let shared = terms("B1", ("2026-02-01", None), "1.5", Rounding::Nearest);
    boost(&mut world, "2026-03-01T00:00:00Z", xp, None, shared);
    let replies =
        ["total 1; extended; xp 993 (+28): 28 T", "total 2; xp 1000 (+7): 7 T", "total 3"];
    for reply in replies {
        assert_eq!(world.event("2026-03-01T01:00:00Z", "u", Event::of(metric, "1")), reply);
    }
    assert_eq!(
        awards(&world, xp),
        [
            "2026-03-01T00:00:00.000Z +965 []",
            "2026-03-01T01:00:00.000Z +28 [B1 B2]",
            "2026-03-01T01:00:00.000Z +7 [B1 B2]",
        ]
    );
    // Whom the second boost isn't for gets the first alone, on every type of trigger.
    assert_eq!(
        world.event("2026-03-01T01:00:00Z", "other", Event::of(metric, "1")),
        "total 1; extended; xp 1000 (+1000): 1000 start"
    );
}

// X6 C-POINTS-38: ties of the nearest integer go up.
#[test]
fn x6_one_boost_rounds_its_own_way() {
    for (rounding, awarded) in [(Rounding::Nearest, 8), (Rounding::Down, 7), (Rounding::Up, 8)] {
        let mut world = World::new();
        let metric = world.metric("m");
        let xp = world.system("xp", None, &[]);
        world.trigger(xp, "T", Trig::metric(metric, 1, 5));
        world.trigger(xp, "minus", Trig::streak(1, -3));
        boost(&mut world, SETUP, xp, None, terms("B1", ("2026-01-01", None), "1.5", rounding));
        let reply = world.event("2026-03-01T01:00:00Z", "u", Event::of(metric, "1"));
        // Deductions are never boosted.
        let total = awarded - 3;
        assert_eq!(
            reply,
            format!("total 1; extended; xp {total} (+{total}): {awarded} T, -3 minus")
        );
    }
}

// C-POINTS-34 C-POINTS-41: the window is of dates in the user's own calendar.
#[test]
fn the_window_follows_the_users_calendar() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "T", Trig::metric(metric, 1, 1));
    let window = ("2026-03-02", Some("2026-03-02"));
    boost(&mut world, SETUP, xp, None, terms("B", window, "2", Rounding::Down));
    // UTC+14: the date runs from 10:00Z the day before to 10:00Z.
    let event = || Event::of(metric, "1").user(tz("Pacific/Kiritimati"));
    for (now, paid) in [
        ("2026-03-01T09:59:59Z", "(+1): 1 T"),
        ("2026-03-01T10:00:00Z", "(+2): 2 T"),
        ("2026-03-02T09:59:59Z", "(+2): 2 T"),
        ("2026-03-02T10:00:00Z", "(+1): 1 T"),
    ] {
        let reply = world.event(now, "u", event());
        assert!(reply.ends_with(paid), "{now}: {reply}");
        let state = world.read(now, "u");
        let system = world.catalog.find_points_system(xp).expect("live");
        assert_eq!(points_boosts(&state, system).len(), usize::from(paid.contains('2')), "{now}");
    }
}

// C-POINTS-40: shared boosts span all zones.
#[test]
fn a_shared_boost_begins_in_the_first_zone_and_ends_in_the_last() {
    let boost = terms("B", ("2026-03-02", Some("2026-03-03")), "2", Rounding::Down);
    for (now, status) in [
        ("2026-03-01T09:59:59.999Z", BoostStatus::Scheduled),
        ("2026-03-01T10:00:00Z", BoostStatus::Active),
        ("2026-03-04T12:59:59.999Z", BoostStatus::Active),
        ("2026-03-04T13:00:00Z", BoostStatus::Finished),
    ] {
        assert_eq!(boost.shared_status(at(now)), status, "{now}");
    }
    for (day, status) in [
        ("2026-03-01", BoostStatus::Scheduled),
        ("2026-03-03", BoostStatus::Active),
        ("2026-03-04", BoostStatus::Finished),
    ] {
        assert_eq!(boost.status_on(date(day)), status, "{day}");
    }
}

// C-GEN-22 C-POINTS-44: a time award is boosted by what held up to its due instant.
#[test]
fn time_awards_are_boosted_by_what_held_when_they_fell_due() {
    let mut world = World::new();
    let plan = world.attribute(AttributeKind::User, "plan");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "6h", Trig::hours(6, 10));
    assert_eq!(world.identify("2026-05-04T00:00:00Z", "u", ProfilePatch::default()), Ok(true));
    let double = terms("double", ("2026-05-01", None), "2", Rounding::Down);
    let id = boost(&mut world, "2026-05-04T06:00:00Z", xp, None, double);
    let mut pro = terms("pro", ("2026-05-01", None), "3", Rounding::Down);
    pro.user_filters.push(Filter { attribute: plan, value: "pro".to_owned() });
    boost(&mut world, "2026-05-04T06:00:00Z", xp, None, pro);
    let patch = BoostPatch {
        name: Some("most".to_owned()),
        multiplier: Some(amount("1.55")),
        end: Patch::Set(date("2026-05-04")),
        ..BoostPatch::default()
    };
    world.catalog.update_boost(xp, id, patch, at("2026-05-04T13:00:00Z")).expect("valid");
    let patch = BoostPatch { end: Patch::Clear, ..BoostPatch::default() };
    world.catalog.update_boost(xp, id, patch, at("2026-05-05T01:00:00Z")).expect("valid");
    world.catalog.delete_boost(xp, id, at("2026-05-05T07:00:00Z")).expect("live");
    assert!(world.catalog.delete_boost(xp, id, at("2026-05-05T07:00:00Z")).is_err());
    world.read("2026-05-05T12:00:00Z", "u");
    assert_eq!(
        awards(&world, xp),
        [
            "2026-05-04T06:00:00.000Z +10 []",
            "2026-05-04T12:00:00.000Z +20 [double]",
            "2026-05-04T18:00:00.000Z +15 [most]",
            "2026-05-05T00:00:00.000Z +10 []",
            "2026-05-05T06:00:00.000Z +15 [most]",
            "2026-05-05T12:00:00.000Z +10 []",
        ]
    );
}
