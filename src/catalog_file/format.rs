//! The tables and fields of a catalog file. (`config/examples/study.toml` explains them)
//!
//! Names follow the Admin API in snake case. What an achievement or a trigger is about is one field
//! of several, each complete in itself, so no field can be left over that belongs to another kind.

use serde::Deserialize;
use toml::Spanned;

use super::value::{
    ApiKey, Clock, Day, Decimal, Description, EventName, ImageUrl, Multiplier, Name, Table,
    TimeZone, WebhookUrl, Whole, Yes,
};

/// A count that no rule limits further.
pub(super) type Count = Whole<1, { u32::MAX as i64 }>;

/// Values that attributes must have, by attribute key.
pub(super) type Filters = Table<Spanned<String>>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Document {
    pub(super) settings: SettingsTable,
    pub(super) user_attributes: Table<Name>,
    pub(super) event_attributes: Table<Name>,
    pub(super) metrics: Table<MetricTable>,
    pub(super) streaks: StreaksTable,
    pub(super) achievements: Table<AchievementTable>,
    pub(super) points: Table<PointsSystemTable>,
    pub(super) leaderboards: Table<LeaderboardTable>,
    pub(super) webhooks: Table<WebhookTable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsTable {
    pub(super) default_time_zone: Option<TimeZone>,
    pub(super) week_start: Option<WeekStartName>,
    /// 0 for ever.
    pub(super) idempotency_retention_days: Option<Whole<0, { u32::MAX as i64 }>>,
    pub(super) control_ratio: Option<Whole<0, 100>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum WeekStartName {
    Sunday,
    Monday,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricTable {
    pub(super) name: Name,
    pub(super) units: Option<String>,
    pub(super) currency: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreaksTable {
    pub(super) enabled: Option<bool>,
    pub(super) frequency: Option<FrequencyName>,
    pub(super) evaluation_mode: Option<EvaluationModeName>,
    pub(super) customization_enabled: Option<bool>,
    pub(super) days_off: Option<Spanned<Vec<Whole<0, 6>>>>,
    #[serde(default)]
    pub(super) metrics: Table<Whole<1, 1_000_000_000_000>>,
    pub(super) freezes: Option<Spanned<FreezesTable>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FrequencyName {
    Daily,
    Weekly,
    Monthly,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum EvaluationModeName {
    Or,
    And,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FreezesTable {
    pub(super) start_count: Whole<0, 100>,
    pub(super) max_count: Whole<1, 100>,
    pub(super) auto_earn: Option<AutoEarnTable>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AutoEarnTable {
    pub(super) amount: Whole<1, 100>,
    pub(super) every_days: Whole<1, 3650>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AchievementTable {
    pub(super) name: Name,
    pub(super) description: Option<Description>,
    pub(super) badge: Option<ImageUrl>,
    #[serde(default)]
    pub(super) status: AchievementStatusName,
    #[serde(default)]
    pub(super) user_attributes: Filters,
    // Exactly one of:
    pub(super) metric: Option<MetricReached>,
    pub(super) streak_length: Option<Count>,
    pub(super) api: Option<ApiKey>,
    pub(super) all_of: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) anniversary_years: Option<Count>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum AchievementStatusName {
    #[default]
    Active,
    Inactive,
    Locked,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricReached {
    pub(super) key: Spanned<String>,
    pub(super) value: Decimal,
    #[serde(default)]
    pub(super) event_attributes: Filters,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PointsSystemTable {
    pub(super) name: Name,
    pub(super) description: Option<Description>,
    pub(super) badge: Option<ImageUrl>,
    pub(super) max_points: Option<Whole<1, 1_000_000_000_000>>,
    #[serde(default)]
    pub(super) levels: Table<LevelTable>,
    #[serde(default)]
    pub(super) triggers: Vec<Spanned<TriggerTable>>,
    #[serde(default)]
    pub(super) boosts: Vec<Spanned<BoostTable>>,
}

/// A boost that is not for one user: those are made for users who exist.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoostTable {
    pub(super) name: Name,
    pub(super) start: Day,
    pub(super) end: Option<Day>,
    pub(super) multiplier: Multiplier,
    #[serde(default)]
    pub(super) rounding: RoundingName,
    #[serde(default)]
    pub(super) user_attributes: Filters,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RoundingName {
    #[default]
    Down,
    Up,
    Nearest,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookTable {
    pub(super) name: Name,
    pub(super) url: WebhookUrl,
    #[serde(default)]
    pub(super) status: SwitchName,
    pub(super) events: Spanned<Vec<EventName>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelTable {
    pub(super) name: Name,
    pub(super) points: Whole<0, 1_000_000_000_000>,
    pub(super) description: Option<Description>,
    pub(super) badge: Option<ImageUrl>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TriggerTable {
    pub(super) points: Spanned<Whole<-1_000_000_000, 1_000_000_000>>,
    #[serde(default)]
    pub(super) status: SwitchName,
    #[serde(default)]
    pub(super) block_if_out_of_points: bool,
    #[serde(default)]
    pub(super) user_attributes: Filters,
    // Exactly one of:
    pub(super) metric: Option<MetricEvery>,
    pub(super) streak_length: Option<Count>,
    pub(super) achievement: Option<Spanned<String>>,
    pub(super) user_creation: Option<Yes>,
    pub(super) every_hours: Option<Count>,
    pub(super) every_days: Option<Count>,
}

/// Whether a trigger, a leaderboard or a webhook is on.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SwitchName {
    #[default]
    Active,
    Inactive,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeaderboardTable {
    pub(super) name: Name,
    pub(super) description: Option<Description>,
    /// An active one is scheduled, active or finished by its dates.
    #[serde(default)]
    pub(super) status: SwitchName,
    pub(super) max_participants: Option<Count>,
    pub(super) start: Option<Day>,
    pub(super) end: Option<Day>,
    pub(super) start_time: Option<Clock>,
    pub(super) end_time: Option<Clock>,
    pub(super) repeat: Option<Spanned<RepeatTable>>,
    #[serde(default)]
    pub(super) breakdown_attributes: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) user_attributes: Filters,
    // Exactly one of:
    pub(super) metric: Option<Spanned<String>>,
    pub(super) points: Option<Spanned<String>>,
    pub(super) streak: Option<Yes>,
}

/// How long a run is: exactly one of the fields.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepeatTable {
    pub(super) days: Option<Count>,
    pub(super) months: Option<Count>,
    pub(super) years: Option<Count>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricEvery {
    pub(super) key: Spanned<String>,
    pub(super) threshold: Whole<1, 1_000_000_000_000>,
    #[serde(default)]
    pub(super) event_attributes: Filters,
}
