//! A key counts once, whoever asks at the same time and whatever happens in between.

use std::collections::BTreeSet;

use domain::user::Command;

use crate::world::{World, amount, processed};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

// C-IDEM-01, C-IDEM-10
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_concurrent_requests_with_one_key_exactly_one_is_processed() {
    let world = World::new().await;
    let answers: Vec<_> =
        (0..50).map(|_| world.submit_later("18", world.keyed("5", "lesson-1"))).collect();
    let mut processed_count = 0;
    let mut events = BTreeSet::new();
    for answer in answers {
        let applied = answer.await.expect("no panic").expect("accepted");
        let (event, was_processed) = processed(&applied.reply);
        events.insert(event);
        processed_count += usize::from(was_processed);
        assert_eq!(applied.state.total(world.metric), amount("5"));
    }
    assert_eq!((processed_count, events.len()), (1, 1));
    let world = world.crash().await;
    let again = world.submit("18", world.keyed("5", "lesson-1")).await.expect("accepted");
    assert_eq!(processed(&again.reply), (*events.first().expect("one"), false));
}

// C-IDEM-02
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_of_other_users_are_other_keys() {
    let world = World::new().await;
    for id in ["a", "b"] {
        let applied = world.submit(id, world.keyed("1", "lesson-1")).await.expect("accepted");
        assert!(processed(&applied.reply).1);
    }
}

// C-IDEM-07
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_replay_settles_and_changes_nothing_else() {
    let world = World::new().await;
    world.submit("18", world.keyed("5", "key")).await.expect("accepted");
    world.engine.advance_clock(world.clock.now().plus_millis(3 * DAY_MS)).await.expect("forwards");
    let before = world.state("18").await;
    let replay = world.submit("18", world.keyed("700", "key")).await.expect("accepted");
    assert!(!processed(&replay.reply).1);
    assert_eq!(replay.state, before);
    assert_eq!(replay.state.settled_at, world.clock.now());
}

// C-IDEM-04, C-IDEM-05
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_are_remembered_for_ever_or_as_long_as_the_environment_says() {
    let world = World::new().await;
    world.submit("18", world.keyed("1", "key")).await.expect("accepted");
    let advance =
        |days: i64| world.engine.advance_clock(world.clock.now().plus_millis(days * DAY_MS));
    advance(4_000).await.expect("forwards");
    let replay = world.submit("18", world.keyed("1", "key")).await.expect("accepted");
    assert!(!processed(&replay.reply).1, "for ever by default");

    let scope = world.scope();
    let bounded = world.engine.change_catalog(scope, |catalog, _| {
        catalog.settings.idempotency_retention_days = Some(30);
    });
    bounded.await.expect("it is made");
    let anew = world.submit("18", world.keyed("1", "key")).await.expect("accepted");
    assert!(processed(&anew.reply).1, "older than the window");
    advance(30).await.expect("forwards");
    let replay = world.submit("18", world.keyed("1", "key")).await.expect("accepted");
    assert_eq!(
        processed(&replay.reply),
        (processed(&anew.reply).0, false),
        "the window's last instant"
    );
    world.engine.advance_clock(world.clock.now().plus_millis(1)).await.expect("forwards");
    let anew = world.submit("18", world.keyed("1", "key")).await.expect("accepted");
    assert!(processed(&anew.reply).1);
    assert_eq!(world.total("18").await, amount("3"));
}

// C-IDEM-09, C-GEN-21
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rejected_event_leaves_no_trace_and_no_key() {
    let world = World::new().await;
    let mut event = world.keyed("1", "key");
    event.profile.subscribe_to_emails = Some(true);
    let refused = world.run("18", Command::SubmitEvent(event)).await;
    assert!(refused.is_err());
    assert!(world.settle("18").await.is_err(), "the user was not created");
    let accepted = world.submit("18", world.keyed("1", "key")).await.expect("accepted");
    assert!(processed(&accepted.reply).1);
}
