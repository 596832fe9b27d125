//! A user's year as the Application API shows it. (C-WRAP)

use std::collections::BTreeMap;

use actors::Applied;
use domain::catalog::{Catalog, Metric};
use domain::wrapped::{BestRank, Figures, LongestStreak, MetricReview, Review, Wrapped};
use serde::Serialize;
use utoipa::ToSchema;

use super::achievement::UserAchievementResponse;
use super::ranking::{Shown, UserLeaderboard};
use super::scalar::{Decimal, On};
use super::streak::StreakFrequency;
use super::user::User;

/// A user's year in review.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrappedResponse<'a> {
    user: User<'a>,
    activity: WrappedActivity<'a>,
}

/// What the user did in the year.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrappedActivity<'a> {
    days_active: usize,
    weeks_active: usize,
    months_active: usize,
    most_active_day: WrappedMostActiveDay<'a>,
    most_active_week: WrappedMostActiveWeek<'a>,
    most_active_month: WrappedMostActiveMonth<'a>,
    entire_year: WrappedEntireYear<'a>,
}

/// The day with the most events.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrappedMostActiveDay<'a> {
    date: On,
    #[serde(flatten)]
    period: WrappedActivityPeriod<'a>,
}

/// The week with the most events.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrappedMostActiveWeek<'a> {
    start: On,
    end: On,
    #[serde(flatten)]
    period: WrappedActivityPeriod<'a>,
}

/// The month with the most events.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrappedMostActiveMonth<'a> {
    /// 0 for January, 11 for December. (C-WRAP-01)
    #[schema(minimum = 0, maximum = 11)]
    month: u32,
    #[serde(flatten)]
    period: WrappedActivityPeriod<'a>,
}

/// All of the year.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrappedEntireYear<'a> {
    longest_streak: WrappedStreak,
    #[serde(flatten)]
    period: WrappedActivityPeriod<'a>,
}

/// What happened in one period, by key.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrappedActivityPeriod<'a> {
    metrics: BTreeMap<&'a str, WrappedMetric<'a>>,
    points: BTreeMap<&'a str, WrappedPoints<'a>>,
    achievements: Vec<UserAchievementResponse<'a>>,
    /// The best rank at the end of a day, where the user had one. (C-LB-85)
    leaderboards: BTreeMap<&'a str, UserLeaderboard<'a>>,
}

/// A metric in one period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrappedMetric<'a> {
    #[serde(flatten)]
    total: WrappedMetricTotal<'a>,
    /// By the key of an event attribute and its value. (C-WRAP-08)
    by_attribute: BTreeMap<&'a str, BTreeMap<&'a str, WrappedMetricTotal<'a>>>,
}

/// A metric's total, of all events or of those with one attribute value.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct WrappedMetricTotal<'a> {
    name: &'a str,
    /// Null when unset.
    units: Option<&'a str>,
    #[serde(flatten)]
    figures: WrappedFigures,
}

/// A points system in one period.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct WrappedPoints<'a> {
    name: &'a str,
    /// Null when unset.
    description: Option<&'a str>,
    #[serde(flatten)]
    figures: WrappedFigures,
}

/// What a total did in one period.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrappedFigures {
    #[schema(value_type = f64)]
    current_total: Decimal,
    #[schema(value_type = f64)]
    change_this_period: Decimal,
    #[schema(value_type = f64)]
    percent_change: Decimal,
    /// Only where users are compared: weeks, months and years of whole metrics and points systems.
    /// (C-WRAP-07)
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64, nullable = false)]
    percentile_this_period: Option<u8>,
}

/// The longest streak of the year, with null dates if there was none. (C-WRAP-10)
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrappedStreak {
    length: u32,
    frequency: StreakFrequency,
    #[schema(required)]
    period_start: Option<On>,
    #[schema(required)]
    period_end: Option<On>,
    #[schema(required)]
    started: Option<On>,
}

