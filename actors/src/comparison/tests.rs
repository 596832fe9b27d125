//! Counting days: in one pass, one after the other, twice, and late.

use std::collections::HashMap;

use domain::amount::Amount;
use domain::calendar::{Frequency, Period, WeekStart};
use domain::ids::{MetricId, UserId};
use domain::summary::Day;
use domain::time::Date;
use domain::wrapped::Owner;
use uuid::Uuid;

use super::{ComparedYear, Comparison, Days};
use crate::on_demand::Projection;

const OWNER: Owner = Owner::Metric(MetricId(Uuid::from_u128(1)));

fn date(text: &str) -> Date {
    Date::parse(text).expect("valid")
}

fn user(id: &str) -> UserId {
    UserId::new(id).expect("valid")
}

fn day(text: &str, change: i64, total: i64) -> Day<Amount> {
    Day { date: date(text), change: change.into(), total: total.into() }
}

fn containing(frequency: Frequency, text: &str) -> Period {
    Period::containing(frequency, WeekStart::Monday, date(text))
}

/// 2026, whose first of January is a Thursday, on a day.
fn year(today: &str) -> ComparedYear {
    ComparedYear::new(2026, WeekStart::Monday, date(today))
}

/// What the scan finds.
fn scanned(today: &str, users: &[(&str, &[Day<Amount>])]) -> Comparison {
    let mut found = Comparison::new(year(today));
    for (id, days) in users {
        found.count_user(&user(id), OWNER, days.iter().copied());
    }
    found
}

fn built(today: &str, users: &[(&str, &[Day<Amount>])]) -> Comparison {
    Comparison::build(&year(today), scanned(today, users), HashMap::new())
}

fn step(days: &[Day<Amount>]) -> Days {
    Some(days.iter().map(|day| (OWNER, *day)).collect())
}

/// The counted changes of a period with how often each occurs.
fn changes(comparison: &Comparison, dates: Period) -> Vec<(String, u64)> {
    let tally = comparison.changes.get(&(OWNER, dates));
    let counts = tally.into_iter().flat_map(|tally| tally.iter());
    counts.map(|(change, users)| (change.to_string(), users)).collect()
}

fn percentiles<const N: usize>(
    comparison: &Comparison,
    dates: Period,
    all: [(&str, i64); N],
) -> [u8; N] {
    all.map(|(id, change)| comparison.percentile(&user(id), OWNER, dates, change.into()))
}

// C-WRAP-07
#[test]
fn a_percentile_is_the_share_of_others_with_a_smaller_change() {
    let [a, b] = [[day("2026-03-03", 7, 7)], [day("2026-03-09", 7, 97)]];
    let [c, d] = [[day("2026-03-30", -3, 2)], [day("2026-03-31", 8, 8)]];
    let users: [(&str, &[_]); 4] = [("a", &a), ("b", &b), ("c", &c), ("d", &d)];
    let march = containing(Frequency::Monthly, "2026-03-01");
    for today in ["2026-03-31", "2027-05-01"] {
        assert_eq!(percentiles(&built(today, &users[..1]), march, [("a", 7)]), [100]);
        let all = [("a", 7), ("b", 7), ("c", -3), ("d", 8)];
        assert_eq!(percentiles(&built(today, &users), march, all), [33, 33, 0, 100]);
    }
}

// C-WRAP-04 C-WRAP-07
#[test]
fn every_period_of_a_year_is_counted_from_the_same_days() {
    let days = [
        day("2025-12-30", 1, 101),
        day("2026-01-01", 2, 103),
        day("2026-01-05", 4, 107),
        day("2026-02-01", 8, 115),
        day("2026-02-01", 9, 116),
        day("2026-12-31", 16, 132),
        day("2027-01-02", 32, 164),
    ];
    let in_one_pass = built("2026-06-01", &[("a", &days)]);
    let mut one_by_one = built("2026-06-01", &[]);
    assert!(days.iter().all(|day| one_by_one.apply(&user("a"), step(&[*day]))));
    let over = built("2027-02-01", &[("a", &days)]);
    for comparison in [&in_one_pass, &one_by_one, &over] {
        let once = |change: i64| vec![(change.to_string(), 1)];
        let week = |text| changes(comparison, containing(Frequency::Weekly, text));
        let month = |text| changes(comparison, containing(Frequency::Monthly, text));
        assert_eq!([week("2026-01-01"), week("2026-01-05")], [once(3), once(4)]);
        assert_eq!([week("2026-02-01"), week("2026-12-31")], [once(9), once(48)]);
        assert_eq!([month("2026-01-01"), month("2026-02-01")], [once(6), once(9)]);
        assert_eq!([month("2026-12-01"), month("2025-12-01")], [once(16), vec![]]);
        assert_eq!(changes(comparison, Period::year(2026)), once(31));
        assert_eq!(changes(comparison, Period::year(2025)), vec![]);
    }
}

