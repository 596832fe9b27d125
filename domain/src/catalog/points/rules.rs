//! What a balance is judged by: its maximum and the thresholds of its levels.
//!
//! Both are kept over time, because an award that fell due earlier is capped and told as it would
//! have been then. (C-GEN-22, C-POINTS-26, C-POINTS-51)

use serde::{Deserialize, Serialize};

use super::PointsSystem;
use crate::ids::LevelId;
use crate::time::Timestamp;

/// What a balance is judged by at some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceRules {
    /// The balance no award goes beyond. (C-POINTS-25)
    pub max_points: Option<i64>,
    /// The levels with the balances they begin at, lowest first.
    pub thresholds: Vec<(i64, LevelId)>,
}

impl BalanceRules {
    /// The level of a balance. (C-POINTS-46)
    pub(crate) fn level_at(&self, total: i64) -> Option<LevelId> {
        let reached = self.thresholds.partition_point(|(points, _)| *points <= total);
        reached.checked_sub(1).map(|place| self.thresholds[place].1)
    }

    /// How much an award could add to a balance.
    pub(crate) fn room_above(&self, total: i64) -> i64 {
        self.max_points.unwrap_or(i64::MAX).saturating_sub(total).max(0)
    }
}

impl PointsSystem {
    pub(super) fn change_rules(&mut self, rules: BalanceRules, now: Timestamp) {
        if rules != *self.rules.current() {
            self.rules.change(now, rules);
        }
    }

    /// Brings the thresholds up to date with the levels.
    pub(super) fn note_thresholds(&mut self, now: Timestamp) {
        let live = self.live_levels();
        let rules = BalanceRules {
            thresholds: live.iter().map(|level| (level.points, level.id)).collect(),
            ..*self.rules.current()
        };
        self.change_rules(rules, now);
    }
}
