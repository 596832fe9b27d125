//! Opening: from what is on disk to a store that is ready, or an error that says what to do.
//!
//! A directory is created journal first, tree second, marker last: without a marker, a directory
//! that holds any record or row is not a half-made new one but a damaged old one. With a marker the
//! tree must have reached its checkpoint, and the journal must continue where the tree ends. Nothing
//! is ever made empty that was not empty before.

use std::{
    fs,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::{
    backend::{Backend, SledBackend},
    batch::Batch,
    checkpoint,
    error::{Error, guarded},
    journal::{Journal, JournalOptions, RaftJournal},
    marker::{Checkpoint, Marker, TREE_KEY},
    options::Options,
    shard::{Positions, ShardId},
    shared::{Parts, Shared},
};

const TREE_DIR: &str = "sled";
const JOURNAL_DIR: &str = "journal";

/// Opens the files of a locked data directory; creates them if there are none.
pub(crate) fn open_dir(options: &Options) -> Result<Parts, Error> {
    let open = || {
        let (marker, known) = read_marker(options)?;
        let backend = open_tree(options, known.as_ref())?;
        let journal = open_journal(options)?;
        assemble(Box::new(journal), Box::new(backend), Some((marker, known)), options.shards)
    };
    open().map_err(|error: Error| error.in_dir(&options.dir))
}

/// Opens the files of a locked data directory to look at them: creates nothing, sets nothing aside.
pub(crate) fn inspect_dir(options: &Options) -> Result<Parts, Error> {
    let open = || {
        let (marker, known) = read_marker(options)?;
        let known = known.ok_or_else(|| Error::corrupt("marker", "there is none"))?;
        let backend = SledBackend::open(&options.dir.join(TREE_DIR), options.cache_bytes)?;
        let journal = open_journal(options)?;
        let shards = known.shards();
        assemble(Box::new(journal), Box::new(backend), Some((marker, Some(known))), shards)
    };
    open().map_err(|error: Error| error.in_dir(&options.dir))
}

fn read_marker(options: &Options) -> Result<(Marker, Option<Checkpoint>), Error> {
    let marker = Marker::in_dir(&options.dir);
    let known = marker.read()?;
    if let Some(known) = &known {
        check_present(&options.dir, known)?;
    }
    Ok((marker, known))
}

fn open_journal(options: &Options) -> Result<RaftJournal, Error> {
    let dir = options.dir.join(JOURNAL_DIR);
    RaftJournal::open(&JournalOptions { dir, file_bytes: options.journal_file_bytes })
}

/// Checks the opened parts against each other, and completes a directory that is being created.
///
/// Without a marker (parts in memory) the tree's own record is believed.
pub(crate) fn assemble(
    journal: Box<dyn Journal>,
    backend: Box<dyn Backend>,
    marker: Option<(Marker, Option<Checkpoint>)>,
    shards: u16,
) -> Result<Parts, Error> {
    let recorded = backend.get(TREE_KEY)?.map(|bytes| Checkpoint::decode(&bytes)).transpose()?;
    let (marker, known) = match marker {
        Some((marker, known)) => (Some(marker), known),
        None => (None, recorded.clone()),
    };
    let checkpoint = match known {
        Some(known) => reached(&known, recorded, journal.database()?)?,
        None => create(journal.as_ref(), backend.as_ref(), marker.as_ref(), shards)?,
    };
    if checkpoint.shards() != shards {
        let have = checkpoint.shards();
        return Err(Error::corrupt(
            "settings",
            format!(
                "this database was created with {have} shards and can't be opened with {shards}"
            ),
        ));
    }
    Ok(Parts { journal, backend, marker, checkpoint })
}

/// Where an existing database's tree ends, after all three witnesses have been heard.
fn reached(
    known: &Checkpoint,
    recorded: Option<Checkpoint>,
    journal: Option<Uuid>,
) -> Result<Checkpoint, Error> {
    if journal != Some(known.database) {
        return Err(Error::corrupt("journal", "it is empty or belongs to another database"));
    }
    match recorded {
        // Nothing is purged from the journal before the first checkpoint is complete.
        None if known.number == 0 => Ok(known.clone()),
        None => Err(Error::corrupt(
            "tree",
            format!("it opens empty, but checkpoint {} had been written to it", known.number),
        )),
        Some(recorded) if recorded.database != known.database => {
            Err(Error::corrupt("tree", "it belongs to another database"))
        }
        Some(recorded) if recorded.number < known.number => Err(Error::corrupt(
            "tree",
            format!(
                "it is at checkpoint {}, but {} had been written to it",
                recorded.number, known.number
            ),
        )),
        Some(recorded) => Ok(recorded),
    }
}

fn create(
    journal: &dyn Journal,
    backend: &dyn Backend,
    marker: Option<&Marker>,
    shards: u16,
) -> Result<Checkpoint, Error> {
    let lost = || Error::corrupt("marker", "there is none, but the directory holds data");
    journal.replay(&mut |_, _, _| Err(lost()))?;
    if let Some(row) = backend.range(Vec::new(), None, false).next() {
        row?;
        return Err(lost());
    }
    let checkpoint = Checkpoint::first(new_id()?, shards);
    let database = match journal.database()? {
        Some(database) => database,
        None => {
            journal.set_database(checkpoint.database)?;
            checkpoint.database
        }
    };
    let checkpoint = Checkpoint { database, ..checkpoint };
    match marker {
        Some(marker) => marker.write(&checkpoint)?,
        None => checkpoint::record(backend, &checkpoint)?,
    }
    Ok(checkpoint)
}

fn new_id() -> Result<Uuid, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::io("drawing a database id", error))?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// With a marker, both directories must be there.
fn check_present(dir: &Path, known: &Checkpoint) -> Result<(), Error> {
    if !dir.join(JOURNAL_DIR).is_dir() {
        return Err(Error::corrupt("journal", "its directory is missing"));
    }
    if known.number > 0 && !dir.join(TREE_DIR).is_dir() {
        return Err(Error::corrupt("tree", format!("its directory {TREE_DIR} is missing")));
    }
    Ok(())
}

