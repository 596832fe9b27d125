//! Durable storage: what was acknowledged is there after any crash, exactly once.
//!
//! The only crate that knows the journal engine, sled and bincode. A [`Batch`] becomes durable in
//! the journal, then visible in the overlay, then part of the tree; [`Store::commit`] answers after
//! the second. Reading order: [`store`], `committer`, `overlay`, `checkpoint`, `recovery`, then
//! [`keys`] and `pages` for what is in the tree, and [`records`] for what is in a row.
//!
//! This crate decides nothing about users, knows no clock and no async runtime (one `Semaphore` and
//! one `oneshot` per commit are all it takes of tokio), and never starts empty where there was data.

pub mod backend;
pub mod backup;
mod batch;
mod checkpoint;
mod commit;
mod committer;
mod error;
mod inspection;
pub mod journal;
pub mod keys;
mod lock;
mod marker;
mod merge;
mod options;
mod outbox;
mod overlay;
mod pages;
pub mod records;
mod recovery;
mod shard;
mod shared;
pub mod store;

pub use backup::{Backup, BackupDir, Part, PartDecoder};
pub use batch::{Batch, Op};
pub use commit::{CatalogCommit, ErasureCommit, UserCommit, put};
pub use error::Error;
pub use inspection::{Inspection, JournalReport};
pub use keys::{Key, KeyRange, Kind, Ownership};
pub use options::Options;
pub use outbox::{DeliveryCommit, OutboxEntry};
pub use shard::{Positions, SHARDS_DEFAULT, ShardId};
pub use store::{FaultHandle, Health, Row, Stats, Store};
