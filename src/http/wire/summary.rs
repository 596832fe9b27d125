//! Totals and changes over time: the query and its answer. (C-METRIC-11 to 14, C-POINTS-57)

use domain::amount::Amount;
use domain::calendar::{Frequency, Period};
use domain::summary::{Bucket, range};
use domain::time::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::scalar::{Decimal, On};
use crate::http::error::ApiError;
use crate::http::extract::Query;

/// What to summarise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SummaryQuery {
    /// How long a bucket is.
    pub aggregation: Frequency,
    /// The dates, both ends included.
    pub range: Period,
}

impl SummaryQuery {
    /// Reads `aggregation`, `startDate` and `endDate`, all required.
    ///
    /// # Errors
    /// 422 naming the parameter.
    pub fn read(query: &Query) -> Result<Self, ApiError> {
        let aggregation = match query.required("aggregation")? {
            "daily" => Frequency::Daily,
            "weekly" => Frequency::Weekly,
            "monthly" => Frequency::Monthly,
            _ => {
                return Err(ApiError::invalid("aggregation must be one of daily, weekly, monthly"));
            }
        };
        let range = range(date(query, "startDate")?, date(query, "endDate")?)?;
        Ok(Self { aggregation, range })
    }
}

fn date(query: &Query, name: &str) -> Result<Date, ApiError> {
    Date::parse(query.required(name)?)
        .ok_or_else(|| ApiError::invalid(format!("{name} must be a date (YYYY-MM-DD)")))
}

/// One bucket of a metric's summary.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct MetricSummaryItem {
    date: On,
    #[schema(value_type = f64)]
    total: Decimal,
    #[schema(value_type = f64)]
    change: Decimal,
}

impl From<Bucket<Amount>> for MetricSummaryItem {
    fn from(bucket: Bucket<Amount>) -> Self {
        Self { date: On(bucket.date), total: Decimal(bucket.total), change: Decimal(bucket.change) }
    }
}

/// One bucket of a points system's summary.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PointsSummaryItem {
    date: On,
    total: i64,
    change: i64,
}

impl From<Bucket<i64>> for PointsSummaryItem {
    fn from(bucket: Bucket<i64>) -> Self {
        Self { date: On(bucket.date), total: bucket.total, change: bucket.change }
    }
}
