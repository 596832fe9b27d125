//! `/api-keys`: the admin keys of an environment. (C-AUTH-05 to 13)
//!
//! The hosted product keeps these in its dashboard; here they are a resource like any other. A key
//! is told only by the answer that makes it. That an environment has room for so many keys holds for
//! a request as a whole, so one too many refuses all of it.

use std::fmt;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::ApiKeyId;
use serde::Serialize;
use storage::records::AdminKey;
use utoipa::ToSchema;
use uuid::Uuid;

use super::batch::{self, AdminIssue, Batch, Created, Deleted, DeletedResource};
use super::wire::{Absent, BodyFailures, Failures, PageParameters};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Query, Segments};
use crate::http::json::{self, Fields};
use crate::http::wire::scalar::At;
use crate::keys::ApiKey;

/// An admin key.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminApiKey {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The part before the full stop.
    pub prefix: String,
    /// Whether it is accepted.
    #[schema(value_type = ApiKeyStatus)]
    pub status: &'static str,
    /// When it was created.
    pub created: At,
    /// When it was last used, up to a minute late.
    #[schema(required)]
    pub last_used: Option<At>,
}

impl From<AdminKey> for AdminApiKey {
    fn from(key: AdminKey) -> Self {
        Self {
            id: key.id.0,
            name: key.name,
            prefix: key.prefix,
            status: if key.active { "active" } else { "inactive" },
            created: At(key.created_at),
            last_used: key.last_used_at.map(At),
        }
    }
}

/// Whether an admin key is accepted.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum ApiKeyStatus {
    /// It is.
    Active,
    /// It is revoked.
    Inactive,
}

/// An admin key with its value, which is told only once.
#[derive(Serialize, ToSchema)]
pub struct RevealedApiKey {
    #[serde(flatten)]
    record: AdminApiKey,
    /// The whole key.
    key: String,
}

impl From<(AdminKey, ApiKey)> for RevealedApiKey {
    fn from((record, key): (AdminKey, ApiKey)) -> Self {
        Self { record: record.into(), key: key.reveal().to_owned() }
    }
}

/// Without the key.
impl fmt::Debug for RevealedApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.record.fmt(f)
    }
}

/// An admin key to create.
#[derive(ToSchema)]
pub struct CreateApiKeyRequestItem {
    /// What people call it.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
}

fn not_found() -> ApiError {
    ApiError::not_found("API key not found")
}

/// List admin keys.
#[utoipa::path(
    get,
    path = "/api-keys",
    operation_id = "admin_api_keys_list",
    tag = "Admin",
    params(PageParameters),
    responses((status = 200, description = "One page of admin keys", body = Vec<AdminApiKey>), Failures)
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Vec<AdminApiKey>>, ApiError> {
    let page = query.page()?;
    Ok(batch::shown(batch::one_page(app.keys.admin.list(caller.scope), page)))
}

/// Create admin keys; an environment has at most three. Only here and in the answer to a rotation
/// the key is told.
#[utoipa::path(
    post,
    path = "/api-keys",
    operation_id = "admin_api_keys_create",
    tag = "Admin",
    request_body = Vec<CreateApiKeyRequestItem>,
    responses(
        (status = 200, description = "Nothing was created", body = Created<RevealedApiKey>),
        (status = 201, description = "At least one key was created", body = Created<RevealedApiKey>),
        BodyFailures
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Created<RevealedApiKey>>), ApiError> {
    let (mut names, mut issues) = (Vec::new(), Vec::new());
    for (index, item) in Batch::of(body)?.items().iter().enumerate() {
        let name = Fields::of(item, "item").and_then(|fields| fields.required("name", json::name));
        match name {
            Ok(name) => names.push(name),
            Err(invalid) => issues.push(AdminIssue::of_item(index, None, invalid)),
        }
    }
    let created = app.keys.admin.create(caller.scope, names).await?;
    let created = created.map_err(|limit| ApiError::invalid(limit.to_string()))?;
    Ok(batch::created(created.into_iter().map(RevealedApiKey::from).collect(), issues))
}

/// Give an admin key another value, in force at once; a revoked one is active again.
#[utoipa::path(
    post,
    path = "/api-keys/{id}/rotate",
    operation_id = "admin_api_keys_rotate",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the key")),
    responses((status = 200, description = "The key with its new value", body = RevealedApiKey), Failures, Absent)
)]
pub(super) async fn rotate(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<RevealedApiKey>, ApiError> {
    let id = segments.uuid("id", ApiKeyId)?;
    let rotated = app.keys.admin.rotate(caller.scope, id).await?;
    Ok(Json(rotated.ok_or_else(not_found)?.into()))
}

/// Revoke an admin key: it is refused until it is activated again.
#[utoipa::path(
    post,
    path = "/api-keys/{id}/revoke",
    operation_id = "admin_api_keys_revoke",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the key")),
    responses((status = 200, description = "The key", body = AdminApiKey), Failures, Absent)
)]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<AdminApiKey>, ApiError> {
    set_active(&app, caller, &segments, false).await
}

/// Activate a revoked admin key; its value stays.
#[utoipa::path(
    post,
    path = "/api-keys/{id}/activate",
    operation_id = "admin_api_keys_activate",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the key")),
    responses((status = 200, description = "The key", body = AdminApiKey), Failures, Absent)
)]
pub(super) async fn activate(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<AdminApiKey>, ApiError> {
    set_active(&app, caller, &segments, true).await
}

async fn set_active(
    app: &App,
    caller: Caller,
    segments: &Segments,
    active: bool,
) -> Result<Json<AdminApiKey>, ApiError> {
    let id = segments.uuid("id", ApiKeyId)?;
    let key = app.keys.admin.set_active(caller.scope, id, active).await?;
    Ok(Json(key.ok_or_else(not_found)?.into()))
}

/// Delete an admin key for good.
#[utoipa::path(
    delete,
    path = "/api-keys/{id}",
    operation_id = "admin_api_keys_delete",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the key")),
    responses((status = 200, description = "The key was deleted", body = Deleted), Failures, Absent)
)]
pub(super) async fn delete(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<Deleted>, ApiError> {
    let id = segments.uuid("id", ApiKeyId)?;
    if !app.keys.admin.delete(caller.scope, id).await? {
        return Err(not_found());
    }
    Ok(Json(Deleted { deleted: vec![DeletedResource { id: id.0 }], issues: Vec::new() }))
}
