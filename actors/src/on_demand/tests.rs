//! Projections on demand over a store in memory: exact whatever commits come when, bounded, and
//! built anew when they have to be.
//!
//! That a commit is on its way is said by holding the right to record it; nothing waits for a time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::calendar::{WeekStart, Zone};
use domain::catalog::{Catalog, Settings};
use domain::ids::{AttributeId, EnvironmentId, PointsSystemId, Scope, UserId};
use domain::time::{Date, Timestamp};
use domain::user::{
    Command, Existing, Input, Outcome, PointsBalance, ProfilePatch, UserState, apply,
};
use storage::records::decode;
use storage::{Batch, Key, KeyRange, Kind, Op, ShardId, Store, UserCommit};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{Commit, OnDemand, Projection, SCANS_MAX, Scans};
use crate::balances::{BalancesByAttributes, Wanted};
use crate::comparison::ComparedYear;
use crate::error::Error;
use crate::projection::{Projections, Statistics};

const SYSTEM: PointsSystemId = PointsSystemId(Uuid::from_u128(1));
const PLAN: AttributeId = AttributeId(Uuid::from_u128(2));

fn scope() -> Scope {
    Scope::untenanted(EnvironmentId(Uuid::from_u128(3)))
}

/// Some user at a balance, or without one, on a plan.
fn outcome(number: u64, plan: &str, balance: Option<i64>) -> Outcome {
    let settings = Settings {
        default_time_zone: Zone::UTC,
        week_start: WeekStart::Monday,
        idempotency_retention_days: None,
        control_ratio: 0,
    };
    let catalog = Catalog::new(scope().environment, settings);
    let user = UserId::new(format!("user-{number}")).expect("valid");
    let now = Timestamp::from_millis(0);
    let by_attribute = &BTreeMap::new();
    let input = Input {
        scope: scope(),
        user: &user,
        catalog: &catalog,
        now,
        sums: &[],
        scores: None,
        order: 0,
        by_attribute,
    };
    let identify =
        Command::Identify { profile: ProfilePatch::default(), existing: Existing::Optional };
    let mut outcome = apply(None, input, &identify).expect("it is accepted");
    let state = &mut outcome.state;
    state.profile.attributes.insert(PLAN, plan.to_owned());
    let day = state.effective_day;
    state.points.extend(
        balance.map(|total| (SYSTEM, PointsBalance { total, awards: 1, day, day_change: 0 })),
    );
    outcome
}

fn wanted(plan: &str) -> Wanted {
    Wanted { system: SYSTEM, attributes: BTreeMap::from([(PLAN, plan.to_owned())]) }
}

/// Projections over a store.
struct World {
    store: Store,
    projections: Projections,
}

impl World {
    fn new() -> Arc<Self> {
        let (store, _) = Store::in_memory();
        let projections = Projections::new(store.clone(), scope(), Statistics::default());
        Arc::new(Self { store, projections })
    }

    /// Makes it durable, without telling anyone.
    async fn write(&self, outcome: &Outcome) {
        let commit = UserCommit {
            scope: scope(),
            user: &outcome.state.id,
            planned: None,
            outcome,
            outbox: &[],
        };
        self.store.commit(commit.batch(self.store.shards())).await.expect("it is written");
    }

    async fn commit(&self, before: Option<&UserState>, outcome: &Outcome) {
        let recording = self.projections.recording().await;
        self.write(outcome).await;
        recording.record(&Commit { scope: scope(), before, outcome });
    }

    async fn read(&self, plan: &str) -> Result<Vec<(i64, u64)>, Error> {
        self.projections.balances.read(scope(), &wanted(plan), BalancesByAttributes::listed).await
    }

    /// What [`World::read`] should answer, one user after the other.
    fn recount(&self, plan: &str) -> Vec<(i64, u64)> {
        let mut counts = BTreeMap::new();
        for row in self.store.rows(KeyRange::kind(scope(), Kind::Snapshot)) {
            let (key, value) = row.expect("readable");
            let user: UserState = decode(&key, &value).expect("it decodes");
            if user.profile.attributes[&PLAN] == plan {
                *counts.entry(user.balance(SYSTEM)).or_default() += 1;
            }
        }
        counts.into_iter().collect()
    }
}

