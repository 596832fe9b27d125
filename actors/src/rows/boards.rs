//! Rows of leaderboards: scores, which are written with their users, and settled runs.

use std::collections::HashMap;

use domain::catalog::Catalog;
use domain::ids::{LeaderboardId, Scope, UserId};
use domain::leaderboard::{Group, ScoreRecord, SettledPlace, SettledRank, SettledRun};
use domain::time::{Date, Timestamp};
use domain::user::UserState;
use storage::records::decode;
use storage::{Batch, Error, Key, KeyRange, Kind, Op, ShardId, Store, put};

use super::blocking;
use super::erasure::delete_all;
use crate::board::{Board, Row};
use crate::leaderboard::RunKey;

/// Users whose final ranks are written at once.
const SETTLED_AT_ONCE: usize = 500;

/// A run from the rows of its scores, and when a value of it last changed.
pub(crate) async fn build_board(
    store: &Store,
    key: RunKey,
    limit: u64,
) -> Result<(Board, Option<Timestamp>), Error> {
    blocking(store, move |store| read_board(store, key, limit)).await
}

fn read_board(store: &Store, key: RunKey, limit: u64) -> Result<(Board, Option<Timestamp>), Error> {
    let (mut failure, mut changed_at) = (None, None);
    let rows = store.rows(KeyRange::scores(key.scope, key.leaderboard, key.run));
    let scores = rows.map_while(|row| match row.and_then(|(key, value)| score(&key, &value)) {
        Ok(score) => {
            changed_at = changed_at.max(Some(score.1.reached));
            Some(score)
        }
        Err(error) => {
            failure = Some(error);
            None
        }
    });
    let board = Board::build(limit, scores);
    failure.map_or(Ok((board, changed_at)), Err)
}

fn score(
    key: &Key,
    value: &[u8],
) -> Result<(UserId, domain::leaderboard::Score, Option<Group>), Error> {
    let (_, _, user) = key.score_parts().expect("a range of scores holds nothing else");
    let ScoreRecord { score, group } = decode(key, value)?;
    Ok((user, score, group))
}

/// A user's score in a run.
pub(crate) fn find_score(
    store: &Store,
    RunKey { scope, leaderboard, run }: RunKey,
    user: &UserId,
) -> Result<Option<ScoreRecord>, Error> {
    store.load(&Key::score(scope, leaderboard, run, user))
}

/// What is known of a run as a whole, if it is settled.
pub(crate) fn find_settled(
    store: &Store,
    RunKey { scope, leaderboard, run }: RunKey,
) -> Result<Option<SettledRun>, Error> {
    store.load(&Key::settled_run(scope, leaderboard, run))
}

/// The board of a settled run, as it was when it became final; none if ranks are vacant since.
pub(crate) async fn settled_board(store: &Store, key: RunKey) -> Result<Option<Board>, Error> {
    blocking(store, move |store| {
        let RunKey { scope, leaderboard, run } = key;
        let seats = find_settled(store, key)?.map_or(0, |settled| settled.seats);
        let rows = store.rows(KeyRange::settled_ranks(scope, leaderboard, run));
        let scores = rows.map(|row| {
            let held = held(&row?)?;
            Ok(held.map(|(group, Row { user, score, .. })| (user, score, Some(group))))
        });
        let scores = scores.collect::<Result<Option<Vec<_>>, Error>>()?;
        Ok(scores.map(|scores| Board::build(u64::from(seats), scores)))
    })
    .await
}

/// Where a user ended up in a settled run; none for who did not take part.
pub(crate) fn find_settled_place(
    store: &Store,
    RunKey { scope, leaderboard, run }: RunKey,
    user: &UserId,
) -> Result<Option<SettledPlace>, Error> {
    store.load(&Key::settled_place(scope, leaderboard, run, user))
}

/// The ranks after `skipped` of a group in a settled run, up to `limit` of them; those that are
/// vacant are left out. (C-LB-62, C-LB-84)
pub(crate) fn settled_rows(
    store: &Store,
    RunKey { scope, leaderboard, run }: RunKey,
    group: &Group,
    skipped: u64,
    limit: u64,
) -> Result<Vec<Row>, Error> {
    let from = |rank| Key::settled_rank(scope, leaderboard, run, group, rank);
    let first = skipped.saturating_add(1);
    let range = KeyRange::settled_group(scope, leaderboard, run, group)
        .starting_at(&from(first))
        .before(&from(first.saturating_add(limit)));
    let rows = store.rows(range).filter_map(|row| row.and_then(|row| held(&row)).transpose());
    rows.map(|row| row.map(|(_, row)| row)).collect()
}

/// Everyone in matching groups of a settled run, group by group.
pub(crate) fn settled_groups(
    store: &Store,
    RunKey { scope, leaderboard, run }: RunKey,
    matches: impl Fn(&Group) -> bool,
) -> Result<Vec<Row>, Error> {
    let rows = store.rows(KeyRange::settled_ranks(scope, leaderboard, run));
    let rows = rows.filter_map(|row| row.and_then(|row| held(&row)).transpose());
    let kept = rows.filter(|row| row.as_ref().map_or(true, |(group, _)| matches(group)));
    kept.map(|row| row.map(|(_, row)| row)).collect()
}

