//! Achievements: fields, prerequisites, statuses, keys.

use domain::amount::Amount;
use domain::catalog::{
    AchievementDraft, AchievementPatch, AchievementStatus, AchievementTrigger,
    AchievementTriggerFields, AchievementTriggerKind, AttributeKind, Patch,
};
use domain::ids::{AchievementId, MetricId};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::world::{World, achievement, all_of, api, filter, reaching, refused, required};

// C-ACH-06 C-ACH-14 C-ADM-39 C-ADM-40
#[test]
fn achievements_need_the_fields_of_their_trigger_and_no_others() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let none = AchievementTriggerFields::default();
    use AchievementTriggerKind::{Anniversary, Api, Composite, Metric, Streak};
    for (kind, message) in [
        (Api, "key is required"),
        (Streak, "streakLength is required"),
        (Composite, "achievementIds is required"),
        (Metric, "metricId is required"),
        (Anniversary, "anniversaryYears is required"),
    ] {
        assert_eq!(refused(world.achievement(achievement(kind, none.clone()))), message);
    }
    let no_value = AchievementTriggerFields { metric_id: Some(words), ..none.clone() };
    assert_eq!(
        refused(world.achievement(achievement(Metric, no_value))),
        "metricValue is required"
    );
    assert_eq!(
        refused(world.achievement(reaching(words, "0.999"))),
        "metricValue must be at least 1"
    );
    assert_eq!(
        refused(world.achievement(reaching(MetricId(Uuid::nil()), "1"))),
        "Metric not found by ID"
    );
    world.achievement(reaching(words, "1.5")).unwrap();
    let foreign =
        AchievementTriggerFields { key: Some("k".into()), streak_length: Some(3), ..none };
    assert_eq!(
        refused(world.achievement(achievement(Streak, foreign))),
        "key is only permitted for api achievements"
    );
}

// C-ACH-14 C-ADM-42
#[test]
fn a_new_trigger_needs_its_fields_and_drops_the_old_ones() {
    let mut world = World::new();
    let words = world.metric("words").unwrap();
    let tour = world.achievement(api("tour")).unwrap();
    let to = |kind, fields| AchievementPatch { kind: Some(kind), fields, ..Default::default() };
    let none = AchievementTriggerFields::default();
    assert_eq!(
        refused(world.change(tour, to(AchievementTriggerKind::Streak, none.clone()))),
        "streakLength is required"
    );
    let metric = AchievementTriggerFields {
        metric_id: Some(words),
        metric_value: Some(Amount::from(5)),
        ..none.clone()
    };
    world.change(tour, to(AchievementTriggerKind::Metric, metric)).unwrap();
    world.achievement(api("tour")).unwrap();
    // One field of the metric trigger is enough to change it.
    let value = AchievementTriggerFields { metric_value: Some(Amount::from(7)), ..none };
    world.change(tour, AchievementPatch { fields: value, ..Default::default() }).unwrap();
    let trigger = world.catalog.find_achievement(tour).unwrap().trigger();
    let is_changed = matches!(
        trigger,
        AchievementTrigger::Metric { metric, value, .. } if *metric == words && *value == Amount::from(7)
    );
    assert!(is_changed, "{trigger:?}");
}

