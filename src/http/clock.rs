//! `/admin/v1/clock`: reading and moving the test clock.
//!
//! The routes exist only while time is virtual. (C-API-22)

use actors::clock::AdvanceError;
use axum::Json;
use axum::extract::State;
use domain::catalog::Invalid;
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::auth::Caller;
use super::error::ApiError;
use super::extract::Body;
use super::json::{Fields, integer, text};
use super::wire::scalar::At;
use crate::app::App;

/// The longest single move, in seconds: a century.
const SECONDS_MAX: i64 = 100 * 366 * 24 * 60 * 60;

/// The current instant.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Now {
    now: At,
}

/// `GET /clock`
pub async fn get(_caller: Caller, State(app): State<App>) -> Json<Now> {
    Json(Now { now: At(app.engine.now()) })
}

/// `POST /clock/advance`: `{"to": instant}` or `{"seconds": n}`.
pub async fn advance(
    _caller: Caller,
    State(app): State<App>,
    Body(body): Body,
) -> Result<Json<Now>, ApiError> {
    let to = target(&body, app.engine.now())?;
    match app.engine.advance_clock(to).await {
        Ok(now) => Ok(Json(Now { now: At(now) })),
        Err(AdvanceError::Backwards | AdvanceError::NotATestClock) => {
            Err(ApiError::invalid("the clock can only be moved forwards"))
        }
        Err(AdvanceError::Interrupted(error)) => Err(error.into()),
    }
}

fn target(body: &Value, now: Timestamp) -> Result<Timestamp, Invalid> {
    let fields = Fields::of(body, "body")?;
    let to = fields.optional("to", |value, field| {
        Timestamp::parse(text(value, field)?)
            .ok_or_else(|| Invalid::error("to must be an RFC 3339 date-time"))
    })?;
    let seconds = fields.optional("seconds", integer(-SECONDS_MAX, SECONDS_MAX))?;
    match (to, seconds) {
        (Some(to), None) => Ok(to),
        (None, Some(seconds)) => Ok(now.plus_millis(seconds * 1000)),
        (None, None) | (Some(_), Some(_)) => {
            Err(Invalid::error("exactly one of to and seconds is required"))
        }
    }
}
