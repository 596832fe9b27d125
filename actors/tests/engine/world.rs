//! An engine over a store in memory, with one metric, one achievement and one points system.

use std::collections::BTreeMap;
use std::sync::Arc;

use actors::clock::Clock;
use actors::{Applied, Bootstrap, Engine, EngineConfig, Error};
use domain::amount::Amount;
use domain::catalog::{
    AchievementDraft, AchievementStatus, AchievementTriggerFields, AchievementTriggerKind, Catalog,
    LeaderboardDraft, LeaderboardPatch, MetricDraft, PointsSystemDraft, SealedSecret, Settings,
    TriggerDraft, TriggerType, TriggerTypeFields, UnitType, WebhookDraft, WebhookPatch,
};
use domain::ids::{
    AchievementId, EnvironmentId, EventId, IdempotencyKey, LeaderboardId, MetricId, PointsSystemId,
    Scope, UserId, WebhookId,
};
use domain::time::Timestamp;
use domain::user::{Command, Existing, ProfilePatch, Reply, SubmitEvent, UserState};
use domain::webhook::WebhookEvent;
use storage::{Batch, FaultHandle, Key, KeyRange, Op, Options, Row, ShardId, Store};
use uuid::Uuid;

use crate::receiver::Receiver;

pub(crate) const START: &str = "2026-03-01T12:00:00Z";

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) faults: FaultHandle,
    pub(crate) clock: Clock,
    pub(crate) config: EngineConfig,
    pub(crate) receiver: Receiver,
    pub(crate) metric: MetricId,
    pub(crate) achievement: AchievementId,
    pub(crate) system: PointsSystemId,
}

pub(crate) fn config() -> EngineConfig {
    EngineConfig {
        active_users_max: 1_000,
        in_flight_per_user_max: 1_000,
        in_flight_per_shard_max: 1_000,
        catalog_changes_in_flight_max: 100,
        user_idle_ms: 3_600_000,
        participants_max: 1_000,
        stream_readers_max: 2,
        stream_beat_ms: 100,
        webhook_log_retention_days: 7,
        timer_tick_ms: 1_000,
        timers_in_flight_max: 64,
        reviews_in_flight_max: 4,
        queued_batches_max: 100,
        queue_in_flight_max: 16,
    }
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).expect("a valid user id")
}

pub(crate) fn amount(literal: &str) -> Amount {
    Amount::parse(literal).expect("a valid amount")
}

async fn start(store: &Store, clock: &Clock, config: &EngineConfig, receiver: &Receiver) -> Engine {
    let (config, store, clock) = (config.clone(), store.clone(), clock.clone());
    Engine::start(config, store, clock, bootstrap(), receiver.ports()).await.expect("it starts")
}

/// Has a store write nothing any more, as a process that is gone: what waits for the disk fails, and
/// a store that has failed stays so.
async fn end(store: &Store, faults: &FaultHandle) {
    faults.journal.fail("gone");
    let ops = vec![Op::Delete { key: Key::instance("nothing") }];
    // Commits are made in order, so this one's failure is the last.
    let _ = store.commit(Batch { shard: ShardId::META, ops }).await;
    faults.journal.heal();
}

fn open(faults: &FaultHandle) -> Store {
    faults.open(&Options::new("")).expect("what is left opens")
}

pub(crate) fn bootstrap() -> Bootstrap {
    let environment = EnvironmentId(Uuid::from_u128(0xACC0_1ADE));
    Bootstrap { environment, settings: Settings::default() }
}

