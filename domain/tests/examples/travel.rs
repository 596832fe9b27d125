//! Moving between zones, and zones that move. (C-STREAK-62 to 64, C-GEN-15 to 17)

use domain::calendar::Frequency;
use domain::catalog::StreakSettingsPatch;

use crate::support::{Event, NONE, World, at, freezes, tz, zone};

/// A user with one event in `zone` at `now`.
fn started(zone: &str, now: &str, freezes_held: Option<i64>) -> World {
    let mut world = World::new();
    let metric = world.metric("m");
    if let Some(held) = freezes_held {
        world.streaks(freezes(held, 5, None));
    }
    world.event(now, "u", Event::of(metric, "1").user(tz(zone)));
    world.signals("u");
    world
}

// C-STREAK-63: from the latest zone to the earliest a jump skips two dates. The open day is
// protected, the second needs a freeze or the streak is lost.
#[test]
fn a_jump_over_two_dates_protects_one() {
    let table = [
        (None, "2026-05-04: 1 1p 0 0", "streak.lost 1"),
        (Some(1), "2026-05-04: 1 1p 1f 0", "streak.freeze_consumed 1, 0 left"),
    ];
    for (held, history, signal) in table {
        // UTC-12: 4 May until 12:00Z of the 5th; UTC+14 is 26 hours ahead.
        let mut world = started("Etc/GMT+12", "2026-05-04T20:00:00Z", held);
        let jump = "2026-05-06T11:30:00Z";
        assert_eq!(world.identify(jump, "u", tz("Pacific/Kiritimati")), Ok(false));
        assert_eq!(world.read(jump, "u").effective_day.to_string(), "2026-05-07");
        assert_eq!(world.history(jump, "u", 4), history);
        assert_eq!(world.signals("u"), [format!("2026-05-06T11:30:00.000Z {signal}")]);
    }
}

// C-STREAK-07 C-STREAK-63: a move is judged by the settings its request reads.
#[test]
fn a_move_is_judged_by_the_settings_of_its_instant() {
    let mut world = started("Etc/GMT+12", "2026-05-04T20:00:00Z", None);
    let jump = "2026-05-06T11:30:00Z";
    let days_off = Some((0..7).collect());
    world.streak_settings(jump, StreakSettingsPatch { days_off, ..StreakSettingsPatch::default() });
    assert_eq!(world.identify(jump, "u", tz("Pacific/Kiritimati")), Ok(false));
    assert_eq!(world.history(jump, "u", 4), "2026-05-04: 1 1p 1p 1p");
    assert_eq!(world.signals("u"), NONE);
}

// C-STREAK-63: at most one protected day in any seven local dates.
#[test]
fn a_second_jump_needs_seven_dates() {
    // How many dates after the first protected one the second would be.
    let table = [
        (6, None, vec!["streak.lost 6"], "2026-05-10: 6 0 0"),
        (6, Some(1), vec!["streak.freeze_consumed 1, 0 left"], "2026-05-10: 6 6f 0"),
        (7, None, vec![], "2026-05-11: 7 7p 0"),
    ];
    for (dates, held, expected, history) in table {
        let mut world = started("America/Los_Angeles", "2026-05-04T20:00:00Z", held);
        let metric = world.catalog.metrics[0].id;
        let go = |world: &mut World, now: &str, zone| {
            assert_eq!(world.identify(now, "u", tz(zone)), Ok(false));
        };
        go(&mut world, "2026-05-05T16:30:00Z", "Asia/Tokyo");
        let second = 5 + dates;
        for day in 6..second {
            let now = format!("2026-05-{day:02}T01:00:00Z");
            let reply = world.event(&now, "u", Event::of(metric, "1"));
            assert!(reply.ends_with("; extended"), "{day}: {reply}");
        }
        // Home again early that day, and out once more when Tokyo has the next.
        go(&mut world, &format!("2026-05-{second:02}T08:00:00Z"), "America/Los_Angeles");
        world.signals("u");
        let jump = format!("2026-05-{second:02}T16:30:00Z");
        go(&mut world, &jump, "Asia/Tokyo");
        let expected: Vec<_> =
            expected.iter().map(|signal| format!("{} {signal}", at(&jump))).collect();
        assert_eq!(world.signals("u"), expected, "{dates} dates");
        assert_eq!(world.history(&jump, "u", 3), history, "{dates} dates");
    }
}

// C-STREAK-63 C-STREAK-11: a week that a jump ends has its own allowance.
#[test]
fn a_jump_over_the_end_of_a_week_protects_the_week() {
    let mut world = started("America/Los_Angeles", "2026-05-01T20:00:00Z", None);
    let weekly = StreakSettingsPatch {
        frequency: Some(Frequency::Weekly),
        ..StreakSettingsPatch::default()
    };
    world.streak_settings("2026-05-01T21:00:00Z", weekly);
    // Wednesday the 6th is skipped first and uses up the daily allowance only.
    world.identify("2026-05-06T16:30:00Z", "u", tz("Asia/Tokyo")).expect("allowed");
    world.identify("2026-05-07T08:00:00Z", "u", tz("America/Los_Angeles")).expect("allowed");
    // Saturday the 9th, 09:30 there, is Sunday in Tokyo.
    world.identify("2026-05-09T16:30:00Z", "u", tz("Asia/Tokyo")).expect("allowed");
    assert_eq!(world.history("2026-05-09T16:30:00Z", "u", 3), "2026-04-26: 1 1p 0");
    assert_eq!(world.signals("u"), NONE);
}

