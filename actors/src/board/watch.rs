//! A page that somebody watches: which of its rows changed between two looks.
//!
//! A move costs a watch one comparison of ranks. Only if it may have changed the page does the watch
//! become due, and it looks at most once per interval however many moves there are; a look reads the
//! page and compares it with the last. Who is told, and when, is the caller's.

use std::ops::RangeInclusive;

use domain::ids::UserId;
use domain::time::Timestamp;

use super::Board;
use super::page::{Filter, Row};
use super::shift::Shift;

/// Between two looks at the same page: at most four per second.
const INTERVAL_MS: i64 = 250;

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
    rows: Vec<Row>,
    /// The ranks that decide what is shown; none if any may.
    ranks: Option<RangeInclusive<u64>>,
    touched: bool,
    looked_at: Timestamp,
}

/// What a look found different from the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Who stands now at ranks that were not on the page, or had another user or value.
    pub rows: Vec<Row>,
    /// Ranks that were on the page and are not any more.
    pub gone: Vec<u64>,
}

impl Changes {
    /// Whether the page is as before.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.gone.is_empty()
    }
}

impl Watch {
    /// Starts watching; [`Self::rows`] is what the page shows now.
    #[must_use]
    pub fn new(board: &Board, filter: Filter, start: Start, limit: u64, now: Timestamp) -> Self {
        let (rows, ranks, touched) = (Vec::new(), None, false);
        let mut watch = Self { filter, start, limit, rows, ranks, touched, looked_at: now };
        watch.look(board, now);
        watch
    }

    /// What the last look found.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
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

    /// When it should look again; none as long as there is nothing new to see.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.touched.then(|| self.looked_at.plus_millis(INTERVAL_MS))
    }

    /// Looks at the page and answers what has changed since the last look.
    pub fn look(&mut self, board: &Board, now: Timestamp) -> Changes {
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
        (self.touched, self.looked_at) = (false, now);
        let before = std::mem::replace(&mut self.rows, rows);
        difference(&before, &self.rows)
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

fn difference(before: &[Row], after: &[Row]) -> Changes {
    let find = |rows: &[Row], rank: u64| {
        let first = rows.first()?.rank;
        rows.get(usize::try_from(rank.checked_sub(first)?).ok()?).cloned()
    };
    let same = |own: &Row| {
        find(before, own.rank)
            .is_some_and(|old| old.user == own.user && old.score.value == own.score.value)
    };
    let rows = after.iter().filter(|own| !same(own)).cloned().collect();
    let gone = before.iter().map(|own| own.rank).filter(|rank| find(after, *rank).is_none());
    Changes { rows, gone: gone.collect() }
}
