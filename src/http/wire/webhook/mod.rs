//! What webhooks are told, as JSON. (C-WH-12, C-WH 5.4)
//!
//! Each event is `type` first, then its own fields, made of the same pieces that the Application API
//! answers with. Rendering happens once per event; every attempt sends the same bytes.

mod described;
mod leaderboard;
mod sample;

use actors::ports::{BoostOccasion, Told, WebhookRenderer};
use domain::catalog::{Catalog, PointsSystem};
use domain::ids::PointsSystemId;
use domain::user::{AwardRecord, SignalKind, UserState};
use domain::webhook::WebhookEvent;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::described::WebhookEvents;
use self::leaderboard::{RankOnLeaderboard, RankingOfLeaderboard};
pub use self::sample::sample;
use super::achievement::UserAchievementResponse;
use super::boost::{BoostRounding, BoostStatus};
use super::points::{MetricEventPointsResponse, PointsLevel, PointsResponse, find_level};
use super::scalar::{At, Decimal, On};
use super::streak::BaseStreakResponse;
use super::user::User;

/// Renders events as the public specification spells them.
#[derive(Clone, Copy, Debug)]
pub struct Renderer;

impl WebhookRenderer for Renderer {
    fn render(&self, told: Told<'_>, catalog: &Catalog) -> Option<String> {
        match told {
            Told::OfUser { signal, state, awards } => of_user(signal, state, awards, catalog),
            Told::OfRanking { event, of, status, rows, names } => {
                let leaderboard = RankingOfLeaderboard::new(of, catalog, status, rows, names);
                Some(written(event, &RankingFields { leaderboard }))
            }
            Told::OfRank { state, of, previous, place } => {
                let user = User::new(state, catalog);
                let leaderboard = RankOnLeaderboard::new(of, catalog, previous, place);
                Some(written(
                    WebhookEvent::LeaderboardRankChanged,
                    &RankFields { user, leaderboard },
                ))
            }
            Told::OfBoost { occasion, boost, terms, system, at } => {
                let status = match occasion {
                    BoostOccasion::Started => BoostStatus::Active,
                    BoostOccasion::Finished => BoostStatus::Finished,
                };
                let event = match occasion {
                    BoostOccasion::Started => WebhookEvent::PointsBoostStarted,
                    BoostOccasion::Finished => WebhookEvent::PointsBoostFinished,
                };
                let boost = WebhookBoost {
                    id: boost.id.0,
                    name: &terms.name,
                    status,
                    user_id: boost.user.as_ref().map(domain::ids::UserId::as_str),
                    points_system_id: system.id.0,
                    points_system_key: system.key.as_str(),
                    points_system_name: &system.name,
                    start: On(terms.start),
                    end: terms.end.map(On),
                    multiplier: Decimal(terms.multiplier),
                    rounding: terms.rounding.into(),
                };
                Some(written(event, &BoostFields { timestamp: At(at), boost }))
            }
        }
    }
}

