//! Which user: the identity that the router, the activation and storage have in common.

use domain::ids::{Scope, UserId};

/// Which user, everywhere in this engine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct UserKey {
    pub(crate) scope: Scope,
    pub(crate) user: UserId,
}
