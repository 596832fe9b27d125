//! Why one item of a configuration request was not applied. (C-ADM-07, C-ADM-10)

use thiserror::Error;

/// One item's problem: the `message` of an Admin API issue.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Invalid {
    /// What is wrong, as the API says it.
    pub message: String,
}

impl Invalid {
    /// A problem with the given message.
    #[must_use]
    pub fn error(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// The same problem inside a nested item, for example `levels[0]: `. (C-POINTS-05)
    #[must_use]
    pub fn inside(self, path: &str) -> Self {
        Self { message: format!("{path}: {}", self.message) }
    }
}
