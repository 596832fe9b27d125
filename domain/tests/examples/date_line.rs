//! The date line and the ends of the world meet what is due by date: freezes, boosts, time
//! triggers, pauses and months.
//!
//! Kiritimati and Honolulu are 24 hours apart and show the same time of day on different dates.
//! Kiritimati is 25 hours ahead of Pago Pago, so for an hour a day two dates lie between them.

use domain::calendar::Frequency;
use domain::catalog::{BoostDraft, BoostTerms, Rounding, StreakSettingsPatch};
use domain::ids::PointsSystemId;

use crate::support::{Event, NONE, Trig, World, amount, at, date, freezes, tz};

const KIRITIMATI: &str = "Pacific/Kiritimati";
const HONOLULU: &str = "Pacific/Honolulu";
const PAGO_PAGO: &str = "Pacific/Pago_Pago";

/// Where a user was created and when, where they went and when, and when freezes were granted.
type Journey<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], [&'a str; 2]);

fn go(world: &mut World, now: &str, zone: &str) {
    assert_eq!(world.identify(now, "u", tz(zone)), Ok(false));
}

// C-STREAK-41 C-STREAK-63 C-GEN-16: one freeze every second date from the 4th on: the 6th, the
// 8th. A date that a move jumps to or over grants at the move, one that comes again never does.
#[test]
fn a_due_date_grants_once_on_either_side_of_the_date_line() {
    let table: [Journey<'_>; 4] = [
        // To the 6th from the 5th.
        (
            HONOLULU,
            "2026-05-04T20:00:00Z",
            &[("2026-05-05T20:00:00Z", KIRITIMATI)],
            ["2026-05-05T20:00:00.000Z", "2026-05-07T10:00:00.000Z"],
        ),
        // From 23:30 on the 5th to 00:30 on the 7th: the 6th is skipped.
        (
            PAGO_PAGO,
            "2026-05-04T20:00:00Z",
            &[("2026-05-06T10:30:00Z", KIRITIMATI)],
            ["2026-05-06T10:30:00.000Z", "2026-05-07T10:00:00.000Z"],
        ),
        // From the 6th back to the 5th: the 6th comes again.
        (
            KIRITIMATI,
            "2026-05-03T20:00:00Z",
            &[("2026-05-05T20:00:00Z", HONOLULU)],
            ["2026-05-05T10:00:00.000Z", "2026-05-08T10:00:00.000Z"],
        ),
        // And from that 6th to the 7th in Kiritimati.
        (
            KIRITIMATI,
            "2026-05-03T20:00:00Z",
            &[("2026-05-05T20:00:00Z", HONOLULU), ("2026-05-06T20:00:00Z", KIRITIMATI)],
            ["2026-05-05T10:00:00.000Z", "2026-05-07T10:00:00.000Z"],
        ),
    ];
    for (home, created, moves, granted) in table {
        let mut world = World::new();
        world.freezes(0, 5, Some((2, 1)));
        assert_eq!(world.identify(created, "u", tz(home)), Ok(true));
        for (now, zone) in moves {
            go(&mut world, now, zone);
        }
        world.read("2026-05-09T09:00:00Z", "u");
        let expected: Vec<_> = (1..)
            .zip(granted)
            .map(|(held, at)| format!("{at} streak.freeze_earned 1, {held} held"))
            .collect();
        assert_eq!(world.signals("u"), expected, "{home} {moves:?}");
    }
}

// C-STREAK-38 C-STREAK-63 C-GEN-22: the jump closes the 5th and the 6th. The 5th is protected; the
// freeze due on the 6th arrives with that date, just in time for its end.
#[test]
fn a_freeze_due_on_a_skipped_date_saves_it() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.freezes(0, 5, Some((2, 1)));
    world.event("2026-05-04T20:00:00Z", "u", Event::of(metric, "1").user(tz(PAGO_PAGO)));
    world.signals("u");
    let jump = "2026-05-06T10:30:00.000Z";
    go(&mut world, jump, KIRITIMATI);
    assert_eq!(world.history(jump, "u", 4), "2026-05-04: 1 1p 1f 0");
    assert_eq!(
        world.signals("u"),
        [
            format!("{jump} streak.freeze_earned 1, 1 held"),
            format!("{jump} streak.freeze_consumed 1, 0 left"),
        ]
    );
}

