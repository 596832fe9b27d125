//! Points systems with their triggers and levels.

use domain::catalog::{
    LevelPatch, Patch, PointsSystemDraft, PointsSystemPatch, TimeUnit, TriggerDraft, TriggerPatch,
    TriggerType, TriggerTypeFields,
};
use domain::ids::{AchievementId, MetricId};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::world::{World, every, level, refused, system, trigger};

/// After everything that a world makes.
const NOW: Timestamp = Timestamp::from_millis(99);

// C-POINTS-04 C-POINTS-05 C-ADM-46 C-ADM-47
#[test]
fn a_system_comes_with_all_its_parts_or_not_at_all() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let before = world.catalog.clone();
    let with = |levels, triggers| PointsSystemDraft { levels, triggers, ..system("xp") };
    assert_eq!(
        refused(world.system(with(vec![level("a", 0), level("b", -1)], vec![]))),
        "levels[1]: points must be an integer of at least 0"
    );
    assert_eq!(
        refused(world.system(with(
            vec![level("a", 0)],
            vec![every(words, 1), every(MetricId(Uuid::nil()), 1)]
        ))),
        "triggers[1]: Metric not found by ID"
    );
    assert_eq!(world.catalog, before);
    let xp = world
        .system(with(vec![level("gold", 9), level("iron", 0)], vec![every(words, 1)]))
        .unwrap();
    let created = world.catalog.find_points_system(xp).unwrap();
    assert_eq!((created.levels.len(), created.triggers.len()), (2, 1));
    assert_eq!(refused(world.system(system("xp"))), "Key already in use by another points system");
    let zero = PointsSystemDraft { max_points: Some(0), ..system("energy") };
    assert_eq!(refused(world.system(zero)), "maxPoints must be an integer of at least 1");
    let now = world.now();
    let maximum = PointsSystemPatch { max_points: Patch::Set(10), ..Default::default() };
    assert_eq!(
        world.catalog.update_points_system(xp, maximum, now).unwrap().max_points(),
        Some(10)
    );
    let lifted = PointsSystemPatch { max_points: Patch::Clear, ..Default::default() };
    assert_eq!(world.catalog.update_points_system(xp, lifted, now).unwrap().max_points(), None);
}

// C-POINTS-06 C-ADM-19 C-ADM-49
#[test]
fn a_deleted_system_takes_its_parts_along_and_frees_its_key() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let xp = world
        .system(PointsSystemDraft {
            levels: vec![level("a", 0)],
            triggers: vec![every(words, 1)],
            ..system("xp")
        })
        .unwrap();
    world.catalog.delete_points_system(xp, NOW).unwrap();
    assert!(world.catalog.find_points_system(xp).is_none());
    let again = world.catalog.delete_points_system(xp, NOW).unwrap_err();
    assert_eq!(again.message, "Points system not found by ID");
    let archived = &world.catalog.points_systems[0];
    assert_eq!((archived.live_triggers().count(), archived.live_levels().len()), (0, 0));
    world.system(system("xp")).unwrap();
}

// C-POINTS-10 C-POINTS-13 C-ADM-53 C-ADM-54
#[test]
fn triggers_need_the_fields_of_their_type_and_no_others() {
    use TriggerType::{Achievement, Metric, Streak, Time, UserCreation};
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let xp = world.system(system("xp")).unwrap();
    let none = TriggerTypeFields::default();
    for (trigger_type, message) in [
        (Metric, "metricId is required"),
        (Achievement, "achievementId is required"),
        (Streak, "streakLength is required"),
        (Time, "timeUnit is required"),
    ] {
        assert_eq!(refused(world.trigger(xp, trigger(trigger_type, none.clone()))), message);
    }
    let no_threshold = TriggerTypeFields { metric_id: Some(words), ..none.clone() };
    assert_eq!(
        refused(world.trigger(xp, trigger(Metric, no_threshold.clone()))),
        "metricThreshold is required"
    );
    assert_eq!(
        refused(world.trigger(xp, trigger(UserCreation, no_threshold))),
        "metricId is only permitted for metric triggers"
    );
    let no_interval = TriggerTypeFields { time_unit: Some(TimeUnit::Days), ..none.clone() };
    assert_eq!(
        refused(world.trigger(xp, trigger(Time, no_interval.clone()))),
        "timeInterval is required"
    );
    assert_eq!(
        refused(world.trigger(xp, trigger(UserCreation, no_interval))),
        "timeUnit is only permitted for time triggers"
    );
    let unknown =
        TriggerTypeFields { achievement_id: Some(AchievementId(Uuid::nil())), ..none.clone() };
    assert_eq!(
        refused(world.trigger(xp, trigger(Achievement, unknown))),
        "Achievement not found by ID"
    );
    for points in [0, 1_000_000_001, -1_000_000_001, i64::MIN] {
        let draft = TriggerDraft { points, ..trigger(UserCreation, none.clone()) };
        assert_eq!(
            refused(world.trigger(xp, draft)),
            "points must be a non-zero integer between -1000000000 and 1000000000"
        );
    }
    assert_eq!(world.catalog.find_points_system(xp).unwrap().triggers.len(), 0);
    world.trigger(xp, trigger(UserCreation, none)).unwrap();
}

