//! `/points/{systemId}/levels`: named thresholds of a points system.
//! (C-POINTS-45 to 51, C-ADM-50 to 52)

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalog::{Invalid, Level, LevelDraft, LevelPatch};
use domain::ids::{LevelId, PointsSystemId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::batch::{self, Batch, Created, Deleted, Ids, Updated};
use super::points_system;
use super::wire::{
    Absent, Badge, BodyFailures, Failures, IdsParameters, PageParameters, WHOLE_MAX, description,
};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Query, Segments};
use crate::http::json::{self, Fields};

/// A level.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminPointsLevel {
    /// Its id.
    pub id: Uuid,
    /// Its display name.
    pub name: String,
    /// Its key.
    pub key: String,
    /// The balance from which it holds.
    pub points: i64,
    /// Its description, empty when unset.
    pub description: String,
    /// Its badge.
    #[schema(required)]
    pub badge: Option<Badge>,
}

impl From<&Level> for AdminPointsLevel {
    fn from(level: &Level) -> Self {
        Self {
            id: level.id.0,
            name: level.name.clone(),
            key: level.key.to_string(),
            points: level.points,
            description: level.description.clone(),
            badge: Badge::of(level.badge_url.as_ref()),
        }
    }
}

/// A level to create.
#[derive(ToSchema)]
pub struct CreatePointsLevelRequestItem {
    /// Its display name.
    pub name: String,
    /// Its key, unique in the system.
    #[schema(pattern = r"^[a-zA-Z\d-_]+$")]
    pub key: String,
    /// The balance from which it holds, unique in the system.
    #[schema(minimum = 0)]
    pub points: i64,
    /// Its description.
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Its badge.
    #[schema(nullable = false)]
    pub badge: Option<Badge>,
}

/// A level to update.
#[derive(ToSchema)]
pub struct PatchPointsLevelsRequestItem {
    /// Its id.
    pub id: Uuid,
    /// A new display name.
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// A new threshold.
    #[schema(nullable = false, minimum = 0)]
    pub points: Option<i64>,
    /// A new description.
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// A new badge; null clears it.
    pub badge: Option<Badge>,
}

/// Reads a level to create, on its own or inside a points system.
pub(super) fn read_draft(item: Fields<'_>) -> Result<LevelDraft, Invalid> {
    Ok(LevelDraft {
        name: item.required("name", json::name)?,
        key: item.required("key", json::text)?.to_owned(),
        points: item.required("points", json::integer(0, WHOLE_MAX))?,
        description: item.optional("description", description)?.unwrap_or_default(),
        badge_url: item.nullable("badge", json::image_url)?.into_option(),
    })
}

fn read_patch(item: Fields<'_>) -> Result<LevelPatch, Invalid> {
    Ok(LevelPatch {
        name: item.optional("name", json::name)?,
        points: item.optional("points", json::integer(0, WHOLE_MAX))?,
        description: item.optional("description", description)?,
        badge_url: item.nullable("badge", json::image_url)?,
    })
}

/// List the levels of a points system, lowest first.
#[utoipa::path(
    get,
    path = "/points/{systemId}/levels",
    operation_id = "admin_points_levels_list",
    tag = "Admin",
    params(("systemId" = Uuid, Path, description = "The id of the points system"), PageParameters),
    responses((status = 200, description = "One page of levels", body = Vec<AdminPointsLevel>), Failures, Absent)
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
    query: Query,
) -> Result<Json<Vec<AdminPointsLevel>>, ApiError> {
    let system = segments.uuid("systemId", PointsSystemId)?;
    let page = query.page()?;
    let catalog = app.engine.catalog(caller.scope);
    Ok(batch::shown(batch::one_page(points_system(&catalog, system)?.live_levels(), page)))
}

/// Create levels.
#[utoipa::path(
    post,
    path = "/points/{systemId}/levels",
    operation_id = "admin_points_levels_create",
    tag = "Admin",
    params(("systemId" = Uuid, Path, description = "The id of the points system")),
    request_body = Vec<CreatePointsLevelRequestItem>,
    responses(
        (status = 200, description = "Nothing was created", body = Created<AdminPointsLevel>),
        (status = 201, description = "At least one level was created", body = Created<AdminPointsLevel>),
        BodyFailures,
        Absent
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
    Body(body): Body,
) -> Result<(StatusCode, Json<Created<AdminPointsLevel>>), ApiError> {
    let system = segments.uuid("systemId", PointsSystemId)?;
    let items = Batch::of(body)?;
    points_system(&app.engine.catalog(caller.scope), system)?;
    batch::create(&app, caller.scope, items, move |catalog, item, now| {
        Ok(catalog.create_level(system, read_draft(item)?, now)?.into())
    })
    .await
}

/// Update levels; users are on the resulting level at once.
#[utoipa::path(
    patch,
    path = "/points/{systemId}/levels",
    operation_id = "admin_points_levels_update",
    tag = "Admin",
    params(("systemId" = Uuid, Path, description = "The id of the points system")),
    request_body = Vec<PatchPointsLevelsRequestItem>,
    responses((status = 200, description = "What was updated", body = Updated<AdminPointsLevel>), BodyFailures, Absent)
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
    Body(body): Body,
) -> Result<Json<Updated<AdminPointsLevel>>, ApiError> {
    let system = segments.uuid("systemId", PointsSystemId)?;
    let items = Batch::of(body)?;
    points_system(&app.engine.catalog(caller.scope), system)?;
    batch::update(&app, caller.scope, items, move |catalog, id, item, now| {
        Ok(catalog.update_level(system, LevelId(id), read_patch(item)?, now)?.into())
    })
    .await
}

/// Delete levels.
#[utoipa::path(
    delete,
    path = "/points/{systemId}/levels",
    operation_id = "admin_points_levels_delete",
    tag = "Admin",
    params(("systemId" = Uuid, Path, description = "The id of the points system"), IdsParameters),
    responses((status = 200, description = "What was deleted", body = Deleted), Failures, Absent)
)]
pub(super) async fn delete(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
    query: Query,
) -> Result<Json<Deleted>, ApiError> {
    let system = segments.uuid("systemId", PointsSystemId)?;
    let ids = Ids::of(&query)?;
    points_system(&app.engine.catalog(caller.scope), system)?;
    batch::delete(&app, caller.scope, ids, move |catalog, id, now| {
        catalog.delete_level(system, LevelId(id), now)
    })
    .await
}

/// Read a level.
#[utoipa::path(
    get,
    path = "/points/{systemId}/levels/{id}",
    operation_id = "admin_points_levels_get",
    tag = "Admin",
    params(
        ("systemId" = Uuid, Path, description = "The id of the points system"),
        ("id" = Uuid, Path, description = "The id of the level")
    ),
    responses((status = 200, description = "The level", body = AdminPointsLevel), Failures, Absent)
)]
pub(super) async fn read(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<AdminPointsLevel>, ApiError> {
    let system = segments.uuid("systemId", PointsSystemId)?;
    let id = segments.uuid("id", LevelId)?;
    let catalog = app.engine.catalog(caller.scope);
    let level = points_system(&catalog, system)?.find_level(id);
    Ok(Json(level.ok_or_else(|| ApiError::not_found("Level not found"))?.into()))
}
