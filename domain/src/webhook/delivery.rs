//! Messages, their deliveries, and the rule of retries. (C-WH-14 to 18, C-WH-24)
//!
//! A message is one event as it is sent: rendered once, the same bytes in every attempt. A delivery
//! is one message on its way to one webhook, with everything that was tried. Both are filed by when
//! the event fired and where it was committed, and a delivery's id spells its place, so that the id
//! alone leads to it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::WebhookEvent;
use crate::ids::{DeliveryId, EnvironmentId, MessageId, UserId, WebhookId, derived_id};
use crate::time::Timestamp;

/// Attempts of one delivery: the first and three retries. (C-WH-16)
pub const ATTEMPTS_MAX: usize = 4;

/// The wait before the first retry; each further one is twice as long. (C-WH-16)
const FIRST_WAIT_MS: i64 = 60_000;

const SHARD_BITS: u32 = 16;
const NUMBER_BITS: u32 = 16;
const SEQUENCE_BITS: u32 = 42;
const INSTANT_BITS: u32 = 48;

/// Where a message is filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessagePlace {
    /// When the event fired.
    pub at: Timestamp,
    /// The shard it was committed in.
    pub shard: u16,
    /// Its number among the messages of that shard; below 2^42, which no shard lives to see.
    pub sequence: u64,
}

impl MessagePlace {
    /// The id of the message filed here; the same history gives the same ids.
    #[must_use]
    pub fn id(self, environment: EnvironmentId) -> MessageId {
        let kind = format!("webhook-message:{}", self.shard);
        MessageId(derived_id(environment.0, &kind, self.sequence))
    }
}

/// Where a delivery is filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryPlace {
    /// The message.
    pub message: MessagePlace,
    /// Its number among the deliveries of the message, redeliveries last.
    pub number: u16,
}

impl DeliveryPlace {
    /// The id that spells this place: a version 8 UUID of the instant in milliseconds (48 bits),
    /// the shard (16), the sequence (42) and the number (16).
    #[must_use]
    pub fn id(self) -> DeliveryId {
        let MessagePlace { at, shard, sequence } = self.message;
        let instant = u128::from(at.as_millis().cast_unsigned()) & ((1 << INSTANT_BITS) - 1);
        let rest = (u128::from(shard) << (SEQUENCE_BITS + NUMBER_BITS))
            | (u128::from(sequence) << NUMBER_BITS)
            | u128::from(self.number);
        // 48 bits, version 4, 12 bits, variant 2, 62 bits.
        let bits = (instant << 80) | (8 << 76) | ((rest >> 62) << 64) | (2 << 62);
        DeliveryId(Uuid::from_u128(bits | (rest & ((1 << 62) - 1))))
    }

    /// The place that an id spells; `None` if it isn't the id of a delivery.
    #[must_use]
    pub fn of_id(id: DeliveryId) -> Option<Self> {
        let bits = id.0.as_u128();
        let rest = (((bits >> 64) & 0xfff) << 62) | (bits & ((1 << 62) - 1));
        let low = |bits: u128, count: u32| bits & ((1 << count) - 1);
        // Shifted up and down again, so that instants before 1970 keep their sign.
        let instant = u64::try_from(bits >> 80).ok()? << (64 - INSTANT_BITS);
        let place = Self {
            message: MessagePlace {
                at: Timestamp::from_millis(instant.cast_signed() >> (64 - INSTANT_BITS)),
                shard: u16::try_from(rest >> (SEQUENCE_BITS + NUMBER_BITS)).ok()?,
                sequence: u64::try_from(low(rest >> NUMBER_BITS, SEQUENCE_BITS)).ok()?,
            },
            number: u16::try_from(low(rest, NUMBER_BITS)).ok()?,
        };
        debug_assert_eq!(SHARD_BITS + SEQUENCE_BITS + NUMBER_BITS, 12 + 62);
        (place.id() == id).then_some(place)
    }
}

/// One event as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The id that every attempt and every webhook gets. (C-WH-13)
    pub id: MessageId,
    /// Its type.
    pub event: WebhookEvent,
    /// When the event fired.
    pub at: Timestamp,
    /// Everyone whom the body names. (C-USER-32)
    pub users: Vec<UserId>,
    /// The body, rendered once. (C-WH-12)
    pub payload: String,
}

/// One message on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The message's id.
    pub message: MessageId,
    /// The message's type.
    pub event: WebhookEvent,
    /// To whom.
    pub webhook: WebhookId,
    /// How often the webhook had been deactivated when the event fired: a webhook that has been
    /// since then doesn't get it, even if it is active again. (C-WH-05)
    pub generation: u32,
    /// Whether someone asked for it, be it again or as a sample: a single attempt. (C-WH-25)
    pub once: bool,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// When the next attempt is due; none once it is over.
    pub due: Option<Timestamp>,
    /// What was tried, oldest first.
    pub attempts: Vec<Attempt>,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DeliveryStatus {
    /// Nothing was tried yet.
    Pending,
    /// Tried in vain, to be tried again.
    Retrying,
    /// Delivered.
    Succeeded,
    /// Tried in vain for the last time.
    Failed,
    /// The webhook was deactivated or deleted first. (C-WH-05)
    Cancelled,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took until the status line or the failure, in milliseconds.
    pub duration_ms: u64,
    /// How it ended.
    pub result: AttemptResult,
    /// The beginning of the response's body; empty without a response.
    pub response: String,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttemptResult {
    /// With a response of this HTTP status.
    Status(u16),
    /// Without a response: what went wrong.
    Error(String),
}

impl AttemptResult {
    /// Any status from 200 to 299 is a success, nothing else. (C-WH-14, C-WH-15)
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Status(200..=299))
    }
}

