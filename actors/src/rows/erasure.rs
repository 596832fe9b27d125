//! Rows of users who are erased: what is removed, in batches of bounded size.
//!
//! Nothing here is remembered between calls but the row that says that somebody is being erased, so
//! each of these may be cut short and called again.

use std::collections::BTreeMap;

use domain::ids::{LeaderboardId, Scope, UserId};
use domain::leaderboard::{SettledPlace, SettledRank};
use domain::time::Date;
use domain::user::UserState;
use domain::webhook::{Delivery, Message, MessagePlace};
use storage::records::{Erasure, PurgedUpTo, decode};
use storage::{
    Batch, ErasureCommit, Error, Key, KeyRange, Kind, Op, Ownership, ShardId, Store, put,
};
use tokio::runtime::Handle;

use super::blocking;
use super::history::{message_place, runs_of};
use crate::leaderboard::RunKey;
use crate::user_key::UserKey;

/// Rows removed at once.
const ERASED_AT_ONCE: usize = 1_000;

/// Makes durable that a user is no more.
pub(crate) async fn begin_erasure(
    store: &Store,
    scope: Scope,
    state: &UserState,
) -> Result<(), Error> {
    store.commit(ErasureCommit { scope, state }.batch(store.shards())).await
}

/// What it takes to remove the rest of a user; none if nothing is left.
pub(crate) fn find_erasure(
    store: &Store,
    UserKey { scope, user }: &UserKey,
) -> Result<Option<Erasure>, Error> {
    store.load(&Key::erasure(*scope, user))
}

/// Users of whom something is left to be removed.
pub(crate) async fn pending_erasures(store: &Store, scope: Scope) -> Result<Vec<UserId>, Error> {
    blocking(store, move |store| {
        let rows = store.rows(KeyRange::kind(scope, Kind::Erasure));
        let user = |(key, _): storage::Row| {
            key.text().and_then(UserId::new).expect("an erasure is filed under its user")
        };
        rows.map(|row| row.map(user)).collect()
    })
    .await
}

/// Removes a user's history and pauses, and at last the row that says that they are being erased.
pub(crate) async fn erase_history(
    store: &Store,
    UserKey { scope, user }: UserKey,
    erasure: Erasure,
) -> Result<(), Error> {
    let runtime = Handle::current();
    blocking(store, move |store| {
        let shard = ShardId::of_user(scope, &user, store.shards());
        for kind in Kind::ALL.into_iter().filter(|kind| kind.ownership() == Ownership::User) {
            delete_all(store, shard, KeyRange::user(scope, kind, &user), &runtime)?;
        }
        let mut keys = erasure.pauses().map(|pause| Key::pause_owner(scope, pause));
        loop {
            let some: Vec<_> = keys.by_ref().take(ERASED_AT_ONCE).collect();
            if some.is_empty() {
                break;
            }
            delete(store, shard, some, &runtime)?;
        }
        delete(store, shard, vec![Key::erasure(scope, &user)], &runtime)
    })
    .await
}

/// Removes what a user has in runs, and leaves the final ranks that they held vacant; which runs
/// these were. (C-LB-84)
pub(crate) async fn erase_scores(
    store: &Store,
    UserKey { scope, user }: UserKey,
) -> Result<Vec<(LeaderboardId, Date)>, Error> {
    let runtime = Handle::current();
    blocking(store, move |store| {
        vacate(store, scope, &user, &runtime)?;
        let shard = ShardId::of_user(scope, &user, store.shards());
        let mut runs = Vec::new();
        for kind in Kind::ALL.into_iter().filter(|kind| kind.ownership() == Ownership::UserInRun) {
            for run in runs_of(store, scope, kind, &user)? {
                let rows = KeyRange::user_in_run(scope, kind, run, &user);
                delete_all(store, shard, rows, &runtime)?;
                runs.push(run);
            }
        }
        Ok(runs)
    })
    .await
}

/// The runs in which a user has days.
pub(crate) async fn runs_with_days(
    store: &Store,
    UserKey { scope, user }: UserKey,
) -> Result<Vec<(LeaderboardId, Date)>, Error> {
    blocking(store, move |store| runs_of(store, scope, Kind::RankDay, &user)).await
}

/// Removes a user's days of a run.
pub(crate) async fn erase_rank_days(
    store: &Store,
    RunKey { scope, leaderboard, run }: RunKey,
    user: UserId,
) -> Result<(), Error> {
    let runtime = Handle::current();
    blocking(store, move |store| {
        let shard = ShardId::of_run(scope, leaderboard, run, store.shards());
        let days = KeyRange::rank_days(scope, leaderboard, run, &user);
        delete_all(store, shard, days, &runtime)
    })
    .await
}

