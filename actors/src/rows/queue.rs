//! Rows of the queue of batches. They belong to no user, whatever users they are about, so all are
//! written through one shard, and a batch is there whole or not at all.

use domain::ids::Scope;
use domain::time::Timestamp;
use storage::records::{QueueDone, QueuedEvent, QueuedEvents, decode};
use storage::{Batch, Error, Key, KeyRange, Kind, Op, ShardId, Store, put};

use super::blocking;

/// Most events in one row: enough to share what a row costs, and few enough to stay small.
const ROW_EVENTS_MAX: usize = 100;

/// The latest batch that was accepted, and the one up to which all were worked through.
pub(crate) fn load_queue(store: &Store, scope: Scope) -> Result<(u64, u64), Error> {
    let QueueDone(done) = store.load(&Key::queue_done(scope))?.unwrap_or(QueueDone(0));
    let latest = store.scan_rev(&KeyRange::kind(scope, Kind::Queued), 1)?;
    let latest = latest.first().and_then(|(key, _)| key.queued_batch());
    Ok((latest.map_or(done, |latest| latest.max(done)), done))
}

/// Makes a batch of events durable.
pub(crate) async fn commit_queued(
    store: &Store,
    scope: Scope,
    batch: u64,
    accepted_at: Timestamp,
    mut events: Vec<QueuedEvent>,
) -> Result<(), Error> {
    let (mut ops, mut first) = (Vec::new(), 0);
    while !events.is_empty() {
        let rest = events.split_off(events.len().min(ROW_EVENTS_MAX));
        let count = u32::try_from(events.len()).expect("a row holds few events");
        let row = QueuedEvents { accepted_at, first, events };
        ops.push(put(Key::queued(scope, batch, u64::from(first)), &row));
        first += count;
        events = rest;
    }
    store.commit(Batch { shard: ShardId::META, ops }).await
}

/// What a batch holds, in order.
pub(crate) async fn queued_batch(
    store: &Store,
    scope: Scope,
    batch: u64,
) -> Result<Vec<QueuedEvents>, Error> {
    let range = KeyRange::queued_batch(scope, batch);
    blocking(store, move |store| {
        let rows = store.rows(range);
        rows.map(|row| row.and_then(|(key, value)| decode(&key, &value))).collect()
    })
    .await
}

/// Forgets the batches after `before` up to `done`, and makes durable that they were worked through.
pub(crate) async fn commit_queue_done(
    store: &Store,
    scope: Scope,
    before: u64,
    done: u64,
) -> Result<(), Error> {
    let keys = blocking(store, move |store| {
        let mut keys = Vec::new();
        for batch in before + 1..=done {
            for row in store.rows(KeyRange::queued_batch(scope, batch)) {
                keys.push(row?.0);
            }
        }
        Ok(keys)
    });
    let mut ops: Vec<_> = keys.await?.into_iter().map(|key| Op::Delete { key }).collect();
    ops.push(put(Key::queue_done(scope), &QueueDone(done)));
    store.commit(Batch { shard: ShardId::META, ops }).await
}
