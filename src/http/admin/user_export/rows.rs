//! A user's rows of history, for an export.

use actors::{RunScore, ValueDay};
use domain::ids::{AttributeId, MetricId, PointsSystemId};
use domain::time::Date;
use domain::user::{
    AwardRecord, EventRecord, IdempotencyRecord, MetricDay, MetricProgress, PointsDay,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Keys, Named};
use crate::http::wire::boost::PointsBoost;
use crate::http::wire::leaderboard::Clock;
use crate::http::wire::scalar::{At, Decimal, On};

/// An attribute's value.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportedValue {
    /// The attribute.
    attribute: Named,
    /// Its value.
    value: String,
}

impl ExportedValue {
    fn new((AttributeId(id), value): (AttributeId, String), keys: &Keys) -> Self {
        Self { attribute: keys.named(id), value }
    }
}

/// A score in one run of a leaderboard.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedScore {
    /// The leaderboard.
    leaderboard: Named,
    /// The first date of the run.
    run: On,
    /// The score.
    value: Decimal,
    /// When it last changed.
    reached: At,
    /// The values of the breakdown attributes; null for who is in no group.
    #[schema(required)]
    group: Option<Vec<String>>,
    /// The final rank; null while the run is open, and for who did not take part.
    #[schema(required)]
    rank: Option<u64>,
}

impl ExportedScore {
    pub(super) fn new(score: RunScore, keys: &Keys) -> Self {
        Self {
            leaderboard: keys.leaderboard(score.leaderboard),
            run: On(score.run),
            value: Decimal(score.record.score.value),
            reached: At(score.record.score.reached),
            group: score.record.group.map(|group| group.0),
            rank: score.place.map(|place| place.rank),
        }
    }
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedEvent {
    /// Its id.
    id: Uuid,
    /// The metric.
    metric: Named,
    /// What was added.
    value: Decimal,
    /// Its own attributes.
    attributes: Vec<ExportedValue>,
    /// When it was accepted.
    at: At,
    /// The user's local date then.
    day: On,
    /// The user's local time then.
    time: Clock,
}

impl ExportedEvent {
    pub(super) fn new(event: EventRecord, keys: &Keys) -> Self {
        let values = event.attributes.into_iter();
        Self {
            id: event.id.0,
            metric: keys.metric(event.metric),
            value: Decimal(event.value),
            attributes: values.map(|value| ExportedValue::new(value, keys)).collect(),
            at: At(event.at),
            day: On(event.day),
            time: Clock(event.time),
        }
    }
}

/// A metric's day.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedMetricDay {
    /// The metric.
    metric: Named,
    /// The day.
    day: On,
    /// The sum of the day's values.
    change: Decimal,
    /// The total at its end.
    total: Decimal,
    /// How many events it had.
    events: u32,
}

impl ExportedMetricDay {
    pub(super) fn new((metric, day, own): (MetricId, Date, MetricDay), keys: &Keys) -> Self {
        let (change, total) = (Decimal(own.change), Decimal(own.total));
        Self { metric: keys.metric(metric), day: On(day), change, total, events: own.events }
    }
}

/// A metric's day, counting only events with one attribute value.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedAttributeDay {
    #[serde(flatten)]
    value: ExportedValue,
    #[serde(flatten)]
    figures: ExportedMetricDay,
}

impl ExportedAttributeDay {
    pub(super) fn new(day: ValueDay, keys: &Keys) -> Self {
        Self {
            value: ExportedValue::new(day.value, keys),
            figures: ExportedMetricDay::new((day.metric, day.date, day.record), keys),
        }
    }
}

/// A metric's progress, counting only events with one attribute value.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedAttributeProgress {
    #[serde(flatten)]
    value: ExportedValue,
    /// The metric.
    metric: Named,
    /// The sum of all values.
    total: Decimal,
    /// How many events there were.
    events: u64,
    /// The day of the latest.
    last_day: On,
}

impl ExportedAttributeProgress {
    pub(super) fn new(
        (metric, value, own): (MetricId, (AttributeId, String), MetricProgress),
        keys: &Keys,
    ) -> Self {
        Self {
            value: ExportedValue::new(value, keys),
            metric: keys.metric(metric),
            total: Decimal(own.total),
            events: own.events,
            last_day: On(own.day),
        }
    }
}

/// An award or deduction.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedAward {
    /// Its id.
    id: Uuid,
    /// The points system.
    points_system: Named,
    /// The trigger that fired.
    trigger_id: Uuid,
    /// The change of the balance.
    awarded: i64,
    /// The balance afterwards.
    total: i64,
    /// When.
    at: At,
    /// The user's local date then.
    day: On,
    /// The user's local time then.
    time: Clock,
    /// The boosts that were applied.
    #[schema(value_type = Vec<PointsBoost<'static>>)]
    boosts: Vec<PointsBoost<'static>>,
}

impl ExportedAward {
    pub(super) fn new((system, award): (PointsSystemId, AwardRecord), keys: &Keys) -> Self {
        Self {
            id: award.id.0,
            points_system: keys.system(system),
            trigger_id: award.trigger.0,
            awarded: award.awarded,
            total: award.total,
            at: At(award.at),
            day: On(award.day),
            time: Clock(award.time),
            boosts: award.boosts.iter().map(PointsBoost::applied).collect(),
        }
    }
}

/// A points system's day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedPointsDay {
    /// The points system.
    points_system: Named,
    /// The day.
    day: On,
    /// The sum of the day's awards.
    change: i64,
    /// The balance at its end.
    total: i64,
}

impl ExportedPointsDay {
    pub(super) fn new((system, day, own): (PointsSystemId, Date, PointsDay), keys: &Keys) -> Self {
        let PointsDay { change, total } = own;
        Self { points_system: keys.system(system), day: On(day), change, total }
    }
}

/// An idempotency key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedIdempotencyKey {
    /// The key.
    key: String,
    /// The metric it was used for.
    metric: Named,
    /// The event that used it.
    event_id: Uuid,
    /// When.
    at: At,
}

impl ExportedIdempotencyKey {
    pub(super) fn new(
        (metric, key, own): (MetricId, String, IdempotencyRecord),
        keys: &Keys,
    ) -> Self {
        Self { key, metric: keys.metric(metric), event_id: own.event.0, at: At(own.at) }
    }
}
