//! Instants, dates and times of day, the ways this product speaks of time.
//!
//! A [`Timestamp`] is a UTC instant in whole milliseconds: what the clock gives and what the API
//! prints. A [`Date`] is a calendar day without a zone, a [`TimeOfDay`] what a clock on a wall
//! shows. All are stored as small integers. Turning one into the other needs a zone and happens in
//! [`crate::calendar`] only.

use std::fmt;

use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, SecondsFormat, Timelike, Utc,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A UTC instant with millisecond resolution. (C-GEN-12)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Before everything.
    pub const MIN: Self = Self(i64::MIN);

    /// After everything.
    pub const MAX: Self = Self(i64::MAX);

    /// The instant `millis` milliseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Truncates a chrono instant to milliseconds.
    #[must_use]
    pub fn from_utc(instant: DateTime<Utc>) -> Self {
        Self(instant.timestamp_millis())
    }

    /// The same instant for chrono; instants outside chrono's range are clamped to its ends.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(if self.0 < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }

    /// Parses an RFC 3339 date-time with any offset; `None` if it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|at| Self::from_utc(at.to_utc()))
    }

    /// This instant moved by `millis` milliseconds, saturating at the ends of the range.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The UTC calendar date of this instant.
    #[must_use]
    pub fn utc_date(self) -> Date {
        Date(self.to_utc().date_naive())
    }
}

/// RFC 3339 in UTC with exactly three fractional digits. (C-GEN-11, C-GEN-12)
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// A calendar day, `YYYY-MM-DD`. (C-GEN-11)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

impl Date {
    /// Before every other date.
    pub const MIN: Self = Self(NaiveDate::MIN);

    /// The given civil date; `None` if there is no such day.
    #[must_use]
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self)
    }

    /// Wraps chrono's date.
    #[must_use]
    pub const fn from_naive(date: NaiveDate) -> Self {
        Self(date)
    }

    /// The same day for chrono.
    #[must_use]
    pub const fn to_naive(self) -> NaiveDate {
        self.0
    }

    /// Parses exactly `YYYY-MM-DD`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == 10
            && text.bytes().enumerate().all(|(i, b)| match i {
                4 | 7 => b == b'-',
                _ => b.is_ascii_digit(),
            });
        if !well_formed {
            return None;
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self)
    }

    /// The day `days` after this one (before it if negative), saturating at chrono's range.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        let moved = if days >= 0 {
            self.0.checked_add_days(Days::new(days.unsigned_abs()))
        } else {
            self.0.checked_sub_days(Days::new(days.unsigned_abs()))
        };
        Self(moved.unwrap_or(if days >= 0 { NaiveDate::MAX } else { NaiveDate::MIN }))
    }

    /// The day `months` calendar months after this one, or the last of that month if it is shorter;
    /// `None` beyond chrono's range.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Option<Self> {
        self.0.checked_add_months(Months::new(months)).map(Self)
    }

    /// The same day `years` later, 28 February for a 29th in a common year; none beyond the year
    /// 9999, where dates end. (C-ACH-10)
    #[must_use]
    pub fn plus_years(self, years: u32) -> Option<Self> {
        let months = years.checked_mul(12).map(Months::new)?;
        let moved = Self(self.0.checked_add_months(months)?);
        (moved.year() <= 9999).then_some(moved)
    }

    /// Whole days from `other` to this day; negative if this day is the earlier one.
    #[must_use]
    pub fn days_since(self, other: Self) -> i64 {
        (self.0 - other.0).num_days()
    }

    /// The next day.
    #[must_use]
    pub fn succ(self) -> Self {
        self.plus_days(1)
    }

    /// The day before.
    #[must_use]
    pub fn pred(self) -> Self {
        self.plus_days(-1)
    }

    /// The calendar year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// How many calendar months lie between year 0 and this day's month.
    #[must_use]
    pub fn months_from_zero(self) -> i64 {
        i64::from(self.0.year()) * 12 + i64::from(self.0.month0())
    }

    /// The calendar month: 0 is January, 11 is December. (C-WRAP-01)
    #[must_use]
    pub fn month0(self) -> u32 {
        self.0.month0()
    }

    /// Weekday number as settings spell it: 0 is Sunday, 6 is Saturday. (C-STREAK-51)
    #[must_use]
    pub fn weekday(self) -> u8 {
        u8::try_from(self.0.weekday().num_days_from_sunday()).expect("weekdays are 0 to 6")
    }

    /// Days since 0001-01-01 in the proleptic Gregorian calendar: the stored form.
    #[must_use]
    pub fn to_days(self) -> i32 {
        self.0.num_days_from_ce()
    }

    /// The inverse of [`Date::to_days`]; `None` outside chrono's range.
    #[must_use]
    pub fn from_days(days: i32) -> Option<Self> {
        NaiveDate::from_num_days_from_ce_opt(days).map(Self)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Year, month and day, without the detour of parsing a format.
        self.0.fmt(f)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_days().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let days = i32::deserialize(deserializer)?;
        Self::from_days(days).ok_or_else(|| serde::de::Error::custom("date out of range"))
    }
}

