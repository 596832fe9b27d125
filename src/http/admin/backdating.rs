//! `/achievements/{id}/backdating`: how far existing users were judged by an achievement.
//! (C-ACH-16, C-ACH-17)

use axum::Json;
use axum::extract::State;
use domain::catalog::Achievement;
use domain::ids::AchievementId;
use serde::Serialize;
use storage::records::Reviews;
use utoipa::ToSchema;

use super::wire::{Absent, Failures};
use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::Segments;
use crate::http::wire::scalar::At;

/// How far backdating got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BackdatingStatus {
    /// Nobody has to be looked at.
    None,
    /// Users are being looked at.
    Running,
    /// Every user was looked at.
    Finished,
}

/// The latest backdating of an achievement.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Backdating {
    /// How far it got.
    pub status: BackdatingStatus,
    /// When the achievement opened or was changed, which is when backdated users achieved it.
    #[schema(required)]
    pub started: Option<At>,
    /// When the last user was looked at; null while it runs.
    #[schema(required)]
    pub finished: Option<At>,
    /// How many users were looked at.
    #[schema(required)]
    pub users_checked: Option<u64>,
    /// How many users there were.
    #[schema(required)]
    pub users_total: Option<u64>,
}

impl Backdating {
    fn of(achievement: &Achievement, reviews: &Reviews) -> Self {
        let Some((at, review)) = achievement.latest_review() else {
            return Self {
                status: BackdatingStatus::None,
                started: None,
                finished: None,
                users_checked: None,
                users_total: None,
            };
        };
        let started = Some(At(at));
        // The first walk that went that far; later ones are about something else.
        match reviews.finished.iter().find(|walk| walk.review >= review.number) {
            Some(walk) => Self {
                status: BackdatingStatus::Finished,
                started,
                finished: Some(At(walk.finished_at)),
                users_checked: Some(walk.checked),
                users_total: Some(walk.checked),
            },
            None => Self {
                status: BackdatingStatus::Running,
                started,
                finished: None,
                users_checked: Some(reviews.running.as_ref().map_or(0, |walk| walk.checked)),
                users_total: reviews.running.as_ref().map(|walk| walk.users),
            },
        }
    }
}

/// Read how far existing users were judged by an achievement.
#[utoipa::path(
    get,
    path = "/achievements/{id}/backdating",
    operation_id = "admin_achievements_backdating",
    tag = "Admin",
    params(("id" = Uuid, Path, description = "The id of the achievement")),
    responses((status = 200, description = "How far it got", body = Backdating), Failures, Absent)
)]
pub(super) async fn read(
    State(app): State<App>,
    caller: Caller,
    segments: Segments,
) -> Result<Json<Backdating>, ApiError> {
    let id = segments.uuid("id", AchievementId)?;
    let catalog = app.engine.catalog(caller.scope);
    let achievement =
        catalog.find_achievement(id).ok_or_else(|| ApiError::not_found("Achievement not found"))?;
    Ok(Json(Backdating::of(achievement, &app.engine.reviews())))
}
