//! Points systems, triggers, levels and awards as the Application API shows them. (C-POINTS)

use std::collections::BTreeMap;

use domain::catalog::{Catalog, Level, PointsSystem, TimeUnit, Trigger, TriggerKind};
use domain::ids::LevelId;
use domain::user::{AwardRecord, PointsChange};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::boost::PointsBoost;
use super::scalar::{At, AttributeFilter};

/// A level.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PointsLevel<'a> {
    id: Uuid,
    key: &'a str,
    name: &'a str,
    /// Empty when unset. (C-POINTS-07)
    description: &'a str,
    #[schema(required)]
    badge_url: Option<&'a str>,
    points: i64,
}

impl<'a> From<&'a Level> for PointsLevel<'a> {
    fn from(level: &'a Level) -> Self {
        Self {
            id: level.id.0,
            key: level.key.as_str(),
            name: &level.name,
            description: &level.description,
            badge_url: level.badge_url.as_deref(),
            points: level.points,
        }
    }
}

/// What moves a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PointsTriggerType {
    /// Units of a metric.
    Metric,
    /// A completed achievement.
    Achievement,
    /// Multiples of a streak length.
    Streak,
    /// The user's first identification.
    UserCreation,
    /// Passing time.
    Time,
}

/// What the interval of a time trigger is counted in. (C-POINTS-12)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PointsTriggerTimeUnit {
    /// Hours of elapsed time.
    Hour,
    /// Days of the user's calendar.
    Day,
}

/// Whether a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PointsTriggerStatus {
    /// It fires.
    Active,
    /// It doesn't.
    Inactive,
    /// It was deleted; awards still name it. (C-POINTS-56)
    Archived,
}

/// A trigger; which optional fields it has depends on its type.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PointsTrigger<'a> {
    id: Uuid,
    r#type: PointsTriggerType,
    points: i64,
    status: PointsTriggerStatus,
    user_attributes: Vec<AttributeFilter<'a>>,
    created: At,
    updated: At,
    #[serde(flatten)]
    condition: TriggerCondition<'a>,
}

/// The fields of one type of trigger.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggerCondition<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metric_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metric_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metric_threshold: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    event_attributes: Option<Vec<AttributeFilter<'a>>>,
    /// The first of `eventAttributes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline, nullable = false)]
    event_attribute: Option<AttributeFilter<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    streak_length_threshold: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    achievement_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    achievement_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    time_unit: Option<PointsTriggerTimeUnit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    time_interval: Option<u32>,
}

impl<'a> PointsTrigger<'a> {
    /// The trigger with names from its catalog.
    pub fn new(trigger: &'a Trigger, catalog: &'a Catalog) -> Self {
        let (r#type, condition) = type_and_condition(trigger, catalog);
        let status = match (trigger.archived, trigger.active) {
            (true, _) => PointsTriggerStatus::Archived,
            (false, true) => PointsTriggerStatus::Active,
            (false, false) => PointsTriggerStatus::Inactive,
        };
        Self {
            id: trigger.id.0,
            r#type,
            points: trigger.points,
            status,
            user_attributes: AttributeFilter::all(&trigger.user_filters, catalog),
            created: At(trigger.stamps.created_at),
            updated: At(trigger.stamps.updated_at),
            condition,
        }
    }
}

fn type_and_condition<'a>(
    trigger: &'a Trigger,
    catalog: &'a Catalog,
) -> (PointsTriggerType, TriggerCondition<'a>) {
    match &trigger.kind {
        TriggerKind::Metric { metric, threshold, event_filters } => {
            let filters = AttributeFilter::all(event_filters, catalog);
            let condition = TriggerCondition {
                metric_id: Some(metric.0),
                metric_name: catalog
                    .metrics
                    .iter()
                    .find(|own| own.id == *metric)
                    .map(|metric| metric.name.as_str()),
                metric_threshold: Some(*threshold),
                event_attribute: filters.first().copied(),
                event_attributes: Some(filters),
                ..TriggerCondition::default()
            };
            (PointsTriggerType::Metric, condition)
        }
        TriggerKind::Achievement { achievement } => {
            let found = catalog.achievements.iter().find(|own| own.id == *achievement);
            let condition = TriggerCondition {
                achievement_id: Some(achievement.0),
                achievement_name: found.map(|achievement| achievement.name.as_str()),
                ..TriggerCondition::default()
            };
            (PointsTriggerType::Achievement, condition)
        }
        TriggerKind::Streak { length } => {
            let condition = TriggerCondition {
                streak_length_threshold: Some(*length),
                ..TriggerCondition::default()
            };
            (PointsTriggerType::Streak, condition)
        }
        TriggerKind::UserCreation => (PointsTriggerType::UserCreation, TriggerCondition::default()),
        TriggerKind::Time { unit, interval } => {
            let unit = match unit {
                TimeUnit::Hours => PointsTriggerTimeUnit::Hour,
                TimeUnit::Days => PointsTriggerTimeUnit::Day,
            };
            let condition = TriggerCondition {
                time_unit: Some(unit),
                time_interval: Some(*interval),
                ..TriggerCondition::default()
            };
            (PointsTriggerType::Time, condition)
        }
    }
}

/// An award or deduction.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointsAward<'a> {
    #[schema(required = false)]
    id: Uuid,
    #[schema(required = false)]
    awarded: i64,
    #[schema(required = false)]
    date: At,
    #[schema(required = false)]
    total: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    trigger: Option<PointsTrigger<'a>>,
    /// Boosts that were applied, by start. (C-POINTS-39)
    #[schema(required = false)]
    boosts: Vec<PointsBoost<'a>>,
}

