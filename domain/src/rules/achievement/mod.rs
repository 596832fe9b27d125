//! Completing achievements, and the composites that others unlock. (C-ACH)
//!
//! What completes when is told apart in the files below: by a request, when an anniversary falls
//! due, by a review of existing users. How it is done is the same for all and is here, down to
//! which terms are asked: those of the request, or those that held at the instant.

mod anniversary;
mod live;
mod review;

pub(crate) use anniversary::{complete_due, complete_travelled, on_sign_up_date};
pub(crate) use live::{complete_by_call, on_event};
pub(crate) use review::{review_up_to, take_over};

use super::filters_match_user;
use super::points::{Occasion, on_completions};
use crate::catalog::{Achievement, AchievementTerms};
use crate::ids::{AchievementId, CompletionId};
use crate::time::Timestamp;
use crate::user::decision::Decision;
use crate::user::{Completion, SignalKind};

/// The first instant after `settled` at which an anniversary or a review may complete something.
pub(crate) fn next_due(decision: &Decision<'_>, settled: Timestamp) -> Option<Timestamp> {
    let anniversary = anniversary::next_due(decision, settled);
    anniversary.into_iter().chain(review::next_due(decision)).min()
}

/// How something comes to be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// By the request being decided, which answers with it and pays for it.
    Request,
    /// Now, but not by what the request asks for: told and paid on its own.
    Passing,
    /// It fell due at this instant: told and paid on its own.
    Due(Timestamp),
    /// Now, but its day was over before anyone knew: nobody is told. (C-ACH-10)
    Belated,
    /// By a review of existing users at this instant, with its number: nobody is told. (C-ACH-19)
    Reviewed(Timestamp, u64),
}

impl Manner {
    fn terms(self, achievement: &Achievement) -> &AchievementTerms {
        match self {
            Self::Request | Self::Passing | Self::Belated => achievement.terms.current(),
            Self::Due(at) => achievement.terms.before(at),
            Self::Reviewed(at, number) => achievement.terms_at_review(at, number),
        }
    }
}

/// Completes `first`, then rounds of composites one of whose prerequisites was just completed and
/// whose others are, until a round completes nothing; pays what is not the request's own.
/// (C-ACH-08)
fn complete_all(decision: &mut Decision<'_>, first: Vec<AchievementId>, manner: Manner) {
    let mut completed = Vec::new();
    let mut next = first;
    while !next.is_empty() {
        for id in next {
            complete(decision, id, manner);
            completed.push(id);
        }
        let unlocked = |(_, terms): &(AchievementId, &AchievementTerms)| {
            let prerequisites = terms.trigger.prerequisites();
            prerequisites.iter().any(|id| completed.contains(id))
                && prerequisites.iter().all(|id| is_completed(decision, *id))
        };
        next = open(decision, manner).filter(unlocked).map(|(id, _)| id).collect();
    }
    match manner {
        Manner::Request => decision.completed.extend(completed),
        Manner::Passing => on_completions(decision, &completed, Occasion::Moved),
        Manner::Due(at) => on_completions(decision, &completed, Occasion::Due(at)),
        Manner::Belated | Manner::Reviewed(..) => {}
    }
}

/// The achievements this user can still complete, with the terms they go by, in creation order.
fn open<'d>(
    decision: &'d Decision<'_>,
    manner: Manner,
) -> impl Iterator<Item = (AchievementId, &'d AchievementTerms)> {
    let all = decision.catalog.achievements.iter();
    all.map(move |achievement| (achievement.id, manner.terms(achievement))).filter(|(id, terms)| {
        terms.is_open()
            && !is_completed(decision, *id)
            && filters_match_user(&terms.user_filters, &decision.state)
    })
}

fn is_completed(decision: &Decision<'_>, achievement: AchievementId) -> bool {
    decision.state.find_completion(achievement).is_some()
}

/// At most once, never taken back. (C-ACH-04)
fn complete(decision: &mut Decision<'_>, achievement: AchievementId, manner: Manner) {
    let at = match manner {
        Manner::Request | Manner::Passing | Manner::Belated => decision.now,
        Manner::Due(at) | Manner::Reviewed(at, _) => at,
    };
    let sequence = u64::try_from(decision.state.completions.len()).expect("fits");
    let id = CompletionId(decision.state.derived_id("completion", sequence));
    decision.state.completions.push(Completion { id, achievement, at });
    match manner {
        Manner::Request | Manner::Passing | Manner::Due(_) => {
            decision.signal(at, SignalKind::AchievementCompleted { achievement });
        }
        Manner::Belated | Manner::Reviewed(..) => decision.must_commit(),
    }
}
