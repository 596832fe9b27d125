//! Timers: what falls due happens by itself. (C-GEN-22, C-GEN-23)
//!
//! One timer per shard settles the shard's users in due order, one instant after the other and a few
//! users of one instant at once, through the router as any request: who settles makes no difference.
//! Over all shards users take turns, which bounds the load. Who is due when is read from rows that
//! were committed with the users, a bounded number at a time. A row stays until the commit of its
//! user moves it, so a crash or a refusal loses nothing: it is found again. The timer never waits for
//! a user; the answer comes back as a message.

use std::collections::VecDeque;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use domain::ids::{Scope, UserId};
use domain::time::Timestamp;
use domain::user::Rejection;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, ActorRuntime};
use storage::{Health, ShardId};
use tokio::sync::{Semaphore, oneshot};

use crate::catalog::Catalogs;
use crate::error::Error;
use crate::router::Router;
use crate::rows::{self, UnreadTimers};
use crate::schedule::{Firing, Source};
use crate::user::UserContext;
use crate::user_key::UserKey;

/// Due timers of a shard that are read at a time: few enough to be read where they are needed.
const WINDOW_MAX: usize = 64;

/// Users of a shard who are settled at once, if they are due at the same instant.
const FIRING_MAX: usize = 8;

/// The timers of all shards.
pub(crate) struct Timers {
    tools: Arc<Tools>,
    actors: Vec<ArcSwapOption<ActorRef<TimerMessage>>>,
}

/// What timers work with.
struct Tools {
    scope: Scope,
    context: Arc<UserContext>,
    router: Arc<Router>,
    catalogs: Arc<Catalogs>,
    /// Bounds how many users are settled at once over all shards; never closed.
    turns: Semaphore,
}

/// What a timer is told.
pub(crate) enum TimerMessage {
    /// Something may be due.
    Wake,
    /// As [`TimerMessage::Wake`]; answers when nothing that is due is left, or why some is.
    FireDue(oneshot::Sender<Result<(), Error>>),
    /// A user who was being settled is, or isn't.
    Fired { user: UserId, answer: Result<(), Error> },
}

impl Timers {
    pub(crate) fn new(
        scope: Scope,
        context: Arc<UserContext>,
        router: Arc<Router>,
        catalogs: Arc<Catalogs>,
        in_flight_max: usize,
    ) -> Self {
        let turns = Semaphore::new(in_flight_max);
        let actors = context.plans.shards().map(|_| ArcSwapOption::empty()).collect();
        Self { tools: Arc::new(Tools { scope, context, router, catalogs, turns }), actors }
    }

    /// Starts every timer as a child of `supervisor`; they sleep until they are woken.
    pub(crate) fn start_actors(&self, supervisor: &ActorCell) -> Result<(), ActorProcessingErr> {
        let mut shards = self.tools.context.plans.shards();
        shards.try_for_each(|shard| self.start_actor(shard, supervisor))
    }

    /// Starts the successor of a timer that failed, if `dead` was one; what is due is read anew.
    pub(crate) fn replace_actor(
        &self,
        dead: &ActorCell,
        supervisor: &ActorCell,
    ) -> Result<(), ActorProcessingErr> {
        let plans = &self.tools.context.plans;
        let place = self.actors.iter().position(|actor| {
            actor.load().as_ref().is_some_and(|actor| actor.get_id() == dead.get_id())
        });
        let Some(shard) = place.and_then(|place| plans.shards().nth(place)) else { return Ok(()) };
        self.start_actor(shard, supervisor)?;
        plans.announce(shard, Timestamp::MIN);
        plans.rest(shard);
        Ok(())
    }

    fn start_actor(
        &self,
        shard: ShardId,
        supervisor: &ActorCell,
    ) -> Result<(), ActorProcessingErr> {
        let arguments = (shard, Arc::clone(&self.tools));
        let (actor, _) = ActorRuntime::spawn_instant(None, TimerActor, arguments)?;
        actor.get_cell().link(supervisor.clone());
        self.actors[shard.index()].store(Some(Arc::new(actor)));
        Ok(())
    }

