//! Events and completions: reading the requests, writing the answers. (C-EVENT, C-IDEM, C-ACH-20)

use std::collections::BTreeMap;

use actors::Applied;
use domain::amount::Amount;
use domain::catalog::Invalid;
use domain::ids::{EventId, IdempotencyKey, MetricId, UserId};
use domain::user::{CompletionReply, EventReply};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::achievement::UserAchievementResponse;
use super::points::{ChangedPoints, changed_points};
use super::ranking::{ChangedLeaderboards, changed_leaderboards};
use super::scalar::Decimal;
use super::streak::MetricEventStreakResponse;
use super::user::{Attributes, UpsertedUser, UserFields, attributes, user_id};
use crate::http::json::{Fields, amount, text};

/// The body of an event with its shape checked.
#[derive(Debug)]
pub struct EventBody<'a> {
    /// Who did it.
    pub user_id: UserId,
    /// What was passed about them.
    pub user: UserFields<'a>,
    /// What is added to the metric.
    pub value: Amount,
    /// The event's own attributes.
    pub attributes: Vec<(&'a str, String)>,
    /// The key to use if no header gives one. (C-IDEM-12)
    pub idempotency_key: Option<IdempotencyKey>,
}

impl<'a> EventBody<'a> {
    /// Checks the shape. (C-EVENT-01)
    ///
    /// # Errors
    /// Naming the field that is wrong.
    pub fn read(body: &'a Value) -> Result<Self, Invalid> {
        let fields = Fields::of(body, "body")?;
        let (user_id, user) = user(fields)?;
        let idempotency_key = match fields.value("idempotencyKey") {
            None | Some(Value::Null) => None,
            Some(key) => read_idempotency_key(text(key, "idempotencyKey")?, "idempotencyKey")?,
        };
        Ok(Self {
            user_id,
            user,
            value: fields.required("value", amount)?,
            // The Python SDK sends a parameter that is passed as `None` as null.
            attributes: match fields.value("attributes") {
                None | Some(Value::Null) => Vec::new(),
                Some(attributes) => event_attributes(attributes)?,
            },
            idempotency_key,
        })
    }
}

/// Reads the required `user` of an event or completion.
///
/// # Errors
/// Naming the field that is wrong.
pub fn user(fields: Fields<'_>) -> Result<(UserId, UserFields<'_>), Invalid> {
    let user = fields.required("user", Fields::of)?;
    Ok((user_id(user, "user.id")?, UserFields::read(user)?))
}

/// An event has no stored value that null could remove. (C-ATTR-07)
fn event_attributes(value: &Value) -> Result<Vec<(&str, String)>, Invalid> {
    let given: Attributes<'_> = attributes(value)?;
    let values = given.into_iter().map(|(key, value)| match value {
        Some(value) => Ok((key, value)),
        None => Err(Invalid::error(format!("attributes.{key} must be a string"))),
    });
    values.collect()
}

/// Reads an idempotency key called `name`; a blank one is none. (C-IDEM-11)
///
/// # Errors
/// If it is too long.
pub fn read_idempotency_key(key: &str, name: &str) -> Result<Option<IdempotencyKey>, Invalid> {
    IdempotencyKey::parse(key)
        .map_err(|_| Invalid::error(format!("{name} must have at most 255 characters")))
}

/// The answer to an event. (C-EVENT-06)
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventResponse<'a> {
    event_id: Uuid,
    metric_id: Uuid,
    #[schema(value_type = f64)]
    total: Decimal,
    achievements: Vec<UserAchievementResponse<'a>>,
    current_streak: MetricEventStreakResponse,
    #[schema(value_type = BTreeMap<String, super::points::MetricEventPointsResponse>)]
    points: ChangedPoints<'a>,
    #[schema(value_type = BTreeMap<String, super::ranking::MetricEventLeaderboardResponse>)]
    leaderboards: ChangedLeaderboards<'a>,
    /// Only if a key was sent, like `idempotentReplayed`. (C-IDEM-03)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    idempotency_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    idempotent_replayed: Option<bool>,
}

impl<'a> EventResponse<'a> {
    /// The effects of an event that was processed.
    pub fn processed(
        applied: &'a Applied,
        reply: &EventReply,
        key: Option<&'a IdempotencyKey>,
        participants_max: u32,
    ) -> Self {
        let (state, catalog) = (&*applied.state, &*applied.catalog);
        let completed = reply.completed.iter().filter_map(|id| {
            let achievement = catalog.find_achievement(*id)?;
            Some(UserAchievementResponse::new(
                achievement,
                catalog,
                state.find_completion(*id).map(|completion| completion.at),
            ))
        });
        Self {
            event_id: reply.event.0,
            metric_id: reply.metric.0,
            total: Decimal(state.total(reply.metric)),
            achievements: completed.collect(),
            current_streak: MetricEventStreakResponse::new(state, catalog, reply.streak_extended),
            points: changed_points(&reply.points, catalog),
            leaderboards: changed_leaderboards(applied, participants_max),
            idempotency_key: key.map(IdempotencyKey::as_str),
            idempotent_replayed: key.map(|_| false),
        }
    }

    /// The present state, for an event whose key was used before. (C-IDEM-06)
    pub fn replayed(
        applied: &'a Applied,
        event: EventId,
        metric: MetricId,
        key: Option<&'a IdempotencyKey>,
    ) -> Self {
        Self {
            event_id: event.0,
            metric_id: metric.0,
            total: Decimal(applied.state.total(metric)),
            achievements: Vec::new(),
            current_streak: MetricEventStreakResponse::new(&applied.state, &applied.catalog, false),
            points: ChangedPoints::new(),
            leaderboards: ChangedLeaderboards::new(),
            idempotency_key: key.map(IdempotencyKey::as_str),
            idempotent_replayed: key.map(|_| true),
        }
    }
}

/// The answer to a completion call. (C-ACH-22, C-ACH-23)
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AchievementCompletionResponse<'a> {
    completion_id: Uuid,
    achievement: UserAchievementResponse<'a>,
    #[schema(value_type = BTreeMap<String, super::points::MetricEventPointsResponse>)]
    points: ChangedPoints<'a>,
}

impl<'a> AchievementCompletionResponse<'a> {
    /// The completion, new or original; `None` if the catalog doesn't have the achievement.
    pub fn new(applied: &'a Applied, reply: &CompletionReply) -> Option<Self> {
        let (state, catalog) = (&*applied.state, &*applied.catalog);
        let achievement = catalog.find_achievement(reply.achievement)?;
        let at = state.find_completion(reply.achievement).map(|completion| completion.at);
        Some(Self {
            completion_id: reply.completion.0,
            achievement: UserAchievementResponse::new(achievement, catalog, at),
            points: changed_points(&reply.points, catalog),
        })
    }
}

/// The body of an event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub struct MetricEvent {
    user: UpsertedUser,
    value: f64,
    #[schema(nullable = false)]
    attributes: Option<BTreeMap<String, String>>,
}

/// The body of a completion call.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub struct AchievementCompletion {
    user: UpsertedUser,
}
