//! The log: what was told to whom and how it went, for as long as it is kept. (C-WH-23 to 25)
//!
//! Deliveries are filed by when their event fired, so the newest are read from the end and the
//! oldest purged from the start. A message goes with the last of its deliveries; what is still
//! pending stays until it is over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::catalog::Webhook;
use domain::ids::{DeliveryId, UserId, WebhookId};
use domain::time::Timestamp;
use domain::webhook::{
    Delivery, DeliveryPlace, DeliveryStatus, Message, MessagePlace, WebhookEvent,
};
use storage::records::{PurgedUpTo, decode};
use storage::{Batch, DeliveryCommit, Key, KeyRange, Kind, Op, OutboxEntry, ShardId, put};

use super::{Tools, Webhooks};
use crate::clock;
use crate::error::Error;
use crate::rows;
use crate::schedule::{Firing, Source};

const HOUR: Duration = Duration::from_secs(3_600);
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Messages purged at a time.
const PURGED_MAX: usize = 256;

/// Which deliveries of the log are wanted.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Those to this webhook.
    pub webhook: Option<WebhookId>,
    /// Those of this type.
    pub event: Option<WebhookEvent>,
    /// Those that stand like this; empty for all.
    pub statuses: BTreeSet<DeliveryStatus>,
}

impl DeliveryFilter {
    fn wants(&self, delivery: &Delivery) -> bool {
        self.webhook.is_none_or(|webhook| webhook == delivery.webhook)
            && self.event.is_none_or(|event| event == delivery.event)
            && (self.statuses.is_empty() || self.statuses.contains(&delivery.status))
    }
}

/// A delivery of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedDelivery {
    /// Where it is filed.
    pub place: DeliveryPlace,
    /// The delivery.
    pub delivery: Delivery,
    /// What is delivered.
    pub message: Message,
}

impl Webhooks {
    /// The newest deliveries that `filter` wants, without the first `skip` of them.
    ///
    /// # Errors
    /// If storage can't be read.
    pub(crate) async fn deliveries(
        &self,
        filter: DeliveryFilter,
        limit: usize,
        skip: usize,
    ) -> Result<Vec<LoggedDelivery>, Error> {
        let scope = self.tools.scope;
        let read = rows::blocking(&self.tools.store, move |store| {
            let mut found = Vec::new();
            let mut skipped = 0;
            for row in store.rows_rev(KeyRange::kind(scope, Kind::Delivery)) {
                let (key, value) = row?;
                let delivery: Delivery = decode(&key, &value)?;
                let Some(place) = key.delivery_place().filter(|_| filter.wants(&delivery)) else {
                    continue;
                };
                if skipped < skip {
                    skipped += 1;
                } else if let Some(message) = store.load(&Key::message(scope, place.message))? {
                    found.push(LoggedDelivery { place, delivery, message });
                }
                if found.len() == limit {
                    break;
                }
            }
            Ok(found)
        });
        Ok(read.await?)
    }

    /// A delivery of the log; none if there is none, or not any more.
    ///
    /// # Errors
    /// If storage can't be read.
    pub(crate) fn delivery(&self, id: DeliveryId) -> Result<Option<LoggedDelivery>, Error> {
        let Some(place) = DeliveryPlace::of_id(id) else { return Ok(None) };
        let scope = self.tools.scope;
        let delivery = self.tools.store.load(&Key::delivery(scope, place))?;
        let message = self.tools.store.load(&Key::message(scope, place.message))?;
        Ok(delivery.zip(message).map(|(delivery, message)| LoggedDelivery {
            place,
            delivery,
            message,
        }))
    }

    /// Delivers a message of the log once more to `webhook`, in a single attempt; none if the log
    /// doesn't have it any more. (C-WH-25)
    ///
    /// # Errors
    /// If it could not be made durable.
    pub(crate) async fn redeliver(
        &self,
        place: DeliveryPlace,
        webhook: &Webhook,
    ) -> Result<Option<LoggedDelivery>, Error> {
        let scope = self.tools.scope;
        let _one_at_a_time = self.changing_log.lock().await;
        let Some(message) =
            self.tools.store.load::<Message>(&Key::message(scope, place.message))?
        else {
            return Ok(None);
        };
        let latest =
            self.tools.store.scan_rev(&KeyRange::deliveries_of(scope, place.message), 1)?;
        let latest = latest.first().and_then(|(key, _)| key.delivery_place()).unwrap_or(place);
        let number = latest.number.checked_add(1).ok_or(Error::Overloaded)?;
        let place = DeliveryPlace { number, ..place };
        let now = self.tools.clock.now();
        let delivery =
            Delivery { once: true, ..Delivery::new(&message, webhook.id, webhook.generation, now) };
        let commit = DeliveryCommit { scope, place, planned: None, delivery: &delivery };
        self.tools.store.commit(commit.batch()).await?;
        self.hint([webhook.id]);
        Ok(Some(LoggedDelivery { place, delivery, message }))
    }

    /// Removes from the log, and from what is pending, everything that is about a user. An attempt
    /// under way may still arrive. (C-USER-32)
    ///
    /// # Errors
    /// If storage fails.
    pub(crate) async fn erase(&self, user: &UserId) -> Result<(), Error> {
        let Tools { scope, store, recording, catalogs, .. } = self.tools.as_ref();
        let _no_redelivery = self.changing_log.lock().await;
        let _no_attempt_ends = recording.write().await;
        for shard in rows::shards_of_messages(store, &catalogs.current(*scope), *scope, user) {
            rows::erase_messages(store, *scope, shard, user.clone()).await?;
        }
        rows::erase_told_ranks(store, *scope, user.clone()).await?;
        Ok(())
    }

