//! Reading a board: pages of one group, or of several merged as if they were one. (C-LB-50 to
//! C-LB-54, C-LB-62 to C-LB-65)
//!
//! A merged ranking isn't kept; it has the participants of its groups in the common order. The start
//! of a page is found by halving all groups at once, so a page far down costs no more than the first.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use domain::ids::UserId;

use super::groups::Ranked;
use super::record::Key;
use super::users::Users;
use super::{Board, takes_part};
use domain::leaderboard::{Group, Score};

/// Which groups: per breakdown attribute, in their configured order, the value that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(pub Vec<Option<String>>);

impl Filter {
    /// The one group that has all values, if all are given.
    #[must_use]
    pub fn group(&self) -> Option<Group> {
        self.0.iter().cloned().collect::<Option<_>>().map(Group)
    }

    /// Whether a group is one of those asked for.
    #[must_use]
    pub fn matches(&self, group: &Group) -> bool {
        let mut pairs = self.0.iter().zip(&group.0);
        pairs.all(|(asked, value)| asked.as_ref().is_none_or(|asked| asked == value))
    }
}

/// A participant. (C-LB-62)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// From 1, among the groups asked for.
    pub rank: u64,
    /// Who it is.
    pub user: UserId,
    /// What they scored.
    pub score: Score,
}

/// The groups of a board that somebody asks for.
#[derive(Debug)]
pub struct Selection<'a> {
    board: &'a Board,
    groups: Vec<&'a Ranked>,
}

impl Board {
    /// The groups that match. With all values given, finding the group takes no time; otherwise all
    /// groups are looked at. (C-LB-53)
    #[must_use]
    pub fn select(&self, filter: &Filter) -> Selection<'_> {
        let groups = match filter.group() {
            Some(group) => self.groups.find(&group).into_iter().collect(),
            None => self.groups.iter().filter(|ranked| filter.matches(&ranked.name)).collect(),
        };
        Selection { board: self, groups }
    }

    /// All participants, group by group in no particular order of groups, each in rank order.
    ///
    /// Each step is short; all of them take as long as there are participants.
    pub fn participants(
        &self,
    ) -> impl Iterator<Item = (&Group, impl Iterator<Item = Row> + use<'_>)> {
        self.groups.iter().map(|ranked| {
            let keys = (1..=self.limit).zip(ranked.ranking.from(0));
            (&*ranked.name, keys.map(|(rank, key)| self.row(rank, key)))
        })
    }

    fn row(&self, rank: u64, key: &Key) -> Row {
        let score = self.users.record(key.user).score();
        Row { rank, user: self.users.id(key.user), score }
    }
}

impl Selection<'_> {
    /// How many participants there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.groups.iter().map(|ranked| self.participants_of(ranked)).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A user's rank among these groups; none if they don't take part in one of them. (C-LB-65)
    #[must_use]
    pub fn rank(&self, user: &UserId) -> Option<u64> {
        let users = &self.board.users;
        let user = users.find(user)?;
        let record = users.record(user);
        if !takes_part(record) {
            return None;
        }
        let (own, key) = (self.board.groups.at(record.group), record.key(user));
        let selected = self.groups.iter().any(|ranked| std::ptr::eq(*ranked, own));
        let takes_part = selected && self.board.before(own, &key) < self.board.limit;
        takes_part.then(|| self.groups.iter().map(|own| self.before(own, &key)).sum::<u64>() + 1)
    }

    /// The participants from the place `offset` on, counted from 0, at most `limit`. (C-LB-62)
    #[must_use]
    pub fn rows(&self, offset: u64, limit: u64) -> Vec<Row> {
        if offset >= self.len() || limit == 0 {
            return Vec::new();
        }
        let heads = self.groups.iter().zip(self.starts(offset)).map(|(ranked, start)| {
            let count = self.participants_of(ranked).saturating_sub(start);
            let keys = ranked.ranking.from(start);
            (count, keys)
        });
        // Only groups with somebody left get into the heap.
        let mut heap: BinaryHeap<_> = heads
            .filter_map(|(count, mut rest)| {
                let users = &self.board.users;
                let count = count.checked_sub(1)?;
                rest.next().map(|next| Head { users, next, count, rest })
            })
            .collect();
        let mut rows = Vec::new();
        for rank in (offset + 1..).take(usize::try_from(limit).unwrap_or(usize::MAX)) {
            let Some(Head { users, next, count, mut rest }) = heap.pop() else { break };
            rows.push(self.board.row(rank, next));
            if let Some((count, next)) = count.checked_sub(1).zip(rest.next()) {
                heap.push(Head { users, next, count, rest });
            }
        }
        rows
    }

    /// The page that starts `offset` places after a user. (C-LB-64)
    #[must_use]
    pub fn rows_from(&self, user: &UserId, offset: u64, limit: u64) -> Vec<Row> {
        self.rank(user)
            .map_or_else(Vec::new, |rank| self.rows((rank - 1).saturating_add(offset), limit))
    }

    fn participants_of(&self, ranked: &Ranked) -> u64 {
        ranked.ranking.len().min(self.board.limit)
    }

    /// How many participants of a group stand before a place.
    fn before(&self, ranked: &Ranked, key: &Key) -> u64 {
        self.board.before(ranked, key).min(self.board.limit)
    }

    /// How many of each group are among the first `place` of all of them together.
    ///
    /// Of each group some are known to be among them, and some known not to be. The middle one of the
    /// group about which least is known divides all groups, and one of the two sides becomes known.
    fn starts(&self, place: u64) -> Vec<u64> {
        let mut known: Vec<u64> = vec![0; self.groups.len()];
        let mut end: Vec<u64> = self.groups.iter().map(|own| self.participants_of(own)).collect();
        if self.groups.len() == 1 {
            return vec![place.min(end[0])];
        }
        while known.iter().sum::<u64>() < place {
            let widest = (0..known.len()).max_by_key(|own| end[*own] - known[*own]);
            let widest = widest.expect("places are of participants");
            let middle = known[widest] + (end[widest] - known[widest]) / 2;
            let key = self.groups[widest].ranking.at(middle).expect("within the group");
            let before: Vec<u64> = self.groups.iter().map(|own| self.before(own, key)).collect();
            if before.iter().sum::<u64>() < place {
                known = before;
                // The middle one itself is among them.
                known[widest] += 1;
            } else {
                end = before;
            }
        }
        known
    }
}

/// A group while it is merged: its next participant, and how many come after.
struct Head<'a, I> {
    users: &'a Users,
    next: &'a Key,
    count: u64,
    rest: I,
}

/// The greatest is who stands before the others.
impl<I> Ord for Head<'_, I> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.users.order(other.next, self.next)
    }
}

impl<I> PartialOrd for Head<'_, I> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<I> PartialEq for Head<'_, I> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<I> Eq for Head<'_, I> {}
