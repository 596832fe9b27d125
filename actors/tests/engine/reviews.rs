//! The walk that judges existing users: to its end through crashes and overload, and the same as
//! what a request sees that comes before it.

use actors::clock::Clock;
use actors::{Engine, EngineConfig};
use domain::catalog::{AchievementStatus, Catalog};
use domain::ids::AchievementId;
use domain::time::Timestamp;
use storage::records::{Reviews, RunningReview, ZoneDatabase};
use storage::{Batch, CatalogCommit, Key, Options, ShardId, Store, put};

use crate::receiver::Receiver;
use crate::world::{START, World, bootstrap, config, create_metric, user, words_written};

/// A world with this many users who wrote 50 words each.
async fn writers(config: EngineConfig, count: usize) -> World {
    let world = World::with(config).await;
    for number in 0..count {
        let event = world.event("50");
        world.submit(&format!("user-{number:03}"), event).await.expect("accepted");
    }
    world
}

/// Opens an achievement that needs 50 words.
fn open_fifty(catalog: &mut Catalog, now: Timestamp) -> AchievementId {
    let metric = catalog.metrics[0].id;
    catalog.create_achievement(words_written(metric, "50"), now).expect("valid").id
}

/// Ends the engine, changes what is stored as a crash in the middle of a walk would leave it, and
/// starts another.
async fn left_behind(
    world: World,
    start: impl AsyncFnOnce(World) -> World,
    leave: impl AsyncFnOnce(&Store, &mut Catalog) -> Reviews,
) -> World {
    let scope = world.scope();
    world.engine.stop().await.expect("it stops");
    let store = world.faults.open(&Options::new("")).expect("it opens");
    let mut catalog: Catalog = store.load(&Key::catalog(scope)).expect("read").expect("stored");
    let reviews = leave(&store, &mut catalog).await;
    let mut batch = CatalogCommit { scope, catalog: &catalog }.batch();
    batch.ops.push(put(Key::reviews(scope), &reviews));
    store.commit(batch).await.expect("durable");
    store.close().expect("it closes");
    start(world).await
}

// C-ACH-16 C-ACH-17 C-ACH-19 C-ACH-24
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everybody_who_qualifies_is_found() {
    let world = writers(config(), 600).await;
    world.submit("beginner", world.event("49")).await.expect("accepted");
    let scope = world.scope();
    let id = world.engine.change_catalog(scope, open_fifty).await.expect("made");
    world.engine.reviewed().await.expect("walked");
    assert_eq!(world.engine.statistics(scope).completions(id), 600);
    let reviews = world.engine.reviews();
    let last = reviews.finished.last().expect("a walk has ended");
    assert_eq!((last.checked, reviews.running.is_none()), (601, true));
    // Nothing is left to do for a successor.
    let world = world.crash().await;
    assert_eq!(world.engine.statistics(scope).completions(id), 600);
    assert_eq!(world.engine.reviews(), reviews);
    let stored = world.state("user-007").await;
    let at = stored.find_completion(id).map(|own| own.at);
    assert_eq!(at, Timestamp::parse(START));
}

// C-ACH-17: virtual time stands still until everybody was judged.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn virtual_time_waits_for_the_walk() {
    let world = writers(config(), 300).await;
    let scope = world.scope();
    let id = world.engine.change_catalog(scope, open_fifty).await.expect("made");
    let later = world.clock.now().plus_millis(1);
    world.engine.advance_clock(later).await.expect("moved");
    assert_eq!(world.engine.statistics(scope).completions(id), 300);
}

// C-ACH-17: it goes on where it was, and a request that comes first is judged the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_walk_goes_on_where_a_crash_left_it() {
    let world = writers(config(), 10).await;
    let mut opened = None;
    let world = left_behind(world, World::crash, async |_, catalog| {
        opened = Some(open_fifty(catalog, Timestamp::parse(START).expect("valid")));
        let running = RunningReview {
            review: catalog.review,
            began_at: Timestamp::parse(START).expect("valid"),
            after: Some(user("user-003")),
            checked: 4,
            users: 10,
        };
        Reviews { finished: Vec::new(), running: Some(running) }
    })
    .await;
    let id = opened.expect("opened");
    world.engine.reviewed().await.expect("walked");
    // The first four were said to be done, so nobody looked at them.
    assert_eq!(world.engine.statistics(world.scope()).completions(id), 6);
    assert_eq!(world.engine.reviews().finished.last().map(|walk| walk.checked), Some(10));
    let by_request = world.state("user-000").await;
    let by_walk = world.state("user-009").await;
    let completion = |state: &domain::user::UserState| state.find_completion(id).map(|own| own.at);
    assert!(completion(&by_request).is_some());
    assert_eq!(completion(&by_request), completion(&by_walk));
    assert_eq!(by_request.reviewed, by_walk.reviewed);
}

