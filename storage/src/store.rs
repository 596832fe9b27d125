//! The store: the public face of everything in this crate that touches a disk.
//!
//! A handle is cheap to clone. State is written through [`Store::commit`] and no other way, so that
//! every change passes the journal. Reads are synchronous: the overlay and sled's cache are memory,
//! and a caller that scans much does it outside of its async runtime's workers.

use std::{
    sync::{Arc, atomic::Ordering, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::{
    backend::{Backend, MemoryBackend},
    backup::Backup,
    batch::Batch,
    checkpoint,
    committer::{self, Commit, Message},
    error::Error,
    journal::{Journal, MemoryJournal},
    keys::{Key, KeyRange},
    lock::DirLock,
    marker::Marker,
    merge,
    options::Options,
    overlay::Overlay,
    records::{self, Record},
    recovery,
    shard::Positions,
    shared::{Ending, Parts, Shared},
};

/// Rows read at once by [`Store::rows`].
const ROWS_CHUNK: usize = 1024;

/// A row: key and value.
pub type Row = (Key, Vec<u8>);

/// A handle to an open store. The last one dropped stops the store as a crash would: nothing
/// acknowledged is lost, but the next start has to replay; [`Store::close`] spares it that.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    queue: mpsc::Sender<Message>,
    threads: Mutex<Option<Threads>>,
    shards: u16,
    batch_bytes_max: usize,
    /// Bytes in the overlay beyond which bulk work waits.
    bulk_bytes_max: usize,
    replayed: u64,
    /// Released last: fields are dropped in order.
    _lock: Option<DirLock>,
}

struct Threads {
    committer: JoinHandle<()>,
    checkpointer: JoinHandle<()>,
}

/// Whether the store takes commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Ready,
    /// It doesn't, until it is opened again; reads still work.
    Failed {
        /// What happened first.
        reason: String,
    },
}

/// Counters of an open store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Batches made durable since it was opened.
    pub commits: u64,
    /// Groups in which they were written, one fdatasync each.
    pub groups: u64,
    /// Batches in the largest group.
    pub group_size_max: u64,
    /// Bytes of rows that the tree doesn't have yet.
    pub overlay_bytes: usize,
    /// Batches that were replayed from the journal when it was opened.
    pub replayed: u64,
    /// Last positions made durable, per shard.
    pub journal: Positions,
    /// Positions up to which the tree is complete, per shard.
    pub checkpoint: Positions,
    /// Checkpoints since the database was created.
    pub checkpoints: u64,
}

/// Makes a store in memory fail, wait, lose power and open again. For tests.
#[derive(Clone, Debug, Default)]
pub struct FaultHandle {
    /// The store's journal.
    pub journal: MemoryJournal,
    /// The store's tree.
    pub backend: MemoryBackend,
}

impl FaultHandle {
    /// Opens a store over what the last one left; that one must be gone.
    ///
    /// # Errors
    /// If what is left can't be opened.
    pub fn open(&self, options: &Options) -> Result<Store, Error> {
        Store::open_with(Box::new(self.journal.clone()), Box::new(self.backend.clone()), options)
    }
}

impl Store {
    /// Opens the data directory `options.dir`, creating it if there is none; ready when it returns.
    ///
    /// # Errors
    /// [`Error::Locked`] if it is in use, [`Error::Unusable`] with what to do if its contents can't
    /// be used, [`Error::Io`] if the operating system refuses something.
    pub fn open(options: &Options) -> Result<Self, Error> {
        let lock = DirLock::acquire(&options.dir)?;
        let parts = recovery::open_dir(options)?;
        Self::start(parts, options, Some(lock)).map_err(|error| error.in_dir(&options.dir))
    }

    /// Opens a store over the given journal and tree, without a marker; `options.dir` is not used.
    ///
    /// # Errors
    /// If they can't be read or don't belong together.
    pub fn open_with(
        journal: Box<dyn Journal>,
        backend: Box<dyn Backend>,
        options: &Options,
    ) -> Result<Self, Error> {
        Self::start(recovery::assemble(journal, backend, None, options.shards)?, options, None)
    }

    /// As [`Store::open_with`], with the marker in `options.dir`, which must exist.
    ///
    /// # Errors
    /// If they can't be read or don't belong together.
    pub fn open_marked(
        journal: Box<dyn Journal>,
        backend: Box<dyn Backend>,
        options: &Options,
    ) -> Result<Self, Error> {
        let marker = Marker::in_dir(&options.dir);
        let known = marker.read()?;
        Self::start(
            recovery::assemble(journal, backend, Some((marker, known)), options.shards)?,
            options,
            None,
        )
    }

