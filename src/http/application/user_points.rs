//! `/users/{id}/points/{key}`: a user's points, their history and boosts. (C-POINTS-41, C-POINTS-54 to 57)

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::summary::{Day, summarise};
use domain::user::points_boosts;

use super::{answer, points_system, settled};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Query, Segments};
use crate::http::wire::boost::{BoostStatus, PointsBoost};
use crate::http::wire::failure::{Invalid, NotFound, Unauthorized};
use crate::http::wire::points::GetUserPointsResponse;
use crate::http::wire::summary::{PointsSummaryItem, SummaryQuery};

/// The user's balance, level and latest awards.
#[utoipa::path(
    get,
    path = "/users/{id}/points/{key}",
    operation_id = "users_points",
    tag = "Users",
    params(
        ("id" = String, Path, description = "The user's id."),
        ("key" = String, Path, description = "The points system's key."),
        ("awards" = Option<i32>, Query, description = "How many awards, 1 to 100, by default 10."),
    ),
    responses(
        (status = 200, description = "The user's points.", body = GetUserPointsResponse),
        Unauthorized, NotFound, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn get(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    query: Query,
) -> Result<Response, ApiError> {
    let user = segments.user_id()?;
    let limit = query.integer("awards", 1, 100, 10)? as usize;
    let applied = settled(&app, caller, user.clone()).await?;
    let system = points_system(&applied.catalog, segments.text("key")?)?;
    let recorded = applied.state.points.get(&system.id).map_or(0, |balance| balance.awards);
    let awards = match recorded {
        0 => Vec::new(),
        _ => app.engine.recent_awards(caller.scope, &user, system.id, recorded, limit).await?,
    };
    let total = applied.state.balance(system.id);
    Ok(answer(StatusCode::OK, GetUserPointsResponse::new(system, &applied.catalog, total, &awards)))
}

/// The user's balance over time.
#[utoipa::path(
    get,
    path = "/users/{id}/points/{key}/event-summary",
    operation_id = "users_points-event-summary",
    tag = "Users",
    params(
        ("id" = String, Path, description = "The user's id."),
        ("key" = String, Path, description = "The points system's key."),
        ("aggregation" = String, Query, description = "`daily`, `weekly` or `monthly`."),
        ("startDate" = String, Query, description = "The first date.", format = Date),
        ("endDate" = String, Query, description = "The last date, at most 400 days later.", format = Date),
    ),
    responses(
        (status = 200, description = "The buckets, oldest first.", body = Vec<PointsSummaryItem>),
        Unauthorized, NotFound, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn event_summary(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    query: Query,
) -> Result<Response, ApiError> {
    let user = segments.user_id()?;
    let query = SummaryQuery::read(&query)?;
    let applied = settled(&app, caller, user.clone()).await?;
    let system = points_system(&applied.catalog, segments.text("key")?)?.id;
    let rows = app.engine.points_days(caller.scope, &user, system, query.range.start).await?;
    let days: Vec<Day<i64>> = rows
        .into_iter()
        .map(|(date, day)| Day { date, change: day.change, total: day.total })
        .collect();
    let week_start = applied.catalog.settings.week_start;
    let buckets =
        summarise(query.range, query.aggregation, week_start, &days, applied.state.balance(system));
    Ok(answer(StatusCode::OK, buckets.into_iter().map(PointsSummaryItem::from).collect::<Vec<_>>()))
}

/// The boosts that apply to the user now, by start.
#[utoipa::path(
    get,
    path = "/users/{id}/points/{key}/boosts",
    operation_id = "users_points-boosts",
    tag = "Users",
    params(
        ("id" = String, Path, description = "The user's id."),
        ("key" = String, Path, description = "The points system's key."),
    ),
    responses(
        (status = 200, description = "The boosts.", body = Vec<PointsBoost>),
        Unauthorized, NotFound, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn boosts(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
) -> Result<Response, ApiError> {
    let user = segments.user_id()?;
    let applied = settled(&app, caller, user).await?;
    let system = points_system(&applied.catalog, segments.text("key")?)?;
    let boosts = points_boosts(&applied.state, system);
    let shown = boosts
        .into_iter()
        .map(|(boost, terms)| PointsBoost::new(boost, terms, BoostStatus::Active));
    Ok(answer(StatusCode::OK, shown.collect::<Vec<_>>()))
}
