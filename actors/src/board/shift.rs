//! Which part of a group's participants one move changed.
//!
//! A move takes one user out of one place of a group and puts them in at another, so everyone
//! between the two moves by one rank. Two places and the limit say it all; who they are is read from
//! the board only if somebody wants to know. (C-LB-81)

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use domain::ids::UserId;

use domain::leaderboard::Group;

/// How one move changed one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The group.
    pub group: Arc<Group>,
    /// The user's place before, from 0 and regardless of the limit; none if they weren't in it.
    pub(super) from: Option<u64>,
    /// The user's place afterwards, likewise.
    pub(super) to: Option<u64>,
    /// How many users are ranked afterwards, with those outside the limit.
    pub(super) len: u64,
    /// The participant limit.
    pub(super) limit: u64,
}

/// A user whose rank differs between two states of a group. (C-LB-81)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankChange {
    /// The user.
    pub user: UserId,
    /// The rank before; none for who did not take part.
    pub previous: Option<u64>,
    /// The rank afterwards; none for who does not take part any more.
    pub rank: Option<u64>,
}

impl Shift {
    /// The ranks at which somebody else stands now, or the same user with another score; none if
    /// all of it happened outside the limit. After an exit the last of them may be empty now.
    #[must_use]
    pub fn rows(&self) -> Option<RangeInclusive<u64>> {
        let (first, last) = match (self.from, self.to) {
            (Some(from), Some(to)) => (from.min(to), from.max(to)),
            // The last of those before the exit stood one place further back.
            (Some(from), None) => (from, self.len),
            (None, Some(to)) => (to, self.len - 1),
            (None, None) => return None,
        };
        (first < self.limit).then(|| first + 1..=last.min(self.limit - 1) + 1)
    }

    /// The moved user's rank before; none if they did not take part.
    #[must_use]
    pub fn previous_rank(&self) -> Option<u64> {
        rank(self.from, self.limit)
    }

    /// The moved user's rank now; none if they don't take part.
    #[must_use]
    pub fn rank(&self) -> Option<u64> {
        rank(self.to, self.limit)
    }

    /// The places at which others stand now who may have had another rank before: those between,
    /// as far as the one who was just pushed out.
    pub(super) fn others(&self) -> Range<u64> {
        let places = match (self.from, self.to) {
            (Some(from), Some(to)) if to < from => to + 1..from + 1,
            (Some(from), Some(to)) => from..to,
            (Some(from), None) => from..self.len,
            (None, Some(to)) => to + 1..self.len,
            (None, None) => 0..0,
        };
        places.start..places.end.min(self.limit + 1)
    }

    /// The ranks before and now of who stands at one of those places.
    pub(super) fn ranks_of_other(&self, place: u64) -> (Option<u64>, Option<u64>) {
        let moved_up = self.to.is_some_and(|to| to <= place);
        let before = if moved_up { place - 1 } else { place + 1 };
        (rank(Some(before), self.limit), rank(Some(place), self.limit))
    }
}

/// The rank at a place; none outside the limit. (C-LB-41)
pub(super) fn rank(place: Option<u64>, limit: u64) -> Option<u64> {
    place.filter(|place| *place < limit).map(|place| place + 1)
}
