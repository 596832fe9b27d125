//! Streak settings.

use domain::calendar::Frequency;
use domain::catalog::{FreezesPatch, Patch, StreakSettingsPatch};

use crate::world::{World, refused};

// C-STREAK-34 C-STREAK-35 C-ADM-88
#[test]
fn freeze_settings_have_bounds_and_belong_together() {
    let freezes =
        |start_count, max_count, auto_earn_interval, auto_earn_amount| StreakSettingsPatch {
            freezes: Patch::Set(FreezesPatch {
                start_count,
                max_count,
                auto_earn_interval,
                auto_earn_amount,
            }),
            ..Default::default()
        };
    let mut world = World::new();
    for (patch, message) in [
        (freezes(0, 0, None, None), "freezes.maxCount must be an integer between 1 and 100"),
        (freezes(0, 101, None, None), "freezes.maxCount must be an integer between 1 and 100"),
        (freezes(-1, 5, None, None), "freezes.startCount must be an integer between 0 and 100"),
        (freezes(3, 2, None, None), "freezes.maxCount must be at least freezes.startCount"),
        (
            freezes(0, 5, Some(0), Some(1)),
            "freezes.autoEarnInterval must be an integer between 1 and 3650",
        ),
        (
            freezes(0, 5, Some(3651), Some(1)),
            "freezes.autoEarnInterval must be an integer between 1 and 3650",
        ),
        (
            freezes(0, 5, Some(7), Some(101)),
            "freezes.autoEarnAmount must be an integer between 1 and 100",
        ),
        (
            freezes(0, 5, Some(7), None),
            "freezes.autoEarnInterval and freezes.autoEarnAmount must both be set or both be null",
        ),
    ] {
        assert_eq!(refused(world.streaks(patch)), message);
    }
    assert!(world.catalog.streaks.is_initial());
    world.streaks(freezes(0, 1, Some(3650), Some(100))).unwrap();
    world.streaks(StreakSettingsPatch { freezes: Patch::Clear, ..Default::default() }).unwrap();
    assert_eq!(world.catalog.streaks.current().freezes, None);
}

// C-STREAK-41
#[test]
fn the_anchor_of_earning_moves_only_when_earning_changes() {
    let freezes = |max_count, auto_earn_interval| StreakSettingsPatch {
        freezes: Patch::Set(FreezesPatch {
            start_count: 0,
            max_count,
            auto_earn_interval: Some(auto_earn_interval),
            auto_earn_amount: Some(1),
        }),
        ..Default::default()
    };
    let since =
        |world: &World| world.catalog.streaks.current().freezes.unwrap().auto_earn.unwrap().since;
    let mut world = World::new();
    world.streaks(freezes(5, 7)).unwrap();
    let enabled = since(&world);
    world.streaks(freezes(6, 7)).unwrap();
    assert_eq!(since(&world), enabled);
    world.streaks(freezes(6, 8)).unwrap();
    assert!(since(&world) > enabled);
}

// C-STREAK-52 C-STREAK-53 C-ADM-86
#[test]
fn days_off_are_distinct_weekdays_of_daily_streaks() {
    let days =
        |days: &[i64]| StreakSettingsPatch { days_off: Some(days.to_vec()), ..Default::default() };
    let every =
        |frequency| StreakSettingsPatch { frequency: Some(frequency), ..Default::default() };
    let mut world = World::new();
    world.streaks(days(&[6, 0, 3])).unwrap();
    assert_eq!(world.catalog.streaks.current().days_off, [0, 3, 6]);
    for bad in [&[7][..], &[-1]] {
        assert_eq!(refused(world.streaks(days(bad))), "daysOff must be integers between 0 and 6");
    }
    assert_eq!(refused(world.streaks(days(&[1, 1]))), "daysOff must be distinct");
    world.streaks(every(Frequency::Weekly)).unwrap();
    assert!(world.catalog.streaks.current().days_off.is_empty());
    assert_eq!(refused(world.streaks(days(&[1]))), "daysOff is only permitted for daily streaks");
    world.streaks(days(&[])).unwrap();
    let back = StreakSettingsPatch { days_off: Some(vec![1]), ..every(Frequency::Daily) };
    world.streaks(back).unwrap();
    assert_eq!(world.catalog.streaks.current().days_off, [1]);
}

// C-STREAK-70 C-STREAK-71 C-ADM-85 C-ADM-87
#[test]
fn conditions_replace_the_whole_list_and_zero_removes() {
    let conditions = |list: &[(&str, i64)]| StreakSettingsPatch {
        metrics: Some(
            list.iter().map(|(key, threshold)| ((*key).to_owned(), *threshold)).collect(),
        ),
        ..Default::default()
    };
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let lessons = world.metric("lessons").unwrap();
    let now = |world: &World| -> Vec<_> {
        let current = &world.catalog.streaks.current().metrics;
        current.iter().map(|own| (own.metric, own.threshold.multiples_of(1))).collect()
    };
    world.streaks(conditions(&[("words", 500), ("lessons", 1)])).unwrap();
    assert_eq!(now(&world), [(words, 500), (lessons, 1)]);
    assert_eq!(
        refused(world.streaks(conditions(&[("words", 1), ("words", 2)]))),
        "metrics must name each metric once"
    );
    assert_eq!(
        refused(world.streaks(conditions(&[("nope", 1)]))),
        "metrics: Metric not found: nope"
    );
    assert_eq!(
        refused(world.streaks(conditions(&[("words", -1)]))),
        "threshold must be an integer of at least 0"
    );
    assert_eq!(now(&world), [(words, 500), (lessons, 1)]);
    world.streaks(conditions(&[("words", 0), ("lessons", 2)])).unwrap();
    assert_eq!(now(&world), [(lessons, 2)]);
    world.streaks(StreakSettingsPatch::default()).unwrap();
    assert_eq!(now(&world), [(lessons, 2)]);
}
