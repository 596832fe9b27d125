//! `/users/{id}`: what the law asks of whoever stores something about a person. (C-USER-28 to 34)
//!
//! Creating and changing users is the Application API's business.

use std::io;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::user::Command;
use serde::Serialize;
use utoipa::ToSchema;

use super::batch::AdminIssue;
use super::user_export::UserExport;
use super::wire::{Absent, Failures};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::Segments;
use crate::http::streamed;

/// Answer to an erasure. (C-USER-29)
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasedUsers {
    /// Who was erased.
    pub deleted: Vec<ErasedUser>,
    /// Always empty: a user is erased or the request fails.
    pub issues: Vec<AdminIssue>,
}

/// A user who was erased.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasedUser {
    /// The user's id.
    pub id: String,
}

/// Export everything that is stored about a user. (C-USER-34)
///
/// The answer is sent while it is read, so it may end without its end if storage fails: only a
/// whole JSON object is a whole export.
#[utoipa::path(
    get,
    path = "/users/{id}/export",
    operation_id = "admin_users_export",
    tag = "Admin",
    params(("id" = String, Path, description = "The id of the user")),
    responses(
        (status = 200, description = "Everything about the user", body = UserExport<'static>),
        Failures, Absent
    )
)]
pub(super) async fn export(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Response, ApiError> {
    let (scope, user) = (caller.scope, segments.user_id()?);
    let catalog = app.engine.catalog(scope);
    let applied = app.engine.run(scope, user, catalog, Command::Settle).await?;
    let history = app.engine.history(scope, &applied)?;
    Ok(streamed::json(move |out| {
        let export = UserExport::new(&applied, &history).map_err(io::Error::other)?;
        serde_json::to_writer(out, &export).map_err(io::Error::from)
    }))
}

/// Erase a user: everything that is stored about them. (C-USER-28 to 33)
///
/// The answer comes when all of it is gone. If it doesn't come, what was begun goes on by itself;
/// asking again is harmless.
#[utoipa::path(
    delete,
    path = "/users/{id}",
    operation_id = "admin_users_erase",
    tag = "Admin",
    params(("id" = String, Path, description = "The id of the user")),
    responses(
        (status = 200, description = "The user is gone", body = ErasedUsers), Failures, Absent
    )
)]
pub(super) async fn erase(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<ErasedUsers>, ApiError> {
    let user = segments.user_id()?;
    if !app.engine.erase(caller.scope, user.clone()).await? {
        return Err(ApiError::not_found("User not found"));
    }
    let deleted = vec![ErasedUser { id: user.to_string() }];
    Ok(Json(ErasedUsers { deleted, issues: Vec::new() }))
}
