//! Points systems with their triggers, levels and boosts. (C-POINTS)
//!
//! A system is one balance per user: XP, coins, energy. Triggers say what moves it, levels name
//! its thresholds. Systems are created with all their parts or not at all.

mod boost;
mod level;
mod restore;
mod rules;
mod time;
mod trigger;

use serde::{Deserialize, Serialize};

pub use boost::{Boost, BoostDraft, BoostPatch, BoostStatus, BoostTerms, Rounding, is_multiplier};
pub use level::{Level, LevelDraft, LevelPatch};
pub use rules::BalanceRules;
pub use time::{DueKind, DueTerms, TimeUnit};
pub use trigger::{
    Trigger, TriggerDraft, TriggerKind, TriggerPatch, TriggerType, TriggerTypeFields,
};

use super::{Catalog, History, Invalid, Patch, RankBy, Stamps, parse_key};
use crate::ids::{Key, LevelId, PointsSystemId, TriggerId};
use crate::time::Timestamp;

/// A points system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsSystem {
    /// Its id.
    pub id: PointsSystemId,
    /// Its key; fixed.
    pub key: Key,
    /// Its display name.
    pub name: String,
    /// Its description, empty when unset. (C-POINTS-07)
    pub description: String,
    /// The URL of its badge.
    pub badge_url: Option<String>,
    /// The maximum and the thresholds over time: an award is judged by those of its instant.
    pub rules: History<BalanceRules>,
    /// What moves the balance, in creation order, archived ones included.
    pub triggers: Vec<Trigger>,
    /// Named thresholds in creation order, archived ones included.
    pub levels: Vec<Level>,
    /// What multiplies awards, in creation order, deleted ones included.
    pub boosts: Vec<Boost>,
    /// When it was created and last changed.
    pub stamps: Stamps,
    /// Whether it was deleted.
    pub archived: bool,
}

impl PointsSystem {
    /// The balance no award goes beyond. (C-POINTS-25)
    #[must_use]
    pub fn max_points(&self) -> Option<i64> {
        self.rules.current().max_points
    }

    /// The live triggers, oldest first.
    pub fn live_triggers(&self) -> impl Iterator<Item = &Trigger> {
        self.triggers.iter().filter(|trigger| !trigger.archived)
    }

    /// The live trigger with this id.
    #[must_use]
    pub fn find_trigger(&self, id: TriggerId) -> Option<&Trigger> {
        self.live_triggers().find(|trigger| trigger.id == id)
    }

    /// The live level with this id.
    #[must_use]
    pub fn find_level(&self, id: LevelId) -> Option<&Level> {
        self.levels.iter().find(|level| level.id == id && !level.archived)
    }

    /// The live levels, lowest threshold first. (C-POINTS-53)
    #[must_use]
    pub fn live_levels(&self) -> Vec<&Level> {
        let mut levels: Vec<_> = self.levels.iter().filter(|level| !level.archived).collect();
        levels.sort_by_key(|level| level.points);
        levels
    }

    /// The level of a balance: the greatest threshold it reaches. (C-POINTS-46)
    #[must_use]
    pub fn level_at(&self, total: i64) -> Option<&Level> {
        self.levels
            .iter()
            .filter(|level| !level.archived && level.points <= total)
            .max_by_key(|level| level.points)
    }
}

/// A new points system as a request describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointsSystemDraft {
    /// Display name, already checked for length.
    pub name: String,
    /// The wanted key.
    pub key: String,
    /// Description, empty when unset.
    pub description: String,
    /// Badge URL, already checked.
    pub badge_url: Option<String>,
    /// The maximum, if any.
    pub max_points: Option<i64>,
    /// Levels created with it.
    pub levels: Vec<LevelDraft>,
    /// Boosts created with it.
    pub boosts: Vec<BoostDraft>,
    /// Triggers created with it.
    pub triggers: Vec<TriggerDraft>,
}

/// Changes to a points system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointsSystemPatch {
    /// A new name.
    pub name: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// A new badge URL.
    pub badge_url: Patch<String>,
    /// A new maximum.
    pub max_points: Patch<i64>,
}

const NOT_FOUND: &str = "Points system not found by ID";
const KEY_TAKEN: &str = "Key already in use by another points system";

