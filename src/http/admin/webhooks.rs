//! `/webhooks`: who is told what, their secrets, and samples. (C-WH-01 to 08)
//!
//! The hosted product keeps these in its dashboard; here they are a resource like any other. A
//! secret is sealed before it enters the catalog and opened only to be shown.

use std::fmt;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalog::{Invalid, Webhook, WebhookDraft, WebhookPatch};
use domain::ids::WebhookId;
use domain::webhook::WebhookEvent;
use reqwest::Url;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::batch::{self, Batch, Created, Deleted, Ids, Updated};
use super::webhook_deliveries::AdminWebhookDelivery;
use super::wire::{Absent, BodyFailures, Failures, IdsParameters, PageParameters};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Query, Segments};
use crate::http::json::{self, Fields};
use crate::http::wire::scalar::At;
use crate::http::wire::webhook::sample as sample_of;
use crate::secrets::{MasterKey, WebhookSecret};

/// Longest URL, in characters. (C-WH-02)
const URL_CHARS_MAX: usize = 2048;

/// A webhook. (C-WH-02)
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AdminWebhook {
    /// Its id.
    pub id: Uuid,
    /// Its display name.
    pub name: String,
    /// Where it listens.
    pub url: String,
    /// The types of events it is told of.
    pub events: Vec<&'static str>,
    /// Whether it is told anything.
    #[schema(value_type = WebhookStatus)]
    pub status: &'static str,
    /// When it was created.
    pub created: At,
    /// When it last changed.
    pub updated: At,
}

impl From<&Webhook> for AdminWebhook {
    fn from(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id.0,
            name: webhook.name.clone(),
            url: webhook.url.clone(),
            events: webhook.events.iter().map(|event| event.as_str()).collect(),
            status: if webhook.active { "active" } else { "inactive" },
            created: At(webhook.stamps.created_at),
            updated: At(webhook.stamps.updated_at),
        }
    }
}

/// A new webhook with its secret.
#[derive(Serialize, ToSchema)]
pub struct CreatedWebhook {
    #[serde(flatten)]
    webhook: AdminWebhook,
    /// What its attempts are signed with.
    secret: String,
}

/// Without the secret.
impl fmt::Debug for CreatedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.webhook.fmt(f)
    }
}

/// Whether a webhook is told anything.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum WebhookStatus {
    /// It is.
    Active,
    /// It isn't.
    Inactive,
}

/// A webhook's secret, in both forms. (C-WH-06)
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSecretResponse {
    /// As it is: the key of `X-Trophy-Signature`.
    secret: String,
    /// The same bytes as libraries for Standard Webhooks expect them: the key of
    /// `webhook-signature`.
    standard_webhooks_secret: String,
}

impl From<&WebhookSecret> for WebhookSecretResponse {
    fn from(secret: &WebhookSecret) -> Self {
        Self { secret: secret.reveal().to_owned(), standard_webhooks_secret: secret.standard() }
    }
}

/// A webhook to create.
#[derive(ToSchema)]
pub struct CreateWebhookRequestItem {
    /// Its display name.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Where it listens: http or https, without credentials.
    #[schema(max_length = 2048)]
    pub url: String,
    /// The types of events it is told of.
    #[schema(min_items = 1, max_items = 18)]
    pub events: Vec<String>,
}

/// A webhook to update.
#[derive(ToSchema)]
pub struct UpdateWebhookRequestItem {
    /// Its id.
    pub id: Uuid,
    /// A new display name.
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// A new place where it listens.
    #[schema(nullable = false)]
    pub url: Option<String>,
    /// Another set of events.
    #[schema(nullable = false)]
    pub events: Option<Vec<String>>,
    /// Whether it is told anything.
    #[schema(nullable = false)]
    pub status: Option<WebhookStatus>,
}

/// A sample to send.
#[derive(ToSchema)]
pub struct WebhookSampleRequest {
    /// The type of event.
    #[schema(rename = "type")]
    pub kind: String,
}

fn read_draft(item: Fields<'_>) -> Result<WebhookDraft, Invalid> {
    Ok(WebhookDraft {
        name: item.required("name", json::name)?,
        url: item.required("url", url)?,
        events: item.required("events", events)?,
    })
}

