//! `GET /users/{id}/streak`: a user's streak and its history. (C-STREAK-16 to 29)

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{answer, settled};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Query, Segments};
use crate::http::wire::failure::{Invalid, NotFound, Unauthorized};
use crate::http::wire::streak::StreakResponse;

/// The most periods of history, and how many there are unless asked otherwise. (C-STREAK-24)
const HISTORY_PERIODS_MAX: u32 = 400;
const HISTORY_PERIODS: u32 = 7;

/// The user's streak with its latest periods.
#[utoipa::path(
    get,
    path = "/users/{id}/streak",
    operation_id = "users_streak",
    tag = "Users",
    params(
        ("id" = String, Path, description = "The user's id."),
        ("historyPeriods" = Option<i32>, Query, description = "How many periods of history, 0 to 400, by default 7."),
    ),
    responses(
        (status = 200, description = "The user's streak.", body = StreakResponse),
        Unauthorized, NotFound, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn get(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    query: Query,
) -> Result<Response, ApiError> {
    let user = segments.user_id()?;
    let periods = query.integer("historyPeriods", 0, HISTORY_PERIODS_MAX, HISTORY_PERIODS)?;
    let applied = settled(&app, caller, user).await?;
    let rank = app.engine.streak_rank(caller.scope, &applied);
    Ok(answer(
        StatusCode::OK,
        StreakResponse::new(&applied.state, &applied.catalog, periods as usize, rank),
    ))
}
