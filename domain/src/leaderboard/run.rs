//! The run calendar: dates cut into runs from a start date on. (C-LB-16 to C-LB-26)
//!
//! A run is dates, the same for everybody; each user passes through them by their own calendar, so
//! a run is open from where its first date begins first on earth to where its last date ends last.
//! Every run is computed from the origin: a month's missing last days don't shift later runs.

use serde::{Deserialize, Serialize};

use crate::calendar::Zone;
use crate::time::{Date, Timestamp};

const HOUR_MS: i64 = 3_600_000;

/// The clock at UTC when a date begins in UTC+14, the day before.
const FIRST_ZONE_MS: i64 = 10 * HOUR_MS;

/// The clock at UTC when a date ends in UTC-12, the day after.
const LAST_ZONE_MS: i64 = 12 * HOUR_MS;

/// What the length of a run is counted in. (C-LB-02)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunUnit {
    /// Days.
    Day,
    /// Calendar months.
    Month,
    /// Calendar years.
    Year,
}

impl RunUnit {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// How often a board starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// What the length of a run is counted in.
    pub unit: RunUnit,
    /// How many units a run has, at least 1.
    pub interval: u32,
}

/// The dates of all runs of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// The first date of the first run.
    pub start: Date,
    /// The last date of the last run, not before `start`; none if runs go on for ever.
    pub end: Option<Date>,
    /// How often a run begins; none for a single one. (C-LB-02)
    pub repeat: Option<Repeat>,
}

/// One run; both ends are inside it. (C-LB-18)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Run {
    /// The first date.
    pub start: Date,
    /// The last date; none if it never ends.
    pub end: Option<Date>,
}

impl Run {
    /// When its first date begins in the first zone. (C-LB-20)
    #[must_use]
    pub fn opens_at(self) -> Timestamp {
        Zone::UTC.day_start(self.start.pred()).plus_millis(FIRST_ZONE_MS)
    }

    /// When its last date is over in the last zone: from then on nothing changes. (C-LB-24)
    #[must_use]
    pub fn finalised_at(self) -> Option<Timestamp> {
        self.end.map(|end| Zone::UTC.day_start(end.succ()).plus_millis(LAST_ZONE_MS))
    }

    /// The day that what happens at an instant belongs to: the UTC date, or the first or last date of
    /// the run before and after those. (C-LB-71)
    #[must_use]
    pub fn day_at(self, at: Timestamp) -> Date {
        let day = at.utc_date();
        self.end.map_or(day, |end| day.min(end)).max(self.start)
    }

    /// Whether a date is one of the run's.
    #[must_use]
    pub fn contains(self, date: Date) -> bool {
        self.start <= date && self.end.is_none_or(|end| date <= end)
    }
}

impl Runs {
    /// The run of a date; none before the first run and after the last. (C-LB-17, C-LB-21)
    #[must_use]
    pub fn run_of(self, date: Date) -> Option<Run> {
        if date < self.start || self.end.is_some_and(|end| end < date) {
            return None;
        }
        let Some(repeat) = self.repeat else {
            return Some(Run { start: self.start, end: self.end });
        };
        let place = self.place_of(repeat, date);
        let start = self.start_of(repeat, place)?;
        let end = self.start_of(repeat, place + 1).map(Date::pred);
        let end = match (end, self.end) {
            (Some(own), Some(last)) => Some(own.min(last)),
            (own, last) => own.or(last),
        };
        Some(Run { start, end })
    }

    /// The first run.
    ///
    /// # Panics
    /// If `end` is before `start`, which no board has.
    #[must_use]
    pub fn first(self) -> Run {
        self.run_of(self.start).expect("a board's end is not before its start")
    }

    /// The last run; none if there is always another or the only one never ends.
    #[must_use]
    pub fn last(self) -> Option<Run> {
        self.run_of(self.end?)
    }

    /// The run after this one.
    #[must_use]
    pub fn next(self, run: Run) -> Option<Run> {
        self.run_of(run.end?.succ())
    }

