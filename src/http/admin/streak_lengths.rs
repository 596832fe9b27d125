//! `/streaks/restore` and `/streaks/reset`: what operators do to lengths. (C-STREAK-54 to 61,
//! C-ADM-79 to 84)
//!
//! Both take a list of users and answer with those whose streak changed. A user listed twice gets
//! a warning for the second entry by itself: there is nothing left to restore or reset.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::user::{Command, RestoreMode};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::batch::{self, AdminIssue};
use super::each_user::{self, Done, Entry};
use super::wire::BodyFailures;
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::Body;
use crate::http::json::{self, Fields};

/// Whose streaks to restore.
#[derive(ToSchema)]
pub struct RestoreStreaksRequest {
    /// The users.
    #[schema(min_items = 1, max_items = 100)]
    pub users: Vec<StreakUserRequestItem>,
    /// Which length, `max` by default.
    pub mode: Option<StreakRestoreMode>,
}

/// Whose streaks to reset.
#[derive(ToSchema)]
pub struct ResetStreaksRequest {
    /// The users.
    #[schema(min_items = 1, max_items = 100)]
    pub users: Vec<StreakUserRequestItem>,
}

/// One user.
#[derive(ToSchema)]
pub struct StreakUserRequestItem {
    /// Their id.
    pub id: String,
}

/// Which length a restore puts back.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum StreakRestoreMode {
    /// The greatest of the restore window.
    Max,
    /// The one that was lost last.
    LastLost,
}

/// What was restored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestoreStreaksResponse {
    /// The users whose streak was restored, in request order.
    pub restored_users: Vec<String>,
    /// Entries that restored nothing.
    pub issues: Vec<AdminIssue>,
}

/// What was reset.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResetStreaksResponse {
    /// The users whose streak was reset, in request order.
    pub reset_users: Vec<String>,
    /// Entries that reset nothing.
    pub issues: Vec<AdminIssue>,
}

/// Restore streaks.
#[utoipa::path(
    post,
    path = "/streaks/restore",
    operation_id = "admin_streaks_restore",
    tag = "Admin",
    request_body = RestoreStreaksRequest,
    responses(
        (status = 200, description = "Nothing was restored", body = RestoreStreaksResponse),
        (status = 201, description = "At least one streak was restored", body = RestoreStreaksResponse),
        BodyFailures
    )
)]
pub(super) async fn restore(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<RestoreStreaksResponse>), ApiError> {
    let mode = Fields::of(&body, "body")?.nullable("mode", mode)?.into_option();
    let mode = mode.unwrap_or(RestoreMode::Max);
    let (restored_users, issues) =
        run(&app, caller, &body, &Command::RestoreStreak { mode }).await?;
    let status = if restored_users.is_empty() { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(RestoreStreaksResponse { restored_users, issues })))
}

fn mode(value: &Value, field: &str) -> Result<RestoreMode, domain::catalog::Invalid> {
    json::one_of(&[("max", RestoreMode::Max), ("last_lost", RestoreMode::LastLost)])(value, field)
}

/// Reset streaks.
#[utoipa::path(
    post,
    path = "/streaks/reset",
    operation_id = "admin_streaks_reset",
    tag = "Admin",
    request_body = ResetStreaksRequest,
    responses(
        (status = 200, description = "What was reset", body = ResetStreaksResponse),
        BodyFailures
    )
)]
pub(super) async fn reset(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<ResetStreaksResponse>, ApiError> {
    let (reset_users, issues) = run(&app, caller, &body, &Command::ResetStreak).await?;
    Ok(Json(ResetStreaksResponse { reset_users, issues }))
}

/// Runs the command for each listed user; those it was applied to, and issues.
async fn run(
    app: &App,
    caller: Caller,
    body: &Value,
    command: &Command,
) -> Result<(Vec<String>, Vec<AdminIssue>), ApiError> {
    let users = Fields::of(body, "body")?.required("users", |value, _| Ok(value))?;
    let read = |entry| Entry::read(entry, "id", |_| Ok(command.clone()));
    let entries: Vec<_> = batch::items(users, "users")?.iter().map(read).collect();
    let Done { replies, issues } = each_user::run(app, caller.scope, &entries).await?;
    Ok((replies.into_iter().map(|(user, _)| user.to_string()).collect(), issues))
}
