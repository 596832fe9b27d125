//! What the store's handles and its two threads have in common.
//!
//! Also the rule of failure: the first one is kept, wakes everything that waits, and from then on
//! no commit succeeds. Reads go on, from the overlay and the tree as they are.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use tokio::sync::Semaphore;

use crate::{
    backend::Backend,
    error::Error,
    journal::Journal,
    marker::{Checkpoint, Marker},
    overlay::Overlay,
};

/// The parts of a data directory, opened and checked against each other.
pub(crate) struct Parts {
    pub(crate) journal: Box<dyn Journal>,
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) marker: Option<Marker>,
    pub(crate) checkpoint: Checkpoint,
}

pub(crate) struct Shared {
    pub(crate) journal: Box<dyn Journal>,
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) marker: Option<Marker>,
    pub(crate) overlay: Overlay,
    /// Bytes that may still enter the overlay; closed when no commit can succeed any more.
    pub(crate) budget: Semaphore,
    pub(crate) checkpoint_bytes: usize,
    pub(crate) requests: Requests,
    pub(crate) last_checkpoint: Mutex<Checkpoint>,
    pub(crate) counters: Counters,
    failure: OnceLock<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) groups: AtomicU64,
    pub(crate) group_size_max: AtomicU64,
}

impl Shared {
    pub(crate) fn new(parts: Parts, checkpoint_bytes: usize) -> Self {
        let Parts { journal, backend, marker, checkpoint } = parts;
        Self {
            journal,
            backend,
            marker,
            overlay: Overlay::new(checkpoint.positions.clone()),
            budget: Semaphore::new(0),
            checkpoint_bytes,
            requests: Requests::default(),
            last_checkpoint: Mutex::new(checkpoint),
            counters: Counters::default(),
            failure: OnceLock::new(),
        }
    }

    /// Opens the overlay for commits: what is in it already counts.
    pub(crate) fn set_budget(&self, overlay_bytes_max: usize) {
        self.budget.forget_permits(self.budget.available_permits());
        let most = overlay_bytes_max.min(Semaphore::MAX_PERMITS);
        self.budget.add_permits(most.saturating_sub(self.overlay.bytes()));
    }

    /// Stops all commits, for the reason given first.
    pub(crate) fn fail(&self, doing: &str, error: &Error) {
        if self.failure.set(format!("{doing} failed: {error}")).is_ok() {
            tracing::error!("the store takes no more writes: {doing} failed: {error}");
        }
        self.budget.close();
        self.requests.wake();
    }

    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// An error if no commit can succeed any more.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.failure().map_or(Ok(()), |reason| Err(Error::Failed { reason: reason.to_owned() }))
    }
}

impl Counters {
    pub(crate) fn count_group(&self, size: usize) {
        let size = u64::try_from(size).expect("a group is smaller than 2^64");
        self.commits.fetch_add(size, Ordering::Relaxed);
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.group_size_max.fetch_max(size, Ordering::Relaxed);
    }
}

/// How the checkpointer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a last checkpoint, so that the next start replays nothing.
    Clean,
    /// At once, as a crash would.
    Abrupt,
}

/// What is wanted of the checkpointer. Checkpoints are numbered by request, so that a caller can
/// wait for one that started after it asked.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    state: Mutex<RequestState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct RequestState {
    asked: u64,
    done: u64,
    ending: Option<Ending>,
    over: bool,
}

impl Requests {
    /// Asks for a checkpoint; the answer is the ticket to wait with.
    pub(crate) fn ask(&self) -> u64 {
        let mut state = self.state.lock();
        state.asked += 1;
        self.changed.notify_all();
        state.asked
    }

    /// Waits until the checkpoint of `ticket` is done or `stopped` says that none will be.
    /// Whether it is done.
    pub(crate) fn wait(&self, ticket: u64, stopped: impl Fn() -> bool) -> bool {
        let mut state = self.state.lock();
        while state.done < ticket && !state.over && !stopped() {
            self.changed.wait(&mut state);
        }
        state.done >= ticket
    }

    /// For the checkpointer: waits for something to do, at most `interval`. The answer is the last
    /// ticket asked for and how to end, if it is to end.
    pub(crate) fn next(&self, interval: Duration) -> (u64, Option<Ending>) {
        let mut state = self.state.lock();
        if state.asked == state.done && state.ending.is_none() {
            self.changed.wait_for(&mut state, interval);
        }
        (state.asked, state.ending)
    }

    /// For the checkpointer: a checkpoint that began after `ticket` is done.
    pub(crate) fn done(&self, ticket: u64) {
        self.state.lock().done = ticket;
        self.changed.notify_all();
    }

    /// For the checkpointer: there will be no more checkpoints.
    pub(crate) fn over(&self) {
        self.state.lock().over = true;
        self.changed.notify_all();
    }

    pub(crate) fn end(&self, ending: Ending) {
        self.state.lock().ending.get_or_insert(ending);
        self.changed.notify_all();
    }

    pub(crate) fn wake(&self) {
        let _state = self.state.lock();
        self.changed.notify_all();
    }
}
