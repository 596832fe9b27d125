//! Metrics: each counts one kind of interaction. (C-METRIC)

use serde::{Deserialize, Serialize};

use super::{AchievementTrigger, Catalog, Invalid, RankBy, TriggerKind, parse_key};
use crate::ids::{Key, MetricId};
use crate::time::Timestamp;

/// How a metric's values read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnitType {
    /// A plain number with a free-text unit.
    Number,
    /// An amount of money; the unit is an ISO 4217 code.
    Currency,
}

impl UnitType {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Currency => "currency",
        }
    }
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// Its id.
    pub id: MetricId,
    /// Its key; fixed. (C-METRIC-04)
    pub key: Key,
    /// Its display name.
    pub name: String,
    /// How its values read.
    pub unit_type: UnitType,
    /// The unit, empty when unset.
    pub units: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether it was deleted.
    pub archived: bool,
}

/// A new metric as a request describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricDraft {
    /// Display name, already checked for length.
    pub name: String,
    /// The wanted key.
    pub key: String,
    /// How its values read.
    pub unit_type: UnitType,
    /// The unit, empty when unset.
    pub units: String,
}

/// Changes to a metric.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricPatch {
    /// A new display name.
    pub name: Option<String>,
    /// A new unit type.
    pub unit_type: Option<UnitType>,
    /// New units.
    pub units: Option<String>,
}

const NOT_FOUND: &str = "Metric not found by ID";
const KEY_TAKEN: &str = "Key already in use by another metric";

impl Catalog {
    /// Creates a metric. (C-METRIC-02, C-ADM-30)
    ///
    /// # Errors
    /// If the key is malformed or taken, or a currency has no valid code.
    pub fn create_metric(
        &mut self,
        draft: MetricDraft,
        now: Timestamp,
    ) -> Result<&Metric, Invalid> {
        let key = parse_key(&draft.key)?;
        if self.find_metric_by_key(key.as_str()).is_some() {
            return Err(Invalid::error(KEY_TAKEN));
        }
        check_units(draft.unit_type, &draft.units)?;
        let id = MetricId(self.next_id("metric"));
        self.metrics.push(Metric {
            id,
            key,
            name: draft.name,
            unit_type: draft.unit_type,
            units: draft.units,
            created_at: now,
            archived: false,
        });
        Ok(self.metrics.last().expect("just pushed"))
    }

    /// Changes a metric; units are checked on the merged result. (C-METRIC-03, C-ADM-31)
    ///
    /// # Errors
    /// If there is no such metric or the result would be a currency without a valid code.
    pub fn update_metric(&mut self, id: MetricId, patch: MetricPatch) -> Result<&Metric, Invalid> {
        let metric = self
            .metrics
            .iter_mut()
            .find(|metric| metric.id == id && !metric.archived)
            .ok_or_else(|| Invalid::error(NOT_FOUND))?;
        let unit_type = patch.unit_type.unwrap_or(metric.unit_type);
        let units = patch.units.unwrap_or_else(|| metric.units.clone());
        check_units(unit_type, &units)?;
        metric.unit_type = unit_type;
        metric.units = units;
        if let Some(name) = patch.name {
            metric.name = name;
        }
        Ok(metric)
    }

    /// Archives a metric with the achievements and triggers built on it, directly or through an
    /// archived achievement, and takes it out of the streak conditions. What was earned stays.
    /// Answers with the keys of the leaderboards that go with it. (C-METRIC-05, C-ADM-24, C-LB-83)
    ///
    /// # Errors
    /// If there is no such metric.
    pub fn delete_metric(&mut self, id: MetricId, now: Timestamp) -> Result<Vec<Key>, Invalid> {
        let metric = self
            .metrics
            .iter_mut()
            .find(|metric| metric.id == id && !metric.archived)
            .ok_or_else(|| Invalid::error(NOT_FOUND))?;
        metric.archived = true;
        let built_on_it: Vec<_> = self
            .live_achievements()
            .filter(|achievement| matches!(achievement.trigger(), AchievementTrigger::Metric { metric, .. } if *metric == id))
            .map(|achievement| achievement.id)
            .collect();
        for achievement in built_on_it {
            self.archive_achievement(achievement, now);
        }
        self.archive_triggers(
            |kind| matches!(kind, TriggerKind::Metric { metric, .. } if *metric == id),
            now,
        );
        let streaks = self.streaks.current();
        if streaks.metrics.iter().any(|condition| condition.metric == id) {
            let mut changed = streaks.clone();
            changed.metrics.retain(|condition| condition.metric != id);
            self.streaks.change(now, changed);
        }
        Ok(self.archive_leaderboards(RankBy::Metric(id), now))
    }

    /// Brings a deleted metric back, without what went with it. (C-ADM-106)
    pub(super) fn restore_metric(&mut self, id: MetricId) -> Result<(), Invalid> {
        let place = self.metrics.iter().position(|own| own.id == id && own.archived);
        let place = place.ok_or_else(|| Invalid::error(NOT_FOUND))?;
        if self.find_metric_by_key(self.metrics[place].key.as_str()).is_some() {
            return Err(Invalid::error(KEY_TAKEN));
        }
        self.metrics[place].archived = false;
        Ok(())
    }
}

fn check_units(unit_type: UnitType, units: &str) -> Result<(), Invalid> {
    match unit_type {
        UnitType::Number => Ok(()),
        UnitType::Currency => match iso_currency::Currency::from_code(units) {
            Some(currency) if is_active(currency) => Ok(()),
            Some(_) | None => Err(Invalid::of("units", "units must be an ISO 4217 currency code")),
        },
    }
}

/// Whether the code is still on the ISO's list. The data calls VES replaced by VED, but the ISO
/// lists both. (C-METRIC-03)
fn is_active(currency: iso_currency::Currency) -> bool {
    currency.is_superseded().is_none() || currency == iso_currency::Currency::VES
}
