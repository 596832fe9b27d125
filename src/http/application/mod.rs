//! The Application API: one handler per operation, one file per resource.
//!
//! A handler checks the request in the contract's order (C-API-09), hands one command to the
//! engine and shows the result. It decides no rule and keeps no state.

pub mod achievements;
pub mod leaderboard_stream;
pub mod leaderboards;
pub mod metrics;
pub mod points;
pub mod streaks;
pub mod user_achievements;
pub mod user_leaderboards;
pub mod user_metrics;
pub mod user_points;
pub mod user_preferences;
pub mod user_streak;
pub mod user_wrapped;
pub mod users;

use actors::Applied;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::catalog::{Catalog, Metric, PointsSystem};
use domain::ids::UserId;
use domain::user::Command;
use serde::Serialize;

use super::auth::Caller;
use super::error::ApiError;
use crate::app::App;

/// Settles the user and answers with the present state. (C-GEN-22)
///
/// # Errors
/// 404 if there is no such user. (C-USER-25)
async fn settled(app: &App, caller: Caller, user: UserId) -> Result<Applied, ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    Ok(app.engine.run(caller.scope, user, catalog, Command::Settle).await?)
}

/// The live metric with this key.
///
/// # Errors
/// 404 if there is none. (C-METRIC-06)
fn metric<'a>(catalog: &'a Catalog, key: &str) -> Result<&'a Metric, ApiError> {
    catalog.find_metric_by_key(key).ok_or_else(|| ApiError::not_found("Metric not found"))
}

/// The live points system with this key.
///
/// # Errors
/// 404 if there is none.
fn points_system<'a>(catalog: &'a Catalog, key: &str) -> Result<&'a PointsSystem, ApiError> {
    catalog
        .find_points_system_by_key(key)
        .ok_or_else(|| ApiError::not_found("Points system not found"))
}

/// Serialises an answer at once, while what it borrows from is there.
fn answer(status: StatusCode, body: impl Serialize) -> Response {
    (status, Json(body)).into_response()
}
