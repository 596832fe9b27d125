//! Projections that are only built when someone asks: there is one per question, and questions have
//! parameters (the balances of users with certain attributes), so not all can be kept all the time.
//!
//! The first who asks starts a scan of stored rows; from then on commits keep the projection
//! current, until others were asked for more recently. Nothing is stored of it. A new kind is an
//! implementation of [`Projection`] and an [`OnDemand`] of it among the
//! [`Projections`](crate::projection::Projections), which hand it every commit.
//!
//! It is exact although users commit while it is being built:
//!
//! 1. It is known to commits before the scan starts. What they say of a user is remembered, because
//!    the scan may be past that user.
//! 2. After the scan, commits that were on their way are waited for: the scan may have seen their
//!    rows, so they must be among what is remembered, not come after it. New commits wait for the
//!    same ones meanwhile, for about one fdatasync.
//! 3. What was remembered is laid over what the scan found, and all of it added up. What commits
//!    say meanwhile is kept in order and comes last.

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::ids::{Scope, UserId};
use domain::user::{Outcome, UserState};
use parking_lot::{Mutex, RwLock};
use storage::Store;
use tokio::sync::{OwnedSemaphorePermit, RwLockReadGuard, Semaphore, watch};

use crate::error::Error;
use crate::rows;

/// How many scans of all users run at a time; each keeps a blocking thread busy.
const SCANS_MAX: usize = 2;

/// How many users the projections of one kind and scope remember one by one, all together.
const REMEMBERED_MAX: usize = 4_000_000;

/// A committed outcome of one user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Commit<'a> {
    pub(crate) scope: Scope,
    /// The user before; none if they are new.
    pub(crate) before: Option<&'a UserState>,
    /// The user afterwards, and the rows of history that were written with them.
    pub(crate) outcome: &'a Outcome,
}

/// Something that is added up over users.
pub(crate) trait Projection: Sized + Send + 'static {
    /// What is asked: which users count, and what of them.
    type Question: Clone + Eq + fmt::Debug + Send + Sync + 'static;

    /// What a commit says of one user. It must say where the user stands afterwards, and as much of
    /// before as [`Projection::apply`] needs.
    type Step: Send + 'static;

    /// What the scan finds.
    type Found: Send + 'static;

    /// How many questions of one scope are kept.
    const KEPT_MAX: usize;

    /// Whether a scan waits for its turn; else the question is refused while too many run. For kinds
    /// with few questions.
    const WAITS: bool;

    /// Reads what is stored of each user who counts, once. Runs where it may block.
    fn scan(
        question: &Self::Question,
        store: &Store,
        scope: Scope,
    ) -> Result<Self::Found, storage::Error>;

    /// What a commit says of its user; none if that doesn't touch the question.
    fn step(question: &Self::Question, commit: &Commit<'_>) -> Option<Self::Step>;

    /// What the end of a user says; none if that doesn't touch the question. No scan that begins
    /// later may find anything of them, though rows of theirs may be there for a while.
    fn end(question: &Self::Question, user: &UserState) -> Option<Self::Step>;

    /// Two steps of one user as one.
    fn join(earlier: Self::Step, later: Self::Step) -> Self::Step;

    /// What the scan found, and over it what commits said meanwhile, some of which it may have seen.
    /// Runs where it may block.
    fn build(
        question: &Self::Question,
        found: Self::Found,
        meanwhile: HashMap<UserId, Self::Step>,
    ) -> Self;

    /// Whether it may go on from what it was built of; else it answers who waits for it, and is built
    /// anew when it is next asked for.
    fn is_right(&self) -> bool {
        true
    }

    /// Takes in the next step of a user. `false` is that it can't, and has to be built anew when it
    /// is next asked for.
    fn apply(&mut self, user: &UserId, step: Self::Step) -> bool;

    /// How many users it remembers one by one, which is what takes memory.
    fn remembered(&self) -> usize;
}

