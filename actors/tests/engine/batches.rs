//! Batches of events: durable when they are accepted, applied once each, in order, as of then.
//!
//! A world whose queue may send events to nobody accepts and doesn't work anything through; with
//! another limit after a restart it does.

use std::collections::BTreeMap;

use actors::board::{Filter, Start};
use actors::leaderboard::Page;
use actors::{EngineConfig, Error};
use domain::catalog::{
    LeaderboardDraft, SealedSecret, TriggerDraft, TriggerType, TriggerTypeFields, WebhookDraft,
};
use domain::ids::{IdempotencyKey, UserId};
use domain::leaderboard::RunUnit;
use domain::time::Date;
use domain::user::{EventRecord, SubmitEvent};
use domain::webhook::WebhookEvent;
use storage::records::{QueuedEvent, decode};
use storage::{KeyRange, Kind};

use crate::leaderboards::draft;
use crate::world::{World, amount, config, user};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A world that accepts batches and sends nobody anything.
async fn holding() -> World {
    World::with(EngineConfig { queue_in_flight_max: 0, ..config() }).await
}

fn queued(id: &str, event: SubmitEvent) -> QueuedEvent {
    QueuedEvent { user: user(id), event }
}

async fn accept(world: &World, events: Vec<QueuedEvent>) {
    world.engine.submit_batch(events).await.expect("accepted");
}

/// Batches in which user `u{n}` sends the values 1, 2, 3 and so on.
fn counting(world: &World, batches: u64, events: u64, users: u64) -> Vec<Vec<QueuedEvent>> {
    let mut sent = BTreeMap::<u64, u64>::new();
    let mut event = |n: u64| {
        let who = n * 7 % users;
        let value = sent.entry(who).or_default();
        *value += 1;
        queued(&format!("u{who}"), world.event(&value.to_string()))
    };
    let batch = |batch| (batch * events..(batch + 1) * events).map(&mut event).collect();
    (0..batches).map(batch).collect()
}

/// The values of each user's events in the order in which they were applied.
fn applied(world: &World) -> BTreeMap<UserId, Vec<String>> {
    let mut values = BTreeMap::<_, Vec<_>>::new();
    for row in world.store.rows(KeyRange::kind(world.scope(), Kind::Event)) {
        let (key, value) = row.expect("readable");
        let event: EventRecord = decode(&key, &value).expect("it decodes");
        let user = key.text().and_then(UserId::new).expect("of a user");
        values.entry(user).or_default().push(event.value.to_string());
    }
    values
}

fn assert_each_counted_once(world: &World, users: u64, events: u64) {
    let applied = applied(world);
    let total: usize = applied.values().map(Vec::len).sum();
    assert_eq!((applied.len() as u64, total as u64), (users, events));
    for (user, values) in applied {
        let expected: Vec<_> = (1..=values.len()).map(|value| value.to_string()).collect();
        assert_eq!(values, expected, "{user}");
    }
    let waiting = KeyRange::kind(world.scope(), Kind::Queued);
    assert_eq!(world.store.scan(&waiting, 1), Ok(Vec::new()));
    assert_eq!(world.engine.stats().queued_batches, 0);
}

/// A crash while much is under way: from one moment on nothing of it becomes durable.
async fn cut_off(world: World) -> World {
    world.faults.journal.fail("crash");
    // The store notices by a commit, and takes none from then on.
    assert!(world.identify("nobody").await.is_err());
    world.faults.journal.heal();
    world.crash().await
}

// C-BATCH-03 C-BATCH-08
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_event_counts_once_in_the_order_of_its_user() {
    let world = World::new().await;
    for batch in counting(&world, 12, 250, 17) {
        accept(&world, batch).await;
    }
    world.advance(0).await;
    assert_each_counted_once(&world, 17, 3_000);
    assert_eq!(world.engine.stats().queue_applied, 3_000);
    let state = world.state("u0").await;
    assert!(state.find_completion(world.achievement).is_some());
    assert_eq!(state.balance(world.system), 1_575, "a point for every ten of 15,753");
}

