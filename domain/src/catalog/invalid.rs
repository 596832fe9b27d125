//! Why one item of a configuration request was not applied. (C-ADM-07, C-ADM-10)

use thiserror::Error;

/// One item's problem: the `message` of an Admin API issue.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Invalid {
    /// What is wrong, as the API says it.
    pub message: String,
    /// The API's name of the one field of the item that is to blame, where there is one: what
    /// shows places in a text looks for it.
    pub field: Option<&'static str>,
}

impl Invalid {
    /// A problem with the given message.
    #[must_use]
    pub fn error(message: impl Into<String>) -> Self {
        Self { message: message.into(), field: None }
    }

    /// A problem with one field.
    #[must_use]
    pub fn of(field: &'static str, message: impl Into<String>) -> Self {
        Self { message: message.into(), field: Some(field) }
    }

    /// The same problem inside a nested item, for example `levels[0]: `. (C-POINTS-05)
    #[must_use]
    pub fn inside(self, path: &str) -> Self {
        Self { message: format!("{path}: {}", self.message), field: None }
    }
}
