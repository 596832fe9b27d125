//! Leaderboards as configured: what is ranked, when, for whom. (C-LB-01 to C-LB-15)
//!
//! An operator switches a board on, off or finishes it; what the API calls its status follows from
//! that and the dates, so nothing has to happen for a scheduled board to become active or for an
//! active one to finish. Scores are a function of stored activity (C-LB-27): a change that makes
//! old scores wrong gives the board a new [`Recount`], which each user catches up with.

mod change;
mod status;

use serde::{Deserialize, Serialize};

pub use change::{BREAKDOWN_MAX, LeaderboardDraft, LeaderboardPatch};
pub use status::{LeaderboardStatus, Phase};

use super::{Catalog, Filter, Stamps};
use crate::calendar::Period;
use crate::ids::{AttributeId, Key, LeaderboardId, MetricId, PointsSystemId};
use crate::leaderboard::{Contribution, DailyWindow, Run, Runs};
use crate::time::{Date, Timestamp};

/// What users are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RankBy {
    /// The change of a metric within the run. (C-LB-28)
    Metric(MetricId),
    /// The points of a system gained within the run. (C-LB-29)
    Points(PointsSystemId),
    /// The length of the streak. (C-LB-30)
    Streak,
}

/// What users are ranked by, without of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankByKind {
    /// See [`RankBy::Metric`].
    Metric,
    /// See [`RankBy::Points`].
    Points,
    /// See [`RankBy::Streak`].
    Streak,
}

impl RankByKind {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Points => "points",
            Self::Streak => "streak",
        }
    }
}

impl RankBy {
    /// Which kind this is.
    #[must_use]
    pub const fn kind(self) -> RankByKind {
        match self {
            Self::Metric(_) => RankByKind::Metric,
            Self::Points(_) => RankByKind::Points,
            Self::Streak => RankByKind::Streak,
        }
    }
}

/// A demand to compute all open scores of a board from history, and how long what came of it was
/// kept up to date. (C-LB-12, C-LB-27)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recount {
    /// Its number among all of the catalog's: users remember the latest they caught up with.
    pub number: u64,
    /// When it was made: runs finalised by then stay as they are.
    pub at: Timestamp,
    /// When the board was counted anew again, switched off or finished by hand; none so far. What
    /// happened up to then counts, however late someone looks.
    pub until: Option<Timestamp>,
}

/// Demands remembered per board; beyond that the oldest are forgotten.
const RECOUNTS_MAX: usize = 1_000;

/// A leaderboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaderboard {
    /// Its id.
    pub id: LeaderboardId,
    /// Its key.
    pub key: Key,
    /// Its display name.
    pub name: String,
    /// Its description, if any.
    pub description: Option<String>,
    /// What users are ranked by.
    pub rank_by: RankBy,
    /// How many users a group ranks; none for as many as the server allows. (C-LB-39, C-LB-40)
    pub participants_max: Option<u32>,
    /// The dates of its runs.
    pub runs: Runs,
    /// When in a day activity counts. (C-LB-55)
    pub window: DailyWindow,
    /// The attributes that split it into groups, in configured order. (C-LB-45)
    pub breakdown: Vec<AttributeId>,
    /// Who may take part; empty for all. (C-LB-48)
    pub user_filters: Vec<Filter>,
    /// Whether it ranks, as far as an operator decided.
    pub phase: Phase,
    /// The demands to count anew, oldest first; none if it never ranked.
    pub recounts: Vec<Recount>,
    /// When it was created and last changed.
    pub stamps: Stamps,
    /// Whether it was deleted. (C-LB-05)
    pub archived: bool,
}

impl Leaderboard {
    /// How many users a group of this board ranks on a server that allows `server_max`.
    #[must_use]
    pub fn seats(&self, server_max: u32) -> u32 {
        self.participants_max.unwrap_or(server_max).min(server_max)
    }

    /// The run a contribution counts in; none if it doesn't count on this board. (C-LB-21, C-LB-58)
    #[must_use]
    pub fn run_counting(&self, contribution: &Contribution) -> Option<Run> {
        let Contribution { day, time, at, .. } = *contribution;
        let run = self.runs.run_of(day).filter(|_| self.window.contains(time))?;
        self.counts_in(run, at).then_some(run)
    }

