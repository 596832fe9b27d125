//! Triggers: what awards or deducts points. (C-POINTS-09 to 13, C-ADM-53 to 57)

use serde::{Deserialize, Serialize};

use super::{Catalog, DueTerms, Invalid, Patch, Stamps, TimeUnit};
use crate::catalog::{AttributeKind, Filter, History};
use crate::ids::{AchievementId, MetricId, PointsSystemId, TriggerId};
use crate::time::Timestamp;

/// Largest magnitude of one trigger's points. (C-GEN-33)
const POINTS_MAX: i64 = 1_000_000_000;

/// What fires a trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TriggerKind {
    /// Every `threshold` units of a metric. (C-POINTS-14)
    Metric {
        /// The metric.
        metric: MetricId,
        /// How many units pay once, at least 1.
        threshold: u64,
        /// Which events count; empty for all.
        event_filters: Vec<Filter>,
    },
    /// The live completion of an achievement. (C-POINTS-20)
    Achievement {
        /// The achievement.
        achievement: AchievementId,
    },
    /// Every time the streak reaches a multiple of a length. (C-POINTS-19)
    Streak {
        /// The length, at least 1.
        length: u32,
    },
    /// The user's creation. (C-POINTS-21)
    UserCreation,
    /// Every so many hours or days. (C-POINTS-22)
    Time {
        /// What the interval is counted in.
        unit: TimeUnit,
        /// How many units lie between two awards, at least 1.
        interval: u32,
    },
}

/// The type of a trigger, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerType {
    /// See [`TriggerKind::Metric`].
    Metric,
    /// See [`TriggerKind::Achievement`].
    Achievement,
    /// See [`TriggerKind::Streak`].
    Streak,
    /// See [`TriggerKind::UserCreation`].
    UserCreation,
    /// See [`TriggerKind::Time`].
    Time,
}

impl TriggerType {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Achievement => "achievement",
            Self::Streak => "streak",
            Self::UserCreation => "user_creation",
            Self::Time => "time",
        }
    }
}

impl TriggerKind {
    /// Which events it counts: progress kept under another answer says nothing any more.
    /// (C-POINTS-18)
    fn counts(&self) -> Option<(MetricId, &[Filter])> {
        match self {
            Self::Metric { metric, event_filters, .. } => Some((*metric, event_filters)),
            Self::Achievement { .. }
            | Self::Streak { .. }
            | Self::UserCreation
            | Self::Time { .. } => None,
        }
    }

    /// Which type this is.
    #[must_use]
    pub const fn trigger_type(&self) -> TriggerType {
        match self {
            Self::Metric { .. } => TriggerType::Metric,
            Self::Achievement { .. } => TriggerType::Achievement,
            Self::Streak { .. } => TriggerType::Streak,
            Self::UserCreation => TriggerType::UserCreation,
            Self::Time { .. } => TriggerType::Time,
        }
    }
}

/// A trigger of a points system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its id.
    pub id: TriggerId,
    /// What fires it.
    pub kind: TriggerKind,
    /// Counts changes of which events count: a user's progress belongs to one revision.
    pub revision: u32,
    /// What it awards, or deducts if negative; never zero.
    pub points: i64,
    /// Whether it fires at all.
    pub active: bool,
    /// For which users it fires; empty for all.
    pub user_filters: Vec<Filter>,
    /// Whether a deduction beyond the balance refuses the event. (C-POINTS-28)
    pub block_if_out_of_points: bool,
    /// What held for awards that fall due by time, over time; none while it could pay none.
    pub terms: History<Option<DueTerms>>,
    /// When it was created and last changed.
    pub stamps: Stamps,
    /// Whether it was deleted.
    pub archived: bool,
}

impl Trigger {
    pub(super) fn archive(&mut self, now: Timestamp) {
        self.archived = true;
        self.note_terms(now);
    }

    /// The event filters of a metric trigger; empty for the others.
    #[must_use]
    pub fn event_filters(&self) -> &[Filter] {
        match &self.kind {
            TriggerKind::Metric { event_filters, .. } => event_filters,
            TriggerKind::Achievement { .. }
            | TriggerKind::Streak { .. }
            | TriggerKind::UserCreation
            | TriggerKind::Time { .. } => &[],
        }
    }
}

/// The fields that belong to one type of trigger, as a request sent them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TriggerTypeFields {
    /// Of a metric trigger.
    pub metric_id: Option<MetricId>,
    /// Of a metric trigger.
    pub metric_threshold: Option<u64>,
    /// Of a metric trigger.
    pub event_attributes: Patch<Vec<Filter>>,
    /// Of an achievement trigger.
    pub achievement_id: Option<AchievementId>,
    /// Of a streak trigger.
    pub streak_length: Option<u32>,
    /// Of a time trigger.
    pub time_unit: Option<TimeUnit>,
    /// Of a time trigger.
    pub time_interval: Option<u32>,
}