    /// Sends `payload` to one webhook as an event of a type, in a single attempt.
    ///
    /// # Errors
    /// If it could not be made durable.
    pub(crate) async fn send_sample(
        &self,
        webhook: &Webhook,
        event: WebhookEvent,
        payload: String,
    ) -> Result<LoggedDelivery, Error> {
        let now = self.tools.clock.now();
        let message = self.next_place(ShardId::META, now);
        let id = message.id(self.tools.scope.environment);
        let place = DeliveryPlace { message, number: 0 };
        let message = Message { id, event, at: now, users: Vec::new(), payload };
        let delivery =
            Delivery { once: true, ..Delivery::new(&message, webhook.id, webhook.generation, now) };
        let entry = OutboxEntry {
            place: place.message,
            message: message.clone(),
            deliveries: vec![delivery.clone()],
        };
        self.commit(Batch::new(ShardId::META), &[entry]).await?;
        Ok(LoggedDelivery { place, delivery, message })
    }
}

/// Purges the log, hour by hour. (C-WH-25)
pub(crate) struct Purge {
    webhooks: Arc<Webhooks>,
    kept_ms: i64,
    /// When it was last purged, in milliseconds.
    purged_at: AtomicI64,
}

impl Purge {
    pub(crate) fn new(webhooks: Arc<Webhooks>, retention_days: u32) -> Self {
        let kept_ms = i64::from(retention_days) * DAY_MS;
        Self { webhooks, kept_ms, purged_at: AtomicI64::new(i64::MIN) }
    }

    /// Purges every hour, for as long as the engine runs.
    pub(crate) async fn work(self: Arc<Self>) {
        loop {
            if let Err(error) = self.purge().await {
                tracing::warn!(%error, "the log of webhook deliveries was not purged");
            }
            clock::pause(HOUR).await;
        }
    }

    /// Purges what is older than it is kept, except what is still pending.
    pub(crate) async fn purge(&self) -> Result<(), Error> {
        let tools = &self.webhooks.tools;
        let _one_at_a_time = self.webhooks.changing_log.lock().await;
        let now = tools.clock.now();
        let cutoff = now.plus_millis(-self.kept_ms);
        let mut after = None;
        loop {
            let found = rows::ended_messages(&tools.store, tools.scope, cutoff, after, PURGED_MAX);
            let found = found.await?;
            for batch in self.batches(&found.ended)? {
                tools.store.commit(batch).await?;
            }
            after = found.last;
            if after.is_none() {
                break;
            }
        }
        self.purged_at.store(now.as_millis(), Ordering::Relaxed);
        Ok(())
    }

    /// What removes these messages and their deliveries, a batch per shard.
    fn batches(&self, messages: &[(MessagePlace, Vec<u16>)]) -> Result<Vec<Batch>, Error> {
        let tools = &self.webhooks.tools;
        let mut batches: BTreeMap<u16, (Batch, u64)> = BTreeMap::new();
        for (place, numbers) in messages {
            let shard = ShardId(place.shard);
            let (batch, newest) =
                batches.entry(place.shard).or_insert_with(|| (Batch::new(shard), 0));
            batch.ops.push(Op::Delete { key: Key::message(tools.scope, *place) });
            batch.ops.extend(numbers.iter().map(|number| {
                let place = DeliveryPlace { message: *place, number: *number };
                Op::Delete { key: Key::delivery(tools.scope, place) }
            }));
            *newest = place.sequence.max(*newest);
        }
        let mut marked = Vec::new();
        for (mut batch, newest) in batches.into_values() {
            let key = Key::purged_up_to(tools.scope, batch.shard);
            let before = tools.store.load(&key)?.map_or(0, |PurgedUpTo(sequence)| sequence);
            batch.ops.push(put(key, &PurgedUpTo(newest.max(before))));
            marked.push(batch);
        }
        Ok(marked)
    }
}

/// What falls due is the end of the oldest delivery's time in the log, at the next full hour.
impl Source for Purge {
    fn next_due(&self) -> Option<Timestamp> {
        let tools = &self.webhooks.tools;
        let range = KeyRange::kind(tools.scope, Kind::Delivery);
        // Unreadable storage is told by whoever fires what is due.
        let rows = tools.store.scan(&range, 1).ok()?;
        let oldest = rows.first()?.0.delivery_place()?.message.at;
        let full_hour = |millis: i64| (millis / HOUR_MS + 1) * HOUR_MS;
        let ends = full_hour(oldest.plus_millis(self.kept_ms).as_millis());
        // What is still pending outlives its time, and is looked for again an hour later.
        let again = self.purged_at.load(Ordering::Relaxed).saturating_add(HOUR_MS);
        Some(Timestamp::from_millis(ends.max(again)))
    }

    fn fire_due(&self) -> Firing<'_> {
        Box::pin(async {
            match self.next_due().is_some_and(|due| due <= self.webhooks.tools.clock.now()) {
                true => self.purge().await,
                false => Ok(()),
            }
        })
    }
}
