//! Many users with the same midnight: how long until all are settled, and what others feel meanwhile.
//!
//! Users of one zone have a streak, half of them a freeze as well. They miss a day, and at the
//! midnight that ends it every one of them loses the streak or uses the freeze, each in a durable
//! commit of their own. Meanwhile other users send events at a fixed rate, with the built-in
//! settings.
//!
//! `cargo bench --bench midnight -- [--users 1000000] [--rate 500] [--seconds 20]`

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::time::{Duration, Instant};

use accolade::config::Config;
use domain::catalog::{Catalog, FreezesPatch, Patch, StreakSettingsPatch};
use domain::time::Timestamp;
use open_loop::{AWAKE, Result, Users, at, resident};

mod open_loop;

const FIRST_DAY: &str = "2026-01-14T12:00:00Z";
const NEXT_DAY: &str = "2026-01-15T12:00:00Z";
const MIDNIGHT: &str = "2026-01-16T00:00:00Z";

fn main() -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> Result<()> {
    let [users, rate, seconds] =
        open_loop::numbers([("users", 1_000_000), ("rate", 500), ("seconds", 20)]);
    let data = tempfile::tempdir()?;
    let asleep = open_loop::start(Config::built_in(), &data, FIRST_DAY).await?;
    let awake = Users { prefix: "awake", ..asleep.clone() };
    let engine = asleep.engine.clone();

    let began = Instant::now();
    asleep.make(0..users / 2).await?;
    engine.change_catalog(engine.scope(), turn_freezes_on).await?;
    asleep.make(users / 2..users).await?;
    println!("{users} users made in {:.0?}, {}", began.elapsed(), resident()?);

    engine.advance_clock(at(NEXT_DAY)?).await?;
    awake.make(0..AWAKE).await?;
    let alone = awake.begin(rate);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    alone.report("events alone").await?;

    let before = engine.stats();
    let meanwhile = awake.begin(rate);
    let began = Instant::now();
    engine.advance_clock(at(MIDNIGHT)?).await?;
    let took = began.elapsed();
    meanwhile.report("events meanwhile").await?;
    let settled = engine.stats().timers_fired - before.timers_fired;
    println!("{settled} users settled in {took:.1?}, {}", resident()?);
    if settled < users {
        return Err("not everyone was settled".into());
    }
    engine.stop().await?;
    Ok(())
}

fn turn_freezes_on(catalog: &mut Catalog, now: Timestamp) {
    let freezes = FreezesPatch {
        start_count: 1,
        max_count: 3,
        auto_earn_interval: None,
        auto_earn_amount: None,
    };
    let patch =
        StreakSettingsPatch { freezes: Patch::Set(freezes), ..StreakSettingsPatch::default() };
    catalog.update_streak_settings(patch, now).expect("valid");
}
