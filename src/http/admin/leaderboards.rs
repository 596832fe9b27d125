//! `/leaderboards`: who is ranked by what, and when. (C-LB-01 to 15, C-ADM-64 to 72)
//!
//! The status of a board follows from its dates, so it is read at an instant. Everything about what
//! may be changed when is the catalog's to know.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::LeaderboardId;

use super::batch::{self, Batch, Created, Deleted, Ids, Updated};
use super::leaderboard::{
    AdminLeaderboard, CreateLeaderboardRequestItem, UpdateLeaderboardRequestItem, read_draft,
    read_patch,
};
use super::wire::{Absent, BodyFailures, Failures, IdsParameters, PageParameters};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Query, Segments};

/// List leaderboards.
#[utoipa::path(
    get,
    path = "/leaderboards",
    operation_id = "admin_leaderboards_list",
    tag = "Admin",
    params(PageParameters),
    responses((status = 200, description = "One page of leaderboards", body = Vec<AdminLeaderboard>), Failures)
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Vec<AdminLeaderboard>>, ApiError> {
    let page = query.page()?;
    let (catalog, now) = (app.engine.catalog(caller.scope), app.engine.now());
    let boards = catalog.live_leaderboards();
    let boards = batch::oldest_first(boards, page, |own| (own.stamps.created_at, own.id.0));
    Ok(Json(boards.map(|board| AdminLeaderboard::of(board, now)).collect()))
}

/// Create leaderboards.
#[utoipa::path(
    post,
    path = "/leaderboards",
    operation_id = "admin_leaderboards_create",
    tag = "Admin",
    request_body = Vec<CreateLeaderboardRequestItem>,
    responses(
        (status = 200, description = "Nothing was created", body = Created<AdminLeaderboard>),
        (status = 201, description = "At least one leaderboard was created", body = Created<AdminLeaderboard>),
        BodyFailures
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Created<AdminLeaderboard>>), ApiError> {
    let participants_max = app.settings.participants_max;
    batch::create(&app, caller.scope, Batch::of(body)?, move |catalog, item, now| {
        let board = catalog.create_leaderboard(read_draft(item, participants_max)?, now)?;
        Ok(AdminLeaderboard::of(board, now))
    })
    .await
}

/// Update leaderboards: fields first, then the status.
#[utoipa::path(
    patch,
    path = "/leaderboards",
    operation_id = "admin_leaderboards_update",
    tag = "Admin",
    request_body = Vec<UpdateLeaderboardRequestItem>,
    responses((status = 200, description = "What was updated", body = Updated<AdminLeaderboard>), BodyFailures)
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<Updated<AdminLeaderboard>>, ApiError> {
    let participants_max = app.settings.participants_max;
    batch::update(&app, caller.scope, Batch::of(body)?, move |catalog, id, item, now| {
        let patch = read_patch(item, participants_max)?;
        let board = catalog.update_leaderboard(LeaderboardId(id), patch, now)?;
        Ok(AdminLeaderboard::of(board, now))
    })
    .await
}

/// Delete leaderboards at once, also those that are running.
#[utoipa::path(
    delete,
    path = "/leaderboards",
    operation_id = "admin_leaderboards_delete",
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
        catalog.delete_leaderboard(LeaderboardId(id), now)
    })
    .await
}

/// Read a leaderboard.
#[utoipa::path(
    get,
    path = "/leaderboards/{id}",
    operation_id = "admin_leaderboards_get",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the leaderboard")),
    responses((status = 200, description = "The leaderboard", body = AdminLeaderboard), Failures, Absent)
)]
pub(super) async fn read(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<AdminLeaderboard>, ApiError> {
    let id = segments.uuid("id", LeaderboardId)?;
    let catalog = app.engine.catalog(caller.scope);
    let board =
        catalog.find_leaderboard(id).ok_or_else(|| ApiError::not_found("Leaderboard not found"))?;
    Ok(Json(AdminLeaderboard::of(board, app.engine.now())))
}
