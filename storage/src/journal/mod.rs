//! The journal: where a batch becomes durable before anything else happens to it.
//!
//! It keeps, for every shard, a stream of batches at positions without gaps. Batches are appended in
//! groups by one thread; the journal answers when a group survives power loss. What has been
//! checkpointed into the tree may be forgotten. Nothing here knows what a batch means, so that a
//! replicated journal can take this one's place.

mod group;
mod memory;
mod raft;

use uuid::Uuid;

pub use self::{
    memory::MemoryJournal,
    raft::{JournalOptions, RaftJournal},
};
use crate::{
    error::Error,
    shard::{Positions, ShardId},
};

/// One encoded batch on its way into the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose stream it belongs to.
    pub shard: ShardId,
    /// Its position in that stream: the shard's last one plus one.
    pub position: u64,
    /// The encoded batch.
    pub payload: Vec<u8>,
}

/// Receives replayed records: shard, position, encoded batch.
pub type Replay<'a> = dyn FnMut(ShardId, u64, &[u8]) -> Result<(), Error> + 'a;

/// A durable log of batches, per shard.
pub trait Journal: Send + Sync {
    /// The database this journal belongs to, `None` if it has just been created.
    ///
    /// # Errors
    /// If it can't be read.
    fn database(&self) -> Result<Option<Uuid>, Error>;

    /// Names the database this journal belongs to, durably. Called once, when it is created.
    ///
    /// # Errors
    /// If that can't be made durable.
    fn set_database(&self, database: Uuid) -> Result<(), Error>;

    /// Hands every record that is still there to `each`, a shard's records in order of position,
    /// and checks that no position is missing between them. Called once, before the first append.
    ///
    /// # Errors
    /// If a record can't be read, a position is missing, or `each` refuses one.
    fn replay(&self, each: &mut Replay<'_>) -> Result<(), Error>;

    /// Makes a group of records durable, all in one. Called from one thread only.
    ///
    /// # Errors
    /// If that can't be promised. The group may then be there after a restart or not, and the
    /// journal must not be appended to again.
    fn append(&self, group: &[Record]) -> Result<(), Error>;

    /// Allows the journal to forget every record up to these positions. It may keep some.
    ///
    /// # Errors
    /// If the journal can't do its cleaning.
    fn purge(&self, up_to: &Positions) -> Result<(), Error>;
}

/// Checks, record by record, that each shard's positions follow each other.
#[derive(Debug, Default)]
struct Continuity {
    last: std::collections::HashMap<ShardId, u64>,
}

impl Continuity {
    fn check(&mut self, shard: ShardId, position: u64) -> Result<(), Error> {
        match self.last.insert(shard, position) {
            Some(last) if position != last + 1 => Err(Error::corrupt(
                "journal",
                format!("shard {shard} goes from position {last} to {position}"),
            )),
            Some(_) | None => Ok(()),
        }
    }
}
