//! Counts over all users of a scope: how many exist, completed what, hold which balance, and have
//! which streak.
//!
//! A projection is derived: it is kept up to date from the difference that each committed outcome
//! makes, and built at start from the snapshots. Whoever reads it sees committed users only, and
//! never has to look at them one by one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::calendar::Frequency;
use domain::catalog::Settings;
use domain::ids::{AchievementId, PointsSystemId, Scope, UserId};
use domain::time::Timestamp;
use domain::user::{UserState, streak_standing};
use parking_lot::{Mutex, RwLock};

use crate::standings::{RankedLength, Standings};

/// The counts of every scope.
#[derive(Debug, Default)]
pub(crate) struct Projections(RwLock<HashMap<Scope, Statistics>>);

/// Counts over all users of one scope, as of what is committed. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Statistics(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    users: u64,
    completions: HashMap<AchievementId, u64>,
    /// Users by balance, those with a balance only.
    balances: HashMap<PointsSystemId, BTreeMap<i64, u64>>,
    streaks: Standings,
}

impl Projections {
    /// The counts of a scope; all zero if nobody lives there.
    pub(crate) fn of(&self, scope: Scope) -> Statistics {
        if let Some(known) = self.0.read().get(&scope) {
            return known.clone();
        }
        self.0.write().entry(scope).or_default().clone()
    }

    /// Counts the difference a committed outcome made to one user.
    pub(crate) fn record(&self, scope: Scope, before: Option<&UserState>, after: &UserState) {
        let unchanged = before.is_some_and(|before| {
            before.completions.len() == after.completions.len()
                && before.points.len() == after.points.len()
                && before
                    .points
                    .iter()
                    .all(|(system, balance)| after.balance(*system) == balance.total)
        });
        if !unchanged {
            self.of(scope).0.lock().record(before, after);
        }
    }

    /// Notes the streaks of a user who was just settled, committed or not: settling an idle day
    /// over again gives the same.
    pub(crate) fn record_streaks(&self, scope: Scope, state: &UserState, settings: &Settings) {
        let standing = streak_standing(state, settings);
        self.of(scope).0.lock().streaks.record(&state.id, standing);
    }
}

impl Counts {
    fn record(&mut self, before: Option<&UserState>, after: &UserState) {
        self.users += u64::from(before.is_none());
        // Completions are only ever added, at the end.
        for completion in &after.completions[before.map_or(0, |before| before.completions.len())..]
        {
            *self.completions.entry(completion.achievement).or_default() += 1;
        }
        for (system, balance) in &after.points {
            let old =
                before.and_then(|before| before.points.get(system)).map(|balance| balance.total);
            self.move_balance(*system, old, balance.total);
        }
    }

    fn move_balance(&mut self, system: PointsSystemId, old: Option<i64>, new: i64) {
        if old == Some(new) {
            return;
        }
        let balances = self.balances.entry(system).or_default();
        *balances.entry(new).or_default() += 1;
        if let Some(old) = old {
            let users =
                balances.get_mut(&old).expect("a balance that a user left had been counted");
            *users -= 1;
            if *users == 0 {
                balances.remove(&old);
            }
        }
    }
}

impl Statistics {
    /// How many users exist.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.0.lock().users
    }

    /// How many users completed the achievement.
    #[must_use]
    pub fn completions(&self, achievement: AchievementId) -> u64 {
        self.0.lock().completions.get(&achievement).copied().unwrap_or(0)
    }

    /// The rank of a streak: one more than there are users with a longer one. (C-STREAK-23)
    #[must_use]
    pub(crate) fn streak_rank(&self, frequency: Frequency, length: u32) -> u64 {
        1 + self.0.lock().streaks.longer(frequency, length)
    }

    /// The first `limit` users by streak length, longest first, ties by id. (C-STREAK-68)
    pub(crate) fn streak_top(
        &self,
        ranked: RankedLength,
        frequency: Frequency,
        limit: usize,
    ) -> Vec<(UserId, u32)> {
        self.0.lock().streaks.top(ranked, frequency, limit)
    }

    /// Up to `limit` users who have to be settled before lengths say anything about now.
    pub(crate) fn unsettled(&self, now: Timestamp, limit: usize) -> Vec<UserId> {
        self.0.lock().streaks.ended(now, limit)
    }

    /// How many users hold each balance of a points system; who never had a point holds 0.
    #[must_use]
    pub fn balances(&self, system: PointsSystemId) -> BTreeMap<i64, u64> {
        let counts = self.0.lock();
        let mut balances = counts.balances.get(&system).cloned().unwrap_or_default();
        let without = counts.users - balances.values().sum::<u64>();
        if without > 0 {
            *balances.entry(0).or_default() += without;
        }
        balances
    }
}
