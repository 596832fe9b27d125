//! Rows of days of runs: where each user stood at the end of a day. (C-LB-70 to C-LB-73, C-LB-81)
//!
//! They are written by the run, in its own shard, and by nobody else, so what a new row goes on from
//! can be read before it is written. All days of one user in one run lie together.

use domain::ids::{LeaderboardId, UserId};
use domain::leaderboard::{DayEnd, RankDay, Run};
use domain::time::Date;
use storage::records::decode;
use storage::{Batch, Error, Key, KeyRange, ShardId, Store, put};

use super::{blocking, find_settled};
use crate::board::Noted;
use crate::leaderboard::RunKey;

/// Users whose days are written at once.
const DAYS_AT_ONCE: usize = 500;

/// Users whose latest day of a run has a rank: two reads for each user with a day.
pub(crate) async fn last_ranked(store: &Store, key: RunKey) -> Result<Vec<UserId>, Error> {
    blocking(store, move |store| {
        let RunKey { scope, leaderboard, run } = key;
        let mut rest = KeyRange::rank_days_of_run(scope, leaderboard, run);
        let mut ranked = Vec::new();
        while let Some((first, _)) = store.scan(&rest, 1)?.into_iter().next() {
            let (_, _, user, _) = rank_day_parts(&first);
            rest = rest.past(&KeyRange::rank_days(scope, leaderboard, run, &user));
            let latest = latest_rank_day(store, key, &user)?;
            if latest.is_some_and(|(_, day)| day.end.is_some()) {
                ranked.push(user);
            }
        }
        Ok(ranked)
    })
    .await
}

/// A user's days of a run, the earliest first.
pub(crate) fn rank_days(
    store: &Store,
    RunKey { scope, leaderboard, run }: RunKey,
    user: &UserId,
) -> Result<Vec<DayEnd>, Error> {
    let rows = store.rows(KeyRange::rank_days(scope, leaderboard, run, user));
    rows.map(|row| rank_day(&row?).map(|(date, day)| (date, day.end))).collect()
}

/// Which of these runs a user may have been ranked in: with their days, if the run is settled, and
/// without otherwise.
pub(crate) async fn ranked_runs(
    store: &Store,
    user: UserId,
    runs: Vec<(RunKey, Run)>,
) -> Result<Vec<(RunKey, Run, Option<Vec<DayEnd>>)>, Error> {
    blocking(store, move |store| {
        let mut ranked = Vec::new();
        for (key, run) in runs {
            if find_settled(store, key)?.is_none() {
                ranked.push((key, run, None));
                continue;
            }
            let days = rank_days(store, key, &user)?;
            if !days.is_empty() {
                ranked.push((key, run, Some(days)));
            }
        }
        Ok(ranked)
    })
    .await
}

/// Writes what a day of a run ends with, so far as the latest rows don't say so already. Of who has
/// neither a score nor a row nothing is kept, and a run that is settled stays as it is.
pub(crate) async fn write_rank_days(
    store: &Store,
    key: RunKey,
    day: Date,
    noted: Vec<Noted>,
) -> Result<(), Error> {
    let runtime = tokio::runtime::Handle::current();
    blocking(store, move |store| {
        let RunKey { scope, leaderboard, run } = key;
        if find_settled(store, key)?.is_some() {
            return Ok(());
        }
        let shard = ShardId::of_run(scope, leaderboard, run, store.shards());
        for noted in noted.chunks(DAYS_AT_ONCE) {
            let mut ops = Vec::with_capacity(noted.len());
            for Noted { user, end, changes, has_score } in noted {
                let latest = latest_rank_day(store, key, user)?;
                if latest.is_none() && !has_score {
                    continue;
                }
                let after = RankDay::after(latest, day, *end, *changes);
                ops.extend(after.map(|(date, day)| {
                    put(Key::rank_day(scope, leaderboard, run, user, date), &day)
                }));
            }
            store.wait_for_room()?;
            runtime.block_on(store.commit(Batch { shard, ops }))?;
        }
        Ok(())
    })
    .await
}

fn latest_rank_day(
    store: &Store,
    RunKey { scope, leaderboard, run }: RunKey,
    user: &UserId,
) -> Result<Option<(Date, RankDay)>, Error> {
    let latest = store.scan_rev(&KeyRange::rank_days(scope, leaderboard, run, user), 1)?;
    latest.first().map(rank_day).transpose()
}

fn rank_day((key, value): &storage::Row) -> Result<(Date, RankDay), Error> {
    let (_, _, _, date) = rank_day_parts(key);
    Ok((date, decode(key, value)?))
}

fn rank_day_parts(key: &Key) -> (LeaderboardId, Date, UserId, Date) {
    key.rank_day_parts().expect("a range of days of runs holds nothing else")
}
