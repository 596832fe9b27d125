//! One user in memory: load, decide, commit, publish.
//!
//! An activation holds the user's last state and handles one request at a time (C-GEN-20). Nothing
//! of a decision is visible before storage has answered that it is durable. When anything fails
//! after the decision, or the rules panic, the state in memory is thrown away: the next request
//! starts from what is durable. The activation never waits for another actor.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::catalog::{Catalog, Settings};
use domain::ids::AttributeId;
use domain::leaderboard::ScoreMove;
use domain::time::Timestamp;
use domain::user::{
    Command, HistoryScores, HistorySum, IdempotencyRecord, Input, MetricProgress, Outcome, Reply,
    SubmitEvent, UserState, apply, missing_scores, missing_sums,
};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use storage::{ShardId, Store};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::counters::Counters;
use crate::erasure;
use crate::error::Error;
use crate::leaderboard::{PendingRanks, RankedMove, Runs, Told};
use crate::on_demand::Commit;
use crate::permit::Permit;
use crate::plans::Plans;
use crate::projection::Projections;
use crate::rows;
use crate::user_key::UserKey;
use crate::webhooks::{Webhooks, recipients};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What activations share.
pub(crate) struct UserContext {
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) projections: Arc<Projections>,
    pub(crate) plans: Plans,
    pub(crate) webhooks: Arc<Webhooks>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) order: Order,
    pub(crate) runs: Arc<Runs>,
}

/// Numbers the requests of all users in the order in which they come in. Settling is none: what time
/// does comes out the same however often somebody looks. (C-LB-37)
pub(crate) struct Order(AtomicU64);

impl Order {
    /// Goes on after the greatest number that was ever stored.
    pub(crate) const fn after(latest: u64) -> Self {
        Self(AtomicU64::new(latest))
    }

    /// The number of a request that has come in.
    pub(crate) fn of(&self, command: &Command) -> u64 {
        if *command == Command::Settle {
            return self.0.load(Ordering::Relaxed);
        }
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// A request with its right to be in flight.
pub(crate) struct UserMessage {
    pub(crate) request: Request,
    pub(crate) permit: Permit,
}

/// A command's result.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The user afterwards.
    pub state: Arc<UserState>,
    /// The configuration it was judged by.
    pub catalog: Arc<Catalog>,
    /// The one instant of the command.
    pub now: Timestamp,
    /// What the command answers.
    pub reply: Reply,
    /// What an event did to ranks, in no order. (C-LB-76)
    pub ranks: Vec<RankedMove>,
}

/// A result whose ranks may still be on their way.
pub(crate) struct Answer {
    pub(crate) applied: Applied,
    pub(crate) ranks: Option<PendingRanks>,
}

/// What is asked of a user, and where the answer goes.
#[expect(clippy::large_enum_variant, reason = "a message is boxed as a whole, and few erase")]
pub(crate) enum Request {
    /// To run a command.
    Run {
        /// The configuration it is judged by.
        catalog: Arc<Catalog>,
        command: Command,
        /// Its number among those of all users.
        order: u64,
        reply: oneshot::Sender<Result<Answer, Error>>,
    },
    /// To erase the user; the answer is whether there was one.
    Erase { reply: oneshot::Sender<Result<bool, Error>> },
}

/// The actor; everything it knows is in [`Activation`].
pub(crate) struct UserActor;

/// A user in memory.
pub(crate) struct Activation {
    key: UserKey,
    context: Arc<UserContext>,
    known: Known,
}

/// What the activation knows of its user.
enum Known {
    /// Nothing: it has to be read.
    Nothing,
    /// The state of the last answer; none if the user doesn't exist.
    State(Option<Arc<UserState>>),
}

/// What a decision needs of the user's history.
#[derive(Default)]
struct Past {
    /// The sums that the state lacks, read once.
    sums: Vec<HistorySum>,
    /// Progress per attribute value of the event.
    by_attribute: BTreeMap<AttributeId, MetricProgress>,
    /// Scores of boards that were switched on since the user was last decided.
    scores: Option<HistoryScores>,
}

impl Actor for UserActor {
    type Msg = Box<UserMessage>;
    type State = Activation;
    type Arguments = (UserKey, Arc<UserContext>);

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        (key, context): Self::Arguments,
    ) -> Result<Activation, ActorProcessingErr> {
        // Reading the snapshot is left to the first request, which can be told when that fails.
        Ok(Activation { key, context, known: Known::Nothing })
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        activation: &mut Activation,
    ) -> Result<(), ActorProcessingErr> {
        let UserMessage { request, permit } = *message;
        // Boxed, because the actor would else keep room for a decision while it has none to make:
        // several KB for each active user. The permit ends before the answer, so that whoever gets it
        // finds the place free. Who asked may have hung up; what was committed stays committed.
        match request {
            Request::Run { catalog, command, order, reply } => {
                let answer = Box::pin(activation.run(catalog, command, order, permit)).await;
                let _ = reply.send(answer);
            }
            Request::Erase { reply } => {
                let answer = Box::pin(activation.erase()).await;
                drop(permit);
                let _ = reply.send(answer);
            }
        }
        Ok(())
    }
}

