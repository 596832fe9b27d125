//! Everything that can go wrong in this crate.
//!
//! Errors are plain text inside (no foreign error types), so that one failure can be given to every
//! waiting caller and be kept as the store's health. Messages say what an operator can do, because
//! most of them end in an operator's log.

use std::path::{Path, PathBuf};

use crate::keys::Key;

/// What to do about a directory that can't be used: the last sentence of such errors.
const RESTORE: &str = "to restore: stop the server, move the whole data directory aside, \
     put the latest backup in its place and start again";

/// An error of the store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The store has stopped taking writes; nothing of this commit was acknowledged. After a
    /// restart it may or may not be there, so a caller that repeats it needs its own idempotency.
    #[error("the store takes no writes: {reason}")]
    Failed {
        /// What happened first.
        reason: String,
    },
    /// The store was closed before the commit reached the journal.
    #[error("the store is closed")]
    Closed,
    /// One batch would take too much of the overlay.
    #[error("a batch of {bytes} bytes is larger than the {bytes_max} bytes allowed")]
    BatchTooLarge {
        /// Size of the batch in memory.
        bytes: usize,
        /// The limit, a quarter of [`crate::Options::overlay_bytes_max`].
        bytes_max: usize,
    },
    /// A batch names a shard that this store doesn't have.
    #[error("shard {shard} doesn't exist: this store has {shards}")]
    NoSuchShard {
        /// The shard of the batch.
        shard: u16,
        /// How many there are.
        shards: u16,
    },
    /// A backup is being made already, and there is room for the changes of one.
    #[error("another backup is being made")]
    BackupUnderWay,
    /// Whoever takes a backup reads it more slowly than users change it.
    #[error("the backup fell behind what changes meanwhile and was given up")]
    BackupBehind,
    /// Another process, or another handle of this process, has the directory open.
    #[error("the data directory {} is in use by another process", dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The data directory can't be opened as it is.
    #[error("the data directory {} can't be used: {reason}", dir.display())]
    Unusable {
        /// The directory.
        dir: PathBuf,
        /// What is wrong with it, and how to go on.
        reason: String,
    },
    /// Bytes on disk are not what was written.
    #[error("corrupt {what}: {reason}")]
    Corrupt {
        /// Which file, entry or page.
        what: String,
        /// How it shows.
        reason: String,
    },
    /// The operating system or a library refused an operation.
    #[error("{what}: {reason}")]
    Io {
        /// What was being done.
        what: String,
        /// The answer.
        reason: String,
    },
    /// A stored value can't be read: its version is unknown or its bytes don't decode.
    #[error("the value of {key} can't be read: {reason}")]
    Value {
        /// The row.
        key: Key,
        /// Unknown version, or why decoding failed.
        reason: String,
    },
}

impl Error {
    pub(crate) fn io(what: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self::Io { what: what.into(), reason: reason.to_string() }
    }

    /// Corruption found in a data directory makes the directory unusable and says how to go on.
    /// What the operating system refuses (no permission, no space) is no fault of the directory.
    pub(crate) fn in_dir(self, dir: &Path) -> Self {
        if matches!(self, Self::Corrupt { .. }) {
            Self::Unusable { dir: dir.to_owned(), reason: format!("{self}; {RESTORE}") }
        } else {
            self
        }
    }

    pub(crate) fn corrupt(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into(), reason: reason.into() }
    }
}

/// Runs `step` of a library that may panic on a bad disk, and turns a panic into an error.
pub(crate) fn guarded<T>(what: &str, step: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(step)) {
        Ok(result) => result,
        Err(panic) => {
            let message = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            Err(Error::io(what, format!("panicked: {message}")))
        }
    }
}
