//! `/points`: points systems, created with their levels, boosts and triggers in one item.
//! (C-POINTS-01 to 08, C-ADM-46 to 49)

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalog::{
    Catalog, Invalid, Level, PointsSystem, PointsSystemDraft, PointsSystemPatch, Trigger,
};
use domain::ids::PointsSystemId;
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::batch::{self, Batch, Created, Deleted, ITEMS_MAX, Ids, Updated};
use super::boosts::{self, AdminPointsBoost, Calendar, CreatePointsBoostRequestItem};
use super::levels::{self, AdminPointsLevel, CreatePointsLevelRequestItem};
use super::points_system;
use super::trigger::{self, AdminPointsTrigger, CreatePointsTriggerRequestItem};
use super::wire::{
    Absent, Badge, BodyFailures, Failures, IdsParameters, PageParameters, WHOLE_MAX, description,
};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Query, Segments};
use crate::http::json::{self, Fields};

/// A points system.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminPointsSystem {
    /// Its id.
    pub id: Uuid,
    /// Its display name.
    pub name: String,
    /// Its key.
    pub key: String,
    /// Its description, empty when unset.
    pub description: String,
    /// Always `active`: archived systems are not shown.
    pub status: &'static str,
    /// Its badge.
    #[schema(required)]
    pub badge: Option<Badge>,
    /// The balance no award goes beyond.
    #[schema(required)]
    pub max_points: Option<i64>,
}

impl From<&PointsSystem> for AdminPointsSystem {
    fn from(system: &PointsSystem) -> Self {
        Self {
            id: system.id.0,
            name: system.name.clone(),
            key: system.key.to_string(),
            description: system.description.clone(),
            status: "active",
            badge: Badge::of(system.badge_url.as_ref()),
            max_points: system.max_points(),
        }
    }
}

/// A points system just created; nested lists are there if the request had them. (C-POINTS-04)
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedAdminPointsSystem {
    /// The system.
    #[serde(flatten)]
    pub system: AdminPointsSystem,
    /// The levels created with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub levels: Option<Vec<AdminPointsLevel>>,
    /// The boosts created with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub boosts: Option<Vec<AdminPointsBoost>>,
    /// The triggers created with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub triggers: Option<Vec<AdminPointsTrigger>>,
}

/// A points system to create, with its parts or not at all.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CreatePointsSystemRequestItem {
    /// Its display name.
    pub name: String,
    /// Its key.
    #[schema(pattern = r"^[a-zA-Z\d-_]+$")]
    pub key: String,
    /// Its description.
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Its badge.
    pub badge: Option<Badge>,
    /// The balance no award goes beyond.
    #[schema(minimum = 1)]
    pub max_points: Option<i64>,
    /// Levels to create with it.
    #[schema(nullable = false)]
    pub levels: Option<Vec<CreatePointsLevelRequestItem>>,
    /// Boosts to create with it.
    #[schema(nullable = false)]
    pub boosts: Option<Vec<CreatePointsBoostRequestItem>>,
    /// Triggers to create with it.
    #[schema(nullable = false)]
    pub triggers: Option<Vec<CreatePointsTriggerRequestItem>>,
}

/// A points system to update.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct UpdatePointsSystemRequestItem {
    /// Its id.
    pub id: Uuid,
    /// A new display name.
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// A new description.
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// A new badge; null clears it.
    pub badge: Option<Badge>,
    /// A new maximum; null lifts it.
    #[schema(minimum = 1)]
    pub max_points: Option<i64>,
}

fn create_one(
    calendar: &Calendar,
    catalog: &mut Catalog,
    item: Fields<'_>,
    now: Timestamp,
) -> Result<CreatedAdminPointsSystem, Invalid> {
    let system = catalog.create_points_system(read_draft(calendar, item)?, now)?;
    let levels = system.levels.iter().map(|level: &Level| level.into()).collect();
    let triggers = system.triggers.iter().map(|trigger: &Trigger| trigger.into()).collect();
    Ok(CreatedAdminPointsSystem {
        system: system.into(),
        levels: item.value("levels").map(|_| levels),
        boosts: item.value("boosts").map(|_| calendar.all(system)),
        triggers: item.value("triggers").map(|_| triggers),
    })
}

fn read_draft(calendar: &Calendar, item: Fields<'_>) -> Result<PointsSystemDraft, Invalid> {
    Ok(PointsSystemDraft {
        name: item.required("name", json::name)?,
        key: item.required("key", json::text)?.to_owned(),
        description: item.optional("description", description)?.unwrap_or_default(),
        badge_url: item.nullable("badge", json::image_url)?.into_option(),
        max_points: item.nullable("maxPoints", json::integer(1, WHOLE_MAX))?.into_option(),
        levels: item.optional("levels", nested(levels::read_draft))?.unwrap_or_default(),
        boosts: item
            .optional("boosts", nested(|boost| calendar.read_draft(boost)))?
            .unwrap_or_default(),
        triggers: item.optional("triggers", nested(trigger::read_draft))?.unwrap_or_default(),
    })
}

