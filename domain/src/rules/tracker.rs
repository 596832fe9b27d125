//! Sums of matching events, for achievements and triggers that filter events.
//!
//! They are kept in the user's state, event by event. When an operator adds or edits a filter, the
//! sum of a user with earlier events is not known: [`missing_sums`] names it, whoever runs the
//! command reads it out of the event history once, and the decision goes on with the number.

use uuid::Uuid;

use crate::amount::Amount;
use crate::catalog::{AchievementTrigger, Catalog, Filter, TriggerKind, all_match};
use crate::ids::MetricId;
use crate::user::{EventRecord, Tracker, UserState};

/// A sum that has to be read out of the event history before the next event on the metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingSum {
    /// The achievement or trigger.
    pub owner: Uuid,
    /// The revision of its filters.
    pub revision: u32,
    metric: MetricId,
    filters: Vec<Filter>,
}

impl MissingSum {
    /// Whether an event of the user's history counts.
    #[must_use]
    pub fn counts(&self, event: &EventRecord) -> bool {
        event.metric == self.metric && all_match(&self.filters, &event.attributes)
    }
}

/// A missing sum after it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistorySum {
    /// The achievement or trigger.
    pub owner: Uuid,
    /// The revision of its filters.
    pub revision: u32,
    /// The sum of the earlier events that count.
    pub sum: Amount,
}

/// The sums the next event on `metric` needs and the state doesn't have.
#[must_use]
pub fn missing_sums(state: &UserState, catalog: &Catalog, metric: MetricId) -> Vec<MissingSum> {
    if !state.metrics.contains_key(&metric) {
        return Vec::new();
    }
    filtered_owners(catalog, metric)
        .filter(|(owner, revision, _)| {
            !matches!(state.trackers.get(owner), Some(Tracker { revision: known, sum: Some(_), .. }) if known == revision)
        })
        .map(|(owner, revision, filters)| MissingSum { owner, revision, metric, filters: filters.to_vec() })
        .collect()
}

/// Live achievements and triggers on a metric that filter its events: id, revision, filters.
pub(crate) fn filtered_owners(
    catalog: &Catalog,
    metric: MetricId,
) -> impl Iterator<Item = (Uuid, u32, &[Filter])> {
    let achievements =
        catalog.live_achievements().filter_map(move |achievement| match &achievement.trigger {
            AchievementTrigger::Metric { metric: own, event_filters, .. } if *own == metric => {
                Some((achievement.id.0, achievement.revision, event_filters.as_slice()))
            }
            AchievementTrigger::Metric { .. }
            | AchievementTrigger::Streak { .. }
            | AchievementTrigger::Api { .. }
            | AchievementTrigger::Composite { .. } => None,
        });
    let triggers = catalog
        .live_points_systems()
        .flat_map(|system| system.live_triggers())
        .filter_map(move |trigger| match &trigger.kind {
            TriggerKind::Metric { metric: own, event_filters, .. } if *own == metric => {
                Some((trigger.id.0, trigger.revision, event_filters.as_slice()))
            }
            TriggerKind::Metric { .. }
            | TriggerKind::Achievement { .. }
            | TriggerKind::Streak { .. }
            | TriggerKind::UserCreation
            | TriggerKind::Time { .. } => None,
        });
    achievements.chain(triggers).filter(|(_, _, filters)| !filters.is_empty())
}

/// The sum of an owner's matching events before the current one: from the state, else from what
/// was read out of history, else zero because there were none.
pub(crate) fn known_sum(
    state: &UserState,
    owner: Uuid,
    revision: u32,
    sums: &[HistorySum],
) -> Amount {
    let stored = state.trackers.get(&owner).filter(|tracker| tracker.revision == revision);
    let read = || {
        sums.iter()
            .find(|read| read.owner == owner && read.revision == revision)
            .map(|read| read.sum)
    };
    stored.and_then(|tracker| tracker.sum).or_else(read).unwrap_or(Amount::ZERO)
}
