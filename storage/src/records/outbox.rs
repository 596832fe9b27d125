//! Messages to webhooks, their deliveries, and what their indexes hold.

use domain::webhook::{Delivery, Message};
use serde::{Deserialize, Serialize};

use super::Record;

impl Record for Message {
    const VERSION: u8 = 1;
}

impl Record for Delivery {
    const VERSION: u8 = 1;
}

/// That a delivery waits for an attempt. The key says it all; the value is only a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending;

impl Record for Pending {
    const VERSION: u8 = 1;
}

/// The number of the newest message of a shard that was purged: numbers go on after it even if no
/// message is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgedUpTo(pub u64);

impl Record for PurgedUpTo {
    const VERSION: u8 = 1;
}

/// That an event of a boost was told, or that there was nobody to tell. The key says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoostTold;

impl Record for BoostTold {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        ids::{MessageId, UserId, WebhookId},
        time::Timestamp,
        webhook::{Attempt, AttemptResult, Delivery, DeliveryStatus, Message, WebhookEvent},
    };
    use uuid::Uuid;

    use super::super::golden::check;
    use super::{BoostTold, Pending, PurgedUpTo};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_767_225_600_000 + millis)
    }

    #[test]
    fn golden_message() {
        let sample = Message {
            id: MessageId(Uuid::from_u128(1)),
            event: WebhookEvent::PointsChanged,
            at: at(0),
            users: vec![UserId::new("18").expect("valid")],
            payload: "{\"type\":\"points.changed\"}".to_owned(),
        };
        check("message", &sample);
    }

    #[test]
    fn golden_delivery() {
        let attempt = |result| Attempt {
            started_at: at(1),
            duration_ms: 12,
            result,
            response: "no".to_owned(),
        };
        let sample = Delivery {
            message: MessageId(Uuid::from_u128(1)),
            event: WebhookEvent::EmailsAchievementDue,
            webhook: WebhookId(Uuid::from_u128(2)),
            generation: 3,
            once: false,
            status: DeliveryStatus::Retrying,
            due: Some(at(60_000)),
            attempts: vec![
                attempt(AttemptResult::Status(500)),
                attempt(AttemptResult::Error("connection refused".to_owned())),
            ],
        };
        check("delivery", &sample);
    }

    #[test]
    fn golden_indexes() {
        check("pending", &Pending);
        check("purged_up_to", &PurgedUpTo(9));
        check("boost_told", &BoostTold);
    }
}
