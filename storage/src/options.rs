//! What can be chosen about a store, each limit with its default.
//!
//! The server fills this from its configuration; nothing here is read from anywhere else. Only
//! `shards` is part of the database: it is fixed when the database is created.

use std::path::PathBuf;

use crate::shard::SHARDS_DEFAULT;

/// Where a store lives and how much it may use.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data directory, created if missing, locked while open.
    pub dir: PathBuf,
    /// Virtual shards of a new database; an existing database must have the same number.
    pub shards: u16,
    /// Bytes of committed rows that may wait in memory for the checkpointer. When they are used up,
    /// commits wait.
    pub overlay_bytes_max: usize,
    /// Overlay bytes at which a checkpoint starts without waiting for the interval.
    pub checkpoint_bytes: usize,
    /// Longest time, in milliseconds, that a committed row stays only in the journal and in memory.
    pub checkpoint_interval_ms: u64,
    /// Most batches that share one write and one fdatasync.
    pub commit_group_max: usize,
    /// Size of one journal file; the journal is purged by whole files.
    pub journal_file_bytes: u64,
    /// Memory for sled's page cache.
    pub cache_bytes: u64,
}

impl Options {
    /// The defaults, in `dir`.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            shards: SHARDS_DEFAULT,
            overlay_bytes_max: 256 << 20,
            checkpoint_bytes: 64 << 20,
            checkpoint_interval_ms: 10_000,
            commit_group_max: 1024,
            journal_file_bytes: 64 << 20,
            cache_bytes: 128 << 20,
        }
    }

    /// Largest batch, as counted in memory: a quarter of the overlay, so that one batch can always
    /// get in while another is being checkpointed.
    #[must_use]
    pub fn batch_bytes_max(&self) -> usize {
        self.overlay_bytes_max / 4
    }
}