fn read_patch(item: Fields<'_>) -> Result<WebhookPatch, Invalid> {
    Ok(WebhookPatch {
        name: item.optional("name", json::name)?,
        url: item.optional("url", url)?,
        events: item.optional("events", events)?,
        active: item.optional("status", json::one_of(&[("active", true), ("inactive", false)]))?,
    })
}

/// (C-WH-02)
fn url(value: &Value, field: &str) -> Result<String, Invalid> {
    let text = json::text(value, field)?;
    checked_url(text).ok_or_else(|| Invalid::error(format!("{field} must be {URL_FORM}")))
}

/// What a webhook's URL must look like, as error messages say it.
pub(crate) const URL_FORM: &str =
    "an absolute http(s) URL of at most 2048 characters without credentials";

/// The text, if it can be a webhook's URL. (C-WH-02)
pub(crate) fn checked_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let well_formed = ["http", "https"].contains(&url.scheme())
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && !text.chars().any(char::is_whitespace)
        && text.chars().count() <= URL_CHARS_MAX;
    well_formed.then(|| text.to_owned())
}

fn events(value: &Value, field: &str) -> Result<Vec<WebhookEvent>, Invalid> {
    let read = |(i, entry): (usize, &Value)| event(entry, &format!("{field}[{i}]"));
    json::array(value, field)?.iter().enumerate().map(read).collect()
}

fn event(value: &Value, field: &str) -> Result<WebhookEvent, Invalid> {
    let name = json::text(value, field)?;
    WebhookEvent::parse(name)
        .ok_or_else(|| Invalid::error(format!("{field} must be a type of webhook event")))
}

/// The live webhook that a path names.
fn find<'a>(
    catalog: &'a domain::catalog::Catalog,
    segments: &Segments,
) -> Result<&'a Webhook, ApiError> {
    let id = segments.uuid("id", WebhookId)?;
    catalog.find_webhook(id).ok_or_else(|| ApiError::not_found("Webhook not found"))
}

fn opened(key: &MasterKey, webhook: &Webhook) -> Result<WebhookSecret, ApiError> {
    key.open(&webhook.secret)
        .map_err(|error| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

/// List webhooks.
#[utoipa::path(
    get,
    path = "/webhooks",
    operation_id = "admin_webhooks_list",
    tag = "Admin",
    params(PageParameters),
    responses((status = 200, description = "One page of webhooks", body = Vec<AdminWebhook>), Failures)
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Query,
) -> Result<Json<Vec<AdminWebhook>>, ApiError> {
    let page = query.page()?;
    let catalog = app.engine.catalog(caller.scope);
    Ok(batch::shown(batch::oldest_first(catalog.live_webhooks(), page, |own| {
        (own.stamps.created_at, own.id.0)
    })))
}

/// Create webhooks. Only here and at `/webhooks/{id}/secret` the secret is told.
#[utoipa::path(
    post,
    path = "/webhooks",
    operation_id = "admin_webhooks_create",
    tag = "Admin",
    request_body = Vec<CreateWebhookRequestItem>,
    responses(
        (status = 200, description = "Nothing was created", body = Created<CreatedWebhook>),
        (status = 201, description = "At least one webhook was created", body = Created<CreatedWebhook>),
        BodyFailures
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<(StatusCode, Json<Created<CreatedWebhook>>), ApiError> {
    let key = app.master_key.clone();
    batch::create(&app, caller.scope, Batch::of(body)?, move |catalog, item, now| {
        let secret = WebhookSecret::generate();
        let created = catalog.create_webhook(read_draft(item)?, key.seal(&secret), now)?;
        Ok(CreatedWebhook { webhook: created.into(), secret: secret.reveal().to_owned() })
    })
    .await
}

/// Update webhooks. Deactivating one cancels what is pending.
#[utoipa::path(
    patch,
    path = "/webhooks",
    operation_id = "admin_webhooks_update",
    tag = "Admin",
    request_body = Vec<UpdateWebhookRequestItem>,
    responses((status = 200, description = "What was updated", body = Updated<AdminWebhook>), BodyFailures)
)]
pub(super) async fn update(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body,
) -> Result<Json<Updated<AdminWebhook>>, ApiError> {
    batch::update(&app, caller.scope, Batch::of(body)?, |catalog, id, item, now| {
        Ok(catalog.update_webhook(WebhookId(id), read_patch(item)?, now)?.into())
    })
    .await
}

