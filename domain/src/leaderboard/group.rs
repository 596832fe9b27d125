//! Which ranking of a board a user stands in. (C-LB-45 to C-LB-49)

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::{Leaderboard, all_match};
use crate::ids::AttributeId;

/// The values of a board's breakdown attributes, in their configured order; empty on a board
/// without any, where everyone is in one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Group(pub Vec<String>);

impl Group {
    /// The group of a user with these attributes; none for who isn't eligible or lacks a value.
    /// (C-LB-46, C-LB-48)
    #[must_use]
    pub fn of(board: &Leaderboard, attributes: &BTreeMap<AttributeId, String>) -> Option<Self> {
        if !all_match(&board.user_filters, attributes) {
            return None;
        }
        let values = board.breakdown.iter().map(|attribute| attributes.get(attribute).cloned());
        values.collect::<Option<Vec<_>>>().map(Self)
    }
}
