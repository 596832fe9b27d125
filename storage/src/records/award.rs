//! One points award or deduction.

use domain::user::AwardRecord;

use super::Record;

impl Record for AwardRecord {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        amount::Amount,
        catalog::Rounding,
        ids::{AwardId, BoostId, TriggerId},
        time::{Date, TimeOfDay, Timestamp},
        user::{AppliedBoost, AwardRecord},
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
            day: Date::from_ymd(2026, 1, 2).expect("a date"),
            time: TimeOfDay::parse("17:00:09").expect("a time"),
            order: 70_000,
            boosts: vec![AppliedBoost {
                id: BoostId(Uuid::from_u128(3)),
                name: "Double".into(),
                start: Date::from_ymd(2026, 1, 1).expect("a date"),
                end: Some(Date::from_ymd(2026, 1, 31).expect("a date")),
                multiplier: Amount::from(2),
                rounding: Rounding::Down,
            }],
        };
        super::super::golden::check("award", &sample);
    }
}
