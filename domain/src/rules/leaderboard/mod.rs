//! Scores: what events, awards and streaks do to the boards that count them. (C-LB-27 to C-LB-35)
//!
//! A score is kept in the user's snapshot as long as its run may change, and every change is told
//! as a [`crate::leaderboard::ScoreMove`], from which its row is written. Who is ranked where is not known here. When a
//! board has to be counted anew, its scores are read out of the user's history once, before
//! anything else of the decision happens.

mod moves;
mod recount;

use std::cmp::Ordering;
use std::collections::BTreeMap;

pub(crate) use moves::ScoreMoves;
pub(crate) use recount::recount;
pub use recount::{HistoryScores, MissingScores, every_score, missing_scores};

use super::streak::Passage;
use crate::amount::Amount;
use crate::catalog::{Leaderboard, Phase, RankBy};
use crate::ids::{AttributeId, LeaderboardId};
use crate::leaderboard::{Contribution, Group, Run, Score, ScoreRecord};
use crate::time::{Date, Timestamp};
use crate::user::UserState;
use crate::user::decision::Decision;

/// Runs end at noon of UTC, so a day of finalisations begins there. (C-LB-24)
const NOON_MS: i64 = 12 * 3_600_000;

/// Adds an event's value or an award to every board that ranks by it. (C-LB-28, C-LB-29)
pub(crate) fn on_value(decision: &mut Decision<'_>, rank_by: RankBy, contribution: &Contribution) {
    for board in boards_by(decision, rank_by) {
        let Some(run) = board.run_counting(contribution) else { continue };
        let before = decision.state.scores.get(&(board.id, run.start)).copied();
        let nothing = Score { value: Amount::ZERO, reached: contribution.at, order: 0 };
        let after = before.unwrap_or(nothing).plus(contribution);
        if contribution.value != Amount::ZERO {
            set(decision, board, run, Some(after));
        }
    }
}

/// The boards that rank by something. A board that does not rank any more counts what was due
/// before, and nothing that somebody asks for. (C-LB-11, C-LB-12)
fn boards_by<'a>(
    decision: &Decision<'a>,
    rank_by: RankBy,
) -> impl Iterator<Item = &'a Leaderboard> + use<'a> {
    let with_past = !decision.moves.is_request();
    decision
        .catalog
        .live_leaderboards()
        .filter(move |board| board.rank_by == rank_by && (with_past || board.phase == Phase::On))
}

/// Follows the streak after a request may have changed it; a longer one counts inside the window
/// only. (C-LB-30, C-LB-58)
pub(crate) fn on_streak(decision: &mut Decision<'_>) {
    let (now, time) = (decision.now, decision.zone().time_of_day(decision.now));
    follow(decision, now, decision.order, |board, _| board.window.contains(time).then_some(now));
}

/// Follows the streak after a new effective day: it may have been lost, and on a board's first date
/// what was reached before counts. (C-LB-30)
pub(crate) fn on_day(decision: &mut Decision<'_>, at: Timestamp, passage: Passage) {
    let day = decision.state.effective_day;
    let reached = extended_at(decision).unwrap_or(at);
    let order = match passage {
        Passage::Midnight | Passage::NewRules => 0,
        Passage::Travel => decision.order,
    };
    follow(decision, at, order, |_, run| (run.start == day).then_some(reached));
}

/// Sets the score of every board of streaks that is open to the user to the streak's length, if it
/// is shorter, or if `counts` says since when the longer one counts.
fn follow(
    decision: &mut Decision<'_>,
    at: Timestamp,
    order: u64,
    counts: impl Fn(&Leaderboard, Run) -> Option<Timestamp>,
) {
    let mut boards = boards_by(decision, RankBy::Streak).peekable();
    if boards.peek().is_none() {
        return;
    }
    let length = Amount::from(i64::from(length(decision)));
    for board in boards {
        let run = board.runs.run_of(decision.state.effective_day);
        let Some(run) = run.filter(|run| board.counts_in(*run, at)) else { continue };
        let before = decision.state.scores.get(&(board.id, run.start));
        let reached = match length.cmp(&before.map_or(Amount::ZERO, |score| score.value)) {
            Ordering::Less => Some(at),
            Ordering::Equal => None,
            Ordering::Greater => counts(board, run),
        };
        if let Some(reached) = reached {
            let score = Score { value: length, reached, order };
            set(decision, board, run, (length > Amount::ZERO).then_some(score));
        }
    }
}

