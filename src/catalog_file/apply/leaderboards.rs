//! The leaderboards of a file. A file says that a board is on or off; the rest is up to its dates.

use domain::catalog::{
    AttributeKind, Leaderboard, LeaderboardDraft, LeaderboardPatch, LeaderboardStatus, Phase,
    RankByKind,
};
use domain::ids::{AttributeId, MetricId, PointsSystemId};
use domain::leaderboard::{DailyWindow, RunUnit};
use domain::time::Date;
use toml::Spanned;

use super::references::{filters_patch, patch};
use super::{Changed, Problem, is_on, one_of};
use crate::catalog_file::format::{Count, LeaderboardTable, RepeatTable};

impl Changed {
    pub(super) fn leaderboard(
        &mut self,
        key: &Spanned<String>,
        table: &LeaderboardTable,
    ) -> Result<(), Problem> {
        let draft = self.leaderboard_draft(key, table)?;
        let Some(stored) = self.catalog.find_leaderboard_by_key(key.as_ref()) else {
            let created = self.catalog.create_leaderboard(draft, self.now);
            return created.map(|_| ()).map_err(Problem::of(key));
        };
        let (id, update) = (stored.id, self.leaderboard_patch(stored, draft, table));
        self.catalog.update_leaderboard(id, update, self.now).map_err(Problem::of(key))?;
        Ok(())
    }

    fn leaderboard_draft(
        &self,
        key: &Spanned<String>,
        table: &LeaderboardTable,
    ) -> Result<LeaderboardDraft, Problem> {
        let (rank_by, metric_id, points_system_id) = self.rank_by(key, table)?;
        let repeat = table.repeat.as_ref().map(repeat).transpose()?;
        let (start, end) = (table.start.map(|day| day.0), table.end.map(|day| day.0));
        Ok(LeaderboardDraft {
            name: table.name.0.clone(),
            key: key.as_ref().clone(),
            description: table.description.as_ref().map(|text| text.0.clone()),
            status: match is_on(table.status) {
                true => self.status_by_dates(start, end),
                false => LeaderboardStatus::Inactive,
            },
            rank_by,
            metric_id,
            points_system_id,
            participants_max: table.max_participants.map(Count::count),
            start,
            end,
            run_unit: repeat.map(|(unit, _)| unit),
            run_interval: repeat.map(|(_, interval)| interval),
            window: DailyWindow {
                start: table.start_time.map(|time| time.0),
                end: table.end_time.map(|time| time.0),
            },
            breakdown: self.breakdown(&table.breakdown_attributes)?,
            user_filters: self.filters(AttributeKind::User, &table.user_attributes)?,
        })
    }

    /// The difference between a board and what the file says of it. Without a first date it keeps
    /// the one it has, which is the day of its creation if nobody chose another.
    fn leaderboard_patch(
        &self,
        stored: &Leaderboard,
        draft: LeaderboardDraft,
        table: &LeaderboardTable,
    ) -> LeaderboardPatch {
        let status = match (is_on(table.status), stored.phase) {
            // It stays on, or its dates are over.
            (true, Phase::On | Phase::Finished { .. }) | (false, Phase::Off) => None,
            (true, Phase::Off) => {
                Some(self.status_by_dates(draft.start.or(Some(stored.runs.start)), draft.end))
            }
            (false, Phase::On | Phase::Finished { .. }) => Some(LeaderboardStatus::Inactive),
        };
        let description = draft.description.unwrap_or_default();
        let is_described_so = stored.description.as_deref().unwrap_or_default() == description;
        LeaderboardPatch {
            name: Some(draft.name),
            key: None,
            description: (!is_described_so).then_some(description),
            status,
            rank_by: Some(draft.rank_by),
            metric_id: draft.metric_id,
            points_system_id: draft.points_system_id,
            participants_max: patch(draft.participants_max),
            start: draft.start,
            end: patch(draft.end),
            run_unit: patch(draft.run_unit),
            run_interval: draft.run_interval,
            start_time: patch(draft.window.start),
            end_time: patch(draft.window.end),
            breakdown: Some(draft.breakdown),
            user_filters: filters_patch(&stored.user_filters, draft.user_filters),
        }
    }

    fn rank_by(
        &self,
        key: &Spanned<String>,
        table: &LeaderboardTable,
    ) -> Result<(RankByKind, Option<MetricId>, Option<PointsSystemId>), Problem> {
        match (&table.metric, &table.points, table.streak) {
            (Some(metric), None, None) => {
                Ok((RankByKind::Metric, Some(self.metric_id(metric)?), None))
            }
            (None, Some(system), None) => {
                Ok((RankByKind::Points, None, Some(self.points_system_id(system)?)))
            }
            (None, None, Some(_)) => Ok((RankByKind::Streak, None, None)),
            _ => Err(one_of(key.span(), "`metric`, `points`, `streak`")),
        }
    }

    /// What it means now that a board with these dates is on. (C-LB-07)
    fn status_by_dates(&self, start: Option<Date>, end: Option<Date>) -> LeaderboardStatus {
        let today = self.now.utc_date();
        if start.is_some_and(|day| day > today) {
            LeaderboardStatus::Scheduled
        } else if end.is_some_and(|day| day < today) {
            LeaderboardStatus::Finished
        } else {
            LeaderboardStatus::Active
        }
    }

    fn breakdown(&self, keys: &[Spanned<String>]) -> Result<Vec<AttributeId>, Problem> {
        keys.iter().map(|key| self.attribute_id(AttributeKind::User, key)).collect()
    }
}

fn repeat(table: &Spanned<RepeatTable>) -> Result<(RunUnit, u32), Problem> {
    let RepeatTable { days, months, years } = *table.as_ref();
    match (days, months, years) {
        (Some(days), None, None) => Ok((RunUnit::Day, days.count())),
        (None, Some(months), None) => Ok((RunUnit::Month, months.count())),
        (None, None, Some(years)) => Ok((RunUnit::Year, years.count())),
        _ => Err(one_of(table.span(), "`days`, `months`, `years`")),
    }
}
