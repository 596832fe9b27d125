//! The law of the queue: what waits is whole, comes after what is done, and nobody is ahead of it.

use domain::ids::Scope;
use domain::user::UserState;
use storage::records::{QueueDone, QueuedEvents, decode};
use storage::{Error, Inspection, Key, KeyRange, Kind};

use super::law::Law;
use super::read;

/// Checks the batches of `scope`; without one there must be none.
pub(super) fn check(found: &Inspection, scope: Option<Scope>) -> Result<Law, Error> {
    let mut law = Law::new(
        "batches that wait are whole and newer than those that are done, and no user is ahead of them",
        "rows",
    );
    let Some(scope) = scope else { return Ok(law) };
    let key = Key::queue_done(scope);
    let done = found.get(&key)?.and_then(|value| read::<QueueDone>(&mut law, &(key, value)));
    let done = done.map_or(0, |QueueDone(done)| done);
    let (mut latest, mut next) = (done, 0);
    for row in found.rows(KeyRange::kind(scope, Kind::Queued)) {
        let row = row?;
        let Some(batch) = row.0.queued_batch() else { continue };
        let Some(events) = read::<QueuedEvents>(&mut law, &row) else { continue };
        if batch != latest {
            law.expect(batch == latest + 1, || format!("batch {batch} comes after {latest}"));
            (latest, next) = (batch, 0);
        }
        law.expect(events.first == next && batch > done, || {
            format!("{} goes on from {} with {}", row.0, next, events.first)
        });
        next += u32::try_from(events.events.len()).unwrap_or(u32::MAX);
    }
    for row in found.rows(KeyRange::kind(scope, Kind::Snapshot)) {
        let (key, value) = row?;
        // One that can't be read breaks another law.
        let Ok(UserState { queue_place: Some(place), .. }) = decode(&key, &value) else { continue };
        law.expect(place.batch <= latest, || {
            format!("{key} has batch {}, the latest is {latest}", place.batch)
        });
    }
    Ok(law)
}
