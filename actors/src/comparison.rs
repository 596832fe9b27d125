//! Percentiles: how much the totals of all users changed in each week and month of a year and in all
//! of it, looked up by one change.
//!
//! A year is compared as a whole: one pass over the stored days of all users counts every period of
//! every metric and points system. Days come in order, so only the periods of a user's latest day
//! can still change; what their totals were before those is all that is remembered of a user, and
//! saying a day twice changes nothing. A year that is over on all of earth remembers nobody, only how
//! often each change occurs. Of who is erased not every change is known any more, so then a year is
//! compared anew.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::amount::Amount;
use domain::calendar::{Frequency, Period, WeekStart};
use domain::catalog::Catalog;
use domain::ids::{MetricId, PointsSystemId, Scope, UserId};
use domain::summary::Day;
use domain::time::Date;
use domain::user::{HistoryRow, MetricDay, PointsDay, UserState};
use domain::wrapped::{Owner, days_needed, percentile};
use storage::{Error, Key, KeyRange, Kind, Store};

use crate::catalog::Catalogs;
use crate::clock;
use crate::on_demand::{Commit, Projection};
use crate::ranking::Tally;
use crate::rows;
use crate::user::UserContext;

/// Days after the end of a year until no local date on earth lies in it any more.
const OVER_EVERYWHERE_DAYS: i64 = 2;

/// Days before the first of January in UTC on which it may have begun somewhere, and some more.
const BEGINS_DAYS_BEFORE: i64 = 3;

/// How long to wait until it is looked again whether a year begins.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60 * 60);

/// A year in which users are compared, with the weeks that it shares with its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ComparedYear {
    year: i32,
    week_start: WeekStart,
    dates: Period,
    /// Whether everyone's days in it are over.
    over: bool,
}

/// The week, the month and the year of a day, as far as they are compared.
type Periods = [Option<Period>; 3];

/// By how much a total changed in each of them.
type Changes = [Option<(Period, Amount)>; 3];

impl ComparedYear {
    /// `today` is any date of today.
    pub(crate) fn new(year: i32, week_start: WeekStart, today: Date) -> Self {
        let dates = days_needed(year, week_start);
        let over = today.days_since(dates.end) >= OVER_EVERYWHERE_DAYS;
        Self { year, week_start, dates, over }
    }

    /// Of a week shared with a neighbour all days count, though their months and year don't.
    fn periods(&self, date: Date) -> Periods {
        let containing = |frequency| Period::containing(frequency, self.week_start, date);
        let own = date.year() == self.year;
        [
            Some(containing(Frequency::Weekly)),
            own.then(|| containing(Frequency::Monthly)),
            own.then(|| Period::year(self.year)),
        ]
    }

    /// What a row states, if it is about one of the days.
    fn day(&self, row: &HistoryRow) -> Option<(Owner, Day<Amount>)> {
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
        self.dates.contains(day.date).then_some((owner, day))
    }
}

/// A user's latest day in one metric or points system, and the totals before its week, its month and
/// its year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Latest {
    date: Date,
    total: Amount,
    before: [Amount; 3],
}

impl Latest {
    /// After one more day, which is not before the latest one.
    fn after(year: &ComparedYear, latest: Option<Self>, day: Day<Amount>) -> Self {
        let start = day.total - day.change;
        let mut before = [start; 3];
        if let Some(latest) = latest {
            let (old, new) = (year.periods(latest.date), year.periods(day.date));
            for at in (0..before.len()).filter(|at| old[*at] == new[*at]) {
                before[at] = latest.before[at];
            }
        }
        Self { date: day.date, total: day.total, before }
    }

    /// By how much the total changed in each period of the day so far.
    fn changes(&self, year: &ComparedYear) -> Changes {
        let periods = year.periods(self.date);
        [0, 1, 2].map(|at| periods[at].map(|period| (period, self.total - self.before[at])))
    }

    /// The change in a period; none if the day is not in it.
    fn change_in(&self, year: &ComparedYear, dates: Period) -> Option<Amount> {
        let mut changes = self.changes(year).into_iter().flatten();
        changes.find(|(period, _)| *period == dates).map(|(_, change)| change)
    }
}

/// A user's days of the year, in order, each replacing the same day before it; none of a user who
/// was erased.
pub(crate) type Days = Option<Vec<(Owner, Day<Amount>)>>;

/// How users compare in one year.
#[derive(Debug)]
pub(crate) struct Comparison {
    year: ComparedYear,
    /// How often each change occurs in each period.
    changes: HashMap<(Owner, Period), Tally<Amount>>,
    /// Where users stand; none once nobody moves any more.
    latest: Option<HashMap<UserId, Vec<(Owner, Latest)>>>,
    /// How many different changes there were when nobody moved any more.
    different: usize,
    /// Whether someone was erased whose days may be counted.
    stale: bool,
}

