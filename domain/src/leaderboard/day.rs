//! Days of a run: where a user stood at the end of each, and how often their rank changed. (C-LB-70
//! to C-LB-74, C-LB-81)
//!
//! A day is kept only if something of it differs from the day before, so a user who stands still
//! takes no room: where they stood on any other day is what the latest kept day before it says.
//! Nothing here knows rankings, rows or the clock.

use serde::{Deserialize, Serialize};

use crate::calendar::Period;
use crate::time::Date;

/// A rank with its value, both as they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    /// The rank, from 1.
    pub rank: u64,
    /// The value, rounded down. (C-LB-33)
    pub value: i64,
}

/// One user's day of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankDay {
    /// Where they stood at its end; none if they did not take part.
    pub end: Option<Ranked>,
    /// How often their rank changed, the first entry into the run left out. (C-LB-80, C-LB-81)
    pub changes: u32,
}

/// Where a user stood at the end of a day.
pub type DayEnd = (Date, Option<Ranked>);

/// A day whose end differs from that of the day before. (C-LB-72)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankEvent {
    /// The day.
    pub date: Date,
    /// Where the user stood before it.
    pub previous: Option<Ranked>,
    /// Where they stood at its end.
    pub end: Option<Ranked>,
}

impl RankDay {
    /// What to keep of a user who stands at `end` on `day` after so many changes since they were
    /// last looked at; none if that is what `latest`, the latest day that is kept, says already.
    ///
    /// Nobody may have counted: a rank that differs from the latest one has then changed once. The
    /// first change of somebody without a day was the entry.
    #[must_use]
    pub fn after(
        latest: Option<(Date, Self)>,
        day: Date,
        end: Option<Ranked>,
        changes: u32,
    ) -> Option<(Date, Self)> {
        let Some((date, latest)) = latest else {
            let changes = changes.saturating_sub(u32::from(changes > 0));
            return (end.is_some() || changes > 0).then_some((day, Self { end, changes }));
        };
        let rank = |end: Option<Ranked>| end.map(|end| end.rank);
        let changes = changes.max(u32::from(rank(latest.end) != rank(end)));
        if latest.end == end && changes == 0 {
            return None;
        }
        // Days are kept in order, whatever clock somebody looked at.
        let before = if day <= date { latest.changes } else { 0 };
        Some((day.max(date), Self { end, changes: before.saturating_add(changes) }))
    }
}

/// The newest `limit` days that differ from the one before, oldest first. (C-LB-70, C-LB-72, C-LB-73)
#[must_use]
pub fn history(days: &[DayEnd], limit: usize) -> Vec<RankEvent> {
    let before = std::iter::once(None).chain(days.iter().map(|(_, end)| *end));
    let events = days.iter().zip(before).map(|((date, end), previous)| RankEvent {
        date: *date,
        previous,
        end: *end,
    });
    let mut events: Vec<_> = events.filter(|event| event.previous != event.end).collect();
    events.drain(..events.len().saturating_sub(limit));
    events
}

/// The best rank at the end of a day within `dates`, of equals the latest; `last` is the last day of
/// the run that has come. (C-LB-85)
#[must_use]
pub fn best_within(days: &[DayEnd], dates: Period, last: Date) -> Option<Ranked> {
    let first = days.partition_point(|(date, _)| *date < dates.start);
    let after = days.partition_point(|(date, _)| *date <= dates.end);
    // Who has no day at the beginning stands where they stood before.
    let begins_anew = days.get(first).is_some_and(|(date, _)| *date == dates.start);
    let stands = first.checked_sub(1).filter(|_| !begins_anew && dates.start <= last);
    let ends = stands.into_iter().chain(first..after).filter_map(|place| days[place].1);
    ends.reduce(|best, end| if end.rank <= best.rank { end } else { best })
}

#[cfg(test)]
mod tests {
    use super::{DayEnd, RankDay, RankEvent, Ranked, best_within, history};
    use crate::calendar::Period;
    use crate::time::Date;

    fn day(day: u32) -> Date {
        Date::from_ymd(2026, 3, day).expect("a date")
    }

    fn at(rank: u64, value: i64) -> Option<Ranked> {
        Some(Ranked { rank, value })
    }

    // C-LB-81 C-LB-80
    #[test]
    fn a_day_is_kept_if_something_of_it_is_new() {
        let kept = |end, changes| Some((day(3), RankDay { end, changes }));
        let after = |latest, end, changes| RankDay::after(latest, day(3), end, changes);
        assert_eq!(after(None, None, 0), None, "never took part");
        assert_eq!(after(None, at(2, 5), 0), kept(at(2, 5), 0), "found on the board");
        assert_eq!(after(None, at(2, 5), 1), kept(at(2, 5), 0), "entered");
        assert_eq!(after(None, at(2, 5), 3), kept(at(2, 5), 2));
        assert_eq!(after(None, None, 2), kept(None, 1), "entered and left");
        let yesterday = Some((day(2), RankDay { end: at(2, 5), changes: 9 }));
        assert_eq!(after(yesterday, at(2, 5), 0), None);
        assert_eq!(after(yesterday, at(2, 6), 0), kept(at(2, 6), 0), "only the value");
        assert_eq!(after(yesterday, at(1, 5), 0), kept(at(1, 5), 1), "nobody counted");
        assert_eq!(after(yesterday, at(2, 5), 2), kept(at(2, 5), 2), "there and back");
        assert_eq!(after(yesterday, None, 1), kept(None, 1));
        let today = Some((day(3), RankDay { end: at(2, 5), changes: 9 }));
        assert_eq!(after(today, at(1, 5), 4), kept(at(1, 5), 13));
        let tomorrow = Some((day(4), RankDay { end: at(2, 5), changes: 9 }));
        assert_eq!(
            after(tomorrow, at(1, 5), 1),
            Some((day(4), RankDay { end: at(1, 5), changes: 10 }))
        );
    }

    // C-LB-70 C-LB-72 C-LB-73
    #[test]
    fn history_has_the_days_that_differ() {
        let days: [DayEnd; 6] = [
            (day(2), None),
            (day(3), at(2, 20)),
            (day(4), at(2, 20)),
            (day(5), at(2, 21)),
            (day(8), None),
            (day(9), at(2, 21)),
        ];
        let event = |date, previous, end| RankEvent { date: day(date), previous, end };
        let all = [
            event(3, None, at(2, 20)),
            event(5, at(2, 20), at(2, 21)),
            event(8, at(2, 21), None),
            event(9, None, at(2, 21)),
        ];
        assert_eq!(history(&days, 10), all);
        assert_eq!(history(&days, 2), all[2..]);
        assert_eq!(history(&days, 0), []);
        assert_eq!(history(&[], 10), []);
    }

    // C-LB-85
    #[test]
    fn the_best_day_of_a_period_is_the_latest_of_equals() {
        let days: [DayEnd; 4] =
            [(day(2), at(1, 9)), (day(4), at(3, 9)), (day(6), at(1, 4)), (day(8), None)];
        let best = |start, end, last| {
            best_within(&days, Period { start: day(start), end: day(end) }, day(last))
        };
        assert_eq!(best(1, 1, 20), None, "before all");
        assert_eq!(best(1, 9, 20), at(1, 4));
        assert_eq!(best(3, 4, 20), at(1, 9), "stands there since before");
        assert_eq!(best(4, 5, 20), at(3, 9), "moved on the first day");
        assert_eq!(best(7, 7, 20), at(1, 4));
        assert_eq!(best(8, 9, 20), None, "gone");
        assert_eq!(best(7, 7, 6), None, "over before");
    }
}
