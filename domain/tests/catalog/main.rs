//! The catalog's rules, through its public operations: what may be configured, what may change, and
//! what goes when something else goes.

mod achievements;
mod attributes;
mod leaderboards;
mod metrics;
mod points;
mod restore;
mod streaks;
mod webhooks;
mod world;

use domain::catalog::PointsSystemDraft;
use uuid::Uuid;

use crate::world::{World, all_of, level, reaching, system};

// C-GEN-13 C-GEN-32
#[test]
fn ids_are_unique_and_the_same_for_the_same_history() {
    let build = || {
        let mut world = World::new();
        let words = world.metric("words").unwrap();
        let first = world.achievement(reaching(words, "1")).unwrap();
        world.achievement(all_of(&[first])).unwrap();
        world.system(PointsSystemDraft { levels: vec![level("a", 0)], ..system("xp") }).unwrap();
        world.catalog
    };
    let catalog = build();
    assert_eq!(catalog, build());
    let mut ids: Vec<Uuid> = catalog.metrics.iter().map(|own| own.id.0).collect();
    ids.extend(catalog.achievements.iter().map(|own| own.id.0));
    ids.extend(catalog.points_systems.iter().map(|own| own.id.0));
    ids.extend(catalog.points_systems.iter().flat_map(|own| &own.levels).map(|own| own.id.0));
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}
