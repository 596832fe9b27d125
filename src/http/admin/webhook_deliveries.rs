//! `/webhook-deliveries`: what was told to whom and how it went. (C-WH-23 to 25)

use std::collections::BTreeSet;

use actors::{DeliveryFilter, LoggedDelivery};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ids::{DeliveryId, WebhookId};
use domain::webhook::{Attempt, AttemptResult, DeliveryStatus, WebhookEvent};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::wire::{Absent, Failures};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Query, Segments};
use crate::http::json::parse_uuid;
use crate::http::wire::scalar::At;

/// One event on its way to one webhook. (C-WH-24)
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminWebhookDelivery {
    /// Its id.
    id: Uuid,
    /// The id of the event, the same for every webhook that gets it.
    event_id: Uuid,
    /// The type of the event.
    #[serde(rename = "type")]
    kind: &'static str,
    /// To whom.
    webhook_id: Uuid,
    /// Where it stands; cancelled ones have failed.
    #[schema(value_type = WebhookDeliveryStatus)]
    status: &'static str,
    /// Whether it was given up because the webhook was deactivated or deleted.
    cancelled: bool,
    /// When the event fired.
    created: At,
    /// When the next attempt is due; null once it is over.
    #[schema(required)]
    next_attempt: Option<At>,
    /// What is sent.
    #[schema(value_type = Object)]
    payload: Value,
    /// What was tried, oldest first.
    attempts: Vec<AdminWebhookAttempt>,
}

/// Where a delivery stands.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum WebhookDeliveryStatus {
    /// Nothing was tried yet.
    Pending,
    /// Tried in vain, to be tried again.
    Retrying,
    /// Delivered.
    Succeeded,
    /// Tried in vain for the last time, or cancelled.
    Failed,
}

/// One attempt.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminWebhookAttempt {
    /// Its number, from 1.
    number: usize,
    /// When it started.
    started: At,
    /// How long it took, in milliseconds.
    duration: u64,
    /// The HTTP status of the response; null without one.
    #[schema(required)]
    status: Option<u16>,
    /// What went wrong; null with a response.
    #[schema(required)]
    error: Option<String>,
    /// The first 4 KiB of the response's body; null without a response.
    #[schema(required)]
    response: Option<String>,
}

impl AdminWebhookAttempt {
    fn new(number: usize, attempt: Attempt) -> Self {
        let (status, error, response) = match attempt.result {
            AttemptResult::Status(status) => (Some(status), None, Some(attempt.response)),
            AttemptResult::Error(error) => (None, Some(error), None),
        };
        let (started, duration) = (At(attempt.started_at), attempt.duration_ms);
        Self { number, started, duration, status, error, response }
    }
}

impl From<LoggedDelivery> for AdminWebhookDelivery {
    fn from(LoggedDelivery { place, delivery, message }: LoggedDelivery) -> Self {
        let attempts = (1..).zip(delivery.attempts);
        Self {
            id: place.id().0,
            event_id: message.id.0,
            kind: message.event.as_str(),
            webhook_id: delivery.webhook.0,
            status: status_name(delivery.status),
            cancelled: delivery.status == DeliveryStatus::Cancelled,
            created: At(place.message.at),
            next_attempt: delivery.due.map(At),
            payload: serde_json::from_str(&message.payload).unwrap_or_default(),
            attempts: attempts.map(|(n, attempt)| AdminWebhookAttempt::new(n, attempt)).collect(),
        }
    }
}

const fn status_name(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Retrying => "retrying",
        DeliveryStatus::Succeeded => "succeeded",
        DeliveryStatus::Failed | DeliveryStatus::Cancelled => "failed",
    }
}

/// Which deliveries are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the query, which is read parameter by parameter")]
pub struct DeliveryParameters {
    /// Those to this webhook.
    webhook_id: Option<Uuid>,
    /// Those of this type of event.
    #[param(rename = "type")]
    kind: Option<String>,
    /// Those that stand like this.
    #[param(value_type = Option<WebhookDeliveryStatus>)]
    status: Option<String>,
    /// How many to answer with at most.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
    /// How many to leave out first.
    #[param(minimum = 0, default = 0)]
    skip: Option<u32>,
}