/// When a board of streaks begins for a user who has one already. (C-LB-30)
pub(crate) fn first_date(decision: &Decision<'_>) -> Option<Date> {
    let day = decision.state.effective_day;
    let starts = decision.catalog.live_leaderboards().filter_map(|board| {
        let waits = board.rank_by == RankBy::Streak && board.phase == Phase::On;
        (waits && board.runs.start > day).then_some(board.runs.start)
    });
    starts.min().filter(|_| length(decision) > 0)
}

/// The streak as it is shown. (C-STREAK-16)
fn length(decision: &Decision<'_>) -> u32 {
    let settings = decision.current_streaks();
    if settings.enabled { decision.state.streak.track(settings.frequency).length() } else { 0 }
}

fn extended_at(decision: &Decision<'_>) -> Option<Timestamp> {
    let frequency = decision.current_streaks().frequency;
    decision.state.streak.track(frequency).extended_at
}

/// Moves open scores to the groups of the user's new attributes. (C-LB-47, C-LB-49)
pub(crate) fn regroup(decision: &mut Decision<'_>, before: &BTreeMap<AttributeId, String>) {
    if *before == decision.state.profile.attributes {
        return;
    }
    let catalog = decision.catalog;
    let split = catalog
        .live_leaderboards()
        .filter(|board| !(board.user_filters.is_empty() && board.breakdown.is_empty()));
    for board in split {
        let old = Group::of(board, before);
        let new = Group::of(board, &decision.state.profile.attributes);
        if old == new {
            continue;
        }
        for (run, score) in scores_of(&decision.state, board.id) {
            if board.run_from(run).is_some_and(|run| !board.is_final(run, decision.now)) {
                let record = |group: &Option<Group>| ScoreRecord { score, group: group.clone() };
                decision.moves.note((board.id, run), Some(record(&old)), Some(record(&new)));
            }
        }
    }
}

/// Drops the scores that can't change any more; their rows stay. Runs end by themselves once a
/// day, so it is enough to look once in each.
pub(crate) fn forget_finalised(decision: &mut Decision<'_>) {
    let day = |at: Timestamp| at.plus_millis(-NOON_MS).utc_date();
    if decision.state.scores.is_empty() || day(decision.state.settled_at) == day(decision.now) {
        return;
    }
    let (catalog, now) = (decision.catalog, decision.now);
    decision.state.scores.retain(|(id, start), _| {
        // A deleted board may be restored: the next count has to know whom it counted.
        let board = catalog.leaderboards.iter().find(|board| board.id == *id);
        let Some(board) = board else { return false };
        // The dates of a board that is switched off may change: the next count drops what is left
        // of a run that is none any more.
        match board.run_from(*start) {
            Some(run) => !board.is_final(run, now),
            None => board.phase == Phase::Off,
        }
    });
}

/// Replaces one score.
fn set(decision: &mut Decision<'_>, board: &Leaderboard, run: Run, after: Option<Score>) {
    let key = (board.id, run.start);
    decision.state.order = decision.state.order.max(after.map_or(0, |score| score.order));
    let before = match after {
        Some(score) => decision.state.scores.insert(key, score),
        None => decision.state.scores.remove(&key),
    };
    let group = Group::of(board, &decision.state.profile.attributes);
    let record = |score| ScoreRecord { score, group: group.clone() };
    decision.moves.note(key, before.map(record), after.map(record));
}

/// The scores of one board by the first dates of their runs.
fn scores_of(state: &UserState, board: LeaderboardId) -> Vec<(Date, Score)> {
    let own = state.scores.range((board, Date::MIN)..).take_while(|((id, _), _)| *id == board);
    own.map(|((_, run), score)| (*run, *score)).collect()
}