impl Delivery {
    /// A delivery that is due at once.
    #[must_use]
    pub fn new(message: &Message, webhook: WebhookId, generation: u32, now: Timestamp) -> Self {
        Self {
            message: message.id,
            event: message.event,
            webhook,
            generation,
            once: false,
            status: DeliveryStatus::Pending,
            due: Some(now),
            attempts: Vec::new(),
        }
    }

    /// The number of the next attempt, from 1. One that was interrupted left no trace, so it is
    /// repeated with its number. (C-WH-18)
    #[must_use]
    pub fn next_number(&self) -> usize {
        self.attempts.len() + 1
    }

    /// Records an attempt that ended at `now`, and what follows from it. (C-WH-16, C-WH-17)
    pub fn record(&mut self, attempt: Attempt, now: Timestamp) {
        let succeeded = attempt.result.is_success();
        self.attempts.push(attempt);
        let failures = self.attempts.len();
        let last = self.once || failures >= ATTEMPTS_MAX;
        (self.status, self.due) = match (succeeded, last) {
            (true, _) => (DeliveryStatus::Succeeded, None),
            (false, true) => (DeliveryStatus::Failed, None),
            (false, false) => {
                let wait = FIRST_WAIT_MS << (failures - 1);
                (DeliveryStatus::Retrying, Some(now.plus_millis(wait)))
            }
        };
    }

    /// Ends a delivery that can't be made however often it is tried; `attempt` says why.
    pub fn give_up(&mut self, attempt: Attempt) {
        self.attempts.push(attempt);
        self.status = DeliveryStatus::Failed;
        self.due = None;
    }

    /// Ends a delivery whose webhook is not to get it any more.
    pub fn cancel(&mut self) {
        self.status = DeliveryStatus::Cancelled;
        self.due = None;
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{
        Attempt, AttemptResult, Delivery, DeliveryPlace, DeliveryStatus, Message, MessagePlace,
    };
    use crate::ids::{DeliveryId, MessageId, WebhookId};
    use crate::time::Timestamp;
    use crate::webhook::WebhookEvent;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn delivery() -> Delivery {
        let message = Message {
            id: MessageId(Uuid::nil()),
            event: WebhookEvent::StreakLost,
            at: at(0),
            users: Vec::new(),
            payload: "{}".to_owned(),
        };
        Delivery::new(&message, WebhookId(Uuid::nil()), 0, at(0))
    }

    fn ended(result: AttemptResult) -> Attempt {
        Attempt { started_at: at(0), duration_ms: 5, result, response: String::new() }
    }

    // C-WH-16 C-WH-17
    #[test]
    fn three_retries_after_one_two_and_four_minutes_then_failed_for_good() {
        let mut delivery = delivery();
        let mut now = at(1_000);
        for (number, minutes) in [(1, 1), (2, 2), (3, 4)] {
            assert_eq!(delivery.next_number(), number);
            delivery.record(ended(AttemptResult::Status(500)), now);
            assert_eq!(delivery.status, DeliveryStatus::Retrying);
            assert_eq!(delivery.due, Some(now.plus_millis(minutes * 60_000)));
            now = now.plus_millis(minutes * 60_000 + 7);
        }
        delivery.record(ended(AttemptResult::Error("refused".to_owned())), now);
        assert_eq!((delivery.status, delivery.due), (DeliveryStatus::Failed, None));
    }

    // C-WH-14 C-WH-15
    #[test]
    fn only_2xx_is_success() {
        for (status, success) in
            [(199, false), (200, true), (204, true), (299, true), (301, false), (404, false)]
        {
            assert_eq!(AttemptResult::Status(status).is_success(), success, "{status}");
        }
        assert!(!AttemptResult::Error(String::new()).is_success());
    }

    // C-WH-25
    #[test]
    fn a_redelivery_is_a_single_attempt() {
        let mut delivery = Delivery { once: true, ..delivery() };
        delivery.record(ended(AttemptResult::Status(500)), at(0));
        assert_eq!((delivery.status, delivery.due), (DeliveryStatus::Failed, None));
    }

    #[test]
    fn ids_of_deliveries_spell_their_place() {
        for (millis, shard, sequence, number) in [
            (0, 0, 0, 0),
            (-1, 63, 1, 2),
            (1_767_225_600_123, u16::MAX, (1 << 42) - 1, u16::MAX),
            (-62_135_596_800_000, 1, 77, 0),
        ] {
            let message = MessagePlace { at: at(millis), shard, sequence };
            let place = DeliveryPlace { message, number };
            let id = place.id();
            assert_eq!(id.0.get_version_num(), 8);
            assert_eq!(DeliveryPlace::of_id(id), Some(place));
        }
        assert_eq!(DeliveryPlace::of_id(DeliveryId(Uuid::nil())), None);
        assert_eq!(DeliveryPlace::of_id(DeliveryId(Uuid::max())), None);
    }
}