// C-STREAK-08 C-STREAK-63: a skipped date that is paused needs no travel protection, so the next
// jump still has it.
#[test]
fn a_paused_date_that_a_move_skips_uses_up_no_protection() {
    let mut world = World::new();
    let metric = world.metric("m");
    let los_angeles = "America/Los_Angeles";
    let now = "2026-05-04T20:00:00Z";
    world.event(now, "u", Event::of(metric, "1").user(tz(los_angeles)));
    world.pause(now, "u", "2026-05-05", "2026-05-05").expect("allowed");
    go(&mut world, "2026-05-05T16:30:00Z", "Asia/Tokyo");
    let reply = world.event("2026-05-06T01:00:00Z", "u", Event::of(metric, "1"));
    assert_eq!(reply, "total 2; extended");
    go(&mut world, "2026-05-07T08:00:00Z", los_angeles);
    world.signals("u");
    go(&mut world, "2026-05-07T16:30:00Z", "Asia/Tokyo");
    assert_eq!(world.history("2026-05-07T16:30:00Z", "u", 5), "2026-05-04: 1 1p 2 2p 0");
    assert_eq!(world.signals("u"), NONE);
}

/// Doubles what is earned on `day`.
fn double(world: &mut World, system: PointsSystemId, day: &str) {
    let terms = BoostTerms {
        name: "double".to_owned(),
        start: date(day),
        end: Some(date(day)),
        multiplier: amount("2"),
        rounding: Rounding::Down,
        user_filters: Vec::new(),
    };
    let draft = BoostDraft { user: None, terms };
    world.catalog.create_boost(system, draft, at("2000-01-01T00:00:00Z")).expect("valid");
}

// C-POINTS-34: one date, 25 hours apart. For an hour it holds for neither.
#[test]
fn a_boost_holds_at_different_instants_at_both_ends_of_the_world() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "T", Trig::metric(metric, 1, 1));
    double(&mut world, xp, "2026-03-02");
    let table = [
        ("2026-03-01T09:59:59Z", 1, 1),
        ("2026-03-01T10:00:00Z", 2, 1),
        ("2026-03-02T09:59:59Z", 2, 1),
        ("2026-03-02T10:00:00Z", 1, 1),
        ("2026-03-02T10:59:59Z", 1, 1),
        ("2026-03-02T11:00:00Z", 1, 2),
        ("2026-03-03T10:59:59Z", 1, 2),
        ("2026-03-03T11:00:00Z", 1, 1),
    ];
    for (now, first, last) in table {
        for (user, zone, paid) in [("first", KIRITIMATI, first), ("last", PAGO_PAGO, last)] {
            let reply = world.event(now, user, Event::of(metric, "1").user(tz(zone)));
            assert!(reply.ends_with(&format!("(+{paid}): {paid} T")), "{user} {now}: {reply}");
        }
    }
}

// C-POINTS-34 C-GEN-16: the date is over for who has lived it, also where it begins after a move.
#[test]
fn a_boost_is_not_met_twice_by_moving() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "T", Trig::metric(metric, 1, 1));
    double(&mut world, xp, "2026-03-02");
    for (now, zone, paid) in [
        ("2026-03-02T09:00:00Z", KIRITIMATI, 2),
        ("2026-03-02T11:00:00Z", KIRITIMATI, 1),
        ("2026-03-02T12:00:00Z", PAGO_PAGO, 1),
        ("2026-03-03T10:59:59Z", PAGO_PAGO, 1),
    ] {
        let reply = world.event(now, "u", Event::of(metric, "1").user(tz(zone)));
        assert!(reply.ends_with(&format!("(+{paid}): {paid} T")), "{now}: {reply}");
    }
}

