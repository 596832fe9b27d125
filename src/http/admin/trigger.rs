//! A points trigger in the Admin API's JSON. (C-POINTS-09 to 13, C-ADM-53 to 55)
//!
//! Fields that belong to one type are present only for it. What belongs together is checked by the
//! catalog; here only the shape is.

use domain::catalog::{
    Invalid, TimeUnit, Trigger, TriggerDraft, TriggerKind, TriggerPatch, TriggerType,
    TriggerTypeFields,
};
use domain::ids::{AchievementId, MetricId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::wire::{AttributeFilter, WHOLE_MAX, filters, whole_u32};
use crate::http::json::{self, Fields};

/// Units of time as the Admin API spells them. (C-POINTS-12)
const TIME_UNITS: [(&str, TimeUnit); 2] = [("hours", TimeUnit::Hours), ("days", TimeUnit::Days)];

/// A points trigger.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminPointsTrigger {
    /// Its id.
    pub id: Uuid,
    /// What fires it.
    #[serde(rename = "type")]
    #[schema(value_type = PointsTriggerType)]
    pub trigger_type: &'static str,
    /// What it awards, or deducts if negative.
    pub points: i64,
    /// Whether it fires at all.
    #[schema(value_type = PointsTriggerStatus)]
    pub status: &'static str,
    /// For which users it fires; empty for all.
    pub user_attributes: Vec<AttributeFilter>,
    /// Whether a deduction beyond the balance refuses the event.
    pub block_if_out_of_points: bool,
    /// What fires it in detail.
    #[serde(flatten)]
    pub detail: TriggerDetail,
}

/// The fields of one type; the others are absent.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggerDetail {
    /// The metric. Only of `metric`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub metric_id: Option<Uuid>,
    /// How many units pay once. Only of `metric`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub metric_threshold: Option<u64>,
    /// Which events count; empty for all. Only of `metric`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub event_attributes: Option<Vec<AttributeFilter>>,
    /// The achievement. Only of `achievement`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub achievement_id: Option<Uuid>,
    /// Every multiple of this length pays. Only of `streak`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub streak_length: Option<u32>,
    /// What the interval is counted in. Only of `time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<PointsTriggerTimeUnit>)]
    pub time_unit: Option<&'static str>,
    /// How many units lie between two awards. Only of `time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub time_interval: Option<u32>,
}

impl From<&Trigger> for AdminPointsTrigger {
    fn from(trigger: &Trigger) -> Self {
        Self {
            id: trigger.id.0,
            trigger_type: trigger.kind.trigger_type().as_str(),
            points: trigger.points,
            status: if trigger.active { "active" } else { "inactive" },
            user_attributes: AttributeFilter::all(&trigger.user_filters),
            block_if_out_of_points: trigger.block_if_out_of_points,
            detail: (&trigger.kind).into(),
        }
    }
}

impl From<&TriggerKind> for TriggerDetail {
    fn from(kind: &TriggerKind) -> Self {
        let none = Self::default();
        match kind {
            TriggerKind::UserCreation => none,
            TriggerKind::Time { unit, interval } => Self {
                time_unit: TIME_UNITS.iter().find(|(_, own)| own == unit).map(|(name, _)| *name),
                time_interval: Some(*interval),
                ..none
            },
            TriggerKind::Streak { length } => Self { streak_length: Some(*length), ..none },
            TriggerKind::Achievement { achievement } => {
                Self { achievement_id: Some(achievement.0), ..none }
            }
            TriggerKind::Metric { metric, threshold, event_filters } => Self {
                metric_id: Some(metric.0),
                metric_threshold: Some(*threshold),
                event_attributes: Some(AttributeFilter::all(event_filters)),
                ..none
            },
        }
    }
}

/// What fires a trigger.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PointsTriggerType {
    /// Every so many units of a metric.
    Metric,
    /// The completion of an achievement.
    Achievement,
    /// Every multiple of a streak length.
    Streak,
    /// The creation of the user.
    UserCreation,
    /// Every so many hours or days.
    Time,
}

/// What the interval of a time trigger is counted in. (C-POINTS-12)
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum PointsTriggerTimeUnit {
    /// Hours of elapsed time.
    Hours,
    /// Days of the user's calendar.
    Days,
}

/// Whether a trigger fires at all.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum PointsTriggerStatus {
    /// It fires.
    Active,
    /// It doesn't.
    Inactive,
}

