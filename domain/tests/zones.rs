//! Local days in every zone of the tz database, across every clock change it lists.
//!
//! The tests rebuild each zone from nothing but its offsets at UTC instants (found by bisection) and
//! compare what that model says with what `calendar` says. The named cases are the places where a
//! local day is easy to get wrong: midnights that are skipped or come twice, and dates that never were.

use chrono::{DateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use domain::calendar::Zone;
use domain::time::{Date, Timestamp};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A stretch of UTC time with one offset, in milliseconds; `end` is exclusive.
#[derive(Clone, Copy)]
struct Span {
    start: i64,
    end: i64,
    offset: i64,
}

impl Span {
    /// Days since 1970-01-01 on the wall clock.
    fn day_at(self, at: i64) -> i64 {
        (at + self.offset).div_euclid(DAY)
    }

    /// The first instant inside the span that shows `day` or a later one.
    fn first_instant_of(self, day: i64) -> Option<i64> {
        let at = (day * DAY - self.offset).max(self.start);
        (at < self.end).then_some(at)
    }
}

fn offset_at(tz: Tz, at: i64) -> i64 {
    let utc = DateTime::from_timestamp_millis(at).expect("in range").naive_utc();
    i64::from(tz.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * 1000
}

/// The spans of one zone between two instants. No offset has ever lasted less than two days.
fn spans(tz: Tz, from: i64, to: i64) -> Vec<Span> {
    let mut spans = vec![Span { start: from, end: to, offset: offset_at(tz, from) }];
    let mut at = from;
    while at < to {
        let next = (at + 2 * DAY).min(to);
        let offset = offset_at(tz, next);
        let open = spans.last_mut().expect("starts with one");
        if offset != open.offset {
            open.end = first_change(tz, at, next);
            let start = open.end;
            spans.push(Span { start, end: to, offset });
        }
        at = next;
    }
    spans
}

/// The first instant in `(before, after]` whose offset is the one at `after`.
fn first_change(tz: Tz, mut before: i64, mut after: i64) -> i64 {
    let old = offset_at(tz, before);
    while after - before > 1 {
        let middle = before.midpoint(after);
        if offset_at(tz, middle) == old { before = middle } else { after = middle }
    }
    after
}

/// The stretches of time around each clock change, as pairs of neighbouring spans.
fn clock_changes(tz: Tz, from: &str, to: &str) -> Vec<[Span; 2]> {
    spans(tz, instant(from), instant(to)).array_windows().copied().collect()
}

fn zone(tz: Tz) -> Zone {
    Zone::parse(tz.name()).expect("every bundled name is a zone")
}

fn instant(text: &str) -> i64 {
    at(text).as_millis()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("valid instant")
}

fn date(text: &str) -> Date {
    Date::parse(text).expect("valid date")
}

fn date_of_day(day: i64) -> Date {
    date("1970-01-01").plus_days(day)
}

fn start_of(zone: Zone, day: i64) -> i64 {
    zone.day_start(date_of_day(day)).as_millis()
}

/// The next date after `day` that the zone has.
fn next_existing(zone: Zone, day: i64) -> i64 {
    (day + 1..).find(|&next| zone.has_date(date_of_day(next))).expect("time goes on")
}

// C-GEN-17
#[test]
fn days_start_at_their_first_existing_instant() {
    for tz in TZ_VARIANTS {
        let zone = zone(tz);
        for pair in clock_changes(tz, "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z") {
            let [before, after] = pair;
            let around = before.day_at(before.end) - 2..=before.day_at(before.end) + 3;
            for day in around {
                let expected = pair.iter().find_map(|span| span.first_instant_of(day));
                let shown_day =
                    |at| if at < after.start { before.day_at(at) } else { after.day_at(at) };
                let expected = expected.expect("spans last days");
                assert_eq!(start_of(zone, day), expected, "{zone} {}", date_of_day(day));
                let exists = shown_day(expected) == day;
                assert_eq!(zone.has_date(date_of_day(day)), exists, "{zone} {}", date_of_day(day));
            }
        }
    }
}

// C-GEN-16, C-GEN-17
#[test]
fn no_midnight_is_lost_or_doubled_across_any_clock_change() {
    for tz in TZ_VARIANTS {
        let zone = zone(tz);
        for [before, after] in clock_changes(tz, "2000-01-01T00:00:00Z", "2041-01-01T00:00:00Z") {
            let change = after.start;
            let mut instants: Vec<i64> = (-50..=50).map(|hours| change + hours * HOUR).collect();
            instants.extend((-4..=4).map(|quarters| change + quarters * 15 * MINUTE));
            instants.extend([change - 1, change + 1]);
            for day in before.day_at(change) - 1..=before.day_at(change) + 2 {
                instants.extend([-1, 0, 1].map(|ms| start_of(zone, day) + ms));
            }
            instants.sort_unstable();
            walk(zone, &instants);
        }
    }
}

/// Checks that every instant lies inside its own day and that days follow each other without a gap.
fn walk(zone: Zone, instants: &[i64]) {
    let day_at = |at: i64| zone.local_date(Timestamp::from_millis(at)).days_since(date_of_day(0));
    let mut day = day_at(instants[0]);
    let mut next = next_existing(zone, day);
    for &at in instants {
        let now = Timestamp::from_millis(at);
        let today = day_at(at);
        if today != day {
            assert_eq!(today, next, "{zone} {now}: dates advance by one existing date");
            assert!(start_of(zone, day) < start_of(zone, today), "{zone} {now}: starts increase");
            day = today;
            next = next_existing(zone, day);
        }
        assert!(start_of(zone, day) <= at, "{zone} {now}: {} has not begun", date_of_day(day));
        assert!(at < start_of(zone, next), "{zone} {now}: {} is over", date_of_day(day));
    }
}

// C-GEN-17
#[test]
fn days_away_from_clock_changes_start_at_midnight() {
    let utc_midnight = |day: i64| date_of_day(day).to_naive().and_time(NaiveTime::MIN).and_utc();
    for tz in TZ_VARIANTS {
        let zone = zone(tz);
        for day in (0..200 * 365).step_by(61) {
            let start = zone.day_start(date_of_day(day));
            let offset = offset_at(tz, start.as_millis());
            let near = [-DAY, DAY].map(|ms| offset_at(tz, start.as_millis() + ms));
            if near == [offset, offset] {
                assert_eq!(
                    start.as_millis(),
                    utc_midnight(day).timestamp_millis() - offset,
                    "{zone}"
                );
                assert_eq!(zone.local_date(start), date_of_day(day));
                assert_eq!(zone.local_time(start), NaiveTime::MIN);
            }
        }
    }
}

/// `local_date` looks for a repeated stretch only in the last eight hours of a day.
#[test]
fn clocks_are_never_turned_back_by_more_than_eight_hours() {
    for tz in TZ_VARIANTS {
        for [before, after] in clock_changes(tz, "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z") {
            assert!(before.offset - after.offset <= 8 * HOUR, "{tz} {}", after.start);
        }
    }
}

#[test]
fn offsets_stay_as_they_are_after_2099() {
    for tz in TZ_VARIANTS {
        let changes = clock_changes(tz, "2100-01-01T13:00:00Z", "2200-01-01T00:00:00Z");
        assert!(changes.is_empty(), "{tz}");
    }
}

fn assert_starts(name: &str, starts: &[(&str, &str)]) {
    let zone = Zone::parse(name).expect("known zone");
    for (day, start) in starts {
        assert_eq!(zone.day_start(date(day)), at(start), "{name} {day}");
        assert_eq!(zone.local_date(at(start)), date(day), "{name} {start}");
        assert_eq!(
            zone.local_date(at(start).plus_millis(-1)).succ(),
            date(day),
            "{name} before {start}"
        );
    }
}

// C-GEN-16, C-GEN-17
#[test]
fn dates_that_a_zone_skipped_do_not_exist_in_it() {
    let cases = [
        ("Pacific/Apia", "2011-12-29", "2011-12-30", "2011-12-31", "2011-12-30T10:00:00Z"),
        ("Pacific/Fakaofo", "2011-12-29", "2011-12-30", "2011-12-31", "2011-12-30T11:00:00Z"),
        ("Pacific/Kwajalein", "1993-08-20", "1993-08-21", "1993-08-22", "1993-08-21T12:00:00Z"),
        ("Pacific/Kiritimati", "1994-12-30", "1994-12-31", "1995-01-01", "1994-12-31T10:00:00Z"),
    ];
    for (name, last, skipped, first, change) in cases {
        let zone = Zone::parse(name).expect("known zone");
        assert!(zone.has_date(date(last)) && zone.has_date(date(first)), "{name}");
        assert!(!zone.has_date(date(skipped)), "{name}");
        assert_eq!(zone.local_date(at(change).plus_millis(-1)), date(last), "{name}");
        assert_eq!(zone.local_date(at(change)), date(first), "{name}");
        assert_eq!(zone.day_start(date(skipped)), at(change), "{name}");
        assert_eq!(zone.day_start(date(first)), at(change), "{name}");
    }
}

// C-GEN-17
#[test]
fn half_hour_clock_changes_make_days_of_that_length() {
    let lord_howe = Zone::parse("Australia/Lord_Howe").expect("known zone");
    let length = |day| {
        let start = lord_howe.day_start(date(day));
        lord_howe.day_start(date(day).succ()).as_millis() - start.as_millis()
    };
    assert_eq!(length("2026-04-05"), 24 * HOUR + 30 * MINUTE);
    assert_eq!(length("2026-10-04"), 23 * HOUR + 30 * MINUTE);
    assert_eq!(length("2026-10-05"), 24 * HOUR);
}

// C-GEN-17
#[test]
fn a_day_whose_midnight_is_skipped_starts_after_the_gap() {
    assert_starts("America/Sao_Paulo", &[("2018-11-04", "2018-11-04T03:00:00Z")]);
    assert_starts("Africa/Cairo", &[("2026-04-24", "2026-04-23T22:00:00Z")]);
    assert_starts("Asia/Beirut", &[("2026-03-29", "2026-03-28T22:00:00Z")]);
    assert_starts("America/Havana", &[("2026-03-08", "2026-03-08T05:00:00Z")]);
    assert_starts("Asia/Tehran", &[("2021-03-22", "2021-03-21T20:30:00Z")]);
    assert_starts("Atlantic/Azores", &[("2026-03-29", "2026-03-29T01:00:00Z")]);
    let havana = Zone::parse("America/Havana").expect("known zone");
    let one = NaiveTime::from_hms_opt(1, 0, 0).expect("valid time");
    assert_eq!(havana.local_time(havana.day_start(date("2026-03-08"))), one);
}

// C-GEN-17
#[test]
fn a_day_whose_midnight_comes_twice_starts_at_the_earlier_one() {
    assert_starts("America/Havana", &[("2026-11-01", "2026-11-01T04:00:00Z")]);
    assert_starts("Atlantic/Azores", &[("2026-10-25", "2026-10-25T00:00:00Z")]);
    // Clocks went from 24:00 back to 23:00: the next day starts at the only midnight, an hour later.
    assert_starts("America/Sao_Paulo", &[("2018-02-18", "2018-02-18T03:00:00Z")]);
}

// C-GEN-16, C-GEN-17
#[test]
fn a_date_that_has_begun_is_not_taken_back_by_the_clock() {
    let st_johns = Zone::parse("America/St_Johns").expect("known zone");
    // 2010-11-07 began at 02:30Z; one minute later clocks showed 23:01 of the day before again.
    assert_starts("America/St_Johns", &[("2010-11-07", "2010-11-07T02:30:00Z")]);
    let repeated = at("2010-11-07T02:45:00Z");
    assert_eq!(
        st_johns.local_time(repeated),
        NaiveTime::from_hms_opt(23, 15, 0).expect("valid time")
    );
    assert_eq!(st_johns.local_date(repeated), date("2010-11-07"));
}
