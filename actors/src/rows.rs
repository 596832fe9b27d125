//! What the engine reads from storage and writes to it, in words of the domain.
//!
//! Point reads are made where they are needed: they come from memory or from one page of the tree.
//! Whatever may read many rows does so on a thread that may block, a chunk at a time. All writes go
//! through the store's one `commit`.

use std::collections::{BTreeMap, HashMap};

use domain::amount::Amount;
use domain::calendar::{Period, ZONE_DATABASE};
use domain::catalog::{Catalog, Settings};
use domain::ids::{
    AttributeId, EnvironmentId, IdempotencyKey, MetricId, PauseId, PointsSystemId, Scope, UserId,
};
use domain::time::{Date, Timestamp};
use domain::user::{
    AwardRecord, EventRecord, HistoryScores, HistorySum, IdempotencyRecord, MetricDay,
    MetricProgress, MissingScores, MissingSum, Outcome, PointsDay, UserState, effective_day,
};
use domain::webhook::{Delivery, DeliveryPlace, MessagePlace};
use domain::wrapped::{AttributeDay, Days};
use storage::records::{PurgedUpTo, Record, Reviews, ZoneDatabase, decode};
use storage::{
    Batch, CatalogCommit, Error, Key, KeyRange, Kind, Op, OutboxEntry, ShardId, Store, UserCommit,
    put,
};

use crate::projection::Statistics;
use crate::user_key::UserKey;

/// A user's snapshot; none if the user doesn't exist.
pub(crate) fn load_user(
    store: &Store,
    UserKey { scope, user }: &UserKey,
) -> Result<Option<UserState>, Error> {
    store.load(&Key::snapshot(*scope, user))
}

/// The effective days of users at `now`; who doesn't exist is left out.
pub(crate) async fn effective_days(
    store: &Store,
    scope: Scope,
    users: Vec<UserId>,
    settings: Settings,
    now: Timestamp,
) -> Result<HashMap<UserId, Date>, Error> {
    blocking(store, move |store| {
        let mut days = HashMap::new();
        for user in users {
            let state: Option<UserState> = store.load(&Key::snapshot(scope, &user))?;
            days.extend(state.map(|state| (user, effective_day(&state, &settings, now))));
        }
        Ok(days)
    })
    .await
}

/// What an idempotency key was used for, however long ago.
pub(crate) fn find_idempotency(
    store: &Store,
    UserKey { scope, user }: &UserKey,
    metric: MetricId,
    key: &IdempotencyKey,
) -> Result<Option<IdempotencyRecord>, Error> {
    store.load(&Key::idempotency(*scope, user, metric, key))
}

/// Whose a pause is; none if there never was such a pause.
pub(crate) fn find_pause_owner(
    store: &Store,
    scope: Scope,
    pause: PauseId,
) -> Result<Option<UserId>, Error> {
    store.load(&Key::pause_owner(scope, pause))
}

/// The user's progress in a metric for each of these attribute values that had an event before.
pub(crate) fn load_progress(
    store: &Store,
    UserKey { scope, user }: &UserKey,
    metric: MetricId,
    attributes: &BTreeMap<AttributeId, String>,
) -> Result<BTreeMap<AttributeId, MetricProgress>, Error> {
    let mut known = BTreeMap::new();
    for (attribute, value) in attributes {
        let key = Key::attribute_progress(*scope, user, metric, (*attribute, value));
        known.extend(store.load(&key)?.map(|progress| (*attribute, progress)));
    }
    Ok(known)
}

/// The missing sums, from one pass over the user's events.
pub(crate) async fn sum_events(
    store: &Store,
    key: &UserKey,
    missing: Vec<MissingSum>,
) -> Result<Vec<HistorySum>, Error> {
    let key = key.clone();
    blocking(store, move |store| read_sums(store, &key, &missing)).await
}

