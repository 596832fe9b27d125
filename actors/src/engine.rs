//! The engine's public face: one cheap handle, one method per operation.
//!
//! It only passes on: to the router (commands to users), to the catalog actor (changes of
//! configuration), to the projections (counts over all users) and to storage (history rows).

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use domain::calendar::Period;
use domain::catalog::{Catalog, Leaderboard, Webhook};
use domain::ids::{
    ApiKeyId, AttributeId, DeliveryId, EnvironmentId, LeaderboardId, MetricId, PauseId,
    PointsSystemId, Scope, TriggerId, UserId,
};
use domain::leaderboard::{DayEnd, Run};
use domain::summary::{BalanceRange, histogram};
use domain::time::{Date, Timestamp};
use domain::user::{AwardRecord, Command, MetricDay, PointsDay, streak};
use domain::webhook::{DeliveryPlace, WebhookEvent};
use domain::wrapped::{Wrapped, days_needed};
use ractor::{ActorRef, ActorRuntime};
use storage::Store;
use storage::records::{AdminKey, ApplicationKey, QueuedEvent, Reviews};
use tokio::sync::{Mutex, Notify, Semaphore};
use tokio::task::JoinHandle;

use crate::balances::Wanted;
use crate::board::Row;
use crate::catalog::Catalogs;
use crate::clock::{self, AdvanceError, Clock};
use crate::comparison::{ComparedYear, Comparison, keep_years};
use crate::config::{Bootstrap, EngineConfig};
use crate::counters::{Counters, EngineStats};
use crate::erasure;
use crate::error::Error;
use crate::leaderboard::{
    self, FirstPage, Follower, Page, Recounts, RunKey, Runs, Settling, Streams, UserPlace,
};
use crate::plans::Plans;
use crate::ports::Ports;
use crate::preview::{Change, Preview};
use crate::projection::{Projections, Statistics};
use crate::queue::{self, Queue};
use crate::review::{ReviewBoard, WalkContext};
use crate::router::Router;
use crate::rows::{self, History};
use crate::schedule::{Schedule, Source};
use crate::standings::RankedLength;
use crate::supervisor::Supervisor;
use crate::timer::Timers;
use crate::user::{Answer, Applied, Order, UserContext};
use crate::user_key::UserKey;
use crate::webhooks::{
    BoostTeller, DeliveryFilter, LoggedDelivery, Notes, Purge, RankingTeller, RunTeller, Tools,
    Webhooks,
};

/// How often users are looked through for idle ones, as a share of the idle time.
const SWEEPS_PER_IDLE_TIME: u32 = 4;

/// How many reads of the log of webhook deliveries run at a time; each keeps a blocking thread busy.
const LOG_READS_MAX: usize = 2;

/// How many histories of users are read as a whole at a time; each keeps a blocking thread busy.
const HISTORIES_MAX: usize = 4;

/// Whether the engine can serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Why writes are refused, for the operator; none if they aren't.
    pub failure: Option<String>,
}

/// The engine. Clones are cheap and share everything.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    environment: EnvironmentId,
    clock: Clock,
    store: Store,
    router: Arc<Router>,
    catalogs: Arc<Catalogs>,
    context: Arc<UserContext>,
    runs: Arc<Runs>,
    recounts: Arc<Recounts>,
    counters: Arc<Counters>,
    queue: Arc<Queue>,
    schedule: Schedule,
    boosts: Arc<BoostTeller>,
    reviews: Arc<ReviewBoard>,
    /// Bounds the reads of the log of webhook deliveries that run at a time.
    log_reads: Semaphore,
    /// Bounds the reads of whole histories.
    histories: Arc<Semaphore>,
    /// What runs beside the requests; none once stopped.
    background: Mutex<Option<Background>>,
}

struct Background {
    supervisor: ActorRef<()>,
    supervisor_ended: JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
}

/// An engine that is dropped without being stopped ends as in a crash.
impl Drop for Shared {
    fn drop(&mut self) {
        self.context.webhooks.abort();
        if let Some(background) = self.background.get_mut() {
            background.tasks.iter().for_each(JoinHandle::abort);
        }
    }
}

