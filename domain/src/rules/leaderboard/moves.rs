//! The changes of scores that a decision collects.
//!
//! What is due and what the command does are kept apart, because the response compares ranks before
//! and after the command alone (C-LB-77). Inside either part only the first and the last value of a
//! score matter.

use std::collections::BTreeMap;

use crate::ids::LeaderboardId;
use crate::leaderboard::{MoveCause, ScoreMove, ScoreRecord};
use crate::time::Date;

/// Changes of scores so far.
#[derive(Debug, Default)]
pub(crate) struct ScoreMoves {
    moves: Vec<ScoreMove>,
    /// Places of this part's changes.
    places: BTreeMap<(LeaderboardId, Date), usize>,
    is_request: bool,
}

impl ScoreMoves {
    /// Ends the part of what was due.
    pub(crate) fn begin_request(&mut self) {
        self.places.clear();
        self.is_request = true;
    }

    /// Whether the command is being done, and no longer what was due.
    pub(super) fn is_request(&self) -> bool {
        self.is_request
    }

    /// Notes a change, joining it with an earlier one of the same part.
    pub(super) fn note(
        &mut self,
        (leaderboard, run): (LeaderboardId, Date),
        before: Option<ScoreRecord>,
        after: Option<ScoreRecord>,
    ) {
        if let Some(place) = self.places.get(&(leaderboard, run)) {
            self.moves[*place].after = after;
            return;
        }
        let cause = if self.is_request { MoveCause::Command } else { MoveCause::Due };
        self.places.insert((leaderboard, run), self.moves.len());
        self.moves.push(ScoreMove { cause, leaderboard, run, before, after });
    }

    /// The changes, those that were due first.
    pub(crate) fn into_vec(self) -> Vec<ScoreMove> {
        self.moves
    }
}
