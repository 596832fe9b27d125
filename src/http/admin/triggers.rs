//! `/points/{systemId}/triggers`: what awards or deducts points. (C-POINTS-08 to 13, C-ADM-53 to 57)
//!
//! The handlers; how a trigger is written in JSON is in [`super::trigger`].

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::{PointsSystemId, TriggerId};

use super::batch::{self, Batch, Created, Deleted, Ids, Updated};
use super::points_system;
use super::trigger::{
    AdminPointsTrigger, CreatePointsTriggerRequestItem, PatchPointsTriggersRequestItem, read_draft,
    read_patch,
};
use super::wire::{Absent, BodyFailures, Failures, IdsParameters, PageParameters};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Query, Segments};

/// List the triggers of a points system.
#[utoipa::path(
    get,
    path = "/points/{systemId}/triggers",
    operation_id = "admin_points_triggers_list",
    tag = "Admin",
    params(("systemId" = Uuid, Path, description = "The id of the points system"), PageParameters),
    responses((status = 200, description = "One page of triggers", body = Vec<AdminPointsTrigger>), Failures, Absent)
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
    query: Query,
) -> Result<Json<Vec<AdminPointsTrigger>>, ApiError> {
    let system = segments.uuid("systemId", PointsSystemId)?;
    let page = query.page()?;
    let catalog = app.engine.catalog(caller.scope);
    let triggers = points_system(&catalog, system)?.live_triggers();
    Ok(batch::shown(batch::oldest_first(triggers, page, |own| (own.stamps.created_at, own.id.0))))
}

/// Create triggers.
#[utoipa::path(
    post,
    path = "/points/{systemId}/triggers",
    operation_id = "admin_points_triggers_create",
    tag = "Admin",
    params(("systemId" = Uuid, Path, description = "The id of the points system")),
    request_body = Vec<CreatePointsTriggerRequestItem>,
    responses(
        (status = 200, description = "Nothing was created", body = Created<AdminPointsTrigger>),
        (status = 201, description = "At least one trigger was created", body = Created<AdminPointsTrigger>),
        BodyFailures,
        Absent
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
    Body(body): Body,
) -> Result<(StatusCode, Json<Created<AdminPointsTrigger>>), ApiError> {
    let system = segments.uuid("systemId", PointsSystemId)?;
    let items = Batch::of(body)?;
    points_system(&app.engine.catalog(caller.scope), system)?;
    batch::create(&app, caller.scope, items, move |catalog, item, now| {
        Ok(catalog.create_trigger(system, read_draft(item)?, now)?.into())
    })
    .await
}

/// Update triggers.
#[utoipa::path(
    patch,
    path = "/points/{systemId}/triggers",
    operation_id = "admin_points_triggers_update",
    tag = "Admin",
    params(("systemId" = Uuid, Path, description = "The id of the points system")),
    request_body = Vec<PatchPointsTriggersRequestItem>,
    responses((status = 200, description = "What was updated", body = Updated<AdminPointsTrigger>), BodyFailures, Absent)
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
    Body(body): Body,
) -> Result<Json<Updated<AdminPointsTrigger>>, ApiError> {
    let system = segments.uuid("systemId", PointsSystemId)?;
    let items = Batch::of(body)?;
    points_system(&app.engine.catalog(caller.scope), system)?;
    batch::update(&app, caller.scope, items, move |catalog, id, item, now| {
        Ok(catalog.update_trigger(system, TriggerId(id), read_patch(item)?, now)?.into())
    })
    .await
}

/// Delete triggers.
#[utoipa::path(
    delete,
    path = "/points/{systemId}/triggers",
    operation_id = "admin_points_triggers_delete",
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
        catalog.delete_trigger(system, TriggerId(id), now)
    })
    .await
}

/// Read a trigger.
#[utoipa::path(
    get,
    path = "/points/{systemId}/triggers/{id}",
    operation_id = "admin_points_triggers_get",
    tag = "Admin",
    params(
        ("systemId" = Uuid, Path, description = "The id of the points system"),
        ("id" = Uuid, Path, description = "The id of the trigger")
    ),
    responses((status = 200, description = "The trigger", body = AdminPointsTrigger), Failures, Absent)
)]
pub(super) async fn read(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<AdminPointsTrigger>, ApiError> {
    let system = segments.uuid("systemId", PointsSystemId)?;
    let id = segments.uuid("id", TriggerId)?;
    let catalog = app.engine.catalog(caller.scope);
    let trigger = points_system(&catalog, system)?.find_trigger(id);
    Ok(Json(trigger.ok_or_else(|| ApiError::not_found("Points trigger not found"))?.into()))
}
