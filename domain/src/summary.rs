//! Totals and changes over time, bucket by bucket. (C-METRIC-11 to 14, C-POINTS-57)
//!
//! The same rules serve metrics and points. Stored is one row per day that had activity; a bucket
//! without rows repeats the total before it. Days are effective days as they were at the time, so
//! a later change of zone moves nothing. (C-METRIC-14)

use std::ops::{Add, Sub};

use crate::calendar::{Frequency, Period, WeekStart};
use crate::catalog::{Invalid, Level, PointsSystem};
use crate::time::Date;

/// How far apart the ends of a range may be, in days. (C-METRIC-11)
const DAYS_APART_MAX: i64 = 400;

/// One day that had activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day<T> {
    /// The day.
    pub date: Date,
    /// The sum of what happened on it.
    pub change: T,
    /// The total at its end.
    pub total: T,
}

/// One day, week or month of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket<T> {
    /// The bucket's calendar start, which may precede the range. (C-METRIC-13)
    pub date: Date,
    /// The all-time total at the end of its part of the range.
    pub total: T,
    /// The sum over its part of the range.
    pub change: T,
}

/// The dates a summary covers, both ends included. (C-METRIC-11)
///
/// # Errors
/// If `start` isn't before `end` or they are more than 400 days apart.
pub fn range(start: Date, end: Date) -> Result<Period, Invalid> {
    match end.days_since(start) {
        ..=0 => Err(Invalid::error("startDate must be before endDate")),
        1..=DAYS_APART_MAX => Ok(Period { start, end }),
        _ => Err(Invalid::error(format!(
            "startDate and endDate must be at most {DAYS_APART_MAX} days apart"
        ))),
    }
}

/// The balances of many users, counted.
pub trait Balances {
    /// The greatest one; 0 without users.
    fn greatest(&self) -> i64;

    /// How many users hold `balance` or less.
    fn up_to(&self, balance: i64) -> u64;
}

/// How many users hold a balance in a range. (C-POINTS-58)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceRange {
    /// The lowest balance in it.
    pub from: i64,
    /// The highest balance in it.
    pub to: i64,
    /// How many users hold one of them.
    pub users: u64,
}

/// How many equal ranges there are above zero.
const RANGES: i64 = 10;

/// Users by balance in eleven ranges: zero, then ten equal ones up to the smallest power of ten
/// that no balance exceeds, at least 10. (C-POINTS-58, C-POINTS-59)
///
/// Beyond 10^18 there is no larger power that fits, so the last range reaches to the largest
/// balance there can be.
#[must_use]
pub fn histogram(balances: &impl Balances) -> Vec<BalanceRange> {
    let greatest = balances.greatest();
    let mut width: i64 = 1;
    while width.checked_mul(RANGES).is_some_and(|top| top < greatest) {
        width *= RANGES;
    }
    let above = (0..RANGES)
        .map(|place| (width * place + 1, width.checked_mul(place + 1).unwrap_or(i64::MAX)));
    std::iter::once((0, 0))
        .chain(above)
        .map(|(from, to)| BalanceRange {
            from,
            to,
            users: balances.up_to(to) - balances.up_to(from - 1),
        })
        .collect()
}

/// How many users are at each live level, lowest first; users below the lowest are at none.
/// (C-POINTS-53)
#[must_use]
pub fn users_per_level<'a>(
    system: &'a PointsSystem,
    balances: &impl Balances,
) -> Vec<(&'a Level, u64)> {
    let mut above = balances.up_to(i64::MAX);
    let levels = system.live_levels().into_iter().rev();
    let mut counts: Vec<_> = levels
        .map(|level| {
            let below = balances.up_to(level.points - 1);
            let users = above - below;
            above = below;
            (level, users)
        })
        .collect();
    counts.reverse();
    counts
}