    /// The run a reader means who names none, on their own or the UTC date: the first before there
    /// are any, the last after. (C-LB-25)
    #[must_use]
    pub fn current(self, date: Date) -> Run {
        let inside = self.end.map_or(date, |end| date.min(end)).max(self.start);
        self.run_of(inside).unwrap_or_else(|| self.first())
    }

    /// The run of a date that a reader names, unless it hasn't opened yet. (C-LB-26)
    #[must_use]
    pub fn opened(self, date: Date, now: Timestamp) -> Option<Run> {
        self.run_of(date).filter(|run| run.opens_at() <= now)
    }

    /// The earliest run that is not finalised at `at`; none if all are.
    #[must_use]
    pub fn earliest_unfinalised(self, at: Timestamp) -> Option<Run> {
        let date_in_last_zone = at.plus_millis(-LAST_ZONE_MS).utc_date();
        self.run_of(date_in_last_zone.max(self.start))
    }

    /// The runs that somebody can be in at `at`, the earliest first. (C-LB-20)
    pub fn open_at(self, at: Timestamp) -> impl Iterator<Item = Run> {
        std::iter::successors(self.earliest_unfinalised(at), move |run| self.next(*run))
            .take_while(move |run| run.opens_at() <= at)
    }

    /// Which run the date is in, counted from 0, for a date from `start` on.
    fn place_of(self, repeat: Repeat, date: Date) -> i64 {
        let interval = i64::from(repeat.interval);
        let months = match repeat.unit {
            RunUnit::Day => return date.days_since(self.start) / interval,
            RunUnit::Month => interval,
            RunUnit::Year => interval * 12,
        };
        let place = (date.months_from_zero() - self.start.months_from_zero()) / months;
        // The month is right; inside it the run may begin after the date.
        let begun = self.start_of(repeat, place).is_some_and(|start| start <= date);
        if begun { place } else { place - 1 }
    }

