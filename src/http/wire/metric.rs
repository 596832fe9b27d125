//! A user's metrics as the Application API shows them. (C-METRIC)

use domain::catalog::Metric;
use domain::user::UserState;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::achievement::UserAchievementResponse;
use super::scalar::Decimal;

/// Always active: deleted metrics are not shown. (C-METRIC-08)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MetricStatus {
    /// The metric takes events.
    Active,
}

/// A user's total of a metric and the achievements built on it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MetricResponse<'a> {
    id: Uuid,
    key: &'a str,
    name: &'a str,
    status: MetricStatus,
    #[schema(value_type = f64)]
    current: Decimal,
    achievements: Vec<UserAchievementResponse<'a>>,
}

impl<'a> MetricResponse<'a> {
    /// The metric with the user's total and achievements.
    pub fn new(
        metric: &'a Metric,
        state: &UserState,
        achievements: Vec<UserAchievementResponse<'a>>,
    ) -> Self {
        Self {
            id: metric.id.0,
            key: metric.key.as_str(),
            name: &metric.name,
            status: MetricStatus::Active,
            current: Decimal(state.total(metric.id)),
            achievements,
        }
    }
}