/// What all kinds share: where scans read, how many run, and which commits are on their way.
#[derive(Clone)]
pub(crate) struct Scans {
    store: Store,
    running: Arc<Semaphore>,
    /// Held shared from before a commit until projections know of it.
    commits: Arc<tokio::sync::RwLock<()>>,
}

impl Scans {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, running: Arc::new(Semaphore::new(SCANS_MAX)), commits: Arc::default() }
    }

    /// To be held from before a commit until [`OnDemand::record`] was called for it.
    pub(crate) async fn committing(&self) -> RwLockReadGuard<'_, ()> {
        self.commits.read().await
    }

    /// Waits until every commit that had begun is recorded.
    async fn all_recorded(&self) {
        drop(self.commits.write().await);
    }

    /// The right to scan all users, for as long as it is held.
    pub(crate) fn start(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.running).try_acquire_owned().map_err(|_| Error::Overloaded)
    }

    /// The right to scan, as soon as not too many do.
    async fn wait(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.running).acquire_owned().await.map_err(|_| Error::Internal)
    }
}

/// The projections of one kind that were asked for.
pub(crate) struct OnDemand<P: Projection> {
    scans: Scans,
    kept: Arc<Kept<P>>,
}

struct Kept<P: Projection> {
    /// Questions lie side by side, because every commit goes through those of its scope.
    scopes: RwLock<HashMap<Scope, Vec<Asked<P>>>>,
    /// Counts uses.
    uses: AtomicU64,
}

type Asked<P> = (<P as Projection>::Question, Arc<Slot<P>>);

/// A projection from when it was first asked for.
struct Slot<P: Projection> {
    last_used: AtomicU64,
    /// How building it ended.
    ended: watch::Receiver<Option<Result<(), Error>>>,
    state: Mutex<State<P>>,
}

enum State<P: Projection> {
    /// Being read: what commits say of users meanwhile.
    Scanning(HashMap<UserId, P::Step>),
    /// Being added up: what commits say since, in order.
    Adding(Vec<(UserId, P::Step)>),
    /// Complete and current.
    Current(P),
}

impl<P: Projection> OnDemand<P> {
    pub(crate) fn new(scans: Scans) -> Self {
        let kept = Kept { scopes: RwLock::default(), uses: AtomicU64::new(0) };
        Self { scans, kept: Arc::new(kept) }
    }

    /// Reads the answer to a question, as of everything that is committed. Whoever asks first waits
    /// for a scan, which goes on if they don't.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if it isn't kept and too many scans run; [`Error::Unavailable`] if
    /// storage can't be read.
    pub(crate) async fn read<R>(
        &self,
        scope: Scope,
        question: &P::Question,
        read: impl FnOnce(&P) -> R,
    ) -> Result<R, Error> {
        let slot = self.find_or_start(scope, question)?;
        let mut ended = slot.ended.clone();
        let ended = ended.wait_for(Option::is_some).await.map_err(|_| Error::Internal)?.clone();
        ended.unwrap_or(Ok(()))?;
        let state = slot.state.lock();
        match &*state {
            State::Current(projection) => Ok(read(projection)),
            State::Scanning(_) | State::Adding(_) => Err(Error::Internal),
        }
    }

    /// Takes in a commit. Whoever made it must still hold [`Scans::committing`].
    pub(crate) fn record(&self, commit: &Commit<'_>) {
        let user = &commit.outcome.state.id;
        self.take_in(commit.scope, user, |question| P::step(question, commit));
    }

    /// Takes in the end of a user. Whoever committed it must still hold [`Scans::committing`].
    pub(crate) fn record_erasure(&self, scope: Scope, user: &UserState) {
        self.take_in(scope, &user.id, |question| P::end(question, user));
    }

