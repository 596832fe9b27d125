//! Levels: named thresholds of a points system. (C-POINTS-45 to 51, C-ADM-50 to 52)

use serde::{Deserialize, Serialize};

use super::{Catalog, Invalid, Patch, parse_key};
use crate::ids::{Key, LevelId, PointsSystemId};
use crate::time::Timestamp;

/// A level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Its id.
    pub id: LevelId,
    /// Its key, unique in the system; fixed.
    pub key: Key,
    /// Its display name.
    pub name: String,
    /// The balance from which it holds, at least 0.
    pub points: i64,
    /// Its description, empty when unset. (C-POINTS-07)
    pub description: String,
    /// The URL of its badge.
    pub badge_url: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether it was deleted.
    pub archived: bool,
}

/// A new level as a request describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelDraft {
    /// Display name, already checked for length.
    pub name: String,
    /// The wanted key.
    pub key: String,
    /// The threshold.
    pub points: i64,
    /// Description, empty when unset.
    pub description: String,
    /// Badge URL, already checked.
    pub badge_url: Option<String>,
}

/// Changes to a level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LevelPatch {
    /// A new name.
    pub name: Option<String>,
    /// A new threshold.
    pub points: Option<i64>,
    /// A new description.
    pub description: Option<String>,
    /// A new badge URL.
    pub badge_url: Patch<String>,
}

const NOT_FOUND: &str = "Level not found by ID";
pub(super) const KEY_TAKEN: &str = "Key already in use by another level";

impl Catalog {
    /// Creates a level. (C-ADM-50)
    ///
    /// # Errors
    /// If the key is malformed or taken, or the threshold is negative or taken.
    pub fn create_level(
        &mut self,
        system: PointsSystemId,
        draft: LevelDraft,
        now: Timestamp,
    ) -> Result<&Level, Invalid> {
        let key = parse_key(&draft.key)?;
        let levels = self.points_system_mut(system)?.live_levels();
        if levels.iter().any(|level| level.key == key) {
            return Err(Invalid::error(KEY_TAKEN));
        }
        check_points(&levels, None, draft.points)?;
        let id = LevelId(self.next_id("level"));
        let system = self.points_system_mut(system)?;
        system.levels.push(Level {
            id,
            key,
            name: draft.name,
            points: draft.points,
            description: draft.description,
            badge_url: draft.badge_url,
            created_at: now,
            archived: false,
        });
        system.note_thresholds(now);
        Ok(system.levels.last().expect("just pushed"))
    }

    /// Changes a level; users are on the resulting level at once, silently. (C-POINTS-51)
    ///
    /// # Errors
    /// If there is no such level in the system, or the threshold is negative or taken.
    pub fn update_level(
        &mut self,
        system: PointsSystemId,
        id: LevelId,
        patch: LevelPatch,
        now: Timestamp,
    ) -> Result<&Level, Invalid> {
        let system = self.points_system_mut(system)?;
        let live = system.live_levels();
        if !live.iter().any(|level| level.id == id) {
            return Err(Invalid::error(NOT_FOUND));
        }
        if let Some(points) = patch.points {
            check_points(&live, Some(id), points)?;
        }
        let level = system.levels.iter_mut().find(|level| level.id == id).expect("found above");
        if let Some(name) = patch.name {
            level.name = name;
        }
        if let Some(points) = patch.points {
            level.points = points;
        }
        if let Some(description) = patch.description {
            level.description = description;
        }
        patch.badge_url.apply_to(&mut level.badge_url);
        system.note_thresholds(now);
        Ok(system.find_level(id).expect("found above"))
    }

    /// Archives a level.
    ///
    /// # Errors
    /// If there is no such level in the system.
    pub fn delete_level(
        &mut self,
        system: PointsSystemId,
        id: LevelId,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        let system = self.points_system_mut(system)?;
        let level = system.levels.iter_mut().find(|level| level.id == id && !level.archived);
        level.ok_or_else(|| Invalid::error(NOT_FOUND))?.archived = true;
        system.note_thresholds(now);
        Ok(())
    }
}

/// (C-POINTS-46, C-ADM-51)
pub(super) fn check_points(
    levels: &[&Level],
    own: Option<LevelId>,
    points: i64,
) -> Result<(), Invalid> {
    if points < 0 {
        return Err(Invalid::error("points must be an integer of at least 0"));
    }
    if levels.iter().any(|level| Some(level.id) != own && level.points == points) {
        return Err(Invalid::of("points", "Points already in use by another level"));
    }
    Ok(())
}
