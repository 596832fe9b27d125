//! The ordered tree behind the journal.
//!
//! Only the checkpointer writes to it, from one thread, and calls [`Backend::sync`] before it
//! believes anything; reads may come from any thread at any time. The tree knows bytes only: what
//! a row is and how rows share pages is decided above it.

mod memory;
mod sled;

use bytes::Bytes;

pub use self::{memory::MemoryBackend, sled::SledBackend};
use crate::error::Error;

/// A key and a value as stored.
pub type RawRow = (Vec<u8>, Bytes);
/// Rows in order, read as they are asked for.
pub type RawRows<'a> = Box<dyn Iterator<Item = Result<RawRow, Error>> + 'a>;
/// A key with its new value, or `None` to remove it.
pub type RawWrite = (Vec<u8>, Option<Bytes>);

/// An ordered map from bytes to bytes that survives power loss up to the last [`Backend::sync`].
pub trait Backend: Send + Sync {
    /// One value.
    ///
    /// # Errors
    /// If the tree can't be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// The rows from `start` (inclusive) to `end` (exclusive, `None` for the end of the tree),
    /// descending if `reverse`.
    fn range(&self, start: Vec<u8>, end: Option<Vec<u8>>, reverse: bool) -> RawRows<'_>;

    /// Applies writes together, in any order that leaves the last write of a key. Never called
    /// concurrently.
    ///
    /// # Errors
    /// If the tree can't take them; some may have been applied.
    fn apply(&self, writes: Vec<RawWrite>) -> Result<(), Error>;

    /// Returns when everything applied so far survives power loss.
    ///
    /// # Errors
    /// If that can't be promised.
    fn sync(&self) -> Result<(), Error>;
}
