//! `/points/{systemId}/boosts`: what multiplies awards. (C-POINTS-32 to 44, C-ADM-58 to 63)
//!
//! Boosts of one user need that user to exist and show a status by that user's calendar, so their
//! users' days are read before the catalog is changed.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::amount::Amount;
use domain::catalog::{
    Boost, BoostDraft, BoostPatch, BoostTerms, Catalog, Invalid, PointsSystem, Rounding,
};
use domain::ids::{BoostId, PointsSystemId, Scope, UserId};
use domain::time::{Date, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::batch::{self, Batch, Created, Deleted, Ids, Updated};
use super::points_system;
use super::wire::{
    Absent, AttributeFilter, BodyFailures, Failures, IdsParameters, PageParameters, date, filters,
};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Query, Segments, USER_ID_FORM};
use crate::http::json::{self, Fields};
use crate::http::wire::boost::{BoostRounding, BoostStatus};
use crate::http::wire::scalar::{Decimal, On};

/// A boost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminPointsBoost {
    /// Its id.
    pub id: Uuid,
    /// Its display name.
    pub name: String,
    /// Where it stands in time.
    pub status: BoostStatus,
    /// Its first date.
    pub start: On,
    /// Its last date; null for open-ended.
    #[schema(required)]
    pub end: Option<On>,
    /// What awards are multiplied by.
    pub multiplier: Decimal,
    /// How the product is rounded.
    pub rounding: BoostRounding,
    /// The one user it is for; null for everyone.
    #[schema(required)]
    pub user_id: Option<String>,
    /// For which users it holds. Only if it is not for one user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user_attributes: Option<Vec<AttributeFilter>>,
}

/// What the status of a boost depends on: the instant, and the day of each user.
pub(super) struct Calendar {
    now: Timestamp,
    days: HashMap<UserId, Date>,
}

impl Calendar {
    /// The days of all users that `named` finds; who doesn't exist has none.
    ///
    /// # Errors
    /// Those of the engine.
    pub(super) async fn of(
        app: &App,
        scope: Scope,
        named: impl IntoIterator<Item = UserId>,
    ) -> Result<Self, ApiError> {
        let named = named.into_iter().collect();
        Ok(Self { now: app.engine.now(), days: app.engine.effective_days(scope, named).await? })
    }

    /// How the boost is shown. (C-ADM-61)
    pub(super) fn shown(&self, boost: &Boost, terms: &BoostTerms) -> AdminPointsBoost {
        let day = boost.user.as_ref().and_then(|user| self.days.get(user));
        let status = match day {
            Some(day) => terms.status_on(*day),
            None => terms.shared_status(self.now),
        };
        AdminPointsBoost {
            id: boost.id.0,
            name: terms.name.clone(),
            status: status.into(),
            start: On(terms.start),
            end: terms.end.map(On),
            multiplier: Decimal(terms.multiplier),
            rounding: terms.rounding.into(),
            user_id: boost.user.as_ref().map(|user| user.as_str().to_owned()),
            user_attributes: match boost.user {
                Some(_) => None,
                None => Some(AttributeFilter::all(&terms.user_filters)),
            },
        }
    }

    /// All live boosts of a system, as it was just created.
    pub(super) fn all(&self, system: &PointsSystem) -> Vec<AdminPointsBoost> {
        system.live_boosts().map(|(boost, terms)| self.shown(boost, terms)).collect()
    }

    /// Reads a boost to create, on its own or inside a points system. (C-ADM-58, C-ADM-59)
    pub(super) fn read_draft(&self, item: Fields<'_>) -> Result<BoostDraft, Invalid> {
        let user = item.nullable("userId", user_id)?.into_option();
        if user.as_ref().is_some_and(|user| !self.days.contains_key(user)) {
            return Err(Invalid::error("User does not exist"));
        }
        let filters = item.nullable("userAttributes", filters)?.into_option();
        let terms = BoostTerms {
            name: item.required("name", json::name)?,
            start: item.required("start", date)?,
            end: item.nullable("end", date)?.into_option(),
            multiplier: item.required("multiplier", multiplier)?,
            rounding: item.optional("rounding", rounding)?.unwrap_or(Rounding::Down),
            user_filters: filters.unwrap_or_default(),
        };
        Ok(BoostDraft { user, terms })
    }
}

