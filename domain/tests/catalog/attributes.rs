//! Attributes and filters by them.

use domain::catalog::{
    AchievementDraft, AchievementTriggerFields, AchievementTriggerKind, AttributeKind,
    AttributePatch, Filter, Patch,
};
use domain::ids::AttributeId;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::world::{World, achievement, api, every, filter, refused, system};

const NOW: Timestamp = Timestamp::from_millis(1_000);

// C-ATTR-01 C-ATTR-13 C-ATTR-14 C-ADM-20
#[test]
fn attribute_keys_are_unique_per_type_and_fixed() {
    let mut world = World::new();
    let user = world.attribute(AttributeKind::User, "plan").unwrap();
    world.attribute(AttributeKind::Event, "plan").unwrap();
    assert_eq!(
        refused(world.attribute(AttributeKind::User, "plan")),
        "Key already in use by another attribute of this type"
    );
    assert_eq!(
        refused(world.attribute(AttributeKind::User, "a b")),
        "Key contains invalid characters"
    );
    let renamed =
        world.catalog.update_attribute(user, AttributePatch { name: Some("Tier".into()) }).unwrap();
    assert_eq!((renamed.name.as_str(), renamed.key.as_str()), ("Tier", "plan"));
    let same = world.catalog.update_attribute(user, AttributePatch::default()).unwrap();
    assert_eq!(same.name, "Tier");
    let unknown = AttributeId(Uuid::nil());
    let error = world.catalog.update_attribute(unknown, AttributePatch::default()).unwrap_err();
    assert_eq!(error.message, "Attribute not found by ID");
}

// C-ATTR-12 C-ADM-24 C-GEN-32
#[test]
fn an_attribute_in_use_stays() {
    let mut world = World::new();
    let plan = world.attribute(AttributeKind::User, "plan").unwrap();
    let deck = world.attribute(AttributeKind::Event, "deck").unwrap();
    let words = world.metric("words").unwrap();
    let mut filtered = api("pro");
    filtered.user_filters = vec![filter(plan, "pro")];
    let pro = world.achievement(filtered).unwrap();
    let xp = world.system(system("xp")).unwrap();
    let mut paying = every(words, 1);
    paying.fields.event_attributes = Patch::Set(vec![filter(deck, "latin")]);
    let paying = world.trigger(xp, paying).unwrap();
    for used in [plan, deck] {
        assert_eq!(
            world.catalog.delete_attribute(used, NOW).unwrap_err().message,
            "Attribute is in use"
        );
    }
    world.catalog.delete_achievement(pro, Timestamp::from_millis(99)).unwrap();
    world.catalog.delete_trigger(xp, paying, Timestamp::from_millis(99)).unwrap();
    for unused in [plan, deck] {
        world.catalog.delete_attribute(unused, NOW).unwrap();
        let again = world.catalog.delete_attribute(unused, NOW).unwrap_err();
        assert_eq!(again.message, "Attribute not found by ID");
    }
    let again = world.attribute(AttributeKind::User, "plan").unwrap();
    assert_ne!(again, plan);
}

// C-ADM-22 C-ACH-11
#[test]
fn filters_name_live_attributes_of_the_right_kind_once() {
    let mut world = World::new();
    let plan = world.attribute(AttributeKind::User, "plan").unwrap();
    let deck = world.attribute(AttributeKind::Event, "deck").unwrap();
    let gone = world.attribute(AttributeKind::User, "gone").unwrap();
    world.catalog.delete_attribute(gone, NOW).unwrap();
    let mut with = |filters: Vec<Filter>| {
        let draft = AchievementDraft { user_filters: filters, ..api("a") };
        refused(world.achievement(draft))
    };
    assert_eq!(with(vec![filter(deck, "x")]), "userAttributes must name user attributes");
    assert_eq!(with(vec![filter(gone, "x")]), "Attribute not found by ID");
    assert_eq!(
        with(vec![filter(plan, "x"), filter(plan, "y")]),
        "userAttributes must name each attribute once"
    );
    let long = "é".repeat(256);
    assert_eq!(with(vec![filter(plan, &long)]), "attributeValue must have at most 255 characters");
    let streak = AchievementTriggerFields {
        streak_length: Some(3),
        event_attributes: Patch::Set(vec![filter(deck, "x")]),
        ..Default::default()
    };
    assert_eq!(
        refused(world.achievement(achievement(AchievementTriggerKind::Streak, streak))),
        "eventAttributes is only permitted for metric achievements"
    );
}
