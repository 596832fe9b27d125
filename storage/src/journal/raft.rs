//! The journal on raft-engine, TiKV's log engine.
//!
//! One group is one entry of one engine region: written with one checksum and one fdatasync, read
//! back in order in one pass. (A region per shard would put every group's entries into one block of
//! the file, which the engine reads and checks again for each region at start.) Per-shard positions
//! are inside the groups. The newest group is never purged, so indices never start again.
//!
//! The engine panics where it can't go on (a failed fdatasync, a hole); panics become errors, and
//! after the first one the engine is leaked, not dropped, because dropping it syncs again.

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;
use protobuf::well_known_types::BytesValue;
use raft_engine::{
    Command, Config, Engine, LogBatch, MessageExt, ReadableSize, RecoveryMode,
    env::{DefaultFileSystem, FileSystem},
};
use uuid::Uuid;

use super::{Continuity, Journal, Record, Replay, group};
use crate::{
    error::{Error, guarded},
    shard::{Positions, ShardId},
};

/// Engine region of the groups.
const GROUPS: u64 = 1;
/// Engine region of facts about the journal, apart from the groups so that they are purged alone.
const FACTS: u64 = 2;
const DATABASE_FACT: &[u8] = b"database";
/// Groups read at once during replay.
const REPLAY_BYTES: usize = 8 << 20;

/// How the journal uses its directory.
#[derive(Clone, Debug)]
pub struct JournalOptions {
    /// Its own directory, created if missing.
    pub dir: PathBuf,
    /// Size of one file; purging starts when there are more than two of them.
    pub file_bytes: u64,
}

struct Groups;

impl MessageExt for Groups {
    type Entry = BytesValue;

    fn index(entry: &BytesValue) -> u64 {
        group::index(&entry.value)
    }
}

/// A [`Journal`] in a directory.
pub struct RaftJournal<F: FileSystem = DefaultFileSystem> {
    /// Taken only when dropped.
    engine: Option<Engine<F>>,
    state: Mutex<State>,
    /// One write at a time. The engine would let one thread write and sync for several; if that sync
    /// fails it panics, but only in that thread: the others would believe that they are durable.
    writing: Mutex<()>,
    broken: AtomicBool,
}

#[derive(Default)]
struct State {
    last_index: u64,
    /// For every group that is still there, in order: the last position of each shard in it.
    live: VecDeque<(u64, Vec<(ShardId, u64)>)>,
}

impl RaftJournal {
    /// Opens the journal, creating an empty one if there is none.
    ///
    /// # Errors
    /// If its files can't be read or are damaged in front of acknowledged groups.
    pub fn open(options: &JournalOptions) -> Result<Self, Error> {
        Self::open_on(options, Arc::new(DefaultFileSystem))
    }
}

impl<F: FileSystem> RaftJournal<F> {
    /// As [`RaftJournal::open`], over another file system.
    ///
    /// # Errors
    /// If its files can't be read or are damaged in front of acknowledged groups.
    pub fn open_on(options: &JournalOptions, files: Arc<F>) -> Result<Self, Error> {
        let newest_seen = newest_in_last_file(&options.dir)?;
        let config = config(options)?;
        let engine = match guarded("opening the journal", || {
            Ok(Engine::open_with_file_system(config, files))
        }) {
            Ok(Ok(engine)) => engine,
            Ok(Err(raft_engine::Error::Io(error))) if error.raw_os_error().is_some() => {
                return Err(Error::io("opening the journal", error));
            }
            Ok(Err(error)) => return Err(Error::corrupt("journal", error.to_string())),
            Err(panic) => return Err(Error::corrupt("journal", panic.to_string())),
        };
        let last_index = engine.last_index(GROUPS).unwrap_or(0);
        let state = State { last_index, live: VecDeque::new() };
        let journal = Self {
            engine: Some(engine),
            state: Mutex::new(state),
            writing: Mutex::new(()),
            broken: AtomicBool::new(false),
        };
        match newest_seen {
            Some(newest) if newest > last_index + 1 => Err(Error::corrupt(
                "journal",
                format!(
                    "it is readable up to group {last_index}, but group {newest} was written after that"
                ),
            )),
            Some(_) | None => Ok(journal),
        }
    }

    fn engine(&self) -> &Engine<F> {
        self.engine.as_ref().expect("it is taken only by drop")
    }

    /// Runs an engine call that writes; after one that failed, the engine is never trusted again.
    fn written<T>(
        &self,
        what: &str,
        step: impl FnOnce() -> raft_engine::Result<T>,
    ) -> Result<T, Error> {
        if self.broken.load(Ordering::Acquire) {
            return Err(Error::io(what, "the journal has failed before"));
        }
        let result = guarded(what, || step().map_err(|error| Error::io(what, error)));
        if result.is_err() {
            self.broken.store(true, Ordering::Release);
        }
        result
    }

    /// Some groups from `first` on, none beyond `last`; their checksums hold.
    fn fetch(&self, first: u64, last: u64) -> Result<Vec<BytesValue>, Error> {
        let mut entries = Vec::new();
        guarded("reading the journal", || {
            let (some, end) = (Some(REPLAY_BYTES), last + 1);
            match self.engine().fetch_entries_to::<Groups>(GROUPS, first, end, some, &mut entries) {
                Ok(_) => Ok(()),
                Err(raft_engine::Error::Io(error)) => Err(Error::io("reading the journal", error)),
                Err(error) => Err(Error::corrupt("journal", error.to_string())),
            }
        })?;
        Ok(entries)
    }