    /// Wakes the timers that have something to do, unless storage takes no writes until it is opened
    /// again.
    pub(crate) fn wake_due(&self) {
        match self.tools.context.store.health() {
            Health::Ready => {}
            Health::Failed { .. } => return,
        }
        for shard in self.busy_shards() {
            // One that has just failed is woken when its successor is there.
            let _ = self.send(shard, TimerMessage::Wake);
        }
    }

    fn busy_shards(&self) -> impl Iterator<Item = ShardId> {
        let UserContext { plans, clock, .. } = self.tools.context.as_ref();
        let now = clock.now();
        plans.shards().filter(move |shard| plans.is_busy(*shard, now))
    }

    fn send(&self, shard: ShardId, message: TimerMessage) -> Result<(), Error> {
        let actor = self.actors[shard.index()].load();
        let actor = actor.as_ref().ok_or(Error::Internal)?;
        actor.send_message(message).map_err(|_| Error::Internal)
    }

    /// Returns when nothing is due any more, or why something still is.
    pub(crate) async fn fire_due(&self) -> Result<(), Error> {
        let mut answers = Vec::new();
        for shard in self.busy_shards() {
            let (reply, answer) = oneshot::channel();
            self.send(shard, TimerMessage::FireDue(reply))?;
            answers.push(answer);
        }
        let mut result = Ok(());
        for answer in answers {
            result = result.and(answer.await.unwrap_or(Err(Error::Internal)));
        }
        result
    }
}

impl Source for Timers {
    fn next_due(&self) -> Option<Timestamp> {
        let plans = &self.tools.context.plans;
        plans.shards().filter_map(|shard| plans.earliest(shard)).min()
    }

    fn fire_due(&self) -> Firing<'_> {
        Box::pin(self.fire_due())
    }
}

/// The actor; everything it knows is in [`Timer`].
struct TimerActor;

/// One shard's timer.
struct Timer {
    shard: ShardId,
    tools: Arc<Tools>,
    unread: UnreadTimers,
    /// Who is due, as read, the earliest first.
    window: VecDeque<(Timestamp, UserId)>,
    /// Who is being settled; all of them are due at one instant.
    firing: Vec<(Timestamp, UserId)>,
    /// Why somebody has to be tried again.
    refused: Option<Error>,
    /// Who wants to know when nothing is due any more.
    waiters: Vec<oneshot::Sender<Result<(), Error>>>,
}

impl Actor for TimerActor {
    type Msg = TimerMessage;
    type State = Timer;
    type Arguments = (ShardId, Arc<Tools>);

    async fn pre_start(
        &self,
        _myself: ActorRef<TimerMessage>,
        (shard, tools): Self::Arguments,
    ) -> Result<Timer, ActorProcessingErr> {
        Ok(Timer {
            shard,
            tools,
            unread: UnreadTimers { from: Timestamp::MIN, after: None },
            window: VecDeque::new(),
            firing: Vec::new(),
            refused: None,
            waiters: Vec::new(),
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<TimerMessage>,
        message: TimerMessage,
        timer: &mut Timer,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            TimerMessage::Wake => {}
            TimerMessage::FireDue(waiter) => timer.waiters.push(waiter),
            TimerMessage::Fired { user, answer } => timer.note(&user, answer),
        }
        timer.go_on(&myself);
        Ok(())
    }
}

impl Timer {
    /// Takes note of how settling a user ended.
    fn note(&mut self, user: &UserId, answer: Result<(), Error>) {
        let Some(place) = self.firing.iter().position(|(_, own)| own == user) else { return };
        let (due, user) = self.firing.swap_remove(place);
        match answer {
            // Who is unknown was erased after they were read here, and their row with them.
            Ok(()) | Err(Error::Rejected(Rejection::UserNotFound)) => {}
            Err(error @ (Error::Overloaded | Error::Unavailable { .. })) => {
                self.put_back(due);
                self.refused = Some(error);
            }
            Err(error @ (Error::Rejected(_) | Error::Internal)) => {
                // Trying again at once would fail again, and nobody else should have to wait for
                // that: the row stays, and the user's next request or the next start comes back.
                tracing::error!(user.id = %user, %due, %error, "a user who is due was not settled");
            }
        }
    }

