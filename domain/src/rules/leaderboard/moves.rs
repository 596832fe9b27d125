//! The changes of scores that a decision collects.
//!
//! What is due and what the command does are kept apart, because the response compares ranks before
//! and after the command alone (C-LB-77). Inside either part only the first and the last value of a
//! score matter.

use std::collections::BTreeMap;

use crate::ids::LeaderboardId;
use crate::leaderboard::ScoreMove;
use crate::time::Date;

/// Changes of scores so far.
#[derive(Debug, Default)]
pub(crate) struct ScoreMoves {
    moves: Vec<ScoreMove>,
    /// Places of this part's changes.
    places: BTreeMap<(LeaderboardId, Date), usize>,
}

impl ScoreMoves {
    /// Ends the part of what was due.
    pub(crate) fn begin_request(&mut self) {
        self.places.clear();
    }

    /// Notes a change, joining it with an earlier one of the same part.
    pub(super) fn note(&mut self, change: ScoreMove) {
        let key = (change.leaderboard, change.run);
        match self.places.get(&key) {
            Some(place) => self.moves[*place].after = change.after,
            None => {
                self.places.insert(key, self.moves.len());
                self.moves.push(change);
            }
        }
    }

    /// The changes, those that were due first.
    pub(crate) fn into_vec(self) -> Vec<ScoreMove> {
        self.moves
    }
}
