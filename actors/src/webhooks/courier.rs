//! A courier: everything that is pending for one webhook, in order, a few at a time. (C-WH-20)
//!
//! Pending rows sort by when they are due, and first attempts are due when their event fires, so
//! reading them in order starts first attempts in creation order and retries between them. An
//! attempt in flight keeps its row until its end is committed; a crash leaves the row, and the
//! attempt is made again. Only the rows in flight are in memory, and one reading more.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::ids::WebhookId;
use domain::time::Timestamp;
use domain::webhook::DeliveryPlace;
use storage::{Key, KeyRange};
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};

use super::attempt::attempt;
use super::{REST, Tools};
use crate::clock;
use crate::error::Error;

/// Attempts of one webhook in flight at a time. (C-WH-20)
const IN_FLIGHT_MAX: usize = 10;

/// How long it is waited before looking again whether what is due is done: from, up to.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// The one who delivers to a webhook.
pub(super) struct Courier {
    tools: Arc<Tools>,
    webhook: WebhookId,
    woken: Notify,
    stopping: AtomicBool,
}

/// What a courier has in hand.
#[derive(Default)]
struct InHand {
    attempts: JoinSet<Result<(), Error>>,
    places: HashMap<Id, (Timestamp, DeliveryPlace)>,
    /// The first row of the last reading: rows before it are done. Those that were committed late
    /// are found when nothing else is left to do.
    floor: Option<Key>,
}

impl Courier {
    pub(super) fn new(tools: Arc<Tools>, webhook: WebhookId) -> Self {
        Self { tools, webhook, woken: Notify::new(), stopping: AtomicBool::new(false) }
    }

    /// Has it look what is pending.
    pub(super) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Lets it start nothing more and end with what is in flight.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Delivers until it is stopped, or the webhook is deleted and nothing is pending.
    pub(super) async fn work(self: Arc<Self>) {
        let mut in_hand = InHand::default();
        loop {
            let stopping = self.stopping.load(Ordering::SeqCst);
            let next = if stopping { Ok(None) } else { self.start_due(&mut in_hand) };
            let idle = in_hand.attempts.is_empty();
            if idle && (stopping || (next == Ok(None) && self.is_deleted())) {
                return;
            }
            match next {
                Ok(next) => {
                    tokio::select! {
                        () = self.woken.notified() => {}
                        Some(ended) = in_hand.attempts.join_next_with_id(), if !idle => {
                            self.conclude(&mut in_hand, ended).await;
                        }
                        () = self.tools.clock.wait_for(next) => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(webhook.id = %self.webhook, %error, "pending webhook deliveries can't be read");
                    clock::pause(REST).await;
                }
            }
        }
    }

    /// An attempt has ended; one whose end could not be committed is made again after a rest.
    async fn conclude(
        &self,
        in_hand: &mut InHand,
        ended: Result<(Id, Result<(), Error>), JoinError>,
    ) {
        let (id, failure) = match ended {
            Ok((id, result)) => (id, result.err().map(|error| error.to_string())),
            Err(error) => (error.id(), Some(error.to_string())),
        };
        in_hand.places.remove(&id);
        if let Some(error) = failure {
            tracing::error!(webhook.id = %self.webhook, error, "a webhook attempt could not be recorded");
            clock::pause(REST).await;
        }
    }

    /// Starts what is due, as far as there is room and storage takes writes. The answer is when the
    /// next one is due; none also while nothing can be started.
    fn start_due(self: &Arc<Self>, in_hand: &mut InHand) -> Result<Option<Timestamp>, Error> {
        let room = IN_FLIGHT_MAX - in_hand.places.len();
        // What could not be recorded would be sent over and over.
        let refused = self.tools.store.health() != storage::Health::Ready;
        if room == 0 || refused {
            return Ok(None);
        }
        let until = self.horizon();
        let mut due = self.read_due(in_hand, until, in_hand.floor.as_ref())?;
        if due.is_empty() && in_hand.floor.take().is_some() {
            due = self.read_due(in_hand, until, None)?;
        }
        if due.is_empty() {
            return self.read_next(in_hand);
        }
        for (due, place) in due.into_iter().take(room) {
            let attempt = attempt(Arc::clone(&self.tools), self.webhook, due, place);
            let id = in_hand.attempts.spawn(attempt).id();
            in_hand.places.insert(id, (due, place));
        }
        let first = in_hand.places.values().min();
        in_hand.floor =
            first.map(|(due, place)| Key::pending(self.tools.scope, self.webhook, *due, *place));
        Ok(None)
    }

    /// Up to when rows are taken: what is not to be delivered any more is cancelled, due or not.
    fn horizon(&self) -> Timestamp {
        let catalog = self.tools.catalogs.current(self.tools.scope);
        let active = catalog.find_webhook(self.webhook).is_some_and(|webhook| webhook.active);
        if active { self.tools.clock.now() } else { Timestamp::MAX }
    }

    fn is_deleted(&self) -> bool {
        let catalog = self.tools.catalogs.current(self.tools.scope);
        catalog.find_webhook(self.webhook).is_none()
    }

    fn read_due(
        &self,
        in_hand: &InHand,
        until: Timestamp,
        floor: Option<&Key>,
    ) -> Result<Vec<(Timestamp, DeliveryPlace)>, Error> {
        let range = KeyRange::pending(self.tools.scope, self.webhook, until);
        let range = match floor {
            Some(floor) => range.starting_at(floor),
            None => range,
        };
        self.read(in_hand, &range, IN_FLIGHT_MAX)
    }

    fn read_next(&self, in_hand: &InHand) -> Result<Option<Timestamp>, Error> {
        let range = KeyRange::pending(self.tools.scope, self.webhook, Timestamp::MAX);
        let first = self.read(in_hand, &range, 1)?;
        Ok(first.first().map(|(due, _)| *due))
    }

    /// The first `limit` rows of a range, at least, that are not in flight.
    fn read(
        &self,
        in_hand: &InHand,
        range: &KeyRange,
        limit: usize,
    ) -> Result<Vec<(Timestamp, DeliveryPlace)>, Error> {
        let rows = self.tools.store.scan(range, limit + in_hand.places.len())?;
        let parts = rows.iter().filter_map(|(key, _)| key.pending_parts());
        let in_flight = |row: &(Timestamp, DeliveryPlace)| {
            in_hand.places.values().any(|(_, place)| *place == row.1)
        };
        Ok(parts.filter(|row| !in_flight(row)).collect())
    }

    /// When the next attempt is due, those in flight included.
    pub(super) fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        self.read_next(&InHand::default())
    }

    /// Ends when every attempt due by `now` is recorded.
    pub(super) async fn finish_due(&self, now: Timestamp) -> Result<(), Error> {
        let (mut wait, wait_max) = LOOK_AGAIN;
        while self.next_due()?.is_some_and(|due| due <= now) {
            if let storage::Health::Failed { reason } = self.tools.store.health() {
                return Err(Error::Unavailable { reason });
            }
            self.wake();
            clock::pause(wait).await;
            wait = (wait * 2).min(wait_max);
        }
        Ok(())
    }
}
