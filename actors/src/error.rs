//! Why the engine did not do what it was asked: the one error of this crate.

use domain::user::Rejection;

/// Every variant means that nothing of the request happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The rules refuse. (C-GEN-21)
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Too many requests are in flight for this user, this shard or the whole engine.
    #[error("too many requests in flight")]
    Overloaded,
    /// Storage can't be read or takes no writes, or the engine is stopping.
    #[error("{reason}")]
    Unavailable {
        /// Why, for the operator.
        reason: String,
    },
    /// A broken invariant.
    #[error("internal error")]
    Internal,
}

impl Error {
    pub(crate) fn stopping() -> Self {
        Self::Unavailable { reason: "the server is stopping".to_owned() }
    }
}

/// Storage fails as a whole: its words are the operator's first clue, so they are passed on.
impl From<storage::Error> for Error {
    fn from(error: storage::Error) -> Self {
        Self::Unavailable { reason: error.to_string() }
    }
}
