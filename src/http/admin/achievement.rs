//! An achievement in the Admin API's JSON. (C-ACH-14, C-ADM-38 to 44)
//!
//! Fields that belong to one trigger are present only for it. What belongs together is checked by
//! the catalog; here only the shape is.

use domain::catalog::{
    Achievement, AchievementDraft, AchievementPatch, AchievementStatus, AchievementTrigger,
    AchievementTriggerFields, AchievementTriggerKind, Invalid,
};
use domain::ids::{AchievementId, MetricId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::wire::{AttributeFilter, Badge, description, filters, whole_u32};
use crate::http::json::{self, Fields};
use crate::http::wire::scalar::Decimal;

/// An achievement.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminAchievement {
    /// Its id.
    pub id: Uuid,
    /// Its display name.
    pub name: String,
    /// Its description.
    #[schema(required)]
    pub description: Option<String>,
    /// What completes it.
    #[schema(value_type = AchievementTriggerName)]
    pub trigger: &'static str,
    /// Whether it can be seen and completed.
    #[schema(value_type = AchievementStatusName)]
    pub status: &'static str,
    /// Its badge.
    #[schema(required)]
    pub badge: Option<Badge>,
    /// Which users may complete it; empty for all.
    pub user_attributes: Vec<AttributeFilter>,
    /// What completes it in detail.
    #[serde(flatten)]
    pub detail: AchievementDetail,
}

/// The fields of one trigger; the others are absent.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AchievementDetail {
    /// The key to complete it by. Only of `api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub key: Option<String>,
    /// The metric. Only of `metric`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub metric_id: Option<Uuid>,
    /// The total to reach. Only of `metric`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub metric_value: Option<Decimal>,
    /// Which events count; empty for all. Only of `metric`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub event_attributes: Option<Vec<AttributeFilter>>,
    /// The streak length to reach. Only of `streak`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub streak_length: Option<u32>,
    /// What must be completed first. Only of `achievement`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub achievement_ids: Option<Vec<Uuid>>,
    /// The years since the user signed up. Only of `anniversary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub anniversary_years: Option<u32>,
}

impl From<&Achievement> for AdminAchievement {
    fn from(achievement: &Achievement) -> Self {
        Self {
            id: achievement.id.0,
            name: achievement.name.clone(),
            description: achievement.description.clone(),
            trigger: achievement.trigger().kind().as_str(),
            status: achievement.status().as_str(),
            badge: Badge::of(achievement.badge_url.as_ref()),
            user_attributes: AttributeFilter::all(achievement.user_filters()),
            detail: achievement.trigger().into(),
        }
    }
}

impl From<&AchievementTrigger> for AchievementDetail {
    fn from(trigger: &AchievementTrigger) -> Self {
        let none = Self::default();
        match trigger {
            AchievementTrigger::Api { key } => Self { key: Some(key.to_string()), ..none },
            AchievementTrigger::Streak { length } => Self { streak_length: Some(*length), ..none },
            AchievementTrigger::Composite { achievements } => {
                let ids = achievements.iter().map(|id| id.0).collect();
                Self { achievement_ids: Some(ids), ..none }
            }
            AchievementTrigger::Anniversary { years } => {
                Self { anniversary_years: Some(*years), ..none }
            }
            AchievementTrigger::Metric { metric, value, event_filters } => Self {
                metric_id: Some(metric.0),
                metric_value: Some(Decimal(*value)),
                event_attributes: Some(AttributeFilter::all(event_filters)),
                ..none
            },
        }
    }
}

/// What completes an achievement.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum AchievementTriggerName {
    /// A metric's total reaches a value.
    Metric,
    /// The streak reaches a length.
    Streak,
    /// An explicit call by key.
    Api,
    /// Other achievements are completed.
    Achievement,
    /// So many years have passed since the user signed up.
    Anniversary,
}

/// Whether an achievement can be seen and completed.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum AchievementStatusName {
    /// Visible and completable.
    Active,
    /// Hidden and not completable.
    Inactive,
    /// Visible to those who have it, not completable.
    Locked,
}

/// An achievement to create; the fields of its trigger are required.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CreateAchievementRequestItem {
    /// Its display name.
    pub name: String,
    /// What completes it.
    pub trigger: AchievementTriggerName,
    /// Its description.
    pub description: Option<String>,
    /// Its first status.
    #[schema(nullable = false, default = "inactive")]
    pub status: Option<AchievementStatusName>,
    /// Its badge.
    pub badge: Option<Badge>,
    /// Which users may complete it.
    pub user_attributes: Option<Vec<AttributeFilter>>,
    /// Required for `api`.
    #[schema(nullable = false, pattern = r"^[a-zA-Z\d-_]+$")]
    pub key: Option<String>,
    /// Required for `metric`.
    #[schema(nullable = false)]
    pub metric_id: Option<Uuid>,
    /// Required for `metric`.
    #[schema(nullable = false, minimum = 1)]
    pub metric_value: Option<f64>,
    /// Which events count; only for `metric`.
    pub event_attributes: Option<Vec<AttributeFilter>>,
    /// Required for `streak`.
    #[schema(nullable = false, minimum = 1)]
    pub streak_length: Option<u32>,
    /// Required for `achievement`.
    #[schema(nullable = false, min_items = 1, max_items = 50)]
    pub achievement_ids: Option<Vec<Uuid>>,
    /// Required for `anniversary`.
    #[schema(nullable = false, minimum = 1)]
    pub anniversary_years: Option<u32>,
}