/// The same for who may block.
pub(crate) fn read_sums(
    store: &Store,
    UserKey { scope, user }: &UserKey,
    missing: &[MissingSum],
) -> Result<Vec<HistorySum>, Error> {
    let nothing = |missing: &MissingSum| HistorySum {
        owner: missing.owner,
        revision: missing.revision,
        sum: Amount::ZERO,
    };
    let mut sums: Vec<_> = missing.iter().map(nothing).collect();
    for row in store.rows(KeyRange::user(*scope, Kind::Event, user)) {
        let (key, value) = row?;
        let event: EventRecord = decode(&key, &value)?;
        for (missing, read) in missing.iter().zip(&mut sums) {
            if missing.counts(&event) {
                read.sum += event.value;
            }
        }
    }
    Ok(sums)
}

/// Rows read backwards at once.
const ROWS_BACK: usize = 256;

/// The missing scores, from the newest rows of the user's history back to where the first open run
/// began.
pub(crate) async fn count_scores(
    store: &Store,
    UserKey { scope, user }: &UserKey,
    missing: MissingScores,
) -> Result<HistoryScores, Error> {
    let (scope, user) = (*scope, user.clone());
    blocking(store, move |store| {
        let (needs_events, systems) = (missing.needs_events(), missing.systems());
        let mut scores = missing.count();
        let from = scores.from();
        if needs_events {
            let range = KeyRange::user(scope, Kind::Event, &user);
            each_back(store, range, |event: EventRecord| {
                scores.add_event(&event);
                event.at >= from
            })?;
        }
        for system in systems {
            let range = KeyRange::awards(scope, &user, system);
            each_back(store, range, |award: AwardRecord| {
                scores.add_award(system, &award);
                award.at >= from
            })?;
        }
        Ok(scores)
    })
    .await
}

/// Reads a range backwards as long as `more` answers true.
fn each_back<T: Record>(
    store: &Store,
    mut range: KeyRange,
    mut more: impl FnMut(T) -> bool,
) -> Result<(), Error> {
    loop {
        let rows = store.scan_rev(&range, ROWS_BACK)?;
        for (key, value) in &rows {
            if !more(decode(key, value)?) {
                return Ok(());
            }
        }
        let Some((last, _)) = rows.last() else { return Ok(()) };
        range = range.before(last);
    }
}

/// Makes an outcome durable: the state, its rows of history, the key it used up, what webhooks are
/// told of it and the timer that it moved away from `planned`, in one batch.
pub(crate) async fn commit_user(
    store: &Store,
    UserKey { scope, user }: &UserKey,
    planned: Option<Timestamp>,
    outcome: &Outcome,
    outbox: &[OutboxEntry],
) -> Result<(), Error> {
    let commit = UserCommit { scope: *scope, user, planned, outcome, outbox };
    store.commit(commit.batch(store.shards())).await
}

/// The timers of a shard that were not read yet: from an instant on, without those up to a row.
#[derive(Clone, Debug)]
pub(crate) struct UnreadTimers {
    pub(crate) from: Timestamp,
    pub(crate) after: Option<Key>,
}

/// What was read of a shard's timers.
#[derive(Debug)]
pub(crate) struct DueTimers {
    /// Who is due when, in due order.
    pub(crate) due: Vec<(Timestamp, UserId)>,
    /// What is to be read next.
    pub(crate) unread: UnreadTimers,
    /// When the first one that is not due yet will be; none also if not everything due was read.
    pub(crate) next: Option<Timestamp>,
}

/// Up to `limit` unread timers of a shard that are due by `now`.
pub(crate) fn due_timers(
    store: &Store,
    scope: Scope,
    shard: ShardId,
    UnreadTimers { from, after }: UnreadTimers,
    now: Timestamp,
    limit: usize,
) -> Result<DueTimers, Error> {
    let range = KeyRange::timers(scope, shard, from, now);
    let range = after.iter().fold(range, KeyRange::after);
    let rows = store.scan(&range, limit)?;
    let due: Vec<_> = rows.iter().map(|(key, _)| timer_parts(key)).collect();
    if due.len() == limit
        && let (Some((key, _)), Some((from, _))) = (rows.into_iter().last(), due.last())
    {
        let unread = UnreadTimers { from: *from, after: Some(key) };
        return Ok(DueTimers { due, unread, next: None });
    }
    let from = now.plus_millis(1);
    let later = store.scan(&KeyRange::timers(scope, shard, from, Timestamp::MAX), 1)?;
    let next = later.first().map(|(key, _)| timer_parts(key).0);
    Ok(DueTimers { due, unread: UnreadTimers { from, after: None }, next })
}

