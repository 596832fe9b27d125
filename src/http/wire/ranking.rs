//! Leaderboards as the Application API shows them: what they are, who stands where, what an event
//! did to a rank. (C-LB 4.7, 4.9)

use std::collections::{BTreeMap, HashMap};

use actors::Applied;
use actors::board::Row;
use actors::leaderboard::{RankedMove, UserPlace};
use domain::calendar::Zone;
use domain::catalog::{Catalog, Leaderboard, LeaderboardStatus, RankBy};
use domain::ids::UserId;
use domain::leaderboard::{Group, RankEvent, Ranked, Run};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::leaderboard::{self as words, Clock, LeaderboardRankBy, RunUnit};
use super::scalar::{At, AttributeFilter, On};

/// A leaderboard.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaderboardResponse<'a> {
    id: Uuid,
    name: &'a str,
    key: &'a str,
    rank_by: LeaderboardRankBy,
    /// Deprecated: the attribute that splits it, if there is exactly one.
    #[schema(required)]
    breakdown_attribute: Option<&'a str>,
    /// The attributes that split it into groups.
    breakdown_attributes: Vec<&'a str>,
    /// Only if ranked by a metric, like `metricName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metric_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    metric_name: Option<&'a str>,
    /// Only if ranked by points, like `pointsSystemName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    points_system_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    points_system_name: Option<&'a str>,
    #[schema(required)]
    description: Option<&'a str>,
    start: On,
    #[schema(required)]
    end: Option<On>,
    #[schema(required)]
    start_time: Option<Clock>,
    #[schema(required)]
    end_time: Option<Clock>,
    /// How many users a group can rank. (C-LB-40)
    max_participants: u32,
    #[schema(required)]
    run_unit: Option<RunUnit>,
    #[schema(required)]
    run_interval: Option<u32>,
    /// Who may take part; empty for everyone.
    user_attributes: Vec<AttributeFilter<'a>>,
}

/// What is shown of a board besides the board.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The board.
    pub board: &'a Leaderboard,
    /// The configuration it is of.
    pub catalog: &'a Catalog,
    /// How many users a group can rank on this server at most.
    pub participants_max: u32,
}

impl<'a> Shown<'a> {
    /// The board itself.
    pub(super) fn response(self) -> LeaderboardResponse<'a> {
        let Self { board, catalog, participants_max } = self;
        let breakdown_attributes: Vec<_> =
            board.breakdown.iter().filter_map(|id| attribute_key(catalog, *id)).collect();
        // What was deleted since is still known.
        let metric = match board.rank_by {
            RankBy::Metric(id) => catalog.metrics.iter().find(|metric| metric.id == id),
            RankBy::Points(_) | RankBy::Streak => None,
        };
        let system = match board.rank_by {
            RankBy::Points(id) => catalog.points_systems.iter().find(|system| system.id == id),
            RankBy::Metric(_) | RankBy::Streak => None,
        };
        LeaderboardResponse {
            id: board.id.0,
            name: &board.name,
            key: board.key.as_str(),
            rank_by: board.rank_by.kind().into(),
            breakdown_attribute: match *breakdown_attributes {
                [only] => Some(only),
                _ => None,
            },
            breakdown_attributes,
            metric_key: metric.map(|metric| metric.key.as_str()),
            metric_name: metric.map(|metric| metric.name.as_str()),
            points_system_key: system.map(|system| system.key.as_str()),
            points_system_name: system.map(|system| system.name.as_str()),
            description: board.description.as_deref(),
            start: On(board.runs.start),
            end: board.runs.end.map(On),
            start_time: board.window.start.map(Clock),
            end_time: board.window.end.map(Clock),
            max_participants: board.seats(participants_max),
            run_unit: board.runs.repeat.map(|repeat| repeat.unit.into()),
            run_interval: board.runs.repeat.map(|repeat| repeat.interval),
            user_attributes: AttributeFilter::all(&board.user_filters, catalog),
        }
    }

    /// The values of a group by the keys of their attributes.
    pub(super) fn values(self, group: Option<&'a Group>) -> Vec<AttributeFilter<'a>> {
        let pairs = self.board.breakdown.iter().zip(group.map_or(&[][..], |group| &group.0));
        let named = pairs.filter_map(|(id, value)| {
            Some(AttributeFilter { key: attribute_key(self.catalog, *id)?, value })
        });
        named.collect()
    }
}

/// The key of an attribute, also of one that was deleted since.
fn attribute_key(catalog: &Catalog, id: domain::ids::AttributeId) -> Option<&str> {
    let attribute = catalog.attributes.iter().find(|attribute| attribute.id == id)?;
    Some(attribute.key.as_str())
}

