//! Boosts as the Application API shows them, and the words both APIs use for them.
//! (C-POINTS-39 to 42)

use domain::catalog::{self, Boost, BoostTerms, Rounding};
use domain::user::AppliedBoost;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::scalar::{Decimal, On};

/// Where a boost stands in time. (C-POINTS-40)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BoostStatus {
    /// It holds for somebody.
    Active,
    /// It begins later.
    Scheduled,
    /// It is over.
    Finished,
}

impl From<catalog::BoostStatus> for BoostStatus {
    fn from(status: catalog::BoostStatus) -> Self {
        match status {
            catalog::BoostStatus::Active => Self::Active,
            catalog::BoostStatus::Scheduled => Self::Scheduled,
            catalog::BoostStatus::Finished => Self::Finished,
        }
    }
}

/// How a boosted award becomes a whole number. (C-POINTS-37)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BoostRounding {
    /// To the next lower integer.
    Down,
    /// To the next higher integer.
    Up,
    /// To the nearest integer, ties up.
    Nearest,
}

impl From<Rounding> for BoostRounding {
    fn from(rounding: Rounding) -> Self {
        match rounding {
            Rounding::Down => Self::Down,
            Rounding::Up => Self::Up,
            Rounding::Nearest => Self::Nearest,
        }
    }
}

/// A boost.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointsBoost<'a> {
    id: Uuid,
    name: std::borrow::Cow<'a, str>,
    status: BoostStatus,
    start: On,
    /// Null for open-ended.
    #[schema(required)]
    end: Option<On>,
    multiplier: Decimal,
    rounding: BoostRounding,
}

impl<'a> PointsBoost<'a> {
    /// A configured boost.
    pub fn new(boost: &'a Boost, terms: &'a BoostTerms, status: BoostStatus) -> Self {
        Self {
            id: boost.id.0,
            name: terms.name.as_str().into(),
            status,
            start: On(terms.start),
            end: terms.end.map(On),
            multiplier: Decimal(terms.multiplier),
            rounding: terms.rounding.into(),
        }
    }

    /// A boost as it was applied, which it was while it held. (C-POINTS-39)
    pub fn applied(boost: &AppliedBoost) -> Self {
        Self {
            id: boost.id.0,
            name: boost.name.clone().into(),
            status: BoostStatus::Active,
            start: On(boost.start),
            end: boost.end.map(On),
            multiplier: Decimal(boost.multiplier),
            rounding: boost.rounding.into(),
        }
    }
}