    /// Whether what happens at an instant can move a score in a run: the latest count that found
    /// the run open decides until when. (C-LB-11, C-LB-12, C-LB-27)
    #[must_use]
    pub fn counts_in(&self, run: Run, at: Timestamp) -> bool {
        let finalised_at = run.finalised_at();
        let found_open = |recount: &&Recount| finalised_at.is_none_or(|end| recount.at < end);
        let latest = self.recounts.iter().rev().find(found_open);
        !self.archived
            && latest.is_some_and(|recount| recount.until.is_none_or(|until| at <= until))
    }

    /// Whether nothing of a run can change any more. (C-LB-11, C-LB-24)
    #[must_use]
    pub fn is_final(&self, run: Run, now: Timestamp) -> bool {
        let finished = match self.phase {
            Phase::Off | Phase::On => false,
            Phase::Finished { at } => at <= now,
        };
        finished || run.finalised_at().is_some_and(|at| at <= now)
    }

    /// The run that begins on a date, if one does.
    #[must_use]
    pub fn run_from(&self, start: Date) -> Option<Run> {
        self.runs.run_of(start).filter(|run| run.start == start)
    }

    /// The number of the latest demand to count anew; 0 if it never ranked.
    #[must_use]
    pub fn recounted(&self) -> u64 {
        self.recounts.last().map_or(0, |recount| recount.number)
    }

    /// The first run that may ever have had scores: those before it were over when the board began
    /// to rank. None if it never did. (C-LB-27)
    #[must_use]
    pub fn first_counted(&self) -> Option<Run> {
        self.runs.earliest_unfinalised(self.recounts.first()?.at)
    }

    /// The runs that have opened and have a date within `dates`, of those that may ever have had
    /// scores, the earliest first.
    pub fn runs_touching(&self, dates: Period, now: Timestamp) -> impl Iterator<Item = Run> {
        let first = self.first_counted().map(|run| run.start.max(dates.start));
        let first = first.and_then(|from| self.runs.run_of(from));
        std::iter::successors(first, |run| self.runs.next(*run))
            .take_while(move |run| run.start <= dates.end && run.opens_at() <= now)
    }

    /// The first demand to count anew that a user who caught up with those up to `known` has yet to
    /// meet.
    #[must_use]
    pub(crate) fn recount_after(&self, known: u64) -> Option<Recount> {
        self.recounts.iter().find(|recount| recount.number > known).copied()
    }

    /// Deletes it: what happened up to now is what it will have counted.
    fn archive(&mut self, now: Timestamp) {
        self.stop_counting(now);
        self.archived = true;
    }

    /// Ends what the latest count began.
    fn stop_counting(&mut self, now: Timestamp) {
        if let Some(latest) = self.recounts.last_mut() {
            latest.until = latest.until.or(Some(now));
        }
    }

    fn count_anew(&mut self, number: u64, now: Timestamp) {
        self.stop_counting(now);
        self.recounts.push(Recount { number, at: now, until: None });
        if self.recounts.len() > RECOUNTS_MAX {
            self.recounts.remove(0);
        }
    }
}

impl Catalog {
    /// The live leaderboards of every status, oldest first.
    pub fn live_leaderboards(&self) -> impl Iterator<Item = &Leaderboard> {
        self.leaderboards.iter().filter(|board| !board.archived)
    }

    /// The leaderboards that the Application API shows at `now`, oldest first. (C-LB-06, C-LB-67)
    pub fn visible_leaderboards(&self, now: Timestamp) -> impl Iterator<Item = &Leaderboard> {
        self.live_leaderboards().filter(move |own| own.status(now) != LeaderboardStatus::Inactive)
    }

    /// The live leaderboard with this id.
    #[must_use]
    pub fn find_leaderboard(&self, id: LeaderboardId) -> Option<&Leaderboard> {
        self.live_leaderboards().find(|board| board.id == id)
    }

    /// The live leaderboard with this key.
    #[must_use]
    pub fn find_leaderboard_by_key(&self, key: &str) -> Option<&Leaderboard> {
        self.live_leaderboards().find(|board| board.key.as_str() == key)
    }
}
