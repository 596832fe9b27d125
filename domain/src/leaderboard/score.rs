//! One user's score in one run, and who stands before whom. (C-LB-31 to C-LB-44)

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::{Contribution, Group};
use crate::amount::Amount;
use crate::ids::{LeaderboardId, UserId};
use crate::time::{Date, Timestamp};

/// A user's score in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// The exact sum, or the streak length. (C-LB-28 to C-LB-30, C-LB-33)
    pub value: Amount,
    /// When the value last changed. (C-LB-38)
    pub reached: Timestamp,
    /// Which request changed it last, counted over all users; 0 for what time alone did, so that
    /// it doesn't matter who is settled first. (C-LB-37)
    pub order: u64,
}

impl Score {
    /// The score with one more contribution.
    #[must_use]
    pub fn plus(self, contribution: &Contribution) -> Self {
        if contribution.value == Amount::ZERO {
            return self;
        }
        Self {
            value: self.value + contribution.value,
            reached: contribution.at,
            order: contribution.order,
        }
    }
}

/// A score as a row: all that a ranking is made from.
///
/// The row follows the user's group as long as the run is open, and is left alone afterwards; so
/// what is finalised can be ranked again without asking what its users are today. (C-LB-47)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreRecord {
    /// The score.
    pub score: Score,
    /// The ranking it stands in; none for who is in no group or not eligible.
    pub group: Option<Group>,
}

impl ScoreRecord {
    /// Whether the user takes part: in a group, with a value above 0. (C-LB-31)
    #[must_use]
    pub fn participates(&self) -> bool {
        self.group.is_some() && self.score.value > Amount::ZERO
    }
}

/// Why a score changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveCause {
    /// It was due: time passed, or the board had to be counted anew.
    Due,
    /// The command did it.
    Command,
}

/// How one decision changed one score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreMove {
    /// Why. The answer to an event compares ranks before and after what the command did.
    /// (C-LB-77)
    pub cause: MoveCause,
    /// The board.
    pub leaderboard: LeaderboardId,
    /// The first date of the run.
    pub run: Date,
    /// The row before; none if there was no score.
    pub before: Option<ScoreRecord>,
    /// The row afterwards; none if there is no score any more.
    pub after: Option<ScoreRecord>,
}

/// A place in a ranking: sorts by value downwards, then by who reached it first, by whose request
/// was committed first, and by user id. (C-LB-36, C-LB-37)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    value: Reverse<Amount>,
    reached: Timestamp,
    order: u64,
    user: UserId,
}

impl Place {
    /// Where a user with this score stands.
    #[must_use]
    pub fn of(score: Score, user: UserId) -> Self {
        let Score { value, reached, order } = score;
        Self { value: Reverse(value), reached, order, user }
    }

    /// Who stands there.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }
}

impl ScoreMove {
    /// Whether another value is ranked now, not just another group.
    #[must_use]
    pub fn changes_value(&self) -> bool {
        let value = |record: &Option<ScoreRecord>| record.as_ref().map(|own| own.score.value);
        value(&self.before) != value(&self.after)
    }
}

/// The smallest whole number that is sure to get in: `last` is the value of the last participant of
/// a full group. (C-LB-44)
#[must_use]
pub fn threshold(last: Option<Amount>) -> i64 {
    last.map_or(1, |last| last.floor().saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::{Place, Score, threshold};
    use crate::amount::Amount;
    use crate::ids::UserId;
    use crate::time::Timestamp;

    fn amount(literal: &str) -> Amount {
        Amount::parse(literal).expect("a number")
    }

    // C-LB-36 C-LB-37 C-LB-38
    #[test]
    fn the_incumbent_stands_before_a_newcomer() {
        let place = |user: &str, value: &str, reached: i64, order: u64| {
            let score =
                Score { value: amount(value), reached: Timestamp::from_millis(reached), order };
            Place::of(score, UserId::new(user).expect("an id"))
        };
        let mut places = [
            place("d", "10", 5, 3),
            place("c", "10", 5, 2),
            place("b", "10", 4, 9),
            place("f", "9.999999999", 1, 1),
            place("e", "10", 5, 3),
            place("a", "10.5", 9, 9),
        ];
        places.sort();
        let users: Vec<_> = places.iter().map(|place| place.user().as_str()).collect();
        assert_eq!(users, ["a", "b", "c", "d", "e", "f"]);
    }

    // C-LB-44
    #[test]
    fn the_threshold_is_the_next_whole_number() {
        assert_eq!(threshold(None), 1);
        assert_eq!(threshold(Some(amount("10"))), 11);
        assert_eq!(threshold(Some(amount("10.5"))), 11);
        assert_eq!(threshold(Some(amount("0.1"))), 1);
    }
}
