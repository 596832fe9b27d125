//! `GET /users/{id}/achievements`: what a user has and can get. (C-ACH-29, C-ACH-30)

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::catalog::{AchievementStatus, Catalog};
use domain::user::{UserState, can_see};

use super::{answer, settled};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Query, Segments};
use crate::http::wire::achievement::UserAchievementWithStatsResponse;
use crate::http::wire::failure::{Invalid, NotFound, Unauthorized};

/// The user's completed achievements, and with `includeIncomplete=true` those they can complete.
#[utoipa::path(
    get,
    path = "/users/{id}/achievements",
    operation_id = "users_achievements",
    tag = "Users",
    params(
        ("id" = String, Path, description = "The user's id."),
        ("includeIncomplete" = Option<String>, Query, description = "`true` adds achievements not yet completed."),
    ),
    responses(
        (status = 200, description = "The achievements.", body = Vec<UserAchievementWithStatsResponse>),
        Unauthorized, NotFound, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn list(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    query: Query,
) -> Result<Response, ApiError> {
    let applied = settled(&app, caller, segments.user_id()?).await?;
    let (state, catalog) = (&*applied.state, &*applied.catalog);
    let statistics = app.engine.statistics(caller.scope);
    let incomplete = if query.text("includeIncomplete") == Some("true") {
        incomplete(state, catalog)
    } else {
        vec![]
    };
    let achievements: Vec<_> = completed(state, catalog)
        .into_iter()
        .chain(incomplete)
        .map(|(achievement, at)| {
            UserAchievementWithStatsResponse::new(achievement, catalog, &statistics, at)
        })
        .collect();
    Ok(answer(StatusCode::OK, achievements))
}

type Shown<'a> = (&'a domain::catalog::Achievement, Option<domain::time::Timestamp>);

/// In order of completion: what was backdated has an earlier instant than it was written at.
/// (C-ACH-30)
fn completed<'a>(state: &UserState, catalog: &'a Catalog) -> Vec<Shown<'a>> {
    let held = state.completions.iter().filter_map(|completion| {
        let achievement = catalog.find_achievement(completion.achievement)?;
        match achievement.status() {
            AchievementStatus::Active | AchievementStatus::Locked => {
                Some((achievement, Some(completion.at)))
            }
            AchievementStatus::Inactive => None,
        }
    });
    let mut held: Vec<_> = held.collect();
    held.sort_by_key(|(_, at)| *at);
    held
}

/// In order of creation. (C-ACH-30)
fn incomplete<'a>(state: &UserState, catalog: &'a Catalog) -> Vec<Shown<'a>> {
    catalog
        .live_achievements()
        .filter(|achievement| {
            can_see(state, achievement) && state.find_completion(achievement.id).is_none()
        })
        .map(|achievement| (achievement, None))
        .collect()
}
