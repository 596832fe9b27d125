//! One activation per user at a time, however many come and go.

use std::collections::BTreeMap;

use actors::{EngineConfig, Error};
use domain::user::{Rejection, Reply, UserState};

use crate::world::{World, amount, config, processed};

// C-GEN-20 C-EVENT-14
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_events_of_one_user_all_count() {
    let world = World::new().await;
    let answers: Vec<_> = (0..200).map(|_| world.submit_later("18", world.event("1"))).collect();
    let mut totals = Vec::new();
    for answer in answers {
        let applied = answer.await.expect("no panic").expect("accepted");
        totals.push(applied.state.total(world.metric));
    }
    totals.sort();
    let expected: Vec<_> = (1..=200).map(|total| amount(&total.to_string())).collect();
    assert_eq!(totals, expected, "every answer shows the state right after its own event");
    assert_eq!(world.state("18").await.events, 200);
}

// C-GEN-20 C-EVENT-14
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_of_one_user_does_not_hold_up_another() {
    let world = World::new().await;
    world.submit("a", world.event("1")).await.expect("accepted");
    world.submit("b", world.event("1")).await.expect("accepted");
    world.faults.journal.hold();
    let first = world.submit_later("a", world.event("10"));
    let second = world.submit_later("a", world.event("100"));
    world.in_flight(2).await;
    assert_eq!(world.total("b").await, amount("1"), "answered while `a` waits for the disk");
    assert!(!first.is_finished() && !second.is_finished());
    world.faults.journal.release();
    let totals = [first, second].map(|answer| async { answer.await.expect("no panic") });
    let mut seen = Vec::new();
    for total in totals {
        seen.push(total.await.expect("accepted").state.total(world.metric));
    }
    seen.sort();
    assert_eq!(seen[1], amount("111"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_number_of_active_users_is_bounded_and_nobody_loses_anything() {
    let world = World::with(EngineConfig { active_users_max: 20, ..config() }).await;
    let mut answers = Vec::new();
    for round in 0..5 {
        for number in 0..200 {
            let (id, value) = (format!("user-{number}"), (round + 1).to_string());
            answers.push((number, world.submit_later(&id, world.event(&value))));
            if answers.len() == 15 {
                for (number, answer) in answers.drain(..) {
                    answer
                        .await
                        .expect("no panic")
                        .unwrap_or_else(|error| panic!("{number}: {error}"));
                }
            }
            assert!(world.engine.stats().active_users <= 20);
        }
    }
    for (_, answer) in answers {
        answer.await.expect("no panic").expect("accepted");
    }
    for number in 0..200 {
        assert_eq!(world.total(&format!("user-{number}")).await, amount("15"));
    }
    let stats = world.engine.stats();
    assert!(stats.active_users <= 20 && stats.deactivations > 900, "{stats:?}");
    assert_eq!(stats.activations - stats.deactivations, stats.active_users as u64);
    assert_eq!(world.engine.statistics(world.scope()).users(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_user_under_constant_deactivation_keeps_the_order_of_events() {
    let world = World::with(EngineConfig { active_users_max: 1, ..config() }).await;
    for round in 1..=100 {
        let applied = world.submit("18", world.event("1")).await.expect("accepted");
        assert_eq!(applied.state.total(world.metric), amount(&round.to_string()));
        world.submit("other", world.event("1")).await.expect("accepted");
    }
    assert_eq!(world.engine.stats().active_users, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn idle_users_leave_memory() {
    let world = World::with(EngineConfig { user_idle_ms: 40, ..config() }).await;
    for id in ["a", "b", "c"] {
        world.submit(id, world.event("1")).await.expect("accepted");
    }
    assert_eq!(world.engine.stats().active_users, 3, "nobody is idle while time stands still");
    world.engine.advance_clock(world.clock.now().plus_millis(41)).await.expect("forwards");
    while world.engine.stats().active_users > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.total("a").await, amount("1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn too_many_requests_in_flight_are_refused_and_never_started() {
    let limits = EngineConfig { in_flight_per_user_max: 2, in_flight_per_shard_max: 3, ..config() };
    let world = World::with(limits).await;
    world.faults.journal.hold();
    let waiting =
        [world.submit_later("18", world.event("1")), world.submit_later("18", world.event("1"))];
    world.in_flight(2).await;
    let refused = world.submit("18", world.event("1")).await;
    assert_eq!(refused.map(|applied| applied.reply), Err(Error::Overloaded));
    world.faults.journal.release();
    for answer in waiting {
        answer.await.expect("no panic").expect("accepted");
    }
    assert_eq!(world.total("18").await, amount("2"));
    assert_eq!(world.engine.stats().shed, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shard_has_a_limit_of_its_own() {
    let world = World::with(EngineConfig { in_flight_per_shard_max: 1, ..config() }).await;
    world.faults.journal.hold();
    // More users than shards: at least two of them share one.
    let answers: Vec<_> = (0..65)
        .map(|number| world.submit_later(&format!("user-{number}"), world.event("1")))
        .collect();
    while world.engine.stats().in_flight as u64 + world.engine.stats().shed < 65 {
        tokio::task::yield_now().await;
    }
    world.faults.journal.release();
    let mut refused = 0;
    for answer in answers {
        match answer.await.expect("no panic") {
            Ok(_) => {}
            Err(Error::Overloaded) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0);
    assert_eq!(world.engine.statistics(world.scope()).users(), 65 - refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_memory_of_busy_users_refuses_new_ones() {
    let world = World::with(EngineConfig { active_users_max: 2, ..config() }).await;
    world.faults.journal.hold();
    let busy =
        [world.submit_later("a", world.event("1")), world.submit_later("b", world.event("1"))];
    world.in_flight(2).await;
    assert_eq!(world.settle("c").await.map(|applied| applied.reply), Err(Error::Overloaded));
    world.faults.journal.release();
    for answer in busy {
        answer.await.expect("no panic").expect("accepted");
    }
    assert_eq!(
        world.settle("c").await.map(|applied| applied.reply),
        Err(Rejection::UserNotFound.into())
    );
}

/// A week of mixed commands of a dozen users; `restart_every` commands the engine is restarted.
async fn a_week(restart_every: usize) -> (World, BTreeMap<String, String>) {
    let mut world = World::with(EngineConfig { active_users_max: 5, ..config() }).await;
    for step in 1..=300_usize {
        let id = format!("user-{}", step * 7 % 12);
        let answer = match step % 5 {
            0 => world.settle(&id).await,
            1 => world.identify(&id).await,
            2 => world.submit(&id, world.keyed("3.5", &format!("key-{}", step % 20))).await,
            _ => world.submit(&id, world.event(&format!("{}.25", step % 13))).await,
        };
        assert!(matches!(answer, Ok(_) | Err(Error::Rejected(_))), "{answer:?}");
        if step % 25 == 0 {
            let tomorrow = world.clock.now().plus_millis(14 * 60 * 60 * 1_000);
            world.engine.advance_clock(tomorrow).await.expect("forwards");
        }
        if step % restart_every == 0 {
            world = if step % 2 == 0 { world.restart().await } else { world.crash().await };
        }
    }
    let mut states = BTreeMap::new();
    for number in 0..12 {
        let id = format!("user-{number}");
        // Numbers of requests only grow: those that wrote nothing are given again after a restart.
        let state = UserState { order: 0, ..UserState::clone(&*world.state(&id).await) };
        states.insert(id.clone(), format!("{state:?}"));
    }
    (world, states)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn restarting_is_the_same_as_not_restarting() {
    let (without, expected) = a_week(usize::MAX).await;
    let (with, states) = a_week(17).await;
    assert_eq!(states, expected);
    let [one, other] = [&without, &with].map(|world| world.engine.statistics(world.scope()));
    assert_eq!(one.users(), other.users());
    assert_eq!(one.completions(without.achievement), other.completions(with.achievement));
    assert_eq!(one.balances(without.system), other.balances(with.system));
    assert!(one.balances(without.system).len() > 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stopping_finishes_what_is_in_flight_and_refuses_the_rest() {
    let world = World::new().await;
    world.faults.journal.hold();
    let waiting = world.submit_later("18", world.keyed("1", "key"));
    world.in_flight(1).await;
    let stopping = tokio::spawn({
        let engine = world.engine.clone();
        async move { engine.stop().await }
    });
    while !matches!(world.settle("someone").await, Err(Error::Unavailable { .. })) {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished() && !stopping.is_finished());
    world.faults.journal.release();
    let answered = waiting.await.expect("no panic").expect("accepted");
    assert!(processed(&answered.reply).1);
    stopping.await.expect("no panic").expect("it stops cleanly");
    assert_eq!(world.engine.stop().await, Ok(()), "a second stop does nothing");
    let world = world.crash().await;
    assert_eq!(world.total("18").await, amount("1"));
    assert_eq!(world.settle("18").await.expect("exists").reply, Reply::Settled);
}
