//! Backdating: users who exist when terms come into force are judged by them. (C-ACH-16 to 19)
//!
//! A review is settlement like any other: it falls due at the instant of the terms and is judged by
//! what the user had reached by then. So it is the same whether a background walk, a request or
//! nobody for a long time looks at the user.

use super::{Manner, anniversary, complete_all, is_completed};
use crate::catalog::{Achievement, AchievementTerms, AchievementTrigger, Review};
use crate::rules::filters_match_user;
use crate::rules::tracker::known_sum;
use crate::time::Timestamp;
use crate::user::decision::Decision;

/// The instant of the first review that the user still needs.
pub(super) fn next_due(decision: &Decision<'_>) -> Option<Timestamp> {
    next(decision).map(|(_, (at, ..))| at)
}

/// Judges the user by everything that came into force up to `until`, oldest first.
pub(crate) fn review_up_to(decision: &mut Decision<'_>, until: Timestamp) {
    while let Some((achievement, (at, terms, review))) = next(decision)
        && at <= until
    {
        decision.state.reviewed = review.number;
        if qualifies(decision, achievement, terms, review) {
            complete_all(decision, vec![achievement.id], Manner::Reviewed(at, review.number));
        }
    }
}

/// Notes that the user was judged by everything the catalog holds, unless something of it is yet
/// to come.
pub(crate) fn take_over(decision: &mut Decision<'_>) {
    if next(decision).is_none() {
        decision.state.reviewed = decision.state.reviewed.max(decision.catalog.review);
    }
}

/// The first review that the user still needs.
fn next<'a>(
    decision: &Decision<'a>,
) -> Option<(&'a Achievement, (Timestamp, &'a AchievementTerms, Review))> {
    let done = decision.state.reviewed;
    if done >= decision.catalog.review {
        return None;
    }
    let all = decision.catalog.achievements.iter();
    all.filter_map(|own| Some((own, own.reviews_after(done).next()?)))
        .min_by_key(|(_, (_, _, review))| review.number)
}

/// (C-ACH-18)
fn qualifies(
    decision: &Decision<'_>,
    achievement: &Achievement,
    terms: &AchievementTerms,
    review: Review,
) -> bool {
    let state = &decision.state;
    if is_completed(decision, achievement.id) || !filters_match_user(&terms.user_filters, state) {
        return false;
    }
    match &terms.trigger {
        AchievementTrigger::Metric { metric, value, event_filters } => {
            let progress = if event_filters.is_empty() {
                state.total(*metric)
            } else {
                known_sum(state, achievement.id.0, terms.revision, decision.sums)
            };
            progress >= *value
        }
        AchievementTrigger::Streak { length } => {
            state.streak.track(review.frequency).longest >= *length
        }
        AchievementTrigger::Api { .. } => false,
        AchievementTrigger::Composite { achievements } => {
            achievements.iter().all(|id| is_completed(decision, *id))
        }
        AchievementTrigger::Anniversary { .. } => state
            .profile
            .sign_up_on
            .and_then(|signed_up| anniversary::date_of(terms, signed_up))
            .is_some_and(|date| date <= state.effective_day),
    }
}
