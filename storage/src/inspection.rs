//! A stopped data directory, looked at without starting a store: the ground of `accolade check`.
//!
//! Opening verifies what this crate can know: the marker, the tree's checkpoint and the journal fit
//! together, every group's checksum holds, no position is missing in any shard, every batch decodes.
//! Then the rows, journal and tree merged, are there to be read by who knows what they mean. Like a
//! start it cuts a torn tail off the journal; it writes no row.

use std::collections::BTreeMap;

use crate::{
    batch::Batch,
    error::Error,
    keys::{Key, KeyRange, Kind},
    lock::DirLock,
    merge,
    options::Options,
    overlay::Overlay,
    recovery::{self, Continuation},
    shard::{Positions, ShardId},
    shared::Parts,
    store::Row,
};

/// Rows read at once by [`Inspection::rows`].
const ROWS_CHUNK: usize = 1024;

/// A verified data directory, locked as long as this exists.
pub struct Inspection {
    overlay: Overlay,
    parts: Parts,
    journal: JournalReport,
    _lock: DirLock,
}

/// What the journal holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalReport {
    /// Batches that are there, each decoded.
    pub batches: u64,
    /// Those of them that the tree doesn't have yet.
    pub batches_beyond_tree: u64,
    /// First and last position of every shard that has any.
    pub positions: BTreeMap<ShardId, (u64, u64)>,
}

impl Inspection {
    /// Opens and verifies the directory `options.dir`; the number of shards is read from it.
    ///
    /// # Errors
    /// [`Error::Locked`] if a server runs in it, [`Error::Unusable`] with the first thing found
    /// wrong, [`Error::Io`] if the operating system refuses something.
    pub fn open(options: &Options) -> Result<Self, Error> {
        if !options.dir.is_dir() {
            return Err(Error::io(
                format!("opening {}", options.dir.display()),
                "no such directory",
            ));
        }
        let lock = DirLock::acquire(&options.dir)?;
        let parts = recovery::inspect_dir(options)?;
        let overlay = Overlay::new(parts.checkpoint.positions.clone());
        let journal = read_journal(&parts, &overlay).map_err(|error| error.in_dir(&options.dir))?;
        Ok(Self { overlay, parts, journal, _lock: lock })
    }

    /// What the journal holds.
    #[must_use]
    pub fn journal(&self) -> &JournalReport {
        &self.journal
    }

    /// Shards of this database.
    #[must_use]
    pub fn shards(&self) -> u16 {
        self.parts.checkpoint.shards()
    }

    /// Checkpoints since the database was created.
    #[must_use]
    pub fn checkpoints(&self) -> u64 {
        self.parts.checkpoint.number
    }

    /// Positions up to which the tree is complete, per shard.
    #[must_use]
    pub fn tree(&self) -> &Positions {
        &self.parts.checkpoint.positions
    }

    /// Every row of a range, ascending. Ends after the first error.
    pub fn rows(&self, range: KeyRange) -> impl Iterator<Item = Result<Row, Error>> + use<'_> {
        merge::chunks(range, ROWS_CHUNK, KeyRange::after, |range, limit| self.scan(range, limit))
    }

    /// Reads every row there is, and counts them by kind.
    ///
    /// # Errors
    /// If the tree can't be read, or holds a key or a page that doesn't decode.
    pub fn count_rows(&self) -> Result<BTreeMap<Kind, u64>, Error> {
        let mut counts = BTreeMap::new();
        for row in self.rows(KeyRange::all()) {
            let (key, _) = row?;
            *counts.entry(key.kind()).or_default() += 1;
        }
        Ok(counts)
    }

    /// The newest value of a row.
    ///
    /// # Errors
    /// If the tree can't be read.
    pub fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Error> {
        merge::get(&self.overlay, self.parts.backend.as_ref(), key)
    }

    fn scan(&self, range: &KeyRange, limit: usize) -> Result<Vec<Row>, Error> {
        merge::scan(&self.overlay, self.parts.backend.as_ref(), range, limit, false)
    }
}

fn read_journal(parts: &Parts, overlay: &Overlay) -> Result<JournalReport, Error> {
    let mut report = JournalReport::default();
    let mut continuation = Continuation::of(parts.checkpoint.positions.clone());
    parts.journal.replay(&mut |shard, position, payload| {
        let batch = Batch::decode(shard, payload)?;
        report.batches += 1;
        report.positions.entry(shard).or_insert((position, position)).1 = position;
        if continuation.follows(shard, position)? {
            report.batches_beyond_tree += 1;
            overlay.apply(std::iter::once((shard, position, batch.ops)));
        }
        Ok(())
    })?;
    continuation.finish()?;
    Ok(report)
}
