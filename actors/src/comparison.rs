//! Percentiles: how much the totals of all users changed in a period, looked up by one change.
//!
//! A comparison is a projection that is built when it is asked for. A user's change is the
//! difference of two totals that their days state, so what a commit says may be said twice. Periods
//! that are over on all of earth hold no users, only how often each change occurs.

use std::collections::HashMap;

use domain::amount::Amount;
use domain::calendar::Period;
use domain::ids::{Scope, UserId};
use domain::summary::Day;
use domain::time::Date;
use domain::user::{HistoryRow, MetricDay, PointsDay, UserState};
use domain::wrapped::{Owner, percentile};
use storage::{Error, Key, KeyRange, Kind, Store};

use crate::on_demand::{Commit, Projection};
use crate::ranking::Tally;
use crate::rows;

/// Days after the end of a period until no local date on earth lies in it any more.
const OVER_EVERYWHERE_DAYS: i64 = 2;

/// Who is compared: all users who were active in a metric or points system between two dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Compared {
    owner: Owner,
    dates: Period,
    /// Whether everyone's days in it are over.
    over: bool,
}

impl Compared {
    /// `today` is any date of today.
    pub(crate) fn new(owner: Owner, dates: Period, today: Date) -> Self {
        Self { owner, dates, over: today.days_since(dates.end) >= OVER_EVERYWHERE_DAYS }
    }

    /// The day that a row states, if it is one of those compared.
    fn day(&self, row: &HistoryRow) -> Option<Day<Amount>> {
        let (owner, day): (_, Day<Amount>) = match row {
            HistoryRow::MetricDay { metric, day, record } => {
                (Owner::Metric(*metric), (*day, *record).into())
            }
            HistoryRow::PointsDay { system, day, record } => {
                (Owner::Points(*system), (*day, *record).into())
            }
            HistoryRow::Event { .. }
            | HistoryRow::Award { .. }
            | HistoryRow::AttributeDay { .. }
            | HistoryRow::AttributeProgress { .. }
            | HistoryRow::PauseOwner { .. } => return None,
        };
        (owner == self.owner && self.dates.contains(day.date)).then_some(day)
    }

    /// A user's totals, from their stored days.
    fn read(&self, store: &Store, scope: Scope, user: &UserId) -> Result<Option<Totals>, Error> {
        Ok(match self.owner {
            Owner::Metric(metric) => {
                let range = KeyRange::metric_days(scope, user, metric).within(self.dates);
                Totals::of(rows::read_days::<MetricDay>(store, range)?.into_iter().map(Day::from))
            }
            Owner::Points(system) => {
                let range = KeyRange::points_days(scope, user, system).within(self.dates);
                Totals::of(rows::read_days::<PointsDay>(store, range)?.into_iter().map(Day::from))
            }
        })
    }
}

/// A user's total before a period, and at the end of it or now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Totals {
    before: Amount,
    after: Amount,
}

impl Totals {
    /// From a user's days of one period, in order; none without a day.
    fn of(days: impl IntoIterator<Item = Day<Amount>>) -> Option<Self> {
        let mut days = days.into_iter();
        let first = days.next()?;
        let last = days.last().unwrap_or(first);
        Some(Self { before: first.total - first.change, after: last.total })
    }

    fn change(self) -> Amount {
        self.after - self.before
    }
}

/// The changes of all users who are compared.
#[derive(Debug)]
pub(crate) enum Comparison {
    /// While users move.
    Current(Tally<Amount>, HashMap<UserId, Totals>),
    /// Once nobody does any more.
    Over {
        tally: Tally<Amount>,
        /// How many different changes there are.
        different: usize,
    },
}

impl Comparison {
    /// The percentile of a user with a change that their days state. (C-WRAP-07)
    pub(crate) fn percentile(&self, user: &UserId, change: Amount) -> u8 {
        let (tally, own) = match self {
            Self::Current(tally, users) => (tally, users.get(user).map(|own| own.change())),
            // Their days are among those it was built from.
            Self::Over { tally, .. } => (tally, Some(change)),
        };
        let smaller = tally.below(&change) - u64::from(own.is_some_and(|own| own < change));
        percentile(smaller, tally.total() - u64::from(own.is_some()))
    }
}

