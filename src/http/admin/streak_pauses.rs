//! `/streaks/pauses`: take dates out of users' streaks. (C-STREAK-45 to 50, C-ADM-76 to 78)
//!
//! Deletions name pauses and not users, so the user is looked up first; a pause that was deleted
//! leads to its user still, who then doesn't know it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalog::Invalid;
use domain::ids::PauseId;
use domain::time::Date;
use domain::user::{Command, Rejection, Reply};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::batch::{self, Created, Deleted, DeletedResource, Ids};
use super::each_user::{self, Entry};
use super::wire::{BodyFailures, Failures, IdsParameters};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Query};
use crate::http::json::{self, Fields, parse_uuid};

/// Pauses to create.
#[derive(ToSchema)]
pub struct CreateStreakPausesRequest {
    /// The pauses.
    #[schema(min_items = 1, max_items = 100)]
    pub pauses: Vec<StreakPauseRequestItem>,
}

/// One pause to create.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct StreakPauseRequestItem {
    /// Whose streak.
    pub user_id: String,
    /// The first date, not before the user's today.
    pub start: String,
    /// The last date.
    pub end: String,
}

/// A pause.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminStreakPause {
    /// Its id.
    pub id: Uuid,
    /// Whose streak.
    pub user_id: String,
    /// The first date.
    pub start: String,
    /// The last date.
    pub end: String,
    /// Whether it was deleted.
    pub status: StreakPauseStatus,
}

/// Whether a pause was deleted.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StreakPauseStatus {
    /// It was not.
    Active,
}

/// Create streak pauses.
#[utoipa::path(
    post,
    path = "/streaks/pauses",
    operation_id = "admin_streaks_pauses_create",
    tag = "Admin",
    request_body = CreateStreakPausesRequest,
    responses(
        (status = 200, description = "Nothing was created", body = Created<AdminStreakPause>),
        (status = 201, description = "At least one pause was created", body = Created<AdminStreakPause>),
        BodyFailures
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Created<AdminStreakPause>>), ApiError> {
    let pauses = Fields::of(&body, "body")?.required("pauses", |value, _| Ok(value))?;
    let entries: Vec<_> = batch::items(pauses, "pauses")?.iter().map(read_entry).collect();
    let done = each_user::run(&app, caller.scope, &entries).await?;
    let created = done.replies.into_iter().map(|(user, reply)| {
        let Reply::PauseCreated(pause) = reply else { unreachable!("a creation was asked for") };
        AdminStreakPause {
            id: pause.id.0,
            user_id: user.to_string(),
            start: pause.dates.start.to_string(),
            end: pause.dates.end.to_string(),
            status: StreakPauseStatus::Active,
        }
    });
    Ok(batch::created(created.collect(), done.issues))
}

fn read_entry(entry: &Value) -> Entry {
    Entry::read(entry, "userId", |fields| {
        let (start, end) = (fields.required("start", date)?, fields.required("end", date)?);
        Ok(Command::CreatePause { start, end })
    })
}

/// (C-STREAK-46)
fn date(value: &Value, field: &str) -> Result<Date, Invalid> {
    Date::parse(json::text(value, field)?).ok_or_else(|| Invalid::error("Invalid date"))
}

/// Delete streak pauses.
#[utoipa::path(
    delete,
    path = "/streaks/pauses",
    operation_id = "admin_streaks_pauses_delete",
    tag = "Admin",
    params(IdsParameters),
    responses((status = 200, description = "What was deleted", body = Deleted), Failures)
)]
pub(super) async fn delete(
    State(app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Deleted>, ApiError> {
    let ids = Ids::of(&query)?;
    let mut entries = Vec::new();
    for sent in ids.iter() {
        entries.push(find(&app, caller, sent)?);
    }
    let done = each_user::run(&app, caller.scope, &entries).await?;
    let deleted = done.replies.into_iter().map(|(_, reply)| {
        let Reply::PauseDeleted(id) = reply else { unreachable!("a deletion was asked for") };
        DeletedResource { id: id.0 }
    });
    Ok(Json(Deleted { deleted: deleted.collect(), issues: done.issues }))
}

/// The deletion of one pause, by its id as sent.
fn find(app: &App, caller: Caller, sent: &str) -> Result<Entry, ApiError> {
    let named = |user: String, command| Entry { sent: user, id: Some(sent.to_owned()), command };
    let Some(id) = parse_uuid(sent).map(PauseId) else {
        return Ok(named(String::new(), Err(Invalid::error(batch::BAD_ID))));
    };
    Ok(match app.engine.find_pause_owner(caller.scope, id)? {
        Some(user) => named(user.to_string(), Ok((user, Command::DeletePause { id }))),
        None => named(String::new(), Err(Invalid::error(Rejection::PauseNotFound.to_string()))),
    })
}
