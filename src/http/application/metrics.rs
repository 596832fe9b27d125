//! `POST /metrics/{key}/event`: the one way in for events. (C-EVENT, C-IDEM)

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::catalog::AttributeKind;
use domain::ids::IdempotencyKey;
use domain::user::{Command, Reply, SubmitEvent};
use utoipa::IntoParams;

use super::{answer, metric};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Segments};
use crate::http::wire::event::{EventBody, EventResponse, MetricEvent, read_idempotency_key};
use crate::http::wire::failure::{BadRequest, Invalid, NotFound, TooLarge, Unauthorized};
use crate::http::wire::user::resolve;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header, which is read from the request")]
struct EventHeaders {
    /// Under this key the event counts once per user and metric.
    #[param(rename = "Idempotency-Key", nullable = false)]
    idempotency_key: Option<String>,
}

/// Increments or decrements a metric of a user and answers with everything that changed.
#[utoipa::path(
    post,
    path = "/metrics/{key}/event",
    operation_id = "metrics_event",
    tag = "Metrics",
    params(
        ("key" = String, Path, description = "The metric's key."),
        EventHeaders,
    ),
    request_body = MetricEvent,
    responses(
        (status = 201, description = "The event was processed.", body = EventResponse),
        (status = 202, description = "The key was used before; nothing was processed.", body = EventResponse),
        BadRequest, Unauthorized, NotFound, TooLarge, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn event(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let body = EventBody::read(&body)?;
    let key = header_key(&headers)?.or(body.idempotency_key);
    let catalog = app.engine.catalog(caller.scope);
    let metric = metric(&catalog, segments.text("key")?)?.id;
    let console = &app.settings.console_base_url;
    // User keys are checked before event keys. (C-ATTR-04)
    let profile = body.user.resolve(&catalog, console)?;
    let attributes =
        resolve(body.attributes, AttributeKind::Event, &catalog, console)?.into_iter().collect();
    let command = Command::SubmitEvent(SubmitEvent {
        metric,
        value: body.value,
        attributes,
        profile,
        idempotency_key: key.clone(),
        replay_of: None,
        queued: None,
    });
    let applied = app.engine.run(caller.scope, body.user_id, catalog, command).await?;
    match &applied.reply {
        Reply::Event(reply) => {
            let seats = app.settings.participants_max;
            let response = EventResponse::processed(&applied, reply, key.as_ref(), seats);
            Ok(answer(StatusCode::CREATED, response))
        }
        Reply::Replayed { event, metric } => Ok(answer(
            StatusCode::ACCEPTED,
            EventResponse::replayed(&applied, *event, *metric, key.as_ref()),
        )),
        Reply::Settled
        | Reply::Identified { .. }
        | Reply::Completed(_)
        | Reply::FreezesGranted { .. }
        | Reply::PauseCreated(_)
        | Reply::PauseDeleted(_)
        | Reply::StreakRestored
        | Reply::StreakReset
        | Reply::PreferencesUpdated => {
            unreachable!("an event is answered by its own replies")
        }
    }
}

/// The key in the header; a blank one counts as absent. (C-IDEM-11)
fn header_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ApiError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let text = std::str::from_utf8(value.as_bytes())
        .map_err(|_| ApiError::invalid(format!("{IDEMPOTENCY_KEY} must be valid UTF-8")))?;
    Ok(read_idempotency_key(text, IDEMPOTENCY_KEY)?)
}
