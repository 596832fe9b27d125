//! `/achievements`: what there is to achieve, and completing by key. (C-ACH)

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::catalog::{Achievement, AchievementStatus, AttributeKind, Catalog};
use domain::ids::AttributeId;
use domain::user::{Command, Reply};

use super::answer;
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Body, Query, Segments};
use crate::http::json::Fields;
use crate::http::wire::achievement::AchievementWithStatsResponse;
use crate::http::wire::event::{AchievementCompletion, AchievementCompletionResponse, user};
use crate::http::wire::failure::{BadRequest, Invalid, NotFound, TooLarge, Unauthorized};
use crate::http::wire::user::resolve;

const NOT_FOUND: &str = "Achievement not found";

/// All active achievements, oldest first. (C-ACH-26)
#[utoipa::path(
    get,
    path = "/achievements",
    operation_id = "achievements_all",
    tag = "Achievements",
    params((
        "userAttributes" = Option<String>, Query,
        description = "Keeps what a user with exactly these attributes could get: `key:value,key2:value2`."
    )),
    responses(
        (status = 200, description = "The achievements.", body = Vec<AchievementWithStatsResponse>),
        Unauthorized, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn all(
    caller: Caller,
    State(app): State<App>,
    query: Query,
) -> Result<Response, ApiError> {
    let catalog = app.engine.catalog(caller.scope);
    let attributes = match query.text("userAttributes").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(read_user_attributes(text, &catalog, &app.settings.console_base_url)?),
    };
    let statistics = app.engine.statistics(caller.scope);
    let achievements: Vec<_> = catalog
        .live_achievements()
        .filter(|achievement| achievement.status() == AchievementStatus::Active)
        .filter(|achievement| {
            attributes.as_ref().is_none_or(|attributes| is_open_to(achievement, attributes))
        })
        .map(|achievement| AchievementWithStatsResponse::new(achievement, &catalog, &statistics))
        .collect();
    Ok(answer(StatusCode::OK, achievements))
}

/// Reads `key:value,key2:value2`; nothing is trimmed. (C-ATTR-10, C-ATTR-11)
pub(super) fn read_user_attributes(
    text: &str,
    catalog: &Catalog,
    console_base_url: &str,
) -> Result<BTreeMap<AttributeId, String>, ApiError> {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    for pair in text.split(',') {
        let (key, value) = pair.split_once(':').ok_or_else(|| {
            ApiError::invalid("userAttributes must be key:value pairs separated by commas")
        })?;
        if pairs.iter().any(|(earlier, _)| *earlier == key) {
            return Err(ApiError::invalid(format!(
                "userAttributes must name each attribute once: {key}"
            )));
        }
        pairs.push((key, value.to_owned()));
    }
    Ok(resolve(pairs, AttributeKind::User, catalog, console_base_url)?.into_iter().collect())
}

/// Every user filter is among the given pairs. (C-ACH-28)
fn is_open_to(achievement: &Achievement, attributes: &BTreeMap<AttributeId, String>) -> bool {
    achievement
        .user_filters()
        .iter()
        .all(|filter| attributes.get(&filter.attribute) == Some(&filter.value))
}

/// Completes an achievement that is completed by calling its key. (C-ACH-20 to 23)
#[utoipa::path(
    post,
    path = "/achievements/{key}/complete",
    operation_id = "achievements_complete",
    tag = "Achievements",
    params(("key" = String, Path, description = "The achievement's key.")),
    request_body = AchievementCompletion,
    responses(
        (status = 201, description = "The user completed it now.", body = AchievementCompletionResponse),
        (status = 200, description = "The user had completed it before.", body = AchievementCompletionResponse),
        BadRequest, Unauthorized, NotFound, TooLarge, Invalid,
    ),
    security(("ApiKeyAuth" = []))
)]
pub async fn complete(
    caller: Caller,
    State(app): State<App>,
    segments: Segments,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let (user_id, user) = user(Fields::of(&body, "body")?)?;
    let catalog = app.engine.catalog(caller.scope);
    let achievement = callable(&catalog, segments.text("key")?)?.id;
    let profile = user.resolve(&catalog, &app.settings.console_base_url)?;
    let command = Command::CompleteAchievement { achievement, profile };
    let applied = app.engine.run(caller.scope, user_id, catalog, command).await?;
    match &applied.reply {
        Reply::Completed(reply) => {
            let status = if reply.newly_completed { StatusCode::CREATED } else { StatusCode::OK };
            let response = AchievementCompletionResponse::new(&applied, reply);
            Ok(answer(status, response.ok_or_else(|| ApiError::not_found(NOT_FOUND))?))
        }
        Reply::Settled
        | Reply::Identified { .. }
        | Reply::Event(_)
        | Reply::Replayed { .. }
        | Reply::FreezesGranted { .. }
        | Reply::PauseCreated(_)
        | Reply::PauseDeleted(_)
        | Reply::StreakRestored
        | Reply::StreakReset
        | Reply::PreferencesUpdated => unreachable!("a completion is answered by its own reply"),
    }
}

/// The achievement a call may name: an inactive one is as good as absent. (C-ACH-21)
fn callable<'a>(catalog: &'a Catalog, key: &str) -> Result<&'a Achievement, ApiError> {
    catalog
        .find_api_achievement(key)
        .filter(|achievement| achievement.status() != AchievementStatus::Inactive)
        .ok_or_else(|| ApiError::not_found(NOT_FOUND))
}