/// Reads nested items, with their place in front of messages. (C-POINTS-05)
fn nested<T>(
    read: impl Fn(Fields<'_>) -> Result<T, Invalid>,
) -> impl Fn(&Value, &str) -> Result<Vec<T>, Invalid> {
    move |value, field| {
        let items = json::array(value, field)?;
        if items.len() > ITEMS_MAX {
            return Err(Invalid::error(format!("{field} must have at most {ITEMS_MAX} items")));
        }
        let read_one = |(i, item)| {
            let inside = |invalid: Invalid| invalid.inside(&format!("{field}[{i}]"));
            Fields::of(item, "item").and_then(&read).map_err(inside)
        };
        items.iter().enumerate().map(read_one).collect()
    }
}

fn read_patch(item: Fields<'_>) -> Result<PointsSystemPatch, Invalid> {
    Ok(PointsSystemPatch {
        name: item.optional("name", json::name)?,
        description: item.optional("description", description)?,
        badge_url: item.nullable("badge", json::image_url)?,
        max_points: item.nullable("maxPoints", json::integer(1, WHOLE_MAX))?,
    })
}

/// List points systems.
#[utoipa::path(
    get,
    path = "/points",
    operation_id = "admin_points_systems_list",
    tag = "Admin",
    params(PageParameters),
    responses((status = 200, description = "One page of points systems", body = Vec<AdminPointsSystem>), Failures)
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Vec<AdminPointsSystem>>, ApiError> {
    let page = query.page()?;
    let catalog = app.engine.catalog(caller.scope);
    let systems = catalog.live_points_systems();
    Ok(batch::shown(batch::oldest_first(systems, page, |own| (own.stamps.created_at, own.id.0))))
}

/// Create points systems, each with its parts or not at all.
#[utoipa::path(
    post,
    path = "/points",
    operation_id = "admin_points_systems_create",
    tag = "Admin",
    request_body = Vec<CreatePointsSystemRequestItem>,
    responses(
        (status = 200, description = "Nothing was created", body = Created<CreatedAdminPointsSystem>),
        (status = 201, description = "At least one system was created", body = Created<CreatedAdminPointsSystem>),
        BodyFailures
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Created<CreatedAdminPointsSystem>>), ApiError> {
    let items = Batch::of(body)?;
    let boosts = items.items().iter().filter_map(|item| item.get("boosts")?.as_array());
    let users: Vec<_> = boosts.flat_map(|boosts| boosts::named_users(boosts)).collect();
    let calendar = Calendar::of(&app, caller.scope, users).await?;
    batch::create(&app, caller.scope, items, move |catalog, item, now| {
        create_one(&calendar, catalog, item, now)
    })
    .await
}

/// Update points systems.
#[utoipa::path(
    patch,
    path = "/points",
    operation_id = "admin_points_systems_update",
    tag = "Admin",
    request_body = Vec<UpdatePointsSystemRequestItem>,
    responses((status = 200, description = "What was updated", body = Updated<AdminPointsSystem>), BodyFailures)
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<Updated<AdminPointsSystem>>, ApiError> {
    batch::update(&app, caller.scope, Batch::of(body)?, |catalog, id, item, now| {
        Ok(catalog.update_points_system(PointsSystemId(id), read_patch(item)?, now)?.into())
    })
    .await
}

/// Delete points systems with their triggers, levels and boosts.
#[utoipa::path(
    delete,
    path = "/points",
    operation_id = "admin_points_systems_delete",
    tag = "Admin",
    params(IdsParameters),
    responses((status = 200, description = "What was deleted", body = Deleted), Failures)
)]
pub(super) async fn delete(
    State(app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Deleted>, ApiError> {
    batch::delete_with_boards(&app, caller.scope, Ids::of(&query)?, |catalog, id, now| {
        catalog.delete_points_system(PointsSystemId(id), now)
    })
    .await
}

/// Read a points system.
#[utoipa::path(
    get,
    path = "/points/{id}",
    operation_id = "admin_points_systems_get",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the points system")),
    responses((status = 200, description = "The points system", body = AdminPointsSystem), Failures, Absent)
)]
pub(super) async fn read(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<AdminPointsSystem>, ApiError> {
    let id = segments.uuid("id", PointsSystemId)?;
    let catalog = app.engine.catalog(caller.scope);
    Ok(Json(points_system(&catalog, id)?.into()))
}
