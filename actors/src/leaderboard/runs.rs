//! Finds the actor of a run, or starts it.
//!
//! A run is in memory from the first move or read on, open ones from the start of the engine; it is
//! let go when it is settled, or when its board is switched off. A run that fails is forgotten, and
//! whoever needs it next has it built from rows.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use domain::catalog::Phase;
use domain::ids::{LeaderboardId, Scope, UserId};
use domain::leaderboard::ScoreMove;
use domain::time::{Date, Timestamp};
use parking_lot::Mutex;
use ractor::{ActorCell, ActorRef, ActorRuntime};
use storage::Store;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Semaphore, oneshot};

use super::ranks::{Moved, PendingRanks, RankedMove, Told};
use super::run::{Days, LeaderboardRunActor, RunMessage, Tools};
use super::streams::{Follower, Streams};
use super::watchers::NewReader;
use super::{Page, RunKey};
use crate::board::{Board, Row};
use crate::catalog::Catalogs;
use crate::clock::Clock;
use crate::error::Error;
use crate::rows;
use crate::user_key::UserKey;
use crate::webhooks::Notes;

/// Runs that write their days at a time.
const WRITING_MAX: usize = 2;

/// The runs in memory.
pub(crate) struct Runs {
    tools: Arc<Tools>,
    actors: Mutex<HashMap<RunKey, ActorRef<RunMessage>>>,
    /// Runs of boards that were switched off write down their day.
    closing: Mutex<Vec<oneshot::Receiver<Result<(), Error>>>>,
    supervisor: OnceLock<ActorCell>,
    pub(crate) streams: Arc<Streams>,
    /// A ranking is made final, or somebody taken out of rankings, one at a time: else one who is
    /// erased could be in a ranking that was read before, or in days that were.
    changing_final: tokio::sync::Mutex<()>,
}

impl Runs {
    pub(crate) fn new(
        store: Store,
        catalogs: Arc<Catalogs>,
        notes: Arc<Notes>,
        clock: Clock,
        decided_at: Timestamp,
        participants_max: u32,
        streams: Streams,
    ) -> Self {
        let (dues, writing) = (Mutex::default(), Semaphore::new(WRITING_MAX));
        let tools =
            Tools { store, catalogs, notes, participants_max, clock, decided_at, dues, writing };
        let (actors, closing) = (Mutex::default(), Mutex::default());
        let streams = Arc::new(streams);
        Self {
            tools: Arc::new(tools),
            actors,
            closing,
            supervisor: OnceLock::new(),
            streams,
            changing_final: tokio::sync::Mutex::default(),
        }
    }

    /// Links every run from now on to `supervisor`.
    pub(crate) fn supervised_by(&self, supervisor: ActorCell) {
        // A second call would mean a second tree; the first one stays.
        let _ = self.supervisor.set(supervisor);
    }

    /// Has every open run built, without waiting for it.
    pub(crate) fn build_open(&self, scope: Scope, now: Timestamp) {
        let catalog = self.tools.catalogs.current(scope);
        for board in catalog.live_leaderboards().filter(|board| board.phase == Phase::On) {
            for run in board.runs.open_at(now) {
                // What can't be built now is built when it is needed.
                let _ = self.send(RunKey::new(scope, board.id, run), RunMessage::Build);
            }
        }
    }

    /// Lets go of the runs of boards that don't rank any more, and has the others take up what changed.
    pub(crate) fn keep_ranking(&self, scope: Scope) {
        let catalog = self.tools.catalogs.current(scope);
        let ranks = |key: &RunKey| {
            let board = catalog.find_leaderboard(key.leaderboard);
            key.scope != scope || board.is_some_and(|board| board.phase != Phase::Off)
        };
        let mut closing = self.closing.lock();
        closing.retain_mut(|written| written.try_recv() == Err(TryRecvError::Empty));
        self.actors.lock().retain(|key, actor| {
            let kept = ranks(key);
            let message = if kept {
                RunMessage::Build
            } else {
                let (waiter, written) = oneshot::channel();
                closing.push(written);
                RunMessage::Close(waiter)
            };
            // One that has just failed has nothing to write, and is built by today's configuration.
            let _ = actor.send_message(message);
            kept
        });
    }

