//! What was last told of rankings, which is what the next change is told against. (C-WH-38 to 46)
//!
//! A difference between this and the ranking is what is yet to be told, however it came about: so a
//! crash between a change and its telling loses nothing. Who or what has nothing kept of it was last
//! seen outside the ranking.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::leaderboard::Group;
use crate::time::Timestamp;

/// A rank with its value, as shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankedValue {
    /// The rank, from 1.
    pub rank: u64,
    /// The value, rounded down. (C-LB-34)
    pub value: i64,
}

/// What was last told of a user in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldRank {
    /// When; none if nothing was, and this is how it stood when somebody began to listen.
    pub at: Option<Timestamp>,
    /// The rank; none if the user did not take part.
    pub place: Option<RankedValue>,
}

/// What was last told of a group's ranking in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldGroup {
    /// When; none if nothing was, and this is how it stood when somebody began to listen.
    pub at: Option<Timestamp>,
    /// The [`digest`] of its participants.
    pub digest: u64,
}

/// How far an occasion of a run was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunTold {
    /// Of the groups up to this one; the others follow.
    Through(Group),
    /// All of it, or there was nobody to tell.
    Whole,
}

/// What is told once of a run. (C-WH-37, C-WH-39)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunOccasion {
    /// It begins.
    Started = 0,
    /// It is final.
    Finished = 1,
}

/// A number that stands for a list of participants in rank order, each with the value that is shown.
///
/// It is stored, so it is always computed the same: 64-bit FNV-1a over each id, a zero byte and the
/// value's 8 big-endian bytes.
#[must_use]
pub fn digest<'a>(participants: impl IntoIterator<Item = (&'a UserId, i64)>) -> u64 {
    let add = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    participants.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, (user, value)| {
        let bytes = user.as_str().as_bytes().iter().chain(&[0]);
        value.to_be_bytes().iter().fold(bytes.fold(hash, add), add)
    })
}

#[cfg(test)]
mod tests {
    use super::digest;
    use crate::ids::UserId;

    #[test]
    fn digests_tell_lists_apart_and_never_change() {
        let [a, b] = ["a", "b"].map(|id| UserId::new(id).expect("valid"));
        let lists: [&[(&UserId, i64)]; 5] =
            [&[], &[(&a, 1)], &[(&a, 2)], &[(&a, 1), (&b, 1)], &[(&b, 1), (&a, 1)]];
        let digests = lists.map(|list| digest(list.iter().copied()));
        assert_eq!(digests[0], 0xcbf2_9ce4_8422_2325);
        let distinct: std::collections::BTreeSet<_> = digests.into_iter().collect();
        assert_eq!(distinct.len(), lists.len());
    }
}
