//! `accolade check` on sound and on damaged data: it names the law that is broken.
//!
//! The data is made by the engine; the damage is written through storage, where every byte stays
//! valid and only the meaning is wrong.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use accolade::config::Config;
use accolade::outbound::ports;
use accolade::secrets::MasterKey;
use actors::clock::Clock;
use actors::{Bootstrap, Engine, EngineConfig};
use domain::amount::Amount;
use domain::catalog::{Catalog, SealedSecret, Settings};
use domain::ids::{
    ApiKeyId, AttributeId, EnvironmentId, IdempotencyKey, LeaderboardId, Scope, UserId, WebhookId,
};
use domain::leaderboard::{RankDay, Ranked, ScoreRecord, SettledPlace, SettledRank};
use domain::time::{Date, Timestamp};
use domain::user::{
    AwardRecord, Command as UserCommand, EventRecord, IdempotencyRecord, MetricDay, MetricProgress,
    PointsDay, ProfilePatch, QueuePlace, SubmitEvent, UserState,
};
use domain::webhook::{Delivery, RunOccasion, RunTold, ToldRank};
use storage::records::{
    ApplicationKey, Erasure, Pending, QueueDone, QueuedEvent, QueuedEvents, Record, Timer, decode,
    encode,
};
use storage::{Batch, ErasureCommit, Key, KeyRange, Kind, Op, Options, Row, ShardId, Store};
use uuid::Uuid;

