//! A day's figures: of one metric, all events or those with one attribute value, and of one points
//! system; and the progress that the next day of an attribute value starts from.

use domain::user::{MetricDay, MetricProgress, PointsDay};

use super::Record;

impl Record for MetricDay {
    const VERSION: u8 = 1;
}

impl Record for PointsDay {
    const VERSION: u8 = 1;
}

impl Record for MetricProgress {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        amount::Amount,
        time::Date,
        user::{MetricDay, MetricProgress, PointsDay},
    };

    #[test]
    fn golden() {
        let metric_day = MetricDay {
            change: Amount::parse("0.1").expect("a number"),
            total: Amount::parse("750").expect("a number"),
            events: 3,
        };
        super::super::golden::check("metric_day", &metric_day);
        let progress = MetricProgress {
            total: Amount::parse("750.5").expect("a number"),
            events: 12,
            day: Date::parse("2026-01-05").expect("a date"),
            day_change: Amount::parse("-0.5").expect("a number"),
            day_events: 2,
        };
        super::super::golden::check("attribute_progress", &progress);
        super::super::golden::check("points_day", &PointsDay { change: -5, total: 120 });
    }
}
