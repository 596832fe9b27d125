//! Everything that is stored of one user besides the snapshot, read a chunk at a time.
//!
//! All of it may block: it is for threads that may. Events and awards that came after the snapshot
//! are left out. What belongs to a user is listed in `storage/src/keys.rs`.

use std::sync::Arc;

use domain::catalog::Catalog;
use domain::ids::{AttributeId, LeaderboardId, MetricId, PointsSystemId, Scope, UserId};
use domain::leaderboard::{ScoreRecord, SettledPlace};
use domain::time::Date;
use domain::user::{
    AwardRecord, EventRecord, IdempotencyRecord, MetricDay, MetricProgress, PointsDay, UserState,
};
use domain::webhook::{Message, MessagePlace};
use storage::records::{Record, decode};
use storage::{Error, Key, KeyRange, Kind, ShardId, Store};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use crate::error;
use crate::webhooks::LoggedDelivery;

/// The rows of one user. (C-USER-34)
#[derive(Clone)]
pub struct History {
    store: Store,
    scope: Scope,
    state: Arc<UserState>,
    catalog: Arc<Catalog>,
    /// What bounds how many are read at a time.
    _reading: Arc<OwnedSemaphorePermit>,
}

/// A score of a user, and where they ended up if the run is final.
#[derive(Clone, Debug)]
pub struct RunScore {
    /// The board.
    pub leaderboard: LeaderboardId,
    /// The first date of the run.
    pub run: Date,
    /// The score.
    pub record: ScoreRecord,
    /// The final place; none while the run is open, and for who did not take part.
    pub place: Option<SettledPlace>,
}

/// A metric's figures of one day, counting only events with one attribute value.
#[derive(Clone, Debug)]
pub struct ValueDay {
    /// The metric.
    pub metric: MetricId,
    /// The day.
    pub date: Date,
    /// The event attribute and its value.
    pub value: (AttributeId, String),
    /// The figures.
    pub record: MetricDay,
}

/// What is read row by row.
type Rows<T> = Box<dyn Iterator<Item = Result<T, error::Error>> + Send>;

impl History {
    /// Of a user as they are shown.
    pub(crate) fn new(
        store: Store,
        scope: Scope,
        (state, catalog): (Arc<UserState>, Arc<Catalog>),
        reading: OwnedSemaphorePermit,
    ) -> Self {
        Self { store, scope, state, catalog, _reading: Arc::new(reading) }
    }

    /// Events, oldest first.
    #[must_use]
    pub fn events(&self) -> Rows<EventRecord> {
        let known = self.state.events;
        let rows = self.rows(Kind::Event, |_, record: EventRecord| record);
        Box::new(rows.take(usize::try_from(known).unwrap_or(usize::MAX)))
    }

    /// Awards and deductions with their points system, oldest first in each.
    #[must_use]
    pub fn awards(&self) -> Rows<(PointsSystemId, AwardRecord)> {
        let state = Arc::clone(&self.state);
        let awards = self
            .rows(Kind::Award, |key, record| (PointsSystemId(about(key)), key.sequence(), record));
        let known = move |system, sequence| {
            let recorded = state.points.get(&system).map(|balance| balance.awards);
            sequence < recorded
        };
        let awards = awards.filter(move |row| match row {
            Ok((system, sequence, _)) => known(*system, *sequence),
            Err(_) => true,
        });
        Box::new(awards.map(|row| row.map(|(system, _, record)| (system, record))))
    }

    /// Days of metrics.
    #[must_use]
    pub fn metric_days(&self) -> Rows<(MetricId, Date, MetricDay)> {
        self.rows(Kind::MetricDay, |key, record| (MetricId(about(key)), date(key), record))
    }

    /// Days of points systems.
    #[must_use]
    pub fn points_days(&self) -> Rows<(PointsSystemId, Date, PointsDay)> {
        self.rows(Kind::PointsDay, |key, record| (PointsSystemId(about(key)), date(key), record))
    }

    /// Days of metrics by attribute value.
    #[must_use]
    pub fn value_days(&self) -> Rows<ValueDay> {
        self.rows(Kind::AttributeDay, |key, record| ValueDay {
            metric: MetricId(about(key)),
            date: date(key),
            value: value(key),
            record,
        })
    }

    /// Progress in metrics by attribute value.
    #[must_use]
    pub fn value_progress(&self) -> Rows<(MetricId, (AttributeId, String), MetricProgress)> {
        self.rows(Kind::AttributeProgress, |key, record| (MetricId(about(key)), value(key), record))
    }

    /// Idempotency keys with the metric that they are for.
    #[must_use]
    pub fn idempotency_keys(&self) -> Rows<(MetricId, String, IdempotencyRecord)> {
        self.rows(Kind::Idempotency, |key, record| {
            let text = key.idempotency_key().expect("these rows have a key");
            (MetricId(about(key)), text, record)
        })
    }

