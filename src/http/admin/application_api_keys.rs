//! `/application-api-keys`: keys that act for one user each. (C-AUTH-17 to 22, C-ADM-98 to 100)
//!
//! Keys are made for users who exist, so each item settles its user like any other operation on
//! users. A key is told only by the answer that makes it; there is no list.

use std::fmt;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalog::Invalid;
use domain::ids::ApiKeyId;
use domain::user::Command;
use serde::Serialize;
use storage::records::ApplicationKey;
use utoipa::ToSchema;
use uuid::Uuid;

use super::batch::{self, AdminIssue, Batch, Created, Deleted, DeletedResource, Ids};
use super::each_user::{self, Entry};
use super::wire::{BodyFailures, Failures, Forbidden, IdsParameters};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Query};
use crate::http::json::parse_uuid;
use crate::keys::ApiKey;

/// An application key to create.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CreateApplicationKeyRequestItem {
    /// Whom it acts for.
    #[schema(max_length = 255)]
    pub user_id: String,
}

/// A new application key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedApplicationKey {
    /// Its id, to delete it by.
    id: Uuid,
    /// Whom it acts for.
    user_id: String,
    /// The whole key, which is told only here.
    key: String,
    /// The part before the full stop.
    prefix: String,
}

impl From<(ApplicationKey, ApiKey)> for CreatedApplicationKey {
    fn from((record, key): (ApplicationKey, ApiKey)) -> Self {
        Self {
            id: record.id.0,
            user_id: record.user.to_string(),
            key: key.reveal().to_owned(),
            prefix: record.prefix,
        }
    }
}

/// Without the key.
impl fmt::Debug for CreatedApplicationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedApplicationKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Create application keys, one for each item.
#[utoipa::path(
    post,
    path = "/application-api-keys",
    operation_id = "admin_application_api_keys_create",
    tag = "Admin",
    request_body = Vec<CreateApplicationKeyRequestItem>,
    responses(
        (status = 200, description = "Nothing was created", body = Created<CreatedApplicationKey>),
        (status = 201, description = "At least one key was created", body = Created<CreatedApplicationKey>),
        BodyFailures,
        Forbidden
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Created<CreatedApplicationKey>>), ApiError> {
    let entry = |item| Entry::read(item, "userId", |_| Ok(Command::Settle));
    let entries: Vec<_> = Batch::of(body)?.items().iter().map(entry).collect();
    let done = each_user::run(&app, caller.scope, &entries).await?;
    let users = done.replies.into_iter().map(|(user, _)| user).collect();
    let created = app.keys.create_for(caller.scope, users).await?;
    // The older names of an issue's fields belong to the operations on streaks. (C-ADM-09)
    let issues =
        done.issues.into_iter().map(|issue| AdminIssue { level: None, reason: None, ..issue });
    let created = created.into_iter().map(CreatedApplicationKey::from).collect();
    Ok(batch::created(created, issues.collect()))
}

/// Delete application keys, for good and at once.
#[utoipa::path(
    delete,
    path = "/application-api-keys",
    operation_id = "admin_application_api_keys_delete",
    tag = "Admin",
    params(IdsParameters),
    responses((status = 200, description = "What was deleted", body = Deleted), Failures, Forbidden)
)]
pub(super) async fn delete(
    State(app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Deleted>, ApiError> {
    let ids = Ids::of(&query)?;
    let named: Vec<_> = ids.iter().filter_map(parse_uuid).map(ApiKeyId).collect();
    let found = app.engine.delete_application_keys(caller.scope, &named).await?;
    let mut answer = Deleted { deleted: Vec::new(), issues: Vec::new() };
    for (index, sent) in ids.iter().enumerate() {
        let wrong = match parse_uuid(sent) {
            Some(id) if found.contains(&ApiKeyId(id)) => {
                answer.deleted.push(DeletedResource { id });
                continue;
            }
            Some(_) => "Application API key not found by ID",
            None => batch::BAD_ID,
        };
        answer.issues.push(AdminIssue::of_item(index, Some(sent), Invalid::error(wrong)));
    }
    Ok(Json(answer))
}