impl Comparison {
    fn new(year: ComparedYear) -> Self {
        let latest = Some(HashMap::new());
        Self { year, changes: HashMap::new(), latest, different: 0, stale: false }
    }

    /// The percentile of a user whose days state a change in a period. (C-WRAP-07)
    pub(crate) fn percentile(
        &self,
        user: &UserId,
        owner: Owner,
        dates: Period,
        change: Amount,
    ) -> u8 {
        let Some(tally) = self.changes.get(&(owner, dates)) else { return percentile(0, 0) };
        let own = self.counted(user, owner, dates, change);
        let smaller = tally.below(&change) - u64::from(own.is_some_and(|own| own < change));
        percentile(smaller, tally.total() - u64::from(own.is_some()))
    }

    /// As which change the user themselves is counted in a period. Their days may already state more
    /// than was said here.
    fn counted(
        &self,
        user: &UserId,
        owner: Owner,
        dates: Period,
        change: Amount,
    ) -> Option<Amount> {
        let Some(latest) = &self.latest else { return Some(change) };
        let own = latest.get(user)?.iter().find(|(own, _)| *own == owner);
        let (_, latest) = own?;
        let passed = (latest.date > dates.end).then_some(change);
        latest.change_in(&self.year, dates).or(passed)
    }

    /// Counts all days of a user who wasn't counted yet, in order.
    fn count_user(&mut self, user: &UserId, owner: Owner, days: impl Iterator<Item = Day<Amount>>) {
        let mut latest: Option<Latest> = None;
        for day in days {
            let next = Latest::after(&self.year, latest, day);
            if let Some(last) = latest {
                self.count_ended(owner, &last, self.year.periods(day.date));
            }
            latest = Some(next);
        }
        let Some(latest) = latest else { return };
        self.count_ended(owner, &latest, [None; 3]);
        let users = self.latest.get_or_insert_default();
        match users.get_mut(user) {
            Some(own) => {
                own.reserve_exact(1);
                own.push((owner, latest));
            }
            None => {
                users.insert(user.clone(), vec![(owner, latest)]);
            }
        }
    }

    /// Counts the changes in those periods of a day that are not among `going_on`.
    fn count_ended(&mut self, owner: Owner, latest: &Latest, going_on: Periods) {
        for (change, next) in latest.changes(&self.year).into_iter().zip(going_on) {
            if let Some((period, change)) = change.filter(|(period, _)| Some(*period) != next) {
                self.changes.entry((owner, period)).or_default().add(change);
            }
        }
    }

    fn forget_users(&mut self) {
        self.latest = None;
        self.different = self.changes.values().map(|tally| tally.iter().count()).sum();
    }
}

impl Projection for Comparison {
    type Question = ComparedYear;
    type Step = Days;
    type Found = Self;

    /// Enough for any real history.
    const KEPT_MAX: usize = 64;
    /// Whoever has no days in a year doesn't ask, so there are as many questions as years.
    const WAITS: bool = true;

    /// Years outside the dates are skipped, one user and metric or points system after the other, and
    /// so is who has no snapshot: they are being erased.
    fn scan(year: &ComparedYear, store: &Store, scope: Scope) -> Result<Self, Error> {
        let mut counted = Self::new(*year);
        for kind in [Kind::MetricDay, Kind::PointsDay] {
            let mut rest = KeyRange::kind(scope, kind);
            while let Some((key, _)) = store.scan(&rest, 1)?.pop() {
                let (user, owner) = parts(&key);
                let all = match owner {
                    Owner::Metric(metric) => KeyRange::metric_days(scope, &user, metric),
                    Owner::Points(system) => KeyRange::points_days(scope, &user, system),
                };
                rest = rest.past(&all);
                if store.get(&Key::snapshot(scope, &user))?.is_none() {
                    continue;
                }
                let own = all.within(year.dates);
                match owner {
                    Owner::Metric(_) => {
                        let days = rows::read_days::<MetricDay>(store, own)?;
                        counted.count_user(&user, owner, days.into_iter().map(Day::from));
                    }
                    Owner::Points(_) => {
                        let days = rows::read_days::<PointsDay>(store, own)?;
                        counted.count_user(&user, owner, days.into_iter().map(Day::from));
                    }
                }
            }
        }
        Ok(counted)
    }

    fn step(year: &ComparedYear, commit: &Commit<'_>) -> Option<Days> {
        let days: Vec<_> = commit.outcome.rows.iter().filter_map(|row| year.day(row)).collect();
        (!days.is_empty()).then_some(Some(days))
    }

