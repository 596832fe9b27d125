//! The configuration: one writer, any number of readers.
//!
//! [`CatalogActor`] makes changes one after the other, each on a copy. A copy that differs is made
//! durable, then published, then answered; readers take the published value without asking anyone
//! and keep it for the whole of their request.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, ArcSwapOption};
use domain::catalog::{Catalog, Settings};
use domain::ids::Scope;
use domain::time::Timestamp;
use parking_lot::Mutex;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, ActorRuntime};
use storage::Store;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::clock::Clock;
use crate::counters::Counters;
use crate::error::Error;
use crate::review::ReviewBoard;
use crate::rows;

/// What to do with a change once it is known whether it was made.
type Finish = Box<dyn FnOnce(Result<(), Error>) + Send>;
/// A change of a catalog at an instant.
type Change = Box<dyn FnOnce(&mut Catalog, Timestamp) -> Finish + Send>;

/// A change on its way.
pub(crate) struct CatalogMessage {
    scope: Scope,
    change: Change,
    /// Bounds the mailbox; ends with the message.
    _permit: OwnedSemaphorePermit,
}

/// The published configuration of every scope.
pub(crate) struct Catalogs {
    published: ArcSwap<HashMap<Scope, Arc<Catalog>>>,
    defaults: Settings,
    store: Store,
    clock: Clock,
    counters: Arc<Counters>,
    reviews: Arc<ReviewBoard>,
    permits: Arc<Semaphore>,
    actor: ArcSwapOption<ActorRef<CatalogMessage>>,
    spawning: Mutex<()>,
    /// Told of every change that was published.
    on_change: OnceLock<Box<dyn Fn(Scope) + Send + Sync>>,
}

impl Catalogs {
    pub(crate) fn new(
        stored: HashMap<Scope, Arc<Catalog>>,
        defaults: Settings,
        store: Store,
        clock: Clock,
        counters: Arc<Counters>,
        reviews: Arc<ReviewBoard>,
        in_flight_max: usize,
    ) -> Self {
        Self {
            published: ArcSwap::from_pointee(stored),
            defaults,
            store,
            clock,
            counters,
            reviews,
            permits: Arc::new(Semaphore::new(in_flight_max)),
            actor: ArcSwapOption::empty(),
            spawning: Mutex::new(()),
            on_change: OnceLock::new(),
        }
    }

    /// Has `listener` called after every change, before whoever asked for it is answered. A second
    /// listener is not called.
    pub(crate) fn on_change(&self, listener: impl Fn(Scope) + Send + Sync + 'static) {
        let _ = self.on_change.set(Box::new(listener));
    }

    /// Starts the writer, or its successor, as a child of `supervisor`.
    pub(crate) fn start_actor(
        self: &Arc<Self>,
        supervisor: ActorCell,
    ) -> Result<(), ActorProcessingErr> {
        let _one_at_a_time = self.spawning.lock();
        let (actor, _) = ActorRuntime::spawn_instant(None, CatalogActor, Arc::clone(self))?;
        actor.get_cell().link(supervisor);
        self.actor.store(Some(Arc::new(actor)));
        Ok(())
    }

    /// Whether `cell` is the current writer.
    pub(crate) fn is_actor(&self, cell: &ActorCell) -> bool {
        self.actor.load().as_ref().is_some_and(|actor| actor.get_id() == cell.get_id())
    }

    /// The current configuration of a scope: nothing but defaults if it was never changed.
    pub(crate) fn current(&self, scope: Scope) -> Arc<Catalog> {
        self.published
            .load()
            .get(&scope)
            .cloned()
            .unwrap_or_else(|| Arc::new(Catalog::new(scope.environment, self.defaults.clone())))
    }

    /// Has `change` made by the writer. See [`crate::Engine::change_catalog`].
    pub(crate) async fn change<R, F>(&self, scope: Scope, change: F) -> Result<R, Error>
    where
        R: Send + 'static,
        F: FnOnce(&mut Catalog, Timestamp) -> R + Send + 'static,
    {
        let permit =
            Arc::clone(&self.permits).try_acquire_owned().map_err(|_| Error::Overloaded)?;
        let (reply, answer) = oneshot::channel();
        let change: Change = Box::new(move |catalog, now| {
            let result = change(catalog, now);
            Box::new(move |made| {
                // Who asked may have hung up; what was committed stays committed.
                let _ = reply.send(made.map(|()| result));
            })
        });
        let actor = self.actor.load_full().ok_or_else(Error::stopping)?;
        actor
            .send_message(CatalogMessage { scope, change, _permit: permit })
            .map_err(|_| Error::Internal)?;
        answer.await.unwrap_or(Err(Error::Internal))
    }

    /// Lets no further change in and waits until those on their way are made.
    pub(crate) async fn drain(&self) {
        if let Some(actor) = self.actor.swap(None)
            && let Err(error) = actor.get_cell().drain_and_wait(None).await
        {
            tracing::error!(%error, "changes of configuration were not drained");
        }
    }

    async fn make(&self, scope: Scope, change: Change) {
        let before = self.current(scope);
        let mut after = Catalog::clone(&before);
        let now = self.clock.now();
        // The copy is thrown away when the change panics, and whoever asked learns it from the
        // dropped reply.
        let Ok(finish) = catch_unwind(AssertUnwindSafe(|| change(&mut after, now))) else {
            tracing::error!("a change of configuration panicked and was not made");
            return;
        };
        if after == *before {
            return finish(Ok(()));
        }
        after.note_review(&before);
        match rows::commit_catalog(&self.store, scope, &after).await {
            Ok(()) => {
                self.counters.catalog_changes.add_one();
                let mut published = HashMap::clone(&self.published.load());
                published.insert(scope, Arc::new(after));
                self.published.store(Arc::new(published));
                self.reviews.wake();
                if let Some(listener) = self.on_change.get() {
                    listener(scope);
                }
                finish(Ok(()));
            }
            Err(error) => {
                tracing::error!(%error, "a change of configuration was not made durable");
                finish(Err(error.into()));
            }
        }
    }
}

/// The only writer of configuration.
pub(crate) struct CatalogActor;

impl Actor for CatalogActor {
    type Msg = CatalogMessage;
    type State = Arc<Catalogs>;
    type Arguments = Arc<Catalogs>;

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        catalogs: Arc<Catalogs>,
    ) -> Result<Arc<Catalogs>, ActorProcessingErr> {
        Ok(catalogs)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: CatalogMessage,
        catalogs: &mut Arc<Catalogs>,
    ) -> Result<(), ActorProcessingErr> {
        catalogs.make(message.scope, message.change).await;
        Ok(())
    }
}
