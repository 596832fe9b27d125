//! A day's figures: of one metric, of one points system.

use domain::user::{MetricDay, PointsDay};

use super::Record;

impl Record for MetricDay {
    const VERSION: u8 = 1;
}

impl Record for PointsDay {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::{
        amount::Amount,
        user::{MetricDay, PointsDay},
    };

    #[test]
    fn golden() {
        let metric_day = MetricDay {
            change: Amount::parse("0.1").expect("a number"),
            total: Amount::parse("750").expect("a number"),
            events: 3,
        };
        super::super::golden::check("metric_day", &metric_day);
        super::super::golden::check("points_day", &PointsDay { change: -5, total: 120 });
    }
}
