//! What falls due happens by itself, when it is due, once, and the same whoever settles.

use std::collections::HashSet;

use actors::clock::{AdvanceError, Clock};
use actors::{EngineConfig, Error};
use domain::catalog::{Catalog, FreezesPatch, Patch, StreakSettingsPatch};
use domain::time::Timestamp;
use domain::user::UserState;
use storage::{Key, KeyRange, Kind, ShardId};

use crate::life::{self, HOUR_MS};
use crate::world::{World, amount, config, user};

const DAY_MS: i64 = 24 * HOUR_MS;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("valid")
}

impl World {
    /// The user as stored, without settling.
    fn stored(&self, id: &str) -> UserState {
        let key = Key::snapshot(self.scope(), &user(id));
        self.store.load(&key).expect("readable").expect("the user exists")
    }

    /// When who is due, in order.
    fn timers(&self) -> Vec<(Timestamp, String)> {
        let rows = self.store.rows(KeyRange::kind(self.scope(), Kind::Timer));
        let parts = rows.map(|row| row.expect("readable").0.timer_parts().expect("a timer"));
        let mut timers: Vec<_> =
            parts.map(|(_, due, user)| (due, user.as_str().to_owned())).collect();
        timers.sort();
        timers
    }

    /// Waits until nobody is due any more, and until whoever was has been settled to the end: rows
    /// are there to read before their commit is counted.
    async fn caught_up(&self) {
        while self.timers().first().is_some_and(|(due, _)| *due <= self.clock.now()) {
            tokio::task::yield_now().await;
        }
        self.in_flight(0).await;
    }
}

/// Users who were active at noon of 1 March (UTC) and then no more.
async fn with_users(config: EngineConfig, users: usize) -> World {
    let world = World::with(config).await;
    for number in 0..users {
        world.submit(&format!("user-{number}"), world.event("15")).await.expect("accepted");
    }
    world
}

// C-GEN-22 C-STREAK-08
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_streak_ends_at_its_instant_without_a_request() {
    let world = with_users(config(), 3).await;
    let due = at("2026-03-03T00:00:00Z");
    let planned =
        |world: &World| world.timers().into_iter().map(|(due, _)| due).collect::<Vec<_>>();
    assert_eq!(planned(&world), [due; 3]);
    world.advance(DAY_MS + 12 * HOUR_MS - 1).await;
    assert_eq!(
        (world.engine.stats().timers_fired, world.stored("user-0").streak.daily.length()),
        (0, 1)
    );
    world.advance(1).await;
    for id in ["user-0", "user-1", "user-2"] {
        let stored = world.stored(id);
        assert_eq!((stored.streak.daily.length(), stored.settled_at), (0, due));
    }
    let stats = world.engine.stats();
    assert_eq!((stats.timers_fired, stats.timers_waiting, stats.timer_lateness_ms), (3, 0, 0));
    assert_eq!(planned(&world), [at("2026-03-15T00:00:00Z"); 3], "the week after this one is next");
    world.advance(60 * DAY_MS).await;
    assert_eq!(planned(&world), [], "week and month have ended, and there is nothing to wait for");
    assert_eq!(world.engine.stats().timers_fired, 9);
}

// C-GEN-22 C-GEN-23 C-POINTS-22
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_the_way_of_the_clock_everything_happens_at_its_own_instant() {
    let world = World::new().await;
    let configured = world.engine.change_catalog(world.scope(), life::configure);
    configured.await.expect("it is made");
    world.submit("18", world.event("15")).await.expect("accepted");
    world.advance(DAY_MS / 2 + 1).await;
    let catalog = world.engine.catalog(world.scope());
    let energy = catalog.live_points_systems().find(|own| own.key.as_str() == "energy");
    let energy = energy.expect("configured").id;
    let read = world.engine.recent_awards(world.scope(), &user("18"), energy, u64::MAX, 9).await;
    let at: Vec<_> = read.expect("readable").iter().map(|award| award.at.to_string()).collect();
    assert_eq!(at, ["2026-03-01T22:00:00.000Z", "2026-03-01T17:00:00.000Z"]);
    assert_eq!(world.stored("18").settled_at.to_string(), "2026-03-01T22:00:00.000Z");
    assert_eq!(world.engine.stats().timers_fired, 2);
}

/// Nine days of thirty lives.
async fn lives(steps: i64) -> World {
    let world = World::new().await;
    let configured = world.engine.change_catalog(world.scope(), life::configure);
    configured.await.expect("it is made");
    life::live(&world.engine, 30, 9 * 24, steps).await;
    world
}

