//! One run of a leaderboard in memory: every score, ranked within its group. (C-LB-36 to C-LB-54)
//!
//! A [`Board`] is a plain structure: scores go in as they change, and each [`Move`] answers ranks,
//! threshold and which ranks it touched, in O(log n). Participants are the first of each group up to
//! the limit; scores outside it are kept, so who re-enters because others fall needs no care.
//!
//! It knows nothing of actors, stored rows, catalogs or the clock, and everything in it can be built
//! again from the scores. No call but the ones that say so takes longer than some microseconds at
//! any size. Dropping millions of scores does take its time (0.1 s and more): do it where nobody
//! waits. Memory per score: docs/decisions/0013.

mod groups;
mod page;
mod record;
mod shift;
mod touched;
mod users;
mod watch;

use std::sync::Arc;

use domain::ids::UserId;
use domain::leaderboard::threshold;

use crate::ranking::Ranking;
use groups::{Groups, NO_GROUP, Ranked};
use record::{Key, Record};
use users::Users;

pub use domain::leaderboard::{Group, Score};
pub use page::{Filter, Row, Selection};
pub use shift::{RankChange, Shift};
pub use touched::{Noted, Touched};
pub use watch::{Start, Watch};

/// A run's scores and rankings.
#[derive(Debug)]
pub struct Board {
    users: Users,
    groups: Groups,
    limit: u64,
}

/// What is known of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The score, also of who does not take part.
    pub score: Score,
    /// The group; none if the user is in none.
    pub group: Option<Arc<Group>>,
    /// The rank, from 1; none if the user does not take part.
    pub rank: Option<u64>,
}

/// What one change of one user's score or group did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The score before.
    pub before: Option<Score>,
    /// The score now.
    pub after: Option<Score>,
    /// The rank before, in the group of then; none if the user did not take part.
    pub previous_rank: Option<u64>,
    /// The rank now.
    pub rank: Option<u64>,
    /// What it takes to get into the user's group now, or back into the one that their score was
    /// taken out of; none if they are in none. (C-LB-44)
    pub threshold: Option<i64>,
    /// What it changed in the group the user left.
    pub left: Option<Shift>,
    /// What it changed in the group the user entered or moved within.
    pub entered: Option<Shift>,
}

impl Move {
    /// What changed, per group.
    pub fn shifts(&self) -> impl Iterator<Item = &Shift> {
        self.left.iter().chain(&self.entered)
    }

    /// The group the user was ranked in before; none if they were in no ranking, or if nothing moved.
    #[must_use]
    pub fn previous_group(&self) -> Option<&Group> {
        self.shifts().find(|shift| shift.from.is_some()).map(|shift| &*shift.group)
    }
}

