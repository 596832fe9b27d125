//! What webhooks are told of an outcome: written with it, or not at all. (C-WH-05, C-WH-19)
//!
//! Everything here happens before the commit. Without a subscriber it is one look at the catalog.

use domain::catalog::{Catalog, TriggerKind};
use domain::ids::{PointsSystemId, WebhookId};
use domain::time::Timestamp;
use domain::user::{AwardRecord, HistoryRow, Outcome, Signal, SignalKind};
use domain::webhook::{Delivery, Message, WebhookEvent};
use storage::{Batch, OutboxEntry, ShardId};

use super::Webhooks;
use crate::error::Error;
use crate::ports::Told;
use crate::rows;
use crate::user_key::UserKey;

/// Most awards that one report lists, the newest. (C-WH-48)
const AWARDS_MAX: usize = 100;

impl Webhooks {
    /// The messages that an outcome causes at `now`, in the order of what happened.
    ///
    /// # Errors
    /// If awards that are to be told can't be read.
    pub(crate) async fn collect(
        &self,
        key: &UserKey,
        outcome: &Outcome,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<Vec<OutboxEntry>, Error> {
        let mut entries = Vec::new();
        for Signal { kind, .. } in &outcome.signals {
            let Some(event) = kind.webhook_event().filter(|event| catalog.is_told(*event)) else {
                continue;
            };
            let awards = match kind {
                SignalKind::PointsReported { system, first, end, .. } => {
                    self.awards(key, outcome, catalog, *system, (*first, *end)).await?
                }
                SignalKind::AchievementCompleted { .. }
                | SignalKind::StreakStarted
                | SignalKind::StreakExtended { .. }
                | SignalKind::StreakLost { .. }
                | SignalKind::FreezeConsumed { .. }
                | SignalKind::FreezeEarned { .. }
                | SignalKind::PointsChanged { .. }
                | SignalKind::LevelChanged { .. } => Vec::new(),
            };
            let told = Told::OfUser { signal: kind, state: &outcome.state, awards: &awards };
            let shard = ShardId::of_user(key.scope, &key.user, self.tools.store.shards());
            entries.extend(self.entry(shard, event, told, catalog, now));
        }
        Ok(entries)
    }

    /// A message to everyone who is told of such events now; none if nobody is.
    pub(super) fn entry(
        &self,
        shard: ShardId,
        event: WebhookEvent,
        told: Told<'_>,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Option<OutboxEntry> {
        let mut subscribers = catalog.subscribers(event).peekable();
        subscribers.peek()?;
        let Some(payload) = self.tools.ports.renderer.render(told, catalog) else {
            tracing::error!(event = event.as_str(), "an event names what the catalog never had");
            return None;
        };
        let place = self.next_place(shard, now);
        let users = match told {
            Told::OfUser { state, .. } | Told::OfRank { state, .. } => vec![state.id.clone()],
            Told::OfBoost { boost, .. } => boost.user.iter().cloned().collect(),
            Told::OfRanking { rows, .. } => rows.iter().map(|row| row.user.clone()).collect(),
        };
        let id = place.id(self.tools.scope.environment);
        let message = Message { id, event, at: now, users, payload };
        let deliveries = subscribers
            .map(|webhook| Delivery::new(&message, webhook.id, webhook.generation, now))
            .collect();
        Some(OutboxEntry { place, message, deliveries })
    }

    /// The awards with numbers from `first` up to `end`, oldest first, at most the newest
    /// [`AWARDS_MAX`], without those of the user's creation. (C-WH-33, C-WH-48)
    async fn awards(
        &self,
        key: &UserKey,
        outcome: &Outcome,
        catalog: &Catalog,
        wanted: PointsSystemId,
        (first, end): (u64, u64),
    ) -> Result<Vec<AwardRecord>, Error> {
        let mut fresh = Vec::new();
        let mut stored_end = end;
        for row in &outcome.rows {
            if let HistoryRow::Award { system, sequence, record } = row
                && *system == wanted
                && *sequence < end
            {
                stored_end = stored_end.min(*sequence);
                if *sequence >= first {
                    fresh.push(record.clone());
                }
            }
        }
        let stored = usize::try_from(stored_end.saturating_sub(first)).unwrap_or(AWARDS_MAX);
        let stored = stored.min(AWARDS_MAX.saturating_sub(fresh.len()));
        let mut awards = match stored {
            0 => Vec::new(),
            _ => {
                let store = &self.tools.store;
                rows::recent_awards(store, key.clone(), wanted, stored_end, stored).await?
            }
        };
        awards.reverse();
        awards.append(&mut fresh);
        awards.retain(|award| !is_of_creation(catalog, wanted, award));
        awards.drain(..awards.len().saturating_sub(AWARDS_MAX));
        Ok(awards)
    }

    /// Commits messages that no user's outcome carries, and has them delivered.
    ///
    /// # Errors
    /// If they could not be made durable.
    pub(super) async fn commit(&self, batch: Batch, entries: &[OutboxEntry]) -> Result<(), Error> {
        let mut batch = batch;
        let ops = entries.iter().flat_map(|entry| entry.ops(self.tools.scope));
        batch.ops.extend(ops);
        self.tools.store.commit(batch).await?;
        self.hint(recipients(entries));
        Ok(())
    }
}

/// Who gets these messages.
pub(crate) fn recipients(entries: &[OutboxEntry]) -> impl Iterator<Item = WebhookId> {
    entries.iter().flat_map(|entry| &entry.deliveries).map(|delivery| delivery.webhook)
}

fn is_of_creation(catalog: &Catalog, system: PointsSystemId, award: &AwardRecord) -> bool {
    let systems = catalog.points_systems.iter().filter(|own| own.id == system);
    let mut triggers = systems.flat_map(|system| &system.triggers);
    triggers.any(|trigger| {
        trigger.id == award.trigger && matches!(trigger.kind, TriggerKind::UserCreation)
    })
}
