//! From (environment, tenant, user) to that user's one activation.
//!
//! The map is the router's own, split by the virtual shards of storage; the actor runtime's
//! process-wide registry stays unused. A request takes a [`Permit`] while it waits or is decided,
//! which bounds mailboxes (they have no bound of their own) and makes deactivation free of races:
//! permits are only taken under the lock of the shard, so an activation found without one under
//! that lock has an empty mailbox and everything it did is committed. It can be forgotten on the
//! spot, and the next request simply builds another.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use domain::catalog::Catalog;
use domain::time::Timestamp;
use domain::user::Command;
use lru::LruCache;
use parking_lot::Mutex;
use ractor::{ActorCell, ActorRef, ActorRuntime, MessagingErr};
use storage::ShardId;
use tokio::sync::{Notify, oneshot};

use crate::config::EngineConfig;
use crate::error::Error;
use crate::permit::Permit;
use crate::user::{Answer, Request, UserActor, UserContext, UserMessage};
use crate::user_key::UserKey;

/// Finds, creates and forgets activations.
pub(crate) struct Router {
    config: EngineConfig,
    context: Arc<UserContext>,
    shards: Vec<Shard>,
    active: AtomicUsize,
    stopping: AtomicBool,
    released: Arc<Notify>,
    supervisor: OnceLock<ActorCell>,
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// Someone asked.
    Caller,
    /// The engine itself. That is no use of the activation: it keeps nobody in memory, and drives
    /// nobody out for longer than it takes.
    Engine,
}

/// The activations of one virtual shard, least recently used last.
struct Shard {
    activations: Mutex<LruCache<UserKey, Activation>>,
    in_flight: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Activation {
    actor: ActorRef<Box<UserMessage>>,
    in_flight: Arc<AtomicUsize>,
    /// None if no caller has used it yet.
    used_at: Option<Timestamp>,
}

impl Router {
    pub(crate) fn new(config: EngineConfig, context: Arc<UserContext>, shards: u16) -> Self {
        let shard =
            |_| Shard { activations: Mutex::new(LruCache::unbounded()), in_flight: Arc::default() };
        Self {
            config,
            context,
            shards: (0..shards).map(shard).collect(),
            active: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            released: Arc::default(),
            supervisor: OnceLock::new(),
        }
    }

    /// Links every activation from now on to `supervisor`.
    pub(crate) fn supervised_by(&self, supervisor: ActorCell) {
        // A second call would mean a second tree; the first one stays.
        let _ = self.supervisor.set(supervisor);
    }

    /// Has a caller's command run on a user.
    ///
    /// # Errors
    /// Every error means that nothing of the command is visible.
    pub(crate) async fn run(
        &self,
        key: &UserKey,
        catalog: Arc<Catalog>,
        command: Command,
    ) -> Result<Answer, Error> {
        self.ask(key, catalog, command, Origin::Caller).await
    }

    /// Settles a user though no caller needs them. An activation that only this has used is
    /// forgotten again.
    ///
    /// # Errors
    /// As [`Router::run`].
    pub(crate) async fn settle(&self, key: &UserKey, catalog: Arc<Catalog>) -> Result<(), Error> {
        let settled = self.ask(key, catalog, Command::Settle, Origin::Engine).await;
        self.release(key);
        settled.map(drop)
    }

    async fn ask(
        &self,
        key: &UserKey,
        catalog: Arc<Catalog>,
        command: Command,
        origin: Origin,
    ) -> Result<Answer, Error> {
        let (reply, answer) = oneshot::channel();
        let order = self.context.order.of(&command);
        self.send(key, Request::Run { catalog, command, order, reply }, origin)?;
        // A dropped reply is an activation that failed before it committed.
        answer.await.unwrap_or(Err(Error::Internal))
    }

