//! Leaderboards for examples: made through the catalog's own operations, and read from the score
//! rows alone, the way a ranking is.

use domain::catalog::{Filter, LeaderboardDraft, LeaderboardPatch, LeaderboardStatus, RankByKind};
use domain::ids::{AttributeId, LeaderboardId, MetricId, PointsSystemId};
use domain::leaderboard::{DailyWindow, Group, Place, RunUnit};
use domain::time::TimeOfDay;

use super::{World, at, date};

/// A leaderboard to create, active unless told otherwise.
pub(crate) struct Board(LeaderboardDraft);

impl Board {
    fn ranked_by(rank_by: RankByKind) -> Self {
        Self(LeaderboardDraft {
            name: "Board".to_owned(),
            key: "board".to_owned(),
            description: None,
            status: LeaderboardStatus::Active,
            rank_by,
            metric_id: None,
            points_system_id: None,
            participants_max: None,
            start: None,
            end: None,
            run_unit: None,
            run_interval: None,
            window: DailyWindow::default(),
            breakdown: Vec::new(),
            user_filters: Vec::new(),
        })
    }

    pub(crate) fn metric(metric: MetricId) -> Self {
        let Self(draft) = Self::ranked_by(RankByKind::Metric);
        Self(LeaderboardDraft { metric_id: Some(metric), ..draft })
    }

    pub(crate) fn points(system: PointsSystemId) -> Self {
        let Self(draft) = Self::ranked_by(RankByKind::Points);
        Self(LeaderboardDraft { points_system_id: Some(system), ..draft })
    }

    pub(crate) fn streak() -> Self {
        Self::ranked_by(RankByKind::Streak)
    }

    pub(crate) fn key(mut self, key: &str) -> Self {
        self.0.key = key.to_owned();
        self
    }

    pub(crate) fn status(mut self, status: LeaderboardStatus) -> Self {
        self.0.status = status;
        self
    }

    pub(crate) fn start(mut self, start: &str) -> Self {
        self.0.start = Some(date(start));
        self
    }

    pub(crate) fn end(mut self, end: &str) -> Self {
        self.0.end = Some(date(end));
        self
    }

    pub(crate) fn every(mut self, interval: u32, unit: RunUnit) -> Self {
        self.0.run_unit = Some(unit);
        self.0.run_interval = Some(interval);
        self
    }

    pub(crate) fn between(mut self, start: &str, end: &str) -> Self {
        self.0.window = DailyWindow { start: TimeOfDay::parse(start), end: TimeOfDay::parse(end) };
        self
    }

    pub(crate) fn split_by(mut self, attribute: AttributeId) -> Self {
        self.0.breakdown.push(attribute);
        self
    }

    pub(crate) fn if_user(mut self, attribute: AttributeId, value: &str) -> Self {
        self.0.user_filters.push(Filter { attribute, value: value.to_owned() });
        self
    }
}

impl World {
    pub(crate) fn board(&mut self, now: &str, board: Board) -> LeaderboardId {
        self.catalog.create_leaderboard(board.0, at(now)).expect("a valid leaderboard").id
    }

    pub(crate) fn change_board(&mut self, now: &str, id: LeaderboardId, patch: LeaderboardPatch) {
        self.catalog.update_leaderboard(id, patch, at(now)).expect("a valid change");
    }

    pub(crate) fn switch_board(&mut self, now: &str, id: LeaderboardId, status: LeaderboardStatus) {
        let patch = LeaderboardPatch { status: Some(status), ..LeaderboardPatch::default() };
        self.change_board(now, id, patch);
    }

    /// The participants of the run that begins on a date, best first, as `name value`.
    pub(crate) fn ranked(&self, board: LeaderboardId, run: &str) -> Vec<String> {
        self.ranked_in(board, run, &[])
    }

    /// As [`World::ranked`], in one group of a board with breakdown attributes.
    pub(crate) fn ranked_in(&self, board: LeaderboardId, run: &str, group: &[&str]) -> Vec<String> {
        let group = Group(group.iter().map(|value| (*value).to_owned()).collect());
        let rows = self.users.iter().filter_map(|(user, stored)| {
            let record = stored.scores.get(&(board, date(run)))?;
            let stands = record.participates() && record.group.as_ref() == Some(&group);
            stands.then(|| (Place::of(record.score, user.clone()), record.score.value))
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort();
        rows.iter().map(|(place, value)| format!("{} {value}", place.user())).collect()
    }
}
