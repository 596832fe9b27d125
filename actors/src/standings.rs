//! Streak lengths over all users of a scope: what ranks and rankings are read from. (C-STREAK-22,
//! C-STREAK-23, C-STREAK-67)
//!
//! A length is as of the user's last settlement. Timers settle users when their streak could end, so
//! lost streaks stop counting by themselves.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use domain::calendar::Frequency;
use domain::ids::UserId;
use domain::user::StreakStanding;

use crate::ranking::Tally;

/// Which length of a streak users are compared by. (C-STREAK-67)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankedLength {
    /// The current one.
    Active,
    /// The greatest ever.
    Longest,
}

/// The standing of every user who ever had a streak.
#[derive(Debug, Default)]
pub(crate) struct Standings {
    users: HashMap<Arc<UserId>, StreakStanding>,
    /// By current length, per frequency, in the order of [`Frequency::ALL`].
    active: [Ladder; Frequency::ALL.len()],
    /// By greatest length ever, likewise.
    longest: [Ladder; Frequency::ALL.len()],
}

/// Users by length, then by id; those without a length are left out. (C-STREAK-68)
#[derive(Debug, Default)]
struct Ladder {
    users: BTreeMap<u32, BTreeSet<Arc<UserId>>>,
    /// How many users have each length: ranks without going through the lengths.
    lengths: Tally<u32>,
}

impl Ladder {
    fn put(&mut self, user: &Arc<UserId>, length: u32) {
        if length > 0 {
            self.users.entry(length).or_default().insert(Arc::clone(user));
            self.lengths.add(length);
        }
    }

    fn take(&mut self, user: &Arc<UserId>, length: u32) {
        if let Some(users) = self.users.get_mut(&length) {
            users.remove(user);
            if users.is_empty() {
                self.users.remove(&length);
            }
            self.lengths.remove(&length);
        }
    }
}

impl Standings {
    /// Puts a user's standing in the place of what was known; `None` is no streak ever.
    pub(crate) fn record(&mut self, user: &UserId, standing: Option<StreakStanding>) {
        if self.users.get(user) == standing.as_ref() {
            return;
        }
        let known = self.users.remove_entry(user);
        let id = known.as_ref().map_or_else(|| Arc::new(user.clone()), |(id, _)| Arc::clone(id));
        let known = known.map(|(_, known)| known);
        self.move_between(&id, known, standing);
        if let Some(standing) = standing {
            self.users.insert(id, standing);
        }
    }

    /// Moves the user on those ladders where their length differs.
    fn move_between(
        &mut self,
        user: &Arc<UserId>,
        known: Option<StreakStanding>,
        standing: Option<StreakStanding>,
    ) {
        type Lengths = [u32; Frequency::ALL.len()];
        type Read = fn(StreakStanding) -> Lengths;
        let sides: [(&mut [Ladder; Frequency::ALL.len()], Read); 2] =
            [(&mut self.active, |own| own.lengths), (&mut self.longest, |own| own.longest)];
        for (ladders, read) in sides {
            let [old, new] = [known, standing].map(|own| own.map(read).unwrap_or_default());
            for ((ladder, old), new) in ladders.iter_mut().zip(old).zip(new) {
                if old != new {
                    ladder.take(user, old);
                    ladder.put(user, new);
                }
            }
        }
    }

    fn ladder(&self, ranked: RankedLength, frequency: Frequency) -> &Ladder {
        let ladders = match ranked {
            RankedLength::Active => &self.active,
            RankedLength::Longest => &self.longest,
        };
        let place = Frequency::ALL.iter().position(|own| *own == frequency);
        &ladders[place.expect("ALL has every frequency")]
    }

    /// How many users have a longer streak.
    pub(crate) fn longer(&self, frequency: Frequency, length: u32) -> u64 {
        let lengths = &self.ladder(RankedLength::Active, frequency).lengths;
        lengths.total() - lengths.below_by(|own| *own <= length)
    }

    /// How many users have each length, shortest first; those without one are left out.
    pub(crate) fn lengths(&self, ranked: RankedLength, frequency: Frequency) -> Vec<(u32, u64)> {
        let lengths = &self.ladder(ranked, frequency).lengths;
        lengths.iter().map(|(length, users)| (*length, users)).collect()
    }

    /// The first `limit` users, longest first, ties by id. (C-STREAK-68)
    pub(crate) fn top(
        &self,
        ranked: RankedLength,
        frequency: Frequency,
        limit: usize,
    ) -> Vec<(UserId, u32)> {
        let steps = self.ladder(ranked, frequency).users.iter().rev();
        let ranking = steps.flat_map(|(length, users)| users.iter().map(|user| (user, *length)));
        ranking.take(limit).map(|(user, length)| (UserId::clone(user), length)).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::calendar::Frequency;
    use domain::ids::UserId;
    use domain::user::StreakStanding;

    use super::{RankedLength, Standings};

    fn user(id: &str) -> UserId {
        UserId::new(id).expect("valid")
    }

    fn standing(daily: u32) -> Option<StreakStanding> {
        Some(StreakStanding { lengths: [daily, 1, 1], longest: [daily.max(5), 1, 1] })
    }

    // C-STREAK-23
    #[test]
    fn only_strictly_longer_streaks_count() {
        let mut standings = Standings::default();
        standings.record(&user("a"), standing(3));
        standings.record(&user("b"), standing(3));
        standings.record(&user("c"), standing(9));
        assert_eq!(standings.longer(Frequency::Daily, 3), 1);
        standings.record(&user("c"), None);
        assert_eq!(standings.longer(Frequency::Daily, 3), 0);
        assert_eq!(standings.longer(Frequency::Weekly, 0), 2);
    }

    // C-STREAK-67 C-STREAK-68
    #[test]
    fn rankings_are_by_length_then_id_without_users_at_zero() {
        let mut standings = Standings::default();
        for (id, daily) in [("c", 3), ("a", 3), ("b", 9), ("d", 0)] {
            standings.record(&user(id), standing(daily));
        }
        let top = |standings: &Standings, ranked, limit| {
            let top = standings.top(ranked, Frequency::Daily, limit);
            top.iter().map(|(user, length)| format!("{user} {length}")).collect::<Vec<_>>()
        };
        assert_eq!(top(&standings, RankedLength::Active, 9), ["b 9", "a 3", "c 3"]);
        assert_eq!(top(&standings, RankedLength::Active, 2), ["b 9", "a 3"]);
        assert_eq!(top(&standings, RankedLength::Longest, 9), ["b 9", "a 5", "c 5", "d 5"]);
        standings.record(&user("b"), standing(1));
        assert_eq!(top(&standings, RankedLength::Active, 9), ["a 3", "c 3", "b 1"]);
        standings.record(&user("a"), None);
        assert_eq!(top(&standings, RankedLength::Longest, 9), ["b 5", "c 5", "d 5"]);
    }
}
