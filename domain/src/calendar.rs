//! Local days and periods: the only time-zone arithmetic of the product.
//!
//! A [`Zone`] cuts the time line into local days, a [`Period`] groups days into the spans streaks
//! and summaries are judged by. Nothing here knows a user, a setting or the clock. Days are bounded
//! by instants and never by multiples of 24 hours, so clock changes and skipped dates need no care
//! anywhere else. The bundled tz database lists clock changes up to the end of 2099; from then on
//! every zone keeps its last offset, and all rules hold with that constant offset.

use std::fmt;

use chrono::{Datelike, NaiveDate, NaiveTime, Offset, TimeZone};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::time::{Date, TimeOfDay, Timestamp};

/// The version of the bundled time zone database, as the database names it.
pub const ZONE_DATABASE: &str = chrono_tz::IANA_TZDB_VERSION;

const DAY_MS: i64 = 86_400_000;

/// Longer than any stretch of local time that a zone has repeated since 1970.
const FOLD_MAX_MS: i64 = 8 * 3_600_000;

/// A time zone of the bundled tz database, under the zone or link name it was given by.
///
/// `US/Pacific` and `America/Los_Angeles` are different values with the same days, so a user reads
/// back the name that was written. Stored as its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Finds a zone or link by name, ignoring ASCII case; `None` for anything the tz database does
    /// not list. (C-USER-09)
    ///
    /// Offsets such as `+02:00` and abbreviations such as `PST` are not names. The few short names
    /// the database itself lists (`EST`, `CET`, `GMT`, `EST5EDT`, ...) are.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Tz::from_str_insensitive(name).ok().map(Self)
    }

    /// The name in the database's own casing.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The local date that `at` belongs to: the latest date that has started by then.
    ///
    /// It never moves backwards as time passes. Where clocks are turned back across midnight (from
    /// 00:01 to 23:01, say) the repeated stretch belongs to the date that had already begun, because
    /// the date before it is over. (C-GEN-16, C-GEN-17)
    #[must_use]
    pub fn local_date(self, at: Timestamp) -> Date {
        let local_ms = self.local_ms(at);
        let date = date_of(local_ms);
        let until_midnight_ms = DAY_MS - local_ms.rem_euclid(DAY_MS);
        if until_midnight_ms <= FOLD_MAX_MS && self.day_start(date.succ()) <= at {
            date.succ()
        } else {
            date
        }
    }

    /// What a wall clock in this zone shows at `at`.
    #[must_use]
    pub fn local_time(self, at: Timestamp) -> NaiveTime {
        let of_day_ms = self.local_ms(at).rem_euclid(DAY_MS);
        let secs = u32::try_from(of_day_ms / 1000).expect("a day has 86,400 seconds");
        let nanos = u32::try_from(of_day_ms % 1000).expect("below 1000") * 1_000_000;
        NaiveTime::from_num_seconds_from_midnight_opt(secs, nanos).expect("inside one day")
    }

    /// The same to the second. (C-LB-22)
    #[must_use]
    pub fn time_of_day(self, at: Timestamp) -> TimeOfDay {
        TimeOfDay::from_naive(self.local_time(at))
    }

    /// The first instant of the local day `date`. (C-GEN-17)
    ///
    /// Midnight, normally. Where a clock change skips midnight it is the first instant after the
    /// gap, where midnight comes twice it is the earlier one. A date the zone skipped starts where
    /// the next one does.
    #[must_use]
    pub fn day_start(self, date: Date) -> Timestamp {
        let midnight = date.to_naive().and_time(NaiveTime::MIN);
        let offset = self.0.offset_from_local_datetime(&midnight).earliest();
        let (local, offset) = offset.map_or_else(
            || {
                GapInfo::new(&midnight, &self.0)
                    .and_then(|gap| gap.begin)
                    .expect("a local time without an offset lies in a gap after some offset")
            },
            |offset| (midnight, offset),
        );
        Timestamp::from_millis(local.and_utc().timestamp_millis() - offset_ms(&offset))
    }

    /// Whether the zone ever had the day `date`: false for the days lost by moving across the date
    /// line, such as 2011-12-30 in `Pacific/Apia`.
    #[must_use]
    pub fn has_date(self, date: Date) -> bool {
        date_of(self.local_ms(self.day_start(date))) == date
    }

    /// Local time as milliseconds since 1970-01-01T00:00:00 on the wall clock.
    fn local_ms(self, at: Timestamp) -> i64 {
        let offset = self.0.offset_from_utc_datetime(&at.to_utc().naive_utc());
        at.as_millis().saturating_add(offset_ms(&offset))
    }
}

