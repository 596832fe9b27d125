//! The points systems of a file with their levels and boosts; their triggers have a file of their own.
//!
//! Levels have keys. Boosts and triggers have none, so what the file lists is paired with what
//! exists: first whatever is equal, then, in order, boosts of the same name and triggers fired by
//! the same. A changed number so changes the trigger, which keeps the progress of its users.

use domain::catalog::{
    AttributeKind, BoostDraft, BoostPatch, BoostTerms, LevelDraft, LevelPatch, PointsSystemDraft,
    PointsSystemPatch, Rounding,
};
use domain::ids::{LevelId, PointsSystemId};
use toml::Spanned;

use super::references::{filters_patch, patch};
use super::{Changed, Problem};
use crate::catalog_file::format::{BoostTable, LevelTable, PointsSystemTable, RoundingName};
use crate::catalog_file::value::Table;

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

/// For each that is wanted the place of the stored one that it is: by the first test that finds one,
/// each in order and at most once.
pub(super) fn paired<W, S>(
    wanted: &[W],
    stored: &[S],
    tests: [fn(&W, &S) -> bool; 2],
) -> Vec<Option<usize>> {
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
