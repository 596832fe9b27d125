//! The one entry: decides a command in the contract's fixed order. (C-EVENT-05)

use std::collections::BTreeMap;

use super::decision::Decision;
use super::preferences;
use super::{
    Command, CompletionReply, EventReply, Existing, HistoryScores, HistorySum, MetricProgress,
    Outcome, ProfilePatch, Rejection, Reply, SubmitEvent, UserState,
};
use crate::catalog::{AchievementStatus, Catalog};
use crate::ids::{AchievementId, AttributeId, Scope, UserId};
use crate::rules::points::Occasion;
use crate::rules::{achievement, filters_match_user, leaderboard, metric, points, streak};
use crate::time::Timestamp;

/// What a decision depends on besides the user's state and the command.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Where the user lives.
    pub scope: Scope,
    /// Who it is.
    pub user: &'a UserId,
    /// The configuration the request is judged by.
    pub catalog: &'a Catalog,
    /// The one instant of the request.
    pub now: Timestamp,
    /// The sums that [`super::missing_sums`] asked for.
    pub sums: &'a [HistorySum],
    /// The scores that [`super::missing_scores`] asked for.
    pub scores: Option<&'a HistoryScores>,
    /// The number of this request, above that of every request decided before. (C-LB-37)
    pub order: u64,
    /// Progress of the event's metric counting only the events that carry one of its attribute
    /// values; a value without an earlier event is missing.
    pub by_attribute: &'a BTreeMap<AttributeId, MetricProgress>,
}

/// Decides one command to one user: everything due is settled first, then the command runs.
///
/// # Errors
/// A [`Rejection`] if the command is refused; then nothing of it, not even settlement, is kept.
pub fn apply(
    state: Option<&UserState>,
    input: Input<'_>,
    command: &Command,
) -> Result<Outcome, Rejection> {
    match command {
        Command::Settle => Ok(existing(state, input)?.finish(Reply::Settled)),
        Command::Identify { profile, existing } => identify(state, input, profile, *existing),
        Command::SubmitEvent(event) => submit_event(state, input, event),
        Command::CompleteAchievement { achievement, profile } => {
            complete(state, input, *achievement, profile)
        }
        Command::GrantFreezes { count } => grant_freezes(existing(state, input)?, *count),
        Command::CreatePause { start, end } => {
            let mut decision = existing(state, input)?;
            let pause = streak::create_pause(&mut decision, *start, *end)?;
            Ok(decision.finish(Reply::PauseCreated(pause)))
        }
        Command::DeletePause { id } => {
            let mut decision = existing(state, input)?;
            streak::delete_pause(&mut decision, *id)?;
            Ok(decision.finish(Reply::PauseDeleted(*id)))
        }
        Command::RestoreStreak { mode } => {
            let mut decision = existing(state, input)?;
            streak::restore(&mut decision, *mode)?;
            leaderboard::on_streak(&mut decision);
            Ok(decision.finish(Reply::StreakRestored))
        }
        Command::ResetStreak => {
            let mut decision = existing(state, input)?;
            streak::reset(&mut decision)?;
            leaderboard::on_streak(&mut decision);
            Ok(decision.finish(Reply::StreakReset))
        }
        Command::UpdatePreferences(patch) => {
            let mut decision = existing(state, input)?;
            preferences::update(&mut decision, patch)?;
            leaderboard::on_streak(&mut decision);
            Ok(decision.finish(Reply::PreferencesUpdated))
        }
    }
}

/// The settled user, who has to exist.
fn existing<'a>(state: Option<&UserState>, input: Input<'a>) -> Result<Decision<'a>, Rejection> {
    state.map(|state| Decision::resume(state, input)).ok_or(Rejection::UserNotFound)
}