// C-BATCH-03
#[tokio::test]
async fn a_crash_at_any_moment_neither_loses_nor_doubles_an_event() {
    let mut in_the_middle = 0;
    for moment in 0..60 {
        let mut world = World::new().await;
        let batches = counting(&world, 3, 40, 5);
        for batch in batches {
            accept(&world, batch).await;
        }
        // Further on every time, so that it ends.
        for crash in 0..3 {
            for _ in 0..moment * (crash + 1) {
                tokio::task::yield_now().await;
            }
            world = cut_off(world).await;
            let applied: usize = applied(&world).values().map(Vec::len).sum();
            in_the_middle += usize::from((1..120).contains(&applied));
        }
        world.advance(0).await;
        assert_each_counted_once(&world, 5, 120);
    }
    assert!(in_the_middle > 20, "{in_the_middle}");
}

// C-BATCH-03
#[tokio::test]
async fn numbers_of_batches_go_on_after_everything_was_worked_through() {
    let mut world = World::new().await;
    for round in 1..=3 {
        accept(&world, vec![queued("u", world.event("5"))]).await;
        world.advance(0).await;
        let place = world.state("u").await.queue_place.expect("it came in a batch");
        assert_eq!((place.batch, place.item), (round, 0));
        world = world.restart().await;
    }
    assert_eq!(world.total("u").await, amount("15"));
}

// C-BATCH-03 C-API-08
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_could_not_be_stored_was_not_accepted() {
    let world = World::new().await;
    world.faults.journal.fail("no space");
    let refused = world.engine.submit_batch(vec![queued("u", world.event("5"))]).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })));
    world.faults.journal.heal();
    let world = world.crash().await;
    world.advance(0).await;
    assert!(world.settle("u").await.is_err());
}

// C-BATCH-03
#[tokio::test]
async fn beyond_its_limit_the_queue_refuses_and_keeps_what_it_has() {
    let config = EngineConfig { queue_in_flight_max: 0, queued_batches_max: 2, ..config() };
    let mut world = World::with(config).await;
    for _ in 0..2 {
        accept(&world, vec![queued("u", world.event("5"))]).await;
    }
    for _ in 0..3 {
        let refused = world.engine.submit_batch(vec![queued("u", world.event("7"))]).await;
        assert_eq!(refused, Err(Error::Overloaded));
    }
    world.config.queue_in_flight_max = 1;
    let world = world.crash().await;
    world.advance(0).await;
    assert_eq!(world.total("u").await, amount("10"));
    accept(&world, vec![queued("u", world.event("7"))]).await;
    world.advance(0).await;
    assert_eq!(world.total("u").await, amount("17"));
}

// C-BATCH-04
#[tokio::test]
async fn an_event_counts_as_of_its_acceptance_unless_its_user_is_further_on() {
    let mut world = holding().await;
    world.submit("late", world.event("1")).await.expect("accepted");
    let accepted_at = world.clock.now();
    let events = ["new", "late"].map(|id| queued(id, world.event("5")));
    accept(&world, events.into()).await;
    world = world.away_for(DAY_MS).await;
    world.settle("late").await.expect("there");
    let settled_at = world.clock.now();
    world.submit("late", world.event("1")).await.expect("accepted");
    world.config.queue_in_flight_max = 4;
    let world = world.crash().await;
    world.advance(0).await;
    let instants = |id: &str| {
        let rows = world.store.rows(KeyRange::user(world.scope(), Kind::Event, &user(id)));
        let at = rows.map(|row| {
            let (key, value) = row.expect("readable");
            decode::<EventRecord>(&key, &value).expect("it decodes").at
        });
        at.collect::<Vec<_>>()
    };
    assert_eq!(instants("new"), [accepted_at]);
    assert_eq!(world.state("new").await.created_at, accepted_at);
    assert_eq!(instants("late"), [accepted_at, settled_at, settled_at]);
}

// C-BATCH-05 C-BATCH-06
#[tokio::test]
async fn a_key_that_was_used_is_ignored_wherever_it_was_used() {
    let world = World::new().await;
    world.submit("u", world.keyed("1", "single")).await.expect("accepted");
    let keyed = ["single", "batch", "batch", "other"].map(|key| {
        let idempotency_key = IdempotencyKey::parse(key).expect("short");
        queued("u", SubmitEvent { idempotency_key, ..world.event("10") })
    });
    accept(&world, keyed.into()).await;
    world.advance(0).await;
    assert_eq!(world.total("u").await, amount("21"));
    let again = world.submit("u", world.keyed("100", "batch")).await.expect("replayed");
    assert_eq!(again.state.total(world.metric), amount("21"));
    assert_eq!(world.engine.stats().queue_dropped, 0);
}