fn timer_parts(key: &Key) -> (Timestamp, UserId) {
    let (_, due, user) = key.timer_parts().expect("a range of timers holds nothing else");
    (due, user)
}

/// The latest awards below sequence `recorded`, newest first.
pub(crate) async fn recent_awards(
    store: &Store,
    UserKey { scope, user }: UserKey,
    system: PointsSystemId,
    recorded: u64,
    limit: usize,
) -> Result<Vec<AwardRecord>, Error> {
    let range =
        KeyRange::awards(scope, &user, system).before(&Key::award(scope, &user, system, recorded));
    blocking(store, move |store| {
        store.scan_rev(&range, limit)?.iter().map(|(key, value)| decode(key, value)).collect()
    })
    .await
}

/// A metric's days from `from` on.
pub(crate) async fn metric_days(
    store: &Store,
    UserKey { scope, user }: UserKey,
    metric: MetricId,
    from: Date,
) -> Result<Vec<(Date, MetricDay)>, Error> {
    let from = Key::metric_day(scope, &user, metric, from);
    days(store, KeyRange::metric_days(scope, &user, metric).starting_at(&from)).await
}

/// A points system's days from `from` on.
pub(crate) async fn points_days(
    store: &Store,
    UserKey { scope, user }: UserKey,
    system: PointsSystemId,
    from: Date,
) -> Result<Vec<(Date, PointsDay)>, Error> {
    let from = Key::points_day(scope, &user, system, from);
    days(store, KeyRange::points_days(scope, &user, system).starting_at(&from)).await
}

async fn days<T: Record + Send + 'static>(
    store: &Store,
    range: KeyRange,
) -> Result<Vec<(Date, T)>, Error> {
    blocking(store, move |store| read_days(store, range)).await
}

/// The days of one user in a range. It may block.
pub(crate) fn read_days<T: Record>(
    store: &Store,
    range: KeyRange,
) -> Result<Vec<(Date, T)>, Error> {
    let rows = store.rows(range).map(|row| {
        let (key, value) = row?;
        let day = key.date().expect("day rows have a date");
        Ok((day, decode(&key, &value)?))
    });
    rows.collect()
}

/// All days of a user within `dates`, whatever they are about.
pub(crate) async fn days_of_user(
    store: &Store,
    scope: Scope,
    state: &UserState,
    dates: Period,
) -> Result<Days, Error> {
    let user = state.id.clone();
    let metrics: Vec<_> = state.metrics.keys().copied().collect();
    let systems: Vec<_> = state.points.keys().copied().collect();
    blocking(store, move |store| {
        let mut days = Days::default();
        for metric in metrics {
            let own = KeyRange::metric_days(scope, &user, metric).within(dates);
            days.metrics.insert(metric, read_days(store, own)?);
            let own = KeyRange::attribute_days(scope, &user, metric).within(dates);
            days.attributes.insert(metric, read_attribute_days(store, own)?);
        }
        for system in systems {
            let own = KeyRange::points_days(scope, &user, system).within(dates);
            days.points.insert(system, read_days(store, own)?);
        }
        Ok(days)
    })
    .await
}

fn read_attribute_days(store: &Store, range: KeyRange) -> Result<Vec<AttributeDay>, Error> {
    let rows = store.rows(range).map(|row| {
        let (key, value) = row?;
        let date = key.date().expect("day rows have a date");
        let (attribute, text) = key.attribute_value().expect("these rows have a value");
        Ok(AttributeDay { date, attribute, value: text, record: decode(&key, &value)? })
    });
    rows.collect()
}

