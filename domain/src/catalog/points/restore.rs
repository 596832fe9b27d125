//! Bringing deleted points systems and their parts back, each by itself. (C-ADM-106)
//!
//! Balances and awards never left. A part comes back into a live system only, and under the rules
//! that a new one has to keep.

use super::level::check_points;
use super::{Boost, BoostTerms, NOT_FOUND, PointsSystem, TriggerKind};
use crate::catalog::{Catalog, Deleted, DeletedKind, Invalid};
use crate::ids::{BoostId, LevelId, PointsSystemId, TriggerId};
use crate::time::Timestamp;

impl Boost {
    /// What it was before it was deleted; none if it is live.
    fn deleted_terms(&self) -> Option<&BoostTerms> {
        let latest = || self.terms.values().flatten().last();
        if self.terms.current().is_some() { None } else { latest() }
    }
}

impl PointsSystem {
    /// Its deleted triggers, levels and boosts.
    pub(in crate::catalog) fn deleted_parts(&self) -> impl Iterator<Item = Deleted> {
        let of = |kind, id, what: String| {
            let label = format!("{what} of {}", self.key);
            Deleted { kind, id, label }
        };
        let triggers = self.triggers.iter().filter(|own| own.archived);
        let levels = self.levels.iter().filter(|own| own.archived);
        let boosts = self.boosts.iter().filter_map(|own| Some((own.id, own.deleted_terms()?)));
        triggers
            .map(move |own| {
                let kind = own.kind.trigger_type().as_str();
                of(
                    DeletedKind::Trigger(self.id),
                    own.id.0,
                    format!("{} points by {kind}", own.points),
                )
            })
            .chain(
                levels
                    .map(move |own| of(DeletedKind::Level(self.id), own.id.0, own.key.to_string())),
            )
            .chain(
                boosts.map(move |(id, terms)| {
                    of(DeletedKind::Boost(self.id), id.0, terms.name.clone())
                }),
            )
    }
}

impl Catalog {
    pub(in crate::catalog) fn restore_points_system(
        &mut self,
        id: PointsSystemId,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        let place = self.points_systems.iter().position(|own| own.id == id && own.archived);
        let place = place.ok_or_else(|| Invalid::error(NOT_FOUND))?;
        if self.find_points_system_by_key(self.points_systems[place].key.as_str()).is_some() {
            return Err(Invalid::error(super::KEY_TAKEN));
        }
        let system = &mut self.points_systems[place];
        system.archived = false;
        system.stamps.updated_at = now;
        Ok(())
    }

    pub(in crate::catalog) fn restore_trigger(
        &mut self,
        system: PointsSystemId,
        id: TriggerId,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        self.require_points_system(system)?;
        let triggers = &self.points_system_mut(system)?.triggers;
        let place = triggers.iter().position(|own| own.id == id).expect("it is listed as deleted");
        let trigger = triggers[place].clone();
        let filters = trigger.user_filters.iter().chain(trigger.event_filters());
        self.require_attributes(filters.map(|filter| filter.attribute))?;
        match trigger.kind {
            TriggerKind::Metric { metric, .. } => self.require_metric(metric)?,
            TriggerKind::Achievement { achievement } => self.require_achievement(achievement)?,
            TriggerKind::Streak { .. } | TriggerKind::UserCreation | TriggerKind::Time { .. } => {}
        }
        let trigger = &mut self.points_system_mut(system)?.triggers[place];
        trigger.archived = false;
        // The sum of matching events was not kept up to date meanwhile.
        trigger.revision += u32::from(!trigger.event_filters().is_empty());
        trigger.stamps.updated_at = now;
        trigger.note_terms(now);
        Ok(())
    }

    pub(in crate::catalog) fn restore_level(
        &mut self,
        system: PointsSystemId,
        id: LevelId,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        self.require_points_system(system)?;
        let system = self.points_system_mut(system)?;
        let place = system.levels.iter().position(|own| own.id == id);
        let place = place.expect("it is listed as deleted");
        let (level, live) = (&system.levels[place], system.live_levels());
        if live.iter().any(|own| own.key == level.key) {
            return Err(Invalid::error(super::level::KEY_TAKEN));
        }
        check_points(&live, None, level.points)?;
        system.levels[place].archived = false;
        system.note_thresholds(now);
        Ok(())
    }

    pub(in crate::catalog) fn restore_boost(
        &mut self,
        system: PointsSystemId,
        id: BoostId,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        self.require_points_system(system)?;
        let boosts = &self.points_system_mut(system)?.boosts;
        let place = boosts.iter().position(|own| own.id == id).expect("it is listed as deleted");
        let terms = boosts[place].deleted_terms().expect("it is listed as deleted").clone();
        self.require_attributes(terms.user_filters.iter().map(|filter| filter.attribute))?;
        self.points_system_mut(system)?.boosts[place].terms.change(now, Some(terms));
        Ok(())
    }
}