// C-ACH-17: wherever a failure hits the walk, a successor brings it to its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_walk_survives_failing_storage() {
    let world = writers(config(), 600).await;
    let scope = world.scope();
    let id = world.engine.change_catalog(scope, open_fifty).await.expect("made");
    world.faults.journal.fail("power");
    world.faults.journal.heal();
    let world = world.crash().await;
    world.engine.reviewed().await.expect("walked");
    assert_eq!(world.engine.statistics(scope).completions(id), 600);
}

// C-ACH-17: who is refused under load is tried again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_skipped_under_load() {
    let narrow =
        EngineConfig { in_flight_per_shard_max: 1, reviews_in_flight_max: 100, ..config() };
    let world = writers(narrow, 200).await;
    let mut opened = None;
    let held = async |world: World| {
        world.faults.journal.hold();
        world.crash().await
    };
    let world = left_behind(world, held, async |_, catalog| {
        opened = Some(open_fifty(catalog, Timestamp::parse(START).expect("valid")));
        Reviews::default()
    })
    .await;
    while world.engine.stats().reviews_retried == 0 {
        tokio::task::yield_now().await;
    }
    world.faults.journal.release();
    world.engine.reviewed().await.expect("walked");
    let id = opened.expect("opened");
    assert_eq!(world.engine.statistics(world.scope()).completions(id), 200);
}

// C-GEN-22: other days may begin at other instants, so everyone is looked at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_zone_database_concerns_everybody() {
    let world = writers(config(), 5).await;
    let before = world.engine.catalog(world.scope()).review;
    let world = left_behind(world, World::crash, async |store, _| {
        let other = ZoneDatabase { version: "1999z".to_owned() };
        let ops = vec![put(Key::instance("zone database"), &other)];
        store.commit(Batch { shard: ShardId::META, ops }).await.expect("durable");
        Reviews::default()
    })
    .await;
    assert_eq!(world.engine.catalog(world.scope()).review, before + 1);
    world.engine.reviewed().await.expect("walked");
    assert_eq!(world.engine.reviews().finished.last().map(|walk| walk.checked), Some(5));
    let world = world.crash().await;
    assert_eq!(world.engine.catalog(world.scope()).review, before + 1, "noted once");
}

// C-ACH-16: what concerns nobody starts no walk.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_that_concerns_nobody_is_not_walked() {
    let world = writers(config(), 3).await;
    let (scope, before) = (world.scope(), world.engine.reviews());
    let change = world.engine.change_catalog(scope, |catalog, now| {
        create_metric(catalog, "pages", now);
        let hidden = domain::catalog::AchievementDraft {
            status: AchievementStatus::Inactive,
            ..words_written(catalog.metrics[0].id, "5")
        };
        catalog.create_achievement(hidden, now).expect("valid");
    });
    change.await.expect("made");
    world.engine.reviewed().await.expect("walked");
    assert_eq!(world.engine.reviews(), before);
}

/// Prints how many users per second a walk judges on a real disk. (C-ACH-17: 1,667 are needed)
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, of a minute or two"]
async fn measure_a_walk() {
    const USERS: usize = 100_000;
    let dir = tempfile::tempdir().expect("a directory");
    let store = Store::open(&Options::new(dir.path())).expect("it opens");
    let clock = Clock::test(Timestamp::parse(START).expect("valid"));
    let limits = EngineConfig { reviews_in_flight_max: 16, ..config() };
    let ports = Receiver::default().ports();
    let engine = Engine::start(limits, store, clock, bootstrap(), ports).await.expect("it starts");
    let scope = engine.scope();
    let metric = engine
        .change_catalog(scope, |catalog, now| create_metric(catalog, "words", now))
        .await
        .expect("made");
    for batch in 0..USERS / 500 {
        let mut events = tokio::task::JoinSet::new();
        for number in 0..500 {
            let (engine, id) = (engine.clone(), user(&format!("user-{batch}-{number}")));
            let event = crate::world::event_of(metric, "50");
            let catalog = engine.catalog(scope);
            let command = domain::user::Command::SubmitEvent(event);
            events.spawn(async move { engine.run(scope, id, catalog, command).await });
        }
        events.join_all().await.into_iter().for_each(|answer| drop(answer.expect("accepted")));
    }
    let began = Clock::system();
    let from = began.now();
    let id = engine.change_catalog(scope, open_fifty).await.expect("made");
    engine.reviewed().await.expect("walked");
    let took_ms = began.now().as_millis() - from.as_millis();
    let completed = engine.statistics(scope).completions(id);
    println!("{completed} users in {took_ms} ms: {} per second", USERS as i64 * 1_000 / took_ms);
    engine.stop().await.expect("it stops");
}
