//! One accepted event.

use domain::user::EventRecord;

use super::Record;

impl Record for EventRecord {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        amount::Amount,
        ids::{AttributeId, EventId, MetricId},
        time::{Date, TimeOfDay, Timestamp},
        user::EventRecord,
    };
    use uuid::Uuid;

    #[test]
    fn golden() {
        let sample = EventRecord {
            id: EventId(Uuid::from_u128(1)),
            metric: MetricId(Uuid::from_u128(2)),
            value: Amount::parse("-12.345678901").expect("a number"),
            attributes: [(AttributeId(Uuid::from_u128(3)), "blue \u{1f600}".to_owned())].into(),
            at: Timestamp::from_millis(1_767_225_600_123),
            day: Date::from_ymd(2026, 1, 1).expect("a date"),
            time: TimeOfDay::parse("17:00:09").expect("a time"),
            order: 70_000,
        };
        super::super::golden::check("event", &sample);
    }
}