/// The first `limit` of each of the next `groups` groups of a settled run after `after`, in
/// ascending order; groups without participants are left out.
pub(crate) fn settled_tops(
    store: &Store,
    RunKey { scope, leaderboard, run }: RunKey,
    after: Option<&Group>,
    groups: usize,
    limit: u64,
) -> Result<Vec<(Group, Vec<Row>)>, Error> {
    let whole = |group: &Group| KeyRange::settled_group(scope, leaderboard, run, group);
    let mut rest = KeyRange::settled_ranks(scope, leaderboard, run);
    if let Some(group) = after {
        rest = rest.past(&whole(group));
    }
    let mut tops = Vec::new();
    while tops.len() < groups {
        let Some(first) = store.scan(&rest, 1)?.into_iter().next() else { break };
        let (_, _, group, _) =
            first.0.settled_rank_parts().expect("a range of ranks holds nothing else");
        rest = rest.past(&whole(&group));
        let rows = settled_rows(store, RunKey { scope, leaderboard, run }, &group, 0, limit)?;
        tops.push((group, rows));
    }
    Ok(tops)
}

/// A final rank; none if it is vacant.
fn held((key, value): &storage::Row) -> Result<Option<(Group, Row)>, Error> {
    let (_, _, group, rank) =
        key.settled_rank_parts().expect("a range of ranks holds nothing else");
    Ok(match decode(key, value)? {
        SettledRank::Held { user, score } => Some((group, Row { rank, user, score })),
        SettledRank::Vacant => None,
    })
}

/// Writes the final ranking of a run, and at last that it is final.
pub(crate) async fn settle_run(
    store: &Store,
    key: RunKey,
    seats: u64,
    at: Timestamp,
) -> Result<(), Error> {
    let runtime = tokio::runtime::Handle::current();
    blocking(store, move |store| {
        let RunKey { scope, leaderboard, run } = key;
        let shard = ShardId::of_run(scope, leaderboard, run, store.shards());
        let commit = |ops: Vec<Op>| {
            store.wait_for_room()?;
            runtime.block_on(store.commit(Batch { shard, ops }))
        };
        // What an attempt left that was cut short may hold someone who was erased since.
        for kind in [Kind::SettledRank, Kind::SettledPlace] {
            delete_all(store, shard, KeyRange::run(scope, kind, leaderboard, run), &runtime)?;
        }
        let (board, _) = read_board(store, key, seats)?;
        let mut participants = 0;
        let mut ops = Vec::with_capacity(2 * SETTLED_AT_ONCE);
        for (group, rows) in board.participants() {
            for Row { rank, user, score } in rows {
                participants += 1;
                let place = SettledPlace { group: group.clone(), rank };
                ops.push(put(Key::settled_place(scope, leaderboard, run, &user), &place));
                let ranked = SettledRank::Held { user, score };
                ops.push(put(Key::settled_rank(scope, leaderboard, run, group, rank), &ranked));
                if ops.len() >= 2 * SETTLED_AT_ONCE {
                    commit(std::mem::take(&mut ops))?;
                }
            }
        }
        let seats = u32::try_from(seats).unwrap_or(u32::MAX);
        let settled = SettledRun { at, seats, participants };
        ops.push(put(Key::settled_run(scope, leaderboard, run), &settled));
        commit(ops)
    })
    .await
}

/// Of each board with a settled run the date after its latest.
pub(crate) fn settled_until(
    store: &Store,
    scope: Scope,
    catalog: &Catalog,
) -> Result<HashMap<LeaderboardId, Date>, Error> {
    let mut until = HashMap::new();
    for board in catalog.live_leaderboards() {
        let latest = store.scan_rev(&KeyRange::settled_runs(scope, board.id), 1)?;
        let latest = latest.first().and_then(|(key, _)| key.settled_run_parts());
        let after = latest.map(|(_, run)| {
            let end = board.run_from(run).and_then(|run| run.end);
            (board.id, end.unwrap_or(run).succ())
        });
        until.extend(after);
    }
    Ok(until)
}

/// Some of the users who did not catch up with recounts yet.
pub(crate) struct UsersBehind {
    pub(crate) users: Vec<UserId>,
    /// The last one; none if nobody after them was left to look at.
    pub(crate) last: Option<UserId>,
}

/// The first `limit` users in key order, or the first after one of them, who did not catch up with
/// the recounts up to `number`.
pub(crate) async fn users_behind(
    store: &Store,
    scope: Scope,
    number: u64,
    after: Option<UserId>,
    limit: usize,
) -> Result<UsersBehind, Error> {
    let all = KeyRange::kind(scope, Kind::Snapshot);
    let range = after.iter().fold(all, |all, user| all.after(&Key::snapshot(scope, user)));
    blocking(store, move |store| {
        let mut users = Vec::new();
        for row in store.rows(range) {
            let (key, value) = row?;
            let user: UserState = decode(&key, &value)?;
            if user.recounted < number {
                users.push(user.id);
            }
            if users.len() == limit {
                let last = users.last().cloned();
                return Ok(UsersBehind { users, last });
            }
        }
        Ok(UsersBehind { users, last: None })
    })
    .await
}

/// The names of users; who doesn't exist is left out.
pub(crate) async fn names(
    store: &Store,
    scope: Scope,
    users: Vec<UserId>,
) -> Result<HashMap<UserId, Option<String>>, Error> {
    blocking(store, move |store| {
        let mut names = HashMap::with_capacity(users.len());
        for user in users {
            let state: Option<UserState> = store.load(&Key::snapshot(scope, &user))?;
            names.extend(state.map(|state| (user, state.profile.name)));
        }
        Ok(names)
    })
    .await
}