/// An event without anything else.
pub(crate) fn event_of(metric: MetricId, value: &str) -> SubmitEvent {
    SubmitEvent {
        metric,
        value: amount(value),
        attributes: BTreeMap::new(),
        profile: ProfilePatch::default(),
        idempotency_key: None,
        replay_of: None,
        queued: None,
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: EngineConfig) -> Self {
        let faults = FaultHandle::default();
        let clock = Clock::test(Timestamp::parse(START).expect("valid"));
        let store = open(&faults);
        let receiver = Receiver::default();
        let engine = start(&store, &clock, &config, &receiver).await;
        let made = engine.change_catalog(engine.scope(), configure).await.expect("it is made");
        engine.reviewed().await.expect("walked");
        let (metric, achievement, system) = made;
        Self { engine, store, faults, clock, config, receiver, metric, achievement, system }
    }

    /// Stops the engine and starts another over the same store.
    pub(crate) async fn restart(self) -> Self {
        self.engine.stop().await.expect("it stops cleanly");
        self.crash().await
    }

    /// Drops the engine as it is and starts another over what is durable.
    pub(crate) async fn crash(self) -> Self {
        let Self { engine, store, faults, clock, config, receiver, metric, achievement, system } =
            self;
        drop(engine);
        end(&store, &faults).await;
        drop(store);
        let store = open(&faults);
        let engine = start(&store, &clock, &config, &receiver).await;
        Self { engine, store, faults, clock, config, receiver, metric, achievement, system }
    }

    /// Stops the engine and starts another over the same store, so much later.
    pub(crate) async fn away_for(mut self, millis: i64) -> Self {
        self.engine.stop().await.expect("it stops cleanly");
        self.clock = Clock::test(self.clock.now().plus_millis(millis));
        self.crash().await
    }

    /// Every stored row.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.store.rows(KeyRange::all()).collect::<Result<_, _>>().expect("readable")
    }

    pub(crate) async fn advance(&self, millis: i64) {
        let to = self.clock.now().plus_millis(millis);
        assert_eq!(self.engine.advance_clock(to).await, Ok(to));
    }

    pub(crate) fn scope(&self) -> Scope {
        self.engine.scope()
    }

    pub(crate) fn event(&self, value: &str) -> SubmitEvent {
        event_of(self.metric, value)
    }

    pub(crate) fn keyed(&self, value: &str, key: &str) -> SubmitEvent {
        let idempotency_key = IdempotencyKey::parse(key).expect("short enough");
        SubmitEvent { idempotency_key, ..self.event(value) }
    }

    pub(crate) async fn submit(&self, id: &str, event: SubmitEvent) -> Result<Applied, Error> {
        self.run(id, Command::SubmitEvent(event)).await
    }

    pub(crate) async fn identify(&self, id: &str) -> Result<Applied, Error> {
        let profile = ProfilePatch::default();
        self.run(id, Command::Identify { profile, existing: Existing::Optional }).await
    }

    pub(crate) async fn settle(&self, id: &str) -> Result<Applied, Error> {
        self.run(id, Command::Settle).await
    }

    pub(crate) async fn run(&self, id: &str, command: Command) -> Result<Applied, Error> {
        let catalog = self.engine.catalog(self.scope());
        self.engine.run(self.scope(), user(id), catalog, command).await
    }

    /// Submits on a task of its own, so that the answer can be waited for later.
    pub(crate) fn submit_later(
        &self,
        id: &str,
        event: SubmitEvent,
    ) -> tokio::task::JoinHandle<Result<Applied, Error>> {
        let (engine, id) = (self.engine.clone(), user(id));
        tokio::spawn(async move {
            let scope = engine.scope();
            let catalog = engine.catalog(scope);
            engine.run(scope, id, catalog, Command::SubmitEvent(event)).await
        })
    }

    pub(crate) async fn total(&self, id: &str) -> Amount {
        self.state(id).await.total(self.metric)
    }

    pub(crate) async fn state(&self, id: &str) -> Arc<UserState> {
        self.settle(id).await.expect("the user exists").state
    }

    /// Waits until `requests` are in flight.
    pub(crate) async fn in_flight(&self, requests: usize) {
        while self.engine.stats().in_flight != requests {
            tokio::task::yield_now().await;
        }
    }
}

