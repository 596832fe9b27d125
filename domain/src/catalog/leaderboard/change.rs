//! Creating, editing and deleting leaderboards. (C-LB-13 to C-LB-15, C-LB-83, C-ADM-64 to 72)
//!
//! An edit is judged by what it changes: a field sent with the value it has is no edit. Fields come
//! before the status, and an item is applied whole or not at all.

use super::{Leaderboard, LeaderboardStatus, Phase, RankBy, RankByKind};
use crate::catalog::{AttributeKind, Catalog, Filter, Invalid, Patch, Stamps, parse_key};
use crate::ids::{AttributeId, Key, LeaderboardId, MetricId, PointsSystemId};
use crate::leaderboard::{DailyWindow, Repeat, RunUnit, Runs};
use crate::time::{Date, TimeOfDay, Timestamp};

/// Most attributes a board is split by. (C-LB-45)
pub const BREAKDOWN_MAX: usize = 5;

/// A new leaderboard as a request describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderboardDraft {
    /// Display name, already checked for length.
    pub name: String,
    /// The wanted key.
    pub key: String,
    /// Description.
    pub description: Option<String>,
    /// Where it starts.
    pub status: LeaderboardStatus,
    /// What users are ranked by.
    pub rank_by: RankByKind,
    /// Of a metric board.
    pub metric_id: Option<MetricId>,
    /// Of a points board.
    pub points_system_id: Option<PointsSystemId>,
    /// See [`Leaderboard::participants_max`]; at least 1.
    pub participants_max: Option<u32>,
    /// The first date; none for today. (C-ADM-64)
    pub start: Option<Date>,
    /// The last date.
    pub end: Option<Date>,
    /// The unit of a run.
    pub run_unit: Option<RunUnit>,
    /// How many units a run has, at least 1.
    pub run_interval: Option<u32>,
    /// When in a day activity counts.
    pub window: DailyWindow,
    /// See [`Leaderboard::breakdown`].
    pub breakdown: Vec<AttributeId>,
    /// Who may take part.
    pub user_filters: Vec<Filter>,
}

/// Changes to a leaderboard. (C-ADM-69)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaderboardPatch {
    /// A new name.
    pub name: Option<String>,
    /// A new key.
    pub key: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// A new status.
    pub status: Option<LeaderboardStatus>,
    /// What users are ranked by.
    pub rank_by: Option<RankByKind>,
    /// Of a metric board.
    pub metric_id: Option<MetricId>,
    /// Of a points board.
    pub points_system_id: Option<PointsSystemId>,
    /// See [`Leaderboard::participants_max`].
    pub participants_max: Patch<u32>,
    /// A new first date.
    pub start: Option<Date>,
    /// A new last date; null for none.
    pub end: Patch<Date>,
    /// The unit of a run; null makes the board perpetual. (C-ADM-66)
    pub run_unit: Patch<RunUnit>,
    /// How many units a run has, at least 1.
    pub run_interval: Option<u32>,
    /// From when in a day activity counts.
    pub start_time: Patch<TimeOfDay>,
    /// Until when in a day activity counts.
    pub end_time: Patch<TimeOfDay>,
    /// See [`Leaderboard::breakdown`].
    pub breakdown: Option<Vec<AttributeId>>,
    /// Who may take part; null for everyone. (C-ADM-71)
    pub user_filters: Patch<Vec<Filter>>,
}

const NOT_FOUND: &str = "Leaderboard not found by ID";

impl Catalog {
    /// Creates a leaderboard. (C-ADM-64 to 68)
    ///
    /// # Errors
    /// If the key is malformed or taken, something it names doesn't exist, its fields don't fit
    /// together, or its dates don't allow the status.
    pub fn create_leaderboard(
        &mut self,
        draft: LeaderboardDraft,
        now: Timestamp,
    ) -> Result<&Leaderboard, Invalid> {
        let key = self.free_leaderboard_key(None, &draft.key)?;
        let rank_by =
            self.read_rank_by(None, draft.rank_by, draft.metric_id, draft.points_system_id)?;
        let unit = draft.run_unit.map_or(Patch::Keep, Patch::Set);
        let mut board = Leaderboard {
            id: LeaderboardId(uuid::Uuid::nil()),
            key,
            name: draft.name,
            description: draft.description,
            rank_by,
            participants_max: draft.participants_max,
            runs: Runs {
                start: draft.start.unwrap_or_else(|| now.utc_date()),
                end: draft.end,
                repeat: read_repeat(None, unit, draft.run_interval)?,
            },
            window: draft.window,
            breakdown: draft.breakdown,
            user_filters: draft.user_filters,
            phase: Phase::Off,
            recounts: Vec::new(),
            stamps: Stamps::new(now),
            archived: false,
        };
        self.check_leaderboard(&board)?;
        board.check_dates(draft.status, now)?;
        board.phase = match draft.status {
            LeaderboardStatus::Inactive => Phase::Off,
            LeaderboardStatus::Scheduled | LeaderboardStatus::Active => Phase::On,
            LeaderboardStatus::Finished => Phase::Finished { at: now },
        };
        if board.phase == Phase::On {
            self.recounts += 1;
            board.count_anew(self.recounts, now);
        }
        board.id = LeaderboardId(self.next_id("leaderboard"));
        Ok(self.leaderboards.push_mut(board))
    }

