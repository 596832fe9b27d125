//! `/metrics`: what is counted. (C-METRIC-02 to 05, C-ADM-30 to 32)

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalog::{Invalid, Metric, MetricDraft, MetricPatch, UnitType};
use domain::ids::MetricId;
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

/// A metric.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedMetric {
    /// Its id.
    pub id: Uuid,
    /// Its display name.
    pub name: String,
    /// Its key.
    pub key: String,
    /// How its values read.
    #[schema(value_type = MetricUnitType)]
    pub unit_type: &'static str,
    /// The unit or currency code, empty when unset.
    pub units: String,
}

impl From<&Metric> for CreatedMetric {
    fn from(metric: &Metric) -> Self {
        Self {
            id: metric.id.0,
            name: metric.name.clone(),
            key: metric.key.to_string(),
            unit_type: metric.unit_type.as_str(),
            units: metric.units.clone(),
        }
    }
}

/// How a metric's values read.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum MetricUnitType {
    /// A plain number with a free-text unit.
    Number,
    /// An amount of money; `units` is an ISO 4217 code.
    Currency,
}

/// A metric to create.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CreateMetricRequestItem {
    /// Its display name.
    pub name: String,
    /// Its key.
    #[schema(pattern = r"^[a-zA-Z\d-_]+$")]
    pub key: String,
    /// How its values read.
    #[schema(nullable = false, default = "number")]
    pub unit_type: Option<MetricUnitType>,
    /// The unit, or the currency code.
    #[schema(nullable = false)]
    pub units: Option<String>,
}

/// A metric to update.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct UpdateMetricRequestItem {
    /// Its id.
    pub id: Uuid,
    /// A new display name.
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// How its values read from now on.
    #[schema(nullable = false)]
    pub unit_type: Option<MetricUnitType>,
    /// A new unit or currency code.
    #[schema(nullable = false)]
    pub units: Option<String>,
}

fn read_draft(item: Fields<'_>) -> Result<MetricDraft, Invalid> {
    Ok(MetricDraft {
        name: item.required("name", json::name)?,
        key: item.required("key", json::text)?.to_owned(),
        unit_type: item.optional("unitType", unit_type)?.unwrap_or(UnitType::Number),
        units: item.optional("units", units)?.unwrap_or_default(),
    })
}

fn read_patch(item: Fields<'_>) -> Result<MetricPatch, Invalid> {
    Ok(MetricPatch {
        name: item.optional("name", json::name)?,
        unit_type: item.optional("unitType", unit_type)?,
        units: item.optional("units", units)?,
    })
}

fn unit_type(value: &Value, field: &str) -> Result<UnitType, Invalid> {
    json::one_of(&[("number", UnitType::Number), ("currency", UnitType::Currency)])(value, field)
}

fn units(value: &Value, field: &str) -> Result<String, Invalid> {
    json::text_up_to(255)(value, field)
}

/// List metrics.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "admin_metrics_list",
    tag = "Admin",
    params(PageParameters),
    responses((status = 200, description = "One page of metrics", body = Vec<CreatedMetric>), Failures)
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Vec<CreatedMetric>>, ApiError> {
    let page = query.page()?;
    let catalog = app.engine.catalog(caller.scope);
    Ok(batch::shown(batch::oldest_first(catalog.live_metrics(), page, |own| {
        (own.created_at, own.id.0)
    })))
}

/// Create metrics.
#[utoipa::path(
    post,
    path = "/metrics",
    operation_id = "admin_metrics_create",
    tag = "Admin",
    request_body = Vec<CreateMetricRequestItem>,
    responses(
        (status = 200, description = "Nothing was created", body = Created<CreatedMetric>),
        (status = 201, description = "At least one metric was created", body = Created<CreatedMetric>),
        BodyFailures
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Created<CreatedMetric>>), ApiError> {
    batch::create(&app, caller.scope, Batch::of(body)?, |catalog, item, now| {
        Ok(catalog.create_metric(read_draft(item)?, now)?.into())
    })
    .await
}

/// Update metrics.
#[utoipa::path(
    patch,
    path = "/metrics",
    operation_id = "admin_metrics_update",
    tag = "Admin",
    request_body = Vec<UpdateMetricRequestItem>,
    responses((status = 200, description = "What was updated", body = Updated<CreatedMetric>), BodyFailures)
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<Updated<CreatedMetric>>, ApiError> {
    batch::update(&app, caller.scope, Batch::of(body)?, |catalog, id, item, _now| {
        Ok(catalog.update_metric(MetricId(id), read_patch(item)?)?.into())
    })
    .await
}

/// Delete metrics with the achievements, triggers and leaderboards built on them.
#[utoipa::path(
    delete,
    path = "/metrics",
    operation_id = "admin_metrics_delete",
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
        catalog.delete_metric(MetricId(id), now)
    })
    .await
}

/// Read a metric.
#[utoipa::path(
    get,
    path = "/metrics/{id}",
    operation_id = "admin_metrics_get",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the metric")),
    responses((status = 200, description = "The metric", body = CreatedMetric), Failures, Absent)
)]
pub(super) async fn read(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<CreatedMetric>, ApiError> {
    let id = segments.uuid("id", MetricId)?;
    let catalog = app.engine.catalog(caller.scope);
    let metric = catalog.find_metric(id).ok_or_else(|| ApiError::not_found("Metric not found"))?;
    Ok(Json(metric.into()))
}