/// The event that an answer is about, and whether it was processed by this request.
pub(crate) fn processed(reply: &Reply) -> (EventId, bool) {
    match reply {
        Reply::Event(event) => (event.event, true),
        Reply::Replayed { event, .. } => (*event, false),
        Reply::Settled
        | Reply::Identified { .. }
        | Reply::Completed(_)
        | Reply::FreezesGranted { .. }
        | Reply::PauseCreated(_)
        | Reply::PauseDeleted(_)
        | Reply::StreakRestored
        | Reply::StreakReset
        | Reply::PreferencesUpdated => panic!("not an answer to an event"),
    }
}

fn configure(catalog: &mut Catalog, now: Timestamp) -> (MetricId, AchievementId, PointsSystemId) {
    let metric = create_metric(catalog, "words", now);
    let achievement =
        catalog.create_achievement(words_written(metric, "100"), now).expect("valid").id;
    let system = PointsSystemDraft {
        name: "XP".to_owned(),
        key: "xp".to_owned(),
        description: String::new(),
        badge_url: None,
        max_points: None,
        boosts: Vec::new(),
        levels: Vec::new(),
        triggers: vec![every_ten(metric)],
    };
    let system = catalog.create_points_system(system, now).expect("valid").id;
    (metric, achievement, system)
}

pub(crate) fn create_metric(catalog: &mut Catalog, key: &str, now: Timestamp) -> MetricId {
    let draft = MetricDraft {
        name: key.to_owned(),
        key: key.to_owned(),
        unit_type: UnitType::Number,
        units: String::new(),
    };
    catalog.create_metric(draft, now).expect("valid").id
}

pub(crate) fn words_written(metric: MetricId, value: &str) -> AchievementDraft {
    AchievementDraft {
        name: format!("{value} words"),
        description: None,
        badge_url: None,
        status: AchievementStatus::Active,
        kind: AchievementTriggerKind::Metric,
        fields: AchievementTriggerFields {
            metric_id: Some(metric),
            metric_value: Some(amount(value)),
            ..AchievementTriggerFields::default()
        },
        user_filters: Vec::new(),
    }
}

/// One point for every ten words.
fn every_ten(metric: MetricId) -> TriggerDraft {
    TriggerDraft {
        trigger_type: TriggerType::Metric,
        points: 1,
        active: true,
        user_filters: Vec::new(),
        block_if_out_of_points: false,
        fields: TriggerTypeFields {
            metric_id: Some(metric),
            metric_threshold: Some(10),
            ..TriggerTypeFields::default()
        },
    }
}

/// A webhook that is told of these events.
pub(crate) async fn subscribe(world: &World, events: &[WebhookEvent]) -> WebhookId {
    let draft = WebhookDraft {
        name: "Hook".to_owned(),
        url: "https://example.com".to_owned(),
        events: events.to_vec(),
    };
    let created = world.engine.change_catalog(world.scope(), move |catalog, now| {
        catalog.create_webhook(draft, SealedSecret(vec![1]), now).map(|webhook| webhook.id)
    });
    created.await.expect("it is made").expect("it is valid")
}

pub(crate) async fn set_active(world: &World, webhook: WebhookId, active: bool) {
    let patch = WebhookPatch { active: Some(active), ..WebhookPatch::default() };
    let changed = world.engine.change_catalog(world.scope(), move |catalog, now| {
        catalog.update_webhook(webhook, patch, now).map(|_| ())
    });
    changed.await.expect("it is made").expect("it is there");
}

pub(crate) async fn create_board(world: &World, draft: LeaderboardDraft) -> LeaderboardId {
    let made = world.engine.change_catalog(world.scope(), |catalog, now| {
        catalog.create_leaderboard(draft, now).expect("valid").id
    });
    made.await.expect("made")
}

pub(crate) async fn change_board(world: &World, board: LeaderboardId, patch: LeaderboardPatch) {
    let changed = world.engine.change_catalog(world.scope(), move |catalog, now| {
        catalog.update_leaderboard(board, patch, now).map(|_| ())
    });
    changed.await.expect("made").expect("valid");
}
