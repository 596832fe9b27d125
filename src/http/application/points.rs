//! `/points/{key}`: points systems without a user. (C-POINTS-11, C-POINTS-41, C-POINTS-52, C-POINTS-53, C-POINTS-58 to 60)

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::achievements::read_user_attributes;
use super::{answer, points_system};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Query, Segments};
use crate::http::wire::boost::{BoostStatus, PointsBoost};
use crate::http::wire::failure::{Invalid, NotFound, Unauthorized};
use crate::http::wire::points::{PointsLevel, PointsLevelUsers, PointsRange, PointsSystemResponse};

/// A points system and its active triggers.
#[utoipa::path(
    get,
    path = "/points/{key}",
    operation_id = "points_system",
    tag = "Points",
    params(("key" = String, Path, description = "The points system's key.")),
    responses(
        (status = 200, description = "The points system.", body = PointsSystemResponse),
        Unauthorized, NotFound,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn get(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
) -> Result<Response, ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    let system = points_system(&catalog, segments.text("key")?)?;
    Ok(answer(StatusCode::OK, PointsSystemResponse::new(system, &catalog)))
}

/// The boosts of a points system that are for everyone, by start.
#[utoipa::path(
    get,
    path = "/points/{key}/boosts",
    operation_id = "points_boosts",
    tag = "Points",
    params(
        ("key" = String, Path, description = "The points system's key."),
        ("includeFinished" = Option<bool>, Query, description = "Whether finished ones are listed too."),
    ),
    responses((status = 200, description = "The boosts.", body = Vec<PointsBoost>), Unauthorized, NotFound),
    security(("ApiKeyAuth" = []))
)]
pub async fn boosts(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    query: Query,
) -> Result<Response, ApiError> {
    let include_finished = query.boolean("includeFinished", false)?;
    let catalog = app.engine.catalog(caller.scope);
    let system = points_system(&catalog, segments.text("key")?)?;
    let now = app.engine.now();
    let shared = system.live_boosts().filter(|(boost, _)| boost.user.is_none());
    let mut boosts: Vec<_> = shared
        .map(|(boost, terms)| (boost, terms, BoostStatus::from(terms.shared_status(now))))
        .filter(|(.., status)| include_finished || *status != BoostStatus::Finished)
        .collect();
    boosts.sort_by_key(|(_, terms, _)| terms.start);
    let shown =
        boosts.into_iter().map(|(boost, terms, status)| PointsBoost::new(boost, terms, status));
    Ok(answer(StatusCode::OK, shown.collect::<Vec<_>>()))
}

/// The levels of a points system, lowest first.
#[utoipa::path(
    get,
    path = "/points/{key}/levels",
    operation_id = "points_levels",
    tag = "Points",
    params(("key" = String, Path, description = "The points system's key.")),
    responses((status = 200, description = "The levels.", body = Vec<PointsLevel>), Unauthorized, NotFound),
    security(("ApiKeyAuth" = []))
)]
pub async fn levels(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
) -> Result<Response, ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    let levels = points_system(&catalog, segments.text("key")?)?.live_levels();
    Ok(answer(StatusCode::OK, levels.into_iter().map(PointsLevel::from).collect::<Vec<_>>()))
}

/// How many users hold how many points, in eleven ranges.
#[utoipa::path(
    get,
    path = "/points/{key}/summary",
    operation_id = "points_summary",
    tag = "Points",
    params(
        ("key" = String, Path, description = "The points system's key."),
        (
            "userAttributes" = Option<String>, Query,
            description = "Counts only users with these attributes: `key:value,key2:value2`."
        ),
    ),
    responses(
        (status = 200, description = "The ranges, lowest first.", body = Vec<PointsRange>),
        Unauthorized, NotFound, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn summary(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    query: Query,
) -> Result<Response, ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    let system = points_system(&catalog, segments.text("key")?)?.id;
    let ranges = match query.text("userAttributes").filter(|text| !text.is_empty()) {
        None => app.engine.statistics(caller.scope).histogram(system),
        Some(text) => {
            let wanted = read_user_attributes(text, &catalog, &app.settings.console_base_url)?;
            app.engine.histogram_of(caller.scope, system, wanted).await?
        }
    };
    Ok(answer(StatusCode::OK, ranges.into_iter().map(PointsRange::from).collect::<Vec<_>>()))
}

/// How many users are at each level of a points system, lowest first.
#[utoipa::path(
    get,
    path = "/points/{key}/level-summary",
    operation_id = "points_level-summary",
    tag = "Points",
    params(("key" = String, Path, description = "The points system's key.")),
    responses(
        (status = 200, description = "The levels and their users.", body = Vec<PointsLevelUsers>),
        Unauthorized, NotFound, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn level_summary(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
) -> Result<Response, ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    let system = points_system(&catalog, segments.text("key")?)?;
    let counts = app.engine.statistics(caller.scope).users_per_level(system);
    if counts.is_empty() {
        return Err(ApiError::invalid("Points system has no levels"));
    }
    let summary: Vec<_> = counts
        .into_iter()
        .map(|(level, users)| PointsLevelUsers { level: level.into(), users })
        .collect();
    Ok(answer(StatusCode::OK, summary))
}
