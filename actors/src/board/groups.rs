//! The groups of a board, each with its own ranking. (C-LB-45)
//!
//! A group exists while somebody with a score belongs to it, whether they take part or not, so that
//! attribute values that nobody has any more take no memory.

use std::collections::HashMap;
use std::sync::Arc;

use super::record::Key;
use crate::ranking::Ranking;
use domain::leaderboard::Group;

/// The group of who is in none. (C-LB-46, C-LB-48)
pub(super) const NO_GROUP: u32 = u32::MAX - 1;

/// One group.
#[derive(Debug)]
pub(super) struct Ranked {
    pub(super) name: Arc<Group>,
    /// How many users belong to it, with those whose value keeps them out.
    users: u64,
    pub(super) ranking: Ranking<Key>,
}

#[derive(Debug, Default)]
pub(super) struct Groups {
    numbers: HashMap<Arc<Group>, u32>,
    ranked: Vec<Option<Ranked>>,
    vacant: Vec<u32>,
}

impl Groups {
    /// The number of a group that one more user belongs to.
    pub(super) fn enter(&mut self, name: &Group) -> u32 {
        if let Some(number) = self.numbers.get(name).copied() {
            self.at_mut(number).users += 1;
            return number;
        }
        let name = Arc::new(name.clone());
        let number = self.vacant.pop().unwrap_or_else(|| {
            self.ranked.push(None);
            u32::try_from(self.ranked.len() - 1).expect("no more groups than users")
        });
        self.numbers.insert(Arc::clone(&name), number);
        let ranked = Ranked { name, users: 1, ranking: Ranking::default() };
        self.ranked[number as usize] = Some(ranked);
        number
    }

    /// One user less belongs to the group, who was taken out of its ranking before.
    pub(super) fn leave(&mut self, number: u32) {
        let group = self.at_mut(number);
        group.users -= 1;
        if group.users == 0 {
            let gone = self.ranked[number as usize].take().expect("a user was in it");
            self.numbers.remove(&gone.name);
            self.vacant.push(number);
        }
    }

    pub(super) fn find(&self, name: &Group) -> Option<&Ranked> {
        self.numbers.get(name).map(|number| self.at(*number))
    }

    pub(super) fn at(&self, number: u32) -> &Ranked {
        self.ranked[number as usize].as_ref().expect("numbers are of groups with users")
    }

    pub(super) fn at_mut(&mut self, number: u32) -> &mut Ranked {
        self.ranked[number as usize].as_mut().expect("numbers are of groups with users")
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Ranked> {
        self.ranked.iter().flatten()
    }

    /// How many numbers there are, with vacant ones.
    pub(super) fn numbers(&self) -> usize {
        self.ranked.len()
    }
}