fn offset_ms(offset: &impl Offset) -> i64 {
    i64::from(offset.fix().local_minus_utc()) * 1000
}

/// The date shown by a wall clock, clamped to the dates chrono can express.
fn date_of(local_ms: i64) -> Date {
    Date::from_naive(NaiveDate::default()).plus_days(local_ms.div_euclid(DAY_MS))
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ZoneName)
    }
}

struct ZoneName;

impl de::Visitor<'_> for ZoneName {
    type Value = Zone;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time zone name of the tz database")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Zone, E> {
        Zone::parse(name).ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
    }
}

/// How long the periods of a streak or summary are. (C-STREAK-01)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Frequency {
    /// One calendar day.
    Daily,
    /// Seven days from the first weekday the environment has chosen.
    Weekly,
    /// One calendar month.
    Monthly,
}

impl Frequency {
    /// All of them; streaks are tracked at each. (C-STREAK-11)
    pub const ALL: [Self; 3] = [Self::Daily, Self::Weekly, Self::Monthly];
}

/// The weekday every weekly rule begins on. (C-GEN-18, C-GEN-19)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WeekStart {
    /// Weeks run Sunday to Saturday.
    #[default]
    Sunday,
    /// Weeks run Monday to Sunday.
    Monday,
}

impl WeekStart {
    /// The weekday's number as [`Date::weekday`] counts it.
    const fn weekday(self) -> u8 {
        match self {
            Self::Sunday => 0,
            Self::Monday => 1,
        }
    }
}

/// A run of calendar dates, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Period {
    /// The first date.
    pub start: Date,
    /// The last date, not before `start`.
    pub end: Date,
}

impl Period {
    /// The day, week or month that `date` falls in. (C-GEN-18)
    #[must_use]
    pub fn containing(frequency: Frequency, week_start: WeekStart, date: Date) -> Self {
        match frequency {
            Frequency::Daily => Self { start: date, end: date },
            Frequency::Weekly => {
                let into_week = (date.weekday() + 7 - week_start.weekday()) % 7;
                let start = date.plus_days(-i64::from(into_week));
                Self { start, end: start.plus_days(6) }
            }
            Frequency::Monthly => {
                let month = date.to_naive();
                let start = date.plus_days(-i64::from(month.day0()));
                Self { start, end: start.plus_days(i64::from(month.num_days_in_month()) - 1) }
            }
        }
    }

    /// The calendar year, from its first of January to its last of December.
    #[must_use]
    pub fn year(year: i32) -> Self {
        let date = |month, day| Date::from_ymd(year, month, day);
        let whole = date(1, 1).zip(date(12, 31)).map(|(start, end)| Self { start, end });
        whole.expect("the years of dates are whole")
    }

    /// The period right after this one, which must be of the same frequency and week start.
    #[must_use]
    pub fn next(self, frequency: Frequency, week_start: WeekStart) -> Self {
        Self::containing(frequency, week_start, self.end.succ())
    }

    /// The period right before this one, which must be of the same frequency and week start.
    #[must_use]
    pub fn previous(self, frequency: Frequency, week_start: WeekStart) -> Self {
        Self::containing(frequency, week_start, self.start.pred())
    }

    /// Whether `date` is one of this period's dates.
    #[must_use]
    pub fn contains(self, date: Date) -> bool {
        self.start <= date && date <= self.end
    }