/// Removes what was last told of a user's ranks.
pub(crate) async fn erase_told_ranks(
    store: &Store,
    scope: Scope,
    user: UserId,
) -> Result<(), Error> {
    let runtime = Handle::current();
    blocking(store, move |store| {
        for (board, run) in runs_of(store, scope, Kind::ToldRank, &user)? {
            let shard = ShardId::of_board(scope, board, store.shards());
            let keys = vec![Key::told_rank(scope, board, run, &user)];
            delete(store, shard, keys, &runtime)?;
        }
        Ok(())
    })
    .await
}

/// Removes a user's final places, and their name from the ranks.
fn vacate(store: &Store, scope: Scope, user: &UserId, runtime: &Handle) -> Result<(), Error> {
    let mut batches: BTreeMap<ShardId, Vec<Op>> = BTreeMap::new();
    for (board, run) in runs_of(store, scope, Kind::SettledPlace, user)? {
        let key = Key::settled_place(scope, board, run, user);
        let Some(SettledPlace { group, rank }) = store.load(&key)? else { continue };
        let rank = Key::settled_rank(scope, board, run, &group, rank);
        let shard = ShardId::of_run(scope, board, run, store.shards());
        let ops = batches.entry(shard).or_default();
        ops.extend([put(rank, &SettledRank::Vacant), Op::Delete { key }]);
        if ops.len() >= ERASED_AT_ONCE {
            let ops = std::mem::take(ops);
            runtime.block_on(store.commit(Batch { shard, ops }))?;
        }
    }
    for (shard, ops) in batches {
        runtime.block_on(store.commit(Batch { shard, ops }))?;
    }
    Ok(())
}

/// Removes the messages of a shard that are about a user, with their deliveries.
pub(crate) async fn erase_messages(
    store: &Store,
    scope: Scope,
    shard: ShardId,
    user: UserId,
) -> Result<(), Error> {
    let runtime = Handle::current();
    blocking(store, move |store| {
        let mut ops = Vec::new();
        let purged = Key::purged_up_to(scope, shard);
        for row in store.rows(KeyRange::messages(scope, shard)) {
            let (key, value) = row?;
            let message: Message = decode(&key, &value)?;
            if !message.users.contains(&user) {
                continue;
            }
            let place = message_place(&key, shard, &message);
            // Numbers go on after it even if it was the newest. (C-WH-13)
            let before = store.load(&purged)?.map_or(0, |PurgedUpTo(sequence)| sequence);
            ops.push(put(purged.clone(), &PurgedUpTo(before.max(place.sequence))));
            ops.push(Op::Delete { key });
            ops.extend(delivery_ops(store, scope, place)?);
            if ops.len() >= ERASED_AT_ONCE {
                runtime.block_on(store.commit(Batch { shard, ops: std::mem::take(&mut ops) }))?;
            }
        }
        runtime.block_on(store.commit(Batch { shard, ops }))
    })
    .await
}

/// What removes the deliveries of a message, and those that wait from the index.
fn delivery_ops(store: &Store, scope: Scope, message: MessagePlace) -> Result<Vec<Op>, Error> {
    let mut ops = Vec::new();
    for row in store.rows(KeyRange::deliveries_of(scope, message)) {
        let (key, value) = row?;
        let delivery: Delivery = decode(&key, &value)?;
        let place = key.delivery_place().expect("a range of deliveries holds nothing else");
        let pending = |due| Key::pending(scope, delivery.webhook, due, place);
        let keys = delivery.due.map(pending).into_iter().chain([key]);
        ops.extend(keys.map(|key| Op::Delete { key }));
    }
    Ok(ops)
}

/// Removes every row of a range, a batch at a time.
pub(super) fn delete_all(
    store: &Store,
    shard: ShardId,
    mut range: KeyRange,
    runtime: &Handle,
) -> Result<(), Error> {
    loop {
        let rows = store.scan(&range, ERASED_AT_ONCE)?;
        let keys: Vec<_> = rows.into_iter().map(|(key, _)| key).collect();
        let Some(last) = keys.last() else { return Ok(()) };
        // Looked for behind them: before it lie only rows that are gone.
        range = range.after(last);
        delete(store, shard, keys, runtime)?;
    }
}

fn delete(store: &Store, shard: ShardId, keys: Vec<Key>, runtime: &Handle) -> Result<(), Error> {
    let ops = keys.into_iter().map(|key| Op::Delete { key }).collect();
    store.wait_for_room()?;
    runtime.block_on(store.commit(Batch { shard, ops }))
}