impl Projection for Comparison {
    type Question = Compared;
    /// None for who is gone.
    type Step = Option<Totals>;

    /// Enough for every week and month of several years and metrics.
    const KEPT_MAX: usize = 1_024;

    /// Users are sought one after the other, so years outside the dates are not read. Days without a
    /// snapshot are of someone who is being erased.
    fn scan(
        compared: &Compared,
        store: &Store,
        scope: Scope,
        found: &mut dyn FnMut(UserId, Option<Totals>),
    ) -> Result<(), Error> {
        let kind = match compared.owner {
            Owner::Metric(_) => Kind::MetricDay,
            Owner::Points(_) => Kind::PointsDay,
        };
        let mut rest = KeyRange::kind(scope, kind);
        while let Some((key, _)) = store.scan(&rest, 1)?.pop() {
            let user = key.text().and_then(UserId::new).expect("day rows belong to a user");
            rest = rest.past(&KeyRange::user(scope, kind, &user));
            let totals = compared.read(store, scope, &user)?;
            if totals.is_some() && store.get(&Key::snapshot(scope, &user))?.is_some() {
                found(user, totals);
            }
        }
        Ok(())
    }

    fn step(compared: &Compared, commit: &Commit<'_>) -> Option<Option<Totals>> {
        Totals::of(commit.outcome.rows.iter().filter_map(|row| compared.day(row))).map(Some)
    }

    fn end(compared: &Compared, user: &UserState) -> Option<Option<Totals>> {
        let counted = match compared.owner {
            Owner::Metric(metric) => user.metrics.contains_key(&metric),
            Owner::Points(system) => user.points.contains_key(&system),
        };
        counted.then_some(None)
    }

    /// What is known longest says what was before, what came last says what is now.
    fn join(earlier: Option<Totals>, later: Option<Totals>) -> Option<Totals> {
        let later = later?;
        Some(Totals { before: earlier.map_or(later.before, |own| own.before), ..later })
    }

    fn build(compared: &Compared, users: Vec<(UserId, Option<Totals>)>) -> Self {
        let users: Vec<_> =
            users.into_iter().filter_map(|(user, own)| Some((user, own?))).collect();
        let tally = Tally::from_values(users.iter().map(|(_, own)| own.change()).collect());
        if compared.over {
            let different = tally.iter().count();
            Self::Over { tally, different }
        } else {
            Self::Current(tally, users.into_iter().collect())
        }
    }

    fn apply(&mut self, user: &UserId, step: Option<Totals>) -> bool {
        match self {
            Self::Current(tally, users) => {
                let old = users.remove(user);
                if let Some(old) = old {
                    tally.remove(&old.change());
                }
                if let Some(new) = Self::join(old, step) {
                    tally.add(new.change());
                    users.insert(user.clone(), new);
                }
                true
            }
            // Someone was settled late, or erased. What they had before isn't known any more.
            Self::Over { .. } => false,
        }
    }

