//! Erasing users: nothing is left of them, whatever happens at the same time, and everyone else stays.

use std::collections::{BTreeMap, BTreeSet};

use actors::Error;
use actors::board::{Filter as Groups, Start};
use actors::leaderboard::Page;
use domain::catalog::{
    AttributeDraft, AttributeKind, BoostDraft, BoostTerms, LeaderboardDraft, Patch, Rounding,
    SealedSecret, WebhookDraft,
};
use domain::ids::{ApiKeyId, LeaderboardId};
use domain::leaderboard::{Run, RunUnit};
use domain::time::{Date, Timestamp};
use domain::user::{Command, Existing, ProfilePatch, Rejection, Reply, SubmitEvent};
use domain::webhook::WebhookEvent;
use storage::records::{ApplicationKey, QueuedEvent};
use storage::{Batch, ErasureCommit, Key, Kind, Op, Ownership, Row, ShardId};

use crate::leaderboards::draft;
use crate::world::{World, amount, user};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// A text that occurs nowhere else.
const GONE: &str = "who-is-erased";
const GONE_NAME: &str = "Gone Person";

/// A world where users leave rows of every kind.
struct Place {
    world: World,
    daily: LeaderboardId,
    open: LeaderboardId,
}

fn date(text: &str) -> Date {
    Date::parse(text).expect("a date")
}

fn board(key: &str, world: &World) -> LeaderboardDraft {
    LeaderboardDraft { start: Some(date("2026-03-01")), ..draft(key, world) }
}

impl Place {
    async fn new() -> Self {
        let world = World::new().await;
        let hook = WebhookDraft {
            name: "Hook".to_owned(),
            url: "https://example.com".to_owned(),
            events: WebhookEvent::ALL.to_vec(),
        };
        let genre = AttributeDraft {
            name: "Genre".to_owned(),
            key: "genre".to_owned(),
            kind: AttributeKind::Event,
        };
        let (run_unit, run_interval) = (Some(RunUnit::Day), Some(1));
        let daily = LeaderboardDraft { run_unit, run_interval, ..board("daily", &world) };
        let open = board("open", &world);
        let made = world.engine.change_catalog(world.scope(), move |catalog, now| {
            catalog.create_webhook(hook, SealedSecret(vec![1]), now).expect("valid");
            catalog.create_attribute(genre, now).expect("valid");
            [daily, open].map(|draft| catalog.create_leaderboard(draft, now).expect("valid").id)
        });
        let [daily, open] = made.await.expect("made");
        Self { world, daily, open }
    }

    async fn submit(&self, id: &str, value: &str, key: &str) {
        let event = SubmitEvent {
            attributes: self.genre(),
            profile: ProfilePatch {
                name: Patch::Set(GONE_NAME.to_owned()),
                ..ProfilePatch::default()
            },
            ..self.world.keyed(value, key)
        };
        let applied = self.world.submit(id, event).await.expect("accepted");
        assert!(matches!(applied.reply, Reply::Event(_)), "{:?}", applied.reply);
    }

    fn genre(&self) -> BTreeMap<domain::ids::AttributeId, String> {
        let catalog = self.world.engine.catalog(self.world.scope());
        [(catalog.live_attributes().next().expect("one").id, "poem".to_owned())].into()
    }

    /// Leaves rows of every kind for a user, over three days.
    async fn live(&self, id: &str) {
        let world = &self.world;
        for (day, key) in ["one", "two", "three"].into_iter().enumerate() {
            self.submit(id, "60", key).await;
            if day < 2 {
                world.advance(DAY_MS).await;
            }
        }
        let start = world.engine.now().utc_date();
        world.run(id, Command::CreatePause { start, end: start }).await.expect("accepted");
        let (system, owner) = (world.system, user(id));
        let terms = BoostTerms {
            name: "Double".to_owned(),
            start,
            end: None,
            multiplier: amount("2"),
            rounding: Rounding::Down,
            user_filters: Vec::new(),
        };
        let boost = BoostDraft { user: Some(owner), terms };
        let made = world.engine.change_catalog(world.scope(), move |catalog, now| {
            catalog.create_boost(system, boost, now).map(|_| ())
        });
        made.await.expect("made").expect("valid");
        let key = ApplicationKey {
            id: ApiKeyId(uuid::Uuid::from_u128(9)),
            prefix: "app_abcde".to_owned(),
            sha256: [0; 32],
            scope: world.scope(),
            user: user(id),
            created_at: world.clock.now(),
        };
        world.engine.store_application_keys(&[key]).await.expect("stored");
        world.advance(0).await;
    }

