//! Laws of what is counted over all users: kept current from commits, it is what a start counts and
//! what reading every user gives.

use std::collections::BTreeMap;

use actors::{Error, RankedLength};
use domain::calendar::Frequency;
use domain::catalog::{AttributeDraft, AttributeKind};
use domain::ids::AttributeId;
use domain::summary::BalanceRange;
use domain::user::{Command, Existing, ProfilePatch};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::world::{World, user};

const USERS: usize = 9;
const PLANS: [&str; 2] = ["free", "paid"];
const HOUR_MS: i64 = 60 * 60 * 1_000;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Event(usize, String),
    Plan(usize, Option<&'static str>),
    Settle(usize),
    Erase(usize),
    Wait(i64),
    /// A histogram is asked for, from then on it is kept current.
    Ask(&'static str),
}

fn step() -> impl Strategy<Value = Step> {
    let plan = prop::sample::select(&PLANS[..]);
    prop_oneof![
        8 => (0..USERS, -30..120_i64).prop_map(|(user, value)| Step::Event(user, value.to_string())),
        3 => (0..USERS, prop::option::of(plan.clone())).prop_map(|(user, plan)| Step::Plan(user, plan)),
        2 => (0..USERS).prop_map(Step::Settle),
        1 => (0..USERS).prop_map(Step::Erase),
        2 => (1..60_i64).prop_map(Step::Wait),
        1 => plan.prop_map(Step::Ask),
    ]
}

async fn take(world: &World, plan: AttributeId, step: Step) {
    let answer = match step {
        Step::Event(number, value) => world.submit(&id(number), world.event(&value)).await,
        Step::Plan(number, value) => {
            let attributes = BTreeMap::from([(plan, value.map(str::to_owned))]);
            let profile = ProfilePatch { attributes, ..ProfilePatch::default() };
            let identify = Command::Identify { profile, existing: Existing::Optional };
            world.run(&id(number), identify).await
        }
        Step::Settle(number) => world.settle(&id(number)).await,
        Step::Erase(number) => {
            world.engine.erase(world.scope(), user(&id(number))).await.expect("it is complete");
            return;
        }
        Step::Wait(hours) => {
            let later = world.clock.now().plus_millis(hours * HOUR_MS);
            world.engine.advance_clock(later).await.expect("forwards");
            return;
        }
        Step::Ask(value) => {
            histogram(world, plan, value).await;
            return;
        }
    };
    assert!(matches!(answer, Ok(_) | Err(Error::Rejected(_))), "{answer:?}");
}

fn id(number: usize) -> String {
    format!("user-{number}")
}

async fn histogram(world: &World, plan: AttributeId, value: &str) -> Vec<BalanceRange> {
    let wanted = BTreeMap::from([(plan, value.to_owned())]);
    world.engine.histogram_of(world.scope(), world.system, wanted).await.expect("it is answered")
}

/// Everything that is counted, users settled.
async fn counts(world: &World, plan: AttributeId) -> String {
    for number in 0..USERS {
        let answer = world.settle(&id(number)).await;
        assert!(matches!(answer, Ok(_) | Err(Error::Rejected(_))), "{answer:?}");
    }
    let statistics = world.engine.statistics(world.scope());
    let balances = statistics.balances(world.system);
    let completions = statistics.completions(world.achievement);
    let mut lengths = Vec::new();
    for ranked in [RankedLength::Active, RankedLength::Longest] {
        lengths.extend(Frequency::ALL.map(|own| statistics.streak_lengths(ranked, own)));
    }
    let all = statistics.histogram(world.system);
    let free = histogram(world, plan, PLANS[0]).await;
    let paid = histogram(world, plan, PLANS[1]).await;
    format!(
        "{} {completions} {balances:?} {lengths:?} {all:?} {free:?} {paid:?}",
        statistics.users()
    )
}

/// The same from every user's state, where it is as plain there.
async fn check_recount(world: &World, plan: AttributeId) {
    let (mut users, mut completions) = (0, 0);
    let mut balances = BTreeMap::<i64, u64>::new();
    let mut lengths = BTreeMap::<u32, u64>::new();
    let mut paid = 0;
    for number in 0..USERS {
        let Ok(applied) = world.settle(&id(number)).await else { continue };
        let state = applied.state;
        assert_eq!(state.id, user(&id(number)));
        users += 1;
        completions += u64::from(state.find_completion(world.achievement).is_some());
        if let Some(balance) = state.points.get(&world.system) {
            *balances.entry(balance.total).or_default() += 1;
        }
        if state.streak.daily.length() > 0 {
            *lengths.entry(state.streak.daily.length()).or_default() += 1;
        }
        paid += u64::from(state.profile.attributes.get(&plan).is_some_and(|own| own == PLANS[1]));
    }
    let statistics = world.engine.statistics(world.scope());
    assert_eq!(statistics.users(), users);
    assert_eq!(statistics.completions(world.achievement), completions);
    assert!(statistics.balances(world.system).into_iter().eq(balances));
    let active = statistics.streak_lengths(RankedLength::Active, Frequency::Daily);
    assert!(active.into_iter().eq(lengths));
    let ranges = histogram(world, plan, PLANS[1]).await;
    assert_eq!(ranges.iter().map(|range| range.users).sum::<u64>(), paid);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_commits_keep_current_is_what_a_start_counts(steps in vec(step(), 1..150)) {
        let runtime = tokio::runtime::Runtime::new().expect("threads start");
        runtime.block_on(async {
            let world = World::new().await;
            let draft = AttributeDraft {
                name: "Plan".to_owned(),
                key: "plan".to_owned(),
                kind: AttributeKind::User,
            };
            let made = world.engine.change_catalog(world.scope(), |catalog, now| {
                catalog.create_attribute(draft, now).expect("valid").id
            });
            let plan = made.await.expect("it is made");
            for step in steps {
                take(&world, plan, step).await;
            }
            check_recount(&world, plan).await;
            let live = counts(&world, plan).await;
            let world = world.restart().await;
            assert_eq!(counts(&world, plan).await, live);
        });
    }
}