    /// Has a user erased, after everything that was asked of them before; whether there was one.
    ///
    /// # Errors
    /// If it is not known to be complete; what was begun goes on when anyone next asks for the user,
    /// and at the next start.
    pub(crate) async fn erase(&self, key: &UserKey) -> Result<bool, Error> {
        let (reply, answer) = oneshot::channel();
        self.send(key, Request::Erase { reply }, Origin::Engine)?;
        let answer = answer.await.unwrap_or(Err(Error::Internal));
        self.release(key);
        answer
    }

    /// Hands `request` to the user's activation, created if need be.
    ///
    /// # Errors
    /// If too many requests are in flight or the engine is stopping; the request is dropped.
    fn send(&self, key: &UserKey, mut request: Request, origin: Origin) -> Result<(), Error> {
        let shard = self.shard_of(key);
        // The second round is for an activation that had died: its successor is fresh.
        for _ in 0..2 {
            let (actor, permit) = self.admit(shard, key, origin)?;
            match actor.send_message(Box::new(UserMessage { request, permit })) {
                Ok(()) => return Ok(()),
                Err(MessagingErr::SendErr(returned)) => request = returned.request,
                Err(MessagingErr::ChannelClosed | MessagingErr::InvalidActorType) => {
                    return Err(Error::Internal);
                }
            }
            self.forget(shard, key, &actor);
        }
        Err(Error::Internal)
    }

    /// Forgets an activation that no caller has used, once its request is answered.
    fn release(&self, key: &UserKey) {
        let mut activations = self.shards[self.shard_of(key).index()].activations.lock();
        let unused =
            activations.peek(key).is_some_and(|own| own.used_at.is_none() && own.is_idle());
        if unused && let Some(activation) = activations.pop(key) {
            self.deactivate(&activation);
        }
    }

    /// Forgets every activation that was last used before `instant` and has nothing in flight.
    pub(crate) fn deactivate_unused_since(&self, instant: Timestamp) {
        for shard in &self.shards {
            let mut activations = shard.activations.lock();
            while let Some((_, oldest)) = activations.peek_lru() {
                if oldest.used_at >= Some(instant) || !oldest.is_idle() {
                    break;
                }
                let (_, oldest) = activations.pop_lru().expect("it was just looked at");
                self.deactivate(&oldest);
            }
        }
    }

    /// Lets no further request in and waits until those in flight have ended.
    pub(crate) async fn drain(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Whoever looked before that holds a shard's lock until its permit is counted.
        self.shards.iter().for_each(|shard| drop(shard.activations.lock()));
        loop {
            let released = self.released.notified();
            tokio::pin!(released);
            // Enabled before looking, so that a release in between is not missed.
            released.as_mut().enable();
            if self.in_flight() == 0 {
                return;
            }
            released.await;
        }
    }

    pub(crate) fn active(&self) -> usize {
        self.active.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.shards.iter().map(|shard| shard.in_flight.load(Ordering::Acquire)).sum()
    }

    fn shard_of(&self, key: &UserKey) -> ShardId {
        let shards = u16::try_from(self.shards.len()).expect("made from a u16");
        ShardId::of_user(key.scope, &key.user, shards)
    }

    /// A permit for one request and where to send it.
    fn admit(
        &self,
        id: ShardId,
        key: &UserKey,
        origin: Origin,
    ) -> Result<(ActorRef<Box<UserMessage>>, Permit), Error> {
        let shard = &self.shards[id.index()];
        let mut room = None;
        loop {
            let mut activations = shard.activations.lock();
            // Looked at under the lock: see `drain`.
            if self.stopping.load(Ordering::SeqCst) {
                return Err(Error::stopping());
            }
            if shard.in_flight.load(Ordering::Acquire) >= self.config.in_flight_per_shard_max {
                return Err(self.shed());
            }
            let used_at = (origin == Origin::Caller).then(|| self.context.clock.now());
            let known = match origin {
                Origin::Caller => activations.get_mut(key),
                Origin::Engine => activations.peek_mut(key),
            };
            if let Some(activation) = known {
                activation.used_at = activation.used_at.max(used_at);
                if activation.in_flight.load(Ordering::Acquire)
                    >= self.config.in_flight_per_user_max
                {
                    return Err(self.shed());
                }
                return Ok((activation.actor.clone(), self.permit(shard, activation)));
            }
            if let Some(room) = room.take() {
                let activation = self.activate(key, used_at, room)?;
                let admitted = (activation.actor.clone(), self.permit(shard, &activation));
                activations.put(key.clone(), activation);
                if origin == Origin::Engine {
                    activations.demote(key);
                }
                return Ok(admitted);
            }
            drop(activations);
            room = Some(self.make_room(id)?);
        }
    }

