//! What a total did in a period, and how that compares with others. (C-WRAP-05 to 07)

use std::cmp::Ordering;

use crate::amount::Amount;
use crate::summary::Day;

/// A total over one period. Points are whole numbers here too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// The total at the period's end, or now if that is earlier. (C-WRAP-05)
    pub total: Amount,
    /// The sum inside the period.
    pub change: Amount,
    /// The change in percent of the total at the period's start, with one decimal. (C-WRAP-06)
    pub percent_change: Amount,
    /// The percentile among all users active in the period; none where users aren't compared.
    /// (C-WRAP-07)
    pub percentile: Option<u8>,
}

impl Figures {
    /// The figures of a period with these days, in order; none without a day.
    pub(super) fn of(days: impl IntoIterator<Item = Day<Amount>>) -> Option<Self> {
        let mut days = days.into_iter();
        let first = days.next()?;
        let (change, total) = days
            .fold((first.change, first.total), |(change, _), day| (change + day.change, day.total));
        let percent_change = percent_change(change, first.total - first.change);
        Some(Self { total, change, percent_change, percentile: None })
    }
}

/// (C-WRAP-06)
fn percent_change(change: Amount, start: Amount) -> Amount {
    let without_start = match change.cmp(&Amount::ZERO) {
        Ordering::Greater => 100,
        Ordering::Equal => 0,
        Ordering::Less => -100,
    };
    change.percent_of(start).unwrap_or_else(|| without_start.into())
}

/// The percentile of someone above `smaller` of `others`, all those who were active besides them.
/// (C-WRAP-07)
#[must_use]
pub fn percentile(smaller: u64, others: u64) -> u8 {
    if others == 0 {
        return 100;
    }
    let percent = u128::from(smaller) * 100 / u128::from(others);
    u8::try_from(percent).unwrap_or(100).min(100)
}

#[cfg(test)]
mod tests {
    use super::{percent_change, percentile};
    use crate::amount::Amount;

    // C-WRAP-06
    #[test]
    fn changes_are_shown_in_percent_of_what_was_there() {
        for (change, start, expected) in [
            ("2500", "12500", "20"),
            ("15000", "0", "100"),
            ("-3", "0", "-100"),
            ("0", "0", "0"),
            ("0", "-7", "0"),
            ("5", "-10", "50"),
            ("-5", "-10", "-50"),
            ("-15", "10", "-150"),
            ("1", "3", "33.3"),
            ("2", "3", "66.7"),
            ("0.1", "0.3", "33.3"),
            ("1", "800", "0.1"),
            ("1", "2000", "0.1"),
            ("-1", "2000", "0"),
            ("-1", "800", "-0.1"),
            ("-3", "2000", "-0.1"),
            ("0.000000001", "1000000000000", "0"),
        ] {
            let [change, start] = [change, start].map(|own| Amount::parse(own).expect("valid"));
            assert_eq!(percent_change(change, start).to_string(), expected, "{change} on {start}");
        }
        let large = (0..1000).fold(Amount::ZERO, |sum, _| sum + Amount::from(1_000_000_000_000));
        let least = Amount::parse("0.000000001").expect("valid");
        assert_eq!(
            percent_change(large + large, least).to_string(),
            format!("2{}", "0".repeat(26))
        );
    }

    // C-WRAP-07
    #[test]
    fn percentiles_are_floors_of_the_share_below() {
        for (smaller, others, expected) in [
            (0, 0, 100),
            (0, 1, 0),
            (1, 1, 100),
            (1, 3, 33),
            (2, 3, 66),
            (3, 3, 100),
            (999, 1000, 99),
        ] {
            assert_eq!(percentile(smaller, others), expected, "{smaller} of {others}");
        }
    }
}
