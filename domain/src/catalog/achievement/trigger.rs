//! What can complete an achievement, and whether it can be completed. (C-ACH-01 to 03, C-ACH-12)

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::catalog::Filter;
use crate::ids::{AchievementId, Key, MetricId};

/// Whether an achievement can be seen and completed. (C-ACH-12)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AchievementStatus {
    /// Hidden, not completable; where every achievement starts.
    Inactive,
    /// Visible and completable.
    Active,
    /// No new completions; visible only to users who have it.
    Locked,
}

impl AchievementStatus {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Active => "active",
            Self::Locked => "locked",
        }
    }
}

/// What completes an achievement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AchievementTrigger {
    /// A metric's total, or the sum of its matching events, reaches a value. (C-ACH-05)
    Metric {
        /// The metric.
        metric: MetricId,
        /// The value to reach.
        value: Amount,
        /// Which events count; empty for all.
        event_filters: Vec<Filter>,
    },
    /// The streak reaches a length. (C-ACH-07)
    Streak {
        /// The length to reach.
        length: u32,
    },
    /// An explicit call by key. (C-ACH-20)
    Api {
        /// The key to call.
        key: Key,
    },
    /// All prerequisites are completed. (C-ACH-08)
    Composite {
        /// The prerequisites.
        achievements: Vec<AchievementId>,
    },
    /// So many years have passed since the user signed up. (C-ACH-10)
    Anniversary {
        /// How many, at least 1.
        years: u32,
    },
}

/// The kind of an achievement, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AchievementTriggerKind {
    /// See [`AchievementTrigger::Metric`].
    Metric,
    /// See [`AchievementTrigger::Streak`].
    Streak,
    /// See [`AchievementTrigger::Api`].
    Api,
    /// See [`AchievementTrigger::Composite`].
    Composite,
    /// See [`AchievementTrigger::Anniversary`].
    Anniversary,
}

impl AchievementTriggerKind {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Streak => "streak",
            Self::Api => "api",
            Self::Composite => "achievement",
            Self::Anniversary => "anniversary",
        }
    }
}

impl AchievementTrigger {
    /// Which events it counts: a sum kept under another answer says nothing any more.
    pub(super) fn counts(&self) -> Option<(MetricId, &[Filter])> {
        match self {
            Self::Metric { metric, event_filters, .. } => Some((*metric, event_filters)),
            Self::Streak { .. }
            | Self::Api { .. }
            | Self::Composite { .. }
            | Self::Anniversary { .. } => None,
        }
    }

    /// The prerequisites of a composite; none for the others.
    #[must_use]
    pub fn prerequisites(&self) -> &[AchievementId] {
        match self {
            Self::Composite { achievements } => achievements,
            Self::Metric { .. }
            | Self::Streak { .. }
            | Self::Api { .. }
            | Self::Anniversary { .. } => &[],
        }
    }

    /// The event filters of a metric achievement; empty for the others.
    #[must_use]
    pub fn event_filters(&self) -> &[Filter] {
        self.counts().map_or(&[], |(_, filters)| filters)
    }

    /// Which kind this is.
    #[must_use]
    pub const fn kind(&self) -> AchievementTriggerKind {
        match self {
            Self::Metric { .. } => AchievementTriggerKind::Metric,
            Self::Streak { .. } => AchievementTriggerKind::Streak,
            Self::Api { .. } => AchievementTriggerKind::Api,
            Self::Composite { .. } => AchievementTriggerKind::Composite,
            Self::Anniversary { .. } => AchievementTriggerKind::Anniversary,
        }
    }
}
