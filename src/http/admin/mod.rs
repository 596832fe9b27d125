//! The Admin API: configuration of an environment, and operations on its users. (C-ADM)
//!
//! One file per resource, each with its JSON and its five handlers; what all bulk requests share is
//! in [`batch`]. Handlers read items into drafts and patches and hand them to the catalog, which
//! knows every rule; nothing here decides anything about a configuration.

pub mod achievement;
pub mod achievements;
pub mod api_keys;
pub mod application_api_keys;
pub mod attributes;
pub mod backdating;
pub mod backup;
pub mod batch;
pub mod boosts;
pub mod catalog;
pub mod each_user;
pub mod leaderboard;
pub mod leaderboards;
pub mod levels;
pub mod metric_events;
pub mod metrics;
pub mod points_systems;
pub mod streak_freezes;
pub mod streak_lengths;
pub mod streak_pauses;
pub mod streak_settings;
pub mod trigger;
pub mod triggers;
pub mod user_export;
pub mod users;
pub mod webhook_deliveries;
pub mod webhooks;
pub mod wire;

use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post};
use axum::{Extension, Router};
use domain::catalog::{Catalog, PointsSystem};
use domain::ids::PointsSystemId;
use utoipa::OpenApi;

use crate::app::App;
use crate::http::auth::ApplicationKeys;
use crate::http::error::{ApiError, ErrorBody};

/// Every route of this API, relative to its base. Batches of events may be larger than other bodies.
pub fn routes(batch_body_bytes_max: usize) -> Router<App> {
    Router::new()
        .route(
            "/attributes",
            get(attributes::list)
                .post(attributes::create)
                .patch(attributes::update)
                .delete(attributes::delete),
        )
        .route("/attributes/{id}", get(attributes::read))
        .route(
            "/metrics",
            get(metrics::list).post(metrics::create).patch(metrics::update).delete(metrics::delete),
        )
        .route("/metrics/{id}", get(metrics::read))
        .route(
            "/metrics/events",
            post(metric_events::create).layer(DefaultBodyLimit::max(batch_body_bytes_max)),
        )
        .route(
            "/achievements",
            get(achievements::list)
                .post(achievements::create)
                .patch(achievements::update)
                .delete(achievements::delete),
        )
        .route("/achievements/{id}", get(achievements::read))
        .route("/achievements/{id}/backdating", get(backdating::read))
        .route(
            "/points",
            get(points_systems::list)
                .post(points_systems::create)
                .patch(points_systems::update)
                .delete(points_systems::delete),
        )
        .route("/points/{id}", get(points_systems::read))
        .route(
            "/points/{systemId}/triggers",
            get(triggers::list)
                .post(triggers::create)
                .patch(triggers::update)
                .delete(triggers::delete),
        )
        .route("/points/{systemId}/triggers/{id}", get(triggers::read))
        .route(
            "/points/{systemId}/levels",
            get(levels::list).post(levels::create).patch(levels::update).delete(levels::delete),
        )
        .route("/points/{systemId}/levels/{id}", get(levels::read))
        .route(
            "/points/{systemId}/boosts",
            get(boosts::list).post(boosts::create).patch(boosts::update).delete(boosts::delete),
        )
        .route("/points/{systemId}/boosts/{id}", get(boosts::read))
        .route(
            "/leaderboards",
            get(leaderboards::list)
                .post(leaderboards::create)
                .patch(leaderboards::update)
                .delete(leaderboards::delete),
        )
        .route("/leaderboards/{id}", get(leaderboards::read))
        .route(
            "/webhooks",
            get(webhooks::list)
                .post(webhooks::create)
                .patch(webhooks::update)
                .delete(webhooks::delete),
        )
        .route("/webhooks/{id}", get(webhooks::read))
        .route("/webhooks/{id}/secret", get(webhooks::secret))
        .route("/webhooks/{id}/rotate", post(webhooks::rotate))
        .route("/webhooks/{id}/sample", post(webhooks::sample))
        .route("/backup", get(backup::read))
        .route("/catalog", get(catalog::export))
        .route("/catalog/plan", post(catalog::plan))
        .route("/catalog/apply", post(catalog::apply))
        .route("/webhook-deliveries", get(webhook_deliveries::list))
        .route("/webhook-deliveries/{id}", get(webhook_deliveries::read))
        .route("/webhook-deliveries/{id}/redeliver", post(webhook_deliveries::redeliver))
        .route("/api-keys", get(api_keys::list).post(api_keys::create))
        .route("/api-keys/{id}", delete(api_keys::delete))
        .route("/api-keys/{id}/rotate", post(api_keys::rotate))
        .route("/api-keys/{id}/revoke", post(api_keys::revoke))
        .route("/api-keys/{id}/activate", post(api_keys::activate))
        .route(
            "/application-api-keys",
            post(application_api_keys::create)
                .delete(application_api_keys::delete)
                .layer(Extension(ApplicationKeys::Forbidden)),
        )
        .route("/streaks/settings", get(streak_settings::read).patch(streak_settings::update))
        .route("/streaks/freezes", post(streak_freezes::create))
        .route("/streaks/pauses", post(streak_pauses::create).delete(streak_pauses::delete))
        .route("/streaks/restore", post(streak_lengths::restore))
        .route("/streaks/reset", post(streak_lengths::reset))
        .route("/users/{id}", delete(users::erase))
        .route("/users/{id}/export", get(users::export))
}

/// What this API offers, for its OpenAPI document; paths are relative to the API's base.
#[derive(OpenApi)]
#[openapi(
    components(schemas(ErrorBody)),
    paths(
        attributes::list,
        attributes::create,
        attributes::update,
        attributes::delete,
        attributes::read,
        metrics::list,
        metrics::create,
        metrics::update,
        metrics::delete,
        metrics::read,
        metric_events::create,
        achievements::list,
        achievements::create,
        achievements::update,
        achievements::delete,
        achievements::read,
        backdating::read,
        backup::read,
        points_systems::list,
        points_systems::create,
        points_systems::update,
        points_systems::delete,
        points_systems::read,
        triggers::list,
        triggers::create,
        triggers::update,
        triggers::delete,
        triggers::read,
        levels::list,
        levels::create,
        levels::update,
        levels::delete,
        levels::read,
        boosts::list,
        boosts::create,
        boosts::update,
        boosts::delete,
        boosts::read,
        leaderboards::list,
        leaderboards::create,
        leaderboards::update,
        leaderboards::delete,
        leaderboards::read,
        webhooks::list,
        webhooks::create,
        webhooks::update,
        webhooks::delete,
        webhooks::read,
        webhooks::secret,
        webhooks::rotate,
        webhooks::sample,
        catalog::export,
        catalog::plan,
        catalog::apply,
        webhook_deliveries::list,
        webhook_deliveries::read,
        webhook_deliveries::redeliver,
        api_keys::list,
        api_keys::create,
        api_keys::rotate,
        api_keys::revoke,
        api_keys::activate,
        api_keys::delete,
        application_api_keys::create,
        application_api_keys::delete,
        streak_settings::read,
        streak_settings::update,
        streak_freezes::create,
        streak_pauses::create,
        streak_pauses::delete,
        streak_lengths::restore,
        streak_lengths::reset,
        users::erase,
        users::export,
    )
)]
pub struct AdminOperations;

/// The live points system that a path names.
///
/// # Errors
/// 404 if there is none. (C-POINTS-08)
fn points_system(catalog: &Catalog, id: PointsSystemId) -> Result<&PointsSystem, ApiError> {
    catalog.find_points_system(id).ok_or_else(|| ApiError::not_found("Points system not found"))
}