impl Activation {
    async fn run(
        &mut self,
        catalog: Arc<Catalog>,
        mut command: Command,
        order: u64,
        permit: Permit,
    ) -> Result<Answer, Error> {
        self.context.counters.commands.add_one();
        let before = self.load().await?;
        let now = instant_of(&command).unwrap_or_else(|| self.context.clock.now());
        if let Command::SubmitEvent(event) = &mut command {
            self.look_up_key(event, &catalog.settings, now)?;
        }
        let past = self.read_past(before.as_deref(), &catalog, &command).await?;
        let mut outcome =
            self.decide(before.as_deref(), &catalog, now, &past, (&command, order))?;
        let reply = outcome.reply.clone();
        let moves = self.commit(before.as_deref(), &mut outcome, &catalog, now).await?;
        let state = self.go_on_from(outcome.state);
        let wanted = matches!(reply, Reply::Event(_));
        let told = Told { user: &self.key.user, moves, wanted, permit: Some(permit) };
        let ranks = self.context.runs.tell(self.key.scope, told);
        Ok(Answer { applied: Applied { state, catalog, now, reply, ranks: Vec::new() }, ranks })
    }

    async fn load(&mut self) -> Result<Option<Arc<UserState>>, Error> {
        if let Known::State(state) = &self.known {
            return Ok(state.clone());
        }
        let state = rows::load_user(&self.context.store, &self.key)?.map(Arc::new);
        if state.is_none() {
            // Whoever has this id next must not meet rows of who had it before.
            erasure::finish(&self.context, &self.key).await?;
        }
        self.known = Known::State(state.clone());
        Ok(state)
    }

    /// Erases the user; whether there was one. From the first commit on they are unknown, and no
    /// failure brings them back: whoever needs this id next finishes what was begun. (C-USER-28)
    async fn erase(&mut self) -> Result<bool, Error> {
        let Some(state) = self.load().await? else { return Ok(false) };
        self.known = Known::Nothing;
        erasure::begin(&self.context, &self.key, &state).await?;
        erasure::finish(&self.context, &self.key).await?;
        self.known = Known::State(None);
        Ok(true)
    }

    /// Finds out whether the event's key was used before and is still remembered.
    /// (C-IDEM-01, C-IDEM-02, C-IDEM-05)
    fn look_up_key(
        &self,
        event: &mut SubmitEvent,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(key) = &event.idempotency_key else { return Ok(()) };
        let used = rows::find_idempotency(&self.context.store, &self.key, event.metric, key)?;
        event.replay_of =
            used.filter(|used| is_remembered(used, settings, now)).map(|used| used.event);
        Ok(())
    }

    /// Reads what the decision needs and the state lacks.
    async fn read_past(
        &self,
        state: Option<&UserState>,
        catalog: &Catalog,
        command: &Command,
    ) -> Result<Past, Error> {
        let Some(state) = state else { return Ok(Past::default()) };
        let store = &self.context.store;
        let mut by_attribute = BTreeMap::new();
        if let Command::SubmitEvent(event) = command
            && event.replay_of.is_none()
        {
            by_attribute = rows::load_progress(store, &self.key, event.metric, &event.attributes)?;
        }
        let missing = missing_sums(state, catalog, command);
        let sums = if missing.is_empty() {
            Vec::new()
        } else {
            rows::sum_events(store, &self.key, missing).await?
        };
        let scores = match missing_scores(state, catalog) {
            Some(missing) => Some(rows::count_scores(store, &self.key, missing).await?),
            None => None,
        };
        Ok(Past { sums, by_attribute, scores })
    }

