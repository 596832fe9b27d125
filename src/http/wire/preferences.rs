//! A user's preferences: how they are read from a request and shown. (C-PREF)

use std::collections::BTreeSet;

use domain::amount::Amount;
use domain::catalog::{Catalog, EvaluationMode, Invalid, Patch, StreakMetric};
use domain::user::{
    NotificationChannel, NotificationType, PreferencesPatch, StreakOverrides, StreakOverridesPatch,
    UserState,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::scalar::Decimal;
use crate::http::json::{Fields, amount, array, boolean, integer, one_of, text};

/// Most conditions of one user. (C-PREF-07)
const METRICS_MAX: usize = 50;

const TYPES: [(&str, NotificationType); 4] = [
    ("achievement_completed", NotificationType::AchievementCompleted),
    ("recap", NotificationType::Recap),
    ("reactivation", NotificationType::Reactivation),
    ("streak_reminder", NotificationType::StreakReminder),
];

const CHANNELS: [(&str, NotificationChannel); 2] =
    [("email", NotificationChannel::Email), ("push", NotificationChannel::Push)];

/// A user's preferences.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserPreferencesResponse {
    notifications: NotificationPreferences,
    /// Only if something of it applies. (C-PREF-11)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    streak: Option<StreakPreferences>,
}

/// The channels of each type of notification; a type never set is left out. (C-PREF-01)
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NotificationPreferences {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    achievement_completed: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recap: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reactivation: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    streak_reminder: Option<Vec<&'static str>>,
}

/// Streak settings of the user's own. (C-PREF-04, C-PREF-05)
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreakPreferences {
    /// Whether the user has a streak.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
    /// `OR` or `AND`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    evaluation_mode: Option<&'static str>,
    /// Conditions in the place of the environment's, 1 to 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metrics: Option<Vec<StreakMetricPreference>>,
    /// Weekdays that need no activity, 0 is Sunday.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    days_off: Option<Vec<i64>>,
}

/// One condition of the user's own.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StreakMetricPreference {
    /// The metric's key.
    key: String,
    /// The net change to reach, above 0.
    threshold: Decimal,
}

/// Preferences to change; what is left out stays. (C-PREF-02)
#[derive(ToSchema)]
pub struct UpdateUserPreferencesRequest {
    /// The new channels of the types that are passed.
    #[schema(nullable = false)]
    pub notifications: Option<NotificationPreferences>,
    /// Overrides to change; null clears one, or all of them.
    #[schema(nullable = false)]
    pub streak: Option<StreakPreferences>,
}

impl UserPreferencesResponse {
    /// What the user chose, as far as it applies.
    pub fn new(state: &UserState, catalog: &Catalog) -> Self {
        let applied = state.preferences.streak.applied(catalog, catalog.streaks.current());
        Self::with(applied, state, catalog)
    }

    /// What the user chose, whether it applies or not.
    pub fn stored(state: &UserState, catalog: &Catalog) -> Self {
        Self::with(state.preferences.streak.clone(), state, catalog)
    }

    fn with(streak: StreakOverrides, state: &UserState, catalog: &Catalog) -> Self {
        let channels = |kind| {
            let chosen = state.preferences.notifications.get(&kind)?;
            Some(CHANNELS.iter().filter(|(_, own)| chosen.contains(own)).map(|(n, _)| *n).collect())
        };
        let notifications = NotificationPreferences {
            achievement_completed: channels(NotificationType::AchievementCompleted),
            recap: channels(NotificationType::Recap),
            reactivation: channels(NotificationType::Reactivation),
            streak_reminder: channels(NotificationType::StreakReminder),
        };
        let any = streak != StreakOverrides::default();
        Self { notifications, streak: any.then(|| StreakPreferences::new(streak, catalog)) }
    }
}

impl StreakPreferences {
    fn new(own: StreakOverrides, catalog: &Catalog) -> Self {
        let metric = |own: StreakMetric| {
            let key = catalog.find_metric(own.metric)?.key.to_string();
            Some(StreakMetricPreference { key, threshold: Decimal(own.threshold) })
        };
        Self {
            enabled: own.enabled,
            evaluation_mode: own.evaluation_mode.map(EvaluationMode::as_str),
            metrics: own.metrics.map(|own| own.into_iter().filter_map(metric).collect()),
            days_off: own.days_off.map(|days| days.into_iter().map(i64::from).collect()),
        }
    }
}