// C-GEN-22 C-GEN-23
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_jump_and_small_steps_with_reads_store_the_same() {
    let jumps = lives(1).await;
    let steps = lives(7).await;
    let fired = jumps.engine.stats().timers_fired;
    assert!(fired > 200, "{fired}");
    assert_eq!(steps.rows(), jumps.rows());
    assert_eq!(lives(1).await.rows(), jumps.rows(), "the same again");
}

// C-GEN-20 C-GEN-23
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_that_race_with_timers_change_nothing() {
    let (alone, raced) = (lives(1).await, lives(1).await);
    alone.advance(9 * DAY_MS).await;
    let to = raced.clock.now().plus_millis(9 * DAY_MS);
    let engine = raced.engine.clone();
    let advancing = tokio::spawn(async move { engine.advance_clock(to).await });
    while !advancing.is_finished() {
        for number in 0..30 {
            // Who was never active doesn't exist.
            let _ = raced.settle(&format!("user-{number}")).await;
        }
    }
    assert_eq!(advancing.await.expect("no panic"), Ok(to));
    assert_eq!(raced.rows(), alone.rows());
}

// C-GEN-22 C-GEN-23
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_missed_is_caught_up_with_at_the_start_once() {
    let away = lives(1).await.away_for(7 * DAY_MS).await;
    away.caught_up().await;
    let there = lives(1).await;
    there.advance(7 * DAY_MS).await;
    let fired = away.engine.stats().timers_fired;
    assert!((1..=30).contains(&fired), "one settlement each: {fired}");
    let history = |world: &World| {
        let rows = world.rows().into_iter();
        let kept = rows.filter(|(key, _)| !matches!(key.kind(), Kind::Snapshot | Kind::Timer));
        kept.collect::<Vec<_>>()
    };
    assert_eq!(history(&away), history(&there), "nothing twice, nothing missing, nothing later");
    assert_eq!(away.timers(), there.timers());
    for number in 0..30 {
        let id = format!("user-{number}");
        if there.settle(&id).await.is_ok() {
            assert_eq!(away.state(&id).await, there.state(&id).await);
        }
    }
    let again = away.restart().await;
    again.advance(1).await;
    assert_eq!(again.engine.stats().timers_fired, 0, "done is done");
}