// C-STREAK-63 C-GEN-16: going back and forth neither loses nor doubles a day.
#[test]
fn going_west_waits_for_local_time() {
    let mut world = started("Asia/Tokyo", "2026-05-05T16:00:00Z", None);
    let metric = world.catalog.metrics[0].id;
    let replies = [
        ("2026-05-05T17:00:00Z", "America/Los_Angeles", "total 2", "2026-05-06"),
        ("2026-05-06T06:59:59Z", "America/Los_Angeles", "total 3", "2026-05-06"),
        ("2026-05-06T07:00:00Z", "America/Los_Angeles", "total 4", "2026-05-06"),
        ("2026-05-07T06:59:59Z", "America/Los_Angeles", "total 5", "2026-05-06"),
        ("2026-05-07T07:00:00Z", "America/Los_Angeles", "total 6; extended", "2026-05-07"),
        ("2026-05-07T07:00:01Z", "Asia/Tokyo", "total 7", "2026-05-07"),
        ("2026-05-07T15:00:00Z", "Asia/Tokyo", "total 8; extended", "2026-05-08"),
    ];
    for (now, zone, reply, day) in replies {
        assert_eq!(world.event(now, "u", Event::of(metric, "1").user(tz(zone))), reply, "{now}");
        assert_eq!(world.read(now, "u").effective_day.to_string(), day, "{now}");
    }
}

// C-STREAK-64 C-GEN-15: the first zone is a change from the default; one given at creation isn't.
#[test]
fn the_first_zone_is_a_move_from_the_default() {
    let mut world = World::new();
    let metric = world.metric("m");
    world.catalog.settings.default_time_zone = zone("America/New_York");
    world.event("2026-05-04T20:00:00Z", "u", Event::of(metric, "1"));
    assert_eq!(world.read("2026-05-05T03:59:59Z", "u").effective_day.to_string(), "2026-05-04");
    world.identify("2026-05-05T20:00:00Z", "u", tz("Asia/Tokyo")).expect("allowed");
    assert_eq!(world.history("2026-05-05T20:00:00Z", "u", 3), "2026-05-04: 1 1p 0");
    world.identify("2026-05-05T20:00:00Z", "v", tz("Asia/Tokyo")).expect("allowed");
    assert_eq!(world.read("2026-05-05T20:00:00Z", "v").created_on.to_string(), "2026-05-06");
}

// C-GEN-17 C-STREAK-19: a date that never existed is nobody's to miss. Apia went from 29 to 31
// December 2011.
#[test]
fn a_date_the_zone_skipped_is_not_missed() {
    let mut world = started("Pacific/Apia", "2011-12-29T20:00:00Z", Some(1));
    let metric = world.catalog.metrics[0].id;
    assert_eq!(
        world.streak("2011-12-29T20:00:00Z", "u"),
        "1 since 2011-12-29, 2011-12-29..2011-12-29, expires 2011-12-31, \
         extended 2011-12-29T20:00:00.000Z, freezes 1/5"
    );
    let next = "2011-12-30T10:00:00Z";
    assert_eq!(world.event(next, "u", Event::of(metric, "1")), "total 2; extended");
    assert_eq!(world.history(next, "u", 4), "2011-12-28: 0 1 1p 2");
    assert_eq!(
        world.streak("2012-01-01T09:59:59Z", "u").split(',').next(),
        Some("2 since 2011-12-29")
    );
    assert_eq!(world.signals("u"), ["2011-12-30T10:00:00.000Z streak.extended 2"]);
}

// C-GEN-17: midnights that a clock change skips or repeats. Sao Paulo skipped 2018-11-04T00:00;
// Havana's 2026-11-01T00:00 comes twice; in Cairo 23:00 came twice before 2014-09-26.
#[test]
fn days_start_at_their_first_instant() {
    let table = [
        ("America/Sao_Paulo", "2018-11-04T02:59:59.999Z", "2018-11-04T03:00:00Z"),
        ("America/Havana", "2026-11-01T03:59:59.999Z", "2026-11-01T04:00:00Z"),
        ("Africa/Cairo", "2014-09-25T21:59:59.999Z", "2014-09-25T22:00:00Z"),
    ];
    for (zone, before, midnight) in table {
        let mut world = started(zone, before, None);
        let metric = world.catalog.metrics[0].id;
        let reply = world.event(midnight, "u", Event::of(metric, "1"));
        assert_eq!(reply, "total 2; extended", "{zone}");
        let later = at(midnight).plus_millis(3_600_000).to_string();
        assert_eq!(world.event(&later, "u", Event::of(metric, "1")), "total 3", "{zone}");
    }
}
