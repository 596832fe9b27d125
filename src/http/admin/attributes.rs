//! `/attributes`: custom attributes of users and events. (C-ATTR, C-ADM-27)

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalog::{Attribute, AttributeDraft, AttributeKind, AttributePatch, Invalid};
use domain::ids::AttributeId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::batch::{self, Batch, Created, Deleted, Ids, Updated};
use super::wire::{Absent, BodyFailures, Failures, IdsParameters, PageParameters};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Query, Segments};
use crate::http::json::{self, Fields};

/// A custom attribute.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminAttribute {
    /// Its id.
    pub id: Uuid,
    /// Its display name.
    pub name: String,
    /// Its key.
    pub key: String,
    /// What it describes.
    #[serde(rename = "type")]
    #[schema(value_type = AttributeType)]
    pub kind: &'static str,
}

impl From<&Attribute> for AdminAttribute {
    fn from(attribute: &Attribute) -> Self {
        Self {
            id: attribute.id.0,
            name: attribute.name.clone(),
            key: attribute.key.to_string(),
            kind: attribute.kind.as_str(),
        }
    }
}

/// What an attribute describes.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum AttributeType {
    /// A property of a user.
    User,
    /// A property of an event.
    Event,
}

/// An attribute to create.
#[derive(ToSchema)]
pub struct CreateAttributeRequestItem {
    /// Its display name.
    pub name: String,
    /// Its key, unique per type.
    #[schema(pattern = r"^[a-zA-Z\d-_]+$")]
    pub key: String,
    /// What it describes.
    #[schema(rename = "type")]
    pub kind: AttributeType,
}

/// An attribute to update.
#[derive(ToSchema)]
pub struct UpdateAttributeRequestItem {
    /// Its id.
    pub id: Uuid,
    /// A new display name.
    #[schema(nullable = false)]
    pub name: Option<String>,
}

fn read_draft(item: Fields<'_>) -> Result<AttributeDraft, Invalid> {
    Ok(AttributeDraft {
        name: item.required("name", json::name)?,
        key: item.required("key", json::text)?.to_owned(),
        kind: item.required("type", kind)?,
    })
}

fn kind(value: &Value, _field: &str) -> Result<AttributeKind, Invalid> {
    match value.as_str() {
        Some("user") => Ok(AttributeKind::User),
        Some("event") => Ok(AttributeKind::Event),
        _ => Err(Invalid::error("Type must be user or event")),
    }
}

/// List attributes.
#[utoipa::path(
    get,
    path = "/attributes",
    operation_id = "admin_attributes_list",
    tag = "Admin",
    params(PageParameters),
    responses((status = 200, description = "One page of attributes", body = Vec<AdminAttribute>), Failures)
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Vec<AdminAttribute>>, ApiError> {
    let page = query.page()?;
    let catalog = app.engine.catalog(caller.scope);
    Ok(batch::shown(batch::oldest_first(catalog.live_attributes(), page, |own| {
        (own.created_at, own.id.0)
    })))
}

/// Create attributes.
#[utoipa::path(
    post,
    path = "/attributes",
    operation_id = "admin_attributes_create",
    tag = "Admin",
    request_body = Vec<CreateAttributeRequestItem>,
    responses(
        (status = 200, description = "Nothing was created", body = Created<AdminAttribute>),
        (status = 201, description = "At least one attribute was created", body = Created<AdminAttribute>),
        BodyFailures
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Created<AdminAttribute>>), ApiError> {
    batch::create(&app, caller.scope, Batch::of(body)?, |catalog, item, now| {
        Ok(catalog.create_attribute(read_draft(item)?, now)?.into())
    })
    .await
}

/// Update attributes.
#[utoipa::path(
    patch,
    path = "/attributes",
    operation_id = "admin_attributes_update",
    tag = "Admin",
    request_body = Vec<UpdateAttributeRequestItem>,
    responses((status = 200, description = "What was updated", body = Updated<AdminAttribute>), BodyFailures)
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<Updated<AdminAttribute>>, ApiError> {
    batch::update(&app, caller.scope, Batch::of(body)?, |catalog, id, item, _now| {
        let patch = AttributePatch { name: item.optional("name", json::name)? };
        Ok(catalog.update_attribute(AttributeId(id), patch)?.into())
    })
    .await
}

/// Delete attributes.
#[utoipa::path(
    delete,
    path = "/attributes",
    operation_id = "admin_attributes_delete",
    tag = "Admin",
    params(IdsParameters),
    responses((status = 200, description = "What was deleted", body = Deleted), Failures)
)]
pub(super) async fn delete(
    State(app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Deleted>, ApiError> {
    batch::delete(&app, caller.scope, Ids::of(&query)?, |catalog, id, now| {
        catalog.delete_attribute(AttributeId(id), now)
    })
    .await
}

/// Read an attribute.
#[utoipa::path(
    get,
    path = "/attributes/{id}",
    operation_id = "admin_attributes_get",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the attribute")),
    responses((status = 200, description = "The attribute", body = AdminAttribute), Failures, Absent)
)]
pub(super) async fn read(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<AdminAttribute>, ApiError> {
    let id = segments.uuid("id", AttributeId)?;
    let catalog = app.engine.catalog(caller.scope);
    let attribute =
        catalog.find_attribute(id).ok_or_else(|| ApiError::not_found("Attribute not found"))?;
    Ok(Json(attribute.into()))
}
