//! Sums of matching events, for achievements and triggers that filter events.
//!
//! They are kept in the user's state, event by event. When an operator adds or edits a filter, the
//! sum of a user with earlier events is not known: [`missing_sums`] names it, whoever runs the
//! command reads it out of the event history once, and the decision goes on with the number. No
//! event lies between what is read and what is decided, so the sum is also the one that held at
//! every instant the decision settles.

use uuid::Uuid;

use crate::amount::Amount;
use crate::catalog::{AchievementTrigger, Catalog, Filter, TriggerKind, all_match};
use crate::ids::MetricId;
use crate::rules::filters_match_user;
use crate::user::{Command, EventRecord, Tracker, UserState};

/// A sum that has to be read out of the event history before a command is decided.
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
    fn is_of(&self, owner: Uuid, revision: u32) -> bool {
        (self.owner, self.revision) == (owner, revision)
    }

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

/// The sums that deciding `command` needs and the state doesn't have: those that an event goes on
/// from, and those that existing users are judged by. (C-ACH-05, C-ACH-18)
#[must_use]
pub fn missing_sums(state: &UserState, catalog: &Catalog, command: &Command) -> Vec<MissingSum> {
    let mut missing = missing_for_reviews(state, catalog);
    if let Command::SubmitEvent(event) = command {
        let counted = filtered_owners(catalog, event.metric);
        for (owner, revision, filters) in counted {
            let asked = missing.iter().any(|own| own.is_of(owner, revision));
            if !asked && is_missing(state, event.metric, owner, revision) {
                let (metric, filters) = (event.metric, filters.to_vec());
                missing.push(MissingSum { owner, revision, metric, filters });
            }
        }
    }
    missing
}

/// The sums of achievements that the user is yet to be judged by and may complete.
fn missing_for_reviews(state: &UserState, catalog: &Catalog) -> Vec<MissingSum> {
    if state.reviewed >= catalog.review {
        return Vec::new();
    }
    let open = catalog.achievements.iter().filter(|own| state.find_completion(own.id).is_none());
    open.flat_map(|own| own.reviews_after(state.reviewed).map(|(_, terms, _)| (own.id.0, terms)))
        .filter_map(|(owner, terms)| match &terms.trigger {
            AchievementTrigger::Metric { metric, event_filters, .. }
                if !event_filters.is_empty()
                    && filters_match_user(&terms.user_filters, state)
                    && is_missing(state, *metric, owner, terms.revision) =>
            {
                let (metric, filters) = (*metric, event_filters.clone());
                Some(MissingSum { owner, revision: terms.revision, metric, filters })
            }
            AchievementTrigger::Metric { .. }
            | AchievementTrigger::Streak { .. }
            | AchievementTrigger::Api { .. }
            | AchievementTrigger::Composite { .. }
            | AchievementTrigger::Anniversary { .. } => None,
        })
        .collect()
}

/// Whether the history has events that no sum in the state covers.
fn is_missing(state: &UserState, metric: MetricId, owner: Uuid, revision: u32) -> bool {
    state.metrics.contains_key(&metric)
        && !matches!(
            state.trackers.get(&owner),
            Some(Tracker { revision: known, sum: Some(_), .. }) if *known == revision
        )
}

/// Live achievements and triggers on a metric that filter its events: id, revision, filters.
pub(crate) fn filtered_owners(
    catalog: &Catalog,
    metric: MetricId,
) -> impl Iterator<Item = (Uuid, u32, &[Filter])> {
    let achievements =
        catalog.live_achievements().filter_map(move |achievement| match achievement.trigger() {
            AchievementTrigger::Metric { metric: own, event_filters, .. } if *own == metric => {
                let revision = achievement.terms.current().revision;
                Some((achievement.id.0, revision, event_filters.as_slice()))
            }
            AchievementTrigger::Metric { .. }
            | AchievementTrigger::Streak { .. }
            | AchievementTrigger::Api { .. }
            | AchievementTrigger::Composite { .. }
            | AchievementTrigger::Anniversary { .. } => None,
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
