//! Order statistics: who is at which place, and how many come before.
//!
//! Two faces of one counted B-tree: a [`Ranking`] holds distinct entries (the scores of a board), a
//! [`Tally`] holds values with how often each occurs (balances, streak lengths), so that equal
//! values cost nothing. Both answer "how many are before this" and "who is at this place" in
//! O(log n), and no change of one entry takes longer than that.
//!
//! It knows nothing of users, boards or stored rows; what an order means is the caller's. Why a tree
//! of our own: docs/decisions/0008.

mod count;
mod node;
mod tree;

use std::cmp::Ordering;
use std::fmt::Debug;

use count::{Count, Many, One};
use tree::Tree;

/// Keys of one leaf at most. Searching and moving within a leaf is cheaper than another level.
const LEAF: usize = 64;
/// Children of one inner node at most.
const FAN: usize = 64;

/// Distinct entries in their order. An entry's rank is the number of those before it, from 0.
#[derive(Clone, Debug)]
pub struct Ranking<K>(Tree<K, One, LEAF, FAN>);

impl<K> Default for Ranking<K> {
    fn default() -> Self {
        Self(Tree::default())
    }
}

/// With an order that isn't the entries' own, for entries that are short because what they are
/// compared by is partly kept elsewhere. It must be the same for every call, and is asked only about
/// entries that are here or given.
impl<K: Clone> Ranking<K> {
    /// All of these at once, in any order, each entry once however often it is given; several times
    /// faster than inserting them.
    #[must_use]
    pub fn from_entries_by(mut entries: Vec<K>, order: impl Fn(&K, &K) -> Ordering) -> Self {
        entries.sort_unstable_by(&order);
        entries.dedup_by(|next, entry| order(entry, next).is_eq());
        Self(Tree::build(entries.into_iter().map(|entry| (entry, One)).collect()))
    }

    /// Adds an entry and answers its rank; `None` if it was there already.
    pub fn insert_by(&mut self, entry: K, order: impl Fn(&K, &K) -> Ordering) -> Option<u64> {
        self.0.add(entry, &order)
    }

    /// Takes an entry out and answers the rank it had; `None` if it wasn't there.
    pub fn remove_by(&mut self, entry: &K, order: impl Fn(&K, &K) -> Ordering) -> Option<u64> {
        self.0.remove(entry, &order)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many entries are `before`, which must hold for all up to some entry and for none after.
    pub fn rank_by(&self, before: impl Fn(&K) -> bool) -> u64 {
        self.0.before(before)
    }

    /// The entry at a rank.
    #[must_use]
    pub fn at(&self, rank: u64) -> Option<&K> {
        self.from(rank).next()
    }

    /// The entries from a rank on, in order. Finding the first is O(log n), each further one O(1).
    pub fn from(&self, rank: u64) -> impl Iterator<Item = &K> {
        self.0.from(rank).map(|(entry, _)| entry)
    }
}

impl<K: Ord + Clone> Ranking<K> {
    /// As [`Self::from_entries_by`], by the entries' own order.
    #[must_use]
    pub fn from_entries(entries: Vec<K>) -> Self {
        Self::from_entries_by(entries, K::cmp)
    }

    /// Adds an entry and answers its rank; `None` if it was there already.
    pub fn insert(&mut self, entry: K) -> Option<u64> {
        self.insert_by(entry, K::cmp)
    }

    /// Takes an entry out and answers the rank it had; `None` if it wasn't there.
    pub fn remove(&mut self, entry: &K) -> Option<u64> {
        self.remove_by(entry, K::cmp)
    }

    /// The rank of an entry, or the one it would have.
    #[must_use]
    pub fn rank(&self, entry: &K) -> u64 {
        self.rank_by(|own| own < entry)
    }
}

/// Values with how often each occurs.
#[derive(Clone, Debug, Default)]
pub struct Tally<K>(Tree<K, Many, LEAF, FAN>);

impl<K: Ord + Clone> Tally<K> {
    /// All of these at once, in any order.
    #[must_use]
    pub fn from_values(mut values: Vec<K>) -> Self {
        values.sort_unstable();
        let mut counted: Vec<(K, Many)> = Vec::new();
        for value in values {
            match counted.last_mut().filter(|(last, _)| *last == value) {
                Some((_, count)) => {
                    count.one_more();
                }
                None => counted.push((value, Many::FIRST)),
            }
        }
        Self(Tree::build(counted))
    }

    /// How many there are, each value as often as it occurs.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.len()
    }

    /// Counts one more of a value.
    pub fn add(&mut self, value: K) {
        self.0.add(value, &K::cmp);
    }

    /// Counts one less of a value; whether there was one.
    pub fn remove(&mut self, value: &K) -> bool {
        self.0.remove(value, &K::cmp).is_some()
    }

    /// How many are smaller.
    #[must_use]
    pub fn below(&self, value: &K) -> u64 {
        self.below_by(|own| own < value)
    }

    /// How many are `before`, which must hold for all up to some value and for none after.
    pub fn below_by(&self, before: impl Fn(&K) -> bool) -> u64 {
        self.0.before(before)
    }

    /// The value at a place, from 0, if each stood there as often as it occurs.
    #[must_use]
    pub fn at(&self, place: u64) -> Option<&K> {
        self.0.from(place).next().map(|(value, _)| value)
    }

    /// The smallest value.
    #[must_use]
    pub fn min(&self) -> Option<&K> {
        self.at(0)
    }

    /// The greatest value.
    #[must_use]
    pub fn max(&self) -> Option<&K> {
        self.total().checked_sub(1).and_then(|last| self.at(last))
    }

    /// Each value with how often it occurs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, u64)> {
        self.0.from(0).map(|(value, count)| (value, count.value()))
    }
}

#[cfg(test)]
mod tests;