/// Opens sled. One that can't be opened is set aside; only when no checkpoint had been completed,
/// so that the journal still has everything, a new one takes its place.
fn open_tree(options: &Options, known: Option<&Checkpoint>) -> Result<SledBackend, Error> {
    let path = options.dir.join(TREE_DIR);
    let failed = match SledBackend::open(&path, options.cache_bytes) {
        Err(error @ Error::Corrupt { .. }) => error,
        // A full disk or a missing permission says nothing about the tree.
        other => return other,
    };
    let aside = set_aside(&path)?;
    if known.is_some_and(|known| known.number > 0) {
        return Err(Error::corrupt(
            "tree",
            format!("it can't be opened and was set aside as {}: {failed}", aside.display()),
        ));
    }
    tracing::warn!(
        "the tree can't be opened and was set aside as {}: {failed}; it is rebuilt from the journal",
        aside.display()
    );
    SledBackend::open(&path, options.cache_bytes)
}

fn set_aside(path: &Path) -> Result<PathBuf, Error> {
    let aside = (1_u32..)
        .map(|number| path.with_extension(format!("unusable-{number}")))
        .find(|aside| !aside.exists())
        .ok_or_else(|| Error::io("setting the tree aside", "too many were set aside before"))?;
    fs::rename(path, &aside).map_err(|error| Error::io("setting the tree aside", error))?;
    Ok(aside)
}

/// Applies what the journal has beyond the tree, and sets the budget for what then waits in memory.
/// Returns how many batches that were.
pub(crate) fn replay(shared: &Shared, overlay_bytes_max: usize) -> Result<u64, Error> {
    let mut continuation = Continuation::of(shared.last_checkpoint.lock().positions.clone());
    let mut replayed = 0;
    guarded("replaying the journal", || {
        shared.journal.replay(&mut |shard, position, payload| {
            if continuation.follows(shard, position)? {
                let batch = Batch::decode(shard, payload)?;
                let (_, waiting) =
                    shared.overlay.apply(std::iter::once((shard, position, batch.ops)));
                replayed += 1;
                if waiting >= shared.checkpoint_bytes {
                    checkpoint::write_checkpoint(shared)?;
                }
            }
            Ok(())
        })?;
        continuation.finish()
    })?;
    shared.set_budget(overlay_bytes_max);
    Ok(replayed)
}

/// Holds a journal's records against the positions that the tree has reached.
pub(crate) struct Continuation {
    from: Positions,
    last: Positions,
}

impl Continuation {
    pub(crate) fn of(from: Positions) -> Self {
        let shards = u16::try_from(from.as_slice().len()).expect("shards are numbered by u16");
        Self { last: Positions::none(shards), from }
    }

    /// Whether the tree lacks this record. A record that leaves a gap behind the tree is an error.
    pub(crate) fn follows(&mut self, shard: ShardId, position: u64) -> Result<bool, Error> {
        if shard.index() >= self.from.as_slice().len() {
            return Err(Error::corrupt(
                "journal",
                format!("it has a record of shard {shard}, which doesn't exist"),
            ));
        }
        let from = self.from.at(shard);
        if self.last.at(shard) == 0 && position > from + 1 {
            return Err(Error::corrupt(
                "journal",
                format!(
                    "shard {shard} continues at position {position}, but the tree ends at {from}"
                ),
            ));
        }
        self.last.reach(shard, position);
        Ok(position > from)
    }

    /// After the last record: no shard that has records may end before the tree does.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        let pairs = self.last.as_slice().iter().zip(self.from.as_slice());
        match pairs.enumerate().find(|(_, (last, from))| **last != 0 && last < from) {
            None => Ok(()),
            Some((shard, (last, from))) => Err(Error::corrupt(
                "journal",
                format!("shard {shard} ends at position {last}, but the tree has reached {from}"),
            )),
        }
    }
}
