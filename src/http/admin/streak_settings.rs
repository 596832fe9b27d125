//! `/streaks/settings`: what makes a streak. (C-STREAK-69 to 71, C-ADM-85 to 90)
//!
//! One object, not a list: any error fails the whole request and nothing is applied.

use axum::Json;
use axum::extract::State;
use domain::calendar::Frequency;
use domain::catalog::{Catalog, FreezeSettings, FreezesPatch, Invalid, StreakSettingsPatch};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::wire::{BodyFailures, Failures, WHOLE_MAX};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::Body;
use crate::http::json::{self, Fields};
use crate::http::wire::preferences::evaluation_mode;

/// The streak settings of an environment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreakSettings {
    /// Whether streaks are on.
    pub enabled: bool,
    /// The period that counts.
    #[schema(value_type = StreakFrequency)]
    pub frequency: &'static str,
    /// How several conditions combine.
    #[schema(value_type = StreakEvaluationMode)]
    pub evaluation_mode: &'static str,
    /// Whether users may have settings of their own.
    pub customization_enabled: bool,
    /// Weekdays that need no activity, 0 is Sunday.
    pub days_off: Vec<i64>,
    /// The conditions; empty means any increase of any metric.
    pub metrics: Vec<StreakSettingsMetric>,
    /// Freezes, null if off.
    #[schema(required)]
    pub freezes: Option<StreakSettingsFreezes>,
}

/// One condition: the metric's net change in a period reaches the threshold.
#[derive(Debug, Serialize, ToSchema)]
pub struct StreakSettingsMetric {
    /// The metric's key.
    pub key: String,
    /// The net change to reach.
    pub threshold: u64,
}

/// Freezes save a missed period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreakSettingsFreezes {
    /// What a new user starts with.
    pub start_count: u32,
    /// The most a user can hold.
    pub max_count: u32,
    /// Days between earned freezes, null if none are earned.
    pub auto_earn_interval: Option<u32>,
    /// Freezes earned each time, null if none are earned.
    pub auto_earn_amount: Option<u32>,
}

impl From<&Catalog> for StreakSettings {
    fn from(catalog: &Catalog) -> Self {
        let settings = catalog.streaks.current();
        let conditions = settings.metrics.iter().filter_map(|condition| {
            let key = catalog.find_metric(condition.metric)?.key.to_string();
            let threshold = condition.threshold.multiples_of(1).unsigned_abs();
            Some(StreakSettingsMetric { key, threshold })
        });
        Self {
            enabled: settings.enabled,
            frequency: frequency_name(settings.frequency),
            evaluation_mode: settings.evaluation_mode.as_str(),
            customization_enabled: settings.customization_enabled,
            days_off: settings.days_off.iter().copied().map(i64::from).collect(),
            metrics: conditions.collect(),
            freezes: settings.freezes.as_ref().map(Into::into),
        }
    }
}

impl From<&FreezeSettings> for StreakSettingsFreezes {
    fn from(freezes: &FreezeSettings) -> Self {
        Self {
            start_count: freezes.start_count,
            max_count: freezes.max_count,
            auto_earn_interval: freezes.auto_earn.map(|auto_earn| auto_earn.interval_days),
            auto_earn_amount: freezes.auto_earn.map(|auto_earn| auto_earn.amount),
        }
    }
}

const fn frequency_name(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::Daily => "daily",
        Frequency::Weekly => "weekly",
        Frequency::Monthly => "monthly",
    }
}

/// The period that counts.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum StreakFrequency {
    /// Every local day.
    Daily,
    /// Every week.
    Weekly,
    /// Every calendar month.
    Monthly,
}

/// How several conditions combine.
#[derive(ToSchema)]
#[schema(rename_all = "UPPERCASE")]
pub enum StreakEvaluationMode {
    /// Any condition is enough.
    Or,
    /// All conditions must hold.
    And,
}

