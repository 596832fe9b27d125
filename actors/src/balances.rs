//! How many users hold how many points: all of a scope, or those with certain attributes.
//!
//! Both are tallies, so a histogram or the counts of levels take O(log n) per range, however many
//! users and different balances there are. Those of all users are always at hand
//! ([`Statistics`](crate::projection::Statistics)), those by attributes when they are asked for.

use std::collections::{BTreeMap, HashMap};

use domain::ids::{AttributeId, PointsSystemId, Scope, UserId};
use domain::summary::Balances;
use domain::user::UserState;
use storage::records::decode;
use storage::{Error, KeyRange, Kind, Store};

use crate::on_demand::{Commit, Projection};
use crate::ranking::Tally;

/// Balances of users who hold some, and how many other users hold 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted<'a> {
    pub(crate) moved: &'a Tally<i64>,
    pub(crate) unmoved: u64,
}

impl Balances for Counted<'_> {
    fn greatest(&self) -> i64 {
        self.moved.max().copied().unwrap_or(0)
    }

    fn up_to(&self, balance: i64) -> u64 {
        let unmoved = if balance < 0 { 0 } else { self.unmoved };
        unmoved + self.moved.below_by(|own| *own <= balance)
    }
}

/// Which users' balances are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) system: PointsSystemId,
    /// What all of them have; who never had a point counts with 0. (C-POINTS-59)
    pub(crate) attributes: BTreeMap<AttributeId, String>,
}

impl Wanted {
    fn balance(&self, user: &UserState) -> Option<i64> {
        let has = |(attribute, value)| user.profile.attributes.get(attribute) == Some(value);
        self.attributes.iter().all(has).then(|| user.balance(self.system))
    }
}

/// The balances of the users with certain attributes.
pub(crate) struct BalancesByAttributes(Tally<i64>);

impl BalancesByAttributes {
    pub(crate) fn counted(&self) -> Counted<'_> {
        Counted { moved: &self.0, unmoved: 0 }
    }

    /// How many users hold each balance, lowest first.
    #[cfg(test)]
    pub(crate) fn listed(&self) -> Vec<(i64, u64)> {
        self.0.iter().map(|(balance, users)| (*balance, users)).collect()
    }
}

/// A user's balance before and afterwards; none if they don't count.
pub(crate) struct Moved {
    from: Option<i64>,
    to: Option<i64>,
}

impl Projection for BalancesByAttributes {
    type Question = Wanted;
    type Step = Moved;
    type Found = Vec<(UserId, i64)>;

    const KEPT_MAX: usize = 64;
    const WAITS: bool = false;

    fn scan(wanted: &Wanted, store: &Store, scope: Scope) -> Result<Vec<(UserId, i64)>, Error> {
        let mut found = Vec::new();
        for row in store.rows(KeyRange::kind(scope, Kind::Snapshot)) {
            let (key, value) = row?;
            let user: UserState = decode(&key, &value)?;
            found.extend(wanted.balance(&user).map(|balance| (user.id, balance)));
        }
        Ok(found)
    }

    fn step(wanted: &Wanted, commit: &Commit<'_>) -> Option<Moved> {
        let from = commit.before.and_then(|before| wanted.balance(before));
        let to = wanted.balance(&commit.outcome.state);
        (from != to).then_some(Moved { from, to })
    }

    fn end(wanted: &Wanted, user: &UserState) -> Option<Moved> {
        wanted.balance(user).map(|balance| Moved { from: Some(balance), to: None })
    }

    fn join(earlier: Moved, later: Moved) -> Moved {
        Moved { from: earlier.from, to: later.to }
    }

    fn build(
        _wanted: &Wanted,
        found: Vec<(UserId, i64)>,
        meanwhile: HashMap<UserId, Moved>,
    ) -> Self {
        let unmoved = found.into_iter().filter(|(user, _)| !meanwhile.contains_key(user));
        let unmoved = unmoved.map(|(_, balance)| balance);
        let moved = meanwhile.values().filter_map(|moved| moved.to);
        Self(Tally::from_values(unmoved.chain(moved).collect()))
    }

    fn apply(&mut self, _user: &UserId, Moved { from, to }: Moved) -> bool {
        if let Some(from) = from {
            self.0.remove(&from);
        }
        if let Some(to) = to {
            self.0.add(to);
        }
        true
    }

    fn remembered(&self) -> usize {
        0
    }
}