    /// A new store in memory, and the handle that makes it fail.
    ///
    /// # Panics
    /// If threads can't be started.
    #[must_use]
    pub fn in_memory() -> (Self, FaultHandle) {
        let faults = FaultHandle::default();
        let store = faults.open(&Options::new("")).expect("an empty memory opens");
        (store, faults)
    }

    fn start(parts: Parts, options: &Options, lock: Option<DirLock>) -> Result<Self, Error> {
        // At most half, so that commits go on while the other half is being checkpointed.
        let checkpoint_bytes = options.checkpoint_bytes.min(options.overlay_bytes_max / 2);
        let shared = Arc::new(Shared::new(parts, checkpoint_bytes));
        let replayed = recovery::replay(&shared, options.overlay_bytes_max)?;
        let (queue, receiver) = mpsc::channel();
        let interval = Duration::from_millis(options.checkpoint_interval_ms);
        let checkpointer = checkpoint::start(Arc::clone(&shared), interval)?;
        let committer = committer::start(Arc::clone(&shared), receiver, options.commit_group_max)?;
        let inner = Inner {
            shared,
            queue,
            threads: Mutex::new(Some(Threads { committer, checkpointer })),
            shards: options.shards,
            batch_bytes_max: options.batch_bytes_max(),
            bulk_bytes_max: options.overlay_bytes_max / 2,
            replayed,
            _lock: lock,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Makes a batch durable. `Ok` means that it survives power loss and that reads see it.
    ///
    /// Waits while the overlay is full. If the future is dropped while it waits for that, nothing
    /// happens; if it is dropped later, the batch is committed all the same.
    ///
    /// # Errors
    /// [`Error::Failed`] if the store has failed, before or during this commit; [`Error::Closed`];
    /// [`Error::BatchTooLarge`]; [`Error::NoSuchShard`].
    pub async fn commit(&self, batch: Batch) -> Result<(), Error> {
        let Inner { shared, queue, shards, batch_bytes_max, .. } = self.inner.as_ref();
        let cost = batch.cost();
        if batch.shard.0 >= *shards {
            return Err(Error::NoSuchShard { shard: batch.shard.0, shards: *shards });
        }
        if batch.ops.is_empty() {
            // Nothing to make durable.
            return shared.check();
        }
        let permits = u32::try_from(cost).ok().filter(|_| cost <= *batch_bytes_max);
        let permits =
            permits.ok_or(Error::BatchTooLarge { bytes: cost, bytes_max: *batch_bytes_max })?;
        match shared.budget.acquire_many(permits).await {
            // Given back when the rows leave the overlay.
            Ok(permit) => permit.forget(),
            Err(_closed) => return Err(self.refusal()),
        }
        let payload = batch.encode();
        let (answer, answered) = oneshot::channel();
        let commit = Commit { shard: batch.shard, ops: batch.ops, payload, answer };
        queue.send(Message::Commit(commit)).map_err(|_| self.refusal())?;
        answered.await.unwrap_or_else(|_| Err(self.refusal()))
    }

    /// Waits, blocking, while the overlay is more than half full. Whoever writes much that nobody
    /// waits for calls this before each batch, so that commits of requests find room without waiting.
    ///
    /// # Errors
    /// As for [`Store::checkpoint`].
    pub fn wait_for_room(&self) -> Result<(), Error> {
        if self.inner.shared.overlay.bytes() <= self.inner.bulk_bytes_max {
            return Ok(());
        }
        self.checkpoint()
    }

    /// The newest value of a row.
    ///
    /// # Errors
    /// If the tree can't be read.
    pub fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Error> {
        merge::get(&self.inner.shared.overlay, self.inner.shared.backend.as_ref(), key)
    }

    /// The newest value of a row, decoded.
    ///
    /// # Errors
    /// If the tree can't be read or the value doesn't decode.
    pub fn load<T: Record>(&self, key: &Key) -> Result<Option<T>, Error> {
        self.get(key)?.map(|value| records::decode(key, &value)).transpose()
    }

    /// The first `limit` rows of a range, ascending, as of one instant.
    ///
    /// # Errors
    /// If the tree can't be read.
    pub fn scan(&self, range: &KeyRange, limit: usize) -> Result<Vec<Row>, Error> {
        merge::scan(
            &self.inner.shared.overlay,
            self.inner.shared.backend.as_ref(),
            range,
            limit,
            false,
        )
    }

    /// The last `limit` rows of a range, descending (the newest first, where keys end in a sequence
    /// or a date), as of one instant.
    ///
    /// # Errors
    /// If the tree can't be read.
    pub fn scan_rev(&self, range: &KeyRange, limit: usize) -> Result<Vec<Row>, Error> {
        merge::scan(
            &self.inner.shared.overlay,
            self.inner.shared.backend.as_ref(),
            range,
            limit,
            true,
        )
    }

    /// Every row of a range, ascending, read in chunks: each chunk is of one instant, the whole is
    /// not. Ends after the first error.
    pub fn rows(&self, range: KeyRange) -> impl Iterator<Item = Result<Row, Error>> + use<> {
        let store = self.clone();
        let scan = move |range: &KeyRange, limit| store.scan(range, limit);
        merge::chunks(range, ROWS_CHUNK, KeyRange::after, scan)
    }

    /// As [`Store::rows`], descending.
    pub fn rows_rev(&self, range: KeyRange) -> impl Iterator<Item = Result<Row, Error>> + use<> {
        let store = self.clone();
        let scan = move |range: &KeyRange, limit| store.scan_rev(range, limit);
        merge::chunks(range, ROWS_CHUNK, KeyRange::before, scan)
    }

    /// A copy of everything as of the instant at which it is finished, made while commits go on,
    /// with files that lie beside the store, by name.
    ///
    /// # Errors
    /// [`Error::BackupUnderWay`] while there is another one.
    pub fn backup(&self, files: Vec<(String, Vec<u8>)>) -> Result<Backup, Error> {
        Backup::new(self.clone(), files)
    }

    pub(crate) fn overlay(&self) -> &Overlay {
        &self.inner.shared.overlay
    }

    /// Shards of this database.
    #[must_use]
    pub fn shards(&self) -> u16 {
        self.inner.shards
    }

    /// Whether commits can succeed.
    #[must_use]
    pub fn health(&self) -> Health {
        match self.inner.shared.failure() {
            None => Health::Ready,
            Some(reason) => Health::Failed { reason: reason.to_owned() },
        }
    }

    /// Counters for metrics and tests.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let shared = &self.inner.shared;
        let checkpoint = shared.last_checkpoint.lock().clone();
        Stats {
            commits: shared.counters.commits.load(Ordering::Relaxed),
            groups: shared.counters.groups.load(Ordering::Relaxed),
            group_size_max: shared.counters.group_size_max.load(Ordering::Relaxed),
            overlay_bytes: shared.overlay.bytes(),
            replayed: self.inner.replayed,
            journal: shared.overlay.positions(),
            checkpoint: checkpoint.positions,
            checkpoints: checkpoint.number,
        }
    }

    /// Moves everything committed so far into the tree, and waits until it is durable there.
    ///
    /// # Errors
    /// [`Error::Failed`] if the store has failed, [`Error::Closed`] if it is closed.
    pub fn checkpoint(&self) -> Result<(), Error> {
        let shared = &self.inner.shared;
        let ticket = shared.requests.ask();
        let done = shared.requests.wait(ticket, || shared.failure().is_some());
        shared.check()?;
        if done { Ok(()) } else { Err(Error::Closed) }
    }

    /// Stops taking commits, finishes those that wait for the disk, writes a last checkpoint and
    /// stops the threads. The directory is free when the last handle is dropped. Closing twice is
    /// closing once.
    ///
    /// # Errors
    /// [`Error::Failed`] if the store has failed; nothing acknowledged is lost even then.
    pub fn close(&self) -> Result<(), Error> {
        self.inner.stop(Ending::Clean);
        self.inner.shared.check()
    }

    fn refusal(&self) -> Error {
        self.inner.shared.check().err().unwrap_or(Error::Closed)
    }
}

impl Inner {
    fn stop(&self, ending: Ending) {
        let Some(threads) = self.threads.lock().take() else { return };
        self.shared.budget.close();
        // An error means that the thread is gone already.
        let _ = self.queue.send(Message::Stop);
        let committed = threads.committer.join();
        self.shared.requests.end(ending);
        let checkpointed = threads.checkpointer.join();
        if committed.and(checkpointed).is_err() {
            self.shared.fail("stopping", &Error::io("a thread of the store", "panicked"));
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop(Ending::Abrupt);
    }
}
