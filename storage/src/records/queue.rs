//! Batches of events that wait, in rows of a bounded number of events each.

use domain::{ids::UserId, time::Timestamp, user::SubmitEvent};
use serde::{Deserialize, Serialize};

use super::Record;

/// Some events of a batch, in its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedEvents {
    /// When the batch was accepted. (C-BATCH-04)
    pub accepted_at: Timestamp,
    /// The place of the first one in the batch, counted from zero.
    pub first: u32,
    /// The events.
    pub events: Vec<QueuedEvent>,
}

/// One event that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedEvent {
    /// Whose it is.
    pub user: UserId,
    /// The event; that it waited is left out, because its row says so.
    pub event: SubmitEvent,
}

impl Record for QueuedEvents {
    const VERSION: u8 = 1;
}

/// The newest batch up to which all were worked through: numbers go on after it even if none waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueDone(pub u64);

impl Record for QueueDone {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        amount::Amount,
        calendar::Zone,
        catalog::Patch,
        ids::{AttributeId, IdempotencyKey, MetricId, UserId},
        time::Timestamp,
        user::{ProfilePatch, SubmitEvent},
    };
    use uuid::Uuid;

    use super::super::golden::check;
    use super::{QueueDone, QueuedEvent, QueuedEvents};

    #[test]
    fn golden_events() {
        let profile = ProfilePatch {
            email: Patch::Set("user@example.com".into()),
            name: Patch::Clear,
            time_zone: Patch::Set(Zone::parse("Australia/Lord_Howe").expect("a zone")),
            attributes: [(AttributeId(Uuid::from_u128(4)), Some("gold".to_owned()))].into(),
            ..ProfilePatch::default()
        };
        let event = SubmitEvent {
            metric: MetricId(Uuid::from_u128(2)),
            value: Amount::parse("750.25").expect("a number"),
            attributes: [(AttributeId(Uuid::from_u128(5)), "poem".to_owned())].into(),
            profile,
            idempotency_key: IdempotencyKey::parse("k").expect("short"),
            replay_of: None,
            queued: None,
        };
        let sample = QueuedEvents {
            accepted_at: Timestamp::from_millis(1_767_225_600_123),
            first: 100,
            events: vec![QueuedEvent { user: UserId::new("18").expect("valid"), event }],
        };
        check("queued_events", &sample);
    }

    #[test]
    fn golden_done() {
        check("queue_done", &QueueDone(9));
    }
}
