//! One rule family per file. Rules change a user in place and say what happened; their order is
//! fixed in [`crate::user::apply`].

pub(crate) mod tracker;

use crate::catalog::Filter;
use crate::user::UserState;

/// Whether the user's current attributes match all filters. (C-GEN-34)
pub(crate) fn filters_match_user(filters: &[Filter], state: &UserState) -> bool {
    crate::catalog::all_match(filters, &state.profile.attributes)
}
