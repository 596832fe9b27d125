//! What fails is answered as failed, and nothing of it is ever seen.

use actors::Error;
use domain::catalog::TriggerKind;
use domain::user::Rejection;

use crate::world::{World, amount};

// C-GEN-21, C-API-08
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failed_commit_is_unavailable_and_nothing_of_it_is_visible() {
    let world = World::new().await;
    world.submit("18", world.event("150")).await.expect("accepted");
    let statistics = world.engine.statistics(world.scope());
    let before = (world.state("18").await, statistics.users(), statistics.balances(world.system));
    assert_eq!(world.engine.health().failure, None);

    world.faults.journal.fail("no space left on device");
    for id in ["18", "new"] {
        let answer = world.submit(id, world.keyed("50", "key")).await.map(|applied| applied.reply);
        let Err(Error::Unavailable { reason }) = answer else { panic!("{answer:?}") };
        assert!(reason.contains("no space left on device"), "{reason}");
    }
    let after = (world.state("18").await, statistics.users(), statistics.balances(world.system));
    assert_eq!(after, before);
    let unknown = world.settle("new").await.map(|applied| applied.reply);
    assert_eq!(unknown, Err(Rejection::UserNotFound.into()));
    let failure = world.engine.health().failure.expect("it says that it takes no writes");
    assert!(failure.contains("no space left on device"), "{failure}");

    world.faults.journal.heal();
    let world = world.crash().await;
    assert_eq!(world.total("18").await, amount("150"));
    let accepted = world.submit("18", world.keyed("50", "key")).await.expect("accepted");
    assert_eq!(accepted.state.total(world.metric), amount("200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_panic_in_the_rules_fails_that_request_alone() {
    let world = World::new().await;
    world.submit("18", world.event("5")).await.expect("accepted");
    let sound = world.engine.catalog(world.scope());
    let mut broken = domain::catalog::Catalog::clone(&sound);
    for trigger in broken.points_systems.iter_mut().flat_map(|system| &mut system.triggers) {
        if let TriggerKind::Metric { threshold, .. } = &mut trigger.kind {
            // No operator can configure this; dividing by it panics.
            *threshold = 0;
        }
    }
    let command = domain::user::Command::SubmitEvent(world.event("5"));
    let user = crate::world::user("18");
    let answer = world.engine.run(world.scope(), user, broken.into(), command).await;
    assert_eq!(answer.map(|applied| applied.reply), Err(Error::Internal));
    assert_eq!(world.total("18").await, amount("5"));
    let accepted = world.submit("18", world.event("5")).await.expect("accepted");
    assert_eq!(accepted.state.total(world.metric), amount("10"));
    assert_eq!(world.engine.stats().rebuilt, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_has_to_wait_for_an_answer_for_it_to_count() {
    let world = World::new().await;
    world.faults.journal.hold();
    let abandoned = world.submit_later("18", world.event("1"));
    world.in_flight(1).await;
    abandoned.abort();
    world.faults.journal.release();
    assert_eq!(world.total("18").await, amount("1"));
}
