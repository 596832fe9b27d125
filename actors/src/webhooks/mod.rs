//! Webhooks: from what was committed to what was delivered. (C-WH)
//!
//! What is to be told is written in the batch of what caused it (`outbox`), so nothing is told that
//! didn't happen and nothing that happened is forgotten. One courier per webhook (`courier`) reads
//! what is pending from an index on disk, a few rows at a time, and makes the attempts (`attempt`):
//! webhooks don't wait for each other, and a backlog costs disk, not memory. Boosts (`boosts`), runs of
//! leaderboards (`runs`) and their rankings (`rankings`) are told by sources of due instants of their
//! own; `log` reads what was told and purges it.
//!
//! Nothing here knows HTTP or JSON. A hint that something is pending may be lost without harm: the
//! rows are found when a courier next looks.

mod attempt;
mod boosts;
mod courier;
mod log;
mod outbox;
mod rankings;
mod runs;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::ids::{Scope, WebhookId};
use domain::time::Timestamp;
use domain::webhook::MessagePlace;
use parking_lot::Mutex;
use storage::{KeyRange, ShardId, Store};
use tokio::sync::{Notify, RwLock};
use tokio::task::JoinHandle;

pub(crate) use self::boosts::BoostTeller;
use self::courier::Courier;
pub(crate) use self::log::Purge;
pub use self::log::{DeliveryFilter, LoggedDelivery};
pub(crate) use self::outbox::recipients;
pub(crate) use self::rankings::{Notes, RankingTeller};
pub(crate) use self::runs::RunTeller;
use crate::catalog::Catalogs;
use crate::clock::{self, Clock};
use crate::error::Error;
use crate::ports::Ports;
use crate::rows;
use crate::schedule::{Firing, Source};

/// How long attempts under way may take to end when the engine stops; what is cut short is tried
/// again at the next start, with the same number.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// How long to rest after storage refused something.
const REST: Duration = Duration::from_secs(1);

/// Fires a source of what is told by the calendar, for as long as the engine runs; `problem` is for
/// the operator.
async fn work(source: &impl Source, clock: &Clock, woken: &Notify, problem: &str) {
    loop {
        if let Err(error) = source.fire_due().await {
            tracing::warn!(%error, "{problem}");
            clock::pause(REST).await;
        }
        tokio::select! {
            () = woken.notified() => {}
            () = clock.wait_for(source.next_due()) => {}
        }
    }
}

/// What everyone here works with.
pub(crate) struct Tools {
    pub(crate) scope: Scope,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) catalogs: Arc<Catalogs>,
    pub(crate) ports: Ports,
    /// Held shared while the end of an attempt is recorded, and from when it is looked who exists
    /// until what is told of rankings is written: what is erased meanwhile stays so. Who holds it
    /// waits for storage alone.
    pub(crate) recording: RwLock<()>,
}

/// The couriers of all webhooks, and the numbers of messages.
pub(crate) struct Webhooks {
    tools: Arc<Tools>,
    /// The next number of a message, per shard.
    sequences: Vec<AtomicU64>,
    couriers: Mutex<Couriers>,
    /// Redeliveries are numbered one at a time, and not of messages that are being purged or erased.
    changing_log: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Couriers {
    at_work: HashMap<WebhookId, (Arc<Courier>, JoinHandle<()>)>,
    stopped: bool,
}

impl Webhooks {
    /// Reads where the numbers of messages go on; no courier is at work yet.
    ///
    /// # Errors
    /// If storage can't be read.
    pub(crate) fn new(tools: Tools) -> Result<Self, Error> {
        let shards = (0..tools.store.shards()).map(ShardId);
        let next = |shard| rows::next_message(&tools.store, tools.scope, shard).map(AtomicU64::new);
        let sequences = shards.map(next).collect::<Result<_, _>>()?;
        Ok(Self {
            tools: Arc::new(tools),
            sequences,
            couriers: Mutex::default(),
            changing_log: tokio::sync::Mutex::default(),
        })
    }

