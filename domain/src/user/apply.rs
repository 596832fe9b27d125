//! placeholder
use super::{Command, Outcome, Rejection, UserState};
use crate::catalog::Catalog;
use crate::ids::{Scope, UserId};
use crate::time::Timestamp;
use uuid::Uuid;
use crate::amount::Amount;

/// What a decision depends on besides the user and the command.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Where the user lives.
    pub scope: Scope,
    /// Who it is.
    pub user: &'a UserId,
    /// The configuration the request is judged by.
    pub catalog: &'a Catalog,
    /// The one instant of the request.
    pub now: Timestamp,
    /// Sums of matching events that [`missing_sums`] asked for.
    pub sums: &'a [(Uuid, u32, Amount)],
}

/// Decides one command.
pub fn apply(_state: Option<&UserState>, _input: Input<'_>, _command: &Command) -> Result<Outcome, Rejection> {
    unimplemented!()
}