// C-BATCH-07
#[tokio::test]
async fn an_event_that_is_refused_when_its_turn_comes_is_dropped_alone() {
    let mut world = holding().await;
    let (metric, system) = (world.metric, world.system);
    let gone = world
        .engine
        .change_catalog(world.scope(), move |catalog, now| {
            let guard = TriggerDraft {
                trigger_type: TriggerType::Metric,
                points: -5,
                active: true,
                user_filters: Vec::new(),
                block_if_out_of_points: true,
                fields: TriggerTypeFields {
                    metric_id: Some(crate::world::create_metric(catalog, "spent", now)),
                    metric_threshold: Some(1),
                    ..TriggerTypeFields::default()
                },
            };
            let spent = guard.fields.metric_id.expect("just made");
            catalog.create_trigger(system, guard, now).expect("valid");
            (crate::world::create_metric(catalog, "gone", now), spent)
        })
        .await
        .expect("made");
    let of = |metric, value| SubmitEvent { metric, ..crate::world::event_of(metric, value) };
    let events = vec![
        queued("u", of(metric, "1")),
        queued("u", of(gone.0, "1")),
        queued("u", of(gone.1, "1")),
        queued("u", of(metric, "2")),
    ];
    accept(&world, events).await;
    let archive = world.engine.change_catalog(world.scope(), move |catalog, now| {
        catalog.delete_metric(gone.0, now).map(|_| ())
    });
    archive.await.expect("made").expect("there");
    world.config.queue_in_flight_max = 4;
    let world = world.crash().await;
    world.advance(0).await;
    let state = world.state("u").await;
    assert_eq!((state.events, state.total(metric)), (2, amount("3")));
    let stats = world.engine.stats();
    assert_eq!((stats.queue_applied, stats.queue_dropped), (2, 2));
}

// C-BATCH-08 C-ADM-34
#[tokio::test]
async fn webhooks_are_told_as_of_single_events() {
    let world = World::new().await;
    let draft = WebhookDraft {
        name: "Hook".to_owned(),
        url: "https://example.com".to_owned(),
        events: vec![WebhookEvent::StreakStarted, WebhookEvent::AchievementCompleted],
    };
    let made = world.engine.change_catalog(world.scope(), move |catalog, now| {
        catalog.create_webhook(draft, SealedSecret(vec![1]), now).map(|_| ())
    });
    made.await.expect("made").expect("valid");
    accept(&world, vec![queued("u", world.event("60")), queued("u", world.event("60"))]).await;
    world.advance(0).await;
    let told = world.receiver.bodies();
    assert_eq!(told, ["u streak.started", "u achievement.completed"]);
}

// C-ADM-37 C-LB-22
#[tokio::test]
async fn a_run_that_is_over_waits_for_the_batches_that_were_accepted_in_it() {
    let mut world = holding().await;
    let start = Date::parse("2026-03-01").expect("a date");
    let draft = LeaderboardDraft {
        start: Some(start),
        run_unit: Some(RunUnit::Day),
        run_interval: Some(1),
        ..draft("daily", &world)
    };
    let board = world
        .engine
        .change_catalog(world.scope(), move |catalog, now| {
            catalog.create_leaderboard(draft, now).expect("valid").clone()
        })
        .await
        .expect("made");
    accept(&world, vec![queued("u", world.event("5"))]).await;
    world.config.queue_in_flight_max = 4;
    let world = world.away_for(3 * DAY_MS).await;
    world.advance(0).await;
    let run = board.runs.current(start);
    let page = Page { filter: Filter::default(), start: Start::Offset(0), limit: 10 };
    let rows = world.engine.rankings(world.scope(), &board, run, page).await.expect("readable");
    let ranked: Vec<_> = rows.iter().map(|row| (row.user.as_str(), row.rank)).collect();
    assert_eq!(ranked, [("u", 1)]);
    let settled = KeyRange::kind(world.scope(), Kind::SettledRank);
    assert_eq!(world.store.scan(&settled, 9).expect("readable").len(), 1, "it is final");
}