    /// Changes a leaderboard: its fields, then its status. (C-ADM-69, C-ADM-70)
    ///
    /// # Errors
    /// As for creation, and if the board's status doesn't allow the edit or the change of status.
    pub fn update_leaderboard(
        &mut self,
        id: LeaderboardId,
        patch: LeaderboardPatch,
        now: Timestamp,
    ) -> Result<&Leaderboard, Invalid> {
        let place = self.leaderboard_place(id)?;
        let stored = self.leaderboards[place].clone();
        let status = patch.status;
        let mut changed = self.patched(&stored, patch)?;
        check_edit(&stored, &changed, now)?;
        if stored.status(now) != LeaderboardStatus::Finished {
            self.check_leaderboard(&changed)?;
        }
        if let Some(wanted) = status {
            changed.move_to(wanted, now)?;
        }
        if needs_recount(&stored, &changed) {
            self.recounts += 1;
            changed.count_anew(self.recounts, now);
        } else if changed.phase != Phase::On {
            changed.stop_counting(now);
        }
        if changed != stored {
            changed.stamps.updated_at = now;
        }
        let slot = &mut self.leaderboards[place];
        *slot = changed;
        Ok(slot)
    }

    /// Archives a leaderboard at once, without finalisation. (C-LB-05, C-ADM-72)
    ///
    /// # Errors
    /// If there is no such leaderboard.
    pub fn delete_leaderboard(&mut self, id: LeaderboardId, now: Timestamp) -> Result<(), Invalid> {
        let place = self.leaderboard_place(id)?;
        self.leaderboards[place].archive(now);
        Ok(())
    }

    /// Brings a deleted leaderboard back as it was: like one that was off, it is counted anew if it
    /// is on, and runs that became due meanwhile end with what happened before. (C-ADM-106, C-LB-12)
    pub(in crate::catalog) fn restore_leaderboard(
        &mut self,
        id: LeaderboardId,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        let place = self.leaderboards.iter().position(|board| board.id == id && board.archived);
        let place = place.ok_or_else(|| Invalid::error(NOT_FOUND))?;
        let board = &self.leaderboards[place];
        self.free_leaderboard_key(Some(id), board.key.as_str())?;
        if board.status(now) != LeaderboardStatus::Finished {
            match board.rank_by {
                RankBy::Metric(metric) => self.require_metric(metric)?,
                RankBy::Points(system) => self.require_points_system(system)?,
                RankBy::Streak => {}
            }
            let filtered = board.user_filters.iter().map(|filter| filter.attribute);
            self.require_attributes(filtered.chain(board.breakdown.iter().copied()))?;
        }
        let is_on = board.phase == Phase::On;
        self.recounts += u64::from(is_on);
        let number = self.recounts;
        let board = &mut self.leaderboards[place];
        board.archived = false;
        board.stamps.updated_at = now;
        if is_on {
            board.count_anew(number, now);
        }
        Ok(())
    }

    /// Archives every leaderboard that isn't finished and ranks by something that is deleted; their
    /// keys. (C-LB-83)
    pub(in crate::catalog) fn archive_leaderboards(
        &mut self,
        rank_by: RankBy,
        now: Timestamp,
    ) -> Vec<Key> {
        let meant = self.leaderboards.iter_mut().filter(|board| {
            !board.archived
                && board.rank_by == rank_by
                && board.status(now) != LeaderboardStatus::Finished
        });
        meant
            .map(|board| {
                board.archive(now);
                board.key.clone()
            })
            .collect()
    }

    /// Whether a leaderboard that isn't finished is split or filtered by this attribute. (C-LB-83)
    pub(in crate::catalog) fn has_leaderboard_using(
        &self,
        attribute: AttributeId,
        now: Timestamp,
    ) -> bool {
        self.live_leaderboards().any(|board| {
            let filtered = board.user_filters.iter().any(|filter| filter.attribute == attribute);
            (filtered || board.breakdown.contains(&attribute))
                && board.status(now) != LeaderboardStatus::Finished
        })
    }

