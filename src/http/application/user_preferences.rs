//! `/users/{id}/preferences`: what a user chose for themselves. (C-PREF)

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::user::{Command, Rejection};

use super::{answer, settled};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Segments};
use crate::http::json::Fields;
use crate::http::wire::failure::{
    BadRequest, Forbidden, Invalid, NotFound, TooLarge, Unauthorized,
};
use crate::http::wire::preferences::{
    UpdateUserPreferencesRequest, UserPreferencesResponse, asks_for_customization, read,
};

/// The user's preferences.
#[utoipa::path(
    get,
    path = "/users/{id}/preferences",
    operation_id = "users_get_preferences",
    tag = "Users",
    params(("id" = String, Path, description = "The user's id.")),
    responses(
        (status = 200, description = "The preferences.", body = UserPreferencesResponse),
        Unauthorized, NotFound, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn get(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
) -> Result<Response, ApiError> {
    let applied = settled(&app, caller, segments.user_id()?).await?;
    Ok(answer(StatusCode::OK, UserPreferencesResponse::new(&applied.state, &applied.catalog)))
}

/// Changes the preferences that were passed, all or nothing. (C-PREF-06, C-PREF-12)
#[utoipa::path(
    patch,
    path = "/users/{id}/preferences",
    operation_id = "users_update_preferences",
    tag = "Users",
    params(("id" = String, Path, description = "The user's id.")),
    request_body = UpdateUserPreferencesRequest,
    responses(
        (status = 200, description = "All preferences.", body = UserPreferencesResponse),
        BadRequest, Unauthorized, Forbidden, NotFound, TooLarge, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn patch(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    Body(body): Body,
) -> Result<Response, ApiError> {
    Fields::of(&body, "body")?;
    let user = segments.user_id()?;
    // Here the contract asks for the user before what the fields hold. (C-PREF-06)
    let catalog = settled(&app, caller, user.clone()).await?.catalog;
    if asks_for_customization(&body) && !catalog.streaks.current().customization_enabled {
        return Err(Rejection::CustomizationNotEnabled.into());
    }
    let command = Command::UpdatePreferences(read(&body, &catalog)?);
    let applied = app.engine.run(caller.scope, user, catalog, command).await?;
    Ok(answer(StatusCode::OK, UserPreferencesResponse::new(&applied.state, &applied.catalog)))
}
