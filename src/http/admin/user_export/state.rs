//! What a user's snapshot holds, for an export.

use domain::amount::Amount;
use domain::calendar::Period;
use domain::catalog::{Boost, Catalog};
use domain::ids::MetricId;
use domain::user::{Peak, Reached, Span, SpanKind, StreakState, Track, UserState, points_level};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::wire::boost::BoostRounding;
use crate::http::wire::scalar::{At, Decimal, On};
use crate::http::wire::streak::StreakPause;

/// An attribute's value.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportedAttribute<'a> {
    /// The attribute.
    id: Uuid,
    /// Its key; null if it is not known.
    #[schema(required)]
    key: Option<&'a str>,
    /// The value.
    value: &'a str,
}

pub(super) fn attributes<'a>(
    state: &'a UserState,
    catalog: &'a Catalog,
) -> Vec<ExportedAttribute<'a>> {
    let key = |id| catalog.attributes.iter().find(|own| own.id == id).map(|own| own.key.as_str());
    let values = state.profile.attributes.iter();
    values.map(|(id, value)| ExportedAttribute { id: id.0, key: key(*id), value }).collect()
}

/// Progress in a metric.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedMetric<'a> {
    /// The metric.
    id: Uuid,
    /// Its key; null if it is not known.
    #[schema(required)]
    key: Option<&'a str>,
    /// The sum of all values.
    total: Decimal,
    /// How many events there were.
    events: u64,
    /// The day of the latest event.
    last_day: On,
    /// The sum of that day's values.
    last_day_change: Decimal,
    /// How many events that day had.
    last_day_events: u32,
}

fn metric_key(catalog: &Catalog, id: MetricId) -> Option<&str> {
    catalog.metrics.iter().find(|own| own.id == id).map(|own| own.key.as_str())
}

pub(super) fn metrics<'a>(state: &UserState, catalog: &'a Catalog) -> Vec<ExportedMetric<'a>> {
    let metrics = state.metrics.iter().map(|(id, own)| ExportedMetric {
        id: id.0,
        key: metric_key(catalog, *id),
        total: Decimal(own.total),
        events: own.events,
        last_day: On(own.day),
        last_day_change: Decimal(own.day_change),
        last_day_events: own.day_events,
    });
    metrics.collect()
}

/// A completed achievement.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedCompletion<'a> {
    /// The id of the completion.
    id: Uuid,
    /// The achievement.
    achievement_id: Uuid,
    /// Its name; null if it is not known.
    #[schema(required)]
    name: Option<&'a str>,
    /// When.
    completed: At,
}

pub(super) fn completions<'a>(
    state: &UserState,
    catalog: &'a Catalog,
) -> Vec<ExportedCompletion<'a>> {
    let achievement = |id| catalog.achievements.iter().find(|own| own.id == id);
    let completions = state.completions.iter().map(|own| ExportedCompletion {
        id: own.id.0,
        achievement_id: own.achievement.0,
        name: achievement(own.achievement).map(|own| own.name.as_str()),
        completed: At(own.at),
    });
    completions.collect()
}

/// Progress of one achievement or points trigger.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedProgress {
    /// The achievement or trigger.
    id: Uuid,
    /// The sum of the events that its filters match; null without filters.
    #[schema(required)]
    sum: Option<Decimal>,
    /// The total up to which it has awarded; null for achievements.
    #[schema(required)]
    high_water: Option<Decimal>,
}

pub(super) fn progress(state: &UserState) -> Vec<ExportedProgress> {
    let trackers = state.trackers.iter().map(|(id, own)| ExportedProgress {
        id: *id,
        sum: own.sum.map(Decimal),
        high_water: own.high_water.map(Decimal),
    });
    trackers.collect()
}