    /// Scores on leaderboards, open and final.
    ///
    /// # Errors
    /// If storage can't be read.
    pub fn scores(&self) -> Result<Rows<RunScore>, error::Error> {
        let Self { store, scope, state, .. } = self.clone();
        let runs = runs_of(&store, scope, Kind::Score, &state.id)?.into_iter();
        let scores = runs.filter_map(move |(leaderboard, run)| {
            let read = || {
                let record = store.load(&Key::score(scope, leaderboard, run, &state.id))?;
                let place = store.load(&Key::settled_place(scope, leaderboard, run, &state.id))?;
                Ok(record.map(|record| RunScore { leaderboard, run, record, place }))
            };
            read().transpose()
        });
        Ok(Box::new(scores))
    }

    /// What webhooks were and are being told about the user.
    #[must_use]
    pub fn deliveries(&self) -> Rows<LoggedDelivery> {
        let Self { store, scope, state, catalog, .. } = self.clone();
        let shards = shards_of_messages(&store, &catalog, scope, &state.id);
        let messages = shards.into_iter().flat_map({
            let store = store.clone();
            move |shard| {
                let rows = store.rows(KeyRange::messages(scope, shard));
                rows.map(move |row| row.map(|row| (shard, row)))
            }
        });
        let logged = messages.flat_map(move |row| {
            let read = row.and_then(|(shard, (key, bytes))| {
                let message: Message = decode(&key, &bytes)?;
                match message.users.contains(&state.id) {
                    true => logged(&store, &key, shard, &message),
                    false => Ok(Vec::new()),
                }
            });
            match read {
                Ok(logged) => logged.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error.into())],
            }
        });
        Box::new(logged)
    }

    fn rows<T: Record + 'static, R: 'static>(
        &self,
        kind: Kind,
        read: impl Fn(&Key, T) -> R + Send + 'static,
    ) -> Rows<R> {
        let rows = self.store.rows(KeyRange::user(self.scope, kind, &self.state.id));
        Box::new(rows.map(move |row| {
            let (key, bytes) = row?;
            Ok(read(&key, decode(&key, &bytes)?))
        }))
    }
}

fn about(key: &Key) -> Uuid {
    key.about().expect("these rows are about a metric or a points system")
}

fn date(key: &Key) -> Date {
    key.date().expect("day rows have a date")
}

fn value(key: &Key) -> (AttributeId, String) {
    key.attribute_value().expect("these rows have a value")
}

/// The deliveries of a message.
fn logged(
    store: &Store,
    key: &Key,
    shard: ShardId,
    message: &Message,
) -> Result<Vec<LoggedDelivery>, Error> {
    let place = message_place(key, shard, message);
    let rows = store.rows(KeyRange::deliveries_of(key.scope(), place)).map(|row| {
        let (key, bytes) = row?;
        let place = key.delivery_place().expect("a range of deliveries holds nothing else");
        Ok(LoggedDelivery { place, delivery: decode(&key, &bytes)?, message: message.clone() })
    });
    rows.collect()
}

/// Where a message is filed.
pub(super) fn message_place(key: &Key, shard: ShardId, message: &Message) -> MessagePlace {
    let sequence = key.message_sequence().expect("a range of messages holds nothing else");
    MessagePlace { at: message.at, shard: shard.0, sequence }
}

/// Where messages about a user are: with the user, those about leaderboards with their boards, and
/// those about boosts with what belongs to no user.
pub(crate) fn shards_of_messages(
    store: &Store,
    catalog: &Catalog,
    scope: Scope,
    user: &UserId,
) -> Vec<ShardId> {
    let shards = store.shards();
    let boards = catalog.leaderboards.iter();
    let mut all: Vec<_> = boards.map(|board| ShardId::of_board(scope, board.id, shards)).collect();
    all.extend([ShardId::of_user(scope, user, shards), ShardId::META]);
    all.sort_unstable();
    all.dedup();
    all
}

/// The runs in which a user has a row of a kind. Every run is looked at once, and nobody else's row.
pub(crate) fn runs_of(
    store: &Store,
    scope: Scope,
    kind: Kind,
    user: &UserId,
) -> Result<Vec<(LeaderboardId, Date)>, Error> {
    let mut runs = Vec::new();
    let mut rest = KeyRange::kind(scope, kind);
    while let Some((key, _)) = store.scan(&rest, 1)?.pop() {
        let (board, run) = key.user_run().expect("rows of these kinds are in a run");
        if !store.scan(&KeyRange::user_in_run(scope, kind, (board, run), user), 1)?.is_empty() {
            runs.push((board, run));
        }
        rest = rest.past(&KeyRange::run(scope, kind, board, run));
    }
    Ok(runs)
}