    fn take_in(&self, scope: Scope, user: &UserId, step: impl Fn(&P::Question) -> Option<P::Step>) {
        let stale: Vec<_> = {
            let scopes = self.kept.scopes.read();
            let asked = scopes.get(&scope).into_iter().flatten();
            let touched =
                asked.filter_map(|(question, slot)| step(question).map(|step| (slot, step)));
            touched
                .filter_map(|(slot, step)| (!slot.record(user, step)).then(|| Arc::clone(slot)))
                .collect()
        };
        stale.iter().for_each(|slot| self.kept.forget(scope, slot));
    }

    fn find_or_start(&self, scope: Scope, question: &P::Question) -> Result<Arc<Slot<P>>, Error> {
        if let Some(known) = self.kept.find(&self.kept.scopes.read(), scope, question) {
            return Ok(known);
        }
        let mut scopes = self.kept.scopes.write();
        if let Some(known) = self.kept.find(&scopes, scope, question) {
            return Ok(known);
        }
        let running = if P::WAITS { None } else { Some(self.scans.start()?) };
        let (end, ended) = watch::channel(None);
        let slot = Arc::new(Slot {
            last_used: AtomicU64::new(self.kept.next_use()),
            ended,
            state: Mutex::new(State::Scanning(HashMap::new())),
        });
        scopes.entry(scope).or_default().push((question.clone(), Arc::clone(&slot)));
        let build = Build {
            scans: self.scans.clone(),
            kept: Arc::clone(&self.kept),
            slot: Arc::clone(&slot),
            scope,
            question: question.clone(),
        };
        tokio::spawn(async move {
            let result = build.run(running).await;
            // Nobody may be waiting any more.
            let _ = end.send(Some(result));
        });
        Ok(slot)
    }
}

impl<P: Projection> Kept<P> {
    fn next_use(&self) -> u64 {
        self.uses.fetch_add(1, Ordering::Relaxed)
    }

    fn find(
        &self,
        scopes: &HashMap<Scope, Vec<Asked<P>>>,
        scope: Scope,
        question: &P::Question,
    ) -> Option<Arc<Slot<P>>> {
        let (_, slot) = scopes.get(&scope)?.iter().find(|(own, _)| own == question)?;
        slot.last_used.store(self.next_use(), Ordering::Relaxed);
        Some(Arc::clone(slot))
    }

    fn forget(&self, scope: Scope, slot: &Arc<Slot<P>>) {
        if let Some(asked) = self.scopes.write().get_mut(&scope) {
            asked.retain(|(_, own)| !Arc::ptr_eq(own, slot));
        }
    }

    /// Forgets what wasn't asked for longest until the limits hold; `used` and what is being built
    /// stays. Returns what has to be dropped, which may take a while.
    #[must_use]
    fn make_room(&self, scope: Scope, used: &Arc<Slot<P>>) -> Vec<Asked<P>> {
        let mut scopes = self.scopes.write();
        let Some(asked) = scopes.get_mut(&scope) else { return Vec::new() };
        let mut forgotten = Vec::new();
        loop {
            let sizes: Vec<_> = asked.iter().map(|(_, slot)| slot.remembered()).collect();
            let remembered: usize = sizes.iter().flatten().sum();
            if asked.len() <= P::KEPT_MAX && remembered <= REMEMBERED_MAX {
                return forgotten;
            }
            let others = (0..asked.len())
                .filter(|place| sizes[*place].is_some() && !Arc::ptr_eq(&asked[*place].1, used));
            let oldest =
                others.min_by_key(|place| asked[*place].1.last_used.load(Ordering::Relaxed));
            let Some(oldest) = oldest else { return forgotten };
            forgotten.push(asked.swap_remove(oldest));
        }
    }
}

impl<P: Projection> Slot<P> {
    /// Takes in what a commit says of a user; whether the projection is still right.
    fn record(&self, user: &UserId, step: P::Step) -> bool {
        match &mut *self.state.lock() {
            State::Scanning(moved) => {
                let step = match moved.remove(user) {
                    Some(earlier) => P::join(earlier, step),
                    None => step,
                };
                moved.insert(user.clone(), step);
                true
            }
            State::Adding(late) => {
                late.push((user.clone(), step));
                true
            }
            State::Current(projection) => projection.apply(user, step),
        }
    }