/// A time of day to the second, as a wall clock shows it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct TimeOfDay(u32);

impl TimeOfDay {
    /// The time on a clock without the part below a second.
    #[must_use]
    pub fn from_naive(time: NaiveTime) -> Self {
        Self(time.num_seconds_from_midnight())
    }

    /// Parses exactly `HH:mm` or `HH:mm:ss`; `None` for anything else. (C-LB-56)
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = matches!(text.len(), 5 | 8)
            && text.bytes().enumerate().all(|(i, b)| match i {
                2 | 5 => b == b':',
                _ => b.is_ascii_digit(),
            });
        let number = |at: usize| text.get(at..at + 2).map_or(Some(0), |two| two.parse().ok());
        let (hours, minutes, seconds): (u32, u32, u32) =
            well_formed.then(|| Some((number(0)?, number(3)?, number(6)?)))??;
        (hours < 24 && minutes < 60 && seconds < 60)
            .then_some(Self((hours * 60 + minutes) * 60 + seconds))
    }
}

/// `HH:mm`, with `:ss` only if the seconds aren't zero. (C-LB-56)
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (minutes, seconds) = (self.0 / 60, self.0 % 60);
        write!(f, "{:02}:{:02}", minutes / 60, minutes % 60)?;
        if seconds == 0 { Ok(()) } else { write!(f, ":{seconds:02}") }
    }
}

#[cfg(test)]
mod tests {
    use super::{Date, TimeOfDay, Timestamp};

    // C-LB-56
    #[test]
    fn times_of_day_have_minutes_and_maybe_seconds() {
        for (text, shown) in [
            ("00:00", "00:00"),
            ("09:30", "09:30"),
            ("09:30:00", "09:30"),
            ("23:59:59", "23:59:59"),
            ("12:00:07", "12:00:07"),
        ] {
            assert_eq!(TimeOfDay::parse(text).map(|own| own.to_string()).as_deref(), Some(shown));
        }
        for bad in ["24:00", "9:30", "09:60", "09:30:60", "09.30", "09:30:", "0930", "09:30:1", ""]
        {
            assert_eq!(TimeOfDay::parse(bad), None, "{bad}");
        }
    }

    // C-GEN-12
    #[test]
    fn timestamps_print_three_fractional_digits() {
        let at = Timestamp::parse("2026-01-06T03:30:00Z").expect("valid");
        assert_eq!(at.to_string(), "2026-01-06T03:30:00.000Z");
        assert_eq!(
            Timestamp::parse("2026-01-06T04:30:00.0019+01:00").expect("valid"),
            at.plus_millis(1)
        );
    }

    // C-GEN-11
    #[test]
    fn dates_parse_only_their_own_form() {
        assert_eq!(Date::parse("2026-02-28"), Date::from_ymd(2026, 2, 28));
        for bad in ["2026-02-30", "2026-2-28", "26-02-28", "2026-02-28T00:00:00Z", "+2026-02-2", ""]
        {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }
}
