//! One rule family per file. Rules change a decision in place; their order is fixed in
//! `user::apply`.

pub(crate) mod achievement;
mod boost;
pub(crate) mod due;
pub(crate) mod leaderboard;
pub(crate) mod metric;
pub(crate) mod points;
pub(crate) mod report;
pub(crate) mod settle;
pub(crate) mod streak;
pub(crate) mod time;
pub(crate) mod tracker;

use crate::catalog::{Filter, all_match};
use crate::user::UserState;

/// Whether the user's current attributes match all filters. (C-GEN-34)
pub(crate) fn filters_match_user(filters: &[Filter], state: &UserState) -> bool {
    all_match(filters, &state.profile.attributes)
}
