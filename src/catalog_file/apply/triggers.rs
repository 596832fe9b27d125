//! The triggers of a points system, paired with what exists by what fires them.

use std::ops::Range;

use domain::catalog::{
    AttributeKind, Filter, Patch, TimeUnit, Trigger, TriggerDraft, TriggerKind, TriggerPatch,
    TriggerType, TriggerTypeFields,
};
use domain::ids::{AchievementId, MetricId, PointsSystemId};
use toml::Spanned;

use super::points::paired;
use super::references::{event_filters_patch, filters_patch};
use super::{Changed, Problem, is_on, one_of};
use crate::catalog_file::format::TriggerTable;

/// The fields of which a trigger has exactly one.
const TRIGGER_KINDS: &str =
    "`metric`, `streak_length`, `achievement`, `user_creation`, `every_hours`, `every_days`";

impl Changed {
    pub(super) fn triggers(
        &mut self,
        system: PointsSystemId,
        tables: &[Spanned<TriggerTable>],
    ) -> Result<(), Problem> {
        let wanted: Vec<_> =
            tables.iter().map(|table| self.trigger(table)).collect::<Result<_, _>>()?;
        let stored = self.catalog.find_points_system(system);
        let stored: Vec<Trigger> =
            stored.iter().flat_map(|system| system.live_triggers()).cloned().collect();
        let pairs = paired(&wanted, &stored, [WantedTrigger::is, WantedTrigger::is_fired_as]);
        for (place, own) in stored.iter().enumerate() {
            if !pairs.contains(&Some(place)) {
                let deleted = self.catalog.delete_trigger(system, own.id, self.now);
                deleted.expect("a trigger of this system");
            }
        }
        for ((wanted, pair), table) in wanted.into_iter().zip(pairs).zip(tables) {
            let changed = match pair {
                Some(place) => {
                    let (id, update) = (stored[place].id, wanted.patch(&stored[place]));
                    self.catalog.update_trigger(system, id, update, self.now)
                }
                None => self.catalog.create_trigger(system, wanted.draft(), self.now),
            };
            changed.map_err(Problem::inside(table.span()))?;
        }
        Ok(())
    }

    fn trigger(&self, table: &Spanned<TriggerTable>) -> Result<WantedTrigger, Problem> {
        let (span, table) = (table.span(), table.as_ref());
        let points = table.points.as_ref().0;
        if points == 0 {
            return Err(Problem::at(table.points.span(), "expected points above or below 0"));
        }
        Ok(WantedTrigger {
            kind: self.trigger_kind(span, table)?,
            points,
            active: is_on(table.status),
            user_filters: self.filters(AttributeKind::User, &table.user_attributes)?,
            block_if_out_of_points: table.block_if_out_of_points,
        })
    }

    fn trigger_kind(
        &self,
        span: Range<usize>,
        table: &TriggerTable,
    ) -> Result<TriggerKind, Problem> {
        let time = match (table.every_hours, table.every_days) {
            (None, None) => None,
            (Some(hours), None) => Some((TimeUnit::Hours, hours)),
            (None, Some(days)) => Some((TimeUnit::Days, days)),
            (Some(_), Some(_)) => return Err(one_of(span, TRIGGER_KINDS)),
        };
        match (&table.metric, table.streak_length, &table.achievement, table.user_creation, time) {
            (Some(metric), None, None, None, None) => Ok(TriggerKind::Metric {
                metric: self.metric_id(&metric.key)?,
                threshold: metric.threshold.0.unsigned_abs(),
                event_filters: self.filters(AttributeKind::Event, &metric.event_attributes)?,
            }),
            (None, Some(length), None, None, None) => {
                Ok(TriggerKind::Streak { length: length.count() })
            }
            (None, None, Some(key), None, None) => {
                Ok(TriggerKind::Achievement { achievement: self.achievement_id(key)? })
            }
            (None, None, None, Some(_), None) => Ok(TriggerKind::UserCreation),
            (None, None, None, None, Some((unit, interval))) => {
                Ok(TriggerKind::Time { unit, interval: interval.count() })
            }
            _ => Err(one_of(span, TRIGGER_KINDS)),
        }
    }
}

/// A trigger as a file describes it.
struct WantedTrigger {
    kind: TriggerKind,
    points: i64,
    active: bool,
    user_filters: Vec<Filter>,
    block_if_out_of_points: bool,
}

impl WantedTrigger {
    /// Whether the stored trigger is this one in everything.
    fn is(&self, stored: &Trigger) -> bool {
        self.kind == stored.kind
            && self.points == stored.points
            && self.active == stored.active
            && self.user_filters == stored.user_filters
            && self.block_if_out_of_points == stored.block_if_out_of_points
    }

    /// Whether the stored trigger is fired by the same, how ever often and for whom.
    fn is_fired_as(&self, stored: &Trigger) -> bool {
        let about = |kind: &TriggerKind| (kind.trigger_type(), subject(kind));
        about(&self.kind) == about(&stored.kind)
    }

    fn draft(self) -> TriggerDraft {
        let (trigger_type, fields) = typed(self.kind);
        TriggerDraft {
            trigger_type,
            points: self.points,
            active: self.active,
            user_filters: self.user_filters,
            block_if_out_of_points: self.block_if_out_of_points,
            fields,
        }
    }

    fn patch(self, stored: &Trigger) -> TriggerPatch {
        let (trigger_type, mut fields) = typed(self.kind);
        fields.event_attributes =
            event_filters_patch(stored.event_filters(), fields.event_attributes);
        TriggerPatch {
            trigger_type: Some(trigger_type),
            points: Some(self.points),
            active: Some(self.active),
            user_filters: filters_patch(&stored.user_filters, self.user_filters),
            block_if_out_of_points: Some(self.block_if_out_of_points),
            fields,
        }
    }
}

/// The object that fires a trigger, if there is one.
const fn subject(kind: &TriggerKind) -> (Option<MetricId>, Option<AchievementId>) {
    match kind {
        TriggerKind::Metric { metric, .. } => (Some(*metric), None),
        TriggerKind::Achievement { achievement } => (None, Some(*achievement)),
        TriggerKind::Streak { .. } | TriggerKind::UserCreation | TriggerKind::Time { .. } => {
            (None, None)
        }
    }
}

/// The same as type and fields.
fn typed(kind: TriggerKind) -> (TriggerType, TriggerTypeFields) {
    let trigger_type = kind.trigger_type();
    let none = TriggerTypeFields::default();
    let fields = match kind {
        TriggerKind::Metric { metric, threshold, event_filters } => TriggerTypeFields {
            metric_id: Some(metric),
            metric_threshold: Some(threshold),
            event_attributes: Patch::Set(event_filters),
            ..none
        },
        TriggerKind::Achievement { achievement } => {
            TriggerTypeFields { achievement_id: Some(achievement), ..none }
        }
        TriggerKind::Streak { length } => TriggerTypeFields { streak_length: Some(length), ..none },
        TriggerKind::UserCreation => none,
        TriggerKind::Time { unit, interval } => {
            TriggerTypeFields { time_unit: Some(unit), time_interval: Some(interval), ..none }
        }
    };
    (trigger_type, fields)
}