    async fn erase(&self, id: &str) -> bool {
        self.world.engine.erase(self.world.scope(), user(id)).await.expect("it is complete")
    }

    /// Users and ranks on a board in the run of a day.
    async fn ranking(&self, board: LeaderboardId, day: &str) -> Vec<(String, u64)> {
        let catalog = self.world.engine.catalog(self.world.scope());
        let board = catalog.find_leaderboard(board).expect("there");
        let run: Run = board.runs.run_of(date(day)).expect("a run");
        let page = Page { filter: Groups::default(), start: Start::Offset(0), limit: 10 };
        let rows = self.world.engine.rankings(self.world.scope(), board, run, page);
        let rows = rows.await.expect("readable");
        rows.into_iter().map(|row| (row.user.to_string(), row.rank)).collect()
    }
}

fn contains(row: &Row, text: &str) -> bool {
    let (key, value) = row;
    let found = |bytes: &[u8]| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    found(key.as_bytes()) || found(value)
}

/// Kinds of rows in which a text occurs.
fn kinds_with(world: &World, text: &str) -> BTreeSet<Kind> {
    let rows = world.rows().into_iter().filter(|row| contains(row, text));
    rows.map(|(key, _)| key.kind()).collect()
}

fn unknown<T: std::fmt::Debug>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::Rejected(Rejection::UserNotFound)))
}

// C-USER-28 C-USER-32 C-USER-33
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_who_is_erased_and_everything_of_everyone_else() {
    let place = Place::new().await;
    place.submit("stays", "7", "one").await;
    place.live(GONE).await;
    // Every kind of row that belongs to users is there and is theirs, so none can be forgotten.
    let named = kinds_with(&place.world, GONE);
    let unnamed = [Kind::Delivery, Kind::Pending, Kind::ApplicationKeyId];
    // What is there only while it is worked on.
    let passing = [Kind::Erasure, Kind::Queued];
    for kind in Kind::ALL.into_iter().filter(|kind| kind.ownership() != Ownership::Nobody) {
        assert!(
            named.contains(&kind) || unnamed.contains(&kind) || passing.contains(&kind),
            "no row of kind {kind:?}"
        );
    }
    assert!(named.contains(&Kind::Catalog), "their boost");
    let messages = |world: &World| {
        let kinds = [Kind::Message, Kind::Delivery];
        world.rows().into_iter().filter(|(key, _)| kinds.contains(&key.kind())).count()
    };
    let told = messages(&place.world);
    // Ranks move when somebody goes, and that is told.
    let moves = [Kind::Message, Kind::Delivery, Kind::Pending, Kind::RankDay, Kind::ToldRank];
    let others = |world: &World| {
        let rows = world.rows().into_iter().filter(|row| contains(row, "stays"));
        rows.filter(|(key, _)| !moves.contains(&key.kind())).collect::<Vec<_>>()
    };
    let others_before = others(&place.world);

    assert!(place.erase(GONE).await);
    for text in [GONE, GONE_NAME] {
        let left: Vec<_> =
            place.world.rows().into_iter().filter(|row| contains(row, text)).collect();
        let named: Vec<_> = left.iter().filter(|row| !contains(row, "stays")).collect();
        assert!(named.is_empty(), "{named:?}");
    }
    assert_eq!(kinds_with(&place.world, GONE), BTreeSet::new());
    assert_eq!(others(&place.world), others_before);
    assert!(messages(&place.world) < told);
    assert!(unknown(&place.world.settle(GONE).await));
    assert!(!place.erase(GONE).await, "there is nobody any more");

    let Place { world, daily, open } = place;
    let world = world.restart().await;
    assert_eq!(kinds_with(&world, GONE), BTreeSet::new());
    assert_eq!(world.engine.statistics(world.scope()).users(), 1);
    // Somebody new by the same id: nothing is remembered, not even the key.
    let place = Place { world, daily, open };
    place.submit(GONE, "5", "one").await;
    let state = place.world.state(GONE).await;
    assert_eq!((state.events, state.total(place.world.metric)), (1, amount("5")));
    assert_eq!(state.completions.len() + state.streak.pauses.len(), 0);
}