// C-ACH-09 C-ADM-44
#[test]
fn prerequisites_are_distinct_live_and_without_cycles() {
    let mut world = World::new();
    let base = world.achievement(api("base")).unwrap();
    assert_eq!(refused(world.achievement(all_of(&[]))), "achievementIds must have 1 to 50 entries");
    assert_eq!(
        refused(world.achievement(all_of(&[base; 51]))),
        "achievementIds must have 1 to 50 entries"
    );
    assert_eq!(
        refused(world.achievement(all_of(&[base, base]))),
        "achievementIds must be distinct"
    );
    assert_eq!(
        refused(world.achievement(all_of(&[AchievementId(Uuid::nil())]))),
        "Achievement not found by ID"
    );
    let middle = world.achievement(all_of(&[base])).unwrap();
    let top = world.achievement(all_of(&[middle])).unwrap();
    let require = |id| AchievementPatch { fields: required(&[id]), ..Default::default() };
    assert_eq!(
        refused(world.change(middle, require(middle))),
        "achievementIds must not contain the achievement itself"
    );
    assert_eq!(refused(world.change(middle, require(top))), "achievementIds must not form a cycle");
    let composite =
        AchievementPatch { kind: Some(AchievementTriggerKind::Composite), ..require(top) };
    assert_eq!(refused(world.change(base, composite)), "achievementIds must not form a cycle");
    let is_prerequisite = "Achievement is a prerequisite of another achievement";
    assert_eq!(
        world.catalog.delete_achievement(middle, Timestamp::from_millis(99)).unwrap_err().message,
        is_prerequisite
    );
    for id in [top, middle, base] {
        world.catalog.delete_achievement(id, Timestamp::from_millis(99)).unwrap();
    }
    assert_eq!(
        world.catalog.delete_achievement(base, Timestamp::from_millis(99)).unwrap_err().message,
        "Achievement not found by ID"
    );
}

// C-ACH-12 C-ACH-13 C-ADM-41
#[test]
fn status_moves_follow_their_chart() {
    use AchievementStatus::{Active, Inactive, Locked};
    let all = [Inactive, Active, Locked];
    let allowed = [(Inactive, Active), (Active, Locked), (Locked, Active)];
    for from in all {
        for to in all {
            let mut world = World::new();
            let id = world.achievement(AchievementDraft { status: from, ..api("a") }).unwrap();
            let moved =
                world.change(id, AchievementPatch { status: Some(to), ..Default::default() });
            if from == to || allowed.contains(&(from, to)) {
                moved.unwrap();
                assert_eq!(world.catalog.find_achievement(id).unwrap().status(), to);
            } else {
                let message =
                    format!("Cannot change status from {} to {}", from.as_str(), to.as_str());
                assert_eq!(refused(moved), message);
            }
        }
    }
}

// C-ACH-15
#[test]
fn api_keys_are_unique_among_live_api_achievements() {
    let mut world = World::new();
    let tour = world.achievement(api("tour")).unwrap();
    let taken = "Key already in use by another achievement";
    assert_eq!(refused(world.achievement(api("tour"))), taken);
    let quiz = world.achievement(api("quiz")).unwrap();
    let rename = |key: &str| AchievementPatch { fields: api(key).fields, ..Default::default() };
    assert_eq!(refused(world.change(quiz, rename("tour"))), taken);
    world.change(tour, rename("tour")).unwrap();
    world.change(tour, rename("grand-tour")).unwrap();
    world.change(quiz, rename("tour")).unwrap();
    assert_eq!(world.catalog.find_api_achievement("tour").unwrap().id, quiz);
}

// C-ACH-14 C-ACH-33 C-ADM-13 C-ADM-14
#[test]
fn updates_keep_what_they_leave_out_and_null_clears() {
    let mut world = World::new();
    let plan = world.attribute(AttributeKind::User, "plan").unwrap();
    let draft = AchievementDraft {
        description: Some("text".into()),
        badge_url: Some("https://a.example/b".into()),
        user_filters: vec![filter(plan, "pro")],
        ..api("tour")
    };
    let id = world.achievement(draft).unwrap();
    let before = world.catalog.find_achievement(id).unwrap().clone();
    world.change(id, AchievementPatch::default()).unwrap();
    assert_eq!(*world.catalog.find_achievement(id).unwrap(), before);
    world
        .change(
            id,
            AchievementPatch {
                description: Patch::Set(String::new()),
                badge_url: Patch::Clear,
                user_filters: Patch::Clear,
                ..Default::default()
            },
        )
        .unwrap();
    let after = world.catalog.find_achievement(id).unwrap();
    assert_eq!((&after.description, &after.badge_url), (&None, &None));
    assert!(after.user_filters().is_empty());
    assert!(after.stamps.updated_at > before.stamps.updated_at);
}