    /// Whether the two periods share a date.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }
}

#[cfg(test)]
mod tests {
    use super::{Frequency, Period, WeekStart, Zone};
    use crate::time::Date;

    fn date(text: &str) -> Date {
        Date::parse(text).expect("valid date")
    }

    fn period(start: &str, end: &str) -> Period {
        Period { start: date(start), end: date(end) }
    }

    // C-USER-09
    #[test]
    fn zones_are_found_by_name_in_any_case_and_keep_that_name() {
        for (given, name) in [
            ("europe/london", "Europe/London"),
            ("AMERICA/ARGENTINA/BUENOS_AIRES", "America/Argentina/Buenos_Aires"),
            ("us/pacific", "US/Pacific"),
            ("utc", "UTC"),
            ("est", "EST"),
            ("etc/gmt+5", "Etc/GMT+5"),
        ] {
            assert_eq!(Zone::parse(given).map(Zone::name), Some(name), "{given}");
        }
        for bad in [
            "",
            " UTC",
            "+02:00",
            "UTC+2",
            "PST",
            "BST",
            "Europe",
            "Europe/Atlantis",
            "local",
            "Europe/\u{17f}ofia",
        ] {
            assert_eq!(Zone::parse(bad), None, "{bad}");
        }
    }

    // C-GEN-18, C-GEN-19
    #[test]
    fn weeks_begin_on_the_chosen_weekday() {
        let weeks = [
            (WeekStart::Sunday, "2025-03-02", "2025-03-02", "2025-03-08"),
            (WeekStart::Sunday, "2025-03-08", "2025-03-02", "2025-03-08"),
            (WeekStart::Monday, "2025-03-02", "2025-02-24", "2025-03-02"),
            (WeekStart::Monday, "2025-03-03", "2025-03-03", "2025-03-09"),
            (WeekStart::Monday, "2025-03-08", "2025-03-03", "2025-03-09"),
        ];
        for (week_start, day, start, end) in weeks {
            let week = Period::containing(Frequency::Weekly, week_start, date(day));
            assert_eq!(week, period(start, end), "{week_start:?} {day}");
        }
    }

    // C-GEN-18
    #[test]
    fn months_are_calendar_months() {
        let months = [
            ("2024-02-29", "2024-02-01", "2024-02-29"),
            ("2025-02-01", "2025-02-01", "2025-02-28"),
            ("2025-12-31", "2025-12-01", "2025-12-31"),
            ("2026-04-30", "2026-04-01", "2026-04-30"),
        ];
        for (day, start, end) in months {
            let month = Period::containing(Frequency::Monthly, WeekStart::Sunday, date(day));
            assert_eq!(month, period(start, end), "{day}");
        }
    }

    #[test]
    fn neighbours_touch_without_overlap() {
        for frequency in [Frequency::Daily, Frequency::Weekly, Frequency::Monthly] {
            for week_start in [WeekStart::Sunday, WeekStart::Monday] {
                let mut current = Period::containing(frequency, week_start, date("2023-12-29"));
                for _ in 0..70 {
                    let next = current.next(frequency, week_start);
                    assert_eq!(next.start, current.end.succ());
                    assert_eq!(next.previous(frequency, week_start), current);
                    assert!(!next.overlaps(current) && !current.overlaps(next));
                    current = next;
                }
            }
        }
    }

    #[test]
    fn both_ends_belong_to_a_period() {
        let week = period("2025-03-02", "2025-03-08");
        assert!(week.contains(week.start) && week.contains(week.end));
        assert!(!week.contains(date("2025-03-01")) && !week.contains(date("2025-03-09")));
        assert!(week.overlaps(period("2025-03-08", "2025-03-08")));
        assert!(week.overlaps(period("2025-02-01", "2025-03-02")));
        assert!(week.overlaps(period("2025-03-04", "2025-03-05")));
        assert!(!week.overlaps(period("2025-03-09", "2025-03-10")));
    }
}
