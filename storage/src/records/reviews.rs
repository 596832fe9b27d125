//! How far the walk got that judges existing users by changes of configuration.

use domain::{ids::UserId, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::Record;

/// The walks of one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviews {
    /// Those that came to their end, oldest first; only the latest are kept.
    pub finished: Vec<FinishedReview>,
    /// The one under way.
    pub running: Option<RunningReview>,
}

/// A walk that came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishedReview {
    /// Every user was judged up to this number.
    pub review: u64,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How many users it looked at.
    pub checked: u64,
}

/// A walk under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningReview {
    /// The number it judges users up to.
    pub review: u64,
    /// When it began.
    pub began_at: Timestamp,
    /// The user up to whom everybody was looked at, in key order; none at the start.
    pub after: Option<UserId>,
    /// How many users that are.
    pub checked: u64,
    /// How many users there were when it began.
    pub users: u64,
}

impl Record for Reviews {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{ids::UserId, time::Timestamp};

    use super::{FinishedReview, Reviews, RunningReview};

    #[test]
    fn golden() {
        let at = |millis: i64| Timestamp::from_millis(1_767_225_600_000 + millis);
        let sample = Reviews {
            finished: vec![FinishedReview {
                review: 3,
                began_at: at(0),
                finished_at: at(90),
                checked: 1_000,
            }],
            running: Some(RunningReview {
                review: 5,
                began_at: at(100),
                after: UserId::new("18"),
                checked: 512,
                users: 1_001,
            }),
        };
        super::super::golden::check("reviews", &sample);
    }
}