/// A leaderboard in a list. (C-LB-59)
#[derive(Debug, Serialize, ToSchema)]
pub struct LeaderboardListItem<'a> {
    #[serde(flatten)]
    leaderboard: LeaderboardResponse<'a>,
    status: words::LeaderboardStatus,
}

impl<'a> LeaderboardListItem<'a> {
    /// The board where it stands.
    pub fn new(shown: Shown<'a>, status: LeaderboardStatus) -> Self {
        Self { leaderboard: shown.response(), status: status.into() }
    }
}

/// The dates of the run that is shown. (C-LB-61)
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct RunDates {
    start: On,
    /// Null if it never ends.
    #[schema(required)]
    end: Option<On>,
}

impl From<Run> for RunDates {
    fn from(run: Run) -> Self {
        Self { start: On(run.start), end: run.end.map(On) }
    }
}

/// A participant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaderboardRanking {
    user_id: String,
    /// The name the user has now. (C-LB-66)
    #[schema(required)]
    user_name: Option<String>,
    rank: u64,
    value: i64,
}

impl LeaderboardRanking {
    /// Rows with their users' names.
    pub fn all(rows: &[Row], names: &HashMap<UserId, Option<String>>) -> Vec<Self> {
        let ranking = |row: &Row| Self {
            user_name: names.get(&row.user).cloned().flatten(),
            user_id: row.user.to_string(),
            rank: row.rank,
            value: row.score.value.floor(),
        };
        rows.iter().map(ranking).collect()
    }

    /// The rows' users with the names that are shown.
    pub fn names(all: &[Self]) -> HashMap<UserId, Option<String>> {
        let names = all.iter().filter_map(|own| {
            let user = UserId::new(&own.user_id)?;
            Some((user, own.user_name.clone()))
        });
        names.collect()
    }

    /// The row of a rank; ranks of a page have no gaps.
    fn at(page: &[Self], rank: u64) -> Option<&Self> {
        let place = rank.checked_sub(page.first()?.rank)?;
        page.get(usize::try_from(place).ok()?)
    }
}

/// What makes one page of a ranking out of another. (C-LB-88)
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaderboardChanges<'a> {
    /// Who stands now at ranks that the page did not have, or had otherwise.
    rankings: Vec<&'a LeaderboardRanking>,
    /// Ranks that are not on the page any more.
    removed_ranks: Vec<u64>,
}

impl<'a> LeaderboardChanges<'a> {
    /// What is different; none if nothing is.
    pub fn between(before: &[LeaderboardRanking], after: &'a [LeaderboardRanking]) -> Option<Self> {
        let is_new =
            |own: &&LeaderboardRanking| LeaderboardRanking::at(before, own.rank) != Some(*own);
        let rankings: Vec<_> = after.iter().filter(is_new).collect();
        let ranks = before.iter().map(|own| own.rank);
        let is_gone = |rank: &u64| LeaderboardRanking::at(after, *rank).is_none();
        let removed_ranks: Vec<_> = ranks.filter(is_gone).collect();
        let is_same = rankings.is_empty() && removed_ranks.is_empty();
        (!is_same).then_some(Self { rankings, removed_ranks })
    }
}

/// That a run is over. (C-LB-89)
#[derive(Debug, Serialize, ToSchema)]
pub struct LeaderboardRunFinished {
    run: RunDates,
}

impl From<Run> for LeaderboardRunFinished {
    fn from(run: Run) -> Self {
        Self { run: run.into() }
    }
}

/// A leaderboard with a part of its ranking.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeaderboardResponseWithRankings<'a> {
    #[serde(flatten)]
    leaderboard: LeaderboardResponse<'a>,
    status: words::LeaderboardStatus,
    rankings: &'a [LeaderboardRanking],
    run: RunDates,
}

impl<'a> LeaderboardResponseWithRankings<'a> {
    /// A page of a run.
    pub fn new(
        shown: Shown<'a>,
        now: Timestamp,
        run: Run,
        rankings: &'a [LeaderboardRanking],
    ) -> Self {
        Self {
            leaderboard: shown.response(),
            status: shown.board.status(now).into(),
            rankings,
            run: run.into(),
        }
    }
}

/// Where a user stood at the end of a day. (C-LB-70 to C-LB-74)
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaderboardEvent {
    date: On,
    timestamp: At,
    #[schema(required)]
    previous_rank: Option<u64>,
    #[schema(required)]
    rank: Option<u64>,
    #[schema(required)]
    previous_value: Option<i64>,
    #[schema(required)]
    value: Option<i64>,
}

