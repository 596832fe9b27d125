//! From a decision to the one batch that makes it durable.
//!
//! Everything that a command changed about a user goes into one batch of the user's shard: a crash
//! keeps all of it or nothing. The same for a change of configuration, in the shard of such rows.

use domain::{
    catalog::Catalog,
    ids::{Scope, UserId},
    leaderboard::ScoreMove,
    time::Timestamp,
    user::{HistoryRow, Outcome, UserState},
};

use crate::{
    batch::{Batch, Op},
    keys::Key,
    outbox::OutboxEntry,
    records::{self, Erasure, Record, Timer},
    shard::ShardId,
};

/// Everything one command changed about one user.
#[derive(Clone, Copy, Debug)]
pub struct UserCommit<'a> {
    /// The scope the user lives in.
    pub scope: Scope,
    /// The user.
    pub user: &'a UserId,
    /// When the user was planned to be settled before; none also if there was no such user.
    pub planned: Option<Timestamp>,
    /// What was decided.
    pub outcome: &'a Outcome,
    /// What webhooks are told of it.
    pub outbox: &'a [OutboxEntry],
}

impl UserCommit<'_> {
    /// The batch: snapshot, rows of history, rows of scores, idempotency row, messages, and the timer
    /// if it moved. `shards` is [`crate::Store::shards`].
    #[must_use]
    pub fn batch(&self, shards: u16) -> Batch {
        let Self { scope, user, planned, outcome, outbox } = *self;
        let mut batch = Batch::new(ShardId::of_user(scope, user, shards));
        batch.ops.push(put(Key::snapshot(scope, user), &outcome.state));
        batch.ops.extend(outcome.rows.iter().map(|row| self.history(row)));
        batch.ops.extend(outcome.scores.iter().map(|change| self.score(change)));
        if let Some((metric, key, record)) = &outcome.idempotency {
            batch.ops.push(put(Key::idempotency(scope, user, *metric, key), record));
        }
        batch.ops.extend(outbox.iter().flat_map(|entry| entry.ops(scope)));
        let next = outcome.state.next_due;
        if planned != next {
            let timer = |due| Key::timer(scope, batch.shard, due, user);
            let moved = [
                planned.map(|due| Op::Delete { key: timer(due) }),
                next.map(|due| put(timer(due), &Timer)),
            ];
            batch.ops.extend(moved.into_iter().flatten());
        }
        batch
    }

    /// Of several changes of one score the last one counts, as it does in the batch.
    fn score(&self, change: &ScoreMove) -> Op {
        let key = Key::score(self.scope, change.leaderboard, change.run, self.user);
        match &change.after {
            Some(record) => put(key, record),
            None => Op::Delete { key },
        }
    }

    fn history(&self, row: &HistoryRow) -> Op {
        let Self { scope, user, .. } = *self;
        match row {
            HistoryRow::Event { sequence, record } => {
                put(Key::event(scope, user, *sequence), record)
            }
            HistoryRow::Award { system, sequence, record } => {
                put(Key::award(scope, user, *system, *sequence), record)
            }
            HistoryRow::MetricDay { metric, day, record } => {
                put(Key::metric_day(scope, user, *metric, *day), record)
            }
            HistoryRow::PointsDay { system, day, record } => {
                put(Key::points_day(scope, user, *system, *day), record)
            }
            HistoryRow::AttributeDay { metric, day, attribute, value, record } => {
                put(Key::attribute_day(scope, user, *metric, *day, (*attribute, value)), record)
            }
            HistoryRow::AttributeProgress { metric, attribute, value, record } => {
                put(Key::attribute_progress(scope, user, *metric, (*attribute, value)), record)
            }
            HistoryRow::PauseOwner { pause } => put(Key::pause_owner(scope, *pause), user),
        }
    }
}

/// The end of a user's life: they are unknown from here on, whatever is left of them. (C-USER-28)
#[derive(Clone, Copy, Debug)]
pub struct ErasureCommit<'a> {
    /// The scope the user lived in.
    pub scope: Scope,
    /// The user, as they were.
    pub state: &'a UserState,
}

impl ErasureCommit<'_> {
    /// The batch: no snapshot, no timer, no score that may still change, and a row that says that
    /// the rest has to go. `shards` is [`crate::Store::shards`].
    #[must_use]
    pub fn batch(&self, shards: u16) -> Batch {
        let Self { scope, state } = *self;
        let user = &state.id;
        let mut batch = Batch::new(ShardId::of_user(scope, user, shards));
        let timer = state.next_due.map(|due| Key::timer(scope, batch.shard, due, user));
        let scores = state.scores.keys();
        let scores = scores.map(|(board, run)| Key::score(scope, *board, *run, user));
        let gone = std::iter::once(Key::snapshot(scope, user)).chain(timer).chain(scores);
        batch.ops.extend(gone.map(|key| Op::Delete { key }));
        batch.ops.push(put(Key::erasure(scope, user), &Erasure::of(state)));
        batch
    }
}