impl Catalog {
    /// Creates a system with its levels, boosts and triggers, or nothing. (C-POINTS-04, C-POINTS-05)
    ///
    /// # Errors
    /// If the key is malformed or taken, or a nested item is bad; the message then starts with its
    /// path.
    pub fn create_points_system(
        &mut self,
        draft: PointsSystemDraft,
        now: Timestamp,
    ) -> Result<&PointsSystem, Invalid> {
        let key = parse_key(&draft.key)?;
        if self.find_points_system_by_key(key.as_str()).is_some() {
            return Err(Invalid::error(KEY_TAKEN));
        }
        check_max_points(draft.max_points)?;
        let mut whole = self.clone();
        let id = PointsSystemId(whole.next_id("points-system"));
        whole.points_systems.push(PointsSystem {
            id,
            key,
            name: draft.name,
            description: draft.description,
            badge_url: draft.badge_url,
            rules: History::starting_with(BalanceRules {
                max_points: draft.max_points,
                thresholds: Vec::new(),
            }),
            triggers: Vec::new(),
            levels: Vec::new(),
            boosts: Vec::new(),
            stamps: Stamps::new(now),
            archived: false,
        });
        for (i, level) in draft.levels.into_iter().enumerate() {
            whole
                .create_level(id, level, now)
                .map_err(|invalid| invalid.inside(&format!("levels[{i}]")))?;
        }
        for (i, boost) in draft.boosts.into_iter().enumerate() {
            whole
                .create_boost(id, boost, now)
                .map_err(|invalid| invalid.inside(&format!("boosts[{i}]")))?;
        }
        for (i, trigger) in draft.triggers.into_iter().enumerate() {
            whole
                .create_trigger(id, trigger, now)
                .map_err(|invalid| invalid.inside(&format!("triggers[{i}]")))?;
        }
        *self = whole;
        Ok(self.points_systems.last().expect("just pushed"))
    }

    /// Changes a system. A lower maximum takes no points away. (C-POINTS-26, C-ADM-48)
    ///
    /// # Errors
    /// If there is no such system or the maximum is below 1.
    pub fn update_points_system(
        &mut self,
        id: PointsSystemId,
        patch: PointsSystemPatch,
        now: Timestamp,
    ) -> Result<&PointsSystem, Invalid> {
        if let Patch::Set(max_points) = patch.max_points {
            check_max_points(Some(max_points))?;
        }
        let system = self.points_system_mut(id)?;
        let before = system.clone();
        if let Some(name) = patch.name {
            system.name = name;
        }
        if let Some(description) = patch.description {
            system.description = description;
        }
        patch.badge_url.apply_to(&mut system.badge_url);
        let mut rules = system.rules.current().clone();
        patch.max_points.apply_to(&mut rules.max_points);
        system.change_rules(rules, now);
        if *system != before {
            system.stamps.updated_at = now;
        }
        Ok(system)
    }

    /// Archives a system with its triggers, levels and boosts. Answers with the keys of the
    /// leaderboards that go with it. (C-POINTS-06, C-ADM-49, C-LB-83)
    ///
    /// # Errors
    /// If there is no such system.
    pub fn delete_points_system(
        &mut self,
        id: PointsSystemId,
        now: Timestamp,
    ) -> Result<Vec<Key>, Invalid> {
        let system = self.points_system_mut(id)?;
        system.archived = true;
        system.triggers.iter_mut().for_each(|trigger| trigger.archive(now));
        system.levels.iter_mut().for_each(|level| level.archived = true);
        system.boosts.iter_mut().for_each(|boost| boost.end(now));
        Ok(self.archive_leaderboards(RankBy::Points(id), now))
    }

    fn points_system_mut(&mut self, id: PointsSystemId) -> Result<&mut PointsSystem, Invalid> {
        self.points_systems
            .iter_mut()
            .find(|system| system.id == id && !system.archived)
            .ok_or_else(|| Invalid::error(NOT_FOUND))
    }
}

fn check_max_points(max_points: Option<i64>) -> Result<(), Invalid> {
    match max_points {
        Some(..1) => Err(Invalid::error("maxPoints must be an integer of at least 1")),
        Some(1..) | None => Ok(()),
    }
}
