//! Scores from history: for boards that were switched on or rescheduled after the user was last
//! looked at. (C-LB-12, C-LB-27)
//!
//! [`missing_scores`] says which boards need it, whoever runs the command reads the user's rows
//! newest first into a [`HistoryScores`], and the decision begins with them. A user whose number is
//! that of the catalog has nothing to catch up with, which is one comparison.

use std::collections::BTreeMap;

use super::{extended_at, length, set};
use crate::amount::Amount;
use crate::catalog::{Catalog, Leaderboard, RankBy, Recount};
use crate::ids::{LeaderboardId, PointsSystemId};
use crate::leaderboard::{Contribution, Run, Score};
use crate::time::{Date, Timestamp};
use crate::user::decision::Decision;
use crate::user::{AwardRecord, EventRecord, UserState};

/// Boards whose scores have to be read out of the user's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingScores {
    boards: Vec<Missing>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Missing {
    board: Leaderboard,
    /// The first run that counts: those before it were final when the demand was made.
    from: Run,
}

/// Scores that were read out of the user's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryScores {
    missing: MissingScores,
    scores: BTreeMap<(LeaderboardId, Date), Score>,
}

/// What has to be read before the next decision about the user; none if nothing has.
#[must_use]
pub fn missing_scores(state: &UserState, catalog: &Catalog) -> Option<MissingScores> {
    let boards: Vec<_> = demands(catalog, state.recounted)
        .filter(|(board, _)| match board.rank_by {
            RankBy::Metric(metric) => state.metrics.contains_key(&metric),
            RankBy::Points(system) => state.points.contains_key(&system),
            RankBy::Streak => false,
        })
        .filter_map(|(board, recount)| {
            let from = board.runs.earliest_unfinalised(recount.at)?;
            Some(Missing { board: board.clone(), from })
        })
        .collect();
    (!boards.is_empty()).then_some(MissingScores { boards })
}

/// Begins to count everything that boards count of events and awards, for whoever verifies scores:
/// all runs that the latest count of their board found open.
#[must_use]
pub fn every_score(catalog: &Catalog) -> HistoryScores {
    let counted = catalog.live_leaderboards().filter_map(|board| {
        let from = board.runs.earliest_unfinalised(board.recounts.last()?.at)?;
        (board.rank_by != RankBy::Streak).then(|| Missing { board: board.clone(), from })
    });
    MissingScores { boards: counted.collect() }.count()
}

/// The boards that a user who caught up with `known` has yet to be counted on.
fn demands(catalog: &Catalog, known: u64) -> impl Iterator<Item = (&Leaderboard, Recount)> {
    let boards = (known < catalog.recounts).then(|| catalog.live_leaderboards());
    boards.into_iter().flatten().filter_map(move |board| Some((board, board.recount_after(known)?)))
}

impl MissingScores {
    /// Whether any board counts events.
    #[must_use]
    pub fn needs_events(&self) -> bool {
        self.boards.iter().any(|missing| matches!(missing.board.rank_by, RankBy::Metric(_)))
    }

    /// The points systems whose awards some board counts.
    #[must_use]
    pub fn systems(&self) -> Vec<PointsSystemId> {
        let systems = self.boards.iter().filter_map(|missing| match missing.board.rank_by {
            RankBy::Points(system) => Some(system),
            RankBy::Metric(_) | RankBy::Streak => None,
        });
        let mut systems: Vec<_> = systems.collect();
        systems.sort_unstable();
        systems.dedup();
        systems
    }

    /// Rows before this instant count on no board.
    #[must_use]
    pub fn from(&self) -> Timestamp {
        let openings = self.boards.iter().map(|missing| missing.from.opens_at());
        openings.min().unwrap_or(Timestamp::from_millis(i64::MAX))
    }

    /// Begins to count.
    #[must_use]
    pub fn count(self) -> HistoryScores {
        HistoryScores { missing: self, scores: BTreeMap::new() }
    }
}