/// A new trigger as a request describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerDraft {
    /// Its type.
    pub trigger_type: TriggerType,
    /// What it awards or deducts.
    pub points: i64,
    /// Whether it starts active.
    pub active: bool,
    /// For which users it fires.
    pub user_filters: Vec<Filter>,
    /// See [`Trigger::block_if_out_of_points`].
    pub block_if_out_of_points: bool,
    /// The fields of its type.
    pub fields: TriggerTypeFields,
}

/// Changes to a trigger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TriggerPatch {
    /// A new type, only while inactive.
    pub trigger_type: Option<TriggerType>,
    /// New points.
    pub points: Option<i64>,
    /// A new status.
    pub active: Option<bool>,
    /// New user filters.
    pub user_filters: Patch<Vec<Filter>>,
    /// See [`Trigger::block_if_out_of_points`].
    pub block_if_out_of_points: Option<bool>,
    /// Fields of the resulting type.
    pub fields: TriggerTypeFields,
}

const NOT_FOUND: &str = "Points trigger not found by ID";

impl Catalog {
    /// Creates a trigger. (C-POINTS-10, C-POINTS-13)
    ///
    /// # Errors
    /// If a field is missing, foreign to the type, out of range, or names something that doesn't
    /// exist.
    pub fn create_trigger(
        &mut self,
        system: PointsSystemId,
        draft: TriggerDraft,
        now: Timestamp,
    ) -> Result<&Trigger, Invalid> {
        self.points_system_mut(system)?;
        check_points(draft.points)?;
        let kind = self.build_kind(None, draft.trigger_type, draft.fields)?;
        let user_filters =
            self.check_filters(AttributeKind::User, "userAttributes", draft.user_filters)?;
        let id = TriggerId(self.next_id("trigger"));
        let system = self.points_system_mut(system)?;
        let mut trigger = Trigger {
            id,
            kind,
            revision: 0,
            points: draft.points,
            active: draft.active,
            user_filters,
            block_if_out_of_points: draft.block_if_out_of_points,
            terms: History::starting_with(None),
            stamps: Stamps::new(now),
            archived: false,
        };
        trigger.note_terms(now);
        system.triggers.push(trigger);
        Ok(system.triggers.last().expect("just pushed"))
    }

    /// Changes a trigger. (C-ADM-55)
    ///
    /// # Errors
    /// As for creation, and if the type would change while the trigger is active.
    pub fn update_trigger(
        &mut self,
        system: PointsSystemId,
        id: TriggerId,
        patch: TriggerPatch,
        now: Timestamp,
    ) -> Result<&Trigger, Invalid> {
        let stored = self
            .points_system_mut(system)?
            .live_triggers()
            .find(|trigger| trigger.id == id)
            .ok_or_else(|| Invalid::error(NOT_FOUND))?
            .clone();
        let mut changed = stored.clone();
        let trigger_type = patch.trigger_type.unwrap_or_else(|| stored.kind.trigger_type());
        if trigger_type != stored.kind.trigger_type() && stored.active {
            return Err(Invalid::error("type can only change while the trigger is inactive"));
        }
        changed.kind = self.build_kind(Some(&stored.kind), trigger_type, patch.fields)?;
        changed.revision += u32::from(changed.kind.counts() != stored.kind.counts());
        changed.user_filters = match patch.user_filters {
            Patch::Keep => changed.user_filters,
            Patch::Clear => Vec::new(),
            Patch::Set(filters) => {
                self.check_filters(AttributeKind::User, "userAttributes", filters)?
            }
        };
        if let Some(points) = patch.points {
            check_points(points)?;
            changed.points = points;
        }
        changed.active = patch.active.unwrap_or(changed.active);
        changed.block_if_out_of_points =
            patch.block_if_out_of_points.unwrap_or(changed.block_if_out_of_points);
        if changed != stored {
            changed.stamps.updated_at = now;
            changed.note_terms(now);
        }
        let system = self.points_system_mut(system)?;
        let slot =
            system.triggers.iter_mut().find(|trigger| trigger.id == id).expect("found above");
        *slot = changed;
        Ok(slot)
    }

    /// Archives a trigger; what it awarded stays.
    ///
    /// # Errors
    /// If there is no such trigger in the system.
    pub fn delete_trigger(
        &mut self,
        system: PointsSystemId,
        id: TriggerId,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        let system = self.points_system_mut(system)?;
        let trigger =
            system.triggers.iter_mut().find(|trigger| trigger.id == id && !trigger.archived);
        trigger.ok_or_else(|| Invalid::error(NOT_FOUND))?.archive(now);
        Ok(())
    }