/// A new configuration of a scope.
#[derive(Clone, Copy, Debug)]
pub struct CatalogCommit<'a> {
    /// The scope it configures.
    pub scope: Scope,
    /// All of it.
    pub catalog: &'a Catalog,
}

impl CatalogCommit<'_> {
    /// The batch.
    #[must_use]
    pub fn batch(&self) -> Batch {
        Batch { shard: ShardId::META, ops: vec![put(Key::catalog(self.scope), self.catalog)] }
    }
}

/// A row that holds a record.
pub fn put<T: Record>(key: Key, record: &T) -> Op {
    Op::put(key, records::encode(record))
}

#[cfg(test)]
mod tests {
    use domain::{
        amount::Amount,
        catalog::Catalog,
        ids::{
            AttributeId, AwardId, EnvironmentId, EventId, IdempotencyKey, LeaderboardId, MetricId,
            PointsSystemId, Scope, TriggerId, UserId,
        },
        leaderboard::{Group, MoveCause, Score, ScoreMove, ScoreRecord},
        time::{Date, TimeOfDay, Timestamp},
        user::{
            AwardRecord, EventRecord, HistoryRow, IdempotencyRecord, MetricDay, MetricProgress,
            Outcome, PointsDay, Reply, UserState,
        },
    };
    use uuid::Uuid;

    use super::{CatalogCommit, UserCommit};
    use crate::{
        keys::{Key, KeyRange, Kind},
        records::{Record, user::tests::sample},
        shard::ShardId,
        store::Store,
    };

    const METRIC: MetricId = MetricId(Uuid::from_u128(2));
    const BOARD: LeaderboardId = LeaderboardId(Uuid::from_u128(7));
    const SYSTEM: PointsSystemId = PointsSystemId(Uuid::from_u128(3));
    const GENRE: AttributeId = AttributeId(Uuid::from_u128(9));

    fn scope() -> Scope {
        Scope::untenanted(EnvironmentId(Uuid::from_u128(1)))
    }

    fn day() -> Date {
        Date::from_ymd(2026, 1, 20).expect("a date")
    }

    fn event() -> EventRecord {
        EventRecord {
            id: EventId(Uuid::from_u128(4)),
            metric: METRIC,
            value: Amount::parse("750").expect("a number"),
            attributes: std::collections::BTreeMap::new(),
            at: Timestamp::from_millis(1),
            day: day(),
            time: TimeOfDay::default(),
            order: 7,
        }
    }

    fn award() -> AwardRecord {
        AwardRecord {
            id: AwardId(Uuid::from_u128(5)),
            trigger: TriggerId(Uuid::from_u128(6)),
            awarded: 10,
            total: 120,
            at: Timestamp::from_millis(1),
            day: day(),
            time: TimeOfDay::default(),
            order: 7,
            boosts: Vec::new(),
        }
    }

    fn score() -> ScoreRecord {
        let score = Score { value: event().value, reached: Timestamp::from_millis(1), order: 7 };
        ScoreRecord { score, group: Some(Group::default()) }
    }

    fn metric_day() -> MetricDay {
        MetricDay { change: event().value, total: event().value, events: 1 }
    }

    fn progress() -> MetricProgress {
        let MetricDay { change, total, events } = metric_day();
        MetricProgress { total, events: 1, day: day(), day_change: change, day_events: events }
    }

    fn outcome(state: UserState, key: &IdempotencyKey) -> Outcome {
        Outcome {
            state,
            reply: Reply::Settled,
            rows: vec![
                HistoryRow::Event { sequence: 17, record: event() },
                HistoryRow::Award { system: SYSTEM, sequence: 3, record: award() },
                HistoryRow::MetricDay { metric: METRIC, day: day(), record: metric_day() },
                HistoryRow::PointsDay {
                    system: SYSTEM,
                    day: day(),
                    record: PointsDay { change: 10, total: 120 },
                },
                HistoryRow::AttributeDay {
                    metric: METRIC,
                    day: day(),
                    attribute: GENRE,
                    value: "poem".to_owned(),
                    record: metric_day(),
                },
                HistoryRow::AttributeProgress {
                    metric: METRIC,
                    attribute: GENRE,
                    value: "poem".to_owned(),
                    record: progress(),
                },
            ],
            signals: Vec::new(),
            scores: vec![ScoreMove {
                cause: MoveCause::Command,
                leaderboard: BOARD,
                run: day(),
                before: None,
                after: Some(score()),
            }],
            idempotency: Some((
                METRIC,
                key.clone(),
                IdempotencyRecord { event: event().id, at: event().at },
            )),
            must_commit: true,
        }
    }

