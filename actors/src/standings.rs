//! Streak lengths over all users of a scope: what a rank is read from. (C-STREAK-22, C-STREAK-23)
//!
//! A length is as of the user's last settlement, and holds until the instant at which it could
//! drop without another event. Whoever reads a rank first has those users settled whose instant
//! has passed, so that lost streaks don't count.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::calendar::Frequency;
use domain::ids::UserId;
use domain::time::Timestamp;
use domain::user::StreakStanding;

/// The standing of every user who has a streak at any frequency.
#[derive(Debug, Default)]
pub(crate) struct Standings {
    users: HashMap<UserId, StreakStanding>,
    /// Users by length, per frequency, in the order of [`Frequency::ALL`].
    lengths: [BTreeMap<u32, u64>; Frequency::ALL.len()],
    /// Users by the instant their standing holds until.
    ends: BTreeSet<(Timestamp, UserId)>,
}

impl Standings {
    /// Puts a user's standing in the place of what was known; `None` is no streak at all.
    pub(crate) fn record(&mut self, user: &UserId, standing: Option<StreakStanding>) {
        if self.users.get(user) == standing.as_ref() {
            return;
        }
        let known = match standing {
            Some(standing) => self.users.insert(user.clone(), standing),
            None => self.users.remove(user),
        };
        if let Some(known) = known {
            self.count(&known, |users| *users -= 1);
            self.ends.remove(&(known.holds_until, user.clone()));
        }
        if let Some(standing) = standing {
            self.count(&standing, |users| *users += 1);
            self.ends.insert((standing.holds_until, user.clone()));
        }
    }

    fn count(&mut self, standing: &StreakStanding, change: impl Fn(&mut u64)) {
        for (lengths, length) in self.lengths.iter_mut().zip(standing.lengths) {
            let users = lengths.entry(length).or_default();
            change(users);
            if *users == 0 {
                lengths.remove(&length);
            }
        }
    }

    /// How many users have a longer streak.
    pub(crate) fn longer(&self, frequency: Frequency, length: u32) -> u64 {
        let place = Frequency::ALL.iter().position(|own| *own == frequency);
        let lengths = &self.lengths[place.expect("ALL has every frequency")];
        lengths.range(length.saturating_add(1)..).map(|(_, users)| users).sum()
    }

    /// Up to `limit` users whose standing no longer holds, those that ended first first.
    pub(crate) fn ended(&self, now: Timestamp, limit: usize) -> Vec<UserId> {
        let ended = self.ends.iter().take_while(|(until, _)| *until <= now);
        ended.take(limit).map(|(_, user)| user.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::calendar::Frequency;
    use domain::ids::UserId;
    use domain::time::Timestamp;
    use domain::user::StreakStanding;

    use super::Standings;

    fn user(id: &str) -> UserId {
        UserId::new(id).expect("valid")
    }

    fn standing(daily: u32, until: i64) -> Option<StreakStanding> {
        Some(StreakStanding { lengths: [daily, 1, 1], holds_until: Timestamp::from_millis(until) })
    }

    // C-STREAK-23
    #[test]
    fn only_strictly_longer_streaks_count() {
        let mut standings = Standings::default();
        standings.record(&user("a"), standing(3, 10));
        standings.record(&user("b"), standing(3, 10));
        standings.record(&user("c"), standing(9, 10));
        assert_eq!(standings.longer(Frequency::Daily, 3), 1);
        standings.record(&user("c"), None);
        assert_eq!(standings.longer(Frequency::Daily, 3), 0);
        assert_eq!(standings.longer(Frequency::Weekly, 0), 2);
    }

    #[test]
    fn ended_standings_are_found_until_they_are_replaced() {
        let mut standings = Standings::default();
        standings.record(&user("a"), standing(1, 20));
        standings.record(&user("b"), standing(1, 10));
        let ended = |standings: &Standings, now| standings.ended(Timestamp::from_millis(now), 9);
        assert_eq!(ended(&standings, 9), []);
        assert_eq!(ended(&standings, 20), [user("b"), user("a")]);
        standings.record(&user("b"), standing(2, 30));
        standings.record(&user("a"), None);
        assert_eq!(ended(&standings, 20), []);
    }
}
