//! Webhooks as an operator configures them.

use domain::catalog::{SealedSecret, WebhookDraft, WebhookPatch};
use domain::ids::WebhookId;
use domain::webhook::WebhookEvent::{self, PointsChanged, StreakLost, StreakStarted};
use uuid::Uuid;

use crate::world::World;

fn create(world: &mut World, events: &[WebhookEvent]) -> Result<WebhookId, String> {
    let now = world.now();
    let draft = WebhookDraft {
        name: "Hook".to_owned(),
        url: "https://example.com".to_owned(),
        events: events.to_vec(),
    };
    let created = world.catalog.create_webhook(draft, SealedSecret(vec![1]), now);
    created.map(|webhook| webhook.id).map_err(|invalid| invalid.message)
}

fn update(world: &mut World, id: WebhookId, patch: WebhookPatch) -> Result<(), String> {
    let now = world.now();
    let updated = world.catalog.update_webhook(id, patch, now);
    updated.map(|_| ()).map_err(|invalid| invalid.message)
}

fn active(active: bool) -> WebhookPatch {
    WebhookPatch { active: Some(active), ..WebhookPatch::default() }
}

fn told(world: &World, event: WebhookEvent) -> Vec<WebhookId> {
    world.catalog.subscribers(event).map(|webhook| webhook.id).collect()
}

// C-WH-01 C-WH-02 C-WH-05
#[test]
fn who_is_told_is_who_is_active_and_subscribed_now() {
    let mut world = World::new();
    let one = create(&mut world, &[PointsChanged, StreakLost]).unwrap();
    let other = create(&mut world, &[StreakLost]).unwrap();
    assert_eq!(told(&world, StreakLost), [one, other]);
    let patch = WebhookPatch { events: Some(vec![StreakStarted]), ..WebhookPatch::default() };
    update(&mut world, other, patch).unwrap();
    assert_eq!(told(&world, StreakLost), [one]);
    update(&mut world, one, active(false)).unwrap();
    assert!(!world.catalog.is_told(PointsChanged));
    update(&mut world, one, active(true)).unwrap();
    assert!(world.catalog.is_told(PointsChanged));
    let now = world.now();
    world.catalog.delete_webhook(one, now).unwrap();
    assert!(!world.catalog.is_told(PointsChanged));
    assert_eq!(world.catalog.find_webhook(one), None);
}

// C-WH-05
#[test]
fn what_fired_before_a_deactivation_is_not_for_after_it() {
    let mut world = World::new();
    let id = create(&mut world, &[StreakLost]).unwrap();
    let gets = |world: &World, generation| world.catalog.webhooks[0].still_gets(generation);
    assert!(gets(&world, 0));
    update(&mut world, id, active(true)).unwrap();
    assert!(gets(&world, 0), "it was active all the time");
    update(&mut world, id, active(false)).unwrap();
    assert!(!gets(&world, 0) && !gets(&world, 1));
    update(&mut world, id, active(true)).unwrap();
    assert!(!gets(&world, 0) && gets(&world, 1));
}

// C-WH-02
#[test]
fn mistakes_are_told_and_change_nothing() {
    let mut world = World::new();
    let id = create(&mut world, &[StreakLost]).unwrap();
    let before = world.catalog.clone();
    let none = "events must have at least one entry".to_owned();
    let twice = "events must not repeat an entry".to_owned();
    assert_eq!(create(&mut world, &[]), Err(none.clone()));
    assert_eq!(create(&mut world, &[StreakLost, StreakLost]), Err(twice));
    let patch = WebhookPatch { events: Some(Vec::new()), ..WebhookPatch::default() };
    assert_eq!(update(&mut world, id, patch), Err(none));
    let unknown = WebhookId(Uuid::nil());
    assert_eq!(
        update(&mut world, unknown, active(false)),
        Err("Webhook not found by ID".to_owned())
    );
    assert_eq!(world.catalog, before);
}

// C-WH-06 C-WH-07
#[test]
fn secrets_are_replaced_at_once_forgotten_with_their_webhook_and_never_print() {
    let mut world = World::new();
    let id = create(&mut world, &[StreakLost]).unwrap();
    let now = world.now();
    world.catalog.rotate_webhook(id, SealedSecret(vec![222, 173]), now).unwrap();
    let webhook = world.catalog.find_webhook(id).unwrap();
    assert_eq!(
        (webhook.secret.0.as_slice(), webhook.stamps.updated_at),
        ([222, 173].as_slice(), now)
    );
    assert!(!format!("{webhook:?}").contains("222"));
    world.catalog.delete_webhook(id, now).unwrap();
    assert!(world.catalog.webhooks[0].secret.0.is_empty());
}
