//! Updates of the tz database: the rules of a user's zone change under what is settled. (C-GEN-37)
//!
//! The change is faked by putting another zone in the place of the user's in the stored state. New
//! York under the rules of Puerto Rico has summer time for good and its days begin an hour earlier
//! in winter; under those of Panama it has none, and they begin an hour later in summer. Honolulu
//! and Apia had the same days until Apia skipped 30 December 2011.

use domain::calendar::Zone;
use domain::ids::{MetricId, PointsSystemId};
use domain::time::Timestamp;

use crate::support::{Event, NONE, Trig, World, at, date, freezes, tz, zone};

const NEW_YORK: &str = "America/New_York";
const EARLIER: &str = "America/Puerto_Rico";
const LATER: &str = "America/Panama";
const UNSKIPPED: &str = "Pacific/Honolulu";
const SKIPPED: &str = "Pacific/Apia";

/// A user `u` of `zone` with an event at `now`.
fn started(zone: &str, now: &str) -> (World, MetricId) {
    let mut world = World::new();
    let metric = world.metric("m");
    let reply = world.event(now, "u", Event::of(metric, "1").user(tz(zone)));
    assert_eq!(reply, "total 1; extended");
    world.signals("u");
    (world, metric)
}

/// The rules change at `now`, when everything due under the old ones is settled.
fn update(world: &mut World, now: &str, rules: &str) {
    world.settle(now, "u");
    world.new_rules("u", rules);
}

fn effective_day(world: &mut World, now: &str) -> String {
    world.read(now, "u").effective_day.to_string()
}

/// The instants and changes of the user's awards, read at `now`.
fn awards(world: &mut World, now: &str, system: PointsSystemId) -> Vec<String> {
    world.read(now, "u");
    let awards = world.stored("u").awards.get(&system);
    let shown = awards.into_iter().flatten().map(|own| format!("{} {:+}", own.at, own.awarded));
    shown.collect()
}

// C-GEN-37 C-GEN-16: 23:30 on the 6th turns out to be 00:30 on the 7th. What was left of the 6th
// is gone, so it costs nothing; from the 7th on midnight is an hour earlier.
#[test]
fn a_day_that_is_over_early_is_protected() {
    let (mut world, metric) = started(NEW_YORK, "2026-01-05T17:00:00Z");
    world.streaks(freezes(0, 1, None));
    world.grant("2026-01-05T17:00:00Z", "u", 1).expect("enabled");
    world.signals("u");
    update(&mut world, "2026-01-07T04:30:00Z", EARLIER);
    assert_eq!(world.history("2026-01-07T04:30:00Z", "u", 3), "2026-01-05: 1 1p 0");
    let reply = world.event("2026-01-08T03:59:59Z", "u", Event::of(metric, "1"));
    assert_eq!(reply, "total 2; extended");
    let reply = world.event("2026-01-08T04:00:00Z", "u", Event::of(metric, "1"));
    assert_eq!(reply, "total 3; extended");
    world.signals("u");
    assert_eq!(world.history("2026-01-11T03:59:59Z", "u", 6), "2026-01-05: 1 1p 2 3 3f 0");
    world.read("2026-01-11T04:00:00Z", "u");
    assert_eq!(
        world.signals("u"),
        [
            "2026-01-10T04:00:00.000Z streak.freeze_consumed 1, 0 left",
            "2026-01-11T04:00:00.000Z streak.lost 3",
        ]
    );
}

// C-GEN-37 C-GEN-16: summer time is abolished. 00:30 on the 6th turns out to be 23:30 on the 5th,
// but the 6th has begun: it goes on, and is met and counted once.
#[test]
fn a_day_that_began_early_is_one_day() {
    let (mut world, metric) = started(NEW_YORK, "2026-07-05T16:00:00Z");
    update(&mut world, "2026-07-06T04:30:00Z", LATER);
    assert_eq!(effective_day(&mut world, "2026-07-06T04:30:00Z"), "2026-07-06");
    let replies = [
        ("2026-07-06T04:59:59Z", "total 2; extended"),
        ("2026-07-06T05:00:00Z", "total 3"),
        ("2026-07-07T04:59:59Z", "total 4"),
        ("2026-07-07T05:00:00Z", "total 5; extended"),
    ];
    for (now, reply) in replies {
        assert_eq!(world.event(now, "u", Event::of(metric, "1")), reply, "{now}");
    }
    let days = world.stored("u").metric_days.iter();
    let days: Vec<_> =
        days.map(|((_, day), row)| format!("{day} {} {}", row.change, row.total)).collect();
    assert_eq!(days, ["2026-07-05 1 1", "2026-07-06 3 4", "2026-07-07 1 5"]);
    assert_eq!(world.streak("2026-07-09T04:59:59Z", "u").split(' ').next(), Some("3"));
    assert_eq!(world.streak("2026-07-09T05:00:00Z", "u"), "0");
}

