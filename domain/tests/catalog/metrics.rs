//! Metrics, and what goes when one goes.

use domain::catalog::{MetricPatch, StreakSettingsPatch, TriggerType, TriggerTypeFields, UnitType};
use domain::time::Timestamp;

use crate::world::{World, all_of, every, reaching, refused, system, trigger};

// C-METRIC-02 C-METRIC-03 C-ADM-31 C-ADM-16
#[test]
fn currencies_need_an_active_code_in_the_merged_result() {
    let mut world = World::new();
    for bad in ["", "eur", "EURO", "HRK", "XYZ"] {
        let result = world.money("spent", UnitType::Currency, bad);
        assert_eq!(refused(result), "units must be an ISO 4217 currency code", "{bad}");
    }
    for good in ["USD", "GBP", "EUR", "JPY"] {
        world.money(good, UnitType::Currency, good).unwrap();
    }
    let words = world.money("words", UnitType::Number, "words").unwrap();
    let currency = MetricPatch { unit_type: Some(UnitType::Currency), ..Default::default() };
    assert!(world.catalog.update_metric(words, currency.clone()).is_err());
    assert_eq!(world.catalog.find_metric(words).unwrap().unit_type, UnitType::Number);
    let both = MetricPatch { units: Some("EUR".into()), ..currency };
    assert_eq!(world.catalog.update_metric(words, both).unwrap().units, "EUR");
    let number = MetricPatch { unit_type: Some(UnitType::Number), ..Default::default() };
    let metric = world.catalog.update_metric(words, number).unwrap();
    assert_eq!((metric.unit_type, metric.units.as_str()), (UnitType::Number, "EUR"));
}

// C-METRIC-04 C-ADM-11 C-ADM-20
#[test]
fn metric_keys_are_unique_among_live_metrics() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    assert_eq!(refused(world.metric("words")), "Key already in use by another metric");
    world.metric("Words").unwrap();
    world.catalog.delete_metric(words, Timestamp::from_millis(99)).unwrap();
    assert_ne!(world.metric("words").unwrap(), words);
    let patch = MetricPatch { name: Some("x".into()), ..Default::default() };
    assert_eq!(
        world.catalog.update_metric(words, patch).unwrap_err().message,
        "Metric not found by ID"
    );
}

// C-METRIC-05 C-ADM-19 C-ADM-24 C-ADM-32
#[test]
fn a_metric_takes_along_what_is_built_on_it() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let lessons = world.metric("lessons").unwrap();
    let ten = world.achievement(reaching(words, "10")).unwrap();
    let other = world.achievement(reaching(lessons, "10")).unwrap();
    let both = world.achievement(all_of(&[ten, other])).unwrap();
    let above = world.achievement(all_of(&[both])).unwrap();
    let xp = world.system(system("xp")).unwrap();
    let per_word = world.trigger(xp, every(words, 1)).unwrap();
    let per_lesson = world.trigger(xp, every(lessons, 1)).unwrap();
    let for_above = TriggerTypeFields { achievement_id: Some(above), ..Default::default() };
    let for_above = world.trigger(xp, trigger(TriggerType::Achievement, for_above)).unwrap();
    world
        .streaks(StreakSettingsPatch {
            metrics: Some(vec![("words".into(), 1), ("lessons".into(), 2)]),
            ..Default::default()
        })
        .unwrap();
    let now = world.now();
    world.catalog.delete_metric(words, now).unwrap();
    let live: Vec<_> = world.catalog.live_achievements().map(|own| own.id).collect();
    assert_eq!(live, [other]);
    let xp = world.catalog.find_points_system(xp).unwrap();
    assert_eq!(xp.live_triggers().map(|own| own.id).collect::<Vec<_>>(), [per_lesson]);
    assert!(xp.triggers.iter().any(|own| own.id == per_word && own.archived));
    assert!(xp.triggers.iter().any(|own| own.id == for_above && own.archived));
    let conditions: Vec<_> =
        world.catalog.streaks.current().metrics.iter().map(|own| own.metric).collect();
    assert_eq!(conditions, [lessons]);
    // Periods that closed before are still judged with it. (C-STREAK-07)
    assert_eq!(world.catalog.streaks.before(now).metrics.len(), 2);
}