    fn remembered(&self) -> usize {
        match self {
            Self::Current(_, users) => users.len(),
            Self::Over { different, .. } => *different,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::amount::Amount;
    use domain::calendar::Period;
    use domain::ids::{MetricId, UserId};
    use domain::summary::Day;
    use domain::time::Date;
    use domain::wrapped::Owner;
    use uuid::Uuid;

    use super::{Compared, Comparison, Totals};
    use crate::on_demand::Projection;

    fn date(text: &str) -> Date {
        Date::parse(text).expect("valid")
    }

    fn user(id: &str) -> UserId {
        UserId::new(id).expect("valid")
    }

    fn totals(before: i64, after: i64) -> Totals {
        Totals { before: before.into(), after: after.into() }
    }

    /// A comparison of March as built on a day.
    fn march(today: &str, users: &[(&str, Totals)]) -> Comparison {
        let dates = Period { start: date("2026-03-01"), end: date("2026-03-31") };
        let owner = Owner::Metric(MetricId(Uuid::from_u128(1)));
        let users = users.iter().map(|(id, totals)| (user(id), Some(*totals))).collect();
        Comparison::build(&Compared::new(owner, dates, date(today)), users)
    }

    fn percentiles<const N: usize>(comparison: &Comparison, all: [(&str, i64); N]) -> [u8; N] {
        all.map(|(id, change)| comparison.percentile(&user(id), change.into()))
    }

    // C-WRAP-07
    #[test]
    fn a_percentile_is_the_share_of_others_with_a_smaller_change() {
        let users =
            [("a", totals(0, 7)), ("b", totals(90, 97)), ("c", totals(5, 2)), ("d", totals(0, 8))];
        for today in ["2026-03-10", "2026-05-01"] {
            assert_eq!(percentiles(&march(today, &[("a", totals(0, -5))]), [("a", -5)]), [100]);
            let all = [("a", 7), ("b", 7), ("c", -3), ("d", 8)];
            assert_eq!(percentiles(&march(today, &users), all), [33, 33, 0, 100]);
        }
    }

    // C-WRAP-07
    #[test]
    fn a_commit_that_is_known_already_changes_nothing() {
        let mut comparison = march("2026-03-10", &[("a", totals(100, 110)), ("b", totals(0, 12))]);
        assert_eq!(percentiles(&comparison, [("a", 10), ("b", 12)]), [0, 100]);
        for _ in 0..2 {
            // A later day, so what was before it is not what was before March.
            assert!(comparison.apply(&user("a"), Some(totals(110, 113))));
        }
        assert!(comparison.apply(&user("c"), Some(totals(0, 50))));
        let all = [("a", 13), ("b", 12), ("c", 50)];
        assert_eq!(percentiles(&comparison, all), [50, 0, 100]);
        assert_eq!(comparison.remembered(), 3);
        let [earlier, later] = [totals(1, 2), totals(2, 5)].map(Some);
        assert_eq!(Comparison::join(earlier, later), Some(totals(1, 5)));
    }

    // C-USER-28 C-WRAP-07
    #[test]
    fn who_is_erased_is_compared_no_more() {
        let users = [("a", totals(0, 5)), ("b", totals(0, 6)), ("c", totals(0, 1))];
        let mut comparison = march("2026-03-10", &users);
        for _ in 0..2 {
            assert!(comparison.apply(&user("c"), None));
            assert_eq!(percentiles(&comparison, [("a", 5), ("b", 6)]), [0, 100]);
        }
        assert!(comparison.apply(&user("c"), Some(totals(0, 7))), "somebody else of that id");
        assert_eq!(percentiles(&comparison, [("b", 6)]), [50]);
        assert_eq!(Comparison::join(Some(totals(1, 2)), None), None);
        assert_eq!(Comparison::join(None, Some(totals(0, 7))), Some(totals(0, 7)));
        assert!(!march("2026-05-01", &users).apply(&user("c"), None), "it is built anew");
    }

    // C-WRAP-07
    #[test]
    fn of_a_period_that_is_over_only_the_changes_are_kept() {
        let users = [("a", totals(0, 5)), ("b", totals(1, 6)), ("c", totals(0, 1))];
        // On the first of April in UTC it is still March somewhere.
        for (today, remembered, settled_late) in [("2026-04-01", 3, true), ("2026-04-02", 2, false)]
        {
            let mut comparison = march(today, &users);
            assert_eq!(percentiles(&comparison, [("a", 5), ("c", 1)]), [50, 0]);
            assert_eq!(comparison.remembered(), remembered);
            assert_eq!(comparison.apply(&user("c"), Some(totals(1, 9))), settled_late);
        }
    }

    #[test]
    fn totals_are_those_around_the_days() {
        let day = |day, change: i64, total: i64| Day::<Amount> {
            date: date(day),
            change: change.into(),
            total: total.into(),
        };
        assert_eq!(Totals::of([]), None);
        let days = [day("2026-03-01", 5, 15), day("2026-03-04", -2, 13)];
        assert_eq!(Totals::of(days[..1].to_vec()), Some(totals(10, 15)));
        assert_eq!(Totals::of(days), Some(totals(10, 13)));
    }
}