    /// Whoever counted anything may have days in the year.
    fn end(_year: &ComparedYear, user: &UserState) -> Option<Days> {
        let counted = !user.metrics.is_empty() || !user.points.is_empty();
        counted.then_some(None)
    }

    /// Once erased stays so: somebody new by that id is counted when the year is compared anew.
    fn join(earlier: Days, later: Days) -> Days {
        let (mut earlier, later) = (earlier?, later?);
        let replaced = |(owner, day): &(Owner, Day<Amount>)| {
            later.iter().any(|(own, newer)| own == owner && newer.date == day.date)
        };
        earlier.retain(|day| !replaced(day));
        earlier.extend(later);
        Some(earlier)
    }

    fn build(year: &ComparedYear, mut found: Self, meanwhile: HashMap<UserId, Days>) -> Self {
        for (user, days) in meanwhile {
            found.stale |= !found.apply(&user, days);
        }
        if year.over {
            found.forget_users();
        }
        found
    }

    fn is_right(&self) -> bool {
        !self.stale
    }

    fn apply(&mut self, user: &UserId, days: Days) -> bool {
        // What an erased user changed in periods that have passed isn't known any more.
        let Some(days) = days else { return false };
        let Self { year, changes, latest: Some(users), .. } = self else {
            // Someone was settled late. What they had before isn't known any more.
            return false;
        };
        let own = match users.get_mut(user) {
            Some(own) => own,
            None => users.entry(user.clone()).or_default(),
        };
        for (owner, day) in days {
            let known = own.iter_mut().find(|(known, _)| *known == owner).map(|(_, own)| own);
            // The scan may have seen later days, and then this one as it is there.
            if known.as_ref().is_some_and(|known| known.date > day.date) {
                continue;
            }
            let next = Latest::after(year, known.as_deref().copied(), day);
            count_moved(
                changes,
                owner,
                known.as_deref().map(|own| own.changes(year)),
                next.changes(year),
            );
            match known {
                Some(known) => *known = next,
                None => {
                    // Most users have few, and there are many users.
                    own.reserve_exact(1);
                    own.push((owner, next));
                }
            }
        }
        true
    }

    fn remembered(&self) -> usize {
        self.latest.as_ref().map_or(self.different, HashMap::len)
    }
}

/// Replaces the changes of the periods that a user is still in, and adds those of new ones.
fn count_moved(
    changes: &mut HashMap<(Owner, Period), Tally<Amount>>,
    owner: Owner,
    old: Option<Changes>,
    new: Changes,
) {
    let old = old.unwrap_or_default();
    for (old, new) in old.into_iter().zip(new) {
        let Some((period, change)) = new else { continue };
        let old = old.filter(|(own, _)| *own == period).map(|(_, change)| change);
        if old == Some(change) {
            continue;
        }
        let tally = changes.entry((owner, period)).or_default();
        if let Some(old) = old {
            tally.remove(&old);
        }
        tally.add(change);
    }
}

/// Has every year compared before anyone asks: after the start all that users may have days in, then
/// for as long as the engine runs the last one, the current one, and the next one from before it
/// begins.
pub(crate) async fn keep_years(scope: Scope, context: Arc<UserContext>, catalogs: Arc<Catalogs>) {
    let mut first = first_year(&catalogs.current(scope));
    loop {
        let today = context.clock.now().utc_date();
        let week_start = catalogs.current(scope).settings.week_start;
        let last = today.year() - 1;
        // The latest ones last, because they are forgotten last.
        for year in first.unwrap_or(last).min(last)..=today.plus_days(BEGINS_DAYS_BEFORE).year() {
            let year = ComparedYear::new(year, week_start, today);
            if let Err(error) = context.projections.comparisons.read(scope, &year, |_| ()).await {
                tracing::warn!(?year, %error, "a year is not compared yet");
            }
        }
        first = None;
        clock::pause(LOOK_AGAIN_AFTER).await;
    }
}

/// The year in which there was something to have a day of for the first time.
fn first_year(catalog: &Catalog) -> Option<i32> {
    let metrics = catalog.metrics.iter().map(|metric| metric.created_at);
    let systems = catalog.points_systems.iter().map(|system| system.stamps.created_at);
    metrics.chain(systems).min().map(|created_at| created_at.utc_date().year())
}

/// Whose a day row is, and what it is about.
fn parts(key: &Key) -> (UserId, Owner) {
    let user = key.text().and_then(UserId::new).expect("day rows belong to a user");
    let id = key.day_owner().expect("day rows are about something");
    let owner = if key.kind() == Kind::MetricDay {
        Owner::Metric(MetricId(id))
    } else {
        Owner::Points(PointsSystemId(id))
    };
    (user, owner)
}

#[cfg(test)]
mod tests;