/// The users that boosts to create name.
pub(super) fn named_users(items: &[Value]) -> impl Iterator<Item = UserId> {
    items.iter().filter_map(|item| UserId::new(item.get("userId")?.as_str()?))
}

/// The users of the boosts that a system has.
fn boosted_users(catalog: &Catalog, system: PointsSystemId) -> Vec<UserId> {
    let boosts = catalog.find_points_system(system).into_iter().flat_map(PointsSystem::live_boosts);
    boosts.filter_map(|(boost, _)| boost.user.clone()).collect()
}

/// A boost to create.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CreatePointsBoostRequestItem {
    /// Its display name.
    pub name: String,
    /// Its first date.
    pub start: On,
    /// Its last date; null for open-ended.
    pub end: Option<On>,
    /// What awards are multiplied by: above 0, below 100, not 1.
    pub multiplier: Decimal,
    /// How the product is rounded.
    #[schema(nullable = false, default = "down")]
    pub rounding: Option<BoostRounding>,
    /// The one user it is for.
    pub user_id: Option<String>,
    /// For which users it holds; not together with `userId`.
    pub user_attributes: Option<Vec<AttributeFilter>>,
}

/// A boost to update; later awards see it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PatchPointsBoostsRequestItem {
    /// Its id.
    pub id: Uuid,
    /// A new display name.
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// A new first date.
    #[schema(nullable = false)]
    pub start: Option<On>,
    /// A new last date; null opens the window.
    pub end: Option<On>,
    /// A new multiplier.
    #[schema(nullable = false)]
    pub multiplier: Option<Decimal>,
    /// A new rounding.
    #[schema(nullable = false)]
    pub rounding: Option<BoostRounding>,
    /// New user filters; null clears them. Not for boosts of one user.
    pub user_attributes: Option<Vec<AttributeFilter>>,
}

fn read_patch(item: Fields<'_>) -> Result<BoostPatch, Invalid> {
    Ok(BoostPatch {
        name: item.optional("name", json::name)?,
        start: item.optional("start", date)?,
        end: item.nullable("end", date)?,
        multiplier: item.optional("multiplier", multiplier)?,
        rounding: item.optional("rounding", rounding)?,
        user_filters: item.nullable("userAttributes", filters)?,
    })
}

fn user_id(value: &Value, field: &str) -> Result<UserId, Invalid> {
    UserId::new(json::text(value, field)?)
        .ok_or_else(|| Invalid::error(format!("userId: {USER_ID_FORM}")))
}

fn multiplier(value: &Value, field: &str) -> Result<Amount, Invalid> {
    json::amount(value, field)
}

fn rounding(value: &Value, field: &str) -> Result<Rounding, Invalid> {
    json::one_of(&[("down", Rounding::Down), ("up", Rounding::Up), ("nearest", Rounding::Nearest)])(
        value, field,
    )
}

/// List the boosts of a points system.
#[utoipa::path(
    get,
    path = "/points/{systemId}/boosts",
    operation_id = "admin_points_boosts_list",
    tag = "Admin",
    params(("systemId" = Uuid, Path, description = "The id of the points system"), PageParameters),
    responses((status = 200, description = "One page of boosts", body = Vec<AdminPointsBoost>), Failures, Absent)
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
    query: Query,
) -> Result<Json<Vec<AdminPointsBoost>>, ApiError> {
    let id = segments.uuid("systemId", PointsSystemId)?;
    let page = query.page()?;
    let catalog = app.engine.catalog(caller.scope);
    let system = points_system(&catalog, id)?;
    let boosts = system.live_boosts();
    let shown = batch::oldest_first(boosts, page, |(boost, _)| (boost.created_at, boost.id.0));
    let shown: Vec<_> = shown.collect();
    let users = shown.iter().filter_map(|(boost, _)| boost.user.clone());
    let calendar = Calendar::of(&app, caller.scope, users).await?;
    Ok(Json(shown.into_iter().map(|(boost, terms)| calendar.shown(boost, terms)).collect()))
}