/// The number that the next message of a shard gets.
pub(crate) fn next_message(store: &Store, scope: Scope, shard: ShardId) -> Result<u64, Error> {
    let latest = store.scan_rev(&KeyRange::messages(scope, shard), 1)?;
    let latest = latest.first().and_then(|(key, _)| key.message_sequence());
    let purged = store.load(&Key::purged_up_to(scope, shard))?.map(|PurgedUpTo(sequence)| sequence);
    Ok(latest.max(purged).map_or(0, |sequence| sequence + 1))
}

/// Messages that may be purged.
#[derive(Debug)]
pub(crate) struct EndedMessages {
    /// Those whose deliveries are all over, with the numbers of these.
    pub(crate) ended: Vec<(MessagePlace, Vec<u16>)>,
    /// The last one that was looked at; none if there are no more.
    pub(crate) last: Option<MessagePlace>,
}

/// Up to `limit` messages that fired before `cutoff`, from the one after `after` on.
pub(crate) async fn ended_messages(
    store: &Store,
    scope: Scope,
    cutoff: Timestamp,
    after: Option<MessagePlace>,
    limit: usize,
) -> Result<EndedMessages, Error> {
    let range = KeyRange::deliveries_before(scope, cutoff);
    let last = |message| Key::delivery(scope, DeliveryPlace { message, number: u16::MAX });
    let range = match after {
        Some(message) => range.after(&last(message)),
        None => range,
    };
    blocking(store, move |store| {
        let mut found: Vec<(MessagePlace, Vec<u16>, bool)> = Vec::new();
        let mut more = None;
        for row in store.rows(range) {
            let (key, value) = row?;
            let Some(DeliveryPlace { message, number }) = key.delivery_place() else { continue };
            let delivery: Delivery = decode(&key, &value)?;
            if found.last().is_none_or(|(place, ..)| *place != message) {
                if found.len() == limit {
                    more = found.last().map(|(place, ..)| *place);
                    break;
                }
                found.push((message, Vec::new(), true));
            }
            if let Some((_, numbers, over)) = found.last_mut() {
                numbers.push(number);
                *over &= delivery.due.is_none();
            }
        }
        let ended = found.into_iter().filter(|(.., over)| *over);
        let ended = ended.map(|(place, numbers, _)| (place, numbers)).collect();
        Ok(EndedMessages { ended, last: more })
    })
    .await
}

/// The id of the environment; that of `new` is stored if there is none yet.
pub(crate) async fn find_or_store_environment(
    store: &Store,
    new: EnvironmentId,
) -> Result<EnvironmentId, Error> {
    let key = Key::instance("environment");
    if let Some(known) = store.load(&key)? {
        return Ok(known);
    }
    commit_meta(store, put(key, &new)).await?;
    Ok(new)
}

/// The configuration of a scope; none if it was never changed.
pub(crate) fn load_catalog(store: &Store, scope: Scope) -> Result<Option<Catalog>, Error> {
    store.load(&Key::catalog(scope))
}

/// How far the reviews of a scope's users got.
pub(crate) fn load_reviews(store: &Store, scope: Scope) -> Result<Reviews, Error> {
    Ok(store.load(&Key::reviews(scope))?.unwrap_or_default())
}

/// Makes durable how far the reviews of a scope's users got.
pub(crate) async fn commit_reviews(
    store: &Store,
    scope: Scope,
    reviews: &Reviews,
) -> Result<(), Error> {
    commit_meta(store, put(Key::reviews(scope), reviews)).await
}

