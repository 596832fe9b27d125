//! `/healthz` and `/readyz`: for whoever decides to restart or route to this process.
//!
//! Both are outside authentication and both APIs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use super::error::ApiError;
use crate::app::App;

/// The process is fine.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Health {
    status: &'static str,
}

/// The process runs.
pub async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The engine takes writes; otherwise 503 and why not.
pub async fn ready(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    match app.engine.health().failure {
        None => Ok(Json(Health { status: "ok" })),
        Some(reason) => Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, reason)),
    }
}
