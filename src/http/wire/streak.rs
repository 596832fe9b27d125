//! Streaks as the Application API shows them. (C-STREAK)

use domain::calendar::Frequency;
use domain::catalog::Catalog;
use domain::user::{
    FreezesView, Pause, StreakPeriod, UserState, streak, streak_history, streak_pauses,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::scalar::{At, On};

/// How long the periods of a streak are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StreakFrequency {
    /// Days.
    Daily,
    /// Weeks.
    Weekly,
    /// Months.
    Monthly,
}

impl From<Frequency> for StreakFrequency {
    fn from(frequency: Frequency) -> Self {
        match frequency {
            Frequency::Daily => Self::Daily,
            Frequency::Weekly => Self::Weekly,
            Frequency::Monthly => Self::Monthly,
        }
    }
}

/// What every response about one user's streak begins with.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaseStreakResponse {
    length: u32,
    frequency: StreakFrequency,
    #[schema(required)]
    started: Option<On>,
    #[schema(required)]
    period_start: Option<On>,
    #[schema(required)]
    period_end: Option<On>,
    #[schema(required)]
    expires: Option<On>,
    /// Only with freezes enabled, like `maxFreezes`. (C-STREAK-21)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    freezes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_freezes: Option<u32>,
    /// Only with auto-earn on, like `freezeAutoEarnAmount`. (C-STREAK-21)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    freeze_auto_earn_interval: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    freeze_auto_earn_amount: Option<u32>,
}

impl BaseStreakResponse {
    /// The user's streak.
    pub fn of(state: &UserState, catalog: &Catalog) -> Self {
        Self::new(streak(state, catalog))
    }

    fn new(view: domain::user::StreakView) -> Self {
        let auto_earn = view.freezes.and_then(|freezes: FreezesView| freezes.auto_earn);
        Self {
            length: view.length,
            frequency: view.frequency.into(),
            started: view.started.map(On),
            period_start: view.period.map(|period| On(period.start)),
            period_end: view.period.map(|period| On(period.end)),
            expires: view.expires.map(On),
            freezes: view.freezes.map(|freezes| freezes.held),
            max_freezes: view.freezes.map(|freezes| freezes.max),
            freeze_auto_earn_interval: auto_earn.map(|(interval, _)| interval),
            freeze_auto_earn_amount: auto_earn.map(|(_, amount)| amount),
        }
    }
}

/// The streak in the answer to an event.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct MetricEventStreakResponse {
    #[serde(flatten)]
    streak: BaseStreakResponse,
    /// Whether this event raised the length. (C-STREAK-20)
    extended: bool,
}

impl MetricEventStreakResponse {
    /// The user's streak after an event.
    pub fn new(state: &UserState, catalog: &Catalog, extended: bool) -> Self {
        Self { streak: BaseStreakResponse::new(streak(state, catalog)), extended }
    }
}

/// One period of the history.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreakHistoryItem {
    period_start: On,
    period_end: On,
    length: u32,
    /// Only with freezes enabled. (C-STREAK-27)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    used_freeze: Option<bool>,
    used_pause: bool,
    /// Only on the period of the latest reset. (C-STREAK-28)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reset_at: Option<At>,
}

impl StreakHistoryItem {
    fn new(period: StreakPeriod, freezes_enabled: bool) -> Self {
        Self {
            period_start: On(period.dates.start),
            period_end: On(period.dates.end),
            length: period.length,
            used_freeze: freezes_enabled.then_some(period.used_freeze),
            used_pause: period.used_pause,
            reset_at: period.reset_at.map(At),
        }
    }
}

/// A user's streak.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreakResponse {
    #[serde(flatten)]
    streak: BaseStreakResponse,
    /// The latest extension. (C-STREAK-20)
    #[schema(required)]
    extended: Option<At>,
    /// The rank among all users by current length; null without a streak. (C-STREAK-22)
    #[schema(required)]
    rank: Option<u64>,
    /// Oldest first, ending with the current period. (C-STREAK-24)
    streak_history: Vec<StreakHistoryItem>,
    /// Pauses not yet over. (C-STREAK-29)
    pauses: Vec<StreakPause>,
}

/// Dates that need no activity.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct StreakPause {
    id: Uuid,
    start: On,
    end: On,
}

impl From<&Pause> for StreakPause {
    fn from(pause: &Pause) -> Self {
        Self { id: pause.id.0, start: On(pause.dates.start), end: On(pause.dates.end) }
    }
}

impl StreakResponse {
    /// The user's streak with the latest `periods` periods.
    pub fn new(state: &UserState, catalog: &Catalog, periods: usize, rank: Option<u64>) -> Self {
        let view = streak(state, catalog);
        let history = streak_history(state, catalog, periods);
        Self {
            streak: BaseStreakResponse::new(view),
            extended: view.extended_at.map(At),
            rank,
            streak_history: history
                .into_iter()
                .map(|period| StreakHistoryItem::new(period, view.freezes.is_some()))
                .collect(),
            pauses: streak_pauses(state).map(StreakPause::from).collect(),
        }
    }
}

/// One user's streak in a list of several.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BulkStreakItem {
    /// The user.
    pub user_id: String,
    /// The current length, 0 for an unknown user. (C-STREAK-66)
    pub streak_length: u32,
    /// The latest extension.
    #[schema(required)]
    pub extended: Option<At>,
}

/// One user in a ranking.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreakRankingItem {
    /// The user.
    pub user_id: String,
    /// Their display name.
    #[schema(required)]
    pub name: Option<String>,
    /// The length they are ranked by, never 0. (C-STREAK-68)
    pub streak_length: u32,
}
