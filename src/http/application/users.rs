//! `/users` and `/users/{id}`: identification and the stored profile. (C-USER)

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::ids::UserId;
use domain::user::{Command, Existing, Reply};

use super::{answer, settled};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Segments};
use crate::http::json::Fields;
use crate::http::wire::failure::{BadRequest, Invalid, NotFound, TooLarge, Unauthorized};
use crate::http::wire::user::{UpdatedUser, UpsertedUser, User, UserFields, user_id};

/// Identifies a user: creates them, or updates the fields that were passed. (C-USER-05)
#[utoipa::path(
    post,
    path = "/users",
    operation_id = "users_create",
    tag = "Users",
    request_body = UpsertedUser,
    responses(
        (status = 201, description = "The user was created.", body = User),
        (status = 200, description = "The user existed and was updated.", body = User),
        BadRequest, Unauthorized, TooLarge, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn create(
    caller: Caller,
    State(app): State<App>,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let fields = Fields::of(&body, "body")?;
    let user = user_id(fields, "id")?;
    let (created, response) =
        identify(&app, caller, user, UserFields::read(fields)?, Existing::Optional).await?;
    Ok(if created { with_status(StatusCode::CREATED, response) } else { response })
}

/// The user's stored profile.
#[utoipa::path(
    get,
    path = "/users/{id}",
    operation_id = "users_get",
    tag = "Users",
    params(("id" = String, Path, description = "The user's id.")),
    responses((status = 200, description = "The user.", body = User), Unauthorized, NotFound, Invalid),
    security(("ApiKeyAuth" = []))
)]
pub async fn get(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
) -> Result<Response, ApiError> {
    let applied = settled(&app, caller, segments.user_id()?).await?;
    Ok(answer(StatusCode::OK, User::new(&applied.state, &applied.catalog)))
}

/// Identifies the user in the path: creates them, or updates the fields that were passed.
#[utoipa::path(
    put,
    path = "/users/{id}",
    operation_id = "users_identify",
    tag = "Users",
    params(("id" = String, Path, description = "The user's id.")),
    request_body = UpdatedUser,
    responses(
        (status = 200, description = "The user.", body = User),
        BadRequest, Unauthorized, TooLarge, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn put(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let fields = UserFields::read(Fields::of(&body, "body")?)?;
    Ok(identify(&app, caller, segments.user_id()?, fields, Existing::Optional).await?.1)
}

/// Updates the fields of a known user that were passed. (C-USER-25)
#[utoipa::path(
    patch,
    path = "/users/{id}",
    operation_id = "users_update",
    tag = "Users",
    params(("id" = String, Path, description = "The user's id.")),
    request_body = UpdatedUser,
    responses(
        (status = 200, description = "The user.", body = User),
        BadRequest, Unauthorized, NotFound, TooLarge, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn patch(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let fields = UserFields::read(Fields::of(&body, "body")?)?;
    Ok(identify(&app, caller, segments.user_id()?, fields, Existing::Required).await?.1)
}

/// Whether the user is new, and the answer.
async fn identify(
    app: &App,
    caller: Caller,
    user: UserId,
    fields: UserFields<'_>,
    existing: Existing,
) -> Result<(bool, Response), ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    let profile = fields.resolve(&catalog, &app.settings.console_base_url)?;
    let applied = app
        .engine
        .run(caller.scope, user, catalog, Command::Identify { profile, existing })
        .await?;
    let created = applied.reply == Reply::Identified { created: true };
    Ok((created, answer(StatusCode::OK, User::new(&applied.state, &applied.catalog))))
}

fn with_status(status: StatusCode, mut response: Response) -> Response {
    *response.status_mut() = status;
    response
}