/// A balance.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedPoints<'a> {
    /// The points system.
    id: Uuid,
    /// Its key; null if it is not known.
    #[schema(required)]
    key: Option<&'a str>,
    /// The balance.
    total: i64,
    /// The key of the level; null without one.
    #[schema(required)]
    level: Option<&'a str>,
    /// How many awards there were.
    awards: u64,
    /// The day of the latest award.
    last_day: On,
    /// The sum of that day's awards.
    last_day_change: i64,
    /// When webhooks were last told of changes.
    #[schema(required)]
    reported: Option<At>,
    /// The sum of changes that they were not told of yet.
    held_back: i64,
}

pub(super) fn points<'a>(state: &UserState, catalog: &'a Catalog) -> Vec<ExportedPoints<'a>> {
    let points = state.points.iter().map(|(id, own)| {
        let system = catalog.points_systems.iter().find(|system| system.id == *id);
        let level = system.and_then(|system| points_level(state, system));
        let window = state.windows.get(id);
        let held = window.and_then(|window| window.held);
        ExportedPoints {
            id: id.0,
            key: system.map(|system| system.key.as_str()),
            total: own.total,
            level: level.map(|level| level.key.as_str()),
            awards: own.awards,
            last_day: On(own.day),
            last_day_change: own.day_change,
            reported: window.map(|window| At(window.opened_at)),
            held_back: held.map_or(0, |held| held.added),
        }
    });
    points.collect()
}

/// A boost for one user alone, as it is, or as it was last if it was deleted.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedBoost<'a> {
    /// Its id.
    id: Uuid,
    /// The points system.
    points_system_id: Uuid,
    /// Whether it was deleted.
    deleted: bool,
    /// Its name.
    name: &'a str,
    /// The first date.
    start: On,
    /// The last date; null for open-ended.
    #[schema(required)]
    end: Option<On>,
    /// What awards are multiplied by.
    multiplier: Decimal,
    /// How the product is rounded.
    rounding: BoostRounding,
}

pub(super) fn boosts<'a>(state: &UserState, catalog: &'a Catalog) -> Vec<ExportedBoost<'a>> {
    let is_own = |boost: &&Boost| boost.user.as_ref() == Some(&state.id);
    let boosts = catalog.points_systems.iter().flat_map(|system| {
        let own = system.boosts.iter().filter(is_own);
        own.filter_map(|boost| {
            let terms = boost.terms.values().flatten().last()?;
            Some(ExportedBoost {
                id: boost.id.0,
                points_system_id: system.id.0,
                deleted: boost.terms.current().is_none(),
                name: &terms.name,
                start: On(terms.start),
                end: terms.end.map(On),
                multiplier: Decimal(terms.multiplier),
                rounding: terms.rounding.into(),
            })
        })
    });
    boosts.collect()
}

/// A user's streak at all frequencies.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedStreak<'a> {
    /// Freezes held.
    freezes: u32,
    /// Pauses that were not deleted.
    pauses: Vec<StreakPause>,
    /// How many pauses were ever made.
    pauses_created: u64,
    /// When an operator last set the streak to zero.
    #[schema(required)]
    reset: Option<At>,
    daily: ExportedTrack<'a>,
    weekly: ExportedTrack<'a>,
    monthly: ExportedTrack<'a>,
}

impl<'a> ExportedStreak<'a> {
    pub(super) fn new(streak: &StreakState, catalog: &'a Catalog) -> Self {
        Self {
            freezes: streak.freezes,
            pauses: streak.pauses.iter().map(StreakPause::from).collect(),
            pauses_created: streak.pauses_created,
            reset: streak.reset.map(|reset| At(reset.at)),
            daily: ExportedTrack::new(&streak.daily, catalog),
            weekly: ExportedTrack::new(&streak.weekly, catalog),
            monthly: ExportedTrack::new(&streak.monthly, catalog),
        }
    }
}

