//! The year in review of one user: what they did in a year and in its best day, week and month.
//! (C-WRAP)
//!
//! A pure reading of the settled user and of rows that hold one day each; events are never looked
//! at. Dates are effective days as they were at the time, so a later change of zone moves nothing.
//! How a user compares with others isn't known here: [`Wrapped::compared`] names what to look up.

mod figures;
mod streak;

use std::collections::BTreeMap;

pub use figures::{Figures, percentile};
pub use streak::LongestStreak;

use crate::amount::Amount;
use crate::calendar::{Frequency, Period, WeekStart};
use crate::catalog::{AchievementStatus, Catalog, Invalid};
use crate::ids::{AttributeId, LeaderboardId, MetricId, PointsSystemId};
use crate::leaderboard::{DayEnd, Group, Ranked, Run, best_within};
use crate::summary::Day;
use crate::time::Date;
use crate::user::{Completion, MetricDay, PointsDay, UserState};

/// The stored days of one user that a review is made of, each list in order of its days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// Days of metrics, also of deleted ones: their events were activity.
    pub metrics: BTreeMap<MetricId, Vec<(Date, MetricDay)>>,
    /// The same by attribute value.
    pub attributes: BTreeMap<MetricId, Vec<AttributeDay>>,
    /// Days of points systems.
    pub points: BTreeMap<PointsSystemId, Vec<(Date, PointsDay)>>,
}

/// One day of a metric, counting only the events with one attribute value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeDay {
    /// The day.
    pub date: Date,
    /// The event attribute.
    pub attribute: AttributeId,
    /// Its value.
    pub value: String,
    /// The figures.
    pub record: MetricDay,
}

/// A user's year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// Days of the year with an event. (C-WRAP-02)
    pub days_active: usize,
    /// Weeks with such a day.
    pub weeks_active: usize,
    /// Months with such a day.
    pub months_active: usize,
    /// The day with the most events. (C-WRAP-03)
    pub day: Review,
    /// The week with the most events in this year, with all its days. (C-WRAP-04)
    pub week: Review,
    /// The month with the most events.
    pub month: Review,
    /// All of it.
    pub year: Review,
    /// The longest streak of the year. (C-WRAP-10)
    pub longest_streak: LongestStreak,
}

/// What a user did in one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The period.
    pub dates: Period,
    /// Live metrics with an event in it. (C-WRAP-05)
    pub metrics: BTreeMap<MetricId, MetricReview>,
    /// Live points systems with an award in it. (C-WRAP-05)
    pub points: BTreeMap<PointsSystemId, Figures>,
    /// Achievements completed in it that are shown, in order of completion. (C-WRAP-09)
    pub achievements: Vec<Completion>,
    /// The best rank on each leaderboard. (C-LB-85)
    pub leaderboards: BTreeMap<LeaderboardId, BestRank>,
}

/// The best rank on a leaderboard at the end of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BestRank {
    /// The rank and its value.
    pub ranked: Ranked,
    /// The run it was in.
    pub run: Run,
    /// The group in which the user ended up in that run, or is now.
    pub group: Option<Group>,
}

/// One metric in one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricReview {
    /// All its events.
    pub figures: Figures,
    /// Only those with one value of a live event attribute. (C-WRAP-08)
    pub by_attribute: BTreeMap<AttributeId, BTreeMap<String, Figures>>,
}

/// What users are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// What a metric changed by.
    Metric(MetricId),
    /// What a balance changed by.
    Points(PointsSystemId),
}

/// The year to review: the one asked for, or the current one. (C-WRAP-12)
///
/// The current year is that of the user's effective day, which is what their events are filed under.
///
/// # Errors
/// If the year hasn't begun for the user, or is none.
pub fn year(state: &UserState, asked: Option<u32>) -> Result<i32, Invalid> {
    let current = state.effective_day.year();
    let year = asked.map_or(Some(current), |asked| i32::try_from(asked).ok());
    year.filter(|year| (1..=current).contains(year))
        .ok_or_else(|| Invalid::error(format!("year must be an integer between 1 and {current}")))
}

/// The days a review of a year is made of: its own and those of the weeks it shares with its
/// neighbours. (C-WRAP-04)
#[must_use]
pub fn days_needed(year: i32, week_start: WeekStart) -> Period {
    let Period { start, end } = Period::year(year);
    let week = |date| Period::containing(Frequency::Weekly, week_start, date);
    Period { start: week(start).start, end: week(end).end }
}

impl Wrapped {
    /// The settled user's year, from the days that [`days_needed`] asks for.
    #[must_use]
    pub fn new(state: &UserState, catalog: &Catalog, year: i32, days: &Days) -> Self {
        let dates = Period::year(year);
        let events = events_by_day(days, dates);
        let (days_active, day) = most_active(&events, Frequency::Daily, catalog, dates);
        let (weeks_active, week) = most_active(&events, Frequency::Weekly, catalog, dates);
        let (months_active, month) = most_active(&events, Frequency::Monthly, catalog, dates);
        let review = |dates| Review::new(state, catalog, days, dates);
        Self {
            days_active,
            weeks_active,
            months_active,
            day: review(day),
            week: review(week),
            month: review(month),
            year: review(dates),
            longest_streak: LongestStreak::of(state, catalog, year),
        }
    }