/// A trigger to create; the fields of its type are required.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CreatePointsTriggerRequestItem {
    /// What fires it.
    #[schema(rename = "type")]
    pub trigger_type: PointsTriggerType,
    /// What it awards, or deducts if negative; not zero.
    pub points: i64,
    /// Whether it fires at all.
    #[schema(nullable = false, default = "inactive")]
    pub status: Option<PointsTriggerStatus>,
    /// For which users it fires.
    pub user_attributes: Option<Vec<AttributeFilter>>,
    /// Required for `metric`.
    #[schema(nullable = false)]
    pub metric_id: Option<Uuid>,
    /// Required for `metric`.
    #[schema(nullable = false, minimum = 1)]
    pub metric_threshold: Option<u64>,
    /// Which events count; only for `metric`.
    pub event_attributes: Option<Vec<AttributeFilter>>,
    /// Required for `achievement`.
    #[schema(nullable = false)]
    pub achievement_id: Option<Uuid>,
    /// Required for `streak`.
    #[schema(nullable = false, minimum = 1)]
    pub streak_length: Option<u32>,
    /// Required for `time`.
    #[schema(nullable = false)]
    pub time_unit: Option<PointsTriggerTimeUnit>,
    /// Required for `time`.
    #[schema(nullable = false, minimum = 1)]
    pub time_interval: Option<u32>,
    /// Whether a deduction beyond the balance refuses the event.
    #[schema(nullable = false, default = false)]
    pub block_if_out_of_points: Option<bool>,
}

/// A trigger to update; the type may change only while it is inactive.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PatchPointsTriggersRequestItem {
    /// Its id.
    pub id: Uuid,
    /// A new type.
    #[schema(rename = "type", nullable = false)]
    pub trigger_type: Option<PointsTriggerType>,
    /// What it awards or deducts from now on.
    #[schema(nullable = false)]
    pub points: Option<i64>,
    /// A new status.
    #[schema(nullable = false)]
    pub status: Option<PointsTriggerStatus>,
    /// New user filters; null clears them.
    pub user_attributes: Option<Vec<AttributeFilter>>,
    /// Only for `metric`.
    #[schema(nullable = false)]
    pub metric_id: Option<Uuid>,
    /// Only for `metric`.
    #[schema(nullable = false, minimum = 1)]
    pub metric_threshold: Option<u64>,
    /// Only for `metric`; null clears them.
    pub event_attributes: Option<Vec<AttributeFilter>>,
    /// Only for `achievement`.
    #[schema(nullable = false)]
    pub achievement_id: Option<Uuid>,
    /// Only for `streak`.
    #[schema(nullable = false, minimum = 1)]
    pub streak_length: Option<u32>,
    /// Only for `time`.
    #[schema(nullable = false)]
    pub time_unit: Option<PointsTriggerTimeUnit>,
    /// Only for `time`.
    #[schema(nullable = false, minimum = 1)]
    pub time_interval: Option<u32>,
    /// Whether a deduction beyond the balance refuses the event.
    #[schema(nullable = false)]
    pub block_if_out_of_points: Option<bool>,
}

/// Reads a trigger to create, on its own or inside a points system.
pub(super) fn read_draft(item: Fields<'_>) -> Result<TriggerDraft, Invalid> {
    Ok(TriggerDraft {
        trigger_type: item.required("type", trigger_type)?,
        points: item.required("points", points)?,
        active: item.optional("status", is_active)?.unwrap_or(false),
        user_filters: item.nullable("userAttributes", filters)?.into_option().unwrap_or_default(),
        block_if_out_of_points: item
            .optional("blockIfOutOfPoints", json::boolean)?
            .unwrap_or(false),
        fields: read_type_fields(item)?,
    })
}

pub(super) fn read_patch(item: Fields<'_>) -> Result<TriggerPatch, Invalid> {
    Ok(TriggerPatch {
        trigger_type: item.optional("type", trigger_type)?,
        points: item.optional("points", points)?,
        active: item.optional("status", is_active)?,
        user_filters: item.nullable("userAttributes", filters)?,
        block_if_out_of_points: item.optional("blockIfOutOfPoints", json::boolean)?,
        fields: read_type_fields(item)?,
    })
}

fn read_type_fields(item: Fields<'_>) -> Result<TriggerTypeFields, Invalid> {
    Ok(TriggerTypeFields {
        metric_id: item.optional("metricId", json::id(MetricId))?,
        metric_threshold: item.optional("metricThreshold", metric_threshold)?,
        event_attributes: item.nullable("eventAttributes", filters)?,
        achievement_id: item.optional("achievementId", json::id(AchievementId))?,
        streak_length: item.optional("streakLength", whole_u32(1))?,
        time_unit: item.optional("timeUnit", json::one_of(&TIME_UNITS))?,
        time_interval: item.optional("timeInterval", whole_u32(1))?,
    })
}

fn trigger_type(value: &Value, field: &str) -> Result<TriggerType, Invalid> {
    use TriggerType::{Achievement, Metric, Streak, Time, UserCreation};
    let offered = [Metric, Achievement, Streak, Time, UserCreation].map(|own| (own.as_str(), own));
    json::one_of(&offered)(value, field)
}

/// Any whole number: how much is too much is the catalog's to say.
fn points(value: &Value, field: &str) -> Result<i64, Invalid> {
    json::integer(-WHOLE_MAX, WHOLE_MAX)(value, field)
}

fn is_active(value: &Value, field: &str) -> Result<bool, Invalid> {
    json::one_of(&[("active", true), ("inactive", false)])(value, field)
}

fn metric_threshold(value: &Value, field: &str) -> Result<u64, Invalid> {
    let whole = json::integer(1, WHOLE_MAX)(value, field)?;
    Ok(whole.unsigned_abs())
}
