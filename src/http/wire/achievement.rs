//! Achievements as the Application API shows them. (C-ACH)

use actors::Statistics;
use domain::amount::Amount;
use domain::catalog::{Achievement, AchievementTrigger, Catalog};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::scalar::{At, AttributeFilter, Decimal};

/// What completes an achievement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TriggerName {
    /// A metric total or a sum of matching events.
    Metric,
    /// A streak length.
    Streak,
    /// An API call.
    Api,
    /// Other achievements.
    Achievement,
    /// Years since the sign-up date.
    Anniversary,
}

/// An achievement; which optional fields it has depends on its trigger.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AchievementResponse<'a> {
    id: Uuid,
    name: &'a str,
    trigger: TriggerName,
    #[schema(required)]
    description: Option<&'a str>,
    #[schema(required)]
    badge_url: Option<&'a str>,
    user_attributes: Vec<AttributeFilter<'a>>,
    #[serde(flatten)]
    condition: Condition<'a>,
}

/// The fields of one kind of trigger.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    streak_length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    achievement_ids: Option<Vec<Uuid>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    anniversary_years: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metric_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metric_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>, nullable = false)]
    metric_value: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    event_attributes: Option<Vec<AttributeFilter<'a>>>,
    /// The first of `eventAttributes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline, nullable = false)]
    event_attribute: Option<AttributeFilter<'a>>,
}

impl<'a> AchievementResponse<'a> {
    /// The achievement with names from its catalog.
    pub fn new(achievement: &'a Achievement, catalog: &'a Catalog) -> Self {
        let (trigger, condition) = match achievement.trigger() {
            AchievementTrigger::Metric { metric, value, event_filters } => {
                let metric = catalog.metrics.iter().find(|own| own.id == *metric);
                let filters = AttributeFilter::all(event_filters, catalog);
                let condition = Condition {
                    metric_id: metric.map(|metric| metric.id.0),
                    metric_name: metric.map(|metric| metric.name.as_str()),
                    metric_value: Some(Decimal(*value)),
                    event_attribute: filters.first().copied(),
                    event_attributes: Some(filters),
                    ..Condition::default()
                };
                (TriggerName::Metric, condition)
            }
            AchievementTrigger::Streak { length } => (
                TriggerName::Streak,
                Condition { streak_length: Some(*length), ..Condition::default() },
            ),
            AchievementTrigger::Anniversary { years } => (
                TriggerName::Anniversary,
                Condition { anniversary_years: Some(*years), ..Condition::default() },
            ),
            AchievementTrigger::Api { key } => {
                (TriggerName::Api, Condition { key: Some(key.as_str()), ..Condition::default() })
            }
            AchievementTrigger::Composite { achievements } => {
                let ids = achievements.iter().map(|id| id.0).collect();
                (
                    TriggerName::Achievement,
                    Condition { achievement_ids: Some(ids), ..Condition::default() },
                )
            }
        };
        Self {
            id: achievement.id.0,
            name: &achievement.name,
            trigger,
            description: achievement.description.as_deref(),
            badge_url: achievement.badge_url.as_deref(),
            user_attributes: AttributeFilter::all(achievement.user_filters(), catalog),
            condition,
        }
    }
}

/// An achievement and when one user completed it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserAchievementResponse<'a> {
    #[serde(flatten)]
    achievement: AchievementResponse<'a>,
    #[schema(required)]
    achieved_at: Option<At>,
}

impl<'a> UserAchievementResponse<'a> {
    /// The achievement, completed at an instant or not at all.
    pub fn new(achievement: &'a Achievement, catalog: &'a Catalog, at: Option<Timestamp>) -> Self {
        Self {
            achievement: AchievementResponse::new(achievement, catalog),
            achieved_at: at.map(At),
        }
    }
}

/// How many users completed an achievement. (C-ACH-24)
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct CompletionStatistics {
    completions: u64,
    #[schema(value_type = f64)]
    rarity: Decimal,
}

impl CompletionStatistics {
    /// The figures of one achievement.
    pub fn of(achievement: &Achievement, statistics: &Statistics) -> Self {
        let completions = statistics.completions(achievement.id);
        Self { completions, rarity: Decimal(rarity(completions, statistics.users())) }
    }
}

/// The percentage of users with two decimals, rounded half up; 0 without users. (C-ACH-25)
fn rarity(completions: u64, users: u64) -> Amount {
    let (completions, users) = (u128::from(completions), u128::from(users));
    let hundredths = (completions * 20_000 + users).checked_div(users * 2).unwrap_or(0);
    Amount::parse(&format!("{}.{:02}", hundredths / 100, hundredths % 100))
        .expect("percentages are small numbers")
}

/// An achievement with its figures.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AchievementWithStatsResponse<'a> {
    #[serde(flatten)]
    achievement: AchievementResponse<'a>,
    #[serde(flatten)]
    statistics: CompletionStatistics,
}

impl<'a> AchievementWithStatsResponse<'a> {
    /// The achievement with its figures.
    pub fn new(
        achievement: &'a Achievement,
        catalog: &'a Catalog,
        statistics: &Statistics,
    ) -> Self {
        Self {
            achievement: AchievementResponse::new(achievement, catalog),
            statistics: CompletionStatistics::of(achievement, statistics),
        }
    }
}

/// A user's achievement with its figures.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserAchievementWithStatsResponse<'a> {
    #[serde(flatten)]
    achievement: UserAchievementResponse<'a>,
    #[serde(flatten)]
    statistics: CompletionStatistics,
}

impl<'a> UserAchievementWithStatsResponse<'a> {
    /// The achievement, completed at an instant or not at all, with its figures.
    pub fn new(
        achievement: &'a Achievement,
        catalog: &'a Catalog,
        statistics: &Statistics,
        at: Option<Timestamp>,
    ) -> Self {
        Self {
            achievement: UserAchievementResponse::new(achievement, catalog, at),
            statistics: CompletionStatistics::of(achievement, statistics),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::rarity;

    // C-ACH-25
    #[test]
    fn rarity_is_a_percentage_rounded_half_up() {
        for (completions, users, expected) in [
            (0, 0, "0"),
            (0, 7, "0"),
            (1, 1, "100"),
            (1, 3, "33.33"),
            (2, 3, "66.67"),
            (1, 20_000, "0.01"),
            (1, 8, "12.5"),
        ] {
            assert_eq!(rarity(completions, users).to_string(), expected);
        }
    }
}