    fn decide(
        &mut self,
        state: Option<&UserState>,
        catalog: &Catalog,
        now: Timestamp,
        past: &Past,
        (command, order): (&Command, u64),
    ) -> Result<Outcome, Error> {
        let input = Input {
            scope: self.key.scope,
            user: &self.key.user,
            catalog,
            now,
            sums: &past.sums,
            by_attribute: &past.by_attribute,
            scores: past.scores.as_ref(),
            order,
        };
        // The rules only read what they are given, so nothing is left half done by a panic.
        match catch_unwind(AssertUnwindSafe(|| apply(state, input, command))) {
            Ok(decided) => Ok(decided?),
            Err(_) => {
                tracing::error!(user.id = %self.key.user, "the rules panicked; the user is built anew");
                self.rebuild();
                Err(Error::Internal)
            }
        }
    }

    /// Makes an outcome durable if it has to be; which scores it moved.
    async fn commit(
        &mut self,
        before: Option<&UserState>,
        outcome: &mut Outcome,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<Vec<ScoreMove>, Error> {
        if !outcome.must_commit {
            return Ok(Vec::new());
        }
        let context = Arc::clone(&self.context);
        let outbox = context.webhooks.collect(&self.key, outcome, catalog, now).await?;
        let recording = context.projections.recording().await;
        let planned = before.and_then(|before| before.next_due);
        let commit = rows::commit_user(&context.store, &self.key, planned, outcome, &outbox);
        if let Err(error) = commit.await {
            tracing::error!(user.id = %self.key.user, %error, "a commit failed; the user is built anew");
            self.rebuild();
            return Err(error.into());
        }
        self.context.counters.commits.add_one();
        recording.record(&Commit { scope: self.key.scope, before, outcome });
        if !outbox.is_empty() {
            context.webhooks.hint(recipients(&outbox));
        }
        if let Some(due) = outcome.state.next_due.filter(|due| planned != Some(*due)) {
            self.announce(due);
        }
        Ok(std::mem::take(&mut outcome.scores))
    }

    /// Takes the state that is durable now as the one to go on from.
    fn go_on_from(&mut self, state: UserState) -> Arc<UserState> {
        self.context.projections.record_streaks(self.key.scope, &state);
        let state = Arc::new(state);
        self.known = Known::State(Some(Arc::clone(&state)));
        state
    }

    /// Has the shard's timer know of an instant that is now durable.
    fn announce(&self, due: Timestamp) {
        let UserKey { scope, user } = &self.key;
        let shard = ShardId::of_user(*scope, user, self.context.store.shards());
        self.context.plans.announce(shard, due);
    }

    fn rebuild(&mut self) {
        self.known = Known::Nothing;
        self.context.counters.rebuilt.add_one();
    }
}

/// The instant of a command that is not simply now: when an event was accepted that had to wait.
/// (C-BATCH-04)
fn instant_of(command: &Command) -> Option<Timestamp> {
    match command {
        Command::SubmitEvent(event) => event.queued.map(|queued| queued.at),
        Command::Settle
        | Command::Identify { .. }
        | Command::CompleteAchievement { .. }
        | Command::GrantFreezes { .. }
        | Command::CreatePause { .. }
        | Command::DeletePause { .. }
        | Command::RestoreStreak { .. }
        | Command::ResetStreak
        | Command::UpdatePreferences(_) => None,
    }
}

/// Whether a key used at an instant still counts as used. (C-IDEM-04, C-IDEM-05)
fn is_remembered(used: &IdempotencyRecord, settings: &Settings, now: Timestamp) -> bool {
    settings
        .idempotency_retention_days
        .is_none_or(|days| now <= used.at.plus_millis(i64::from(days) * DAY_MS))
}