// C-USER-28 C-USER-30
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_a_crash_cuts_short_is_finished_at_the_next_start() {
    for removed in [0, 1, 2, 9] {
        let place = Place::new().await;
        place.submit("stays", "7", "one").await;
        place.live(GONE).await;
        let Place { world, .. } = place;
        // As if the crash came after the first commit, and after some of the others.
        let (scope, state) = (world.scope(), world.state(GONE).await);
        let begun = ErasureCommit { scope, state: &state }.batch(world.store.shards());
        let shard = begun.shard;
        world.store.commit(begun).await.expect("commits");
        let rows = world.rows().into_iter();
        let own = rows.filter(|row| row.0.kind().ownership() == Ownership::User);
        let own = own.filter(|row| contains(row, GONE)).map(|(key, _)| Op::Delete { key });
        let ops = own.take(removed).collect();
        world.store.commit(Batch { shard, ops }).await.expect("commits");

        let world = world.crash().await;
        assert_eq!(world.engine.statistics(scope).users(), 1);
        // Whoever comes next waits for it.
        assert!(unknown(&world.settle(GONE).await));
        let kinds = kinds_with(&world, GONE);
        // Boosts and keys are not the user's own, and go before.
        let others = [Kind::Catalog, Kind::ApplicationKey, Kind::UserApplicationKey];
        assert_eq!(kinds.into_iter().find(|kind| !others.contains(kind)), None);
        world.submit(GONE, world.event("5")).await.expect("accepted");
        assert_eq!(world.total(GONE).await, amount("5"));
    }
}

// C-USER-30
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_asked_before_is_erased_and_what_comes_later_is_of_somebody_new() {
    let world = World::new().await;
    for round in 0..10 {
        let before: Vec<_> = (0..40).map(|_| world.submit_later(GONE, world.event("1"))).collect();
        let (engine, scope) = (world.engine.clone(), world.scope());
        let erasing = tokio::spawn(async move { engine.erase(scope, user(GONE)).await });
        let after: Vec<_> = (0..40).map(|_| world.submit_later(GONE, world.event("1"))).collect();
        for answer in before.into_iter().chain(after) {
            answer.await.expect("no panic").expect("accepted");
        }
        erasing.await.expect("no panic").expect("it is complete");
        let state = match world.settle(GONE).await {
            Ok(applied) => applied.state,
            Err(Error::Rejected(Rejection::UserNotFound)) => continue,
            Err(error) => panic!("round {round}: {error}"),
        };
        let rows = world.rows();
        let events = rows.iter().filter(|(key, _)| key.kind() == Kind::Event).count();
        assert_eq!(events as u64, state.events, "round {round}");
        assert_eq!(state.total(world.metric), domain::amount::Amount::from(events as i64));
        assert_eq!(world.engine.statistics(scope).users(), 1);
    }
    let world = world.crash().await;
    assert!(world.engine.statistics(world.scope()).users() <= 1);
}

// C-USER-30 C-BATCH-04
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_that_was_accepted_before_makes_nobody_new() {
    let world = World::new().await;
    for round in 0..10 {
        world.submit(GONE, world.event("1")).await.expect("accepted");
        let queued = |_| QueuedEvent { user: user(GONE), event: world.event("1") };
        world.engine.submit_batch((0..50).map(queued).collect()).await.expect("accepted");
        assert_eq!(world.engine.erase(world.scope(), user(GONE)).await, Ok(true));
        world.advance(0).await;
        assert!(unknown(&world.settle(GONE).await), "round {round}");
        assert_eq!(kinds_with(&world, GONE), BTreeSet::new());
    }
}

