//! The worker: a window of the queue in memory, sent to users a few at a time.
//!
//! The events of one user go one after the other in the order of their places, those of different
//! users side by side; batches overlap, so that one busy user holds up nobody else. Batches are
//! done in order: a later one waits for the earlier ones, and then all of them go in one commit.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use domain::ids::UserId;
use domain::user::{Command, QueuePlace, Queued, SubmitEvent};
use storage::records::QueuedEvents;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::{Progress, Queue, REST};
use crate::clock;
use crate::error::Error;
use crate::rows;
use crate::schedule::RETRY_AFTER;
use crate::user_key::UserKey;

/// Events in memory beyond which no further batch is read.
const WINDOW_MAX: usize = 4_096;

/// Events of one user that are sent before others get a turn.
const TURN_MAX: usize = 64;

/// What the worker has in hand.
pub(super) struct Worker {
    queue: Arc<Queue>,
    accepted: watch::Receiver<Progress>,
    /// The latest batch that was read.
    read: u64,
    /// Of each batch in hand the events that are not over.
    left: BTreeMap<u64, usize>,
    /// Events that are not over.
    in_hand: usize,
    /// Events that wait for their user's turn, in order.
    waiting: HashMap<UserId, VecDeque<SubmitEvent>>,
    /// Who waits and is not being sent events.
    ready: VecDeque<UserId>,
    /// Who is being sent events.
    busy: HashSet<UserId>,
    turns: JoinSet<Turn>,
}

/// What came of a user's turn.
struct Turn {
    user: UserId,
    /// The batches of the events that are over, one for each.
    over: Vec<u64>,
}

impl Worker {
    pub(super) fn new(queue: Arc<Queue>) -> Self {
        let accepted = queue.progress.subscribe();
        let read = accepted.borrow().done;
        Self {
            queue,
            accepted,
            read,
            left: BTreeMap::new(),
            in_hand: 0,
            waiting: HashMap::new(),
            ready: VecDeque::new(),
            busy: HashSet::new(),
            turns: JoinSet::new(),
        }
    }

    /// Works until something fails, and says what.
    pub(super) async fn work(mut self) -> Error {
        loop {
            if let Err(error) = self.step().await {
                return error;
            }
        }
    }

    async fn step(&mut self) -> Result<(), Error> {
        // Seen before reading, so that one that comes meanwhile is noticed.
        let accepted = self.accepted.borrow_and_update().accepted;
        while self.in_hand < WINDOW_MAX && self.read < accepted {
            self.read_next().await?;
        }
        self.begin_turns();
        self.finish_done().await?;
        tokio::select! {
            Some(ended) = self.turns.join_next() => self.conclude(ended),
            changed = self.accepted.changed() => changed.map_err(|_| Error::stopping()),
        }
    }

    async fn read_next(&mut self) -> Result<(), Error> {
        let batch = self.read + 1;
        let Queue { store, scope, .. } = self.queue.as_ref();
        let chunks = rows::queued_batch(store, *scope, batch).await?;
        let mut events = 0;
        for QueuedEvents { accepted_at, first, events: chunk } in chunks {
            for (item, own) in (first..).zip(chunk) {
                let queued = Queued { at: accepted_at, place: QueuePlace { batch, item } };
                events += 1;
                self.enqueue(own.user, SubmitEvent { queued: Some(queued), ..own.event });
            }
        }
        self.left.insert(batch, events);
        self.in_hand += events;
        self.read = batch;
        Ok(())
    }

    fn enqueue(&mut self, user: UserId, event: SubmitEvent) {
        let waiting = self.waiting.entry(user.clone()).or_default();
        if waiting.is_empty() && !self.busy.contains(&user) {
            self.ready.push_back(user);
        }
        waiting.push_back(event);
    }

    fn begin_turns(&mut self) {
        while self.busy.len() < self.queue.limits.in_flight_max {
            let Some(user) = self.ready.pop_front() else { return };
            let Some(waiting) = self.waiting.get_mut(&user) else { continue };
            let turn: Vec<_> = waiting.drain(..waiting.len().min(TURN_MAX)).collect();
            if waiting.is_empty() {
                self.waiting.remove(&user);
            }
            self.busy.insert(user.clone());
            self.turns.spawn(send(Arc::clone(&self.queue), user, turn));
        }
    }

    fn conclude(&mut self, ended: Result<Turn, JoinError>) -> Result<(), Error> {
        let Turn { user, over } = ended.map_err(|error| {
            tracing::error!(%error, "events of a batch could not be sent");
            Error::Internal
        })?;
        self.in_hand -= over.len();
        for batch in over {
            if let Some(left) = self.left.get_mut(&batch) {
                *left -= 1;
            }
        }
        self.busy.remove(&user);
        if self.waiting.contains_key(&user) {
            self.ready.push_back(user);
        }
        Ok(())
    }

    /// Notes the batches that are over, up to the first that isn't.
    async fn finish_done(&mut self) -> Result<(), Error> {
        let mut done = None;
        while let Some(first) = self.left.first_entry().filter(|first| *first.get() == 0) {
            done = Some(first.remove_entry().0);
        }
        match done {
            Some(done) => self.queue.finish(done).await,
            None => Ok(()),
        }
    }
}

/// Sends a user events, one after the other.
async fn send(queue: Arc<Queue>, user: UserId, events: Vec<SubmitEvent>) -> Turn {
    let key = UserKey { scope: queue.scope, user };
    let mut over = Vec::with_capacity(events.len());
    for event in events {
        let place = event.queued.map(|queued| queued.place);
        send_one(&queue, &key, event).await;
        over.extend(place.map(|place| place.batch));
    }
    Turn { user: key.user, over }
}

/// Sends one event as often as it takes. One that is refused is dropped. (C-BATCH-07)
async fn send_one(queue: &Queue, key: &UserKey, event: SubmitEvent) {
    let Queue { catalogs, router, counters, .. } = queue;
    let refusal = loop {
        let catalog = catalogs.current(key.scope);
        if catalog.find_metric(event.metric).is_none() {
            break "its metric was archived".to_owned();
        }
        match router.run(key, catalog, Command::SubmitEvent(event.clone())).await {
            Ok(_) => {
                counters.queue_applied.add_one();
                return;
            }
            Err(Error::Overloaded) => clock::pause(RETRY_AFTER).await,
            Err(error @ Error::Unavailable { .. }) => {
                queue.stumble(error);
                clock::pause(REST).await;
            }
            Err(error @ (Error::Rejected(_) | Error::Internal)) => break error.to_string(),
        }
    };
    counters.queue_dropped.add_one();
    let (batch, item) = event.queued.map_or((0, 0), |own| (own.place.batch, own.place.item));
    tracing::warn!(
        user.id = %key.user, metric.id = %event.metric, batch, item, refusal,
        "an event of a batch was dropped"
    );
}
