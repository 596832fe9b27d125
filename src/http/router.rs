//! Every route of both APIs in one list: the table of contents.
//!
//! Application API: `/v1`, alias `/api`. Admin API: `/admin/v1`, and `/v1` for hosts that start
//! with `admin.`. (C-API-02, C-API-03)

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, map_request};
use axum::routing::{get, post};
use axum::{Extension, Router};
use tower_http::catch_panic::CatchPanicLayer;

use super::application::{
    achievements, leaderboard_stream, leaderboards, metrics, points, streaks, user_achievements,
    user_leaderboards, user_metrics, user_points, user_preferences, user_streak, user_wrapped,
    users,
};
use super::auth::ApplicationKeys;
use super::middleware::{
    cors, method_not_allowed, normalise_path, not_found, panicked, request_id,
};
use super::rate::{self, Unlimited};
use super::{admin, clock, health, openapi, prometheus};
use crate::app::{App, AppSettings};

/// The whole server as one service.
pub fn router(app: App) -> Router {
    let application = application();
    let routes = Router::new()
        .nest("/v1", application.clone())
        .nest("/api", application)
        .nest("/admin/v1", administration(&app.settings))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(prometheus::scrape))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(app.settings.body_bytes_max));
    let routes = match app.rate_limits {
        Some(_) => routes.layer(from_fn(rate::tell)),
        None => routes,
    };
    let routes = routes.with_state(app);
    // Routing is by path, so what changes the path must stand before it.
    Router::new()
        .fallback_service(routes)
        .layer(map_request(normalise_path))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(request_id))
}

fn application() -> Router<App> {
    Router::new()
        .route("/openapi", get(openapi::application))
        .route("/metrics/{key}/event", post(metrics::event))
        .route("/achievements", get(achievements::all))
        .route("/achievements/{key}/complete", post(achievements::complete))
        .route("/users", post(users::create))
        .route("/users/{id}", get(users::get).put(users::put).patch(users::patch))
        .route("/users/{id}/metrics", get(user_metrics::list))
        .route("/users/{id}/metrics/{key}", get(user_metrics::get))
        .route("/users/{id}/metrics/{key}/event-summary", get(user_metrics::event_summary))
        .route("/users/{id}/achievements", get(user_achievements::list))
        .route("/users/{id}/streak", get(user_streak::get))
        .route("/users/{id}/points/{key}", get(user_points::get))
        .route("/users/{id}/points/{key}/event-summary", get(user_points::event_summary))
        .route("/users/{id}/points/{key}/boosts", get(user_points::boosts))
        .route("/users/{id}/preferences", get(user_preferences::get).patch(user_preferences::patch))
        .route("/users/{id}/leaderboards/{key}", get(user_leaderboards::get))
        .route("/leaderboards", get(leaderboards::all))
        .route("/leaderboards/{key}", get(leaderboards::get))
        .route("/leaderboards/{key}/stream", get(leaderboard_stream::stream))
        .route("/users/{id}/wrapped", get(user_wrapped::get))
        .route("/streaks", get(streaks::list))
        .route("/streaks/rankings", get(streaks::rankings))
        .route("/points/{key}", get(points::get))
        .route("/points/{key}/summary", get(points::summary))
        .route("/points/{key}/boosts", get(points::boosts))
        .route("/points/{key}/levels", get(points::levels))
        .route("/points/{key}/level-summary", get(points::level_summary))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(Extension(ApplicationKeys::ForTheirUser))
        .layer(from_fn(cors))
}

/// The routes of each resource are listed in [`admin::routes`].
fn administration(settings: &AppSettings) -> Router<App> {
    let routes = admin::routes(settings.batch_body_bytes_max);
    let mut routes = routes.route("/openapi", get(openapi::admin));
    if settings.test_clock {
        let clock = Router::new()
            .route("/clock", get(clock::get))
            .route("/clock/advance", post(clock::advance));
        // A window that stands still would else never end.
        routes = routes.merge(clock.layer(Extension(Unlimited)));
    }
    routes.fallback(not_found).method_not_allowed_fallback(method_not_allowed)
}
