//! A page that somebody watches: whether moves may have changed it, and what it shows now.
//!
//! A move costs a watch one comparison of ranks. Only if it may have changed the page is the watch
//! touched, and worth a look however many moves there were; a look reads the page and says whether it
//! is another one. When to look, and who is told, is the caller's.

use std::ops::RangeInclusive;
use std::sync::Arc;

use domain::ids::UserId;

use super::Board;
use super::page::{Filter, Row};
use super::shift::Shift;

/// Where the page starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// After so many participants. (C-LB-62)
    Offset(u64),
    /// So many places after a user. (C-LB-64)
    User {
        /// The user.
        user: UserId,
        /// How many places after them.
        offset: u64,
    },
}

/// A watched page and what it showed last.
#[derive(Clone, Debug)]
pub struct Watch {
    filter: Filter,
    start: Start,
    limit: u64,
    rows: Arc<[Row]>,
    /// The ranks that decide what is shown; none if any may.
    ranks: Option<RangeInclusive<u64>>,
    touched: bool,
}

impl Watch {
    /// Starts watching; [`Self::rows`] is what the page shows now.
    #[must_use]
    pub fn new(board: &Board, filter: Filter, start: Start, limit: u64) -> Self {
        let (rows, ranks, touched) = (Arc::default(), None, false);
        let mut watch = Self { filter, start, limit, rows, ranks, touched };
        watch.look(board);
        watch
    }

    /// What the last look found.
    #[must_use]
    pub fn rows(&self) -> &Arc<[Row]> {
        &self.rows
    }

    /// Takes note of a move.
    pub fn note(&mut self, shift: &Shift) {
        self.touched |= self.filter.matches(&shift.group) && self.concerns(shift);
    }

    /// Takes note of a change that may concern any page, as one of the limit.
    pub fn note_all(&mut self) {
        self.touched = true;
    }

    /// Whether there may be something new to see.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        self.touched
    }

    /// Looks at the page; whether it shows something else than at the last look.
    pub fn look(&mut self, board: &Board) -> bool {
        let selection = board.select(&self.filter);
        let (first, rows) = match &self.start {
            Start::Offset(offset) => {
                (Some(offset.saturating_add(1)), selection.rows(*offset, self.limit))
            }
            Start::User { user, offset } => {
                (selection.rank(user), selection.rows_from(user, *offset, self.limit))
            }
        };
        self.ranks = first.filter(|_| self.filter.group().is_some()).map(|first| {
            // From the user on, whose own rank decides, to the end of the page were it full.
            let offset = match &self.start {
                Start::Offset(_) => 0,
                Start::User { offset, .. } => *offset,
            };
            let length = offset.saturating_add(self.limit).saturating_sub(1);
            first..=first.saturating_add(length)
        });
        self.touched = false;
        let same = |(a, b): (&Row, &Row)| {
            (a.rank, &a.user, a.score.value) == (b.rank, &b.user, b.score.value)
        };
        let is_same = rows.len() == self.rows.len() && rows.iter().zip(&*self.rows).all(same);
        self.rows = rows.into();
        !is_same
    }

    /// Whether a move within a group that is shown may have changed the page.
    fn concerns(&self, shift: &Shift) -> bool {
        let Some(moved) = shift.rows() else { return false };
        // Ranks of one of several merged groups say nothing about the page's.
        self.ranks
            .as_ref()
            .is_none_or(|own| own.start() <= moved.end() && moved.start() <= own.end())
    }
}
