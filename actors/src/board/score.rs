//! What is ranked: a user's score in one run, and which ranking of the board the user stands in.
//!
//! Plain values. How a score comes about and who belongs to a group is decided elsewhere.

use domain::amount::Amount;
use domain::time::Timestamp;

/// A user's score in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// The exact sum, or the streak length. (C-LB-28 to C-LB-30, C-LB-33)
    pub value: Amount,
    /// When the value last changed. (C-LB-38)
    pub reached: Timestamp,
    /// Which request changed it last, counted over all users; 0 for what time alone did. (C-LB-37)
    pub order: u64,
}

/// The values of a board's breakdown attributes, in their configured order; empty on a board
/// without any, where everyone is in one group. (C-LB-45)
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(pub Vec<String>);
