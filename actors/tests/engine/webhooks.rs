//! Webhooks from commit to delivery, over a memory store, a clock that stands still and a receiver
//! that answers as it is told.

use std::collections::BTreeSet;

use actors::{DeliveryFilter, Error};
use domain::time::Timestamp;
use domain::user::Command;
use domain::webhook::{AttemptResult, Delivery, DeliveryPlace, DeliveryStatus, WebhookEvent};
use storage::{Batch, Key, KeyRange, Op, ShardId};

use crate::world::{World, set_active, subscribe, user};

const FAILS: AttemptResult = AttemptResult::Status(500);

async fn submit(world: &World, who: &str) -> Result<(), Error> {
    let command = Command::SubmitEvent(world.event("1"));
    let catalog = world.engine.catalog(world.scope());
    world.engine.run(world.scope(), user(who), catalog, command).await.map(|_| ())
}

async fn pass(world: &World, seconds: i64) {
    let to = world.engine.now().plus_millis(seconds * 1_000);
    world.engine.advance_clock(to).await.expect("forwards");
}

async fn statuses(world: &World) -> Vec<(DeliveryStatus, usize)> {
    let found = world.engine.webhook_deliveries(DeliveryFilter::default(), 100, 0).await;
    let found = found.expect("readable");
    found.into_iter().map(|own| (own.delivery.status, own.delivery.attempts.len())).collect()
}

// C-WH-05 C-WH-19
#[tokio::test]
async fn what_is_not_committed_is_not_told() {
    let world = World::new().await;
    subscribe(&world, &[WebhookEvent::StreakStarted]).await;
    world.faults.journal.fail("no space");
    assert!(matches!(submit(&world, "u").await, Err(Error::Unavailable { .. })));
    assert!(world.receiver.posts().is_empty());
}

// C-WH-16 C-WH-18
#[tokio::test]
async fn an_attempt_that_a_crash_interrupts_is_made_again_with_its_number() {
    let world = World::new().await;
    subscribe(&world, &[WebhookEvent::StreakStarted]).await;
    world.receiver.answers([FAILS]);
    submit(&world, "u").await.expect("accepted");
    pass(&world, 0).await;
    let gate = world.receiver.hold();
    let engine = world.engine.clone();
    let to = engine.now().plus_millis(60_000);
    let advancing = tokio::spawn(async move { engine.advance_clock(to).await });
    while world.receiver.posts().len() < 2 {
        tokio::task::yield_now().await;
    }
    advancing.abort();
    let _ = advancing.await;
    let world = world.crash().await;
    world.receiver.release();
    drop(gate);
    pass(&world, 60).await;
    let numbers: Vec<_> = world.receiver.posts().iter().map(|post| post.number).collect();
    assert_eq!(numbers, [1, 2, 2]);
    assert_eq!(statuses(&world).await, [(DeliveryStatus::Succeeded, 2)]);
    let ids: BTreeSet<_> = world.receiver.posts().iter().map(|post| post.message).collect();
    assert_eq!(ids.len(), 1);
}

// C-WH-18 C-WH-20
#[tokio::test]
async fn a_backlog_is_worked_off_in_order_ten_at_a_time() {
    let world = World::new().await;
    subscribe(&world, &[WebhookEvent::StreakStarted]).await;
    let gate = world.receiver.hold();
    for n in 0..300 {
        submit(&world, &format!("u{n}")).await.expect("accepted");
    }
    let world = world.crash().await;
    for n in 1..=20 {
        while world.receiver.posts().len() < 10 + n {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
    }
    world.receiver.release();
    pass(&world, 0).await;
    assert_eq!(statuses(&world).await, [(DeliveryStatus::Succeeded, 1); 100]);
    let told: BTreeSet<_> = world.receiver.bodies().into_iter().collect();
    assert_eq!(told.len(), 300);
}

// C-WH-05
#[tokio::test]
async fn a_webhook_that_was_inactive_gets_nothing_from_before() {
    let world = World::new().await;
    let webhook = subscribe(&world, &[WebhookEvent::StreakStarted]).await;
    world.receiver.answers([FAILS]);
    submit(&world, "u").await.expect("accepted");
    pass(&world, 0).await;
    set_active(&world, webhook, false).await;
    set_active(&world, webhook, true).await;
    submit(&world, "v").await.expect("accepted");
    pass(&world, 3_600).await;
    assert_eq!(world.receiver.bodies(), ["u streak.started", "v streak.started"]);
    let expected = [(DeliveryStatus::Succeeded, 1), (DeliveryStatus::Cancelled, 1)];
    assert_eq!(statuses(&world).await.into_iter().collect::<BTreeSet<_>>(), expected.into());
}

// C-WH-18
#[tokio::test]
async fn ids_of_messages_never_repeat_over_restarts() {
    let mut world = World::new().await;
    subscribe(&world, &[WebhookEvent::StreakStarted]).await;
    for life in 0..3 {
        for n in 0..100 {
            submit(&world, &format!("u{life}-{n}")).await.expect("accepted");
        }
        pass(&world, 0).await;
        world = world.restart().await;
    }
    let ids: BTreeSet<_> = world.receiver.posts().iter().map(|post| post.message).collect();
    assert_eq!(ids.len(), 300);
}

// C-WH-44
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_history_leaves_the_same_rows() {
    let lived = async || {
        let world = World::new().await;
        subscribe(&world, WebhookEvent::ALL).await;
        for n in 0..60 {
            submit(&world, &format!("u{}", n % 20)).await.expect("accepted");
            pass(&world, 97 * (n % 3)).await;
        }
        pass(&world, 3 * 24 * 3_600).await;
        world
    };
    let (once, again) = (lived().await, lived().await);
    assert!(once.receiver.posts().len() >= 40);
    assert!(once.rows() == again.rows(), "rows differ");
}

// C-WH-17 C-WH-24: what can't be read ends once and holds nothing up.
#[tokio::test]
async fn a_delivery_whose_rows_are_damaged_is_given_up() {
    let world = World::new().await;
    let webhook = subscribe(&world, &[WebhookEvent::StreakStarted]).await;
    world.receiver.answers([FAILS, FAILS, FAILS]);
    for who in ["a", "b", "c"] {
        submit(&world, who).await.expect("accepted");
    }
    pass(&world, 0).await;
    let all = world.engine.webhook_deliveries(DeliveryFilter::default(), 100, 0).await;
    let mut places: Vec<_> = all.expect("readable").into_iter().map(|own| own.place).collect();
    places.sort_unstable();
    // Each is to be tried again: one has no message then, one is not a delivery.
    damage(&world, places[0], Op::Delete { key: Key::message(world.scope(), places[0].message) })
        .await;
    let key = Key::delivery(world.scope(), places[1]);
    damage(&world, places[1], Op::put(key, vec![99])).await;
    pass(&world, 60).await;
    assert_eq!(world.receiver.posts().len(), 4, "the third one is made as ever");
    let given_up: Delivery = world
        .store
        .load(&Key::delivery(world.scope(), places[0]))
        .expect("readable")
        .expect("there");
    assert_eq!((given_up.status, given_up.attempts.len()), (DeliveryStatus::Failed, 2));
    let range = KeyRange::pending(world.scope(), webhook, Timestamp::MAX);
    assert_eq!(world.store.scan(&range, 10).expect("readable"), []);
}

async fn damage(world: &World, place: DeliveryPlace, op: Op) {
    let shard = ShardId(place.message.shard);
    world.store.commit(Batch { shard, ops: vec![op] }).await.expect("commits");
}
