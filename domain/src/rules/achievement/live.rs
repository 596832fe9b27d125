//! What requests complete: events by metric and streak, calls by key.

use super::{Manner, complete_all, open};
use crate::amount::Amount;
use crate::catalog::{AchievementTrigger, all_match};
use crate::ids::AchievementId;
use crate::user::SubmitEvent;
use crate::user::decision::Decision;

/// Completes what an event completes, in response order. (C-EVENT-10)
pub(crate) fn on_event(decision: &mut Decision<'_>, event: &SubmitEvent, streak_extended: bool) {
    let mut first = reached_by_metric(decision, event);
    if streak_extended {
        first.extend(reached_by_streak(decision));
    }
    complete_all(decision, first, Manner::Request);
}

/// Completes an API achievement and the composites it unlocks. (C-ACH-20, C-ACH-23)
pub(crate) fn complete_by_call(decision: &mut Decision<'_>, achievement: AchievementId) {
    complete_all(decision, vec![achievement], Manner::Request);
}

/// State-based: progress at or beyond the value after a matching event completes. (C-ACH-05)
fn reached_by_metric(decision: &Decision<'_>, event: &SubmitEvent) -> Vec<AchievementId> {
    let mut reached: Vec<(Amount, AchievementId)> = open(decision, Manner::Request)
        .filter_map(|(id, terms)| match &terms.trigger {
            AchievementTrigger::Metric { metric, value, event_filters }
                if *metric == event.metric =>
            {
                let progress = if event_filters.is_empty() {
                    decision.state.total(*metric)
                } else {
                    let tracker = decision.state.trackers.get(&id.0)?;
                    all_match(event_filters, &event.attributes).then_some(tracker.sum)??
                };
                (progress >= *value).then_some((*value, id))
            }
            AchievementTrigger::Metric { .. }
            | AchievementTrigger::Streak { .. }
            | AchievementTrigger::Api { .. }
            | AchievementTrigger::Composite { .. }
            | AchievementTrigger::Anniversary { .. } => None,
        })
        .collect();
    reached.sort_by_key(|(value, _)| *value);
    reached.into_iter().map(|(_, id)| id).collect()
}

/// (C-ACH-07)
fn reached_by_streak(decision: &Decision<'_>) -> Vec<AchievementId> {
    let frequency = decision.catalog.streaks.current().frequency;
    let length_now = decision.state.streak.track(frequency).length();
    let mut reached: Vec<(u32, AchievementId)> = open(decision, Manner::Request)
        .filter_map(|(id, terms)| match &terms.trigger {
            AchievementTrigger::Streak { length } if *length <= length_now => Some((*length, id)),
            AchievementTrigger::Streak { .. }
            | AchievementTrigger::Metric { .. }
            | AchievementTrigger::Api { .. }
            | AchievementTrigger::Composite { .. }
            | AchievementTrigger::Anniversary { .. } => None,
        })
        .collect();
    reached.sort_by_key(|(length, _)| *length);
    reached.into_iter().map(|(_, id)| id).collect()
}
