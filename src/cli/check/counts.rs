//! The law of counts over all users: what the engine keeps in memory, built as at a start, equals
//! a naive recount.
//!
//! The recount takes as little as it can from where the engine takes it: balances are summed from
//! awards, current streaks are read from the periods that are over. Both sides are in memory for
//! all users at once, as they are in a server.

use std::collections::{BTreeMap, BTreeSet};

use actors::{RankedLength, Statistics};
use domain::calendar::Frequency;
use domain::ids::{AchievementId, PointsSystemId};
use domain::user::UserState;

use super::law::Law;

/// How many users have each value.
type Counts<T> = BTreeMap<T, u64>;

/// Both sides, as far as users were added.
pub(super) struct Recount {
    counted: Statistics,
    users: u64,
    completions: Counts<AchievementId>,
    balances: BTreeMap<PointsSystemId, Counts<i64>>,
    /// In the order of [`Frequency::ALL`].
    active: [Counts<u32>; Frequency::ALL.len()],
    longest: [Counts<u32>; Frequency::ALL.len()],
}

impl Recount {
    pub(super) fn new() -> Self {
        Self {
            counted: Statistics::default(),
            users: 0,
            completions: Counts::new(),
            balances: BTreeMap::new(),
            active: Default::default(),
            longest: Default::default(),
        }
    }

    /// Counts one user; `awarded` is the sum of their awards in each system that has some.
    pub(super) fn add(&mut self, user: &UserState, awarded: &BTreeMap<PointsSystemId, i64>) {
        self.counted.record(None, user);
        self.counted.record_streaks(user);
        self.users += 1;
        let completed: BTreeSet<_> = user.completions.iter().map(|own| own.achievement).collect();
        completed.into_iter().for_each(|achievement| count(&mut self.completions, achievement));
        for (system, balance) in awarded {
            count(self.balances.entry(*system).or_default(), *balance);
        }
        if user.preferences.streak.is_off() {
            return;
        }
        for (place, frequency) in Frequency::ALL.into_iter().enumerate() {
            let track = user.streak.track(frequency);
            for (counts, length) in [
                (&mut self.active[place], track.length_by_periods()),
                (&mut self.longest[place], track.longest),
            ] {
                if length > 0 {
                    count(counts, length);
                }
            }
        }
    }

    pub(super) fn into_law(self) -> Law {
        let mut law = Law::new("counts over all users equal a recount", "counts");
        let counted = &self.counted;
        let mut compare = |what: &str, counted: u64, recounted: u64| {
            law.expect(counted == recounted, || format!("{counted} {what}, there are {recounted}"));
        };
        compare("users", counted.users(), self.users);
        for (achievement, users) in &self.completions {
            let what = format!("completions of {achievement}");
            compare(&what, counted.completions(*achievement), *users);
        }
        for (system, users) in &self.balances {
            let what = |balance| format!("users with {balance} points in {system}");
            compare_all(&mut compare, what, counted.balances(*system), users);
        }
        for (place, frequency) in Frequency::ALL.into_iter().enumerate() {
            for (ranked, users) in [
                (RankedLength::Active, &self.active[place]),
                (RankedLength::Longest, &self.longest[place]),
            ] {
                let what =
                    |length| format!("users with {ranked:?} {frequency:?} streaks of {length}");
                compare_all(&mut compare, what, counted.streak_lengths(ranked, frequency), users);
            }
        }
        law
    }
}

fn count<T: Ord>(counts: &mut Counts<T>, value: T) {
    *counts.entry(value).or_default() += 1;
}

/// Compares value by value, those that only one side has included.
fn compare_all<T: Ord + Copy>(
    compare: &mut impl FnMut(&str, u64, u64),
    what: impl Fn(T) -> String,
    counted: Vec<(T, u64)>,
    recounted: &Counts<T>,
) {
    let counted: Counts<T> = counted.into_iter().collect();
    let values: BTreeSet<T> = counted.keys().chain(recounted.keys()).copied().collect();
    for value in values {
        let [counted, recounted] =
            [&counted, recounted].map(|counts| counts.get(&value).copied().unwrap_or(0));
        compare(&what(value), counted, recounted);
    }
}