/// The first `limit` users in key order, or the first after one of them.
pub(crate) async fn users_after(
    store: &Store,
    scope: Scope,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<UserId>, Error> {
    blocking(store, move |store| {
        let all = KeyRange::kind(scope, Kind::Snapshot);
        let range = match after {
            Some(user) => all.after(&Key::snapshot(scope, &user)),
            None => all,
        };
        let user = |(key, _): &(Key, Vec<u8>)| {
            let id = key.text().and_then(|text| UserId::new(&text));
            id.expect("a snapshot is filed under its user")
        };
        Ok(store.scan(&range, limit)?.iter().map(user).collect())
    })
    .await
}

/// Notes the bundled time zone database. If it is another than before, every user's days may lie
/// elsewhere now: that concerns them as a change of configuration does.
pub(crate) async fn note_zone_database(
    store: &Store,
    scope: Scope,
    catalog: &mut Option<Catalog>,
) -> Result<(), Error> {
    let key = Key::instance("zone database");
    let known: Option<ZoneDatabase> = store.load(&key)?;
    let bundled = ZoneDatabase { version: ZONE_DATABASE.to_owned() };
    if known.as_ref() == Some(&bundled) {
        return Ok(());
    }
    let mut ops = vec![put(key, &bundled)];
    if let (Some(_), Some(catalog)) = (known, catalog) {
        catalog.review += 1;
        ops.extend(CatalogCommit { scope, catalog }.batch().ops);
    }
    store.commit(Batch { shard: ShardId::META, ops }).await
}

/// What all snapshots together say.
pub(crate) struct CountedUsers {
    pub(crate) statistics: Statistics,
    /// The number of the latest request that anyone knows.
    pub(crate) order: u64,
    /// Everyone has caught up with the recounts up to this number.
    pub(crate) recounted: u64,
    /// When anyone was last decided.
    pub(crate) decided_at: Timestamp,
}

/// Counts the users of a scope.
pub(crate) async fn count_users(store: &Store, scope: Scope) -> Result<CountedUsers, Error> {
    blocking(store, move |store| {
        let statistics = Statistics::default();
        let (mut order, mut recounted, mut decided_at) = (0, u64::MAX, Timestamp::MIN);
        for row in store.rows(KeyRange::kind(scope, Kind::Snapshot)) {
            let (key, value) = row?;
            let user: UserState = decode(&key, &value)?;
            order = order.max(user.order);
            recounted = recounted.min(user.recounted);
            decided_at = decided_at.max(user.settled_at);
            statistics.record(None, &user);
            statistics.record_streaks(&user);
        }
        Ok(CountedUsers { statistics, order, recounted, decided_at })
    })
    .await
}

/// Closes the store; it waits for its disk.
pub(crate) async fn close(store: &Store) -> Result<(), Error> {
    blocking(store, Store::close).await
}

/// Makes a configuration durable.
pub(crate) async fn commit_catalog(
    store: &Store,
    scope: Scope,
    catalog: &Catalog,
) -> Result<(), Error> {
    store.commit(CatalogCommit { scope, catalog }.batch()).await
}

async fn commit_meta(store: &Store, op: Op) -> Result<(), Error> {
    store.commit(Batch { shard: ShardId::META, ops: vec![op] }).await
}

/// Runs `work` where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&Store) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let store = store.clone();
    let done = tokio::task::spawn_blocking(move || work(&store)).await;
    done.unwrap_or_else(|error| Err(Error::Failed { reason: error.to_string() }))
}

mod boards;
mod erasure;
mod history;
mod keys;
mod queue;
mod rank_days;

pub(crate) use boards::{
    UsersBehind, build_board, find_score, find_settled, find_settled_place, names, settle_run,
    settled_board, settled_groups, settled_rows, settled_tops, settled_until, users_behind,
};
pub(crate) use erasure::{
    begin_erasure, erase_history, erase_messages, erase_rank_days, erase_scores, erase_told_ranks,
    find_erasure, pending_erasures, runs_with_days,
};
pub(crate) use history::shards_of_messages;
pub use history::{History, RunScore, ValueDay};
pub(crate) use keys::{
    application_keys_of, commit_admin_keys, commit_application_keys, delete_application_keys,
    find_application_key, find_application_key_by_id, load_admin_keys,
};
pub(crate) use queue::{commit_queue_done, commit_queued, load_queue, queued_batch};
pub(crate) use rank_days::{last_ranked, rank_days, ranked_runs, write_rank_days};