/// An achievement to update; a new trigger needs its fields.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct UpdateAchievementRequestItem {
    /// Its id.
    pub id: Uuid,
    /// A new display name.
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// A new trigger.
    #[schema(nullable = false)]
    pub trigger: Option<AchievementTriggerName>,
    /// A new description; null clears it.
    pub description: Option<String>,
    /// A new status.
    #[schema(nullable = false)]
    pub status: Option<AchievementStatusName>,
    /// A new badge; null clears it.
    pub badge: Option<Badge>,
    /// New user filters; null clears them.
    pub user_attributes: Option<Vec<AttributeFilter>>,
    /// Only for `api`.
    #[schema(nullable = false, pattern = r"^[a-zA-Z\d-_]+$")]
    pub key: Option<String>,
    /// Only for `metric`.
    #[schema(nullable = false)]
    pub metric_id: Option<Uuid>,
    /// Only for `metric`.
    #[schema(nullable = false, minimum = 1)]
    pub metric_value: Option<f64>,
    /// Only for `metric`; null clears them.
    pub event_attributes: Option<Vec<AttributeFilter>>,
    /// Only for `streak`.
    #[schema(nullable = false, minimum = 1)]
    pub streak_length: Option<u32>,
    /// Only for `achievement`.
    #[schema(nullable = false, min_items = 1, max_items = 50)]
    pub achievement_ids: Option<Vec<Uuid>>,
    /// Only for `anniversary`.
    #[schema(nullable = false, minimum = 1)]
    pub anniversary_years: Option<u32>,
}

pub(super) fn read_draft(item: Fields<'_>) -> Result<AchievementDraft, Invalid> {
    Ok(AchievementDraft {
        name: item.required("name", json::name)?,
        kind: item.required("trigger", trigger)?,
        description: item.nullable("description", description)?.into_option(),
        status: item.optional("status", status)?.unwrap_or(AchievementStatus::Inactive),
        badge_url: item.nullable("badge", json::image_url)?.into_option(),
        user_filters: item.nullable("userAttributes", filters)?.into_option().unwrap_or_default(),
        fields: read_trigger_fields(item)?,
    })
}

pub(super) fn read_patch(item: Fields<'_>) -> Result<AchievementPatch, Invalid> {
    Ok(AchievementPatch {
        name: item.optional("name", json::name)?,
        kind: item.optional("trigger", trigger)?,
        description: item.nullable("description", description)?,
        status: item.optional("status", status)?,
        badge_url: item.nullable("badge", json::image_url)?,
        user_filters: item.nullable("userAttributes", filters)?,
        fields: read_trigger_fields(item)?,
    })
}

fn read_trigger_fields(item: Fields<'_>) -> Result<AchievementTriggerFields, Invalid> {
    Ok(AchievementTriggerFields {
        key: item.optional("key", json::text)?.map(str::to_owned),
        metric_id: item.optional("metricId", json::id(MetricId))?,
        metric_value: item.optional("metricValue", json::amount)?,
        event_attributes: item.nullable("eventAttributes", filters)?,
        streak_length: item.optional("streakLength", whole_u32(1))?,
        achievement_ids: item.optional("achievementIds", achievement_ids)?,
        anniversary_years: item.optional("anniversaryYears", whole_u32(1))?,
    })
}

fn trigger(value: &Value, field: &str) -> Result<AchievementTriggerKind, Invalid> {
    use AchievementTriggerKind::{Anniversary, Api, Composite, Metric, Streak};
    let offered = [Metric, Streak, Api, Composite, Anniversary].map(|kind| (kind.as_str(), kind));
    json::one_of(&offered)(value, field)
}

fn status(value: &Value, field: &str) -> Result<AchievementStatus, Invalid> {
    use AchievementStatus::{Active, Inactive, Locked};
    let offered = [Inactive, Active, Locked].map(|status| (status.as_str(), status));
    json::one_of(&offered)(value, field)
}

fn achievement_ids(value: &Value, field: &str) -> Result<Vec<AchievementId>, Invalid> {
    let read = |(i, id)| json::id(AchievementId)(id, &format!("{field}[{i}]"));
    json::array(value, field)?.iter().enumerate().map(read).collect()
}
