//! The checkpointer: the one thread that writes to the tree.
//!
//! The order is the whole point, and each step is durable before the next begins:
//!
//! 1. freeze the overlay at known positions and write its rows to the tree, sorted, in chunks;
//! 2. make the tree durable;
//! 3. write these positions into the tree and make that durable;
//! 4. raise the marker beside the tree;
//! 5. let go of the frozen rows and let the journal forget them.
//!
//! A crash before 3 replays batches whose rows are already there, which changes nothing: rows are
//! replaced by key, page rows by slot. A crash after 3 leaves a journal longer than needed.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{
    backend::{Backend, RawWrite},
    error::{Error, guarded},
    marker::{Checkpoint, TREE_KEY},
    overlay::Layer,
    pages,
    shared::{Ending, Shared},
};

/// sled blocks readers while a batch is applied, so a batch stays small enough not to be felt.
const CHUNK_WRITES_MAX: usize = 512;
const CHUNK_BYTES_MAX: usize = 1 << 20;

/// Starts the thread. It ends when [`crate::shared::Requests::end`] says so.
pub(crate) fn start(shared: Arc<Shared>, interval: Duration) -> Result<JoinHandle<()>, Error> {
    thread::Builder::new()
        .name("checkpoint".into())
        .spawn(move || run(&shared, interval))
        .map_err(|error| Error::io("starting the checkpoint thread", error))
}

fn run(shared: &Shared, interval: Duration) {
    loop {
        let (ticket, ending) = shared.requests.next(interval);
        if ending != Some(Ending::Abrupt)
            && shared.failure().is_none()
            && let Err(error) = guarded("the checkpoint", || write_checkpoint(shared))
        {
            shared.fail("the checkpoint", &error);
        }
        shared.requests.done(ticket);
        if ending.is_some() {
            shared.requests.over();
            return;
        }
    }
}

/// Moves what the overlay holds into the tree. Called by the checkpoint thread, and by recovery
/// before that thread exists.
pub(crate) fn write_checkpoint(shared: &Shared) -> Result<(), Error> {
    let Some((frozen, positions)) = shared.overlay.freeze() else { return Ok(()) };
    let backend = shared.backend.as_ref();
    write_rows(backend, &frozen)?;
    backend.sync()?;
    let last = shared.last_checkpoint.lock().clone();
    let checkpoint = Checkpoint { number: last.number + 1, positions, ..last };
    record(backend, &checkpoint)?;
    if let Some(marker) = &shared.marker {
        marker.write(&checkpoint)?;
    }
    shared.overlay.thaw();
    shared.budget.add_permits(frozen.bytes());
    let purged = shared.journal.purge(&checkpoint.positions);
    *shared.last_checkpoint.lock() = checkpoint;
    purged
}

/// Writes the checkpoint's positions into the tree, durably. Everything up to them must be durable.
pub(crate) fn record(backend: &dyn Backend, checkpoint: &Checkpoint) -> Result<(), Error> {
    backend.apply(vec![(TREE_KEY.to_vec(), Some(checkpoint.encode().into()))])?;
    backend.sync()
}

fn write_rows(backend: &dyn Backend, layer: &Layer) -> Result<(), Error> {
    let mut writes = pages::Writes::new(backend, layer.rows());
    let mut chunk: Vec<RawWrite> = Vec::new();
    let mut bytes = 0;
    while let Some((key, value)) = writes.next()? {
        bytes += key.len() + value.as_ref().map_or(0, |value| value.len());
        chunk.push((key, value));
        if chunk.len() >= CHUNK_WRITES_MAX || bytes >= CHUNK_BYTES_MAX {
            backend.apply(std::mem::take(&mut chunk))?;
            bytes = 0;
        }
    }
    if chunk.is_empty() { Ok(()) } else { backend.apply(chunk) }
}