    /// The first date of the run at a place; none beyond the calendar. (C-LB-17)
    fn start_of(self, repeat: Repeat, place: i64) -> Option<Date> {
        let units = place.checked_mul(i64::from(repeat.interval))?;
        match repeat.unit {
            RunUnit::Day => {
                let start = self.start.plus_days(units);
                (start.days_since(self.start) == units).then_some(start)
            }
            RunUnit::Month => self.start.plus_months(u32::try_from(units).ok()?),
            RunUnit::Year => self.start.plus_months(u32::try_from(units.checked_mul(12)?).ok()?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Repeat, Run, RunUnit, Runs};
    use crate::time::{Date, Timestamp};

    fn date(text: &str) -> Date {
        Date::parse(text).expect("a date")
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("an instant")
    }

    fn runs(start: &str, end: Option<&str>, repeat: Option<(RunUnit, u32)>) -> Runs {
        let repeat = repeat.map(|(unit, interval)| Repeat { unit, interval });
        Runs { start: date(start), end: end.map(date), repeat }
    }

    fn shown(run: Option<Run>) -> String {
        let end = |run: Run| run.end.map_or("".to_owned(), |end| end.to_string());
        run.map_or("none".to_owned(), |run| format!("{}..{}", run.start, end(run)))
    }

    // C-LB-17 C-LB-18 C-LB-21 W5
    #[test]
    fn runs_are_counted_from_the_start_date() {
        let weekly = runs("2026-03-02", Some("2026-03-25"), Some((RunUnit::Day, 7)));
        let monthly = runs("2026-01-31", None, Some((RunUnit::Month, 1)));
        let yearly = runs("2024-02-29", None, Some((RunUnit::Year, 1)));
        let single = runs("2026-03-02", None, None);
        for (runs, day, expected) in [
            (weekly, "2026-03-01", "none"),
            (weekly, "2026-03-02", "2026-03-02..2026-03-08"),
            (weekly, "2026-03-11", "2026-03-09..2026-03-15"),
            (weekly, "2026-03-25", "2026-03-23..2026-03-25"),
            (weekly, "2026-03-26", "none"),
            (monthly, "2026-01-31", "2026-01-31..2026-02-27"),
            (monthly, "2026-02-27", "2026-01-31..2026-02-27"),
            (monthly, "2026-02-28", "2026-02-28..2026-03-30"),
            (monthly, "2026-03-31", "2026-03-31..2026-04-29"),
            (monthly, "2026-05-30", "2026-04-30..2026-05-30"),
            (yearly, "2025-02-28", "2025-02-28..2026-02-27"),
            (yearly, "2028-02-29", "2028-02-29..2029-02-27"),
            (single, "2199-01-01", "2026-03-02.."),
        ] {
            assert_eq!(shown(runs.run_of(date(day))), expected, "{day}");
        }
    }

    // C-LB-20 C-LB-24 W5
    #[test]
    fn a_run_is_open_wherever_its_dates_are() {
        let weekly = runs("2026-03-02", Some("2026-03-25"), Some((RunUnit::Day, 7)));
        let first = weekly.first();
        assert_eq!(first.opens_at(), at("2026-03-01T10:00:00Z"));
        assert_eq!(first.finalised_at(), Some(at("2026-03-09T12:00:00Z")));
        assert_eq!(weekly.last().and_then(Run::finalised_at), Some(at("2026-03-26T12:00:00Z")));
        let open = |now: &str| {
            weekly.open_at(at(now)).map(|run| run.start.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(open("2026-03-01T09:59:59Z"), Vec::<String>::new());
        assert_eq!(open("2026-03-01T10:00:00Z"), ["2026-03-02"]);
        assert_eq!(open("2026-03-08T10:00:00Z"), ["2026-03-02", "2026-03-09"]);
        assert_eq!(open("2026-03-09T11:59:59Z"), ["2026-03-02", "2026-03-09"]);
        assert_eq!(open("2026-03-09T12:00:00Z"), ["2026-03-09"]);
        assert_eq!(open("2026-03-26T12:00:00Z"), Vec::<String>::new());
    }

    // C-LB-71
    #[test]
    fn days_of_a_run_are_utc_dates_inside_it() {
        let run = runs("2026-03-02", Some("2026-03-04"), None).first();
        for (instant, expected) in [
            ("2026-03-01T10:00:00Z", "2026-03-02"),
            ("2026-03-02T23:59:59.999Z", "2026-03-02"),
            ("2026-03-03T00:00:00Z", "2026-03-03"),
            ("2026-03-05T11:59:59Z", "2026-03-04"),
        ] {
            assert_eq!(run.day_at(at(instant)), date(expected), "{instant}");
        }
    }

    // C-LB-25 C-LB-26
    #[test]
    fn readers_get_the_nearest_run_or_name_an_open_one() {
        let weekly = runs("2026-03-02", Some("2026-03-25"), Some((RunUnit::Day, 7)));
        let current = |day: &str| weekly.current(date(day)).start.to_string();
        assert_eq!(current("2026-02-01"), "2026-03-02");
        assert_eq!(current("2026-03-17"), "2026-03-16");
        assert_eq!(current("2027-01-01"), "2026-03-23");
        let now = at("2026-03-08T09:59:59Z");
        assert_eq!(shown(weekly.opened(date("2026-03-05"), now)), "2026-03-02..2026-03-08");
        assert_eq!(shown(weekly.opened(date("2026-03-09"), now)), "none");
        assert_eq!(
            shown(weekly.opened(date("2026-03-09"), now.plus_millis(1_000))),
            "2026-03-09..2026-03-15"
        );
    }

    // C-LB-02
    #[test]
    fn runs_beyond_the_calendar_never_end() {
        for unit in [RunUnit::Day, RunUnit::Month, RunUnit::Year] {
            let runs = runs("2026-03-02", None, Some((unit, u32::MAX)));
            assert_eq!(shown(runs.run_of(date("2026-03-02"))), "2026-03-02..", "{unit:?}");
        }
    }
}
