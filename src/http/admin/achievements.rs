//! `/achievements`: what users can achieve and for what. (C-ACH, C-ADM-38 to 45)
//!
//! The handlers; how an achievement is written in JSON is in [`super::achievement`].

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::AchievementId;

use super::achievement::{
    AdminAchievement, CreateAchievementRequestItem, UpdateAchievementRequestItem, read_draft,
    read_patch,
};
use super::batch::{self, Batch, Created, Deleted, Ids, Updated};
use super::wire::{Absent, BodyFailures, Failures, IdsParameters, PageParameters};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Query, Segments};

/// List achievements of every status.
#[utoipa::path(
    get,
    path = "/achievements",
    operation_id = "admin_achievements_list",
    tag = "Admin",
    params(PageParameters),
    responses((status = 200, description = "One page of achievements", body = Vec<AdminAchievement>), Failures)
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Vec<AdminAchievement>>, ApiError> {
    let page = query.page()?;
    let catalog = app.engine.catalog(caller.scope);
    let achievements = catalog.live_achievements();
    Ok(batch::shown(batch::oldest_first(achievements, page, |own| {
        (own.stamps.created_at, own.id.0)
    })))
}

/// Create achievements.
#[utoipa::path(
    post,
    path = "/achievements",
    operation_id = "admin_achievements_create",
    tag = "Admin",
    request_body = Vec<CreateAchievementRequestItem>,
    responses(
        (status = 200, description = "Nothing was created", body = Created<AdminAchievement>),
        (status = 201, description = "At least one achievement was created", body = Created<AdminAchievement>),
        BodyFailures
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Created<AdminAchievement>>), ApiError> {
    batch::create(&app, caller.scope, Batch::of(body)?, |catalog, item, now| {
        Ok(catalog.create_achievement(read_draft(item)?, now)?.into())
    })
    .await
}

/// Update achievements.
#[utoipa::path(
    patch,
    path = "/achievements",
    operation_id = "admin_achievements_update",
    tag = "Admin",
    request_body = Vec<UpdateAchievementRequestItem>,
    responses((status = 200, description = "What was updated", body = Updated<AdminAchievement>), BodyFailures)
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<Updated<AdminAchievement>>, ApiError> {
    batch::update(&app, caller.scope, Batch::of(body)?, |catalog, id, item, now| {
        Ok(catalog.update_achievement(AchievementId(id), read_patch(item)?, now)?.into())
    })
    .await
}

/// Delete achievements; points already awarded stay.
#[utoipa::path(
    delete,
    path = "/achievements",
    operation_id = "admin_achievements_delete",
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
        catalog.delete_achievement(AchievementId(id), now)
    })
    .await
}

/// Read an achievement.
#[utoipa::path(
    get,
    path = "/achievements/{id}",
    operation_id = "admin_achievements_get",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the achievement")),
    responses((status = 200, description = "The achievement", body = AdminAchievement), Failures, Absent)
)]
pub(super) async fn read(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<AdminAchievement>, ApiError> {
    let id = segments.uuid("id", AchievementId)?;
    let catalog = app.engine.catalog(caller.scope);
    let achievement =
        catalog.find_achievement(id).ok_or_else(|| ApiError::not_found("Achievement not found"))?;
    Ok(Json(achievement.into()))
}
