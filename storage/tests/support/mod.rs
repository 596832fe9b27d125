//! What the tests of the store share: a scope, users and their events.

#![allow(dead_code, reason = "each test program uses its own part")]

use domain::ids::{EnvironmentId, Scope, UserId};
use storage::{Batch, Error, Key, KeyRange, Kind, Op, Options, ShardId, Store};
use uuid::Uuid;

pub(crate) fn scope() -> Scope {
    Scope::untenanted(EnvironmentId(Uuid::from_u128(1)))
}

pub(crate) fn user(id: u32) -> UserId {
    UserId::new(format!("user-{id}")).expect("valid")
}

pub(crate) fn options(dir: &tempfile::TempDir) -> Options {
    // No checkpoint happens unless a test asks for one.
    Options { checkpoint_interval_ms: 3_600_000, ..Options::new(dir.path().join("data")) }
}

pub(crate) fn tempdir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory for the test")
}

pub(crate) fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// One event of a user: its history row and its snapshot, as the engine commits them.
pub(crate) fn event(id: u32, sequence: u64) -> Batch {
    let user = user(id);
    let shard = ShardId::of_user(scope(), &user, 64);
    let ops = vec![
        Op::put(Key::event(scope(), &user, sequence), vec![1, b'e', id as u8, sequence as u8]),
        Op::put(Key::snapshot(scope(), &user), vec![1, b's', sequence as u8]),
    ];
    Batch { shard, ops }
}

pub(crate) fn commit(store: &Store, batch: Batch) -> Result<(), Error> {
    block(store.commit(batch))
}

pub(crate) fn events(store: &Store, id: u32) -> Vec<u64> {
    let range = KeyRange::user(scope(), Kind::Event, &user(id));
    store
        .scan(&range, 10_000)
        .expect("readable")
        .iter()
        .filter_map(|(key, _)| key.sequence())
        .collect()
}
