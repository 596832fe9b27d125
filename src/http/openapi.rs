//! The OpenAPI 3.1 documents of both APIs, generated from the handlers. (C-API-04)
//!
//! `tests/openapi` compares them with the published surface, so a handler whose description drifts
//! from what clients were built against fails the build.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::application::{
    achievements, leaderboard_stream, leaderboards, metrics, points, streaks, user_achievements,
    user_leaderboards, user_metrics, user_points, user_preferences, user_streak, user_wrapped,
    users,
};
use super::error::ErrorBody;
use super::wire::ranking::{LeaderboardChanges, LeaderboardRunFinished};
use super::wire::webhook::WebhookEvents;

#[derive(OpenApi)]
#[openapi(
    info(title = "Accolade Application API", description = "Events in, everything they changed out."),
    servers((url = "/v1")),
    modifiers(&ApiKeyAuth, &WebhookEvents),
    paths(
        metrics::event,
        achievements::all,
        achievements::complete,
        users::create,
        users::get,
        users::put,
        users::patch,
        user_metrics::list,
        user_metrics::get,
        user_metrics::event_summary,
        user_achievements::list,
        user_streak::get,
        user_points::get,
        user_points::event_summary,
        user_points::boosts,
        user_preferences::get,
        user_preferences::patch,
        user_leaderboards::get,
        leaderboards::all,
        leaderboards::get,
        leaderboard_stream::stream,
        user_wrapped::get,
        streaks::list,
        streaks::rankings,
        points::get,
        points::summary,
        points::boosts,
        points::levels,
        points::level_summary,
    ),
    components(schemas(ErrorBody, LeaderboardChanges, LeaderboardRunFinished))
)]
struct ApplicationApi;

/// The Application API.
#[must_use]
pub fn application_api() -> utoipa::openapi::OpenApi {
    ApplicationApi::openapi()
}

/// The head of the Admin API's document; its operations are listed where its routes are.
#[derive(OpenApi)]
#[openapi(
    info(title = "Accolade Admin API", description = "The configuration of an environment."),
    servers((url = "/admin/v1")),
    modifiers(&ApiKeyAuth)
)]
struct AdminApi;

/// The Admin API.
#[must_use]
pub fn admin_api() -> utoipa::openapi::OpenApi {
    AdminApi::openapi().merge_from(super::admin::AdminOperations::openapi())
}

struct ApiKeyAuth;

impl Modify for ApiKeyAuth {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-KEY")));
        document.components.get_or_insert_default().add_security_scheme("ApiKeyAuth", scheme);
    }
}

/// `GET /v1/openapi`
pub async fn application() -> impl IntoResponse {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| to_json(&application_api()));
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.clone())
}

/// `GET /admin/v1/openapi`
pub async fn admin() -> impl IntoResponse {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| to_json(&admin_api()));
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.clone())
}

fn to_json(document: &utoipa::openapi::OpenApi) -> Bytes {
    document.to_json().expect("a document has only text keys").into()
}
