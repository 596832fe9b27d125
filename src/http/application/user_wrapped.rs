//! `GET /users/{id}/wrapped`: a user's year in review. (C-WRAP)

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::wrapped::year;

use super::{answer, settled};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Query, Segments};
use crate::http::wire::failure::{Invalid, NotFound, Unauthorized};
use crate::http::wire::wrapped::WrappedResponse;

/// The user's year in review.
#[utoipa::path(
    get,
    path = "/users/{id}/wrapped",
    operation_id = "users_wrapped",
    tag = "Users",
    params(
        ("id" = String, Path, description = "The user's id."),
        ("year" = Option<i32>, Query, description = "The year, from 1 to the user's current one, by default that."),
    ),
    responses(
        (status = 200, description = "The user's year.", body = WrappedResponse),
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
    // What the current year is, is known once the user is.
    let asked = match query.text("year") {
        Some(_) => Some(query.integer("year", 1, u32::MAX, 1)?),
        None => None,
    };
    let applied = settled(&app, caller, user).await?;
    let year = year(&applied.state, asked)?;
    let wrapped = app.engine.wrapped(caller.scope, &applied, year).await?;
    Ok(answer(
        StatusCode::OK,
        WrappedResponse::new(&applied, &wrapped, app.settings.participants_max),
    ))
}