// C-GEN-37 C-POINTS-22: hours that were due at what is now midnight were paid, and the date that
// began with it was not. Whether the user has a streak makes no difference.
#[test]
fn each_award_is_paid_once_when_days_begin_earlier() {
    for with_streak in [false, true] {
        let mut world = World::new();
        let metric = world.metric("m");
        let xp = world.system("xp", None, &[]);
        world.trigger(xp, "5h", Trig::hours(5, 1));
        world.trigger(xp, "1d", Trig::days(1, 10));
        let value = if with_streak { "1" } else { "0" };
        world.event("2026-01-06T17:00:00Z", "u", Event::of(metric, value).user(tz(NEW_YORK)));
        update(&mut world, "2026-01-07T04:30:00Z", EARLIER);
        assert_eq!(
            awards(&mut world, "2026-01-08T04:00:00Z", xp),
            [
                "2026-01-06T22:00:00.000Z +1",
                "2026-01-07T03:00:00.000Z +1",
                "2026-01-07T04:30:00.000Z +10",
                "2026-01-07T08:00:00.000Z +1",
                "2026-01-07T13:00:00.000Z +1",
                "2026-01-07T18:00:00.000Z +1",
                "2026-01-07T23:00:00.000Z +1",
                "2026-01-08T04:00:00.000Z +1",
                "2026-01-08T04:00:00.000Z +10",
            ],
            "{with_streak}"
        );
        let days = world.stored("u").points_days.iter();
        let days: Vec<_> = days.map(|((_, day), row)| (day.to_string(), row.change)).collect();
        let expected = [("2026-01-06", 2), ("2026-01-07", 14), ("2026-01-08", 11)];
        assert_eq!(days, expected.map(|(day, change)| (day.to_owned(), change)));
    }
}

// C-GEN-37 C-POINTS-22: an hour due at the very instant that was a midnight all along.
#[test]
fn an_hour_at_the_new_midnight_is_not_paid_again() {
    let mut world = World::new();
    let metric = world.metric("m");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "1h", Trig::hours(1, 1));
    world.event("2026-01-07T02:00:00Z", "u", Event::of(metric, "1").user(tz(NEW_YORK)));
    for settled in ["2026-01-07T04:00:00Z", "2026-01-07T04:30:00Z"] {
        let mut world = world.clone();
        update(&mut world, settled, EARLIER);
        assert_eq!(
            awards(&mut world, "2026-01-07T05:00:00Z", xp),
            [
                "2026-01-07T03:00:00.000Z +1",
                "2026-01-07T04:00:00.000Z +1",
                "2026-01-07T05:00:00.000Z +1",
            ]
        );
    }
}

// C-GEN-37 C-POINTS-22: a date that was paid for is not due again when its midnight comes later.
#[test]
fn each_award_is_paid_once_when_days_begin_later() {
    let mut world = World::new();
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "1d", Trig::days(1, 10));
    world.identify("2026-07-05T16:00:00Z", "u", tz(NEW_YORK)).expect("allowed");
    update(&mut world, "2026-07-06T04:30:00Z", LATER);
    assert_eq!(
        awards(&mut world, "2026-07-07T05:00:00Z", xp),
        ["2026-07-06T04:00:00.000Z +10", "2026-07-07T05:00:00.000Z +10"]
    );
}

