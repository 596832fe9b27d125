//! The points systems of a file with their levels, triggers and boosts.
//!
//! Levels have keys. Triggers and boosts have none, so what the file lists is paired with what
//! exists: first whatever is equal, then, in order, triggers fired by the same and boosts of the
//! same name. A changed number so changes the trigger, which keeps the progress of its users.

use std::ops::Range;

use domain::catalog::{
    AttributeKind, BoostDraft, BoostPatch, BoostTerms, Filter, LevelDraft, LevelPatch, Patch,
    PointsSystemDraft, PointsSystemPatch, Rounding, TimeUnit, Trigger, TriggerDraft, TriggerKind,
    TriggerPatch, TriggerType, TriggerTypeFields,
};
use domain::ids::{AchievementId, LevelId, MetricId, PointsSystemId};
use toml::Spanned;

use super::references::{event_filters_patch, filters_patch, patch};
use super::{Changed, Problem, is_on, one_of};
use crate::catalog_file::format::{
    BoostTable, LevelTable, PointsSystemTable, RoundingName, TriggerTable,
};
use crate::catalog_file::value::Table;

/// The fields of which a trigger has exactly one.
const TRIGGER_KINDS: &str =
    "`metric`, `streak_length`, `achievement`, `user_creation`, `every_hours`, `every_days`";

impl Changed {
    pub(super) fn points_system(
        &mut self,
        key: &Spanned<String>,
        table: &PointsSystemTable,
    ) -> Result<(), Problem> {
        let name = table.name.0.clone();
        let description = table.description.as_ref().map(|text| text.0.clone()).unwrap_or_default();
        let badge_url = table.badge.as_ref().map(|url| url.0.clone());
        let max_points = table.max_points.map(|points| points.0);
        let changed = match self.catalog.find_points_system_by_key(key.as_ref()) {
            Some(stored) => {
                let (id, badge_url, max_points) = (stored.id, patch(badge_url), patch(max_points));
                let (name, description) = (Some(name), Some(description));
                let update = PointsSystemPatch { name, description, badge_url, max_points };
                self.catalog.update_points_system(id, update, self.now)
            }
            None => {
                let draft = PointsSystemDraft {
                    name,
                    key: key.as_ref().clone(),
                    description,
                    badge_url,
                    max_points,
                    levels: Vec::new(),
                    boosts: Vec::new(),
                    triggers: Vec::new(),
                };
                self.catalog.create_points_system(draft, self.now)
            }
        };
        let system = changed.map_err(Problem::of(key))?.id;
        self.levels(system, &table.levels)?;
        self.triggers(system, &table.triggers)?;
        self.boosts(system, &table.boosts)
    }

    fn levels(&mut self, system: PointsSystemId, table: &Table<LevelTable>) -> Result<(), Problem> {
        let stored = self.catalog.find_points_system(system);
        let stored: Vec<_> = stored
            .iter()
            .flat_map(|system| system.live_levels())
            .map(|level| (level.id, level.key.clone(), level.points))
            .collect();
        for (parking, (id, key, points)) in (0..).zip(&stored) {
            let wanted = table.0.iter().find(|(own, _)| own.as_ref() == key.as_str());
            let changed = match wanted {
                // Out of the way, so that thresholds can be swapped; nobody sees this one.
                Some((_, level)) if level.points.0 != *points => {
                    let points = Some(i64::MAX - parking);
                    let update = LevelPatch { points, ..LevelPatch::default() };
                    self.catalog.update_level(system, *id, update, self.now).map(|_| ())
                }
                Some(_) => Ok(()),
                None => self.catalog.delete_level(system, *id, self.now),
            };
            changed.expect("a level of this system, and a threshold of its own");
        }
        for (key, level) in &table.0 {
            let existing = stored.iter().find(|(_, own, _)| own.as_str() == key.as_ref());
            self.level(system, existing.map(|(id, ..)| *id), key, level)?;
        }
        Ok(())
    }