/// Create boosts; they are live by their dates.
#[utoipa::path(
    post,
    path = "/points/{systemId}/boosts",
    operation_id = "admin_points_boosts_create",
    tag = "Admin",
    params(("systemId" = Uuid, Path, description = "The id of the points system")),
    request_body = Vec<CreatePointsBoostRequestItem>,
    responses(
        (status = 200, description = "Nothing was created", body = Created<AdminPointsBoost>),
        (status = 201, description = "At least one boost was created", body = Created<AdminPointsBoost>),
        BodyFailures,
        Absent
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
    Body(body): Body,
) -> Result<(StatusCode, Json<Created<AdminPointsBoost>>), ApiError> {
    let system = segments.uuid("systemId", PointsSystemId)?;
    let items = Batch::of(body)?;
    points_system(&app.engine.catalog(caller.scope), system)?;
    let calendar = Calendar::of(&app, caller.scope, named_users(items.items())).await?;
    batch::create(&app, caller.scope, items, move |catalog, item, now| {
        let boost = catalog.create_boost(system, calendar.read_draft(item)?, now)?;
        Ok(calendar.shown(boost, current(boost)))
    })
    .await
}

/// Update boosts; only later awards see it.
#[utoipa::path(
    patch,
    path = "/points/{systemId}/boosts",
    operation_id = "admin_points_boosts_update",
    tag = "Admin",
    params(("systemId" = Uuid, Path, description = "The id of the points system")),
    request_body = Vec<PatchPointsBoostsRequestItem>,
    responses((status = 200, description = "What was updated", body = Updated<AdminPointsBoost>), BodyFailures, Absent)
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
    Body(body): Body,
) -> Result<Json<Updated<AdminPointsBoost>>, ApiError> {
    let system = segments.uuid("systemId", PointsSystemId)?;
    let items = Batch::of(body)?;
    let catalog = app.engine.catalog(caller.scope);
    points_system(&catalog, system)?;
    let calendar = Calendar::of(&app, caller.scope, boosted_users(&catalog, system)).await?;
    batch::update(&app, caller.scope, items, move |catalog, id, item, now| {
        let boost = catalog.update_boost(system, BoostId(id), read_patch(item)?, now)?;
        Ok(calendar.shown(boost, current(boost)))
    })
    .await
}

fn current(boost: &Boost) -> &BoostTerms {
    boost.terms.current().as_ref().expect("a boost just created or changed is live")
}

/// Delete boosts; what they added stays.
#[utoipa::path(
    delete,
    path = "/points/{systemId}/boosts",
    operation_id = "admin_points_boosts_delete",
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
        catalog.delete_boost(system, BoostId(id), now)
    })
    .await
}

/// Read a boost.
#[utoipa::path(
    get,
    path = "/points/{systemId}/boosts/{id}",
    operation_id = "admin_points_boosts_get",
    tag = "Admin",
    params(
        ("systemId" = Uuid, Path, description = "The id of the points system"),
        ("id" = Uuid, Path, description = "The id of the boost")
    ),
    responses((status = 200, description = "The boost", body = AdminPointsBoost), Failures, Absent)
)]
pub(super) async fn read(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<AdminPointsBoost>, ApiError> {
    let system = segments.uuid("systemId", PointsSystemId)?;
    let id = segments.uuid("id", BoostId)?;
    let catalog = app.engine.catalog(caller.scope);
    let found = points_system(&catalog, system)?.find_boost(id);
    let (boost, terms) = found.ok_or_else(|| ApiError::not_found("Points boost not found"))?;
    let calendar = Calendar::of(&app, caller.scope, boost.user.clone()).await?;
    Ok(Json(calendar.shown(boost, terms)))
}