/// Any subset of the streak settings; what is left out stays.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct UpdateStreakSettingsRequest {
    /// Whether streaks are on.
    #[schema(nullable = false)]
    pub enabled: Option<bool>,
    /// The period that counts.
    #[schema(nullable = false)]
    pub frequency: Option<StreakFrequency>,
    /// How several conditions combine.
    #[schema(nullable = false)]
    pub evaluation_mode: Option<StreakEvaluationMode>,
    /// Whether users may have settings of their own.
    #[schema(nullable = false)]
    pub customization_enabled: Option<bool>,
    /// Weekdays that need no activity; only for daily streaks.
    #[schema(nullable = false)]
    pub days_off: Option<Vec<i64>>,
    /// All conditions; a threshold of 0 removes its metric.
    #[schema(nullable = false)]
    pub metrics: Option<Vec<StreakSettingsMetric>>,
    /// All freeze settings; null turns freezes off.
    pub freezes: Option<StreakSettingsFreezes>,
}

fn read_patch(body: Fields<'_>) -> Result<StreakSettingsPatch, Invalid> {
    Ok(StreakSettingsPatch {
        enabled: body.optional("enabled", json::boolean)?,
        frequency: body.optional("frequency", frequency)?,
        evaluation_mode: body.optional("evaluationMode", evaluation_mode)?,
        customization_enabled: body.optional("customizationEnabled", json::boolean)?,
        days_off: body.optional("daysOff", days_off)?,
        metrics: body.optional("metrics", metrics)?,
        freezes: body.nullable("freezes", freezes)?,
    })
}

fn frequency(value: &Value, field: &str) -> Result<Frequency, Invalid> {
    let all = [Frequency::Daily, Frequency::Weekly, Frequency::Monthly];
    json::one_of(&all.map(|own| (frequency_name(own), own)))(value, field)
}

fn days_off(value: &Value, field: &str) -> Result<Vec<i64>, Invalid> {
    let read = |(i, day)| json::integer(0, 6)(day, &format!("{field}[{i}]"));
    json::array(value, field)?.iter().enumerate().map(read).collect()
}

fn metrics(value: &Value, field: &str) -> Result<Vec<(String, i64)>, Invalid> {
    let read = |(i, entry)| {
        let path = format!("{field}[{i}]");
        let entry = Fields::of(entry, &path)?;
        let inside = |invalid: Invalid| invalid.inside(&path);
        let key = entry.required("key", json::text).map_err(inside)?;
        let threshold = entry.required("threshold", json::integer(0, WHOLE_MAX)).map_err(inside)?;
        Ok((key.to_owned(), threshold))
    };
    json::array(value, field)?.iter().enumerate().map(read).collect()
}

fn freezes(value: &Value, field: &str) -> Result<FreezesPatch, Invalid> {
    let freezes = Fields::of(value, field)?;
    let count = json::integer(-WHOLE_MAX, WHOLE_MAX);
    let read = || {
        Ok(FreezesPatch {
            start_count: freezes.required("startCount", &count)?,
            max_count: freezes.required("maxCount", &count)?,
            auto_earn_interval: freezes.nullable("autoEarnInterval", &count)?.into_option(),
            auto_earn_amount: freezes.nullable("autoEarnAmount", &count)?.into_option(),
        })
    };
    read().map_err(|invalid: Invalid| invalid.inside(field))
}

/// Read the streak settings.
#[utoipa::path(
    get,
    path = "/streaks/settings",
    operation_id = "admin_streaks_settings_get",
    tag = "Admin",
    responses((status = 200, description = "The streak settings", body = StreakSettings), Failures)
)]
pub(super) async fn read(State(app): State<App>, caller: Caller) -> Json<StreakSettings> {
    Json((&*app.engine.catalog(caller.scope)).into())
}

/// Update the streak settings.
#[utoipa::path(
    patch,
    path = "/streaks/settings",
    operation_id = "admin_streaks_settings_update",
    tag = "Admin",
    request_body = UpdateStreakSettingsRequest,
    responses((status = 200, description = "All streak settings", body = StreakSettings), BodyFailures)
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<StreakSettings>, ApiError> {
    let patch = read_patch(Fields::of(&body, "body")?)?;
    let change = move |catalog: &mut Catalog, now| {
        catalog.update_streak_settings(patch, now)?;
        Ok::<_, Invalid>(StreakSettings::from(&*catalog))
    };
    Ok(Json(app.engine.change_catalog(caller.scope, change).await??))
}
