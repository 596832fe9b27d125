//! A run whose ranking is settled: nothing of it changes any more. (C-LB-16, C-LB-24)
//!
//! The final ranking is kept on its own, because what made it may change later: the limit of
//! participants, the board's attributes, and scores of users who are erased. (C-LB-43, C-LB-84)

use serde::{Deserialize, Serialize};

use super::{Group, Score};
use crate::ids::UserId;
use crate::time::Timestamp;

/// That a run is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledRun {
    /// From when on nothing could change.
    pub at: Timestamp,
    /// How many users a group could rank.
    pub seats: u32,
    /// How many users took part, over all groups.
    pub participants: u64,
}

/// Who holds a rank of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SettledRank {
    /// A user does.
    Held {
        /// The user.
        user: UserId,
        /// What they scored.
        score: Score,
    },
    /// Nobody does any more: the user was erased, and the other ranks stay. (C-LB-84)
    Vacant,
}

/// Where a user ended up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledPlace {
    /// The group.
    pub group: Group,
    /// The rank in it, from 1.
    pub rank: u64,
}
