//! Random commits, checkpoints, crashes and closes against a plain map.
//!
//! After every step each read must give what the map gives: points, ranges of every kind, forwards
//! and backwards, with limits that end anywhere. Keys are few, so that layers hide each other.

mod support;

use std::collections::BTreeMap;

use domain::ids::{MetricId, PointsSystemId};
use domain::time::Date;
use proptest::prelude::*;
use storage::{Batch, FaultHandle, Key, KeyRange, Kind, Op, Options, ShardId, Store};
use uuid::Uuid;

use crate::support::{commit, options, scope, tempdir, user};

type Model = BTreeMap<Key, Vec<u8>>;

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Op>),
    Checkpoint,
    Crash,
    Close,
}

fn key() -> impl Strategy<Value = Key> {
    let id = 0_u32..3;
    let system = |number: u128| PointsSystemId(Uuid::from_u128(number));
    prop_oneof![
        4 => (id.clone(), 0_u64..70).prop_map(|(id, sequence)| Key::event(scope(), &user(id), sequence)),
        2 => (id.clone(), 0_u128..2, 0_u64..40)
            .prop_map(move |(id, number, sequence)| Key::award(scope(), &user(id), system(number), sequence)),
        2 => id.clone().prop_map(|id| Key::snapshot(scope(), &user(id))),
        1 => (id, -3_i32..3).prop_map(|(id, day)| {
            let day = Date::from_days(day).expect("a date");
            Key::metric_day(scope(), &user(id), MetricId(Uuid::nil()), day)
        }),
        1 => Just(Key::catalog(scope())),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (key(), proptest::collection::vec(any::<u8>(), 0..40)).prop_map(|(key, value)| Op::put(key, value)),
        1 => key().prop_map(|key| Op::Delete { key }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => proptest::collection::vec(op(), 0..12).prop_map(Step::Commit),
        2 => Just(Step::Checkpoint),
        1 => Just(Step::Crash),
        1 => Just(Step::Close),
    ]
}

fn ranges() -> impl Strategy<Value = KeyRange> {
    let base = prop_oneof![
        Just(KeyRange::all()),
        prop_oneof![Just(Kind::Event), Just(Kind::Award), Just(Kind::Snapshot)]
            .prop_map(|kind| KeyRange::kind(scope(), kind)),
        (0_u32..3).prop_map(|id| KeyRange::user(scope(), Kind::Event, &user(id))),
        (0_u32..3, 0_u64..70).prop_map(|(id, sequence)| {
            KeyRange::user(scope(), Kind::Event, &user(id)).starting_at(&Key::event(
                scope(),
                &user(id),
                sequence,
            ))
        }),
    ];
    (base, proptest::option::of(key()), proptest::option::of(key()), proptest::option::of(key()))
        .prop_map(|(range, from, after, before)| {
            let range = from.iter().fold(range, KeyRange::starting_at);
            let range = after.iter().fold(range, KeyRange::after);
            before.iter().fold(range, KeyRange::before)
        })
}

/// Everything goes through one shard: the model knows one order only.
fn apply(store: &Store, model: &mut Model, ops: &[Op]) {
    commit(store, Batch { shard: ShardId(7), ops: ops.to_vec() }).expect("commits");
    for op in ops {
        match op {
            Op::Put { key, value } => drop(model.insert(key.clone(), value.to_vec())),
            Op::Delete { key } => drop(model.remove(key)),
        }
    }
}

fn compare(
    store: &Store,
    model: &Model,
    range: &KeyRange,
    limit: usize,
    key: &Key,
) -> Result<(), TestCaseError> {
    let expected = || {
        model
            .iter()
            .filter(|(key, _)| range.contains(key))
            .map(|(key, value)| (key.clone(), value.clone()))
    };
    prop_assert_eq!(
        store.scan(range, limit).expect("readable"),
        expected().take(limit).collect::<Vec<_>>()
    );
    let reversed: Vec<_> =
        model.iter().rev().filter(|(key, _)| range.contains(key)).take(limit).collect();
    let scanned = store.scan_rev(range, limit).expect("readable");
    prop_assert_eq!(scanned.iter().map(|(key, value)| (key, value)).collect::<Vec<_>>(), reversed);
    prop_assert_eq!(store.get(key).expect("readable"), model.get(key).cloned());
    Ok(())
}

fn run(
    steps: &[(Step, KeyRange, usize, Key)],
    mut open: impl FnMut() -> Store,
) -> Result<(), TestCaseError> {
    let mut model = Model::new();
    let mut store = open();
    for (step, range, limit, key) in steps {
        match step {
            Step::Commit(ops) => apply(&store, &mut model, ops),
            Step::Checkpoint => store.checkpoint().expect("checkpoints"),
            Step::Crash => {
                drop(store);
                store = open();
            }
            Step::Close => {
                store.close().expect("closes");
                drop(store);
                store = open();
                prop_assert_eq!(store.stats().replayed, 0);
            }
        }
        compare(&store, &model, range, *limit, key)?;
    }
    let all: Vec<_> = store.rows(KeyRange::all()).map(|row| row.expect("readable")).collect();
    prop_assert_eq!(all, model.into_iter().collect::<Vec<_>>());
    Ok(())
}

fn steps() -> impl Strategy<Value = Vec<(Step, KeyRange, usize, Key)>> {
    proptest::collection::vec((step(), ranges(), 0_usize..100, key()), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_store_in_memory_reads_as_a_map(steps in steps()) {
        let faults = FaultHandle::default();
        run(&steps, || {
            faults.backend.lose_power();
            faults.open(&Options::new("")).expect("opens")
        })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_store_on_disk_reads_as_a_map(steps in steps()) {
        let dir = tempdir();
        run(&steps, || Store::open(&options(&dir)).expect("opens"))?;
    }
}
