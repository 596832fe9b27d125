//! What triggers paid when for what falls due by time. (C-POINTS-20, C-POINTS-22, C-POINTS-23)
//!
//! An award that fell due is paid when the user is next looked at, which may be long after the
//! trigger was edited, switched off or deleted. So a trigger remembers over time what held for such
//! awards, and an award is judged by what led up to its due instant. (C-GEN-22)

use serde::{Deserialize, Serialize};

use super::{Trigger, TriggerKind};
use crate::catalog::Filter;
use crate::ids::AchievementId;
use crate::time::Timestamp;

/// What the interval of a time trigger is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeUnit {
    /// Hours of elapsed time.
    Hours,
    /// Days of the user's calendar.
    Days,
}

/// What an active trigger pays for something that falls due by time, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueTerms {
    /// What falls due.
    pub kind: DueKind,
    /// What it awards, or deducts if negative.
    pub points: i64,
    /// For which users it fires; empty for all.
    pub user_filters: Vec<Filter>,
    /// The latest activation: a clock of users who are older than that starts here. (C-ADM-57)
    pub since: Timestamp,
}

/// What falls due by time and is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DueKind {
    /// The interval of a time trigger is over. (C-POINTS-22)
    Interval {
        /// What it is counted in.
        unit: TimeUnit,
        /// How many units lie between two awards, at least 1.
        length: u32,
    },
    /// An achievement is completed, as an anniversary's is. (C-POINTS-20)
    Completion {
        /// The achievement.
        achievement: AchievementId,
    },
}

impl Trigger {
    /// Brings the remembered terms up to date with everything else of the trigger.
    pub(super) fn note_terms(&mut self, now: Timestamp) {
        let kind = match self.kind {
            TriggerKind::Time { unit, interval } => {
                Some(DueKind::Interval { unit, length: interval })
            }
            TriggerKind::Achievement { achievement } => Some(DueKind::Completion { achievement }),
            TriggerKind::Metric { .. } | TriggerKind::Streak { .. } | TriggerKind::UserCreation => {
                None
            }
        };
        let running = self.terms.current().as_ref().map(|terms| terms.since);
        let terms = kind.filter(|_| self.active && !self.archived).map(|kind| DueTerms {
            kind,
            points: self.points,
            user_filters: self.user_filters.clone(),
            since: running.unwrap_or(now),
        });
        if terms != *self.terms.current() {
            self.terms.change(now, terms);
        }
    }
}
