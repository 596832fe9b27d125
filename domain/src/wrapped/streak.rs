//! The longest streak of a year. (C-WRAP-10)

use crate::calendar::{Frequency, Period};
use crate::catalog::Catalog;
use crate::rules::streak::longest_in;
use crate::user::{Reached, StreakPeriod, UserState, streak_history};

/// The greatest length that a streak had in a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongestStreak {
    /// The configured frequency.
    pub frequency: Frequency,
    /// Where it was reached first; none if there was no streak.
    pub reached: Option<Reached>,
}

impl LongestStreak {
    /// Looks at the closed periods that end in the year and, if the year is not over, at the open
    /// one.
    pub(super) fn of(state: &UserState, catalog: &Catalog, year: i32) -> Self {
        let settings = state.personal_streaks(catalog, catalog.streaks.current());
        let (frequency, week_start) = (settings.frequency, catalog.settings.week_start);
        let track = state.streak.track(frequency);
        let dates = Period::year(year);
        let closed = track.past.iter();
        let closed = closed.filter_map(|span| longest_in(span, frequency, week_start, dates));
        let open = open(state, catalog, frequency).filter(|_| dates.contains(state.effective_day));
        // In order of time.
        let all: Vec<_> =
            track.years.get(&year).copied().into_iter().chain(closed).chain(open).collect();
        // Of equals the last one seen is the greatest, and the first one has to be.
        let longest = all.into_iter().rev().max_by_key(|reached| reached.length);
        Self { frequency, reached: longest.filter(|_| settings.enabled) }
    }
}

/// What the open period counts for, as the streak's history shows it. (C-STREAK-26)
fn open(state: &UserState, catalog: &Catalog, frequency: Frequency) -> Option<Reached> {
    let StreakPeriod { dates: period, length, .. } = streak_history(state, catalog, 1).pop()?;
    let started_on = state.streak.track(frequency).started_on?;
    (length > 0).then_some(Reached { length, period, started_on })
}