fn filter(query: &Query) -> Result<DeliveryFilter, ApiError> {
    let webhook = query.text("webhookId").map(|text| {
        parse_uuid(text)
            .map(WebhookId)
            .ok_or_else(|| ApiError::invalid("webhookId must be a valid UUID"))
    });
    let event = query.text("type").map(|text| {
        WebhookEvent::parse(text)
            .ok_or_else(|| ApiError::invalid("type must be a type of webhook event"))
    });
    let statuses = query.text("status").map(|text| match text {
        "pending" => Ok(BTreeSet::from([DeliveryStatus::Pending])),
        "retrying" => Ok(BTreeSet::from([DeliveryStatus::Retrying])),
        "succeeded" => Ok(BTreeSet::from([DeliveryStatus::Succeeded])),
        "failed" => Ok(BTreeSet::from([DeliveryStatus::Failed, DeliveryStatus::Cancelled])),
        _ => Err(ApiError::invalid("status must be one of pending, retrying, succeeded, failed")),
    });
    Ok(DeliveryFilter {
        webhook: webhook.transpose()?,
        event: event.transpose()?,
        statuses: statuses.transpose()?.unwrap_or_default(),
    })
}

/// List webhook deliveries, the newest events first.
#[utoipa::path(
    get,
    path = "/webhook-deliveries",
    operation_id = "admin_webhook_deliveries_list",
    tag = "Admin",
    params(DeliveryParameters),
    responses((status = 200, description = "One page of deliveries", body = Vec<AdminWebhookDelivery>), Failures)
)]
pub(super) async fn list(
    State(app): State<App>,
    _caller: Caller,
    query: Query,
) -> Result<Json<Vec<AdminWebhookDelivery>>, ApiError> {
    let page = query.page()?;
    let wanted = filter(&query)?;
    let found = app.engine.webhook_deliveries(wanted, page.limit, page.skip).await?;
    Ok(Json(found.into_iter().map(AdminWebhookDelivery::from).collect()))
}

fn find(app: &App, segments: &Segments) -> Result<LoggedDelivery, ApiError> {
    let id = segments.uuid("id", DeliveryId)?;
    app.engine.find_webhook_delivery(id)?.ok_or_else(not_found)
}

fn not_found() -> ApiError {
    ApiError::not_found("Webhook delivery not found")
}

/// Read a webhook delivery.
#[utoipa::path(
    get,
    path = "/webhook-deliveries/{id}",
    operation_id = "admin_webhook_deliveries_get",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the delivery")),
    responses((status = 200, description = "The delivery", body = AdminWebhookDelivery), Failures, Absent)
)]
pub(super) async fn read(
    State(app): State<App>,
    _caller: Caller,
    segments: Segments,
) -> Result<Json<AdminWebhookDelivery>, ApiError> {
    Ok(Json(find(&app, &segments)?.into()))
}

/// Deliver an event once more, in a single attempt with the same event id. (C-WH-25)
#[utoipa::path(
    post,
    path = "/webhook-deliveries/{id}/redeliver",
    operation_id = "admin_webhook_deliveries_redeliver",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the delivery")),
    responses((status = 201, description = "The new delivery", body = AdminWebhookDelivery), Failures, Absent)
)]
pub(super) async fn redeliver(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<(StatusCode, Json<AdminWebhookDelivery>), ApiError> {
    let logged = find(&app, &segments)?;
    let catalog = app.engine.catalog(caller.scope);
    let webhook = catalog
        .find_webhook(logged.delivery.webhook)
        .filter(|webhook| webhook.active)
        .ok_or_else(|| ApiError::invalid("Webhook is inactive or deleted"))?;
    let made = app.engine.redeliver_webhook(logged.place, webhook).await?;
    // It may have been purged in between.
    let made = made.ok_or_else(not_found)?;
    Ok((StatusCode::CREATED, Json(made.into())))
}