impl<'a> PointsAward<'a> {
    /// The award with its trigger's present data, which the system keeps for ever. (C-POINTS-56)
    pub fn new(award: &AwardRecord, system: &'a PointsSystem, catalog: &'a Catalog) -> Self {
        let trigger = system.triggers.iter().find(|trigger| trigger.id == award.trigger);
        Self {
            id: award.id.0,
            awarded: award.awarded,
            date: At(award.at),
            total: award.total,
            trigger: trigger.map(|trigger| PointsTrigger::new(trigger, catalog)),
            boosts: award.boosts.iter().map(PointsBoost::applied).collect(),
        }
    }
}

/// What every response about a points system begins with.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PointsResponse<'a> {
    id: Uuid,
    key: &'a str,
    name: &'a str,
    /// Null when unset. (C-POINTS-07)
    #[schema(required)]
    description: Option<&'a str>,
    #[schema(required)]
    badge_url: Option<&'a str>,
    #[schema(required)]
    max_points: Option<i64>,
}

impl<'a> From<&'a PointsSystem> for PointsResponse<'a> {
    fn from(system: &'a PointsSystem) -> Self {
        Self {
            id: system.id.0,
            key: system.key.as_str(),
            name: &system.name,
            description: Some(system.description.as_str()).filter(|text| !text.is_empty()),
            badge_url: system.badge_url.as_deref(),
            max_points: system.max_points(),
        }
    }
}

/// What one request did to a user's points in one system.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MetricEventPointsResponse<'a> {
    #[serde(flatten)]
    system: PointsResponse<'a>,
    total: i64,
    /// The new level, null below all; only if the request changed it. (C-POINTS-47, C-POINTS-48)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PointsLevel>)]
    level: Option<Option<PointsLevel<'a>>>,
    added: i64,
    awards: Vec<PointsAward<'a>>,
}

impl<'a> MetricEventPointsResponse<'a> {
    /// A system with the total, what was added, the awards that added it, and the level if it is
    /// another.
    pub fn new(
        system: &'a PointsSystem,
        catalog: &'a Catalog,
        (total, added): (i64, i64),
        awards: &[AwardRecord],
        level: Option<Option<PointsLevel<'a>>>,
    ) -> Self {
        let awards = awards.iter().map(|award| PointsAward::new(award, system, catalog)).collect();
        Self { system: system.into(), total, level, added, awards }
    }
}

/// Changed points systems by key.
pub type ChangedPoints<'a> = BTreeMap<&'a str, MetricEventPointsResponse<'a>>;

/// The changes of one request, by the key of their system.
pub fn changed_points<'a>(changes: &[PointsChange], catalog: &'a Catalog) -> ChangedPoints<'a> {
    changes
        .iter()
        .filter_map(|change| {
            let system = catalog.points_systems.iter().find(|system| system.id == change.system)?;
            let level = change.level.map(|level| level.and_then(|id| find_level(system, id)));
            let figures = (change.total, change.added);
            let response =
                MetricEventPointsResponse::new(system, catalog, figures, &change.awards, level);
            Some((system.key.as_str(), response))
        })
        .collect()
}

/// A level of a system, by id.
pub fn find_level(system: &PointsSystem, id: LevelId) -> Option<PointsLevel<'_>> {
    system.levels.iter().find(|level| level.id == id).map(PointsLevel::from)
}

/// A user's points in one system.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GetUserPointsResponse<'a> {
    #[serde(flatten)]
    system: PointsResponse<'a>,
    total: i64,
    #[schema(required)]
    level: Option<PointsLevel<'a>>,
    /// Newest first.
    awards: Vec<PointsAward<'a>>,
}

impl<'a> GetUserPointsResponse<'a> {
    /// A balance with its level and the latest awards. (C-POINTS-55)
    pub fn new(
        system: &'a PointsSystem,
        catalog: &'a Catalog,
        total: i64,
        awards: &[AwardRecord],
    ) -> Self {
        Self {
            system: system.into(),
            total,
            level: system.level_at(total).map(PointsLevel::from),
            awards: awards.iter().map(|award| PointsAward::new(award, system, catalog)).collect(),
        }
    }
}

/// A points system and what moves it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointsSystemResponse<'a> {
    #[serde(flatten)]
    system: PointsResponse<'a>,
    /// Active triggers, oldest first. (C-POINTS-11)
    triggers: Vec<PointsTrigger<'a>>,
}

impl<'a> PointsSystemResponse<'a> {
    /// The system with its active triggers.
    pub fn new(system: &'a PointsSystem, catalog: &'a Catalog) -> Self {
        let active = system.live_triggers().filter(|trigger| trigger.active);
        Self {
            system: system.into(),
            triggers: active.map(|trigger| PointsTrigger::new(trigger, catalog)).collect(),
        }
    }
}

/// How many users are at a level.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointsLevelUsers<'a> {
    /// The level.
    pub level: PointsLevel<'a>,
    /// Users whose balance puts them there.
    pub users: u64,
}

/// How many users hold a balance in a range, both ends included.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PointsRange {
    from: i64,
    to: i64,
    users: u64,
}

impl From<domain::summary::BalanceRange> for PointsRange {
    fn from(range: domain::summary::BalanceRange) -> Self {
        Self { from: range.from, to: range.to, users: range.users }
    }
}