/// Whether a body asks for something that only customization allows; its shape doesn't matter yet.
/// (C-PREF-06)
pub fn asks_for_customization(body: &Value) -> bool {
    let own = ["evaluationMode", "metrics", "daysOff"];
    own.iter().any(|field| {
        body.get("streak").and_then(|streak| streak.get(field)).is_some_and(|own| !own.is_null())
    })
}

/// Reads a change of preferences. (C-PREF-02, C-PREF-07, C-PREF-08)
///
/// # Errors
/// Naming the field that is wrong.
pub fn read(body: &Value, catalog: &Catalog) -> Result<PreferencesPatch, Invalid> {
    let fields = Fields::of(body, "body")?;
    let mut patch = PreferencesPatch {
        streak: fields.nullable("streak", |value, field| streak(value, field, catalog))?,
        ..PreferencesPatch::default()
    };
    if let Patch::Set(types) = fields.nullable("notifications", Fields::of)? {
        for (name, value) in types.entries() {
            let path = format!("notifications.{name}");
            let kind = TYPES.iter().find(|(own, _)| own == name).map(|(_, kind)| *kind);
            let kind = kind
                .ok_or_else(|| Invalid::error(format!("{path} is not a type of notification")))?;
            if !value.is_null() {
                patch.notifications.insert(kind, channels(value, &path)?);
            }
        }
    }
    Ok(patch)
}

fn channels(value: &Value, field: &str) -> Result<BTreeSet<NotificationChannel>, Invalid> {
    let channel = |(i, value)| one_of(&CHANNELS)(value, &format!("{field}[{i}]"));
    array(value, field)?.iter().enumerate().map(channel).collect()
}

fn streak(value: &Value, field: &str, catalog: &Catalog) -> Result<StreakOverridesPatch, Invalid> {
    let fields = Fields::of(value, field)?;
    let read = || {
        Ok(StreakOverridesPatch {
            enabled: fields.nullable("enabled", boolean)?,
            evaluation_mode: fields.nullable("evaluationMode", evaluation_mode)?,
            metrics: fields.nullable("metrics", |value, field| metrics(value, field, catalog))?,
            days_off: fields.nullable("daysOff", days_off)?,
        })
    };
    read().map_err(|invalid: Invalid| invalid.inside(field))
}

/// `ALL` is how some documentation spells `AND`. (C-STREAK-04)
pub fn evaluation_mode(value: &Value, field: &str) -> Result<EvaluationMode, Invalid> {
    if value.as_str() == Some("ALL") {
        return Ok(EvaluationMode::And);
    }
    let both = [EvaluationMode::Or, EvaluationMode::And];
    one_of(&both.map(|own| (own.as_str(), own)))(value, field)
}

/// Distinct weekdays, sorted. (C-STREAK-53)
fn days_off(value: &Value, field: &str) -> Result<Vec<u8>, Invalid> {
    let mut days = BTreeSet::new();
    for (i, day) in array(value, field)?.iter().enumerate() {
        let day = integer(0, 6)(day, &format!("{field}[{i}]"))?;
        if !days.insert(u8::try_from(day).expect("read as 0 to 6")) {
            return Err(Invalid::error(format!("{field} must be distinct")));
        }
    }
    Ok(days.into_iter().collect())
}

/// (C-PREF-07)
fn metrics(value: &Value, field: &str, catalog: &Catalog) -> Result<Vec<StreakMetric>, Invalid> {
    let entries = array(value, field)?;
    if !(1..=METRICS_MAX).contains(&entries.len()) {
        return Err(Invalid::error(format!("{field} must have 1 to {METRICS_MAX} entries")));
    }
    let mut conditions: Vec<StreakMetric> = Vec::with_capacity(entries.len());
    for (i, entry) in entries.iter().enumerate() {
        let path = format!("{field}[{i}]");
        let inside = |invalid: Invalid| invalid.inside(&path);
        let entry = Fields::of(entry, &path)?;
        let key = entry.required("key", text).map_err(inside)?;
        let threshold = entry.required("threshold", amount).map_err(inside)?;
        let metric = catalog
            .find_metric_by_key(key)
            .ok_or_else(|| Invalid::error(format!("{field}: Metric not found: {key}")))?;
        if threshold <= Amount::ZERO {
            return Err(inside(Invalid::error("threshold must be greater than 0")));
        }
        if conditions.iter().any(|earlier| earlier.metric == metric.id) {
            return Err(Invalid::error(format!("{field} must name each metric once")));
        }
        conditions.push(StreakMetric { metric: metric.id, threshold });
    }
    Ok(conditions)
}
