//! Leaderboards as webhooks are told of them. (C-WH 5.4, C-WH-38, C-WH-42)

use std::collections::HashMap;

use actors::board::Row;
use actors::ports::ToldRun;
use domain::catalog::{Catalog, LeaderboardStatus};
use domain::ids::UserId;
use domain::webhook::RankedValue;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::wire::leaderboard as words;
use crate::http::wire::ranking::{LeaderboardRanking, LeaderboardResponse, RunDates, Shown};
use crate::http::wire::scalar::AttributeFilter;

/// A leaderboard, and which of its rankings.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ToldLeaderboard<'a> {
    #[serde(flatten)]
    leaderboard: LeaderboardResponse<'a>,
    run: RunDates,
    /// The group; empty for none or all of them. Only on a leaderboard with breakdown attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    breakdown_attribute_values: Option<Vec<AttributeFilter<'a>>>,
    /// Deprecated: the value of the only breakdown attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    breakdown_attribute_value: Option<&'a str>,
}

impl<'a> ToldLeaderboard<'a> {
    fn new(of: ToldRun<'a>, catalog: &'a Catalog) -> Self {
        let ToldRun { board, run, group, participants_max } = of;
        let shown = Shown { board, catalog, participants_max };
        let values = group.map_or(&[][..], |group| &group.0);
        Self {
            leaderboard: shown.response(),
            run: run.into(),
            breakdown_attribute_values: (!board.breakdown.is_empty()).then(|| shown.values(group)),
            breakdown_attribute_value: match values {
                [only] => Some(only),
                _ => None,
            },
        }
    }
}

/// A leaderboard with the first of a ranking.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RankingOfLeaderboard<'a> {
    #[serde(flatten)]
    told: ToldLeaderboard<'a>,
    status: words::LeaderboardStatus,
    rankings: Vec<LeaderboardRanking>,
}

impl<'a> RankingOfLeaderboard<'a> {
    pub(super) fn new(
        of: ToldRun<'a>,
        catalog: &'a Catalog,
        status: LeaderboardStatus,
        rows: &[Row],
        names: &HashMap<UserId, Option<String>>,
    ) -> Self {
        let rankings = LeaderboardRanking::all(rows, names);
        Self { told: ToldLeaderboard::new(of, catalog), status: status.into(), rankings }
    }
}

/// A leaderboard with a user's rank.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RankOnLeaderboard<'a> {
    #[serde(flatten)]
    told: ToldLeaderboard<'a>,
    /// Null if the user doesn't take part.
    #[schema(required)]
    rank: Option<u64>,
    #[schema(required)]
    value: Option<i64>,
    /// What was told before.
    #[schema(required)]
    previous_rank: Option<u64>,
    #[schema(required)]
    previous_value: Option<i64>,
}

impl<'a> RankOnLeaderboard<'a> {
    pub(super) fn new(
        of: ToldRun<'a>,
        catalog: &'a Catalog,
        previous: Option<RankedValue>,
        place: Option<RankedValue>,
    ) -> Self {
        Self {
            told: ToldLeaderboard::new(of, catalog),
            rank: place.map(|place| place.rank),
            value: place.map(|place| place.value),
            previous_rank: previous.map(|place| place.rank),
            previous_value: previous.map(|place| place.value),
        }
    }
}