// C-POINTS-59
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_come_change_and_leave_with_their_commits() {
    let world = World::new();
    let [free, paid] = [outcome(1, "free", None), outcome(1, "paid", None)];
    world.commit(None, &free).await;
    world.commit(None, &outcome(2, "free", Some(10))).await;
    assert_eq!(world.read("free").await, Ok(vec![(0, 1), (10, 1)]));
    assert_eq!(world.read("paid").await, Ok(vec![]));
    world.commit(Some(&free.state), &paid).await;
    assert_eq!(world.read("free").await, Ok(vec![(10, 1)]));
    assert_eq!(world.read("paid").await, Ok(vec![(0, 1)]));
    world.commit(Some(&paid.state), &outcome(1, "paid", Some(7))).await;
    assert_eq!(world.read("paid").await, Ok(vec![(7, 1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_the_scan_saw_before_it_was_recorded_counts_once() {
    let world = World::new();
    let [before, after] = [outcome(1, "free", Some(3)), outcome(1, "free", Some(5))];
    world.commit(None, &before).await;

    let recording = world.projections.recording().await;
    world.write(&after).await;
    let reading = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.read("free").await }
    });
    while !world.projections.balances.waits_for_commits() && !reading.is_finished() {
        tokio::task::yield_now().await;
    }
    assert!(!reading.is_finished(), "a commit is on its way");
    recording.record(&Commit { scope: scope(), before: Some(&before.state), outcome: &after });
    assert_eq!(reading.await.expect("no panic"), Ok(vec![(5, 1)]));
    world.commit(Some(&after.state), &outcome(1, "free", Some(6))).await;
    assert_eq!(world.read("free").await, Ok(vec![(6, 1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_is_exact_while_users_commit() {
    const USERS: u64 = 40;
    let world = World::new();
    let writers = (0..8).map(|writer: u64| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let mut states = BTreeMap::new();
            for step in 0..200_u64 {
                // Each writer has users of its own, because a user's commits come one by one.
                let user = writer * USERS + step * 7 % USERS;
                let plan = ["free", "paid"][usize::from((step * 13 + user).is_multiple_of(3))];
                let balance = (step % 5 > 0).then_some(i64::from(step as u32 * 31 % 17));
                let next = outcome(user, plan, balance);
                world.commit(states.get(&user), &next).await;
                states.insert(user, next.state);
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    while writers.iter().any(|writer| !writer.is_finished()) {
        for plan in ["free", "paid"] {
            world.read(plan).await.expect("it is answered");
            world.projections.balances.forget_all();
            world.read(plan).await.expect("it is answered");
        }
        tokio::task::yield_now().await;
    }
    for plan in ["free", "paid"] {
        let kept = world.read(plan).await;
        assert_eq!(kept, Ok(world.recount(plan)));
        world.projections.balances.forget_all();
        assert_eq!(world.read(plan).await, kept);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_few_scans_run_at_a_time_and_go_on_when_nobody_waits() {
    let world = World::new();
    world.commit(None, &outcome(1, "plan-0", Some(3))).await;
    // Nothing that is built while a commit is on its way is finished before it.
    let recording = world.projections.recording().await;
    let start = |plan: String| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.read(&plan).await })
    };
    let askers: Vec<_> = (0..SCANS_MAX).map(|number| start(format!("plan-{number}"))).collect();
    while world.projections.balances.building(scope()) < SCANS_MAX {
        assert!(!askers.iter().any(JoinHandle::is_finished), "a commit is on its way");
        tokio::task::yield_now().await;
    }
    assert_eq!(world.read("another").await, Err(Error::Overloaded));
    assert_eq!(world.projections.balances.building(scope()), SCANS_MAX);
    askers.iter().for_each(JoinHandle::abort);
    let again = start("plan-0".to_owned());
    drop(recording);
    assert_eq!(again.await.expect("no panic"), Ok(vec![(3, 1)]));
    while world.projections.balances.building(scope()) > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.read("another").await, Ok(vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_in_review_waits_for_its_turn() {
    let world = World::new();
    let recording = world.projections.recording().await;
    let others = (0..SCANS_MAX).map(|number| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.read(&format!("plan-{number}")).await })
    });
    let others: Vec<_> = others.collect();
    while world.projections.balances.building(scope()) < SCANS_MAX {
        tokio::task::yield_now().await;
    }
    let today = Date::from_ymd(2026, 3, 1).expect("a date");
    let year = tokio::spawn({
        let world = Arc::clone(&world);
        let year = ComparedYear::new(2026, WeekStart::Monday, today);
        async move { world.projections.comparisons.read(scope(), &year, |_| ()).await }
    });
    while world.projections.comparisons.building(scope()) == 0 {
        assert!(!year.is_finished(), "it is not refused");
        tokio::task::yield_now().await;
    }
    drop(recording);
    assert_eq!(year.await.expect("no panic"), Ok(()));
    for other in others {
        assert_eq!(other.await.expect("no panic"), Ok(vec![]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_asked_for_longest_is_forgotten() {
    let world = World::new();
    world.commit(None, &outcome(1, "plan-0", Some(3))).await;
    let max = BalancesByAttributes::KEPT_MAX;
    for number in 0..max {
        world.read(&format!("plan-{number}")).await.expect("it is answered");
    }
    world.read("plan-0").await.expect("it is answered");
    world.read("one-more").await.expect("it is answered");
    let kept = world.projections.balances.questions(scope());
    assert_eq!(kept.len(), max);
    assert!(kept.contains(&wanted("plan-0")) && !kept.contains(&wanted("plan-1")));
    assert_eq!(world.read("plan-1").await, Ok(vec![]));
    assert_eq!(world.read("plan-0").await, Ok(vec![(3, 1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_scan_is_an_error_and_is_tried_again() {
    let world = World::new();
    let sound = outcome(1, "free", Some(3));
    let shard = ShardId::of_user(scope(), &sound.state.id, world.store.shards());
    let unreadable = Op::put(Key::snapshot(scope(), &sound.state.id), vec![99]);
    world.store.commit(Batch { shard, ops: vec![unreadable] }).await.expect("it is written");
    assert!(matches!(world.read("free").await, Err(Error::Unavailable { .. })));
    assert_eq!(world.projections.balances.questions(scope()), []);
    world.commit(None, &sound).await;
    assert_eq!(world.read("free").await, Ok(vec![(3, 1)]));
}

/// Counts users; can't be changed.
struct Frozen(usize);

impl Projection for Frozen {
    type Question = ();
    type Step = ();
    type Found = usize;

    const KEPT_MAX: usize = 1;
    const WAITS: bool = true;

    fn scan((): &(), store: &Store, scope: Scope) -> Result<usize, storage::Error> {
        Ok(store.rows(KeyRange::kind(scope, Kind::Snapshot)).count())
    }

    fn step((): &(), _commit: &Commit<'_>) -> Option<()> {
        Some(())
    }

    fn end((): &(), _user: &UserState) -> Option<()> {
        Some(())
    }

    fn join((): (), (): ()) {}

    fn build((): &(), found: usize, _meanwhile: HashMap<UserId, ()>) -> Self {
        Self(found)
    }

    fn apply(&mut self, _user: &UserId, (): ()) -> bool {
        false
    }

    fn remembered(&self) -> usize {
        0
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_take_a_step_is_built_anew() {
    let world = World::new();
    let frozen = OnDemand::<Frozen>::new(Scans::new(world.store.clone()));
    for users in 0..3 {
        assert_eq!(frozen.read(scope(), &(), |frozen| frozen.0).await, Ok(users));
        assert_eq!(frozen.questions(scope()).len(), 1);
        let next = outcome(users as u64, "free", None);
        world.write(&next).await;
        frozen.record(&Commit { scope: scope(), before: None, outcome: &next });
        assert_eq!(frozen.questions(scope()).len(), 0);
    }
}
