//! What an idempotency key stands for.

use domain::user::IdempotencyRecord;

use super::Record;

impl Record for IdempotencyRecord {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{ids::EventId, time::Timestamp, user::IdempotencyRecord};
    use uuid::Uuid;

    #[test]
    fn golden() {
        let sample = IdempotencyRecord {
            event: EventId(Uuid::from_u128(1)),
            at: Timestamp::from_millis(1_767_225_600_123),
        };
        super::super::golden::check("idempotency", &sample);
    }
}