// C-POINTS-10 C-ADM-55
#[test]
fn a_triggers_type_changes_only_while_it_is_inactive() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let xp = world.system(system("xp")).unwrap();
    let id = world.trigger(xp, every(words, 10)).unwrap();
    let streak = TriggerPatch {
        trigger_type: Some(TriggerType::Streak),
        fields: TriggerTypeFields { streak_length: Some(7), ..Default::default() },
        ..Default::default()
    };
    assert_eq!(
        refused(world.change_trigger(xp, id, streak.clone())),
        "type can only change while the trigger is inactive"
    );
    world
        .change_trigger(xp, id, TriggerPatch { active: Some(false), ..Default::default() })
        .unwrap();
    world.change_trigger(xp, id, streak).unwrap();
    let stored = world.catalog.find_points_system(xp).unwrap().find_trigger(id).unwrap();
    assert_eq!(
        (stored.kind.trigger_type(), stored.points, stored.active),
        (TriggerType::Streak, 5, false)
    );
}

// C-POINTS-08
#[test]
fn parts_of_another_system_are_not_found() {
    let mut world = World::new();
    let (xp, energy) =
        (world.system(system("xp")).unwrap(), world.system(system("energy")).unwrap());
    let bronze = world.level(xp, "bronze", 0).unwrap();
    let creation =
        world.trigger(xp, trigger(TriggerType::UserCreation, Default::default())).unwrap();
    assert_eq!(
        world.catalog.update_level(energy, bronze, LevelPatch::default(), NOW).unwrap_err().message,
        "Level not found by ID"
    );
    assert_eq!(
        refused(world.change_trigger(energy, creation, TriggerPatch::default())),
        "Points trigger not found by ID"
    );
    assert_eq!(
        world.catalog.delete_level(energy, bronze, NOW).unwrap_err().message,
        "Level not found by ID"
    );
}

// C-POINTS-46 C-ADM-51 C-ADM-52
#[test]
fn levels_are_unique_by_key_and_threshold_and_the_highest_reached_counts() {
    let mut world = World::new();
    let xp = world.system(system("xp")).unwrap();
    let gold = world.level(xp, "gold", 200).unwrap();
    let bronze = world.level(xp, "bronze", 50).unwrap();
    assert_eq!(refused(world.level(xp, "gold", 300)), "Key already in use by another level");
    assert_eq!(refused(world.level(xp, "or", 200)), "Points already in use by another level");
    assert_eq!(refused(world.level(xp, "or", -1)), "points must be an integer of at least 0");
    let moved = |points| LevelPatch { points: Some(points), ..Default::default() };
    let clash = world.catalog.update_level(xp, bronze, moved(200), NOW).unwrap_err();
    assert_eq!(clash.message, "Points already in use by another level");
    world.catalog.update_level(xp, bronze, moved(50), NOW).unwrap();
    let at = |world: &World, total| {
        world.catalog.find_points_system(xp).unwrap().level_at(total).map(|level| level.id)
    };
    assert_eq!(
        [49, 50, 199, 200].map(|total| at(&world, total)),
        [None, Some(bronze), Some(bronze), Some(gold)]
    );
    world.catalog.update_level(xp, bronze, moved(500), NOW).unwrap();
    let listed: Vec<_> = world
        .catalog
        .find_points_system(xp)
        .unwrap()
        .live_levels()
        .iter()
        .map(|own| own.id)
        .collect();
    assert_eq!(listed, [gold, bronze]);
    world.catalog.delete_level(xp, gold, NOW).unwrap();
    assert_eq!(at(&world, 400), None);
    world.level(xp, "gold", 200).unwrap();
}
