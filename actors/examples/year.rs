//! How long a year of daily life takes under the test clock, and that living it twice is the same.
//!
//! `cargo run --release -p actors --example year -- [USERS] [DAYS] [DIR]`
//!
//! Users in eight zones are active on most days at an hour of their own. Streaks end, freezes are
//! earned and used, energy refills every five hours, and a gift comes every three days, all by
//! itself while the clock is moved hour by hour. Every commit is durable, in a new directory below
//! DIR. Both runs must store exactly the same rows.

#![expect(clippy::disallowed_methods, reason = "a measurement of real time")]

use std::path::Path;
use std::time::Instant;

use actors::clock::Clock;
use actors::{Bootstrap, Engine, EngineConfig};
use domain::catalog::Settings;
use domain::ids::EnvironmentId;
use domain::time::Timestamp;
use storage::{KeyRange, Options, Row, Store};
use uuid::Uuid;

#[path = "../tests/engine/life.rs"]
mod life;
#[path = "../tests/engine/receiver.rs"]
#[expect(dead_code, reason = "nobody is told anything here")]
mod receiver;

use receiver::Receiver;

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let number = |text: Option<String>, default: u64| {
        text.map_or(default, |text| text.parse().expect("a number"))
    };
    let (users, days) = (number(arguments.next(), 1_000), number(arguments.next(), 365));
    let dir = arguments.next().unwrap_or_else(|| ".".to_owned());
    let [once, twice] = [0, 1].map(|_| tempfile::tempdir_in(&dir).expect("a directory"));
    let [once, twice] =
        [lived(once.path(), users, days).await, lived(twice.path(), users, days).await];
    assert!(once == twice, "two runs stored different rows");
    println!("both runs stored the same {} rows", once.len());
}

async fn lived(dir: &Path, users: u64, days: u64) -> Vec<Row> {
    let began = Instant::now();
    let store = Store::open(&Options::new(dir)).expect("it opens");
    let config = EngineConfig {
        active_users_max: 50_000,
        in_flight_per_user_max: 256,
        in_flight_per_shard_max: 1_024,
        catalog_changes_in_flight_max: 64,
        user_idle_ms: 600_000,
        participants_max: 1_000,
        stream_readers_max: 1,
        stream_beat_ms: 60_000,
        timer_tick_ms: 1_000,
        timers_in_flight_max: 16,
        reviews_in_flight_max: 16,
        queued_batches_max: 100,
        queue_in_flight_max: 16,
        webhook_log_retention_days: 7,
    };
    let bootstrap =
        Bootstrap { environment: EnvironmentId(Uuid::from_u128(1)), settings: Settings::default() };
    let clock = Clock::test(Timestamp::parse("2026-01-01T00:00:00Z").expect("valid"));
    let ports = Receiver::default().ports();
    let engine = Engine::start(config, store.clone(), clock, bootstrap, ports).await;
    let engine = engine.expect("it starts");
    engine.change_catalog(engine.scope(), life::configure).await.expect("it is configured");
    life::live(&engine, users, days * 24, 1).await;
    let stats = engine.stats();
    println!(
        "{days} days of {users} users: {:.1?}, {} commits, {} timers fired",
        began.elapsed(),
        stats.commits,
        stats.timers_fired
    );
    let rows = store.rows(KeyRange::all()).collect::<Result<_, _>>().expect("readable");
    engine.stop().await.expect("it stops");
    rows
}
