//! Whose standing has changed since somebody last took note, and how often their rank did. (C-LB-81)
//!
//! One move may push a thousand users down by one rank, so what it costs each of them is one step in
//! the ranking and one small integer: handles are counted, and where everybody stands is asked only
//! when note is taken. Users who lost their score have no handle any more and are kept by id.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use domain::ids::UserId;
use domain::leaderboard::Ranked;

use super::shift::Shift;
use super::{Board, Move, Standing};

/// Counts by user.
#[derive(Debug, Default)]
pub struct Touched {
    counts: HashMap<u32, u32, BuildHasherDefault<HandleHasher>>,
    /// Users whose score was taken out.
    gone: HashMap<UserId, u32>,
}

/// Where a user stands of whom note is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// The user.
    pub user: UserId,
    /// Where they stand; none if they don't take part.
    pub end: Option<Ranked>,
    /// How often their rank changed since note was last taken; entering counts.
    pub changes: u32,
    /// Whether they have a score at all.
    pub has_score: bool,
}

impl Touched {
    /// Whether there is nobody to take note of.
    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.gone.is_empty()
    }

    fn add(&mut self, user: u32, changes: u32) {
        let count = self.counts.entry(user).or_default();
        *count = count.saturating_add(changes);
    }
}

impl Board {
    /// Counts what a move of a user changed. To be asked before the next move.
    ///
    /// Takes some nanoseconds for each user between the two places.
    pub fn touch(&self, touched: &mut Touched, user: &UserId, moved: &Move) {
        for shift in moved.shifts() {
            self.touch_others(touched, shift);
        }
        let Move { previous_rank, rank, left, entered, .. } = moved;
        let is_moved = left.is_some() || entered.is_some();
        if !is_moved || previous_rank.is_none() && rank.is_none() {
            return;
        }
        // A move from one group to another leaves a rank, whichever it takes. (C-LB-47)
        let changed = previous_rank != rank || left.is_some() && entered.is_some();
        match self.users.find(user) {
            Some(user) => touched.add(user, changed.into()),
            None => *touched.gone.entry(user.clone()).or_default() += 1,
        }
    }

    fn touch_others(&self, touched: &mut Touched, shift: &Shift) {
        let Some(ranked) = self.groups.find(&shift.group) else { return };
        let places = shift.others();
        for (place, key) in places.clone().zip(ranked.ranking.from(places.start)) {
            let (previous, rank) = shift.ranks_of_other(place);
            if previous != rank {
                touched.add(key.user, 1);
            }
        }
    }

    /// Counts who came in or fell out when the limit was changed from `before`. (C-LB-43)
    pub(crate) fn touch_limit(&self, touched: &mut Touched, before: u64) {
        let places = before.min(self.limit)..before.max(self.limit);
        for ranked in self.groups.iter() {
            for (_, key) in places.clone().zip(ranked.ranking.from(places.start)) {
                touched.add(key.user, 1);
            }
        }
    }

    /// Has note taken of every participant of a board that was just built, and of these users, who
    /// had a rank when note was last taken; other participants have come in since.
    pub(crate) fn touch_all(
        &self,
        touched: &mut Touched,
        ranked: impl IntoIterator<Item = UserId>,
    ) {
        for user in ranked {
            match self.users.find(&user) {
                Some(user) => touched.add(user, 0),
                None => drop(touched.gone.entry(user).or_default()),
            }
        }
        for ranked in self.groups.iter() {
            for (_, key) in (0..self.limit).zip(ranked.ranking.from(0)) {
                touched.counts.entry(key.user).or_insert(1);
            }
        }
    }

    /// Keeps the count of a user whose score is about to be taken out.
    pub(crate) fn let_go(&self, touched: &mut Touched, user: &UserId) {
        if let Some(changes) = self.users.find(user).and_then(|own| touched.counts.remove(&own)) {
            *touched.gone.entry(user.clone()).or_default() += changes;
        }
    }

    /// Takes note: where everyone stands who was touched, in no order.
    #[must_use]
    pub fn note(&self, touched: Touched) -> Vec<Noted> {
        let Touched { mut counts, gone } = touched;
        let mut noted = Vec::with_capacity(counts.len() + gone.len());
        for (user, mut changes) in gone {
            let again = self.users.find(&user);
            changes += again.and_then(|again| counts.remove(&again)).unwrap_or(0);
            noted.push(self.noted(user, changes));
        }
        noted.extend(
            counts.into_iter().map(|(user, changes)| self.noted(self.users.id(user), changes)),
        );
        noted
    }

    fn noted(&self, user: UserId, changes: u32) -> Noted {
        let standing = self.standing(&user);
        let has_score = standing.is_some();
        let end = standing.and_then(|Standing { rank, score, .. }| {
            Some(Ranked { rank: rank?, value: score.value.floor() })
        });
        Noted { user, end, changes, has_score }
    }
}

/// Handles are small numbers without a pattern that an attacker could choose.
#[derive(Debug, Default)]
struct HandleHasher(u64);

impl Hasher for HandleHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        // An odd factor near 2^64 / phi spreads neighbours over the upper bits that tables look at.
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