    fn level(
        &mut self,
        system: PointsSystemId,
        existing: Option<LevelId>,
        key: &Spanned<String>,
        table: &LevelTable,
    ) -> Result<(), Problem> {
        let name = table.name.0.clone();
        let points = table.points.0;
        let description = table.description.as_ref().map(|text| text.0.clone()).unwrap_or_default();
        let badge_url = table.badge.as_ref().map(|url| url.0.clone());
        let changed = match existing {
            Some(id) => {
                let update = LevelPatch {
                    name: Some(name),
                    points: Some(points),
                    description: Some(description),
                    badge_url: patch(badge_url),
                };
                self.catalog.update_level(system, id, update, self.now)
            }
            None => {
                let key = key.as_ref().clone();
                let draft = LevelDraft { name, key, points, description, badge_url };
                self.catalog.create_level(system, draft, self.now)
            }
        };
        changed.map(|_| ()).map_err(Problem::of(key))
    }

    fn triggers(
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

    /// Boosts of one user are made and ended by who knows the user: files leave them alone.
    fn boosts(
        &mut self,
        system: PointsSystemId,
        tables: &[Spanned<BoostTable>],
    ) -> Result<(), Problem> {
        let wanted: Vec<_> =
            tables.iter().map(|table| self.boost(table)).collect::<Result<_, _>>()?;
        let stored = self.catalog.find_points_system(system);
        let (ids, stored): (Vec<_>, Vec<_>) = stored
            .iter()
            .flat_map(|system| system.live_boosts())
            .filter(|(boost, _)| boost.user.is_none())
            .map(|(boost, terms)| (boost.id, terms.clone()))
            .unzip();
        let is: fn(&BoostTerms, &BoostTerms) -> bool = |wanted, own| wanted == own;
        let pairs = paired(&wanted, &stored, [is, |wanted, own| wanted.name == own.name]);
        for (place, id) in ids.iter().enumerate() {
            if !pairs.contains(&Some(place)) {
                let deleted = self.catalog.delete_boost(system, *id, self.now);
                deleted.expect("a boost of this system");
            }
        }
        for ((terms, pair), table) in wanted.into_iter().zip(pairs).zip(tables) {
            let changed = match pair {
                Some(place) => {
                    let update = BoostPatch {
                        name: Some(terms.name),
                        start: Some(terms.start),
                        end: patch(terms.end),
                        multiplier: Some(terms.multiplier),
                        rounding: Some(terms.rounding),
                        user_filters: filters_patch(
                            &stored[place].user_filters,
                            terms.user_filters,
                        ),
                    };
                    self.catalog.update_boost(system, ids[place], update, self.now)
                }
                None => {
                    self.catalog.create_boost(system, BoostDraft { user: None, terms }, self.now)
                }
            };
            changed.map_err(Problem::inside(table.span()))?;
        }
        Ok(())
    }

    fn boost(&self, table: &Spanned<BoostTable>) -> Result<BoostTerms, Problem> {
        let table = table.as_ref();
        Ok(BoostTerms {
            name: table.name.0.clone(),
            start: table.start.0,
            end: table.end.map(|end| end.0),
            multiplier: table.multiplier.0,
            rounding: match table.rounding {
                RoundingName::Down => Rounding::Down,
                RoundingName::Up => Rounding::Up,
                RoundingName::Nearest => Rounding::Nearest,
            },
            user_filters: self.filters(AttributeKind::User, &table.user_attributes)?,
        })
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
        self.is_fired_as(stored)
            && self.kind == stored.kind
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

/// For each that is wanted the place of the stored one that it is: by the first test that finds one,
/// each in order and at most once.
fn paired<W, S>(wanted: &[W], stored: &[S], tests: [fn(&W, &S) -> bool; 2]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; wanted.len()];
    for test in tests {
        for (i, wanted) in wanted.iter().enumerate() {
            if pairs[i].is_none() {
                pairs[i] = (0..stored.len())
                    .find(|place| !pairs.contains(&Some(*place)) && test(wanted, &stored[*place]));
            }
        }
    }
    pairs
}