    /// Takes the next number of a shard, for a message that fires now. Numbers grow; one whose
    /// message is not committed is never used, or used again after a restart.
    fn next_place(&self, shard: ShardId, at: Timestamp) -> MessagePlace {
        let sequence = self.sequences[shard.index()].fetch_add(1, Ordering::Relaxed);
        MessagePlace { at, shard: shard.0, sequence }
    }

    /// Sends every webhook of the catalog its courier, and has those at work look at the catalog
    /// again. Deleted webhooks get one while something of theirs is pending, to cancel it.
    pub(crate) fn send_couriers(&self) {
        let catalog = self.tools.catalogs.current(self.tools.scope);
        let mut couriers = self.couriers.lock();
        if couriers.stopped {
            return;
        }
        couriers.at_work.retain(|_, (_, task)| !task.is_finished());
        for webhook in &catalog.webhooks {
            if let Some((courier, _)) = couriers.at_work.get(&webhook.id) {
                courier.wake();
            } else if !webhook.archived || self.has_pending(webhook.id) {
                let courier = Arc::new(Courier::new(Arc::clone(&self.tools), webhook.id));
                let task = tokio::spawn(Arc::clone(&courier).work());
                couriers.at_work.insert(webhook.id, (courier, task));
            }
        }
    }

    fn has_pending(&self, webhook: WebhookId) -> bool {
        let range = KeyRange::pending(self.tools.scope, webhook, Timestamp::MAX);
        // Unreadable storage is told by whoever next needs an answer.
        self.tools.store.scan(&range, 1).is_ok_and(|rows| !rows.is_empty())
    }

    /// Has the couriers of these webhooks look what is pending.
    pub(crate) fn hint(&self, webhooks: impl IntoIterator<Item = WebhookId>) {
        let mut missing = false;
        {
            let couriers = self.couriers.lock();
            for webhook in webhooks {
                match couriers.at_work.get(&webhook) {
                    Some((courier, task)) if !task.is_finished() => courier.wake(),
                    Some(_) | None => missing = true,
                }
            }
        }
        if missing {
            self.send_couriers();
        }
    }

    fn at_work(&self) -> Vec<Arc<Courier>> {
        self.couriers.lock().at_work.values().map(|(courier, _)| Arc::clone(courier)).collect()
    }

    /// Ends every courier at once, as a crash would.
    pub(crate) fn abort(&self) {
        let mut couriers = self.couriers.lock();
        couriers.stopped = true;
        couriers.at_work.drain().for_each(|(_, (_, task))| task.abort());
    }

    /// Lets no further attempt start and waits a while for those under way.
    pub(crate) async fn stop(&self) {
        let at_work = {
            let mut couriers = self.couriers.lock();
            couriers.stopped = true;
            std::mem::take(&mut couriers.at_work)
        };
        at_work.values().for_each(|(courier, _)| courier.stop());
        let tasks: Vec<_> = at_work.into_values().map(|(_, task)| task).collect();
        let aborts: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
        let ended = async {
            for task in tasks {
                // A courier that panicked has ended too.
                let _ = task.await;
            }
        };
        if tokio::time::timeout(STOP_GRACE, ended).await.is_err() {
            tracing::info!(
                "webhook attempts were cut short; they are made again at the next start"
            );
            aborts.iter().for_each(tokio::task::AbortHandle::abort);
        }
    }
}

/// What falls due is the next attempt of any webhook.
impl Source for Webhooks {
    fn next_due(&self) -> Option<Timestamp> {
        // Unreadable storage is told by whoever fires what is due.
        let due = |courier: &Arc<Courier>| courier.next_due().ok().flatten();
        self.at_work().iter().filter_map(due).min()
    }

    fn fire_due(&self) -> Firing<'_> {
        Box::pin(async {
            self.send_couriers();
            let now = self.tools.clock.now();
            for courier in self.at_work() {
                courier.finish_due(now).await?;
            }
            Ok(())
        })
    }
}