/// The environment is what tells engines apart; the rest is state.
impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("environment", &self.shared.environment)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Starts the engine over an open store: reads the configuration, counts the users, starts the
    /// actors.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if a stored row can't be read.
    pub async fn start(
        config: EngineConfig,
        store: Store,
        clock: Clock,
        bootstrap: Bootstrap,
        ports: Ports,
    ) -> Result<Self, Error> {
        let environment = rows::find_or_store_environment(&store, bootstrap.environment).await?;
        let scope = Scope::untenanted(environment);
        let mut stored = rows::load_catalog(&store, scope)?;
        rows::note_zone_database(&store, scope, &mut stored).await?;
        let stored = stored.map(|catalog| (scope, Arc::new(catalog)));
        let counted = rows::count_users(&store, scope).await?;
        let projections = Arc::new(Projections::new(store.clone(), scope, counted.statistics));
        let counters = Arc::new(Counters::default());
        let board = Arc::new(ReviewBoard::new(rows::load_reviews(&store, scope)?));
        let catalogs = Arc::new(Catalogs::new(
            stored.into_iter().collect(),
            bootstrap.settings,
            store.clone(),
            clock.clone(),
            Arc::clone(&counters),
            Arc::clone(&board),
            config.catalog_changes_in_flight_max,
        ));
        let notes = Arc::new(Notes::new(clock.clone()));
        let participants_max = config.participants_max;
        let runs = Arc::new(Runs::new(
            store.clone(),
            Arc::clone(&catalogs),
            Arc::clone(&notes),
            clock.clone(),
            counted.decided_at,
            participants_max,
            Streams::new(config.stream_readers_max, config.stream_beat_ms),
        ));
        let tools = Tools {
            scope,
            store: store.clone(),
            clock: clock.clone(),
            catalogs: Arc::clone(&catalogs),
            ports,
            recording: tokio::sync::RwLock::default(),
        };
        let webhooks = Arc::new(Webhooks::new(tools)?);
        let boosts = Arc::new(BoostTeller::new(Arc::clone(&webhooks)).await?);
        let purge = Arc::new(Purge::new(Arc::clone(&webhooks), config.webhook_log_retention_days));
        let context = Arc::new(UserContext {
            clock: clock.clone(),
            store: store.clone(),
            projections: Arc::clone(&projections),
            plans: Plans::unknown(store.shards()),
            webhooks: Arc::clone(&webhooks),
            counters: Arc::clone(&counters),
            order: Order::after(counted.order),
            runs: Arc::clone(&runs),
        });
        let idle = Duration::from_millis(config.user_idle_ms);
        let tick = Duration::from_millis(config.timer_tick_ms);
        let timers_in_flight_max = config.timers_in_flight_max;
        let in_flight_max = config.reviews_in_flight_max;
        let queue_limits = queue::Limits {
            batches_max: config.queued_batches_max,
            in_flight_max: config.queue_in_flight_max,
        };
        let router = Arc::new(Router::new(config, Arc::clone(&context), store.shards()));
        let timers = Arc::new(Timers::new(
            scope,
            Arc::clone(&context),
            Arc::clone(&router),
            Arc::clone(&catalogs),
            timers_in_flight_max,
        ));
        let recounts = Arc::new(Recounts::new(
            scope,
            Arc::clone(&context),
            Arc::clone(&router),
            Arc::clone(&catalogs),
            counted.recounted.min(catalogs.current(scope).recounts),
        ));
        let told_runs = RunTeller::new(
            Arc::clone(&webhooks),
            Arc::clone(&runs),
            Arc::clone(&recounts),
            participants_max,
        );
        let told_runs = Arc::new(told_runs.await?);
        let rankings = RankingTeller::new(
            Arc::clone(&webhooks),
            notes,
            Arc::clone(&runs),
            Arc::clone(&recounts),
            participants_max,
        );
        let rankings = Arc::new(rankings.await?);
        let queue = Arc::new(Queue::new(queue::Parts {
            scope,
            store: store.clone(),
            clock: clock.clone(),
            router: Arc::clone(&router),
            catalogs: Arc::clone(&catalogs),
            counters: Arc::clone(&counters),
            limits: queue_limits,
        })?);
        let next = rows::settled_until(&store, scope, &catalogs.current(scope))?;
        let settling = Arc::new(Settling {
            scope,
            clock: clock.clone(),
            catalogs: Arc::clone(&catalogs),
            queue: Arc::clone(&queue),
            timers: Arc::clone(&timers),
            recounts: Arc::clone(&recounts),
            runs: Arc::clone(&runs),
            teller: Arc::clone(&told_runs),
            next: parking_lot::Mutex::new(next),
            firing: Mutex::default(),
            woken: Arc::default(),
        });
        let listeners = Listeners {
            webhooks: Arc::downgrade(&webhooks),
            boosts: Arc::downgrade(&boosts),
            told_runs: Arc::downgrade(&told_runs),
            rankings: Arc::downgrade(&rankings),
            runs: Arc::downgrade(&runs),
            recounts: Arc::downgrade(&recounts),
            settling: Arc::downgrade(&settling),
        };
        catalogs.on_change(move |scope| listeners.hear(scope));
        let walk = Arc::new(WalkContext {
            scope,
            clock: clock.clone(),
            store: store.clone(),
            router: Arc::clone(&router),
            catalogs: Arc::clone(&catalogs),
            projections,
            board: Arc::clone(&board),
            counters: Arc::clone(&counters),
            in_flight_max,
            spawning: parking_lot::Mutex::new(()),
        });
        let root = Supervisor {
            catalogs: Arc::clone(&catalogs),
            timers: Arc::clone(&timers),
            runs: Arc::clone(&runs),
            walk: Arc::clone(&walk),
            counters: Arc::clone(&counters),
        };
        let (supervisor, supervisor_ended) =
            ActorRuntime::spawn(None, root, ()).await.map_err(|error| {
                tracing::error!(%error, "the actors could not be started");
                Error::Internal
            })?;
        router.supervised_by(supervisor.get_cell());
        // Also in virtual time: what fell due while no engine ran is caught up with at once.
        timers.wake_due();
        runs.build_open(scope, clock.now());
        webhooks.send_couriers();
        let mut tasks = vec![
            tokio::spawn(sweep(Arc::clone(&router), clock.clone(), idle)),
            tokio::spawn(fire(
                Arc::clone(&settling),
                Arc::clone(&settling.woken),
                clock.clone(),
                tick,
            )),
            // Nobody has to wake those: each tells at once what it can.
            tokio::spawn(fire(Arc::clone(&runs), Arc::default(), clock.clone(), tick)),
            tokio::spawn(Arc::clone(&boosts).work()),
            tokio::spawn(erasure::resume(
                scope,
                Arc::clone(&context),
                Arc::clone(&router),
                Arc::clone(&catalogs),
            )),
            tokio::spawn(keep_years(scope, Arc::clone(&context), Arc::clone(&catalogs))),
            tokio::spawn(Arc::clone(&told_runs).work()),
            tokio::spawn(Arc::clone(&rankings).work()),
            tokio::spawn(Arc::clone(&queue).work()),
        ];
        if !clock.is_test() {
            tasks.push(tokio::spawn(wake(Arc::clone(&timers), tick)));
            tasks.push(tokio::spawn(Arc::clone(&purge).work()));
        }
        // What falls due at the end of a run still counts in it; time stands still until runs have met
        // what they were told.
        let sources: Vec<Arc<dyn Source>> = vec![
            walk,
            Arc::clone(&queue) as _,
            timers,
            settling,
            Arc::clone(&boosts) as _,
            rankings,
            told_runs,
            webhooks,
            purge,
            Arc::clone(&runs) as _,
        ];
        let schedule = Schedule::new(clock.clone(), sources);
        let background = Mutex::new(Some(Background { supervisor, supervisor_ended, tasks }));
        let log_reads = Semaphore::new(LOG_READS_MAX);
        let shared = Shared {
            environment,
            clock,
            store,
            router,
            catalogs,
            context,
            runs,
            recounts,
            counters,
            queue,
            schedule,
            boosts,
            reviews: board,
            background,
            log_reads,
            histories: Arc::new(Semaphore::new(HISTORIES_MAX)),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The one scope of this instance while it has no tenants.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::untenanted(self.shared.environment)
    }

    /// The current instant. (C-GEN-12)
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// The current configuration of a scope.
    #[must_use]
    pub fn catalog(&self, scope: Scope) -> Arc<Catalog> {
        self.shared.catalogs.current(scope)
    }

    /// Changes the configuration. Changes are made one after the other, each on a copy; a changed
    /// copy is durable before anyone sees it or `change`'s result, an unchanged one is dropped.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many changes wait; [`Error::Unavailable`] if it could not be
    /// made durable; [`Error::Internal`] if `change` panics. In each case nothing changed.
    pub async fn change_catalog<R, F>(&self, scope: Scope, change: F) -> Result<R, Error>
    where
        R: Send + 'static,
        F: FnOnce(&mut Catalog, Timestamp) -> R + Send + 'static,
    {
        self.shared.catalogs.change(scope, change).await
    }

    /// How many existing users a change of configuration would touch: who would complete an
    /// achievement by it, and whom the given triggers concern. Reads all users.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many of these reads run; [`Error::Unavailable`] if storage can't
    /// be read.
    pub async fn preview(
        &self,
        scope: Scope,
        before: Catalog,
        after: Catalog,
        triggers: Vec<TriggerId>,
    ) -> Result<Preview, Error> {
        let Shared { context, store, .. } = self.shared.as_ref();
        let running = context.projections.scans.start()?;
        let change = Change { scope, now: self.now(), before, after, triggers };
        let scan = rows::blocking(store, move |store| {
            let _running = running;
            change.preview(store)
        });
        Ok(scan.await?)
    }

    /// Runs one command on one user. Commands of one user run one after the other, those of
    /// different users in parallel. The answer means durable. (C-GEN-20, C-GEN-21)
    ///
    /// A caller that stops waiting doesn't stop the command.
    ///
    /// # Errors
    /// Every error means that nothing of the command is visible.
    pub async fn run(
        &self,
        scope: Scope,
        user: UserId,
        catalog: Arc<Catalog>,
        command: Command,
    ) -> Result<Applied, Error> {
        let key = UserKey { scope, user };
        let Answer { mut applied, ranks } = self.shared.router.run(&key, catalog, command).await?;
        if let Some(pending) = ranks {
            applied.ranks = self.shared.runs.ranks(scope, &applied.state.id, pending).await;
        }
        Ok(applied)
    }

    /// Erases a user: everything that is stored about them, in order among the requests of that user.
    /// From then on they are unknown; whoever is identified by the id is somebody new. The answer,
    /// which is whether there was such a user, comes when all of it is gone. (C-USER-28 to C-USER-33)
    ///
    /// # Errors
    /// If it is not known to be complete. What was begun goes on when anyone next asks for the user,
    /// and at the next start.
    pub async fn erase(&self, scope: Scope, user: UserId) -> Result<bool, Error> {
        let key = UserKey { scope, user };
        // Events that were accepted before would else be of somebody new. (C-USER-30)
        self.shared.queue.caught_up().await?;
        self.erase_belongings(&key).await?;
        let erased = self.shared.router.erase(&key).await?;
        // Some may have been made while there still was such a user.
        self.erase_belongings(&key).await?;
        Ok(erased)
    }

    /// Removes what is made for a user but not by them. (C-USER-33, C-AUTH-25)
    async fn erase_belongings(&self, key: &UserKey) -> Result<(), Error> {
        self.erase_boosts(key).await?;
        self.delete_application_keys_of(key.scope, &key.user).await
    }

    async fn erase_boosts(&self, UserKey { scope, user }: &UserKey) -> Result<(), Error> {
        let catalog = self.catalog(*scope);
        let mut boosts = catalog.points_systems.iter().flat_map(|system| &system.boosts);
        if !boosts.any(|boost| boost.user.as_ref() == Some(user)) {
            return Ok(());
        }
        let user = user.clone();
        self.change_catalog(*scope, move |catalog, _| catalog.erase_boosts_for(&user)).await?;
        self.shared.boosts.caught_up().await;
        Ok(())
    }

    /// Everything that is stored about a user besides their state. (C-USER-34)
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many of these are being read.
    pub fn history(&self, scope: Scope, applied: &Applied) -> Result<History, Error> {
        let reading = Arc::clone(&self.shared.histories).try_acquire_owned();
        let reading = reading.map_err(|_| Error::Overloaded)?;
        let shown = (Arc::clone(&applied.state), Arc::clone(&applied.catalog));
        Ok(History::new(self.shared.store.clone(), scope, shown, reading))
    }

    /// Accepts a batch of events of the one scope: durable now, worked through soon, each event exactly
    /// once and as of this instant, those of one user in order. (C-BATCH-03, C-BATCH-04)
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many batches wait; [`Error::Unavailable`] if it could not be made
    /// durable. Then nothing of it happens.
    pub async fn submit_batch(&self, events: Vec<QueuedEvent>) -> Result<(), Error> {
        self.shared.queue.accept(events).await
    }

    /// A part of a run's ranking, after everything that was answered before. Of a board that has
    /// just been switched on, after everyone is counted. (C-LB-27, C-LB-35, C-LB-62 to C-LB-65)
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub async fn rankings(
        &self,
        scope: Scope,
        board: &Leaderboard,
        run: Run,
        page: Page,
    ) -> Result<Vec<Row>, Error> {
        let Shared { store, runs, recounts, .. } = self.shared.as_ref();
        let key = RunKey::new(scope, board.id, run);
        leaderboard::page(store, runs, recounts, board, key, page).await
    }

    /// A new reader of a board's pages, who has a place until dropped; none if there are as many as
    /// there may be. (C-LB-91)
    #[must_use]
    pub fn follow(&self, board: LeaderboardId) -> Option<Follower> {
        self.shared.runs.streams.follow(board)
    }

    /// Puts a follower on a page of a run, off the one it was on. The page is as current as that of
    /// [`Engine::rankings`], and the follower is told whenever it is another one. (C-LB-86)
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub async fn watch(
        &self,
        follower: &mut Follower,
        scope: Scope,
        board: &Leaderboard,
        run: Run,
        page: Page,
    ) -> Result<FirstPage, Error> {
        let key = RunKey::new(scope, board.id, run);
        if let Some(rows) = leaderboard::rows(&self.shared.store, key, page.clone()).await? {
            return Ok(FirstPage { rows, is_final: true });
        }
        self.shared.recounts.catch_up(board.recounted()).await?;
        let rows = self.shared.runs.watch(key, page, follower).await?;
        Ok(FirstPage { rows: rows.to_vec(), is_final: false })
    }

    /// Tells every follower that the engine is stopping.
    pub fn end_streams(&self) {
        self.shared.runs.streams.end();
    }

    /// Where a user stands in a run. As current as [`Engine::rankings`]. (C-LB-68, C-LB-69)
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub async fn place(
        &self,
        scope: Scope,
        board: &Leaderboard,
        run: Run,
        user: UserId,
    ) -> Result<UserPlace, Error> {
        let key = RunKey::new(scope, board.id, run);
        let settled = leaderboard::place(&self.shared.store, key, user.clone()).await?;
        if let Some(place) = settled {
            return Ok(place);
        }
        self.shared.recounts.catch_up(board.recounted()).await?;
        let place =
            self.shared.runs.read(key, move |board| UserPlace::of(&user, board.standing(&user)));
        place.await
    }

    /// Where a user, who stands at `place` now, stood at the end of each day of a run on which that
    /// or their rank changed, the earliest first, today included. (C-LB-70 to C-LB-72)
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub async fn rank_days(
        &self,
        scope: Scope,
        board: &Leaderboard,
        run: Run,
        user: UserId,
        place: &UserPlace,
    ) -> Result<Vec<DayEnd>, Error> {
        let Shared { store, runs, .. } = self.shared.as_ref();
        let key = RunKey::new(scope, board.id, run);
        let is_settled = rows::find_settled(store, key)?.is_some();
        if !is_settled {
            runs.written(key).await?;
        }
        let read = rows::blocking(store, move |store| rows::rank_days(store, key, &user));
        let mut days = read.await?;
        if !is_settled {
            // What is written of today is older than where the user stands.
            let today = run.day_at(self.now());
            days.retain(|(date, _)| *date < today);
            days.push((today, place.ranked()));
        }
        Ok(days)
    }

    /// The names of these users; who doesn't exist is left out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub async fn names(
        &self,
        scope: Scope,
        users: Vec<UserId>,
    ) -> Result<HashMap<UserId, Option<String>>, Error> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(rows::names(&self.shared.store, scope, users).await?)
    }

    /// The latest `limit` awards of a user in a points system, newest first. `recorded` is how
    /// many there were in the state that the caller shows (`PointsBalance::awards`); later ones
    /// are left out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub async fn recent_awards(
        &self,
        scope: Scope,
        user: &UserId,
        system: PointsSystemId,
        recorded: u64,
        limit: usize,
    ) -> Result<Vec<AwardRecord>, Error> {
        let key = UserKey { scope, user: user.clone() };
        Ok(rows::recent_awards(&self.shared.store, key, system, recorded, limit).await?)
    }

    /// How many users with all these attributes hold how many points; who never had a point holds 0.
    /// The first to ask waits for a read of all users, of which only a few run at a time; afterwards
    /// the counts are at hand for a while. (C-POINTS-58, C-POINTS-59)
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many of these reads run; [`Error::Unavailable`] if storage can't
    /// be read.
    pub async fn histogram_of(
        &self,
        scope: Scope,
        system: PointsSystemId,
        attributes: BTreeMap<AttributeId, String>,
    ) -> Result<Vec<BalanceRange>, Error> {
        let balances = &self.shared.context.projections.balances;
        let wanted = Wanted { system, attributes };
        balances.read(scope, &wanted, |found| histogram(&found.counted())).await
    }

    /// The effective day of each of these users now; who doesn't exist is left out. (C-GEN-16)
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub async fn effective_days(
        &self,
        scope: Scope,
        users: Vec<UserId>,
    ) -> Result<HashMap<UserId, Date>, Error> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let settings = self.catalog(scope).settings.clone();
        Ok(rows::effective_days(&self.shared.store, scope, users, settings, self.now()).await?)
    }

    /// The days of a metric from `from` on, oldest first; days without an event have no entry.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub async fn metric_days(
        &self,
        scope: Scope,
        user: &UserId,
        metric: MetricId,
        from: Date,
    ) -> Result<Vec<(Date, MetricDay)>, Error> {
        let key = UserKey { scope, user: user.clone() };
        Ok(rows::metric_days(&self.shared.store, key, metric, from).await?)
    }

    /// The days of a points system from `from` on, oldest first; days without an award have no
    /// entry.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub async fn points_days(
        &self,
        scope: Scope,
        user: &UserId,
        system: PointsSystemId,
        from: Date,
    ) -> Result<Vec<(Date, PointsDay)>, Error> {
        let key = UserKey { scope, user: user.clone() };
        Ok(rows::points_days(&self.shared.store, key, system, from).await?)
    }

    /// A settled user's year in review, compared with that of all other users. (C-WRAP)
    ///
    /// Every year is at hand soon after the start; whoever asks for one before that waits for a read
    /// of all users.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub async fn wrapped(
        &self,
        scope: Scope,
        applied: &Applied,
        year: i32,
    ) -> Result<Wrapped, Error> {
        let catalog = &applied.catalog;
        let needed = days_needed(year, catalog.settings.week_start);
        let days = rows::days_of_user(&self.shared.store, scope, &applied.state, needed).await?;
        let mut wrapped = Wrapped::new(&applied.state, catalog, year, &days);
        if wrapped.compared().next().is_none() {
            return Ok(wrapped);
        }
        let today = self.now().utc_date();
        let compared = ComparedYear::new(year, catalog.settings.week_start, today);
        let compare = |comparison: &Comparison| {
            for (owner, dates, figures) in wrapped.compared() {
                let user = &applied.state.id;
                figures.percentile =
                    Some(comparison.percentile(user, owner, dates, figures.change));
            }
        };
        self.shared.context.projections.comparisons.read(scope, &compared, compare).await?;
        self.rank_wrapped(scope, applied, needed, &mut wrapped).await?;
        Ok(wrapped)
    }

    /// The user's best ranks in runs that touch `dates`. (C-LB-85)
    async fn rank_wrapped(
        &self,
        scope: Scope,
        applied: &Applied,
        dates: Period,
        wrapped: &mut Wrapped,
    ) -> Result<(), Error> {
        let Applied { state, catalog, now, .. } = applied;
        let runs = catalog.visible_leaderboards(*now).flat_map(|board| {
            let touching = board.runs_touching(dates, *now);
            touching.map(|run| (RunKey::new(scope, board.id, run), run))
        });
        let runs = rows::ranked_runs(&self.shared.store, state.id.clone(), runs.collect()).await?;
        for (key, run, days) in runs {
            let board = catalog.find_leaderboard(key.leaderboard).expect("it is visible");
            let user = state.id.clone();
            let place = self.place(scope, board, run, user.clone()).await?;
            let days = match days {
                Some(days) => days,
                None => self.rank_days(scope, board, run, user, &place).await?,
            };
            wrapped.rank(board.id, run, place.group.as_ref(), &days, run.day_at(*now));
        }
        Ok(())
    }

    /// Whose a pause is, also if it was deleted; none if there never was such a pause.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub fn find_pause_owner(&self, scope: Scope, pause: PauseId) -> Result<Option<UserId>, Error> {
        Ok(rows::find_pause_owner(&self.shared.store, scope, pause)?)
    }

    /// Counts over all users of a scope, as of what is committed.
    #[must_use]
    pub fn statistics(&self, scope: Scope) -> Statistics {
        self.shared.context.projections.of(scope)
    }

    /// The rank of a user's streak among all users; none without a streak. Streaks
    /// that have just ended may count until the timers have settled them. (C-STREAK-22, C-STREAK-23)
    #[must_use]
    pub fn streak_rank(&self, scope: Scope, applied: &Applied) -> Option<u64> {
        let view = streak(&applied.state, &applied.catalog);
        if view.length == 0 {
            return None;
        }
        let statistics = self.statistics(scope);
        Some(statistics.streak_rank(view.frequency, view.length))
    }

    /// The first `limit` users by streak length at the configured frequency, longest first, ties by
    /// id; nobody while streaks are off. As current as [`Engine::streak_rank`]. (C-STREAK-67,
    /// C-STREAK-68)
    #[must_use]
    pub fn streak_ranking(
        &self,
        scope: Scope,
        catalog: &Catalog,
        ranked: RankedLength,
        limit: usize,
    ) -> Vec<(UserId, u32)> {
        let settings = catalog.streaks.current();
        if !settings.enabled {
            return Vec::new();
        }
        self.statistics(scope).streak_top(ranked, settings.frequency, limit)
    }

    /// The newest webhook deliveries that `filter` wants, without the first `skip` of them. May read
    /// the whole log, so only a few such reads run at a time. (C-WH-23)
    ///
    /// # Errors
    /// [`Error::Overloaded`] if too many of these reads run; [`Error::Unavailable`] if storage can't
    /// be read.
    pub async fn webhook_deliveries(
        &self,
        filter: DeliveryFilter,
        limit: usize,
        skip: usize,
    ) -> Result<Vec<LoggedDelivery>, Error> {
        let _running = self.shared.log_reads.try_acquire().map_err(|_| Error::Overloaded)?;
        self.shared.context.webhooks.deliveries(filter, limit, skip).await
    }

    /// A webhook delivery; none if there is none, or not any more. (C-WH-24)
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub fn find_webhook_delivery(&self, id: DeliveryId) -> Result<Option<LoggedDelivery>, Error> {
        self.shared.context.webhooks.delivery(id)
    }

    /// Delivers what was delivered before once more to `webhook`, who got it then; none if the log
    /// doesn't have it any more. (C-WH-25)
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it could not be made durable.
    pub async fn redeliver_webhook(
        &self,
        place: DeliveryPlace,
        webhook: &Webhook,
    ) -> Result<Option<LoggedDelivery>, Error> {
        self.shared.context.webhooks.redeliver(place, webhook).await
    }

    /// Sends `payload` to one webhook as an event of a type.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it could not be made durable.
    pub async fn send_webhook_sample(
        &self,
        webhook: &Webhook,
        event: WebhookEvent,
        payload: String,
    ) -> Result<LoggedDelivery, Error> {
        self.shared.context.webhooks.send_sample(webhook, event, payload).await
    }

    /// Every admin key, whatever its scope.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub async fn admin_keys(&self) -> Result<Vec<AdminKey>, Error> {
        Ok(rows::load_admin_keys(&self.shared.store).await?)
    }

    /// Removes the admin keys with the prefixes `removed` and keeps `kept`, each over one with the
    /// same prefix.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it could not be made durable; then nothing changed.
    pub async fn commit_admin_keys(
        &self,
        removed: &[String],
        kept: &[AdminKey],
    ) -> Result<(), Error> {
        Ok(rows::commit_admin_keys(&self.shared.store, removed, kept).await?)
    }

    /// The application key with a prefix.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage can't be read.
    pub fn find_application_key(&self, prefix: &str) -> Result<Option<ApplicationKey>, Error> {
        Ok(rows::find_application_key(&self.shared.store, prefix)?)
    }

    /// Keeps new application keys, all or none. (C-AUTH-22)
    ///
    /// # Errors
    /// [`Error::Unavailable`] if they could not be made durable.
    pub async fn store_application_keys(&self, keys: &[ApplicationKey]) -> Result<(), Error> {
        Ok(rows::commit_application_keys(&self.shared.store, keys).await?)
    }

    /// Deletes application keys of a scope, all or none; which of them there were. (C-AUTH-22)
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it could not be made durable.
    pub async fn delete_application_keys(
        &self,
        scope: Scope,
        ids: &[ApiKeyId],
    ) -> Result<Vec<ApiKeyId>, Error> {
        let store = &self.shared.store;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(rows::find_application_key_by_id(store, scope, *id)?);
        }
        rows::delete_application_keys(store, &found).await?;
        Ok(found.into_iter().map(|key| key.id).collect())
    }

    /// Deletes all application keys that act for a user, as erasing them asks for. (C-AUTH-25)
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it could not be made durable.
    pub async fn delete_application_keys_of(
        &self,
        scope: Scope,
        user: &UserId,
    ) -> Result<(), Error> {
        let store = &self.shared.store;
        let keys = rows::application_keys_of(store, scope, user).await?;
        Ok(rows::delete_application_keys(store, &keys).await?)
    }

    /// A copy of everything that is stored, made while requests go on, with `files` beside it, by
    /// name. Reading it blocks.
    ///
    /// # Errors
    /// [`Error::Unavailable`] while another one is being made.
    pub fn backup(&self, files: Vec<(String, Vec<u8>)>) -> Result<storage::Backup, Error> {
        Ok(self.shared.store.backup(files)?)
    }

    /// How far the walks got that judge existing users by changes of configuration. (C-ACH-16)
    #[must_use]
    pub fn reviews(&self) -> Reviews {
        self.shared.reviews.reviews()
    }

    /// Waits until every user was judged by the configuration as it is now. Nobody has to: who is
    /// looked at earlier is judged the same.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage takes no writes or the engine is stopping.
    pub async fn reviewed(&self) -> Result<(), Error> {
        let wanted = self.catalog(self.scope()).review;
        self.shared.reviews.reached(wanted).await
    }

    /// Whether the engine can serve.
    #[must_use]
    pub fn health(&self) -> Health {
        let failure = match self.shared.store.health() {
            storage::Health::Ready => None,
            storage::Health::Failed { reason } => Some(reason),
        };
        Health { failure }
    }

    /// What the actors did since the start, for operators.
    #[must_use]
    pub fn stats(&self) -> EngineStats {
        let Shared { router, context, counters, queue, .. } = self.shared.as_ref();
        let waiting = context.plans.waiting();
        counters.read(router.active(), router.in_flight(), waiting, queue.depth())
    }

    /// What storage did since it was opened, for operators.
    #[must_use]
    pub fn storage_stats(&self) -> storage::Stats {
        self.shared.store.stats()
    }

    /// Moves the test clock, from one due instant to the next, and answers with the instant that is
    /// now current when everything that fell due on the way is committed.
    ///
    /// # Errors
    /// If `to` is in the past, time is real, or storage takes no writes.
    pub async fn advance_clock(&self, to: Timestamp) -> Result<Timestamp, AdvanceError> {
        self.shared.schedule.advance_to(to).await?;
        Ok(self.now())
    }

    /// Takes no more requests, lets those in flight finish, and closes storage. A second call does
    /// nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if storage could not write its last checkpoint.
    pub async fn stop(&self) -> Result<(), Error> {
        let Some(background) = self.shared.background.lock().await.take() else { return Ok(()) };
        background.tasks.iter().for_each(JoinHandle::abort);
        self.end_streams();
        self.shared.reviews.stop();
        self.shared.queue.stop();
        self.shared.router.drain().await;
        self.shared.catalogs.drain().await;
        if let Err(error) = self.shared.runs.write_all().await {
            tracing::warn!(%error, "rank changes since the last minute are not counted");
        }
        self.shared.context.webhooks.stop().await;
        background.supervisor.stop_children_and_wait(None, None).await;
        background.supervisor.stop(None);
        if let Err(error) = background.supervisor_ended.await {
            tracing::error!(%error, "the supervisor did not end cleanly");
        }
        Ok(rows::close(&self.shared.store).await?)
    }
}

