//! `/users/{id}/metrics`: a user's totals and their history. (C-METRIC-06 to 14)

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::amount::Amount;
use domain::catalog::{Achievement, AchievementStatus, AchievementTrigger, Catalog, Metric};
use domain::summary::{Day, summarise};
use domain::user::{UserState, can_see};

use super::{answer, metric, settled};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Query, Segments};
use crate::http::wire::achievement::UserAchievementResponse;
use crate::http::wire::failure::{Invalid, NotFound, Unauthorized};
use crate::http::wire::metric::MetricResponse;
use crate::http::wire::summary::{MetricSummaryItem, SummaryQuery};

/// Every active metric with the user's total, oldest first. (C-METRIC-07)
#[utoipa::path(
    get,
    path = "/users/{id}/metrics",
    operation_id = "users_all-metrics",
    tag = "Users",
    params(("id" = String, Path, description = "The user's id.")),
    responses(
        (status = 200, description = "The metrics.", body = Vec<MetricResponse>),
        Unauthorized, NotFound, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn list(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
) -> Result<Response, ApiError> {
    let applied = settled(&app, caller, segments.user_id()?).await?;
    let (state, catalog) = (&*applied.state, &*applied.catalog);
    let metrics: Vec<_> =
        catalog.live_metrics().map(|metric| show(metric, state, catalog)).collect();
    Ok(answer(StatusCode::OK, metrics))
}

/// One active metric with the user's total.
#[utoipa::path(
    get,
    path = "/users/{id}/metrics/{key}",
    operation_id = "users_single-metric",
    tag = "Users",
    params(
        ("id" = String, Path, description = "The user's id."),
        ("key" = String, Path, description = "The metric's key."),
    ),
    responses((status = 200, description = "The metric.", body = MetricResponse), Unauthorized, NotFound, Invalid),
    security(("ApiKeyAuth" = []))
)]
pub async fn get(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
) -> Result<Response, ApiError> {
    let applied = settled(&app, caller, segments.user_id()?).await?;
    let metric = metric(&applied.catalog, segments.text("key")?)?;
    Ok(answer(StatusCode::OK, show(metric, &applied.state, &applied.catalog)))
}

/// The user's total of a metric over time.
#[utoipa::path(
    get,
    path = "/users/{id}/metrics/{key}/event-summary",
    operation_id = "users_metric-event-summary",
    tag = "Users",
    params(
        ("id" = String, Path, description = "The user's id."),
        ("key" = String, Path, description = "The metric's key."),
        ("aggregation" = String, Query, description = "`daily`, `weekly` or `monthly`."),
        ("startDate" = String, Query, description = "The first date.", format = Date),
        ("endDate" = String, Query, description = "The last date, at most 400 days later.", format = Date),
    ),
    responses(
        (status = 200, description = "The buckets, oldest first.", body = Vec<MetricSummaryItem>),
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
    let metric = metric(&applied.catalog, segments.text("key")?)?.id;
    let rows = app.engine.metric_days(caller.scope, &user, metric, query.range.start).await?;
    let days: Vec<Day<Amount>> = rows
        .into_iter()
        .map(|(date, day)| Day { date, change: day.change, total: day.total })
        .collect();
    let week_start = applied.catalog.settings.week_start;
    let buckets =
        summarise(query.range, query.aggregation, week_start, &days, applied.state.total(metric));
    Ok(answer(StatusCode::OK, buckets.into_iter().map(MetricSummaryItem::from).collect::<Vec<_>>()))
}

fn show<'a>(metric: &'a Metric, state: &UserState, catalog: &'a Catalog) -> MetricResponse<'a> {
    let mut achievements: Vec<_> = catalog
        .live_achievements()
        .filter_map(|achievement| Some((value_on(achievement, metric)?, achievement)))
        .collect();
    // Stable: achievements of one value stay in order of creation. (C-METRIC-10)
    achievements.sort_by_key(|(value, _)| *value);
    let shown = achievements.into_iter().filter_map(|(_, achievement)| {
        let at = state.find_completion(achievement.id).map(|completion| completion.at);
        let held = at.is_some() && achievement.status() != AchievementStatus::Inactive;
        (held || can_see(state, achievement))
            .then(|| UserAchievementResponse::new(achievement, catalog, at))
    });
    MetricResponse::new(metric, state, shown.collect())
}

/// The value to reach, if the achievement is one of this metric.
fn value_on(achievement: &Achievement, metric: &Metric) -> Option<Amount> {
    match achievement.trigger() {
        AchievementTrigger::Metric { metric: own, value, .. } => {
            (*own == metric.id).then_some(*value)
        }
        AchievementTrigger::Streak { .. }
        | AchievementTrigger::Api { .. }
        | AchievementTrigger::Composite { .. }
        | AchievementTrigger::Anniversary { .. } => None,
    }
}