impl Board {
    /// A board without scores, whose groups have up to `limit` participants.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self { users: Users::default(), groups: Groups::default(), limit }
    }

    /// A board of all these scores, the last one of a user who is given twice; several times faster
    /// than moving them in one by one. Takes as long as that takes, and while it lasts some 50 bytes
    /// per score more than the board.
    #[must_use]
    pub fn build(
        limit: u64,
        scores: impl IntoIterator<Item = (UserId, Score, Option<Group>)>,
    ) -> Self {
        let mut board = Self::new(limit);
        let scores = scores.into_iter();
        board.users.reserve(scores.size_hint().0);
        for (user, score, group) in scores {
            board.record(&user, score, group.as_ref());
        }
        let Self { users, groups, .. } = &mut board;
        let mut keys: Vec<Vec<Key>> = vec![Vec::new(); groups.numbers()];
        for (user, record) in users.iter().filter(|(_, record)| takes_part(record)) {
            keys[record.group as usize].push(record.key(user));
        }
        for (number, keys) in (0..).zip(keys).filter(|(_, keys)| !keys.is_empty()) {
            groups.at_mut(number).ranking =
                Ranking::from_entries_by(keys, |a, b| users.order(a, b));
        }
        board
    }

    /// How many scores there are, with those of users who don't take part.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.users.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The participant limit of each group. (C-LB-39)
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Changes the limit, which evicts or admits at once: [`Self::limit_changes`] says whom.
    /// (C-LB-43)
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// A user's score and rank.
    #[must_use]
    pub fn standing(&self, user: &UserId) -> Option<Standing> {
        let user = self.users.find(user)?;
        let record = self.users.record(user);
        let ranked = (record.group != NO_GROUP).then(|| self.groups.at(record.group));
        let place = takes_part(record).then(|| self.place(record, user));
        Some(Standing {
            score: record.score(),
            group: ranked.map(|ranked| Arc::clone(&ranked.name)),
            rank: shift::rank(place, self.limit),
        })
    }

    /// The smallest whole number that is sure to get into a group. (C-LB-44)
    #[must_use]
    pub fn threshold(&self, group: &Group) -> i64 {
        self.groups.find(group).map_or(1, |ranked| self.threshold_of(ranked))
    }

    /// Gives a user this score, and the group it stands in.
    pub fn put(&mut self, user: &UserId, score: Score, group: Option<&Group>) -> Move {
        let Some(known) = self.users.find(user) else {
            let user = self.record(user, score, group);
            return self.entered(None, None, user);
        };
        let before = *self.users.record(known);
        if before.has(score) && self.is_in(&before, group) {
            return self.unmoved(&before, known);
        }
        let left = self.take_out(&before, known);
        // Entering before leaving, so that a group of one isn't dropped and made again.
        let entered = group.map_or(NO_GROUP, |group| self.groups.enter(group));
        self.leave(before.group);
        *self.users.record_mut(known) = Record::new(score, entered);
        self.entered(Some(before.score()), left, known)
    }

    /// Takes a user's score out; none if there isn't one. (C-LB-84)
    pub fn remove(&mut self, user: &UserId) -> Option<Move> {
        let known = self.users.find(user)?;
        let before = *self.users.record(known);
        let left = self.take_out(&before, known);
        let threshold = self.threshold_at(&before);
        self.leave(before.group);
        self.users.remove(known);
        Some(Move {
            before: Some(before.score()),
            after: None,
            previous_rank: left.as_ref().and_then(Shift::previous_rank),
            rank: None,
            threshold,
            left,
            entered: None,
        })
    }

    /// Everyone whose rank a move has changed: those who were passed, who came in or fell out because
    /// of it, and at last the moved user. To be asked before the next move. (C-LB-81)
    ///
    /// Takes as long as there are users between the two places.
    pub fn rank_changes<'a>(
        &'a self,
        user: &'a UserId,
        shift: &'a Shift,
    ) -> impl Iterator<Item = RankChange> + 'a {
        let places = shift.others();
        let ranked = self.groups.find(&shift.group);
        let keys = ranked.into_iter().flat_map(move |ranked| ranked.ranking.from(places.start));
        let others = shift.others().zip(keys).map(|(place, key)| {
            let (previous, rank) = shift.ranks_of_other(place);
            RankChange { user: self.users.id(key.user), previous, rank }
        });
        let (previous, rank) = (shift.previous_rank(), shift.rank());
        let moved = std::iter::once_with(move || RankChange { user: user.clone(), previous, rank });
        others.chain(moved).filter(|change| change.previous != change.rank)
    }

    /// Everyone who came in or fell out when the limit was changed from `before`, per group.
    /// (C-LB-43)
    ///
    /// Takes as long as there are such users.
    pub fn limit_changes(&self, before: u64) -> impl Iterator<Item = (Arc<Group>, RankChange)> {
        let places = before.min(self.limit)..before.max(self.limit);
        self.groups.iter().flat_map(move |ranked| {
            let keys = places.clone().zip(ranked.ranking.from(places.start));
            keys.map(move |(place, key)| {
                let [previous, rank] =
                    [before, self.limit].map(|limit| shift::rank(Some(place), limit));
                let user = self.users.id(key.user);
                (Arc::clone(&ranked.name), RankChange { user, previous, rank })
            })
        })
    }

    /// Notes a user's score, which is not ranked yet.
    fn record(&mut self, user: &UserId, score: Score, group: Option<&Group>) -> u32 {
        let group = group.map_or(NO_GROUP, |group| self.groups.enter(group));
        let record = Record::new(score, group);
        self.users.add(user, record).unwrap_or_else(|known| {
            let before = std::mem::replace(self.users.record_mut(known), record);
            self.leave(before.group);
            known
        })
    }

    fn leave(&mut self, group: u32) {
        if group != NO_GROUP {
            self.groups.leave(group);
        }
    }

    fn is_in(&self, record: &Record, group: Option<&Group>) -> bool {
        let own = (record.group != NO_GROUP).then(|| &*self.groups.at(record.group).name);
        own == group
    }

    /// Takes a user out of the ranking they stand in, before their record changes.
    fn take_out(&mut self, record: &Record, user: u32) -> Option<Shift> {
        if !takes_part(record) {
            return None;
        }
        let ranked = self.groups.at_mut(record.group);
        let users = &self.users;
        let from = ranked.ranking.remove_by(&record.key(user), |a, b| users.order(a, b));
        Some(self.shift(record.group, from, None))
    }

    /// Ranks a user by their new record and answers the whole move.
    fn entered(&mut self, before: Option<Score>, mut left: Option<Shift>, user: u32) -> Move {
        let record = *self.users.record(user);
        let entered = takes_part(&record).then(|| {
            let users = &self.users;
            let ranked = self.groups.at_mut(record.group);
            let to = ranked.ranking.insert_by(record.key(user), |a, b| users.order(a, b));
            self.shift(record.group, None, to)
        });
        let previous_rank = left.as_ref().and_then(Shift::previous_rank);
        let rank = entered.as_ref().and_then(Shift::rank);
        // Within one group it is one shift, from one place to the other.
        let entered = entered.map(|entered| {
            let within = left.take_if(|left| left.group == entered.group);
            Shift { from: within.and_then(|left| left.from), ..entered }
        });
        let after = Some(record.score());
        let threshold = self.threshold_at(&record);
        Move { before, after, previous_rank, rank, threshold, left, entered }
    }

    /// The answer to a change that changes nothing.
    fn unmoved(&self, record: &Record, user: u32) -> Move {
        let score = Some(record.score());
        let place = takes_part(record).then(|| self.place(record, user));
        let rank = shift::rank(place, self.limit);
        Move {
            before: score,
            after: score,
            previous_rank: rank,
            rank,
            threshold: self.threshold_at(record),
            left: None,
            entered: None,
        }
    }

    fn shift(&self, group: u32, from: Option<u64>, to: Option<u64>) -> Shift {
        let ranked = self.groups.at(group);
        let (group, len) = (Arc::clone(&ranked.name), ranked.ranking.len());
        Shift { group, from, to, len, limit: self.limit }
    }

    /// The place of a user who takes part or would, from 0.
    fn place(&self, record: &Record, user: u32) -> u64 {
        self.before(self.groups.at(record.group), &record.key(user))
    }

    /// How many of a group stand before a place.
    fn before(&self, ranked: &Ranked, key: &Key) -> u64 {
        ranked.ranking.rank_by(|own| self.users.order(own, key).is_lt())
    }

    fn threshold_at(&self, record: &Record) -> Option<i64> {
        (record.group != NO_GROUP).then(|| self.threshold_of(self.groups.at(record.group)))
    }

    fn threshold_of(&self, ranked: &Ranked) -> i64 {
        let last = self.limit.checked_sub(1).and_then(|last| ranked.ranking.at(last));
        let value = last.map(|last| self.users.record(last.user).score().value);
        threshold(value)
    }
}

/// Whether a score is ranked at all. (C-LB-31)
fn takes_part(record: &Record) -> bool {
    record.group != NO_GROUP && record.is_above_zero()
}

#[cfg(test)]
mod tests;
