//! Counts over all users of a scope: how many exist, completed what, hold which balance, and have
//! which streak.
//!
//! A projection is derived: it is kept up to date from the difference that each committed outcome
//! makes, and built at start from the snapshots, or when it is first asked for
//! ([`on_demand`](crate::on_demand)). Whoever reads it sees committed users only, and never has to
//! look at them one by one.

use std::collections::HashMap;
use std::sync::Arc;

use domain::calendar::Frequency;
use domain::catalog::{Level, PointsSystem};
use domain::ids::{AchievementId, PointsSystemId, Scope, UserId};
use domain::summary::{BalanceRange, histogram, users_per_level};
use domain::user::{UserState, streak_standing};
use parking_lot::{Mutex, RwLock};
use storage::Store;
use tokio::sync::RwLockReadGuard;

use crate::balances::{BalancesByAttributes, Counted};
use crate::comparison::Comparison;
use crate::on_demand::{Commit, OnDemand, Scans};
use crate::ranking::Tally;
use crate::standings::{RankedLength, Standings};

/// What is known over all users of every scope.
pub(crate) struct Projections {
    statistics: RwLock<HashMap<Scope, Statistics>>,
    pub(crate) balances: OnDemand<BalancesByAttributes>,
    pub(crate) comparisons: OnDemand<Comparison>,
    pub(crate) scans: Scans,
}

/// Counts over all users of one scope, as of what is committed. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Statistics(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    users: u64,
    completions: HashMap<AchievementId, u64>,
    /// Balances that ever moved.
    balances: HashMap<PointsSystemId, Tally<i64>>,
    streaks: Standings,
}

/// The right to commit an outcome of one user, which is then recorded.
pub(crate) struct Recording<'a> {
    projections: &'a Projections,
    /// Held until it is recorded.
    _committing: RwLockReadGuard<'a, ()>,
}

impl Recording<'_> {
    /// Counts what the commit changed.
    pub(crate) fn record(self, commit: &Commit<'_>) {
        let Commit { scope, before, outcome } = *commit;
        self.projections.of(scope).record(before, &outcome.state);
        self.projections.balances.record(commit);
        self.projections.comparisons.record(commit);
    }
}

impl Projections {
    /// With what was counted in one scope.
    pub(crate) fn new(store: Store, scope: Scope, counted: Statistics) -> Self {
        let scans = Scans::new(store);
        Self {
            statistics: RwLock::new(HashMap::from([(scope, counted)])),
            balances: OnDemand::new(scans.clone()),
            comparisons: OnDemand::new(scans.clone()),
            scans,
        }
    }

    /// The counts of a scope; all zero if nobody lives there.
    pub(crate) fn of(&self, scope: Scope) -> Statistics {
        if let Some(known) = self.statistics.read().get(&scope) {
            return known.clone();
        }
        self.statistics.write().entry(scope).or_default().clone()
    }

    /// To be taken before a commit, and used after it.
    pub(crate) async fn recording(&self) -> Recording<'_> {
        Recording { projections: self, _committing: self.scans.committing().await }
    }

    /// Notes the streaks of a user who was just settled, committed or not: settling an idle day
    /// over again gives the same.
    pub(crate) fn record_streaks(&self, scope: Scope, state: &UserState) {
        self.of(scope).record_streaks(state);
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
        if let Some(old) = old {
            balances.remove(&old);
        }
        balances.add(new);
    }
}

impl Statistics {
    /// Counts the difference an outcome makes to one user; `before` is none for a new one.
    pub fn record(&self, before: Option<&UserState>, after: &UserState) {
        let unchanged = before.is_some_and(|before| {
            before.completions.len() == after.completions.len()
                && before.points.len() == after.points.len()
                && before
                    .points
                    .iter()
                    .all(|(system, balance)| after.balance(*system) == balance.total)
        });
        if !unchanged {
            self.0.lock().record(before, after);
        }
    }

    /// Puts the user's streaks in the place of what was known of them.
    pub fn record_streaks(&self, state: &UserState) {
        self.0.lock().streaks.record(&state.id, streak_standing(state));
    }

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

    /// How many users have each length, shortest first; who has none is left out.
    #[must_use]
    pub fn streak_lengths(&self, ranked: RankedLength, frequency: Frequency) -> Vec<(u32, u64)> {
        self.0.lock().streaks.lengths(ranked, frequency)
    }

    /// How many users hold how many points; who never had one holds 0. (C-POINTS-58, C-POINTS-59)
    #[must_use]
    pub fn histogram(&self, system: PointsSystemId) -> Vec<BalanceRange> {
        self.read_balances(system, |balances| histogram(balances))
    }

    /// How many users are at each live level, lowest first. (C-POINTS-53)
    #[must_use]
    pub fn users_per_level<'a>(&self, system: &'a PointsSystem) -> Vec<(&'a Level, u64)> {
        self.read_balances(system.id, |balances| users_per_level(system, balances))
    }

    /// How many users hold each balance, lowest first; who never had a point is left out.
    #[must_use]
    pub fn balances(&self, system: PointsSystemId) -> Vec<(i64, u64)> {
        self.read_balances(system, |balances| {
            balances.moved.iter().map(|(balance, users)| (*balance, users)).collect()
        })
    }

    fn read_balances<R>(&self, system: PointsSystemId, read: impl FnOnce(&Counted<'_>) -> R) -> R {
        let counts = self.0.lock();
        let nobody = Tally::default();
        let moved = counts.balances.get(&system).unwrap_or(&nobody);
        read(&Counted { moved, unmoved: counts.users - moved.total() })
    }
}