impl<'a> WrappedResponse<'a> {
    /// A settled user's year, with names from the catalog they were settled by.
    pub fn new(applied: &'a Applied, wrapped: &'a Wrapped, participants_max: u32) -> Self {
        let (state, catalog) = (&*applied.state, &*applied.catalog);
        let period = |review| WrappedActivityPeriod::new(review, catalog, participants_max);
        let Wrapped { day, week, month, year, longest_streak, .. } = wrapped;
        let activity = WrappedActivity {
            days_active: wrapped.days_active,
            weeks_active: wrapped.weeks_active,
            months_active: wrapped.months_active,
            most_active_day: WrappedMostActiveDay {
                date: On(day.dates.start),
                period: period(day),
            },
            most_active_week: WrappedMostActiveWeek {
                start: On(week.dates.start),
                end: On(week.dates.end),
                period: period(week),
            },
            most_active_month: WrappedMostActiveMonth {
                month: month.dates.start.month0(),
                period: period(month),
            },
            entire_year: WrappedEntireYear {
                longest_streak: (*longest_streak).into(),
                period: period(year),
            },
        };
        Self { user: User::new(state, catalog), activity }
    }
}

impl<'a> WrappedActivityPeriod<'a> {
    fn new(review: &'a Review, catalog: &'a Catalog, participants_max: u32) -> Self {
        let metrics = review.metrics.iter().filter_map(|(id, own)| {
            let metric = catalog.find_metric(*id)?;
            Some((metric.key.as_str(), WrappedMetric::new(metric, own, catalog)))
        });
        let points = review.points.iter().filter_map(|(id, figures)| {
            let system = catalog.find_points_system(*id)?;
            let points = WrappedPoints {
                name: &system.name,
                description: unless_empty(&system.description),
                figures: figures.into(),
            };
            Some((system.key.as_str(), points))
        });
        let achievements = review.achievements.iter().filter_map(|completion| {
            let achievement = catalog.find_achievement(completion.achievement)?;
            Some(UserAchievementResponse::new(achievement, catalog, Some(completion.at)))
        });
        let leaderboards = review.leaderboards.iter().filter_map(|(id, best)| {
            let board = catalog.find_leaderboard(*id)?;
            let shown = Shown { board, catalog, participants_max };
            let BestRank { ranked, run, group } = best;
            let own = UserLeaderboard::new(shown, *run, Some(*ranked), group.as_ref());
            Some((board.key.as_str(), own))
        });
        Self {
            metrics: metrics.collect(),
            points: points.collect(),
            achievements: achievements.collect(),
            leaderboards: leaderboards.collect(),
        }
    }
}

impl<'a> WrappedMetric<'a> {
    fn new(metric: &'a Metric, review: &'a MetricReview, catalog: &'a Catalog) -> Self {
        let total = |figures: &Figures| WrappedMetricTotal {
            name: &metric.name,
            units: unless_empty(&metric.units),
            figures: figures.into(),
        };
        let by_attribute = review.by_attribute.iter().filter_map(|(id, values)| {
            let values = values.iter().map(|(value, own)| (value.as_str(), total(own)));
            Some((catalog.find_attribute(*id)?.key.as_str(), values.collect()))
        });
        Self { total: total(&review.figures), by_attribute: by_attribute.collect() }
    }
}

fn unless_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

impl From<&Figures> for WrappedFigures {
    fn from(figures: &Figures) -> Self {
        Self {
            current_total: Decimal(figures.total),
            change_this_period: Decimal(figures.change),
            percent_change: Decimal(figures.percent_change),
            percentile_this_period: figures.percentile,
        }
    }
}

impl From<LongestStreak> for WrappedStreak {
    fn from(longest: LongestStreak) -> Self {
        let LongestStreak { frequency, reached } = longest;
        Self {
            length: reached.map_or(0, |reached| reached.length),
            frequency: frequency.into(),
            period_start: reached.map(|reached| On(reached.period.start)),
            period_end: reached.map(|reached| On(reached.period.end)),
            started: reached.map(|reached| On(reached.started_on)),
        }
    }
}