// C-POINTS-22 C-GEN-17 C-POINTS-34: every second day from 28 December 2011 on in Apia, which had no
// 30th: that one is due where the 31st begins. A boost of the 30th holds for nobody there.
#[test]
fn an_award_due_on_a_date_the_zone_skipped_is_paid_with_the_next() {
    let mut world = World::new();
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "2d", Trig::days(2, 1));
    double(&mut world, xp, "2011-12-30");
    assert_eq!(world.identify("2011-12-28T20:00:00Z", "u", tz("Pacific/Apia")), Ok(true));
    world.read("2012-01-02T10:00:00Z", "u");
    let awards: Vec<_> = world.stored("u").awards[&xp]
        .iter()
        .map(|own| format!("{} {:+}", own.at, own.awarded))
        .collect();
    assert_eq!(
        awards,
        [
            "2011-12-30T10:00:00.000Z +1",
            "2011-12-31T10:00:00.000Z +1",
            "2012-01-02T10:00:00.000Z +1",
        ]
    );
    let days: Vec<_> =
        world.stored("u").points_days.keys().map(|(_, day)| day.to_string()).collect();
    assert_eq!(days, ["2011-12-31", "2012-01-01", "2012-01-03"]);
}

fn monthly(zone: &str, instants: &[&str]) -> World {
    let mut world = World::new();
    let metric = world.metric("m");
    world.streaks(freezes(1, 1, None));
    world.streaks(StreakSettingsPatch {
        frequency: Some(Frequency::Monthly),
        ..StreakSettingsPatch::default()
    });
    for now in instants {
        let reply = world.event(now, "u", Event::of(metric, "1").user(tz(zone)));
        assert!(reply.ends_with("; extended"), "{now}: {reply}");
    }
    world.signals("u");
    world
}

// C-STREAK-63: a move on the last day of an unmet month jumps over its end. The month is protected
// and the freeze stays; June is met from there on.
#[test]
fn a_move_over_the_end_of_a_month_protects_it() {
    let mut world = monthly("America/Los_Angeles", &["2026-04-10T20:00:00Z"]);
    let metric = world.catalog.metrics[0].id;
    // 09:30 on 31 May is 01:30 on 1 June.
    let jump = "2026-05-31T16:30:00Z";
    go(&mut world, jump, "Asia/Tokyo");
    assert_eq!(world.history(jump, "u", 3), "2026-04-01: 1 1p 0");
    assert_eq!(
        world.streak(jump, "u"),
        "1 since 2026-04-10, 2026-06-01..2026-06-30, expires 2026-06-30, \
         extended 2026-04-10T20:00:00.000Z, freezes 1/1"
    );
    assert_eq!(world.signals("u"), NONE);
    let reply = world.event("2026-06-30T14:59:59Z", "u", Event::of(metric, "1"));
    assert_eq!(reply, "total 2; extended");
}

// C-STREAK-63 C-GEN-16: going back over the end of a month doesn't open the old one again, and the
// new one is met once.
#[test]
fn a_month_that_began_goes_on_after_a_move_west() {
    let instants = ["2026-05-10T20:00:00Z", "2026-05-31T15:00:00Z"];
    let mut world = monthly("Asia/Tokyo", &instants);
    let metric = world.catalog.metrics[0].id;
    go(&mut world, "2026-05-31T16:00:00Z", "America/Los_Angeles");
    let replies = [
        ("2026-05-31T20:00:00Z", "total 3"),
        ("2026-06-02T07:00:00Z", "total 4"),
        ("2026-07-01T06:59:59Z", "total 5"),
        ("2026-07-01T07:00:00Z", "total 6; extended"),
    ];
    for (now, reply) in replies {
        assert_eq!(world.event(now, "u", Event::of(metric, "1")), reply, "{now}");
    }
    assert_eq!(world.history("2026-07-01T07:00:00Z", "u", 3), "2026-05-01: 1 2 3");
}