impl HistoryScores {
    /// Rows before this instant count on no board.
    #[must_use]
    pub fn from(&self) -> Timestamp {
        self.missing.from()
    }

    /// What was counted, by board and first date of the run.
    #[must_use]
    pub fn scores(&self) -> &BTreeMap<(LeaderboardId, Date), Score> {
        &self.scores
    }

    /// Whether scores of this board in the run that begins on a date are counted.
    #[must_use]
    pub fn covers(&self, leaderboard: LeaderboardId, run: Date) -> bool {
        let mut boards = self.missing.boards.iter();
        boards.any(|missing| {
            missing.board.id == leaderboard
                && run >= missing.from.start
                && missing.board.run_from(run).is_some()
        })
    }

    /// Counts an event; the latest has to come first.
    pub fn add_event(&mut self, event: &EventRecord) {
        self.add(RankBy::Metric(event.metric), &Contribution::from(event));
    }

    /// Counts an award; the latest of a system has to come first.
    pub fn add_award(&mut self, system: PointsSystemId, award: &AwardRecord) {
        self.add(RankBy::Points(system), &Contribution::from(award));
    }

    fn add(&mut self, rank_by: RankBy, contribution: &Contribution) {
        if contribution.value == Amount::ZERO {
            return;
        }
        for Missing { board, from } in &self.missing.boards {
            let run = board.run_counting(contribution).filter(|_| board.rank_by == rank_by);
            let Some(run) = run.filter(|run| run.start >= from.start) else { continue };
            // The first seen is the latest, and so when the value was reached.
            let nothing =
                Score { value: Amount::ZERO, reached: contribution.at, order: contribution.order };
            let score = self.scores.entry((board.id, run.start)).or_insert(nothing);
            score.value += contribution.value;
        }
    }
}

/// Puts the scores that were read in the place of those the user had. What the streak was when they
/// were last looked at counts whatever the window says: nobody knows when it was reached in which.
pub(crate) fn recount(decision: &mut Decision<'_>, read: Option<&HistoryScores>) {
    let catalog = decision.catalog;
    let known = decision.state.recounted;
    if known != catalog.recounts {
        decision.state.recounted = catalog.recounts;
        decision.must_commit();
    }
    for (board, recount) in demands(catalog, known) {
        let mut scores: BTreeMap<Run, Score> = match board.rank_by {
            RankBy::Metric(_) | RankBy::Points(_) => {
                let read = read.into_iter().flat_map(|read| &read.scores);
                let own = read.filter(|((id, _), _)| *id == board.id);
                own.filter_map(|((_, start), score)| Some((board.run_from(*start)?, *score)))
                    .collect()
            }
            RankBy::Streak => streak_score(decision, board, recount).into_iter().collect(),
        };
        for (start, _) in super::scores_of(&decision.state, board.id) {
            match board.run_from(start) {
                Some(run) if keeps(board, run, recount) => {}
                Some(run) => {
                    let new = scores.remove(&run);
                    set(decision, board, run, new);
                }
                None => set(decision, board, Run { start, end: None }, None),
            }
        }
        for (run, score) in scores {
            set(decision, board, run, Some(score));
        }
    }
}

/// Whether a run was final before the demand was made: then it stays as it is.
fn keeps(board: &Leaderboard, run: Run, recount: Recount) -> bool {
    board.runs.earliest_unfinalised(recount.at).is_none_or(|from| run.start < from.start)
}

fn streak_score(
    decision: &Decision<'_>,
    board: &Leaderboard,
    recount: Recount,
) -> Option<(Run, Score)> {
    let run = board.runs.run_of(decision.state.effective_day)?;
    let length = length(decision);
    let reached = extended_at(decision).unwrap_or(recount.at);
    let score = Score { value: Amount::from(i64::from(length)), reached, order: 0 };
    (length > 0).then_some((run, score))
}