// C-WRAP-07
#[test]
fn a_day_that_is_known_already_changes_nothing() {
    let [tenth, eleventh] = [day("2026-03-10", 10, 110), day("2026-03-11", 5, 115)];
    let march = containing(Frequency::Monthly, "2026-03-01");
    // The scan has seen both days, and commits tell them again from the first one on.
    let found =
        scanned("2026-03-11", &[("a", &[tenth, eleventh]), ("b", &[day("2026-03-10", 12, 12)])]);
    let again = Comparison::join(step(&[day("2026-03-10", 9, 109)]), step(&[tenth]));
    assert_eq!(again, step(&[tenth]));
    let meanwhile = HashMap::from([(user("a"), Comparison::join(again, step(&[eleventh])))]);
    let mut comparison = Comparison::build(&year("2026-03-11"), found, meanwhile);
    let once = |change: i64| (change.to_string(), 1);
    assert_eq!(changes(&comparison, march), [once(12), once(15)]);
    for _ in 0..2 {
        assert!(comparison.apply(&user("a"), step(&[day("2026-03-12", 3, 118)])));
    }
    assert!(comparison.apply(&user("c"), step(&[day("2026-03-12", 50, 50)])));
    assert_eq!(changes(&comparison, march), [once(12), once(18), once(50)]);
    assert_eq!(percentiles(&comparison, march, [("a", 18), ("b", 12), ("c", 50)]), [50, 0, 100]);
    assert_eq!(comparison.remembered(), 3);
}

// C-WRAP-07
#[test]
fn whose_days_are_not_counted_yet_is_one_of_the_others() {
    let march = containing(Frequency::Monthly, "2026-03-01");
    let [a, b] = [[day("2026-03-10", 10, 10)], [day("2026-02-10", 5, 5)]];
    let comparison = built("2026-03-10", &[("a", &a), ("b", &b)]);
    assert_eq!(percentiles(&comparison, march, [("a", 10), ("b", 11), ("c", 9)]), [100, 100, 0]);
}

// C-WRAP-07
#[test]
fn of_a_year_that_is_over_only_the_changes_are_kept() {
    let [a, b, c] =
        [[day("2026-03-10", 5, 5)], [day("2026-03-11", 5, 6)], [day("2026-03-10", 1, 1)]];
    let users: [(&str, &[_]); 3] = [("a", &a), ("b", &b), ("c", &c)];
    let march = containing(Frequency::Monthly, "2026-03-01");
    // The last week of 2026 ends with the third of January; the day after, it lasts somewhere.
    for (today, remembered, late) in [("2027-01-04", 3, true), ("2027-01-05", 6, false)] {
        let mut comparison = built(today, &users);
        assert_eq!(percentiles(&comparison, march, [("a", 5), ("c", 1)]), [50, 0]);
        assert_eq!(comparison.remembered(), remembered);
        assert_eq!(comparison.apply(&user("c"), step(&[day("2026-12-31", 8, 9)])), late);
    }
}

// C-USER-28 C-WRAP-07
#[test]
fn who_is_erased_has_the_year_compared_anew() {
    let [a, b] = [[day("2026-03-10", 5, 5)], [day("2026-03-11", 6, 6)]];
    let users: [(&str, &[_]); 2] = [("a", &a), ("b", &b)];
    for today in ["2026-03-11", "2027-05-01"] {
        assert!(built(today, &users).is_right());
        assert!(!built(today, &users).apply(&user("a"), None));
        // The scan may have seen some of their days, or all.
        let meanwhile = HashMap::from([(user("a"), None)]);
        assert!(!Comparison::build(&year(today), scanned(today, &users), meanwhile).is_right());
    }
    let later = step(&[day("2026-03-12", 1, 1)]);
    assert_eq!(Comparison::join(later.clone(), None), None);
    assert_eq!(Comparison::join(None, later), None);
}