    /// Has all boards of streaks counted anew, because everyone's length changed at once.
    pub(in crate::catalog) fn recount_streak_leaderboards(&mut self, now: Timestamp) {
        let number = self.recounts + 1;
        let ranking = self.leaderboards.iter_mut().filter(|board| {
            board.rank_by == RankBy::Streak && board.phase == Phase::On && !board.archived
        });
        for board in ranking {
            board.count_anew(number, now);
            self.recounts = number;
        }
    }

    fn leaderboard_place(&self, id: LeaderboardId) -> Result<usize, Invalid> {
        let place = self.leaderboards.iter().position(|board| board.id == id && !board.archived);
        place.ok_or_else(|| Invalid::error(NOT_FOUND))
    }

    /// A well-formed key that no other leaderboard has. (C-LB-15)
    fn free_leaderboard_key(&self, own: Option<LeaderboardId>, key: &str) -> Result<Key, Invalid> {
        let key = parse_key(key)?;
        match self.find_leaderboard_by_key(key.as_str()) {
            Some(other) if Some(other.id) != own => {
                Err(Invalid::error("Key already in use by another leaderboard"))
            }
            Some(_) | None => Ok(key),
        }
    }

    /// (C-ADM-65)
    fn read_rank_by(
        &self,
        before: Option<RankBy>,
        kind: RankByKind,
        metric_id: Option<MetricId>,
        points_system_id: Option<PointsSystemId>,
    ) -> Result<RankBy, Invalid> {
        for (field, owner, sent) in [
            ("metricId", RankByKind::Metric, metric_id.is_some()),
            ("pointsSystemId", RankByKind::Points, points_system_id.is_some()),
        ] {
            if sent && owner != kind {
                return Err(Invalid::error(format!(
                    "{field} is only permitted for leaderboards ranked by {}",
                    owner.as_str()
                )));
            }
        }
        match kind {
            RankByKind::Metric => {
                let kept = before.and_then(|before| match before {
                    RankBy::Metric(metric) => Some(metric),
                    RankBy::Points(_) | RankBy::Streak => None,
                });
                metric_id.or(kept).map(RankBy::Metric).ok_or_else(|| required("metricId"))
            }
            RankByKind::Points => {
                let kept = before.and_then(|before| match before {
                    RankBy::Points(system) => Some(system),
                    RankBy::Metric(_) | RankBy::Streak => None,
                });
                let system = points_system_id.or(kept).map(RankBy::Points);
                system.ok_or_else(|| required("pointsSystemId"))
            }
            RankByKind::Streak => Ok(RankBy::Streak),
        }
    }

    fn patched(
        &self,
        stored: &Leaderboard,
        patch: LeaderboardPatch,
    ) -> Result<Leaderboard, Invalid> {
        let mut changed = stored.clone();
        if let Some(key) = patch.key {
            changed.key = self.free_leaderboard_key(Some(stored.id), &key)?;
        }
        changed.rank_by = self.read_rank_by(
            Some(stored.rank_by),
            patch.rank_by.unwrap_or_else(|| stored.rank_by.kind()),
            patch.metric_id,
            patch.points_system_id,
        )?;
        changed.name = patch.name.unwrap_or(changed.name);
        changed.description = patch.description.or(changed.description);
        patch.participants_max.apply_to(&mut changed.participants_max);
        changed.runs.start = patch.start.unwrap_or(changed.runs.start);
        patch.end.apply_to(&mut changed.runs.end);
        changed.runs.repeat = read_repeat(stored.runs.repeat, patch.run_unit, patch.run_interval)?;
        patch.start_time.apply_to(&mut changed.window.start);
        patch.end_time.apply_to(&mut changed.window.end);
        changed.breakdown = patch.breakdown.unwrap_or(changed.breakdown);
        if !patch.user_filters.is_keep() {
            changed.user_filters = patch.user_filters.into_option().unwrap_or_default();
        }
        Ok(changed)
    }

    /// What holds for every leaderboard that isn't finished; a finished one may name what was
    /// deleted since.
    fn check_leaderboard(&self, board: &Leaderboard) -> Result<(), Invalid> {
        let names_deleted = match board.rank_by {
            RankBy::Metric(metric) if self.find_metric(metric).is_none() => Some("Metric"),
            RankBy::Points(system) if self.find_points_system(system).is_none() => {
                Some("Points system")
            }
            RankBy::Metric(_) | RankBy::Points(_) | RankBy::Streak => None,
        };
        if board.rank_by == RankBy::Streak && board.runs.repeat.is_some() {
            return Err(Invalid::of(
                "runUnit",
                "runUnit is not permitted for leaderboards ranked by streak",
            ));
        }
        if board.runs.end.is_some_and(|end| end < board.runs.start) {
            return Err(Invalid::of("end", "end must not be before start"));
        }
        if let DailyWindow { start: Some(start), end: Some(end) } = board.window
            && end <= start
        {
            return Err(Invalid::of("startTime", "startTime must be earlier than endTime"));
        }
        match names_deleted {
            Some(what) => Err(Invalid::error(format!("{what} not found by ID"))),
            None => self.check_breakdown(board),
        }
    }

