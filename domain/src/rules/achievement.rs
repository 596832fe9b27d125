//! Completing achievements: metric, streak, then composites until nothing changes. (C-ACH)

use super::filters_match_user;
use crate::amount::Amount;
use crate::catalog::{Achievement, AchievementStatus, AchievementTrigger, all_match};
use crate::ids::{AchievementId, CompletionId};
use crate::user::decision::Decision;
use crate::user::{Completion, SignalKind, SubmitEvent};

/// Completes what an event completes, in response order. (C-EVENT-10)
pub(crate) fn on_event(decision: &mut Decision<'_>, event: &SubmitEvent, streak_extended: bool) {
    complete_metric(decision, event);
    if streak_extended {
        complete_streak(decision);
    }
    complete_composites(decision);
}

/// Completes an API achievement and the composites it unlocks. (C-ACH-20, C-ACH-23)
pub(crate) fn complete_by_call(decision: &mut Decision<'_>, achievement: AchievementId) {
    complete(decision, achievement);
    complete_composites(decision);
}

/// State-based: progress at or beyond the value after a matching event completes. (C-ACH-05)
fn complete_metric(decision: &mut Decision<'_>, event: &SubmitEvent) {
    let mut due: Vec<(Amount, AchievementId)> = open(decision)
        .filter_map(|achievement| match &achievement.trigger {
            AchievementTrigger::Metric { metric, value, event_filters, .. }
                if *metric == event.metric =>
            {
                let progress = if event_filters.is_empty() {
                    decision.state.total(*metric)
                } else {
                    let tracker = decision.state.trackers.get(&achievement.id.0)?;
                    all_match(event_filters, &event.attributes).then_some(tracker.sum)??
                };
                (progress >= *value).then_some((*value, achievement.id))
            }
            AchievementTrigger::Metric { .. }
            | AchievementTrigger::Streak { .. }
            | AchievementTrigger::Api { .. }
            | AchievementTrigger::Composite { .. } => None,
        })
        .collect();
    due.sort_by_key(|(value, _)| *value);
    due.into_iter().for_each(|(_, id)| complete(decision, id));
}

/// (C-ACH-07)
fn complete_streak(decision: &mut Decision<'_>) {
    let frequency = decision.catalog.streaks.current().frequency;
    let reached = decision.state.streak.track(frequency).length();
    let mut due: Vec<(u32, AchievementId)> = open(decision)
        .filter_map(|achievement| match &achievement.trigger {
            AchievementTrigger::Streak { length } if *length <= reached => {
                Some((*length, achievement.id))
            }
            AchievementTrigger::Streak { .. }
            | AchievementTrigger::Metric { .. }
            | AchievementTrigger::Api { .. }
            | AchievementTrigger::Composite { .. } => None,
        })
        .collect();
    due.sort_by_key(|(length, _)| *length);
    due.into_iter().for_each(|(_, id)| complete(decision, id));
}

/// Rounds of composites one of whose prerequisites was just completed and whose others are, until
/// a round completes nothing. (C-ACH-08)
fn complete_composites(decision: &mut Decision<'_>) {
    loop {
        let due: Vec<AchievementId> = open(decision)
            .filter(|achievement| match &achievement.trigger {
                AchievementTrigger::Composite { achievements } => {
                    achievements.iter().any(|id| decision.completed.contains(id))
                        && achievements.iter().all(|id| is_completed(decision, *id))
                }
                AchievementTrigger::Metric { .. }
                | AchievementTrigger::Streak { .. }
                | AchievementTrigger::Api { .. } => false,
            })
            .map(|achievement| achievement.id)
            .collect();
        if due.is_empty() {
            return;
        }
        due.into_iter().for_each(|id| complete(decision, id));
    }
}

/// The achievements this user can still complete, in creation order.
fn open<'d>(decision: &'d Decision<'_>) -> impl Iterator<Item = &'d Achievement> {
    decision.catalog.live_achievements().filter(|achievement| {
        achievement.status == AchievementStatus::Active
            && !is_completed(decision, achievement.id)
            && filters_match_user(&achievement.user_filters, &decision.state)
    })
}

fn is_completed(decision: &Decision<'_>, achievement: AchievementId) -> bool {
    decision.state.find_completion(achievement).is_some()
}

/// At most once, never taken back. (C-ACH-04)
fn complete(decision: &mut Decision<'_>, achievement: AchievementId) {
    let sequence = u64::try_from(decision.state.completions.len()).expect("fits");
    let id = CompletionId(decision.state.derived_id("completion", sequence));
    decision.state.completions.push(Completion { id, achievement, at: decision.now });
    decision.completed.push(achievement);
    decision.signal(decision.now, SignalKind::AchievementCompleted { achievement });
}
