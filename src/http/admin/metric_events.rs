//! `POST /metrics/events`: many events at once, worked through later. (C-BATCH, C-ADM-33 to 36)
//!
//! The answer has no place for what is wrong with one item, so a batch is checked as a whole before
//! anything of it is kept: shapes first, then metrics, then attributes, as for a single event.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalog::{AttributeKind, Catalog, Invalid};
use domain::ids::MetricId;
use domain::user::SubmitEvent;
use serde::Serialize;
use serde_json::Value;
use storage::records::QueuedEvent;
use utoipa::ToSchema;

use super::wire::{Absent, BodyFailures};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::Body;
use crate::http::json::{self, Fields};
use crate::http::wire::event::EventBody;
use crate::http::wire::user::resolve;

/// Most events of one request. (C-BATCH-01)
const EVENTS_MAX: usize = 1_000;

/// One event of a batch.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct BatchMetricEvent {
    /// The metric's key.
    pub key: String,
    /// Who did it.
    pub user: BatchMetricEventUser,
    /// What is added to the metric.
    pub value: f64,
    /// The event's own attributes.
    #[schema(nullable = false)]
    pub attributes: Option<BTreeMap<String, String>>,
    /// Under this key the event counts once per user and metric.
    #[schema(nullable = false)]
    pub idempotency_key: Option<String>,
}

/// The user of an event of a batch; `null` clears a field.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct BatchMetricEventUser {
    /// The caller's own id of the user.
    #[schema(min_length = 1, max_length = 255)]
    pub id: String,
    /// Their address.
    pub email: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// Their time zone, as IANA calls it.
    pub tz: Option<String>,
    /// Replaces the stored list.
    pub device_tokens: Option<Vec<String>>,
    /// Whether they get emails.
    #[schema(nullable = false)]
    pub subscribe_to_emails: Option<bool>,
    /// Their attributes.
    #[schema(nullable = false)]
    pub attributes: Option<BTreeMap<String, String>>,
}

/// That a batch was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchEventsResponse {
    /// How many events are going to be worked through.
    pub accepted: u32,
}

/// An event with its shape checked.
struct Item<'a> {
    metric: &'a str,
    event: EventBody<'a>,
}

/// Accept up to 1,000 events, of any users. They count as of now, each exactly once, those of one
/// user in their order.
#[utoipa::path(
    post,
    path = "/metrics/events",
    operation_id = "admin_metrics_batch_events",
    tag = "Admin",
    request_body = Vec<BatchMetricEvent>,
    responses(
        (status = 202, description = "All events were accepted", body = BatchEventsResponse),
        (status = 503, description = "Too many batches wait, or nothing can be stored", body = crate::http::error::ErrorBody),
        BodyFailures,
        Absent
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<BatchEventsResponse>), ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    let events = read(&body, &catalog, &app.settings.console_base_url)?;
    let accepted = u32::try_from(events.len()).expect("a batch has few events");
    app.engine.submit_batch(events).await?;
    Ok((StatusCode::ACCEPTED, Json(BatchEventsResponse { accepted })))
}

/// The events of a batch that is right as a whole. (C-BATCH-02)
fn read(
    body: &Value,
    catalog: &Catalog,
    console_base_url: &str,
) -> Result<Vec<QueuedEvent>, ApiError> {
    let events = body.as_array().filter(|events| (1..=EVENTS_MAX).contains(&events.len()));
    let events = events.ok_or_else(|| {
        ApiError::invalid(format!("body must be an array of 1 to {EVENTS_MAX} items"))
    })?;
    let of_item = |index| move |error: ApiError| error.inside(&format!("Item {index}"));
    let mut items = Vec::with_capacity(events.len());
    for (index, event) in events.iter().enumerate() {
        items.push(read_item(event).map_err(ApiError::from).map_err(of_item(index))?);
    }
    let metrics = items.iter().map(|item| find_metric(catalog, item.metric));
    let metrics = metrics.collect::<Result<Vec<_>, _>>()?;
    let resolved = items.into_iter().zip(metrics).enumerate().map(|(index, (item, metric))| {
        queued(item.event, metric, catalog, console_base_url).map_err(of_item(index))
    });
    resolved.collect()
}

fn read_item(event: &Value) -> Result<Item<'_>, Invalid> {
    let fields = Fields::of(event, "item")?;
    Ok(Item { metric: fields.required("key", json::text)?, event: EventBody::read(event)? })
}

fn find_metric(catalog: &Catalog, key: &str) -> Result<MetricId, ApiError> {
    let metric = catalog.find_metric_by_key(key);
    metric
        .map(|metric| metric.id)
        .ok_or_else(|| ApiError::not_found(format!("Metric not found: {key}")))
}

fn queued(
    event: EventBody<'_>,
    metric: MetricId,
    catalog: &Catalog,
    console_base_url: &str,
) -> Result<QueuedEvent, ApiError> {
    // User keys are checked before event keys. (C-ATTR-04)
    let profile = event.user.resolve(catalog, console_base_url)?;
    let attributes = resolve(event.attributes, AttributeKind::Event, catalog, console_base_url)?;
    let submitted = SubmitEvent {
        metric,
        value: event.value,
        attributes: attributes.into_iter().collect(),
        profile,
        idempotency_key: event.idempotency_key,
        replay_of: None,
        queued: None,
    };
    Ok(QueuedEvent { user: event.user_id, event: submitted })
}