    /// (C-LB-45, C-ADM-68)
    fn check_breakdown(&self, board: &Leaderboard) -> Result<(), Invalid> {
        if board.breakdown.len() > BREAKDOWN_MAX {
            return Err(Invalid::error(format!(
                "breakdownAttributes must have at most {BREAKDOWN_MAX} entries"
            )));
        }
        for (i, id) in board.breakdown.iter().enumerate() {
            match self.find_attribute(*id) {
                Some(attribute) if attribute.kind == AttributeKind::User => {}
                Some(_) => {
                    return Err(Invalid::error("breakdownAttributes must name user attributes"));
                }
                None => return Err(Invalid::error("Attribute not found by ID")),
            }
            if board.breakdown[..i].contains(id) {
                return Err(Invalid::error("breakdownAttributes must name each attribute once"));
            }
        }
        let filters = board.user_filters.clone();
        self.check_filters(AttributeKind::User, "userAttributes", filters).map(|_| ())
    }
}

/// (C-ADM-66)
fn read_repeat(
    before: Option<Repeat>,
    unit: Patch<RunUnit>,
    interval: Option<u32>,
) -> Result<Option<Repeat>, Invalid> {
    let unit = match unit {
        Patch::Keep => before.map(|repeat| repeat.unit),
        Patch::Clear => None,
        Patch::Set(unit) => Some(unit),
    };
    match (unit, interval.or(before.map(|repeat| repeat.interval))) {
        (Some(unit), Some(interval)) => Ok(Some(Repeat { unit, interval })),
        (Some(_), None) => Err(required("runInterval")),
        (None, _) if interval.is_some() => Err(required("runUnit")),
        (None, _) => Ok(None),
    }
}

fn required(field: &str) -> Invalid {
    Invalid::error(format!("{field} is required"))
}

/// Whether each changed field may change in the status the board has. (C-LB-13, C-LB-14)
fn check_edit(stored: &Leaderboard, changed: &Leaderboard, now: Timestamp) -> Result<(), Invalid> {
    use LeaderboardStatus::{Active, Inactive, Scheduled};
    let target = match changed.rank_by.kind() {
        RankByKind::Metric => "metricId",
        RankByKind::Points => "pointsSystemId",
        RankByKind::Streak => "rankBy",
    };
    let kinds_differ = changed.rank_by.kind() != stored.rank_by.kind();
    let repeat = |board: &Leaderboard| {
        board.runs.repeat.map(|repeat| (repeat.unit, repeat.interval)).unzip()
    };
    let ((unit, interval), (old_unit, old_interval)) = (repeat(changed), repeat(stored));
    // Each field, whether it changed, and the last status in which it may.
    let edits = [
        ("key", changed.key != stored.key, Inactive),
        ("rankBy", kinds_differ, Inactive),
        (target, changed.rank_by != stored.rank_by, Inactive),
        ("userAttributes", changed.user_filters != stored.user_filters, Inactive),
        ("start", changed.runs.start != stored.runs.start, Scheduled),
        ("runUnit", unit != old_unit, Scheduled),
        ("runInterval", interval != old_interval, Scheduled),
        ("startTime", changed.window.start != stored.window.start, Scheduled),
        ("endTime", changed.window.end != stored.window.end, Scheduled),
        ("breakdownAttributes", changed.breakdown != stored.breakdown, Scheduled),
        ("maxParticipants", changed.participants_max != stored.participants_max, Active),
        ("end", changed.runs.end != stored.runs.end, Active),
    ];
    let status = stored.status(now);
    if let Some((field, _, last)) = edits.iter().find(|(_, is_new, last)| *is_new && status > *last)
    {
        let when = match last {
            Inactive => "while the leaderboard is inactive",
            Scheduled => "while the leaderboard is inactive or scheduled",
            Active | LeaderboardStatus::Finished => "until the leaderboard is finished",
        };
        return Err(Invalid::of(field, format!("{field} can only change {when}")));
    }
    let today = now.utc_date();
    if changed.runs != stored.runs
        && stored.phase == Phase::On
        && changed.runs.end.is_some_and(|end| end < today)
    {
        return Err(Invalid::of("end", "end must be today or later"));
    }
    Ok(())
}

/// Whether scores that users have don't fit the board any more. (C-LB-12, C-LB-27)
fn needs_recount(stored: &Leaderboard, changed: &Leaderboard) -> bool {
    changed.phase == Phase::On
        && (stored.phase != Phase::On
            || changed.runs != stored.runs
            || changed.window != stored.window
            || changed.breakdown != stored.breakdown)
}
