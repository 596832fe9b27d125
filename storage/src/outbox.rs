//! Messages to webhooks, their deliveries, and which of those wait for what.
//!
//! A message is written with its deliveries in the batch of what caused it. Each delivery that is
//! not over has one row in the index of what is pending, at the instant of its next attempt; the
//! delivery and the index change together. All of it is written through the shard of the message.

use domain::{
    ids::Scope,
    time::Timestamp,
    webhook::{Delivery, DeliveryPlace, Message, MessagePlace},
};

use crate::{
    batch::{Batch, Op},
    commit::put,
    keys::Key,
    records::Pending,
    shard::ShardId,
};

/// A message and who gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Where it is filed.
    pub place: MessagePlace,
    /// The message.
    pub message: Message,
    /// One delivery for each webhook, never none; those beyond 65,536 would not be written.
    pub deliveries: Vec<Delivery>,
}

impl OutboxEntry {
    /// The rows to write.
    pub fn ops(&self, scope: Scope) -> impl Iterator<Item = Op> {
        let message = put(Key::message(scope, self.place), &self.message);
        let deliveries =
            (0..=u16::MAX).zip(&self.deliveries).flat_map(move |(number, delivery)| {
                let place = DeliveryPlace { message: self.place, number };
                DeliveryCommit { scope, place, planned: None, delivery }.ops()
            });
        std::iter::once(message).chain(deliveries)
    }
}

/// What a delivery has become.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryCommit<'a> {
    /// The scope of the webhook.
    pub scope: Scope,
    /// Where the delivery is filed.
    pub place: DeliveryPlace,
    /// When its next attempt was due before; none if it is new.
    pub planned: Option<Timestamp>,
    /// What it is now.
    pub delivery: &'a Delivery,
}

impl DeliveryCommit<'_> {
    /// The batch: the delivery and its place in the index.
    #[must_use]
    pub fn batch(&self) -> Batch {
        Batch { shard: ShardId(self.place.message.shard), ops: self.ops().collect() }
    }

    /// The rows to write and to remove.
    pub fn ops(&self) -> impl Iterator<Item = Op> + use<> {
        let Self { scope, place, planned, delivery } = *self;
        let pending = |due| Key::pending(scope, delivery.webhook, due, place);
        let moved = if planned == delivery.due {
            [None, None]
        } else {
            [
                planned.map(|due| Op::Delete { key: pending(due) }),
                delivery.due.map(|due| put(pending(due), &Pending)),
            ]
        };
        std::iter::once(put(Key::delivery(scope, place), delivery))
            .chain(moved.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        ids::{EnvironmentId, MessageId, Scope, WebhookId},
        time::Timestamp,
        webhook::{Delivery, DeliveryPlace, Message, MessagePlace, WebhookEvent},
    };
    use uuid::Uuid;

    use super::{DeliveryCommit, OutboxEntry};
    use crate::{
        batch::Batch,
        keys::{Key, KeyRange},
        shard::ShardId,
        store::Store,
    };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn due_places(store: &Store, scope: Scope, webhook: WebhookId) -> Vec<(Timestamp, u16)> {
        let rows = store.scan(&KeyRange::pending(scope, webhook, at(100)), 10).expect("readable");
        let parts = rows.iter().map(|(key, _)| key.pending_parts().expect("a pending row"));
        parts.map(|(due, place)| (due, place.number)).collect()
    }

    #[tokio::test]
    async fn what_is_pending_is_found_by_webhook_and_due_instant_until_it_is_over() {
        let (store, _faults) = Store::in_memory();
        let scope = Scope::untenanted(EnvironmentId(Uuid::from_u128(1)));
        let place = MessagePlace { at: at(5), shard: 3, sequence: 9 };
        let message = Message {
            id: MessageId(Uuid::from_u128(2)),
            event: WebhookEvent::StreakLost,
            at: at(5),
            users: Vec::new(),
            payload: "{}".to_owned(),
        };
        let webhooks = [WebhookId(Uuid::from_u128(7)), WebhookId(Uuid::from_u128(8))];
        let deliveries: Vec<_> =
            webhooks.iter().map(|webhook| Delivery::new(&message, *webhook, 0, at(5))).collect();
        let entry = OutboxEntry { place, message, deliveries };
        let batch = Batch { shard: ShardId(3), ops: entry.ops(scope).collect() };
        store.commit(batch).await.expect("commits");
        assert_eq!(due_places(&store, scope, webhooks[0]), [(at(5), 0)]);
        assert_eq!(due_places(&store, scope, webhooks[1]), [(at(5), 1)]);

        let place = DeliveryPlace { message: place, number: 1 };
        let mut delivery = entry.deliveries[1].clone();
        for due in [Some(at(60)), None] {
            let planned = delivery.due;
            delivery.due = due;
            let commit = DeliveryCommit { scope, place, planned, delivery: &delivery };
            store.commit(commit.batch()).await.expect("commits");
            let expected: Vec<_> = due.map(|due| (due, 1)).into_iter().collect();
            assert_eq!(due_places(&store, scope, webhooks[1]), expected);
            let stored = store.load(&Key::delivery(scope, place)).expect("readable");
            assert_eq!(stored, Some(delivery.clone()));
        }
        assert_eq!(due_places(&store, scope, webhooks[0]), [(at(5), 0)]);
    }
}