    /// From now on what commits say comes after what they said before, which is returned.
    fn start_adding(&self) -> HashMap<UserId, P::Step> {
        match mem::replace(&mut *self.state.lock(), State::Adding(Vec::new())) {
            State::Scanning(moved) => moved,
            State::Adding(_) | State::Current(_) => unreachable!("it is built once"),
        }
    }

    /// Takes in what commits said while it was added up; whether the projection is right.
    fn finish(&self, mut built: P) -> bool {
        let mut state = self.state.lock();
        let right = match &mut *state {
            State::Adding(late) => {
                let late = mem::take(late);
                built.is_right() && late.into_iter().all(|(user, step)| built.apply(&user, step))
            }
            State::Scanning(_) | State::Current(_) => unreachable!("it is built once"),
        };
        *state = State::Current(built);
        right
    }

    /// How many users it remembers one by one; none while it is being built.
    fn remembered(&self) -> Option<usize> {
        match &*self.state.lock() {
            State::Current(projection) => Some(projection.remembered()),
            State::Scanning(_) | State::Adding(_) => None,
        }
    }
}

/// A projection being built.
struct Build<P: Projection> {
    scans: Scans,
    kept: Arc<Kept<P>>,
    slot: Arc<Slot<P>>,
    scope: Scope,
    question: P::Question,
}

impl<P: Projection> Build<P> {
    async fn run(self, running: Option<OwnedSemaphorePermit>) -> Result<(), Error> {
        let (kept, slot, scope) = (Arc::clone(&self.kept), Arc::clone(&self.slot), self.scope);
        let _running = match running {
            Some(running) => running,
            None => self.scans.wait().await?,
        };
        let built = self.scan_and_add().await;
        if built.is_err() {
            kept.forget(scope, &slot);
        }
        built
    }

    async fn scan_and_add(self) -> Result<(), Error> {
        let (scope, question) = (self.scope, self.question.clone());
        let scan = move |store: &Store| P::scan(&question, store, scope);
        let found = rows::blocking(&self.scans.store, scan).await?;
        self.scans.all_recorded().await;
        let store = self.scans.store.clone();
        let add = move |_: &Store| {
            self.add(found);
            Ok(())
        };
        Ok(rows::blocking(&store, add).await?)
    }

    fn add(self, found: P::Found) {
        let meanwhile = self.slot.start_adding();
        if self.slot.finish(P::build(&self.question, found, meanwhile)) {
            drop(self.kept.make_room(self.scope, &self.slot));
        } else {
            // Right for those who wait for it, but not from now on.
            self.kept.forget(self.scope, &self.slot);
        }
    }
}

/// What tests look at.
#[cfg(test)]
impl<P: Projection> OnDemand<P> {
    /// The questions that are kept.
    pub(crate) fn questions(&self, scope: Scope) -> Vec<P::Question> {
        let scopes = self.kept.scopes.read();
        scopes.get(&scope).into_iter().flatten().map(|(question, _)| question.clone()).collect()
    }

    /// How many of them are being built.
    pub(crate) fn building(&self, scope: Scope) -> usize {
        let scopes = self.kept.scopes.read();
        let slots = scopes.get(&scope).into_iter().flatten();
        slots.filter(|(_, slot)| slot.remembered().is_none()).count()
    }

    /// Whether a scan is over and commits are on their way.
    pub(crate) fn waits_for_commits(&self) -> bool {
        self.scans.commits.try_read().is_err()
    }

    /// Has everything that is asked for next built anew.
    pub(crate) fn forget_all(&self) {
        self.kept.scopes.write().clear();
    }
}

#[cfg(test)]
mod tests;
