//! The queue of batches: events that are accepted at once and worked through later. (C-BATCH)
//!
//! A batch is numbered, made durable and answered, one after the other, so that numbers are in order
//! of acceptance and none can become visible before an earlier one. One worker (`worker`) sends the
//! events to their users, through the router like any other. What tells that an event was applied is
//! in its user's own commit: the place of the latest one. So a crash anywhere costs only work: the
//! batch is worked through again, and whoever has an event already says so.
//!
//! The test clock isn't moved, and no leaderboard run becomes final, before the queue is empty.

mod worker;

use std::sync::Arc;

use domain::ids::Scope;
use domain::time::Timestamp;
use storage::Store;
use storage::records::QueuedEvent;
use tokio::sync::{Mutex, Semaphore, watch};

use self::worker::Worker;
use crate::catalog::Catalogs;
use crate::clock::{self, Clock};
use crate::counters::Counters;
use crate::error::Error;
use crate::router::Router;
use crate::rows;
use crate::schedule::{Firing, Source};

/// Batches that may wait for their turn to be made durable; each is in memory whole.
const ACCEPTING_MAX: usize = 16;

/// How long the worker rests after storage refused something.
const REST: std::time::Duration = std::time::Duration::from_secs(1);

/// Batches that were accepted and are yet to be worked through.
pub(crate) struct Queue {
    scope: Scope,
    store: Store,
    clock: Clock,
    router: Arc<Router>,
    catalogs: Arc<Catalogs>,
    counters: Arc<Counters>,
    limits: Limits,
    /// One at a time, so that numbers become durable in order.
    accepting: Mutex<()>,
    /// Bounds who waits for that.
    waiting: Semaphore,
    progress: watch::Sender<Progress>,
}

/// How much at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Batches that may wait.
    pub(crate) batches_max: u64,
    /// Users who are sent events at a time.
    pub(crate) in_flight_max: usize,
}

/// How far the queue got. Numbers of batches begin with 1.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    /// The latest batch that is durable.
    pub(crate) accepted: u64,
    /// Every batch up to this one was worked through, which is durable.
    pub(crate) done: u64,
    /// Why the worker can't go on, if it can't.
    pub(crate) obstacle: Option<Error>,
}

/// What the queue works with.
pub(crate) struct Parts {
    pub(crate) scope: Scope,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) router: Arc<Router>,
    pub(crate) catalogs: Arc<Catalogs>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) limits: Limits,
}

impl Queue {
    /// The queue as it is stored; nobody works it through yet.
    ///
    /// # Errors
    /// If storage can't be read.
    pub(crate) fn new(parts: Parts) -> Result<Self, Error> {
        let Parts { scope, store, clock, router, catalogs, counters, limits } = parts;
        let (accepted, done) = rows::load_queue(&store, scope)?;
        let (progress, _) = watch::channel(Progress { accepted, done, obstacle: None });
        Ok(Self {
            scope,
            store,
            clock,
            router,
            catalogs,
            counters,
            limits,
            accepting: Mutex::default(),
            waiting: Semaphore::new(ACCEPTING_MAX),
            progress,
        })
    }

    /// Makes a batch durable. Who stops waiting doesn't stop it.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many batches wait; [`Error::Unavailable`] if it could not be made
    /// durable. Then nothing of it happens.
    pub(crate) async fn accept(self: &Arc<Self>, events: Vec<QueuedEvent>) -> Result<(), Error> {
        let queue = Arc::clone(self);
        let accepted = tokio::spawn(async move {
            let _room = queue.waiting.try_acquire().map_err(|_| Error::Overloaded)?;
            let _one_at_a_time = queue.accepting.lock().await;
            if queue.depth() >= queue.limits.batches_max {
                return Err(Error::Overloaded);
            }
            let batch = queue.progress.borrow().accepted + 1;
            let now = queue.clock.now();
            rows::commit_queued(&queue.store, queue.scope, batch, now, events).await?;
            queue.progress.send_modify(|progress| progress.accepted = batch);
            Ok(())
        });
        accepted.await.unwrap_or(Err(Error::Internal))
    }

    /// Batches that were accepted and are not worked through.
    pub(crate) fn depth(&self) -> u64 {
        let progress = self.progress.borrow();
        progress.accepted - progress.done
    }

    /// Works the queue through, for as long as the engine runs.
    pub(crate) async fn work(self: Arc<Self>) {
        loop {
            // It ends only by a failure; what it had in hand is read again.
            let failure = Worker::new(Arc::clone(&self)).work().await;
            tracing::warn!(error = %failure, "the queue of batches can't be worked through");
            self.stumble(failure);
            clock::pause(REST).await;
        }
    }

    /// Waits until everything that is accepted by now was worked through.
    ///
    /// # Errors
    /// Why the worker can't go on; it tries again by itself.
    pub(crate) async fn caught_up(&self) -> Result<(), Error> {
        let wanted = self.progress.borrow().accepted;
        let mut progress = self.progress.subscribe();
        let is_over = |progress: &Progress| progress.done >= wanted || progress.obstacle.is_some();
        let progress = progress.wait_for(is_over).await.map_err(|_| Error::stopping())?;
        match &progress.obstacle {
            Some(obstacle) if progress.done < wanted => Err(obstacle.clone()),
            Some(_) | None => Ok(()),
        }
    }

    /// Tells who waits that nothing more is worked through.
    pub(crate) fn stop(&self) {
        self.stumble(Error::stopping());
    }

    fn stumble(&self, error: Error) {
        self.progress.send_modify(|progress| progress.obstacle = Some(error));
    }

    /// Makes durable that every batch up to `done` was worked through.
    async fn finish(&self, done: u64) -> Result<(), Error> {
        let before = self.progress.borrow().done;
        rows::commit_queue_done(&self.store, self.scope, before, done).await?;
        self.progress.send_modify(|progress| {
            progress.done = done;
            progress.obstacle = None;
        });
        Ok(())
    }
}

/// Virtual time stands still until the queue is empty.
impl Source for Queue {
    fn next_due(&self) -> Option<Timestamp> {
        // Batches are accepted by requests, never by time.
        None
    }

    fn fire_due(&self) -> Firing<'_> {
        Box::pin(self.caught_up())
    }
}