    /// Fires the next users who are due, as many as may be under way, or ends the work.
    fn go_on(&mut self, myself: &ActorRef<TimerMessage>) {
        if self.firing.is_empty()
            && self.refused.is_none()
            && self.window.is_empty()
            && self.may_read()
        {
            self.refused = self.read().err();
        }
        while let Some((due, user)) = self.next_to_fire() {
            self.tell_late(due);
            let key = UserKey { scope: self.tools.scope, user: user.clone() };
            tokio::spawn(settle(Arc::clone(&self.tools), key, myself.clone()));
            self.firing.push((due, user));
        }
        self.tools.context.plans.set_waiting(self.shard, self.window.len());
        if self.firing.is_empty() {
            self.conclude();
        }
    }

    /// The next user in due order, unless an earlier instant has to be over before, or enough are
    /// under way.
    fn next_to_fire(&mut self) -> Option<(Timestamp, UserId)> {
        let (due, _) = self.window.front()?;
        let at_one_instant = self.firing.first().is_none_or(|(under_way, _)| under_way == due);
        let may = at_one_instant && self.firing.len() < self.firing_max();
        may.then(|| self.window.pop_front()).flatten()
    }

    /// How many users may be under way. What webhooks are told is numbered by its commit, shard by
    /// shard, so while anyone is told, the same history has to bring the same commits.
    fn firing_max(&self) -> usize {
        let catalog = self.tools.catalogs.current(self.tools.scope);
        let told = catalog.live_webhooks().any(|webhook| webhook.active);
        if told { 1 } else { FIRING_MAX }
    }

    /// Whether somebody may be due who was not read yet.
    fn may_read(&self) -> bool {
        let UserContext { plans, clock, .. } = self.tools.context.as_ref();
        let earliest = plans.earliest(self.shard);
        self.unread.after.is_some() || earliest.is_some_and(|earliest| earliest <= clock.now())
    }

    /// Reads who is due.
    fn read(&mut self) -> Result<(), Error> {
        let UserContext { plans, clock, store, .. } = self.tools.context.as_ref();
        let now = clock.now();
        let announced = plans.take(self.shard);
        if announced <= self.unread.from {
            self.unread = UnreadTimers { from: announced, after: None };
        }
        let unread = self.unread.clone();
        let read = rows::due_timers(store, self.tools.scope, self.shard, unread, now, WINDOW_MAX);
        match read {
            Ok(read) => {
                if let Some(due) = read.next {
                    plans.announce(self.shard, due);
                }
                self.unread = read.unread;
                self.window = read.due.into();
                Ok(())
            }
            Err(error) => {
                plans.announce(self.shard, self.unread.from);
                Err(error.into())
            }
        }
    }

    /// Notes how long after its instant something happens.
    fn tell_late(&self, due: Timestamp) {
        let UserContext { clock, counters, .. } = self.tools.context.as_ref();
        counters.timers_fired.add_one();
        let late_ms = clock.now().as_millis().saturating_sub(due.as_millis());
        counters.timer_lateness_ms.set(u64::try_from(late_ms).unwrap_or(0));
    }

    /// Forgets what was read, so that everything from `due` on is read again.
    fn put_back(&mut self, due: Timestamp) {
        self.window.clear();
        self.tools.context.plans.announce(self.shard, due);
    }

    /// Ends the work for now, and tells everyone who waits.
    fn conclude(&mut self) {
        self.tools.context.plans.rest(self.shard);
        let result = self.refused.take().map_or(Ok(()), Err);
        for waiter in self.waiters.drain(..) {
            // Who asked may have stopped waiting.
            let _ = waiter.send(result.clone());
        }
    }
}

/// Settles a user when it is their turn among those of all shards, and tells the timer.
async fn settle(tools: Arc<Tools>, key: UserKey, timer: ActorRef<TimerMessage>) {
    let Tools { router, catalogs, turns, .. } = tools.as_ref();
    let _turn = turns.acquire().await;
    let answer = router.settle(&key, catalogs.current(key.scope)).await;
    // A timer that has ended has a successor, which reads the row again.
    let _ = timer.send_message(TimerMessage::Fired { user: key.user, answer });
}
