//! What a user chose for themselves: notification channels and streak settings of their own.
//! (C-PREF)
//!
//! Overrides are merged with the environment's settings in one place,
//! [`UserState::personal_streaks`]; everything about a user's streak reads the merged ones. A
//! change settles first, so closed periods keep the judgement they got. (C-PREF-09)

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::UserState;
use super::decision::Decision;
use super::outcome::Rejection;
use crate::calendar::Frequency;
use crate::catalog::{Catalog, EvaluationMode, Patch, StreakMetric, StreakSettings};
use crate::rules::streak;

/// The kinds of notifications a user can choose channels for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NotificationType {
    /// An achievement was completed.
    AchievementCompleted,
    /// What happened in a while.
    Recap,
    /// The user has been away.
    Reactivation,
    /// A streak is about to end.
    StreakReminder,
}

/// Ways to notify, in the order they are shown. (C-PREF-02)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NotificationChannel {
    /// E-mail.
    Email,
    /// Push.
    Push,
}

/// A user's preferences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// The channels per type; a type never set has the environment's. (C-PREF-01, C-PREF-03)
    pub notifications: BTreeMap<NotificationType, BTreeSet<NotificationChannel>>,
    /// Streak settings of their own.
    pub streak: StreakOverrides,
}

/// What a user overrides of the streak settings. (C-PREF-04, C-PREF-05)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreakOverrides {
    /// Whether they have a streak at all.
    pub enabled: Option<bool>,
    /// How their conditions combine.
    pub evaluation_mode: Option<EvaluationMode>,
    /// Their conditions, in the place of all of the environment's.
    pub metrics: Option<Vec<StreakMetric>>,
    /// Their weekdays without a need for activity, sorted.
    pub days_off: Option<Vec<u8>>,
}

impl StreakOverrides {
    /// Whether the user has no streak by their own choice. (C-PREF-10)
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.enabled == Some(false)
    }

    /// What of this applies under the settings: all but `enabled` needs customization, days off
    /// need daily streaks, and conditions need a metric that still exists. (C-METRIC-05, C-PREF-11,
    /// C-STREAK-52)
    #[must_use]
    pub fn applied(&self, catalog: &Catalog, settings: &StreakSettings) -> Self {
        if !settings.customization_enabled {
            return Self { enabled: self.enabled, ..Self::default() };
        }
        let is_live = |own: &StreakMetric| catalog.find_metric(own.metric).is_some();
        let live = |own: &Vec<StreakMetric>| own.iter().copied().filter(is_live).collect();
        Self {
            enabled: self.enabled,
            evaluation_mode: self.evaluation_mode,
            metrics: self.metrics.as_ref().map(live).filter(|own: &Vec<_>| !own.is_empty()),
            days_off: self.days_off.clone().filter(|_| settings.frequency == Frequency::Daily),
        }
    }
}

/// Changes to preferences. (C-PREF-02, C-PREF-08)
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreferencesPatch {
    /// The new channels of the types that were passed.
    pub notifications: BTreeMap<NotificationType, BTreeSet<NotificationChannel>>,
    /// Changes to the overrides; null clears them all.
    pub streak: Patch<StreakOverridesPatch>,
}

/// Changes to the streak overrides; null clears one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreakOverridesPatch {
    /// See [`StreakOverrides::enabled`].
    pub enabled: Patch<bool>,
    /// See [`StreakOverrides::evaluation_mode`].
    pub evaluation_mode: Patch<EvaluationMode>,
    /// See [`StreakOverrides::metrics`]; metrics exist, once each, thresholds are above 0.
    pub metrics: Patch<Vec<StreakMetric>>,
    /// See [`StreakOverrides::days_off`]; 0 to 6, sorted, once each.
    pub days_off: Patch<Vec<u8>>,
}

impl StreakOverridesPatch {
    /// Whether this asks for something that only customization allows. (C-PREF-06)
    const fn needs_customization(&self) -> bool {
        matches!(self.evaluation_mode, Patch::Set(_))
            || matches!(self.metrics, Patch::Set(_))
            || matches!(self.days_off, Patch::Set(_))
    }
}

impl UserState {
    /// Settings of the environment as they hold for this user.
    pub(crate) fn personal_streaks<'c>(
        &self,
        catalog: &Catalog,
        settings: &'c StreakSettings,
    ) -> Cow<'c, StreakSettings> {
        let own = &self.preferences.streak;
        if *own == StreakOverrides::default() {
            return Cow::Borrowed(settings);
        }
        let StreakOverrides { enabled, evaluation_mode, metrics, days_off } =
            own.applied(catalog, settings);
        let common = settings.clone();
        Cow::Owned(StreakSettings {
            enabled: common.enabled && enabled.unwrap_or(true),
            evaluation_mode: evaluation_mode.unwrap_or(common.evaluation_mode),
            metrics: metrics.unwrap_or(common.metrics),
            days_off: days_off.unwrap_or(common.days_off),
            ..common
        })
    }
}

/// Changes a user's preferences; switching the streak off is a silent reset. (C-PREF-06, C-PREF-10)
pub(super) fn update(
    decision: &mut Decision<'_>,
    patch: &PreferencesPatch,
) -> Result<(), Rejection> {
    let was_off = decision.state.preferences.streak.is_off();
    let mut changed = decision.state.preferences.clone();
    changed.notifications.extend(patch.notifications.clone());
    match &patch.streak {
        Patch::Keep => {}
        Patch::Clear => changed.streak = StreakOverrides::default(),
        Patch::Set(own) => {
            let allowed = decision.catalog.streaks.current().customization_enabled;
            if own.needs_customization() && !allowed {
                return Err(Rejection::CustomizationNotEnabled);
            }
            own.enabled.clone().apply_to(&mut changed.streak.enabled);
            own.evaluation_mode.clone().apply_to(&mut changed.streak.evaluation_mode);
            own.metrics.clone().apply_to(&mut changed.streak.metrics);
            own.days_off.clone().apply_to(&mut changed.streak.days_off);
        }
    }
    if changed != decision.state.preferences {
        decision.state.preferences = changed;
        decision.must_commit();
    }
    if decision.state.preferences.streak.is_off() && !was_off {
        streak::silence(decision);
    }
    Ok(())
}