    fn permit(&self, shard: &Shard, activation: &Activation) -> Permit {
        Permit::take(&activation.in_flight, &shard.in_flight, &self.released)
    }

    fn shed(&self) -> Error {
        self.context.counters.shed.add_one();
        Error::Overloaded
    }

    /// Reserves a place for one more activation, by forgetting another one if all are taken. No
    /// lock is held on entry, so that the other shards' locks can be taken one at a time.
    fn make_room(&self, near: ShardId) -> Result<Room<'_>, Error> {
        loop {
            let below_max = |active| (active < self.config.active_users_max).then_some(active + 1);
            if self.active.fetch_update(Ordering::AcqRel, Ordering::Acquire, below_max).is_ok() {
                return Ok(Room { active: &self.active, taken: false });
            }
            let shards = self.shards.iter().cycle().skip(near.index()).take(self.shards.len());
            if !shards.into_iter().any(|shard| self.deactivate_one(shard)) {
                return Err(self.shed());
            }
        }
    }

    /// Forgets the shard's least recently used activation among those with nothing in flight.
    fn deactivate_one(&self, shard: &Shard) -> bool {
        let mut activations = shard.activations.lock();
        let idle = activations.iter().rev().find(|(_, activation)| activation.is_idle());
        let Some(key) = idle.map(|(key, _)| key.clone()) else { return false };
        let activation = activations.pop(&key).expect("it was just found");
        self.deactivate(&activation);
        true
    }

    fn deactivate(&self, activation: &Activation) {
        activation.actor.stop(None);
        self.active.fetch_sub(1, Ordering::AcqRel);
        self.context.counters.deactivations.add_one();
    }

    /// Removes an activation that has died, unless it was replaced already.
    fn forget(&self, id: ShardId, key: &UserKey, dead: &ActorRef<Box<UserMessage>>) {
        let mut activations = self.shards[id.index()].activations.lock();
        let is_it =
            activations.peek(key).is_some_and(|found| found.actor.get_id() == dead.get_id());
        if is_it && activations.pop(key).is_some() {
            self.active.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn activate(
        &self,
        key: &UserKey,
        used_at: Option<Timestamp>,
        mut room: Room<'_>,
    ) -> Result<Activation, Error> {
        let arguments = (key.clone(), Arc::clone(&self.context));
        let (actor, _) =
            ActorRuntime::spawn_instant(None, UserActor, arguments).map_err(|error| {
                tracing::error!(%error, "a user could not be activated");
                Error::Internal
            })?;
        if let Some(supervisor) = self.supervisor.get() {
            actor.get_cell().link(supervisor.clone());
        }
        room.taken = true;
        self.context.counters.activations.add_one();
        Ok(Activation { actor, in_flight: Arc::default(), used_at })
    }
}

impl Activation {
    /// Acquire: everything its last request did is visible to whoever forgets it.
    fn is_idle(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) == 0
    }
}

/// One place among the active users; given back unless an activation takes it.
struct Room<'a> {
    active: &'a AtomicUsize,
    taken: bool,
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if !self.taken {
            self.active.fetch_sub(1, Ordering::AcqRel);
        }
    }
}