// C-LB-84
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_open_runs_the_others_move_up_and_in_final_ones_a_gap_remains() {
    let place = Place::new().await;
    for (id, value) in [("first", "9"), (GONE, "8"), ("third", "7"), ("fourth", "6")] {
        place.submit(id, value, "one").await;
    }
    place.world.advance(2 * DAY_MS).await;
    for (id, value) in [("first", "1"), (GONE, "2"), ("third", "3")] {
        place.submit(id, value, "two").await;
    }
    let (over, now) = ("2026-03-01", "2026-03-03");
    assert_eq!(place.ranking(place.daily, now).await[1], (GONE.to_owned(), 2));
    assert!(place.erase(GONE).await);
    let ranks = |ranks: &[(&str, u64)]| -> Vec<_> {
        ranks.iter().map(|(id, rank)| ((*id).to_owned(), *rank)).collect()
    };
    let gap = ranks(&[("first", 1), ("third", 3), ("fourth", 4)]);
    let moved_up = ranks(&[("third", 1), ("first", 2)]);
    let open = ranks(&[("first", 1), ("third", 2), ("fourth", 3)]);
    let Place { mut world, daily, open: all } = place;
    for _ in 0..2 {
        let place = Place { world, daily, open: all };
        assert_eq!(place.ranking(daily, over).await, gap);
        assert_eq!(place.ranking(daily, now).await, moved_up);
        assert_eq!(place.ranking(all, now).await, open);
        let catalog = place.world.engine.catalog(place.world.scope());
        let board = catalog.find_leaderboard(daily).expect("there");
        let run = board.runs.run_of(date(over)).expect("a run");
        let own = place.world.engine.place(place.world.scope(), board, run, user(GONE)).await;
        assert_eq!(own.expect("readable").row, None);
        world = place.world.crash().await;
    }
    // Somebody new by that id is in no run that is over.
    let place = Place { world, daily, open: all };
    place.submit(GONE, "1", "one").await;
    assert_eq!(place.ranking(daily, over).await, gap);
    assert_eq!(place.ranking(daily, now).await.last(), Some(&(GONE.to_owned(), 3)));
}

// C-LB-24 C-LB-84
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ranking_that_was_cut_short_is_made_without_who_was_erased_since() {
    let place = Place::new().await;
    for (id, value) in [(GONE, "9"), ("second", "8"), ("third", "7")] {
        place.submit(id, value, "one").await;
    }
    place.world.advance(2 * DAY_MS).await;
    // As if the crash came before the row that says that it is final.
    let (world, daily) = (&place.world, place.daily);
    let (scope, run) = (world.scope(), date("2026-03-01"));
    for run in [run, run.succ()] {
        let shard = ShardId::of_run(scope, daily, run, world.store.shards());
        let ops = vec![Op::Delete { key: Key::settled_run(scope, daily, run) }];
        world.store.commit(Batch { shard, ops }).await.expect("commits");
    }
    assert!(place.erase(GONE).await);
    let Place { world, daily, open } = place;
    let world = world.crash().await;
    world.advance(0).await;
    let place = Place { world, daily, open };
    let expected = [("second".to_owned(), 1), ("third".to_owned(), 2)];
    assert_eq!(place.ranking(daily, "2026-03-01").await, expected);
    assert_eq!(kinds_with(&place.world, GONE), BTreeSet::new());
    let ranks = place.world.rows().into_iter().filter(|(key, _)| key.kind() == Kind::SettledRank);
    assert_eq!(ranks.count(), 2);
}

// C-USER-32
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_being_delivered_about_who_is_erased_is_not_recorded() {
    let place = Place::new().await;
    let gate = place.world.receiver.hold();
    place.submit(GONE, "60", "one").await;
    while place.world.receiver.posts().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(place.erase(GONE).await);
    place.world.receiver.release();
    drop(gate);
    place.world.advance(DAY_MS).await;
    assert_eq!(kinds_with(&place.world, GONE), BTreeSet::new());
    // Boards tell of their runs; no delivery is left without its message.
    let keys: BTreeSet<Key> = place.world.rows().into_iter().map(|(key, _)| key).collect();
    for key in &keys {
        let waits_for = key.pending_parts().map(|(_, place)| place);
        let place = key.delivery_place().or(waits_for);
        let message = place.map(|place| Key::message(key.scope(), place.message));
        assert!(message.is_none_or(|message| keys.contains(&message)), "{key}");
    }
    // The numbers of messages go on, so that no id is given twice.
    place.submit("stays", "60", "one").await;
    place.submit(GONE, "60", "one").await;
    place.world.advance(0).await;
    let ids: Vec<_> = place.world.receiver.posts().iter().map(|post| post.message).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

// C-GEN-22 C-USER-30
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_does_not_bring_anyone_back() {
    let place = Place::new().await;
    place.live(GONE).await;
    assert!(place.erase(GONE).await);
    place.world.advance(40 * DAY_MS).await;
    assert_eq!(kinds_with(&place.world, GONE), BTreeSet::new());
    let identify =
        Command::Identify { profile: ProfilePatch::default(), existing: Existing::Required };
    assert!(unknown(&place.world.run(GONE, identify).await));
    assert!(place.world.clock.now() > Timestamp::parse("2026-04-01T00:00:00Z").expect("valid"));
}