/// Delete webhooks. What is pending is cancelled.
#[utoipa::path(
    delete,
    path = "/webhooks",
    operation_id = "admin_webhooks_delete",
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
        catalog.delete_webhook(WebhookId(id), now)
    })
    .await
}

/// Read a webhook.
#[utoipa::path(
    get,
    path = "/webhooks/{id}",
    operation_id = "admin_webhooks_get",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the webhook")),
    responses((status = 200, description = "The webhook", body = AdminWebhook), Failures, Absent)
)]
pub(super) async fn read(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<AdminWebhook>, ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    Ok(Json(find(&catalog, &segments)?.into()))
}

/// Read a webhook's secret.
#[utoipa::path(
    get,
    path = "/webhooks/{id}/secret",
    operation_id = "admin_webhooks_secret",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the webhook")),
    responses((status = 200, description = "The secret", body = WebhookSecretResponse), Failures, Absent)
)]
pub(super) async fn secret(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<WebhookSecretResponse>, ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    let secret = opened(&app.master_key, find(&catalog, &segments)?)?;
    Ok(Json((&secret).into()))
}

/// Give a webhook another secret, in force from the next attempt on. (C-WH-07)
#[utoipa::path(
    post,
    path = "/webhooks/{id}/rotate",
    operation_id = "admin_webhooks_rotate",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the webhook")),
    responses((status = 200, description = "The new secret", body = WebhookSecretResponse), Failures, Absent)
)]
pub(super) async fn rotate(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<WebhookSecretResponse>, ApiError> {
    let id = find(&app.engine.catalog(caller.scope), &segments)?.id;
    let secret = WebhookSecret::generate();
    let sealed = app.master_key.seal(&secret);
    let change = move |catalog: &mut domain::catalog::Catalog, now| {
        catalog.rotate_webhook(id, sealed, now).map(|_| ())
    };
    let rotated = app.engine.change_catalog(caller.scope, change).await?;
    // It may have been deleted in between.
    rotated.map_err(|_| ApiError::not_found("Webhook not found"))?;
    Ok(Json((&secret).into()))
}

/// Send a webhook a sample event, in a single attempt, subscribed or not.
#[utoipa::path(
    post,
    path = "/webhooks/{id}/sample",
    operation_id = "admin_webhooks_sample",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the webhook")),
    request_body = WebhookSampleRequest,
    responses(
        (status = 201, description = "The delivery under way", body = AdminWebhookDelivery),
        BodyFailures,
        Absent
    )
)]
pub(super) async fn sample(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
    Body(body): Body,
) -> Result<(StatusCode, Json<AdminWebhookDelivery>), ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    let webhook = find(&catalog, &segments)?;
    let event = Fields::of(&body, "body")?.required("type", event)?;
    if !webhook.active {
        return Err(ApiError::invalid("Webhook is inactive"));
    }
    let payload = sample_of(event)
        .ok_or_else(|| ApiError::invalid(format!("{} is not sent yet", event.as_str())))?;
    let sent = app.engine.send_webhook_sample(webhook, event, payload).await?;
    Ok((StatusCode::CREATED, Json(sent.into())))
}

#[cfg(test)]
mod tests {
    use super::checked_url;

    // C-WH-02
    #[test]
    fn urls_are_absolute_and_carry_no_credentials() {
        for good in
            ["http://a", "https://example.com/hook?x=1", "http://[::1]:8080/", "http://10.0.0.1"]
        {
            assert!(checked_url(good).is_some(), "{good}");
        }
        let long = format!("https://example.com/{}", "x".repeat(2048));
        for bad in [
            "",
            "example.com",
            "ftp://example.com",
            "http://",
            "https://user:pw@example.com",
            "https://user@example.com",
            "http://a b",
            &long,
        ] {
            assert!(checked_url(bad).is_none(), "{bad}");
        }
    }
}
