//! A leaderboard in the Admin API's JSON. (C-ADM 6.10)
//!
//! What is unset is absent, except `maxParticipants`, whose null means as many as the server
//! allows. What belongs together is checked by the catalog; here only the shape is.

use domain::catalog::{
    Invalid, Leaderboard, LeaderboardDraft, LeaderboardPatch, LeaderboardStatus, Patch, RankBy,
    RankByKind,
};
use domain::ids::{AttributeId, MetricId, PointsSystemId};
use domain::leaderboard::{DailyWindow, RunUnit};
use domain::time::{TimeOfDay, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::wire::{AttributeFilter, date, description, filters, whole_u32};
use crate::http::json::{self, Fields};
use crate::http::wire::leaderboard as words;
use crate::http::wire::scalar::On;

/// Participants of a board whose creator names no number. (C-LB-39)
const PARTICIPANTS_DEFAULT: u32 = 1_000;

/// A leaderboard.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminLeaderboard {
    /// Its id.
    pub id: Uuid,
    /// Its display name.
    pub name: String,
    /// Its key.
    pub key: String,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Where it stands.
    pub status: words::LeaderboardStatus,
    /// What users are ranked by.
    pub rank_by: words::LeaderboardRankBy,
    /// The metric. Only if ranked by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub metric_id: Option<Uuid>,
    /// The points system. Only if ranked by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub points_system_id: Option<Uuid>,
    /// How many users a group ranks; null for as many as the server allows.
    #[schema(required)]
    pub max_participants: Option<u32>,
    /// The first date.
    pub start: On,
    /// The last date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub end: Option<On>,
    /// From when in a day activity counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub start_time: Option<words::Clock>,
    /// Until when in a day activity counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub end_time: Option<words::Clock>,
    /// The user attributes that split it into groups.
    pub breakdown_attributes: Vec<Uuid>,
    /// The unit of a run. Only if it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub run_unit: Option<words::RunUnit>,
    /// How many units a run has. Only if it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub run_interval: Option<u32>,
    /// Who may take part; empty for everyone.
    pub user_attributes: Vec<AttributeFilter>,
}

impl AdminLeaderboard {
    /// The board as it stands at `now`.
    pub(super) fn of(board: &Leaderboard, now: Timestamp) -> Self {
        let (metric_id, points_system_id) = match board.rank_by {
            RankBy::Metric(metric) => (Some(metric.0), None),
            RankBy::Points(system) => (None, Some(system.0)),
            RankBy::Streak => (None, None),
        };
        Self {
            id: board.id.0,
            name: board.name.clone(),
            key: board.key.to_string(),
            description: board.description.clone(),
            status: board.status(now).into(),
            rank_by: board.rank_by.kind().into(),
            metric_id,
            points_system_id,
            max_participants: board.participants_max,
            start: On(board.runs.start),
            end: board.runs.end.map(On),
            start_time: board.window.start.map(words::Clock),
            end_time: board.window.end.map(words::Clock),
            breakdown_attributes: board.breakdown.iter().map(|attribute| attribute.0).collect(),
            run_unit: board.runs.repeat.map(|repeat| repeat.unit.into()),
            run_interval: board.runs.repeat.map(|repeat| repeat.interval),
            user_attributes: AttributeFilter::all(&board.user_filters),
        }
    }
}

/// A leaderboard to create.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CreateLeaderboardRequestItem {
    /// Its display name.
    pub name: String,
    /// Its key.
    #[schema(pattern = r"^[a-zA-Z\d-_]+$")]
    pub key: String,
    /// Its description.
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Where it starts: `scheduled` needs a start after today, `active` one of today or earlier,
    /// `finished` an end before today.
    #[schema(nullable = false, default = "inactive")]
    pub status: Option<words::LeaderboardStatus>,
    /// What users are ranked by.
    pub rank_by: words::LeaderboardRankBy,
    /// The metric. Needed for `metric`.
    #[schema(nullable = false)]
    pub metric_id: Option<Uuid>,
    /// The points system. Needed for `points`.
    #[schema(nullable = false)]
    pub points_system_id: Option<Uuid>,
    /// How many users a group ranks; null for as many as the server allows.
    #[schema(default = 1000)]
    pub max_participants: Option<u32>,
    /// The first date; today (UTC) if omitted.
    #[schema(nullable = false)]
    pub start: Option<On>,
    /// The last date.
    #[schema(nullable = false)]
    pub end: Option<On>,
    /// From when in a day activity counts.
    #[schema(nullable = false)]
    pub start_time: Option<words::Clock>,
    /// Until when in a day activity counts.
    #[schema(nullable = false)]
    pub end_time: Option<words::Clock>,
    /// The user attributes that split it into groups.
    #[schema(nullable = false, max_items = 5)]
    pub breakdown_attributes: Option<Vec<Uuid>>,
    /// The unit of a run; omitted for a single run.
    #[schema(nullable = false)]
    pub run_unit: Option<words::RunUnit>,
    /// How many units a run has. Needed with `runUnit`.
    #[schema(nullable = false, minimum = 1)]
    pub run_interval: Option<u32>,
    /// Who may take part; omitted for everyone.
    #[schema(nullable = false)]
    pub user_attributes: Option<Vec<AttributeFilter>>,
}