fn of_user(
    signal: &SignalKind,
    state: &UserState,
    awards: &[AwardRecord],
    catalog: &Catalog,
) -> Option<String> {
    let event = signal.webhook_event()?;
    let user = User::new(state, catalog);
    Some(match signal {
        SignalKind::AchievementCompleted { achievement } => {
            let id = *achievement;
            let achievement = catalog.achievements.iter().find(|own| own.id == id)?;
            let at = state.find_completion(id).map(|completion| completion.at);
            let achievement = UserAchievementResponse::new(achievement, catalog, at);
            written(event, &AchievementFields { user, achievement })
        }
        SignalKind::StreakStarted | SignalKind::StreakExtended { .. } => {
            let streak = BaseStreakResponse::of(state, catalog);
            written(event, &StreakFields { user, streak })
        }
        SignalKind::StreakLost { length } => written(event, &LostFields { user, length: *length }),
        SignalKind::FreezeConsumed { consumed, freezes } => {
            written(event, &ConsumedFields { user, consumed: *consumed, freezes: *freezes })
        }
        SignalKind::FreezeEarned { earned, freezes } => {
            written(event, &EarnedFields { user, earned: *earned, freezes: *freezes })
        }
        SignalKind::PointsReported { system, total, added, level, .. } => {
            let system = find_system(catalog, *system)?;
            let level = level.map(|level| level.and_then(|id| find_level(system, id)));
            let points =
                MetricEventPointsResponse::new(system, catalog, (*total, *added), awards, level);
            written(event, &PointsFields { user, points })
        }
        SignalKind::LevelChanged { system, total, previous, new } => {
            let system = find_system(catalog, *system)?;
            let level = |id: Option<_>| id.and_then(|id| find_level(system, id));
            let fields = LevelFields {
                user,
                points: PointsWithTotal { system: system.into(), total: *total },
                previous_level: level(*previous),
                new_level: level(*new),
            };
            written(event, &fields)
        }
        SignalKind::PointsChanged { .. } => return None,
    })
}

/// A deleted system can still have something to tell.
fn find_system(catalog: &Catalog, id: PointsSystemId) -> Option<&PointsSystem> {
    catalog.points_systems.iter().find(|system| system.id == id)
}

/// Compact JSON with `type` first. (C-WH-12)
fn written(event: WebhookEvent, fields: &impl Serialize) -> String {
    let event = Event { r#type: event.as_str(), fields };
    serde_json::to_string(&event).expect("events have only text keys")
}

#[derive(Serialize)]
struct Event<'a, T: Serialize> {
    r#type: &'static str,
    #[serde(flatten)]
    fields: &'a T,
}

#[derive(Serialize, ToSchema)]
struct AchievementFields<'a> {
    user: User<'a>,
    achievement: UserAchievementResponse<'a>,
}

#[derive(Serialize, ToSchema)]
struct StreakFields<'a> {
    user: User<'a>,
    streak: BaseStreakResponse,
}

#[derive(Serialize, ToSchema)]
struct LostFields<'a> {
    user: User<'a>,
    length: u32,
}

#[derive(Serialize, ToSchema)]
struct ConsumedFields<'a> {
    user: User<'a>,
    consumed: u32,
    freezes: u32,
}

#[derive(Serialize, ToSchema)]
struct EarnedFields<'a> {
    user: User<'a>,
    earned: u32,
    freezes: u32,
}

#[derive(Serialize, ToSchema)]
struct PointsFields<'a> {
    user: User<'a>,
    points: MetricEventPointsResponse<'a>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LevelFields<'a> {
    user: User<'a>,
    points: PointsWithTotal<'a>,
    #[schema(required)]
    previous_level: Option<PointsLevel<'a>>,
    #[schema(required)]
    new_level: Option<PointsLevel<'a>>,
}

#[derive(Serialize, ToSchema)]
struct PointsWithTotal<'a> {
    #[serde(flatten)]
    system: PointsResponse<'a>,
    total: i64,
}

#[derive(Serialize, ToSchema)]
struct RankingFields<'a> {
    leaderboard: RankingOfLeaderboard<'a>,
}

#[derive(Serialize, ToSchema)]
struct RankFields<'a> {
    user: User<'a>,
    leaderboard: RankOnLeaderboard<'a>,
}

#[derive(Serialize, ToSchema)]
struct BoostFields<'a> {
    timestamp: At,
    boost: WebhookBoost<'a>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WebhookBoost<'a> {
    id: Uuid,
    name: &'a str,
    status: BoostStatus,
    /// Null for everyone's.
    #[schema(required)]
    user_id: Option<&'a str>,
    points_system_id: Uuid,
    points_system_key: &'a str,
    points_system_name: &'a str,
    start: On,
    #[schema(required)]
    end: Option<On>,
    multiplier: Decimal,
    rounding: BoostRounding,
}