    fn replay_group(
        &self,
        entry: &BytesValue,
        continuity: &mut Continuity,
        each: &mut Replay<'_>,
    ) -> Result<(), Error> {
        let mut reached = BTreeMap::new();
        for (shard, position, payload) in group::decode(&entry.value)? {
            continuity.check(shard, position)?;
            each(shard, position, payload)?;
            reached.insert(shard, position);
        }
        self.state
            .lock()
            .live
            .push_back((group::index(&entry.value), reached.into_iter().collect()));
        Ok(())
    }
}

impl<F: FileSystem> Journal for RaftJournal<F> {
    fn database(&self) -> Result<Option<Uuid>, Error> {
        let fact = self.engine().get(FACTS, DATABASE_FACT);
        fact.map(|bytes| {
            Uuid::from_slice(&bytes).map_err(|error| Error::corrupt("journal", error.to_string()))
        })
        .transpose()
    }

    fn set_database(&self, database: Uuid) -> Result<(), Error> {
        self.written("writing the journal", || {
            let mut batch = LogBatch::default();
            batch.put(FACTS, DATABASE_FACT.to_vec(), database.as_bytes().to_vec())?;
            self.engine().write(&mut batch, true)
        })?;
        Ok(())
    }

    fn replay(&self, each: &mut Replay<'_>) -> Result<(), Error> {
        let (Some(first), Some(last)) =
            (self.engine().first_index(GROUPS), self.engine().last_index(GROUPS))
        else {
            return Ok(());
        };
        let mut continuity = Continuity::default();
        let mut next = first;
        while next <= last {
            let entries = self.fetch(next, last)?;
            if entries.is_empty() {
                return Err(Error::corrupt("journal", format!("group {next} is missing")));
            }
            for entry in &entries {
                self.replay_group(entry, &mut continuity, each)?;
                next += 1;
            }
        }
        Ok(())
    }

    fn append(&self, records: &[Record]) -> Result<(), Error> {
        let index = self.state.lock().last_index + 1;
        let entry = BytesValue { value: group::encode(index, records), ..BytesValue::default() };
        let _writing = self.writing.lock();
        self.written("writing the journal", || {
            let mut batch = LogBatch::with_capacity(1);
            batch.add_entries::<Groups>(GROUPS, std::slice::from_ref(&entry))?;
            self.engine().write(&mut batch, true)
        })?;
        let reached: BTreeMap<_, _> =
            records.iter().map(|record| (record.shard, record.position)).collect();
        let mut state = self.state.lock();
        state.last_index = index;
        state.live.push_back((index, reached.into_iter().collect()));
        Ok(())
    }

    fn purge(&self, up_to: &Positions) -> Result<(), Error> {
        let first_kept = {
            let mut state = self.state.lock();
            let covered = |reached: &[(ShardId, u64)]| {
                reached.iter().all(|(shard, at)| *at <= up_to.at(*shard))
            };
            while state.live.len() > 1
                && state.live.front().is_some_and(|(_, reached)| covered(reached))
            {
                state.live.pop_front();
            }
            state.live.front().map(|(index, _)| *index)
        };
        let Some(first_kept) = first_kept else { return Ok(()) };
        self.written("purging the journal", || {
            let mut batch = LogBatch::with_capacity(1);
            batch.add_command(GROUPS, Command::Compact { index: first_kept });
            let _writing = self.writing.lock();
            // Not synced: a compaction that is lost is repeated by the next one.
            self.engine().write(&mut batch, false)
        })?;
        self.written("purging the journal", || self.engine().purge_expired_files())?;
        Ok(())
    }
}

impl<F: FileSystem> Drop for RaftJournal<F> {
    fn drop(&mut self) {
        if self.broken.load(Ordering::Acquire) {
            std::mem::forget(self.engine.take());
        }
    }
}

fn config(options: &JournalOptions) -> Result<Config, Error> {
    let dir = options
        .dir
        .to_str()
        .ok_or_else(|| Error::io("opening the journal", "its path is not UTF-8"))?;
    Ok(Config {
        dir: dir.to_owned(),
        recovery_mode: RecoveryMode::TolerateTailCorruption,
        // Group headers must stay findable in the raw file, and small rows hardly compress.
        batch_compression_threshold: ReadableSize(0),
        target_file_size: ReadableSize(options.file_bytes),
        purge_threshold: ReadableSize(options.file_bytes * 2),
        // A recycled file would show old groups behind the tail.
        enable_log_recycle: false,
        ..Config::default()
    })
}

/// The newest group whose header is in the last append file, before the engine cuts its tail.
fn newest_in_last_file(dir: &Path) -> Result<Option<u64>, Error> {
    let failed = |error: std::io::Error| Error::io("reading the journal", error);
    if !dir.exists() {
        return Ok(None);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "raftlog") {
            files.push(path);
        }
    }
    let Some(last) = files.into_iter().max() else { return Ok(None) };
    Ok(group::newest_index(&fs::read(last).map_err(failed)?))
}
