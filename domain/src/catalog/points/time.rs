//! Time triggers: how their clock counts and what they paid when. (C-POINTS-22, C-POINTS-23)
//!
//! A time award that fell due is paid when the user is next looked at, which may be long after the
//! trigger was edited, switched off or deleted. So a trigger remembers over time what held for its
//! awards, and an award is judged by what led up to its due instant. (C-GEN-22)

use serde::{Deserialize, Serialize};

use super::{Trigger, TriggerKind};
use crate::catalog::Filter;
use crate::time::Timestamp;

/// What the interval of a time trigger is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeUnit {
    /// Hours of elapsed time.
    Hours,
    /// Days of the user's calendar.
    Days,
}

/// What an active time trigger pays, and since when its clock runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeTerms {
    /// What the interval is counted in.
    pub unit: TimeUnit,
    /// How many units lie between two awards, at least 1.
    pub interval: u32,
    /// What it awards, or deducts if negative.
    pub points: i64,
    /// For which users it fires; empty for all.
    pub user_filters: Vec<Filter>,
    /// The latest activation: the clock of users who are older than that starts here. (C-ADM-57)
    pub since: Timestamp,
}

impl Trigger {
    /// Brings the remembered terms up to date with everything else of the trigger.
    pub(super) fn note_terms(&mut self, now: Timestamp) {
        let terms = match self.kind {
            TriggerKind::Time { unit, interval } if self.active && !self.archived => {
                let running = self.terms.current().as_ref().map(|terms| terms.since);
                Some(TimeTerms {
                    unit,
                    interval,
                    points: self.points,
                    user_filters: self.user_filters.clone(),
                    since: running.unwrap_or(now),
                })
            }
            TriggerKind::Time { .. }
            | TriggerKind::Metric { .. }
            | TriggerKind::Achievement { .. }
            | TriggerKind::Streak { .. }
            | TriggerKind::UserCreation => None,
        };
        if terms != *self.terms.current() {
            self.terms.change(now, terms);
        }
    }
}