/// The settled and updated user, created if unknown. (C-USER-03, C-USER-23)
fn identified<'a>(
    state: Option<&UserState>,
    input: Input<'a>,
    profile: &ProfilePatch,
) -> Result<Decision<'a>, Rejection> {
    match state {
        Some(state) => {
            let mut decision = Decision::resume(state, input);
            decision.update_profile(profile)?;
            Ok(decision)
        }
        None => {
            let mut decision = Decision::create(input, profile)?;
            streak::grant_initial_freezes(&mut decision);
            achievement::on_sign_up_date(&mut decision);
            points::on_user_creation(&mut decision);
            Ok(decision)
        }
    }
}

fn identify(
    state: Option<&UserState>,
    input: Input<'_>,
    profile: &ProfilePatch,
    policy: Existing,
) -> Result<Outcome, Rejection> {
    if state.is_none() && policy == Existing::Required {
        return Err(Rejection::UserNotFound);
    }
    let mut decision = identified(state, input, profile)?;
    points::conclude(&mut decision);
    Ok(decision.finish(Reply::Identified { created: state.is_none() }))
}

fn submit_event(
    state: Option<&UserState>,
    input: Input<'_>,
    event: &SubmitEvent,
) -> Result<Outcome, Rejection> {
    if state.is_some_and(|state| is_decided(state, event)) {
        return Ok(existing(state, input)?.finish(Reply::Settled));
    }
    if let Some(original) = event.replay_of {
        let reply = Reply::Replayed { event: original, metric: event.metric };
        return Ok(existing(state, input)?.finish(reply));
    }
    let mut decision = identified(state, input, &event.profile)?;
    points::guard(&decision, event, input.sums)?;
    let id = metric::record(&mut decision, event, input.sums, input.by_attribute)?;
    let streak_extended = streak::on_event(&mut decision, event.metric, event.value);
    achievement::on_event(&mut decision, event, streak_extended);
    points::on_event(&mut decision, event, streak_extended);
    let points = points::conclude(&mut decision);
    leaderboard::on_streak(&mut decision);
    if let Some(queued) = event.queued {
        decision.state.queue_place = Some(queued.place);
    }
    let reply = Reply::Event(EventReply {
        event: id,
        metric: event.metric,
        completed: decision.completed.clone(),
        streak_extended,
        points,
    });
    let mut outcome = decision.finish(reply);
    outcome.idempotency = event.idempotency_key.clone().map(|key| {
        let record = super::IdempotencyRecord { event: id, at: outcome.state.settled_at };
        (event.metric, key, record)
    });
    Ok(outcome)
}

/// Whether an event from the queue was decided before a crash that it is repeated after.
fn is_decided(state: &UserState, event: &SubmitEvent) -> bool {
    event.queued.is_some_and(|queued| state.queue_place >= Some(queued.place))
}

/// (C-ACH-20 to 23)
fn complete(
    state: Option<&UserState>,
    input: Input<'_>,
    id: AchievementId,
    profile: &ProfilePatch,
) -> Result<Outcome, Rejection> {
    let achievement = input.catalog.find_achievement(id).ok_or(Rejection::AchievementNotFound)?;
    if achievement.status() == AchievementStatus::Inactive {
        return Err(Rejection::AchievementNotFound);
    }
    let mut decision = identified(state, input, profile)?;
    let newly_completed = decision.state.find_completion(id).is_none();
    if newly_completed {
        if achievement.status() == AchievementStatus::Locked {
            return Err(Rejection::AchievementLocked);
        }
        if !filters_match_user(achievement.user_filters(), &decision.state) {
            return Err(Rejection::FiltersNotMet);
        }
        achievement::complete_by_call(&mut decision, id);
        let completed = decision.completed.clone();
        points::on_completions(&mut decision, &completed, Occasion::Request);
    }
    let points = points::conclude(&mut decision);
    let completion = decision.state.find_completion(id).expect("completed before or above").id;
    let reply = CompletionReply { completion, achievement: id, newly_completed, points };
    Ok(decision.finish(Reply::Completed(reply)))
}

fn grant_freezes(mut decision: Decision<'_>, count: u32) -> Result<Outcome, Rejection> {
    let granted = streak::grant_freezes(&mut decision, count)?;
    Ok(decision.finish(Reply::FreezesGranted { granted }))
}
