//! One points award or deduction.

use domain::user::AwardRecord;

use super::Record;

impl Record for AwardRecord {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        ids::{AwardId, TriggerId},
        time::Timestamp,
        user::AwardRecord,
    };
    use uuid::Uuid;

    #[test]
    fn golden() {
        let sample = AwardRecord {
            id: AwardId(Uuid::from_u128(1)),
            trigger: TriggerId(Uuid::from_u128(2)),
            awarded: -30,
            total: 1_000_000_000_000,
            at: Timestamp::from_millis(1_767_225_600_123),
        };
        super::super::golden::check("award", &sample);
    }
}