    fn load<T: Record>(store: &Store, key: &Key) -> T {
        store.load(key).expect("readable").expect("there")
    }

    #[tokio::test]
    async fn everything_an_outcome_changed_is_in_one_batch() {
        let (store, faults) = Store::in_memory();
        let user = UserId::new("18").expect("valid");
        let key = IdempotencyKey::parse("k").expect("short").expect("not blank");
        let outcome = outcome(sample(), &key);
        let planned = Some(Timestamp::from_millis(5));
        let commit =
            UserCommit { scope: scope(), user: &user, planned, outcome: &outcome, outbox: &[] };
        let batch = commit.batch(store.shards());
        assert_eq!(batch.shard, ShardId::of_user(scope(), &user, 64));
        store.commit(batch).await.expect("commits");
        assert_eq!(faults.journal.len(), 1);
        assert_eq!(load::<UserState>(&store, &Key::snapshot(scope(), &user)), outcome.state);
        assert_eq!(load::<EventRecord>(&store, &Key::event(scope(), &user, 17)), event());
        assert_eq!(load::<AwardRecord>(&store, &Key::award(scope(), &user, SYSTEM, 3)), award());
        assert_eq!(
            load::<MetricDay>(&store, &Key::metric_day(scope(), &user, METRIC, day())),
            metric_day()
        );
        assert_eq!(
            load::<PointsDay>(&store, &Key::points_day(scope(), &user, SYSTEM, day())).total,
            120
        );
        let poem = (GENRE, "poem");
        let attribute_day = Key::attribute_day(scope(), &user, METRIC, day(), poem);
        assert_eq!(load::<MetricDay>(&store, &attribute_day), metric_day());
        let attribute_progress = Key::attribute_progress(scope(), &user, METRIC, poem);
        assert_eq!(load::<MetricProgress>(&store, &attribute_progress), progress());
        assert_eq!(
            load::<IdempotencyRecord>(&store, &Key::idempotency(scope(), &user, METRIC, &key))
                .event,
            event().id
        );
        let scored = Key::score(scope(), BOARD, day(), &user);
        assert_eq!(load::<ScoreRecord>(&store, &scored), score());
        assert_eq!(store.scan(&KeyRange::all(), 10).expect("readable").len(), 10);
    }

    #[tokio::test]
    async fn a_user_has_one_timer_and_it_is_written_only_when_it_moves() {
        let (store, _faults) = Store::in_memory();
        let user = UserId::new("18").expect("valid");
        let shard = ShardId::of_user(scope(), &user, store.shards());
        let mut planned = None;
        for next in [Some(5), Some(5), Some(9), None, None, Some(7)] {
            let next = next.map(Timestamp::from_millis);
            let state = UserState { next_due: next, ..sample() };
            let key = IdempotencyKey::parse("k").expect("short").expect("not blank");
            let outcome = Outcome {
                idempotency: None,
                rows: Vec::new(),
                scores: Vec::new(),
                ..outcome(state, &key)
            };
            let commit =
                UserCommit { scope: scope(), user: &user, planned, outcome: &outcome, outbox: &[] };
            let batch = commit.batch(store.shards());
            let moves = usize::from(planned.is_some()) + usize::from(next.is_some());
            assert_eq!(batch.ops.len(), 1 + if planned == next { 0 } else { moves });
            store.commit(batch).await.expect("commits");
            let timers = KeyRange::timers(scope(), shard, Timestamp::MIN, Timestamp::MAX);
            let rows = store.scan(&timers, 10).expect("readable");
            let parts: Vec<_> = rows.iter().filter_map(|(key, _)| key.timer_parts()).collect();
            let expected: Vec<_> = next.map(|due| (shard, due, user.clone())).into_iter().collect();
            assert_eq!(parts, expected);
            planned = next;
        }
    }

    #[tokio::test]
    async fn a_catalog_is_one_row_of_its_scope() {
        let (store, _faults) = Store::in_memory();
        let settings = domain::catalog::Settings {
            default_time_zone: domain::calendar::Zone::UTC,
            week_start: domain::calendar::WeekStart::Monday,
            idempotency_retention_days: None,
            control_ratio: 0,
        };
        let catalog = Catalog::new(scope().environment, settings);
        store
            .commit(CatalogCommit { scope: scope(), catalog: &catalog }.batch())
            .await
            .expect("commits");
        assert_eq!(load::<Catalog>(&store, &Key::catalog(scope())), catalog);
        assert_eq!(
            store.scan(&KeyRange::kind(scope(), Kind::Catalog), 10).expect("readable").len(),
            1
        );
    }
}
