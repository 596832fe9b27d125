//! The walk over all users after a change of configuration that concerns them. (C-ACH-16, C-ACH-17)
//!
//! A change counts up the catalog's `review`; the walk then has every user settled, which judges
//! them by it. Nothing depends on when it gets to somebody: a request that comes first settles the
//! same. So the walk may be slow, stop with the server and go on where it was, or begin anew when
//! another change comes. It never waits for an activation: answers come as messages.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use domain::ids::{Scope, UserId};
use domain::time::Timestamp;
use parking_lot::Mutex;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, ActorRuntime};
use storage::Store;
use storage::records::{FinishedReview, Reviews, RunningReview};
use tokio::sync::watch;

use crate::catalog::Catalogs;
use crate::clock::{self, Clock};
use crate::counters::Counters;
use crate::error::Error;
use crate::projection::Projections;
use crate::router::Router;
use crate::rows;
use crate::schedule::{Firing, Source};
use crate::user_key::UserKey;

/// Users read at once, and between two notes of how far the walk got.
const CHUNK: usize = 256;

/// How many finished walks are remembered.
const FINISHED_MAX: usize = 100;

/// How long the walk leaves a busy engine alone.
const REST_BUSY: Duration = Duration::from_millis(20);

/// How long it leaves a failing one alone.
const REST_FAILING: Duration = Duration::from_secs(1);

/// How far the walks got, and who to tell that there is something to do.
pub(crate) struct ReviewBoard {
    standing: watch::Sender<Standing>,
    actor: ArcSwapOption<ActorRef<Message>>,
}

/// What is known of the walks.
#[derive(Clone, Debug)]
struct Standing {
    reviews: Reviews,
    /// Why the walk can't go on, if it can't.
    obstacle: Option<Error>,
}

impl ReviewBoard {
    pub(crate) fn new(reviews: Reviews) -> Self {
        let (standing, _) = watch::channel(Standing { reviews, obstacle: None });
        Self { standing, actor: ArcSwapOption::empty() }
    }

    /// Tells that the catalog may ask for a walk.
    pub(crate) fn wake(&self) {
        if let Some(actor) = self.actor.load().as_ref() {
            // One that has failed is started again, and then looks by itself.
            let _ = actor.send_message(Message::Look);
        }
    }

    /// How far the walks got.
    pub(crate) fn reviews(&self) -> Reviews {
        self.standing.borrow().reviews.clone()
    }

    /// Waits until everybody was judged up to `review`.
    ///
    /// # Errors
    /// Why the walk can't go on; it tries again by itself.
    pub(crate) async fn reached(&self, review: u64) -> Result<(), Error> {
        let is_over =
            |standing: &Standing| done(&standing.reviews) >= review || standing.obstacle.is_some();
        let mut standing = self.standing.subscribe();
        let standing = standing.wait_for(is_over).await.map_err(|_| Error::stopping())?;
        match &standing.obstacle {
            Some(obstacle) if done(&standing.reviews) < review => Err(obstacle.clone()),
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) fn stop(&self) {
        self.stumble(&Error::stopping());
    }

    fn stumble(&self, error: &Error) {
        self.standing.send_modify(|standing| standing.obstacle = Some(error.clone()));
    }

    fn publish(&self, reviews: Reviews) {
        self.standing.send_replace(Standing { reviews, obstacle: None });
    }
}

/// The number up to which everybody was judged.
pub(crate) fn done(reviews: &Reviews) -> u64 {
    reviews.finished.last().map_or(0, |finished| finished.review)
}

/// What the walk needs.
pub(crate) struct WalkContext {
    pub(crate) scope: Scope,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) router: Arc<Router>,
    pub(crate) catalogs: Arc<Catalogs>,
    pub(crate) projections: Arc<Projections>,
    pub(crate) board: Arc<ReviewBoard>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) in_flight_max: usize,
    pub(crate) spawning: Mutex<()>,
}

impl WalkContext {
    /// Starts the walker, or its successor, as a child of `supervisor`.
    pub(crate) fn start_actor(
        self: &Arc<Self>,
        supervisor: ActorCell,
    ) -> Result<(), ActorProcessingErr> {
        let _one_at_a_time = self.spawning.lock();
        let (actor, _) = ActorRuntime::spawn_instant(None, Walker, Arc::clone(self))?;
        actor.get_cell().link(supervisor);
        self.board.actor.store(Some(Arc::new(actor)));
        self.board.wake();
        Ok(())
    }

    /// Whether `cell` is the current walker.
    pub(crate) fn is_actor(&self, cell: &ActorCell) -> bool {
        self.board.actor.load().as_ref().is_some_and(|actor| actor.get_id() == cell.get_id())
    }
}

/// Virtual time stands still until everybody was judged by what changed.
impl Source for WalkContext {
    fn next_due(&self) -> Option<Timestamp> {
        // Changes are made by requests, never by time.
        None
    }

    fn fire_due(&self) -> Firing<'_> {
        let wanted = self.catalogs.current(self.scope).review;
        Box::pin(self.board.reached(wanted))
    }
}

/// What the walker is told.
pub(crate) enum Message {
    /// There may be something to do.
    Look,
    /// A user was settled or not.
    Answered(UserId, Result<(), Error>),
    /// The rest is over.
    Rested,
}

/// The actor; everything it knows is in [`Walk`].
pub(crate) struct Walker;