    /// Every figure that is compared with those of other users, with what is compared over which
    /// dates: those of the week, the month and the year. (C-WRAP-01, C-WRAP-07)
    pub fn compared(&mut self) -> impl Iterator<Item = (Owner, Period, &mut Figures)> {
        [&mut self.week, &mut self.month, &mut self.year].into_iter().flat_map(|review| {
            let dates = review.dates;
            let metrics = review.metrics.iter_mut();
            let metrics = metrics.map(|(id, own)| (Owner::Metric(*id), &mut own.figures));
            let points = review.points.iter_mut().map(|(id, own)| (Owner::Points(*id), own));
            metrics.chain(points).map(move |(owner, figures)| (owner, dates, figures))
        })
    }
}

impl Wrapped {
    /// Takes note of the user's days of a run, whose `last` day so far is given; of one board the
    /// earlier run first. (C-LB-85)
    pub fn rank(
        &mut self,
        board: LeaderboardId,
        run: Run,
        group: Option<&Group>,
        days: &[DayEnd],
        last: Date,
    ) {
        for review in [&mut self.day, &mut self.week, &mut self.month, &mut self.year] {
            let Some(ranked) = best_within(days, review.dates, last) else { continue };
            let best = review.leaderboards.get(&board);
            if best.is_none_or(|best| ranked.rank <= best.ranked.rank) {
                let best = BestRank { ranked, run, group: group.cloned() };
                review.leaderboards.insert(board, best);
            }
        }
    }
}

/// How many events each active day had. (C-WRAP-02)
fn events_by_day(days: &Days, dates: Period) -> BTreeMap<Date, u64> {
    let mut events = BTreeMap::new();
    for (date, day) in days.metrics.values().flatten().filter(|(date, _)| dates.contains(*date)) {
        *events.entry(*date).or_default() += u64::from(day.events);
    }
    events
}

/// How many periods were active, and the most active one; without activity the one that the year
/// begins in. (C-WRAP-03, C-WRAP-11)
fn most_active(
    events: &BTreeMap<Date, u64>,
    frequency: Frequency,
    catalog: &Catalog,
    year: Period,
) -> (usize, Period) {
    let containing = |date| Period::containing(frequency, catalog.settings.week_start, date);
    let mut periods = BTreeMap::<Period, u64>::new();
    for (date, events) in events {
        *periods.entry(containing(*date)).or_default() += events;
    }
    // Of equals the last one seen is the greatest, and the earliest one has to be.
    let most = periods.iter().rev().max_by_key(|(_, events)| **events);
    (periods.len(), most.map_or_else(|| containing(year.start), |(period, _)| *period))
}

impl Review {
    fn new(state: &UserState, catalog: &Catalog, days: &Days, dates: Period) -> Self {
        let metrics = catalog.live_metrics().filter_map(|metric| {
            let own = inside(days.metrics.get(&metric.id)?, dates, |(date, _)| *date);
            let figures = Figures::of(own.iter().copied().map(Day::from))?;
            let by_attribute = days.attributes.get(&metric.id).map_or_else(BTreeMap::new, |days| {
                by_attribute(catalog, inside(days, dates, |day| day.date))
            });
            Some((metric.id, MetricReview { figures, by_attribute }))
        });
        let points = catalog.live_points_systems().filter_map(|system| {
            let own = inside(days.points.get(&system.id)?, dates, |(date, _)| *date);
            Some((system.id, Figures::of(own.iter().copied().map(Day::from))?))
        });
        Self {
            dates,
            metrics: metrics.collect(),
            points: points.collect(),
            achievements: achievements(state, catalog, dates),
            leaderboards: BTreeMap::new(),
        }
    }
}

/// The part of `days`, which are in order, that lies within `dates`.
fn inside<T>(days: &[T], dates: Period, date: impl Fn(&T) -> Date) -> &[T] {
    let start = days.partition_point(|day| date(day) < dates.start);
    let end = days.partition_point(|day| date(day) <= dates.end);
    &days[start..end]
}

impl From<(Date, MetricDay)> for Day<Amount> {
    fn from((date, day): (Date, MetricDay)) -> Self {
        Self { date, change: day.change, total: day.total }
    }
}

/// Points as amounts, so that they are compared and shown in percent like metrics.
impl From<(Date, PointsDay)> for Day<Amount> {
    fn from((date, day): (Date, PointsDay)) -> Self {
        Self { date, change: day.change.into(), total: day.total.into() }
    }
}

/// The figures of each value of each live attribute. (C-WRAP-08)
fn by_attribute(
    catalog: &Catalog,
    days: &[AttributeDay],
) -> BTreeMap<AttributeId, BTreeMap<String, Figures>> {
    let mut values = BTreeMap::<AttributeId, BTreeMap<&str, Vec<Day<Amount>>>>::new();
    for AttributeDay { date, attribute, value, record } in days {
        let values = values.entry(*attribute).or_default();
        values.entry(value).or_default().push((*date, *record).into());
    }
    let live = values.into_iter().filter(|(id, _)| catalog.find_attribute(*id).is_some());
    live.map(|(id, values)| {
        let values = values.into_iter();
        let figures =
            values.filter_map(|(value, days)| Some((value.to_owned(), Figures::of(days)?)));
        (id, figures.collect())
    })
    .collect()
}

/// By the user's present zone. (C-WRAP-09)
fn achievements(state: &UserState, catalog: &Catalog, dates: Period) -> Vec<Completion> {
    let zone = state.zone(&catalog.settings);
    let shown = |completion: &&Completion| {
        dates.contains(zone.local_date(completion.at))
            && catalog.find_achievement(completion.achievement).is_some_and(|own| {
                match own.status() {
                    AchievementStatus::Active | AchievementStatus::Locked => true,
                    AchievementStatus::Inactive => false,
                }
            })
    };
    state.completions.iter().filter(shown).copied().collect()
}