/// Who works by the configuration all the time and has to know of every change of it. Weak, because
/// they know the catalogs.
struct Listeners {
    webhooks: Weak<Webhooks>,
    boosts: Weak<BoostTeller>,
    told_runs: Weak<RunTeller>,
    rankings: Weak<RankingTeller>,
    runs: Weak<Runs>,
    recounts: Weak<Recounts>,
    settling: Weak<Settling>,
}

impl Listeners {
    fn hear(&self, scope: Scope) {
        if let (Some(webhooks), Some(boosts)) = (self.webhooks.upgrade(), self.boosts.upgrade()) {
            webhooks.send_couriers();
            boosts.wake();
        }
        if let (Some(runs), Some(recounts)) = (self.runs.upgrade(), self.recounts.upgrade()) {
            runs.keep_ranking(scope);
            recounts.start();
        }
        if let Some(settling) = self.settling.upgrade() {
            settling.woken.notify_one();
        }
        if let (Some(runs), Some(rankings)) = (self.told_runs.upgrade(), self.rankings.upgrade()) {
            rankings.follow();
            runs.wake();
        }
    }
}

/// Puts idle users out of memory, for as long as the engine runs.
async fn sweep(router: Arc<Router>, clock: Clock, idle: Duration) {
    let idle_ms = i64::try_from(idle.as_millis()).unwrap_or(i64::MAX);
    loop {
        clock::pause(idle / SWEEPS_PER_IDLE_TIME).await;
        router.deactivate_unused_since(clock.now().plus_millis(-idle_ms));
    }
}

/// Wakes the timers that have something to do, for as long as the engine runs.
async fn wake(timers: Arc<Timers>, tick: Duration) {
    loop {
        clock::pause(tick).await;
        timers.wake_due();
    }
}

/// Fires a source for as long as the engine runs: at once what was due while none did or whenever it
/// is woken, and in real time whatever falls due.
async fn fire(source: Arc<impl Source>, woken: Arc<Notify>, clock: Clock, tick: Duration) {
    loop {
        if source.next_due().is_some_and(|due| due <= clock.now())
            && let Err(error) = source.fire_due().await
        {
            tracing::warn!(%error, "what is due for runs of leaderboards is not done yet");
        }
        tokio::select! {
            () = woken.notified() => {}
            () = clock::pause(tick), if !clock.is_test() => {}
        }
    }
}