    /// Archives every trigger that counts what the condition names.
    pub(in crate::catalog) fn archive_triggers(
        &mut self,
        is_meant: impl Fn(&TriggerKind) -> bool,
        now: Timestamp,
    ) {
        let triggers = self.points_systems.iter_mut().flat_map(|system| &mut system.triggers);
        triggers.filter(|trigger| is_meant(&trigger.kind)).for_each(|trigger| trigger.archive(now));
    }

    fn build_kind(
        &self,
        before: Option<&TriggerKind>,
        trigger_type: TriggerType,
        fields: TriggerTypeFields,
    ) -> Result<TriggerKind, Invalid> {
        refuse_foreign_fields(trigger_type, &fields)?;
        match trigger_type {
            TriggerType::Metric => self.build_metric_kind(before, fields),
            TriggerType::Achievement => {
                let kept = match before {
                    Some(TriggerKind::Achievement { achievement }) => Some(*achievement),
                    _ => None,
                };
                let achievement =
                    fields.achievement_id.or(kept).ok_or_else(|| required("achievementId"))?;
                if self.find_achievement(achievement).is_none() {
                    return Err(Invalid::error("Achievement not found by ID"));
                }
                Ok(TriggerKind::Achievement { achievement })
            }
            TriggerType::Streak => {
                let kept = match before {
                    Some(TriggerKind::Streak { length }) => Some(*length),
                    _ => None,
                };
                let length =
                    fields.streak_length.or(kept).ok_or_else(|| required("streakLength"))?;
                Ok(TriggerKind::Streak { length })
            }
            TriggerType::UserCreation => Ok(TriggerKind::UserCreation),
            TriggerType::Time => {
                let (kept_unit, kept_interval) = match before {
                    Some(TriggerKind::Time { unit, interval }) => (Some(*unit), Some(*interval)),
                    _ => (None, None),
                };
                let unit = fields.time_unit.or(kept_unit).ok_or_else(|| required("timeUnit"))?;
                let interval = fields
                    .time_interval
                    .or(kept_interval)
                    .ok_or_else(|| required("timeInterval"))?;
                Ok(TriggerKind::Time { unit, interval })
            }
        }
    }

    fn build_metric_kind(
        &self,
        before: Option<&TriggerKind>,
        fields: TriggerTypeFields,
    ) -> Result<TriggerKind, Invalid> {
        let (kept_metric, kept_threshold, kept_filters) = match before {
            Some(TriggerKind::Metric { metric, threshold, event_filters }) => {
                (Some(*metric), Some(*threshold), event_filters.clone())
            }
            _ => (None, None, Vec::new()),
        };
        let metric = fields.metric_id.or(kept_metric).ok_or_else(|| required("metricId"))?;
        if self.find_metric(metric).is_none() {
            return Err(Invalid::error("Metric not found by ID"));
        }
        let threshold = fields
            .metric_threshold
            .or(kept_threshold)
            .ok_or_else(|| required("metricThreshold"))?;
        let event_filters = match fields.event_attributes {
            Patch::Keep => kept_filters,
            Patch::Clear => Vec::new(),
            Patch::Set(filters) => {
                self.check_filters(AttributeKind::Event, "eventAttributes", filters)?
            }
        };
        Ok(TriggerKind::Metric { metric, threshold, event_filters })
    }
}

fn required(field: &str) -> Invalid {
    Invalid::error(format!("{field} is required"))
}

fn check_points(points: i64) -> Result<(), Invalid> {
    if points == 0 || !(-POINTS_MAX..=POINTS_MAX).contains(&points) {
        return Err(Invalid::error(format!(
            "points must be a non-zero integer between -{POINTS_MAX} and {POINTS_MAX}"
        )));
    }
    Ok(())
}

/// (C-ADM-54)
fn refuse_foreign_fields(
    trigger_type: TriggerType,
    fields: &TriggerTypeFields,
) -> Result<(), Invalid> {
    let present = [
        ("metricId", TriggerType::Metric, fields.metric_id.is_some()),
        ("metricThreshold", TriggerType::Metric, fields.metric_threshold.is_some()),
        ("eventAttributes", TriggerType::Metric, !fields.event_attributes.is_keep()),
        ("achievementId", TriggerType::Achievement, fields.achievement_id.is_some()),
        ("streakLength", TriggerType::Streak, fields.streak_length.is_some()),
        ("timeUnit", TriggerType::Time, fields.time_unit.is_some()),
        ("timeInterval", TriggerType::Time, fields.time_interval.is_some()),
    ];
    match present.into_iter().find(|(_, owner, sent)| *sent && *owner != trigger_type) {
        Some((field, owner, _)) => Err(Invalid::error(format!(
            "{field} is only permitted for {} triggers",
            owner.as_str()
        ))),
        None => Ok(()),
    }
}