/// A user's streak at one frequency.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedTrack<'a> {
    /// The current length.
    length: u32,
    /// The greatest length ever.
    longest: u32,
    /// When the current run started; null without one.
    #[schema(required)]
    started: Option<On>,
    /// The latest extension.
    #[schema(required)]
    extended: Option<At>,
    /// The current period.
    open: ExportedDates,
    /// Whether its conditions are met.
    met: bool,
    /// Net change per metric inside it.
    changes: Vec<ExportedChange<'a>>,
    /// Closed periods that had a length, oldest first.
    past: Vec<ExportedSpan>,
    /// The run that was lost last.
    #[schema(required)]
    lost: Option<ExportedPeak>,
    /// Lengths that resets and restores took from their periods.
    discarded: Vec<ExportedPeak>,
    /// The greatest length of each year that is too long ago for `past`.
    years: Vec<ExportedYear>,
    /// The last date of the latest period that a move to another time zone skipped.
    #[schema(required)]
    travel_protected: Option<On>,
}

impl<'a> ExportedTrack<'a> {
    fn new(track: &Track, catalog: &'a Catalog) -> Self {
        let change = |(id, change): (&MetricId, &Amount)| ExportedChange {
            id: id.0,
            key: metric_key(catalog, *id),
            change: Decimal(*change),
        };
        Self {
            length: track.length(),
            longest: track.longest,
            started: track.started_on.map(On),
            extended: track.extended_at.map(At),
            open: track.open.into(),
            met: track.met,
            changes: track.changes.iter().map(change).collect(),
            past: track.past.iter().map(ExportedSpan::from).collect(),
            lost: track.lost.map(ExportedPeak::from),
            discarded: track.discarded.iter().copied().map(ExportedPeak::from).collect(),
            years: track.years.iter().map(|(year, own)| ExportedYear::new(*year, *own)).collect(),
            travel_protected: track.travel_protected_on.map(On),
        }
    }
}

/// Dates, both ends included.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ExportedDates {
    start: On,
    end: On,
}

impl From<Period> for ExportedDates {
    fn from(dates: Period) -> Self {
        Self { start: On(dates.start), end: On(dates.end) }
    }
}

/// How a metric changed in a period.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportedChange<'a> {
    /// The metric.
    id: Uuid,
    /// Its key; null if it is not known.
    #[schema(required)]
    key: Option<&'a str>,
    /// The sum of its values.
    change: Decimal,
}

/// Consecutive closed periods of one kind.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedSpan {
    /// From the start of the first to the end of the last.
    dates: ExportedDates,
    /// How many periods these are.
    periods: u32,
    /// What kept or raised the length in them.
    kind: ExportedSpanKind,
    /// The length after the last of them.
    length: u32,
    /// When the run they belong to started.
    started: On,
}

/// What a closed period with a length was.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportedSpanKind {
    /// Its conditions were met.
    Met,
    /// A freeze was consumed for it.
    Frozen,
    /// A pause, a day off or travel kept it.
    Protected,
    /// An operator put an earlier length on it.
    Restored,
}

impl From<&Span> for ExportedSpan {
    fn from(span: &Span) -> Self {
        let kind = match span.kind {
            SpanKind::Met => ExportedSpanKind::Met,
            SpanKind::Frozen => ExportedSpanKind::Frozen,
            SpanKind::Protected => ExportedSpanKind::Protected,
            SpanKind::Restored => ExportedSpanKind::Restored,
        };
        Self {
            dates: span.dates.into(),
            periods: span.periods,
            kind,
            length: span.length,
            started: On(span.started_on),
        }
    }
}

/// A length that a run reached.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportedPeak {
    /// The length.
    length: u32,
    /// When the run started.
    started: On,
    /// The last date of the period it was last held in.
    until: On,
}

impl From<Peak> for ExportedPeak {
    fn from(peak: Peak) -> Self {
        Self { length: peak.length, started: On(peak.started_on), until: On(peak.until) }
    }
}

/// The greatest length of a year.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportedYear {
    /// The year.
    year: i32,
    /// The length.
    length: u32,
    /// The period after which it was reached.
    period: ExportedDates,
    /// When the run started.
    started: On,
}

impl ExportedYear {
    fn new(year: i32, reached: Reached) -> Self {
        let Reached { length, period, started_on } = reached;
        Self { year, length, period: period.into(), started: On(started_on) }
    }
}