    /// Tells the runs of durable moves. Ranks that are wanted are collected; nobody has to wait for
    /// them.
    pub(crate) fn tell(&self, scope: Scope, told: Told<'_>) -> Option<PendingRanks> {
        let (each, pending) = Moved::all(told);
        for moved in each {
            let ScoreMove { leaderboard, run, .. } = *moved.change();
            // A run that can't be told isn't there; the next one reads the row.
            let _ = self.send(RunKey { scope, leaderboard, run }, RunMessage::Move(moved));
        }
        pending
    }

    /// Takes a user who was ended out of these runs, as far as they are in memory; the others are
    /// built from rows without that user.
    pub(crate) fn forget_user(
        &self,
        scope: Scope,
        user: &UserId,
        runs: impl IntoIterator<Item = (LeaderboardId, Date)>,
    ) {
        for (leaderboard, run) in runs {
            let known = self.actors.lock().get(&RunKey { scope, leaderboard, run }).cloned();
            if let Some(actor) = known {
                // One that has ended is built anew.
                let _ = actor.send_message(RunMessage::Forget(user.clone()));
            }
        }
    }

    /// Removes what is left in any run of a user who was ended: in runs that are final their ranks
    /// become vacant. (C-LB-84)
    ///
    /// # Errors
    /// If storage fails.
    pub(crate) async fn erase(&self, key: &UserKey) -> Result<(), Error> {
        let _one_at_a_time = self.changing_final().await;
        let store = &self.tools.store;
        let runs = rows::erase_scores(store, key.clone()).await?;
        self.forget_user(key.scope, &key.user, runs);
        for (leaderboard, run) in rows::runs_with_days(store, key.clone()).await? {
            let run = RunKey { scope: key.scope, leaderboard, run };
            // What it counted of the user comes before what is removed.
            if self.actors.lock().contains_key(&run) {
                self.write(run).await?;
            }
            rows::erase_rank_days(store, run, key.user.clone()).await?;
        }
        Ok(())
    }

    /// To be held while rankings and scores have to agree: nothing becomes final meanwhile, and nobody
    /// is taken out.
    pub(crate) async fn changing_final(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.changing_final.lock().await
    }

    /// Makes the ranking of a run final, as of `at`.
    ///
    /// # Errors
    /// If storage fails.
    pub(super) async fn settle(&self, key: RunKey, at: Timestamp) -> Result<(), Error> {
        let _one_at_a_time = self.changing_final().await;
        // The last of the run's days ends with the ranking that becomes final.
        self.write(key).await?;
        let seats = self.tools.seats(&key).unwrap_or(0);
        rows::settle_run(&self.tools.store, key, seats, at).await?;
        self.close(&key);
        Ok(())
    }

    /// The ranks of an event. A run that failed before it answered is asked once more: its successor
    /// knows the row, and a move that it is told again changes nothing.
    pub(crate) async fn ranks(
        &self,
        scope: Scope,
        user: &UserId,
        pending: PendingRanks,
    ) -> Vec<RankedMove> {
        let (mut ranked, unanswered) = pending.wait().await;
        let again = Told { user, moves: unanswered, wanted: true, permit: None };
        if let Some(again) = self.tell(scope, again) {
            let (more, lost) = again.wait().await;
            ranked.extend(more);
            for change in lost {
                tracing::error!(leaderboard.id = %change.leaderboard, "an event is answered without a rank");
            }
        }
        ranked
    }