/// The walk as far as it got; what was answered to up to the last note is in the board.
pub(crate) struct Walk {
    context: Arc<WalkContext>,
    /// The number of the walk that `pending` belongs to.
    review: u64,
    /// Users of the chunk that are yet to be settled.
    pending: VecDeque<UserId>,
    /// The last user and the size of the chunk at hand.
    chunk: Option<(UserId, usize)>,
    /// Bounded by the setting.
    in_flight: usize,
    resting: bool,
}

impl Actor for Walker {
    type Msg = Message;
    type State = Walk;
    type Arguments = Arc<WalkContext>;

    async fn pre_start(
        &self,
        _myself: ActorRef<Message>,
        context: Arc<WalkContext>,
    ) -> Result<Walk, ActorProcessingErr> {
        let (pending, chunk) = (VecDeque::new(), None);
        Ok(Walk { context, review: 0, pending, chunk, in_flight: 0, resting: false })
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        walk: &mut Walk,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Look => {}
            Message::Rested => walk.resting = false,
            Message::Answered(user, answer) => {
                walk.in_flight -= 1;
                if let Err(error) = answer {
                    walk.take_back(&myself, user, &error);
                }
            }
        }
        if let Err(error) = walk.go_on(&myself).await {
            tracing::error!(%error, "the users could not be walked through; it is tried again");
            walk.context.board.stumble(&error);
            walk.rest(&myself, REST_FAILING);
        }
        Ok(())
    }
}

impl Walk {
    /// Does what can be done without waiting for an answer.
    async fn go_on(&mut self, myself: &ActorRef<Message>) -> Result<(), Error> {
        let context = Arc::clone(&self.context);
        let mut reviews = context.board.reviews();
        let wanted = context.catalogs.current(context.scope).review;
        if done(&reviews) >= wanted {
            return Ok(());
        }
        let mut running = match reviews.running.take() {
            Some(running) if running.review == wanted => running,
            Some(_) | None => RunningReview {
                review: wanted,
                began_at: context.clock.now(),
                after: None,
                checked: 0,
                users: context.projections.of(context.scope).users(),
            },
        };
        if self.review != wanted {
            (self.review, self.chunk) = (wanted, None);
            self.pending.clear();
            let reviews = Reviews { running: Some(running.clone()), ..reviews.clone() };
            context.board.publish(reviews);
        }
        loop {
            self.send(myself);
            if self.resting || self.in_flight > 0 || !self.pending.is_empty() {
                return Ok(());
            }
            if let Some((last, size)) = self.chunk.take() {
                running.after = Some(last);
                running.checked += u64::try_from(size).expect("a chunk is small");
                reviews.running = Some(running.clone());
                rows::commit_reviews(&context.store, context.scope, &reviews).await?;
                context.board.publish(reviews.clone());
            }
            let next =
                rows::users_after(&context.store, context.scope, running.after.clone(), CHUNK)
                    .await?;
            let Some(last) = next.last().cloned() else {
                return self.finish(reviews, running).await;
            };
            self.chunk = Some((last, next.len()));
            self.pending = next.into();
        }
    }

    async fn finish(&self, mut reviews: Reviews, walk: RunningReview) -> Result<(), Error> {
        let context = &self.context;
        let RunningReview { review, began_at, checked, .. } = walk;
        let finished_at = context.clock.now();
        reviews.running = None;
        reviews.finished.push(FinishedReview { review, began_at, finished_at, checked });
        let forgotten = reviews.finished.len().saturating_sub(FINISHED_MAX);
        reviews.finished.drain(..forgotten);
        rows::commit_reviews(&context.store, context.scope, &reviews).await?;
        tracing::info!(review, users = checked, "all users were judged by a change");
        context.board.publish(reviews);
        // Another change may have come meanwhile.
        context.board.wake();
        Ok(())
    }

    /// Has as many users settled at once as are allowed to.
    fn send(&mut self, myself: &ActorRef<Message>) {
        let context = Arc::clone(&self.context);
        while !self.resting && self.in_flight < context.in_flight_max {
            let Some(user) = self.pending.pop_front() else { return };
            self.in_flight += 1;
            let catalog = context.catalogs.current(context.scope);
            let key = UserKey { scope: context.scope, user };
            let (walker, router) = (myself.clone(), Arc::clone(&context.router));
            tokio::spawn(async move {
                let answer = router.settle(&key, catalog).await;
                // A walker that is gone has a successor, which begins with its chunk.
                let _ = walker.send_message(Message::Answered(key.user, answer));
            });
        }
    }

    /// What to do with a user who was not settled: nobody is skipped who could be settled later.
    fn take_back(&mut self, myself: &ActorRef<Message>, user: UserId, error: &Error) {
        match error {
            Error::Overloaded => {
                self.context.counters.reviews_retried.add_one();
                self.pending.push_back(user);
                self.rest(myself, REST_BUSY);
            }
            Error::Unavailable { .. } => {
                self.context.board.stumble(error);
                self.pending.push_back(user);
                self.rest(myself, REST_FAILING);
            }
            // Nobody lives there any more.
            Error::Rejected(_) => {}
            Error::Internal => {
                tracing::error!(user.id = %user, "a user could not be judged by a change");
            }
        }
    }

    fn rest(&mut self, myself: &ActorRef<Message>, duration: Duration) {
        if !std::mem::replace(&mut self.resting, true) {
            let walker = myself.clone();
            tokio::spawn(async move {
                clock::pause(duration).await;
                let _ = walker.send_message(Message::Rested);
            });
        }
    }
}