fn check(data: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_accolade"));
    command.args(["check", "--data"]).arg(data).output().expect("the binary runs")
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn scope() -> Scope {
    Scope::untenanted(EnvironmentId(Uuid::from_u128(7)))
}

fn user() -> UserId {
    UserId::new("18").expect("valid")
}

fn open(data: &Path) -> Store {
    Store::open(&Options::new(data)).expect("it opens")
}

fn secret() -> SealedSecret {
    SealedSecret(Vec::new())
}

/// Two events a day apart with keys, points and an achievement, the later one with an attribute, a
/// pause, an application key, and a batch that waits. Another user did more on both days and was
/// erased.
async fn live(data: &Path) {
    let config = EngineConfig {
        active_users_max: 10,
        in_flight_per_user_max: 10,
        in_flight_per_shard_max: 10,
        catalog_changes_in_flight_max: 10,
        user_idle_ms: 60_000,
        participants_max: 1_000,
        stream_readers_max: 1,
        stream_beat_ms: 60_000,
        webhook_log_retention_days: 7,
        timer_tick_ms: 1_000,
        timers_in_flight_max: 64,
        reviews_in_flight_max: 4,
        queued_batches_max: 100,
        // A batch that is accepted waits for ever.
        queue_in_flight_max: 0,
    };
    let clock = Clock::test(Timestamp::parse("2026-03-01T12:00:00Z").expect("valid"));
    let bootstrap = Bootstrap { environment: scope().environment, settings: Settings::default() };
    let ports = ports(&Config::built_in().webhooks, &MasterKey::generate()).expect("valid");
    let engine =
        Engine::start(config, open(data), clock, bootstrap, ports).await.expect("it starts");
    let file = accolade::catalog_file::parse("test.toml", CATALOG).expect("valid");
    let made =
        engine.change_catalog(scope(), move |catalog, now| file.apply_to(catalog, now, &secret));
    made.await.expect("it is made").expect("it fits");
    let gone = UserId::new("gone").expect("valid");
    for key in ["one", "two"] {
        for (user, value) in [(user(), "60"), (gone.clone(), "70")] {
            let catalog = engine.catalog(scope());
            let value = Amount::parse(value).expect("valid");
            let event = UserCommand::SubmitEvent(SubmitEvent { value, ..event(&catalog, key) });
            let submitted = engine.run(scope(), user, catalog, event);
            submitted.await.expect("accepted");
        }
        let tomorrow = engine.now().plus_millis(24 * 60 * 60 * 1_000);
        engine.advance_clock(tomorrow).await.expect("forwards");
    }
    let start = engine.now().utc_date();
    let pause = UserCommand::CreatePause { start, end: start };
    engine.run(scope(), user(), engine.catalog(scope()), pause).await.expect("accepted");
    assert_eq!(engine.erase(scope(), gone).await, Ok(true));
    engine.store_application_keys(&[application_key()]).await.expect("stored");
    let event = event(&engine.catalog(scope()), "three");
    engine.submit_batch(vec![QueuedEvent { user: user(), event }]).await.expect("accepted");
    engine.stop().await.expect("it stops");
}

fn event(catalog: &Catalog, key: &str) -> SubmitEvent {
    SubmitEvent {
        metric: catalog.live_metrics().next().expect("one").id,
        value: Amount::parse("60").expect("valid"),
        attributes: attributes(catalog, key),
        profile: ProfilePatch::default(),
        idempotency_key: IdempotencyKey::parse(key).expect("short"),
        replay_of: None,
        queued: None,
    }
}

fn application_key() -> ApplicationKey {
    ApplicationKey {
        id: ApiKeyId(Uuid::from_u128(9)),
        prefix: "app_abcde".to_owned(),
        sha256: [0; 32],
        scope: scope(),
        user: user(),
        created_at: Timestamp::from_millis(0),
    }
}

fn attributes(catalog: &Catalog, key: &str) -> BTreeMap<AttributeId, String> {
    let language = catalog.live_attributes().next().expect("one").id;
    if key == "two" { [(language, "en".to_owned())].into() } else { BTreeMap::new() }
}

const CATALOG: &str = r#"
[event_attributes]
language = "Language"

[metrics.words]
name = "Words"

[achievements.hundred]
name = "100 words"
metric = { key = "words", value = 100 }

[points.xp]
name = "XP"

[[points.xp.triggers]]
points = 1
metric = { key = "words", threshold = 10 }

[leaderboards.daily]
name = "Words of the day"
metric = "words"
start = "2026-03-01"
repeat = { days = 1 }

[leaderboards.xp]
name = "XP"
points = "xp"
start = "2026-03-01"

[webhooks.hook]
name = "Hook"
url = "https://example.com"
events = ["streak.started", "points.changed", "leaderboard.changed", "leaderboard.rank_changed"]
"#;

/// Rewrites the first row of a kind.
fn change<T: Record>(store: &Store, kind: Kind, change: impl FnOnce(&mut T)) -> Vec<Op> {
    let rows = store.scan(&KeyRange::user(scope(), kind, &user()), 1).expect("readable");
    let (key, value) = rows.into_iter().next().expect("there is one");
    let mut record: T = decode(&key, &value).expect("it decodes");
    change(&mut record);
    vec![Op::put(key, encode(&record))]
}

fn delete_first(store: &Store, kind: Kind) -> Vec<Op> {
    let rows = store.scan(&KeyRange::user(scope(), kind, &user()), 1).expect("readable");
    rows.into_iter().map(|(key, _)| Op::Delete { key }).collect()
}

/// The one score in a run that never ends.
fn open_score(store: &Store) -> Row {
    let rows = store.scan(&KeyRange::kind(scope(), Kind::Score), 9).expect("readable");
    let board = |row: &Row| row.0.score_parts().expect("a score").0;
    let alone = |row: &&Row| rows.iter().filter(|other| board(other) == board(row)).count() == 1;
    rows.iter().find(alone).expect("there is one").clone()
}

fn change_open_score(store: &Store, change: impl FnOnce(&mut ScoreRecord)) -> Vec<Op> {
    let (key, value) = open_score(store);
    let mut record = decode(&key, &value).expect("it decodes");
    change(&mut record);
    vec![Op::put(key, encode(&record))]
}

/// The last row of a kind.
fn last(store: &Store, kind: Kind) -> Row {
    let rows = store.scan_rev(&KeyRange::kind(scope(), kind), 1).expect("readable");
    rows.into_iter().next().expect("there is one")
}

/// Rewrites the last row of a kind.
fn change_last<T: Record>(store: &Store, kind: Kind, change: impl FnOnce(&mut T)) -> Vec<Op> {
    let (key, value) = last(store, kind);
    let mut record: T = decode(&key, &value).expect("it decodes");
    change(&mut record);
    vec![Op::put(key, encode(&record))]
}

/// Rewrites a day of a run that is settled.
fn change_settled_day(store: &Store, change: impl FnOnce(&mut RankDay)) -> Vec<Op> {
    let (settled, _) = last(store, Kind::SettledRun);
    let (board, run) = settled.settled_run_parts().expect("a settled run");
    let days = KeyRange::rank_days_of_run(scope(), board, run);
    let (key, value) = store.scan(&days, 1).expect("readable").remove(0);
    let mut day: RankDay = decode(&key, &value).expect("it decodes");
    change(&mut day);
    vec![Op::put(key, encode(&day))]
}

fn timers(store: &Store) -> Vec<Key> {
    let rows = store.scan(&KeyRange::kind(scope(), Kind::Timer), 9).expect("readable");
    rows.into_iter().map(|(key, _)| key).collect()
}

type Damage = fn(&Store) -> Vec<Op>;

/// Each damage with the beginnings of the laws it breaks.
const DAMAGES: [(Damage, &[&str]); 41] = [
    (
        |store| change::<UserState>(store, Kind::Snapshot, |state| state.events += 1),
        &["events are numbered"],
    ),
    (
        |store| change::<EventRecord>(store, Kind::Event, |event| event.value = Amount::from(61)),
        &["a metric's total is the sum", "a score is the sum"],
    ),
    (
        |store| delete_first(store, Kind::Event),
        &["events are numbered", "a metric's total", "an idempotency key", "every score comes"],
    ),
    (
        |store| change::<MetricDay>(store, Kind::MetricDay, |day| day.change = Amount::from(1)),
        &["a metric's days sum"],
    ),
    (
        |store| change::<AwardRecord>(store, Kind::Award, |award| award.awarded += 1),
        &["a balance is the sum of its awards", "counts over all users", "a score is the sum"],
    ),
    (
        |store| delete_first(store, Kind::Award),
        &[
            "awards are numbered",
            "a balance is the sum of its awards",
            "counts over all users",
            "a score is the sum",
        ],
    ),
    (
        |store| change::<PointsDay>(store, Kind::PointsDay, |day| day.total += 1),
        &["a balance is the sum of its days"],
    ),
    (
        |store| {
            change::<IdempotencyRecord>(store, Kind::Idempotency, |key| {
                key.event = domain::ids::EventId(Uuid::from_u128(1));
            })
        },
        &["an idempotency key leads"],
    ),
    (
        |store| {
            change::<UserState>(store, Kind::Snapshot, |state| {
                let again = state.completions[0];
                state.completions.push(again);
            })
        },
        &["an achievement is completed", "counts over all users"],
    ),
    (
        |store| {
            change::<UserState>(store, Kind::Snapshot, |state| {
                state.streak.daily.length_before += 1;
            })
        },
        &["counts over all users"],
    ),
    (
        |store| {
            let range = KeyRange::kind(scope(), Kind::PauseOwner);
            let rows = store.scan(&range, 1).expect("readable");
            rows.into_iter().map(|(key, _)| Op::Delete { key }).collect()
        },
        &["a pause leads to its user"],
    ),
    (
        |store| change::<MetricDay>(store, Kind::AttributeDay, |day| day.total += Amount::from(1)),
        &["the days and the progress of an attribute value"],
    ),
    (
        |store| {
            change::<MetricProgress>(store, Kind::AttributeProgress, |progress| {
                progress.day_events += 1;
            })
        },
        &["the days and the progress of an attribute value"],
    ),
    (
        |store| delete_first(store, Kind::AttributeProgress),
        &["the days and the progress of an attribute value"],
    ),
    (
        |store| timers(store).into_iter().map(|key| Op::Delete { key }).collect(),
        &["a user has a timer"],
    ),
    (
        |store| {
            let shard = ShardId::of_user(scope(), &user(), store.shards());
            let key = Key::timer(scope(), shard, Timestamp::from_millis(5), &user());
            vec![Op::put(key, encode(&Timer))]
        },
        &["a user has a timer"],
    ),
    (
        |store| change::<UserState>(store, Kind::Snapshot, |state| state.next_due = None),
        &["a user has a timer"],
    ),
    (
        |store| delete_first(store, Kind::Snapshot),
        &[
            "a user has a timer",
            "every row of history belongs",
            "every score comes",
            "what is told of a user",
        ],
    ),
    (
        |_| vec![Op::put(Key::snapshot(scope(), &user()), vec![99])],
        &["every row of a user can be read"],
    ),
    (
        |store| change_open_score(store, |row| row.score.value += Amount::from(1)),
        &["a score is the sum", "an open score"],
    ),
    (|store| change_open_score(store, |row| row.group = None), &["an open score"]),
    (
        |store| {
            let (key, value) = open_score(store);
            let (board, run, _) = key.score_parts().expect("a score");
            let ghost = UserId::new("ghost").expect("valid");
            vec![Op::put(Key::score(scope(), board, run, &ghost), value)]
        },
        &["every score comes"],
    ),
    (
        |store| {
            change_last::<SettledRank>(store, Kind::SettledRank, |rank| {
                let SettledRank::Held { score, .. } = rank else { panic!("nobody was erased") };
                score.order += 1;
            })
        },
        &["a final ranking"],
    ),
    (
        |store| {
            let (key, _) = last(store, Kind::SettledRank);
            vec![Op::Delete { key }]
        },
        &["a final ranking", "days of ranks"],
    ),
    (
        |store| change_last(store, Kind::SettledRank, |rank| *rank = SettledRank::Vacant),
        &["a final ranking", "days of ranks"],
    ),
    (
        |store| {
            let state = change::<UserState>(store, Kind::Snapshot, |_| {});
            let Some(Op::Put { key, value }) = state.first() else { panic!("there is one") };
            let state: UserState = decode(key, value).expect("it decodes");
            vec![Op::put(Key::erasure(scope(), &user()), encode(&Erasure::of(&state)))]
        },
        &["every row of history belongs"],
    ),
    (
        |store| change_last::<SettledPlace>(store, Kind::SettledPlace, |place| place.rank += 1),
        &["a final ranking"],
    ),
    (
        |store| {
            change_settled_day(store, |day| {
                day.end = day.end.map(|end| Ranked { value: end.value + 1, ..end });
            })
        },
        &["days of ranks begin"],
    ),
    (
        |store| {
            let (key, value) = last(store, Kind::RankDay);
            let (board, run, user, _) = key.rank_day_parts().expect("a day");
            vec![Op::put(Key::rank_day(scope(), board, run, &user, run.pred()), value)]
        },
        &["days of ranks begin"],
    ),
    (
        |store| first(store, Kind::Message).map(|(key, _)| Op::Delete { key }).collect(),
        &["every delivery has its message"],
    ),
    (
        |store| first(store, Kind::Delivery).map(|(key, _)| Op::Delete { key }).collect(),
        &["every delivery has its message"],
    ),
    (
        |store| change_delivery(store, |delivery| delivery.attempts.truncate(1)),
        &["a delivery stands where"],
    ),
    (
        |store| {
            let (key, _) = first(store, Kind::Delivery).next().expect("there is one");
            let place = key.delivery_place().expect("a delivery");
            let webhook = WebhookId(Uuid::from_u128(1));
            let key = Key::pending(scope(), webhook, Timestamp::from_millis(5), place);
            vec![Op::put(key, encode(&Pending))]
        },
        &["what is not over waits"],
    ),
    (
        |store| {
            let (board, _, _) = open_score(store).0.score_parts().expect("a score");
            let day = Date::parse("2026-03-01").expect("a date");
            let key = Key::run_told(scope(), board, day, RunOccasion::Finished);
            vec![Op::put(key, encode(&RunTold::Whole))]
        },
        &["what was told of leaderboards"],
    ),
    (
        |store| {
            change_last::<ToldRank>(store, Kind::ToldRank, |told| {
                (told.at, told.place) = (None, None);
            })
        },
        &["what was told of leaderboards"],
    ),
    (
        |store| {
            let (key, value) = last(store, Kind::ToldGroup);
            let (_, run, group) = key.told_group_parts().expect("a group");
            let board = LeaderboardId(Uuid::from_u128(1));
            vec![Op::put(Key::told_group(scope(), board, run, &group), value)]
        },
        &["what was told of leaderboards"],
    ),
    (
        |store| {
            let rows = first(store, Kind::ApplicationKeyId);
            rows.map(|(key, _)| Op::Delete { key }).collect()
        },
        &["an application key is found"],
    ),
    (
        |_| vec![Op::Delete { key: Key::application_key("app_abcde") }],
        &["an application key is found"],
    ),
    (
        |store| {
            let (key, value) = first(store, Kind::Queued).next().expect("there is one");
            let events: QueuedEvents = decode(&key, &value).expect("it decodes");
            vec![Op::put(key, encode(&QueuedEvents { first: 1, ..events }))]
        },
        &["batches that wait are whole"],
    ),
    (
        |_| vec![Op::put(Key::queue_done(scope()), encode(&QueueDone(1)))],
        &["batches that wait are whole"],
    ),
    (
        |store| {
            change::<UserState>(store, Kind::Snapshot, |state| {
                state.queue_place = Some(QueuePlace { batch: 2, item: 0 });
            })
        },
        &["batches that wait are whole"],
    ),
];

/// The first row of a kind.
fn first(store: &Store, kind: Kind) -> impl Iterator<Item = Row> {
    store.scan(&KeyRange::kind(scope(), kind), 1).expect("readable").into_iter()
}

/// The shard that a row is written through.
fn owner(store: &Store, op: &Op) -> ShardId {
    let (Op::Put { key, .. } | Op::Delete { key }) = op;
    if [Kind::ApplicationKey, Kind::ApplicationKeyId, Kind::Queued, Kind::QueueDone]
        .contains(&key.kind())
    {
        ShardId::META
    } else {
        ShardId::of_user(scope(), &user(), store.shards())
    }
}

fn change_delivery(store: &Store, change: impl FnOnce(&mut Delivery)) -> Vec<Op> {
    let (key, value) = first(store, Kind::Delivery).next().expect("there is one");
    let mut delivery: Delivery = decode(&key, &value).expect("it decodes");
    change(&mut delivery);
    vec![Op::put(key, encode(&delivery))]
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_data_keeps_every_law() {
    let data = tempfile::tempdir().expect("a directory");
    live(data.path()).await;
    let output = check(data.path());
    let lines = lines(&output);
    assert_eq!(output.status.code(), Some(0), "{lines:#?}");
    assert!(lines.iter().all(|line| line.starts_with("ok  ")), "{lines:#?}");
    // Nothing was passed over: every law has had something to check.
    assert!(lines.iter().all(|line| !line.contains("(0 ")), "{lines:#?}");
}

// C-USER-31
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_a_crash_cut_short_breaks_no_law() {
    let data = tempfile::tempdir().expect("a directory");
    live(data.path()).await;
    let store = open(data.path());
    let state = store.load(&Key::snapshot(scope(), &user())).expect("readable").expect("there");
    let begun = ErasureCommit { scope: scope(), state: &state }.batch(store.shards());
    store.commit(begun).await.expect("it is written");
    store.close().expect("it closes");
    drop(store);
    let output = check(data.path());
    assert_eq!(output.status.code(), Some(0), "{:#?}", lines(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_data_breaks_the_law_it_is_about_and_no_other() {
    for (number, (damage, expected)) in DAMAGES.into_iter().enumerate() {
        let data = tempfile::tempdir().expect("a directory");
        live(data.path()).await;
        let store = open(data.path());
        let ops = damage(&store);
        let shard = owner(&store, &ops[0]);
        store.commit(Batch { shard, ops }).await.expect("it is written");
        store.close().expect("it closes");
        drop(store);
        let output = check(data.path());
        let lines = lines(&output);
        assert_eq!(output.status.code(), Some(1), "damage {number}: {lines:#?}");
        let broken: Vec<_> =
            lines.iter().filter_map(|line| line.strip_prefix("BROKEN  ")).collect();
        assert_eq!(broken.len(), expected.len(), "damage {number}: {broken:#?}");
        for (line, law) in broken.iter().zip(expected) {
            assert!(line.starts_with(law), "damage {number}: {line}");
        }
    }
}

#[test]
fn what_cannot_be_opened_is_told_apart_from_what_is_broken() {
    let data = tempfile::tempdir().expect("a directory");
    let missing = check(&data.path().join("missing"));
    assert_eq!((missing.status.code(), missing.stdout.len()), (Some(2), 0));

    let store = open(data.path());
    let locked = check(data.path());
    assert_eq!(locked.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&locked.stderr).contains("in use"), "{locked:?}");
    drop(store);
}