impl From<RankEvent> for LeaderboardEvent {
    fn from(RankEvent { date, previous, end }: RankEvent) -> Self {
        Self {
            date: On(date),
            timestamp: At(Zone::UTC.day_start(date)),
            previous_rank: previous.map(|previous| previous.rank),
            rank: end.map(|end| end.rank),
            previous_value: previous.map(|previous| previous.value),
            value: end.map(|end| end.value),
        }
    }
}

/// A user's rank on a leaderboard.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserLeaderboard<'a> {
    #[serde(flatten)]
    leaderboard: LeaderboardResponse<'a>,
    #[schema(required)]
    rank: Option<u64>,
    #[schema(required)]
    value: Option<i64>,
    run: RunDates,
    /// The user's group. Only on a leaderboard with breakdown attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    breakdown_attribute_values: Option<Vec<AttributeFilter<'a>>>,
}

impl<'a> UserLeaderboard<'a> {
    /// A rank in a run.
    pub fn new(
        shown: Shown<'a>,
        run: Run,
        ranked: Option<Ranked>,
        group: Option<&'a Group>,
    ) -> Self {
        let is_split = !shown.board.breakdown.is_empty();
        Self {
            leaderboard: shown.response(),
            rank: ranked.map(|ranked| ranked.rank),
            value: ranked.map(|ranked| ranked.value),
            run: run.into(),
            breakdown_attribute_values: is_split.then(|| shown.values(group)),
        }
    }
}

/// Where a user stands on a leaderboard, and stood before. (C-LB-68 to C-LB-70)
#[derive(Debug, Serialize, ToSchema)]
pub struct UserLeaderboardResponse<'a> {
    #[serde(flatten)]
    place: UserLeaderboard<'a>,
    /// The days on which rank or value changed, oldest first.
    history: Vec<LeaderboardEvent>,
}

impl<'a> UserLeaderboardResponse<'a> {
    /// The user's place in a run, with these days before it.
    pub fn new(shown: Shown<'a>, run: Run, place: &'a UserPlace, history: Vec<RankEvent>) -> Self {
        Self {
            place: UserLeaderboard::new(shown, run, place.ranked(), place.group.as_ref()),
            history: history.into_iter().map(LeaderboardEvent::from).collect(),
        }
    }
}

/// What an event did to the user's rank. (C-LB-77, C-LB-78)
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricEventLeaderboardResponse<'a> {
    #[serde(flatten)]
    leaderboard: LeaderboardResponse<'a>,
    /// Null if the user doesn't take part.
    #[schema(required)]
    rank: Option<u64>,
    /// The rank before the event.
    #[schema(required)]
    previous_rank: Option<u64>,
    /// The smallest value that is sure to enter.
    threshold: i64,
    /// The user's group. Only on a leaderboard with breakdown attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    breakdown_attribute_values: Option<Vec<AttributeFilter<'a>>>,
    /// Deprecated: the value of the only breakdown attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    breakdown_attribute_value: Option<&'a str>,
}

/// What an event did to ranks, by the keys of the leaderboards. (C-LB-75)
pub type ChangedLeaderboards<'a> = BTreeMap<&'a str, MetricEventLeaderboardResponse<'a>>;

/// What an event did to ranks. Boards that don't rank are left out. (C-LB-76)
pub fn changed_leaderboards(applied: &Applied, participants_max: u32) -> ChangedLeaderboards<'_> {
    let catalog = &*applied.catalog;
    let ranks: HashMap<_, _> =
        applied.ranks.iter().map(|ranked| (ranked.leaderboard, ranked)).collect();
    let changed = catalog.live_leaderboards().filter_map(|board| {
        let ranked = ranks.get(&board.id)?;
        let run = board.run_from(ranked.run)?;
        let is_active = board.status(applied.now) == LeaderboardStatus::Active;
        let shown = Shown { board, catalog, participants_max };
        is_active.then(|| (board.key.as_str(), changed_leaderboard(shown, run, ranked)))
    });
    changed.collect()
}

fn changed_leaderboard<'a>(
    shown: Shown<'a>,
    run: Run,
    ranked: &'a RankedMove,
) -> MetricEventLeaderboardResponse<'a> {
    let values = &ranked.group.0;
    MetricEventLeaderboardResponse {
        leaderboard: LeaderboardResponse {
            start: On(run.start),
            end: run.end.map(On),
            ..shown.response()
        },
        rank: ranked.rank,
        previous_rank: ranked.previous_rank,
        threshold: ranked.threshold,
        breakdown_attribute_values: (!values.is_empty()).then(|| shown.values(Some(&ranked.group))),
        breakdown_attribute_value: match &**values {
            [only] => Some(only),
            _ => None,
        },
    }
}
