//! Leaderboards at work: runs in memory, rankings that are settled, and what connects them. (C-LB)
//!
//! Scores are rows, written with their users; everything here is made from them. [`runs`] finds the
//! actor of a run, [`run`] is that actor, [`ranks`] brings the answers of many runs together for one
//! event, [`recounts`] catches up with boards that were switched on, [`settling`] makes a run's
//! ranking final when its time is over, and [`settled`] reads it ever after. What changes during a
//! day of a run is counted in its [`day_book`], and [`days`] has it written in time. [`watchers`] are
//! those a run tells of changes, [`streams`] what they wait for.

mod day_book;
mod days;
mod ranks;
mod recounts;
mod run;
mod runs;
mod settled;
mod settling;
mod streams;
mod watchers;

use domain::catalog::Leaderboard;
use domain::ids::{LeaderboardId, Scope, UserId};
use domain::leaderboard::{Group, Ranked, Run};
use domain::time::Date;

pub use ranks::RankedMove;
pub(crate) use ranks::{PendingRanks, Told};
pub(crate) use recounts::Recounts;
pub(crate) use runs::Runs;
pub(crate) use settled::{place, rows};
pub(crate) use settling::Settling;
pub(crate) use streams::Streams;
pub use streams::{FirstPage, Followed, Follower};

use crate::board::{Row, Start};
use crate::error::Error;
use storage::Store;

/// Which run of which leaderboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RunKey {
    pub(crate) scope: Scope,
    pub(crate) leaderboard: LeaderboardId,
    /// Its first date.
    pub(crate) run: Date,
}

impl RunKey {
    pub(crate) fn new(scope: Scope, leaderboard: LeaderboardId, run: Run) -> Self {
        Self { scope, leaderboard, run: run.start }
    }
}

/// A part of a ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Which groups are ranked together.
    pub filter: crate::board::Filter,
    /// Where it starts.
    pub start: Start,
    /// How many rows it has at most.
    pub limit: u64,
}

/// A part of a run's ranking: final, or after everything that the run was told before and everyone is
/// counted. (C-LB-27, C-LB-35, C-LB-62 to C-LB-65)
pub(crate) async fn page(
    store: &Store,
    runs: &Runs,
    recounts: &Recounts,
    board: &Leaderboard,
    key: RunKey,
    page: Page,
) -> Result<Vec<Row>, Error> {
    if let Some(rows) = settled::rows(store, key, page.clone()).await? {
        return Ok(rows);
    }
    recounts.catch_up(board.recounted()).await?;
    let Page { filter, start, limit } = page;
    let rows = runs.read(key, move |board| {
        let selection = board.select(&filter);
        match &start {
            Start::Offset(offset) => selection.rows(*offset, limit),
            Start::User { user, offset } => selection.rows_from(user, *offset, limit),
        }
    });
    rows.await
}

/// Where a user stands in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPlace {
    /// The user's group; none if they are in none.
    pub group: Option<Group>,
    /// Their row, with the rank in that group; none if they don't take part.
    pub row: Option<Row>,
}

impl UserPlace {
    /// Of who has no score.
    pub(crate) const NOWHERE: Self = Self { group: None, row: None };

    /// Rank and value as they are shown.
    #[must_use]
    pub fn ranked(&self) -> Option<Ranked> {
        self.row.as_ref().map(|row| Ranked { rank: row.rank, value: row.score.value.floor() })
    }

    pub(crate) fn of(user: &UserId, standing: Option<crate::board::Standing>) -> Self {
        let Some(standing) = standing else { return Self::NOWHERE };
        let row = standing.rank.map(|rank| Row { rank, user: user.clone(), score: standing.score });
        Self { group: standing.group.map(|group| Group::clone(&group)), row }
    }
}