// C-GEN-22 C-GEN-23
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crash_with_timers_due_loses_and_doubles_nothing() {
    let there = lives(1).await;
    there.advance(2 * DAY_MS).await;
    let world = lives(1).await;
    world.faults.journal.fail("no space left on device");
    let to = world.clock.now().plus_millis(2 * DAY_MS);
    let interrupted = world.engine.advance_clock(to).await;
    let Err(AdvanceError::Interrupted(Error::Unavailable { reason })) = interrupted else {
        panic!("{interrupted:?}")
    };
    assert!(reason.contains("no space left on device"), "{reason}");
    assert!(world.clock.now() < to, "the clock stands where it could not go on");
    world.faults.journal.heal();
    let world = world.crash().await;
    assert_eq!(world.engine.advance_clock(to).await, Ok(to));
    assert_eq!(world.rows(), there.rows());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refused_timer_is_tried_again() {
    let limits = EngineConfig { in_flight_per_shard_max: 1, ..config() };
    let world = with_users(limits, 1).await;
    world.faults.journal.hold();
    let waiting = world.submit_later("user-0", world.event("1"));
    world.in_flight(1).await;
    let to = world.clock.now().plus_millis(2 * DAY_MS);
    let engine = world.engine.clone();
    let advancing = tokio::spawn(async move { engine.advance_clock(to).await });
    while world.engine.stats().shed < 2 {
        tokio::task::yield_now().await;
    }
    assert!(!advancing.is_finished() && world.clock.now() < to);
    world.faults.journal.release();
    waiting.await.expect("no panic").expect("accepted");
    assert_eq!(advancing.await.expect("no panic"), Ok(to));
    assert!(world.timers().iter().all(|(due, _)| *due > to));
}

// C-GEN-22
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn users_of_one_instant_are_settled_together_and_later_ones_after_them() {
    let limits = EngineConfig { timers_in_flight_max: 1_000, ..config() };
    let world = with_users(limits, 100).await;
    world.advance(DAY_MS).await;
    for number in 0..100 {
        world.submit(&format!("late-{number}"), world.event("1")).await.expect("accepted");
    }
    world.faults.journal.hold();
    let world = world.away_for(3 * DAY_MS).await;
    let shard = |id: &str| ShardId::of_user(world.scope(), &user(id), world.store.shards());
    let due: HashSet<_> = (0..100).map(|number| shard(&format!("user-{number}"))).collect();
    let late = (0..100).filter(|number| !due.contains(&shard(&format!("late-{number}")))).count();
    assert!(due.len() < 100 && late < 100, "some share a shard");
    world.in_flight(100 + late).await;
    assert_eq!(world.engine.stats().timers_fired, 100 + late as u64, "the others wait for a shard");
    world.faults.journal.release();
    world.caught_up().await;
    assert_eq!(world.engine.stats().timers_fired, 200);
}

// C-GEN-22
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_real_time_a_tick_comes_back_to_who_was_refused() {
    let mut world = with_users(config(), 20).await;
    world.engine.stop().await.expect("it stops cleanly");
    world.clock = Clock::system();
    // While one user waits for the disk there is no place for another.
    world.config = EngineConfig { active_users_max: 1, timer_tick_ms: 1, ..config() };
    world.faults.journal.hold();
    let world = world.crash().await;
    while world.engine.stats().shed == 0 {
        tokio::task::yield_now().await;
    }
    world.faults.journal.release();
    world.caught_up().await;
    assert_eq!(world.stored("user-0").streak.daily.length(), 0);
    assert_eq!(world.engine.stats().commits, 20, "each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn timers_keep_nobody_in_memory_and_drive_nobody_out() {
    let world = with_users(EngineConfig { active_users_max: 70, ..config() }, 400).await;
    let world = world.restart().await;
    for id in ["user-0", "b", "c", "d"] {
        world.identify(id).await.expect("accepted");
    }
    world.advance(2 * DAY_MS).await;
    let stats = world.engine.stats();
    assert_eq!((stats.timers_fired, stats.activations, stats.active_users), (400, 4 + 399, 4));
    for id in ["user-0", "b", "c", "d"] {
        world.settle(id).await.expect("exists");
    }
    assert_eq!(world.engine.stats().activations, stats.activations, "they were still there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_timer_moves_with_its_user() {
    let world = with_users(config(), 1).await;
    world.advance(DAY_MS).await;
    world.submit("user-0", world.event("1")).await.expect("accepted");
    assert_eq!(world.timers(), [(at("2026-03-04T00:00:00Z"), "user-0".to_owned())]);
    assert_eq!(world.total("user-0").await, amount("16"));
    let shard = ShardId::of_user(world.scope(), &user("user-0"), world.store.shards());
    let range = KeyRange::timers(world.scope(), shard, Timestamp::MIN, Timestamp::MAX);
    assert_eq!(world.store.scan(&range, 9).expect("readable").len(), 1, "in its user's shard");
}

/// As many as a daily life has, with more users at one instant than a timer reads at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn more_users_than_are_read_at_a_time_are_all_settled() {
    let world = World::with(EngineConfig { active_users_max: 20_000, ..config() }).await;
    let answers: Vec<_> = (0..20_000)
        .map(|number| world.submit_later(&number.to_string(), world.event("1")))
        .collect();
    for answer in answers {
        answer.await.expect("no panic").expect("accepted");
    }
    world.advance(2 * DAY_MS).await;
    assert_eq!(world.engine.stats().timers_fired, 20_000);
    assert!(world.timers().iter().all(|(due, _)| *due > world.clock.now()));
}

fn allow_freezes(catalog: &mut Catalog, now: Timestamp) {
    let freezes = FreezesPatch {
        start_count: 0,
        max_count: 3,
        auto_earn_interval: Some(1),
        auto_earn_amount: Some(1),
    };
    let patch =
        StreakSettingsPatch { freezes: Patch::Set(freezes), ..StreakSettingsPatch::default() };
    catalog.update_streak_settings(patch, now).expect("valid");
}

// C-GEN-22 C-STREAK-41
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_idle_user_earns_freezes_by_itself() {
    let world = World::new().await;
    world.engine.change_catalog(world.scope(), allow_freezes).await.expect("it is made");
    world.identify("18").await.expect("accepted");
    world.advance(2 * DAY_MS).await;
    assert_eq!(world.stored("18").streak.freezes, 2);
    world.advance(20 * DAY_MS).await;
    assert_eq!((world.stored("18").streak.freezes, world.timers()), (3, Vec::new()));
}