    /// Asks a run, after everything it was told before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if its rows can't be read.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        key: RunKey,
        question: impl FnOnce(&Board) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let read = Box::new(move |board: Result<&Board, Error>| {
            // Who asked may have hung up.
            let _ = reply.send(board.map(question));
        });
        self.send(key, RunMessage::Read(read))?;
        answer.await.unwrap_or(Err(Error::Internal))
    }

    /// Puts a reader on a run, after everything it was told before, and answers with the page.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub(crate) async fn watch(
        &self,
        key: RunKey,
        page: Page,
        follower: &mut Follower,
    ) -> Result<Arc<[Row]>, Error> {
        let (reply, answer) = oneshot::channel();
        let reader = NewReader { page, place: Arc::clone(&follower.place), reply };
        self.send(key, RunMessage::Watch(Box::new(reader)))?;
        let watching = answer.await.unwrap_or(Err(Error::Internal))?;
        follower.put_on(watching.pages);
        Ok(watching.rows)
    }

    /// When a run has days to write next.
    pub(super) fn next_page(&self) -> Option<Timestamp> {
        self.tools.dues.lock().values().min().copied()
    }

    /// Has every run write the days that are due; returns when none are on their way, and runs have
    /// met what they were told.
    pub(super) async fn write_due(&self) -> Result<(), Error> {
        let mut keys: HashSet<RunKey> = self.actors.lock().keys().copied().collect();
        // A run that failed is built anew, and writes what it finds different.
        keys.extend(self.tools.dues.lock().keys());
        let closing = std::mem::take(&mut *self.closing.lock());
        for written in closing {
            // One that failed has nothing to write.
            let _ = written.await;
        }
        self.write_days(keys, Days::Due).await
    }

    /// Has every run write everything that it counted.
    pub(crate) async fn write_all(&self) -> Result<(), Error> {
        let keys: Vec<RunKey> = self.actors.lock().keys().copied().collect();
        self.write_days(keys, Days::All).await
    }

    /// Has a run write everything that it counted.
    pub(super) async fn write(&self, key: RunKey) -> Result<(), Error> {
        self.write_days([key], Days::All).await
    }

    /// Returns when the rows of a run's past days are durable.
    pub(crate) async fn written(&self, key: RunKey) -> Result<(), Error> {
        self.write_days([key], Days::Over).await
    }

    async fn write_days(
        &self,
        keys: impl IntoIterator<Item = RunKey>,
        days: Days,
    ) -> Result<(), Error> {
        let mut answers = Vec::new();
        for key in keys {
            let (waiter, answer) = oneshot::channel();
            self.send(key, RunMessage::Days(days, waiter))?;
            answers.push(answer);
        }
        let mut result = Ok(());
        for answer in answers {
            result = result.and(answer.await.unwrap_or(Err(Error::Internal)));
        }
        result
    }

    /// Lets go of a run.
    fn close(&self, key: &RunKey) {
        if let Some(actor) = self.actors.lock().remove(key) {
            actor.stop(None);
        }
    }

    /// Forgets a run that failed, if `dead` was one.
    pub(crate) fn forget(&self, dead: &ActorCell) {
        self.actors.lock().retain(|_, actor| actor.get_id() != dead.get_id());
    }

    fn send(&self, key: RunKey, mut message: RunMessage) -> Result<(), Error> {
        // The second round is for a run that had ended: its successor is fresh.
        for _ in 0..2 {
            let actor = self.find_or_start(key)?;
            match actor.send_message(message) {
                Ok(()) => return Ok(()),
                Err(ractor::MessagingErr::SendErr(returned)) => message = returned,
                Err(
                    ractor::MessagingErr::ChannelClosed | ractor::MessagingErr::InvalidActorType,
                ) => return Err(Error::Internal),
            }
            self.forget(&actor.get_cell());
        }
        Err(Error::Internal)
    }

    fn find_or_start(&self, key: RunKey) -> Result<ActorRef<RunMessage>, Error> {
        let mut actors = self.actors.lock();
        if let Some(actor) = actors.get(&key) {
            return Ok(actor.clone());
        }
        let arguments = (key, Arc::clone(&self.tools));
        let (actor, _) = ActorRuntime::spawn_instant(None, LeaderboardRunActor, arguments)
            .map_err(|error| {
                tracing::error!(%error, "a run could not be started");
                Error::Internal
            })?;
        if let Some(supervisor) = self.supervisor.get() {
            actor.get_cell().link(supervisor.clone());
        }
        actors.insert(key, actor.clone());
        Ok(actor)
    }
}