/// One bucket per day, week or month that touches the range, oldest first, empty ones included.
/// (C-METRIC-12, C-METRIC-13)
///
/// `days` are all active days from the range's start on, up to the latest one even beyond its end,
/// oldest first; `current` is the total now, which tells the total before the range if `days` is
/// empty.
#[must_use]
pub fn summarise<T>(
    range: Period,
    frequency: Frequency,
    week_start: WeekStart,
    days: &[Day<T>],
    current: T,
) -> Vec<Bucket<T>>
where
    T: Copy + Default + Add<Output = T> + Sub<Output = T>,
{
    let mut total = days.first().map_or(current, |first| first.total - first.change);
    let mut days = days.iter().peekable();
    let mut buckets = Vec::new();
    let mut period = Period::containing(frequency, week_start, range.start);
    while period.start <= range.end {
        let end = period.end.min(range.end);
        let mut change = T::default();
        while let Some(day) = days.next_if(|day| day.date <= end) {
            change = change + day.change;
            total = day.total;
        }
        buckets.push(Bucket { date: period.start, total, change });
        period = period.next(frequency, week_start);
    }
    buckets
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{BalanceRange, Balances, Bucket, Day, histogram, range, summarise};
    use crate::amount::Amount;
    use crate::calendar::{Frequency, WeekStart};
    use crate::time::Date;

    impl Balances for BTreeMap<i64, u64> {
        fn greatest(&self) -> i64 {
            self.last_key_value().map_or(0, |(balance, _)| *balance)
        }

        fn up_to(&self, balance: i64) -> u64 {
            self.range(..=balance).map(|(_, users)| users).sum()
        }
    }

    fn counted(balances: &[i64]) -> Vec<BalanceRange> {
        let mut users = BTreeMap::<i64, u64>::new();
        for balance in balances {
            *users.entry(*balance).or_default() += 1;
        }
        histogram(&users)
    }

    // X6 C-POINTS-58 C-POINTS-59
    #[test]
    fn x6_balances_fall_into_eleven_ranges() {
        let ranges = counted(&[0, 0, 35, 120, 525, 1000]);
        let shown: Vec<_> = ranges.iter().map(|own| (own.from, own.to, own.users)).collect();
        let expected = [
            (0, 0, 2),
            (1, 100, 1),
            (101, 200, 1),
            (201, 300, 0),
            (301, 400, 0),
            (401, 500, 0),
            (501, 600, 1),
            (601, 700, 0),
            (701, 800, 0),
            (801, 900, 0),
            (901, 1000, 1),
        ];
        assert_eq!(shown, expected);
    }

    // C-POINTS-59
    #[test]
    fn the_last_range_ends_at_a_power_of_ten_of_at_least_ten() {
        let max = i64::MAX;
        for (greatest, top) in
            [(0, 10), (1, 10), (10, 10), (11, 100), (100, 100), (101, 1000), (max, max)]
        {
            let ranges = counted(&[greatest]);
            assert_eq!((ranges.len(), ranges[10].to), (11, top), "{greatest}");
            assert!(ranges.windows(2).all(|pair| pair[0].to + 1 == pair[1].from));
            assert_eq!(ranges.iter().map(|own| own.users).sum::<u64>(), 1, "{greatest}");
        }
    }

    fn date(text: &str) -> Date {
        Date::parse(text).expect("valid date")
    }

    fn summary(
        from: &str,
        to: &str,
        frequency: Frequency,
        week_start: WeekStart,
        days: &[(&str, i64, i64)],
        current: i64,
    ) -> Vec<(String, i64, i64)> {
        let days: Vec<_> = days
            .iter()
            .map(|(on, change, total)| Day { date: date(on), change: *change, total: *total })
            .collect();
        summarise(
            range(date(from), date(to)).expect("valid range"),
            frequency,
            week_start,
            &days,
            current,
        )
        .into_iter()
        .map(|Bucket { date, total, change }| (date.to_string(), total, change))
        .collect()
    }

    fn expected(buckets: &[(&str, i64, i64)]) -> Vec<(String, i64, i64)> {
        buckets.iter().map(|(date, total, change)| ((*date).to_owned(), *total, *change)).collect()
    }

    const X2: [(&str, i64, i64); 3] =
        [("2026-01-05", 750, 750), ("2026-01-06", -200, 550), ("2026-01-07", 260, 810)];

    // X2 C-METRIC-12 C-METRIC-13
    #[test]
    fn the_worked_example_by_day_and_by_week() {
        let daily =
            summary("2026-01-04", "2026-01-07", Frequency::Daily, WeekStart::Sunday, &X2, 810);
        let days = [
            ("2026-01-04", 0, 0),
            ("2026-01-05", 750, 750),
            ("2026-01-06", 550, -200),
            ("2026-01-07", 810, 260),
        ];
        assert_eq!(daily, expected(&days));
        let weekly =
            summary("2026-01-04", "2026-01-07", Frequency::Weekly, WeekStart::Sunday, &X2, 810);
        assert_eq!(weekly, expected(&[("2026-01-04", 810, 810)]));
    }

    // C-METRIC-12
    #[test]
    fn what_lies_after_the_range_does_not_count() {
        let daily =
            summary("2026-01-05", "2026-01-06", Frequency::Daily, WeekStart::Sunday, &X2, 810);
        assert_eq!(daily, expected(&[("2026-01-05", 750, 750), ("2026-01-06", 550, -200)]));
        let earlier =
            summary("2026-01-01", "2026-01-02", Frequency::Daily, WeekStart::Sunday, &X2, 810);
        assert_eq!(earlier, expected(&[("2026-01-01", 0, 0), ("2026-01-02", 0, 0)]));
    }

    // C-METRIC-12
    #[test]
    fn future_and_empty_buckets_repeat_the_total() {
        let later =
            summary("2026-02-01", "2026-02-02", Frequency::Daily, WeekStart::Sunday, &[], 810);
        assert_eq!(later, expected(&[("2026-02-01", 810, 0), ("2026-02-02", 810, 0)]));
    }

    // C-METRIC-13 C-GEN-19
    #[test]
    fn buckets_start_on_their_calendar_date() {
        let monday = summary(
            "2026-01-06",
            "2026-01-12",
            Frequency::Weekly,
            WeekStart::Monday,
            &X2[1..],
            810,
        );
        assert_eq!(monday, expected(&[("2026-01-05", 810, 60), ("2026-01-12", 810, 0)]));
        let monthly = summary(
            "2026-01-06",
            "2026-03-01",
            Frequency::Monthly,
            WeekStart::Sunday,
            &X2[1..],
            810,
        );
        assert_eq!(
            monthly,
            expected(&[("2026-01-01", 810, 60), ("2026-02-01", 810, 0), ("2026-03-01", 810, 0)])
        );
    }

    // C-METRIC-11
    #[test]
    fn ranges_have_two_days_and_at_most_four_hundred_between_their_ends() {
        let from = date("2026-01-01");
        assert!(range(from, from).is_err());
        assert!(range(from, from.pred()).is_err());
        assert!(range(from, from.plus_days(400)).is_ok());
        assert!(range(from, from.plus_days(401)).is_err());
    }

    // C-GEN-33
    #[test]
    fn sums_are_exact() {
        let tenth = Amount::parse("0.1").expect("valid");
        let days = [
            Day { date: date("2026-01-01"), change: tenth, total: tenth },
            Day { date: date("2026-01-02"), change: tenth + tenth, total: tenth + tenth + tenth },
        ];
        let weeks = summarise(
            range(date("2026-01-01"), date("2026-01-02")).expect("valid range"),
            Frequency::Weekly,
            WeekStart::Sunday,
            &days,
            Amount::ZERO,
        );
        assert_eq!(weeks[0].change.to_string(), "0.3");
    }
}