// C-GEN-37 C-STREAK-41: freezes fall due by date, each once.
#[test]
fn accrual_keeps_its_dates() {
    let earned = |created: &str, updated: &str, rules, until: &str| {
        let mut world = World::new();
        world.freezes(0, 5, Some((2, 1)));
        world.identify(created, "u", tz(NEW_YORK)).expect("allowed");
        update(&mut world, updated, rules);
        world.read(until, "u");
        world.signals("u")
    };
    assert_eq!(
        earned("2026-01-05T17:00:00Z", "2026-01-07T04:30:00Z", EARLIER, "2026-01-10T00:00:00Z"),
        [
            "2026-01-07T04:30:00.000Z streak.freeze_earned 1, 1 held",
            "2026-01-09T04:00:00.000Z streak.freeze_earned 1, 2 held",
        ]
    );
    assert_eq!(
        earned("2026-07-05T16:00:00Z", "2026-07-07T04:30:00Z", LATER, "2026-07-10T00:00:00Z"),
        [
            "2026-07-07T04:00:00.000Z streak.freeze_earned 1, 1 held",
            "2026-07-09T05:00:00.000Z streak.freeze_earned 1, 2 held",
        ]
    );
}

// C-GEN-37 C-STREAK-45: a pause covers dates, whenever they begin.
#[test]
fn a_pause_keeps_its_dates() {
    let (mut world, _) = started(NEW_YORK, "2026-01-05T17:00:00Z");
    world.pause("2026-01-05T17:00:00Z", "u", "2026-01-06", "2026-01-07").expect("allowed");
    update(&mut world, "2026-01-06T04:30:00Z", EARLIER);
    assert_eq!(world.pauses("2026-01-08T03:59:59Z", "u"), ["2026-01-06..2026-01-07"]);
    assert_eq!(world.pauses("2026-01-08T04:00:00Z", "u"), NONE);
    assert_eq!(world.history("2026-01-09T03:59:59Z", "u", 4), "2026-01-05: 1 1p 1p 0");
    world.read("2026-01-09T04:00:00Z", "u");
    assert_eq!(world.signals("u"), ["2026-01-09T04:00:00.000Z streak.lost 1"]);
}

// C-GEN-37 C-STREAK-08: the zone skips a date from now on. Known in time, the date is nobody's to
// miss; the two dates that begin at once pay once.
#[test]
fn a_date_to_come_is_skipped() {
    let (mut world, metric) = started(UNSKIPPED, "2011-12-29T20:00:00Z");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "1d", Trig::days(1, 1));
    update(&mut world, "2011-12-29T21:00:00Z", SKIPPED);
    let reply = world.event("2011-12-30T10:00:00Z", "u", Event::of(metric, "1"));
    assert_eq!(reply, "total 2; extended");
    assert_eq!(world.history("2011-12-30T10:00:00Z", "u", 3), "2011-12-29: 1 1p 2");
    assert_eq!(
        awards(&mut world, "2011-12-31T10:00:00Z", xp),
        ["2011-12-30T10:00:00.000Z +1", "2011-12-31T10:00:00.000Z +1"]
    );
}

// C-GEN-37: known too late, the date was lived and stays so; the next one begins at once.
#[test]
fn a_date_that_was_lived_stays_although_the_zone_skipped_it() {
    let (mut world, metric) = started(UNSKIPPED, "2011-12-29T20:00:00Z");
    let xp = world.system("xp", None, &[]);
    world.trigger(xp, "1d", Trig::days(1, 1));
    let event = || Event::of(metric, "1");
    assert_eq!(world.event("2011-12-30T20:00:00Z", "u", event()), "total 2; extended");
    world.new_rules("u", SKIPPED);
    assert_eq!(effective_day(&mut world, "2011-12-30T21:00:00Z"), "2011-12-31");
    assert_eq!(world.event("2011-12-30T22:00:00Z", "u", event()), "total 3; extended");
    assert_eq!(world.event("2011-12-31T10:00:00Z", "u", event()), "total 4; extended");
    assert_eq!(world.history("2011-12-31T10:00:00Z", "u", 4), "2011-12-29: 1 2 3 4");
    assert_eq!(
        awards(&mut world, "2011-12-31T10:00:00Z", xp),
        [
            "2011-12-30T10:00:00.000Z +1",
            "2011-12-30T20:00:00.000Z +1",
            "2011-12-31T10:00:00.000Z +1",
        ]
    );
}

// C-GEN-37 C-GEN-16: the zone turns out not to have skipped the date. The day that began waits for
// local time to catch up.
#[test]
fn a_date_that_was_skipped_does_not_come_back() {
    let (mut world, metric) = started(SKIPPED, "2011-12-29T20:00:00Z");
    let event = || Event::of(metric, "1");
    assert_eq!(world.event("2011-12-30T12:00:00Z", "u", event()), "total 2; extended");
    world.new_rules("u", UNSKIPPED);
    // Local time shows the 30th, then the 31st.
    assert_eq!(world.event("2011-12-31T09:59:59Z", "u", event()), "total 3");
    assert_eq!(world.event("2012-01-01T09:59:59Z", "u", event()), "total 4");
    assert_eq!(world.event("2012-01-01T10:00:00Z", "u", event()), "total 5; extended");
    assert_eq!(world.history("2012-01-01T10:00:00Z", "u", 4), "2011-12-29: 1 1p 2 3");
}

