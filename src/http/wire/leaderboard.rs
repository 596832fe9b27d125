//! Words and times that both APIs use for leaderboards. (C-LB-04, C-LB-56)

use domain::catalog;
use domain::leaderboard;
use domain::time::TimeOfDay;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// What users are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LeaderboardRankBy {
    /// Points of a system.
    Points,
    /// The length of the streak.
    Streak,
    /// The change of a metric.
    Metric,
}

impl From<catalog::RankByKind> for LeaderboardRankBy {
    fn from(kind: catalog::RankByKind) -> Self {
        match kind {
            catalog::RankByKind::Metric => Self::Metric,
            catalog::RankByKind::Points => Self::Points,
            catalog::RankByKind::Streak => Self::Streak,
        }
    }
}

/// Where a leaderboard stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LeaderboardStatus {
    /// It can be edited and nobody sees it.
    Inactive,
    /// Activity is ranked.
    Active,
    /// It becomes active when its first date begins.
    Scheduled,
    /// Its rankings are settled.
    Finished,
}

impl From<catalog::LeaderboardStatus> for LeaderboardStatus {
    fn from(status: catalog::LeaderboardStatus) -> Self {
        match status {
            catalog::LeaderboardStatus::Inactive => Self::Inactive,
            catalog::LeaderboardStatus::Scheduled => Self::Scheduled,
            catalog::LeaderboardStatus::Active => Self::Active,
            catalog::LeaderboardStatus::Finished => Self::Finished,
        }
    }
}

/// What the length of a run is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunUnit {
    /// Days.
    Day,
    /// Calendar months.
    Month,
    /// Calendar years.
    Year,
}

impl From<leaderboard::RunUnit> for RunUnit {
    fn from(unit: leaderboard::RunUnit) -> Self {
        match unit {
            leaderboard::RunUnit::Day => Self::Day,
            leaderboard::RunUnit::Month => Self::Month,
            leaderboard::RunUnit::Year => Self::Year,
        }
    }
}

/// A time of day, `HH:mm` or `HH:mm:ss`. (C-LB-56)
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String)]
pub struct Clock(pub TimeOfDay);

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