/// A leaderboard to update. What ranks can change only while it is inactive.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct UpdateLeaderboardRequestItem {
    /// Its id.
    pub id: Uuid,
    /// A new display name.
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// A new key.
    #[schema(nullable = false)]
    pub key: Option<String>,
    /// A new description.
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// The wanted status.
    #[schema(nullable = false)]
    pub status: Option<words::LeaderboardStatus>,
    /// What users are ranked by.
    #[schema(nullable = false)]
    pub rank_by: Option<words::LeaderboardRankBy>,
    /// The metric.
    #[schema(nullable = false)]
    pub metric_id: Option<Uuid>,
    /// The points system.
    #[schema(nullable = false)]
    pub points_system_id: Option<Uuid>,
    /// How many users a group ranks; null for as many as the server allows.
    pub max_participants: Option<u32>,
    /// A new first date.
    #[schema(nullable = false)]
    pub start: Option<On>,
    /// A new last date; null for none.
    pub end: Option<On>,
    /// From when in a day activity counts; null for the start of the day.
    pub start_time: Option<words::Clock>,
    /// Until when in a day activity counts; null for the end of the day.
    pub end_time: Option<words::Clock>,
    /// The user attributes that split it into groups.
    #[schema(nullable = false, max_items = 5)]
    pub breakdown_attributes: Option<Vec<Uuid>>,
    /// The unit of a run; null for a single run.
    pub run_unit: Option<words::RunUnit>,
    /// How many units a run has.
    #[schema(nullable = false, minimum = 1)]
    pub run_interval: Option<u32>,
    /// Who may take part; null for everyone.
    pub user_attributes: Option<Vec<AttributeFilter>>,
}

/// Reads a leaderboard to create; `seats` is what the server allows. (C-ADM-64)
pub(super) fn read_draft(item: Fields<'_>, seats: u32) -> Result<LeaderboardDraft, Invalid> {
    let participants_max = match item.nullable("maxParticipants", participants(seats))? {
        Patch::Keep => Some(PARTICIPANTS_DEFAULT.min(seats)),
        Patch::Clear => None,
        Patch::Set(participants_max) => Some(participants_max),
    };
    Ok(LeaderboardDraft {
        name: item.required("name", json::name)?,
        key: item.required("key", json::text)?.to_owned(),
        description: item.optional("description", description)?,
        status: item.optional("status", status)?.unwrap_or(LeaderboardStatus::Inactive),
        rank_by: item.required("rankBy", rank_by)?,
        metric_id: item.optional("metricId", json::id(MetricId))?,
        points_system_id: item.optional("pointsSystemId", json::id(PointsSystemId))?,
        participants_max,
        start: item.optional("start", date)?,
        end: item.nullable("end", date)?.into_option(),
        run_unit: item.nullable("runUnit", run_unit)?.into_option(),
        run_interval: item.optional("runInterval", whole_u32(1))?,
        window: DailyWindow {
            start: item.nullable("startTime", time)?.into_option(),
            end: item.nullable("endTime", time)?.into_option(),
        },
        breakdown: item.optional("breakdownAttributes", attributes)?.unwrap_or_default(),
        user_filters: item.nullable("userAttributes", filters)?.into_option().unwrap_or_default(),
    })
}

/// Reads a leaderboard to update. (C-ADM-14, C-ADM-69)
pub(super) fn read_patch(item: Fields<'_>, seats: u32) -> Result<LeaderboardPatch, Invalid> {
    Ok(LeaderboardPatch {
        name: item.optional("name", json::name)?,
        key: item.optional("key", json::text)?.map(str::to_owned),
        description: item.optional("description", description)?,
        status: item.optional("status", status)?,
        rank_by: item.optional("rankBy", rank_by)?,
        metric_id: item.optional("metricId", json::id(MetricId))?,
        points_system_id: item.optional("pointsSystemId", json::id(PointsSystemId))?,
        participants_max: item.nullable("maxParticipants", participants(seats))?,
        start: item.optional("start", date)?,
        end: item.nullable("end", date)?,
        run_unit: item.nullable("runUnit", run_unit)?,
        run_interval: item.optional("runInterval", whole_u32(1))?,
        start_time: item.nullable("startTime", time)?,
        end_time: item.nullable("endTime", time)?,
        breakdown: item.optional("breakdownAttributes", attributes)?,
        user_filters: item.nullable("userAttributes", filters)?,
    })
}

/// (C-LB-39)
fn participants(seats: u32) -> impl Fn(&Value, &str) -> Result<u32, Invalid> {
    move |value, field| {
        let whole = json::integer(1, i64::from(seats))(value, field)?;
        Ok(u32::try_from(whole).expect("read inside the range of u32"))
    }
}

fn status(value: &Value, field: &str) -> Result<LeaderboardStatus, Invalid> {
    use LeaderboardStatus::{Active, Finished, Inactive, Scheduled};
    let all = [Inactive, Active, Scheduled, Finished].map(|status| (status.as_str(), status));
    json::one_of(&all)(value, field)
}

fn rank_by(value: &Value, field: &str) -> Result<RankByKind, Invalid> {
    use RankByKind::{Metric, Points, Streak};
    json::one_of(&[Points, Streak, Metric].map(|kind| (kind.as_str(), kind)))(value, field)
}

fn run_unit(value: &Value, field: &str) -> Result<RunUnit, Invalid> {
    use RunUnit::{Day, Month, Year};
    json::one_of(&[Day, Month, Year].map(|unit| (unit.as_str(), unit)))(value, field)
}

fn time(value: &Value, field: &str) -> Result<TimeOfDay, Invalid> {
    TimeOfDay::parse(json::text(value, field)?)
        .ok_or_else(|| Invalid::error(format!("{field} must be a time (HH:mm or HH:mm:ss)")))
}

fn attributes(value: &Value, field: &str) -> Result<Vec<AttributeId>, Invalid> {
    let read = |(i, id): (usize, &Value)| json::id(AttributeId)(id, &format!("{field}[{i}]"));
    json::array(value, field)?.iter().enumerate().map(read).collect()
}