// C-GEN-37 C-STREAK-63: protection from an update is no travel, so neither rations the other.
#[test]
fn an_update_protects_whoever_has_just_travelled() {
    let (mut world, metric) = started("America/Los_Angeles", "2026-05-04T20:00:00Z");
    world.identify("2026-05-05T16:30:00Z", "u", tz("Asia/Tokyo")).expect("allowed");
    let reply = world.event("2026-05-06T01:00:00Z", "u", Event::of(metric, "1"));
    assert_eq!(reply, "total 2; extended");
    // 23:30 on the 7th becomes 00:30 on the 8th.
    update(&mut world, "2026-05-07T14:30:00Z", "Australia/Brisbane");
    assert_eq!(world.history("2026-05-07T14:30:00Z", "u", 5), "2026-05-04: 1 1p 2 2p 0");
}

// C-GEN-37: what nobody had settled by the update is judged by the new rules alone.
#[test]
fn days_not_yet_settled_are_judged_by_the_new_rules() {
    let (mut world, _) = started(NEW_YORK, "2026-01-05T17:00:00Z");
    world.new_rules("u", EARLIER);
    world.read("2026-01-20T12:00:00Z", "u");
    assert_eq!(world.signals("u"), ["2026-01-07T04:00:00.000Z streak.lost 1"]);
}

/// Whoever acts on each local day: by the old rules up to the update, by the new ones after it.
fn act_every_day(old: &str, new: &str, updated: Timestamp) -> (World, MetricId) {
    let (old, new) = (zone(old), zone(new));
    let first = old.local_date(updated).plus_days(-3);
    let (mut world, metric) = started(old.name(), &old.day_start(first).to_string());
    let act = |world: &mut World, now: Timestamp| {
        world.event(&now.to_string(), "u", Event::of(metric, "1"));
    };
    let instants = |zone: Zone, from: i64, to: i64| {
        (from..to).map(move |days| zone.day_start(first.plus_days(days)).plus_millis(60_000))
    };
    instants(old, 1, 6).filter(|now| *now <= updated).for_each(|now| act(&mut world, now));
    update(&mut world, &updated.to_string(), new.name());
    act(&mut world, updated.plus_millis(1));
    let today = new.local_date(updated).days_since(first);
    instants(new, today + 1, today + 6).for_each(|now| act(&mut world, now));
    (world, metric)
}

// C-GEN-37: at whatever time of day, nobody who acts on each local day loses a streak or counts a
// day twice.
#[test]
fn acting_on_each_local_day_keeps_the_streak_over_any_update() {
    let updates = [
        (NEW_YORK, EARLIER),
        (EARLIER, NEW_YORK),
        (NEW_YORK, LATER),
        (UNSKIPPED, SKIPPED),
        (SKIPPED, UNSKIPPED),
        ("UTC", "Pacific/Kiritimati"),
        ("Pacific/Kiritimati", "UTC"),
        ("Etc/GMT+12", "Pacific/Kiritimati"),
        ("Pacific/Kiritimati", "Etc/GMT+12"),
        ("America/Santiago", "America/Sao_Paulo"),
    ];
    let starts = ["2026-01-06T00:00:00Z", "2026-07-06T00:00:00Z", "2011-12-29T21:00:00Z"];
    for (old, new) in updates {
        for half_hours in 0..96 {
            for start in starts {
                let updated = at(start).plus_millis(half_hours * 1_800_000);
                let (mut world, metric) = act_every_day(old, new, updated);
                let lost = world.signals("u").into_iter().find(|told| told.contains("lost"));
                assert_eq!(lost, None, "{old} -> {new} at {updated}");
                let stored = world.stored("u");
                let track = &stored.state.as_ref().expect("known").streak.daily;
                let met = stored.metric_days.range((metric, date("2000-01-01"))..).count();
                assert_eq!(usize::try_from(track.length()), Ok(met), "{old} -> {new} at {updated}");
            }
        }
    }
}
