//! A run with many scores becomes final: how long that takes, and what others feel meanwhile.
//!
//! Users score on a daily board, all of whose scores are ranked. A day later the run is over in the
//! last zone, and its ranking is written as rows. Meanwhile other users send events, which count in
//! the board's next run.
//!
//! `cargo bench --bench rollover -- [--users 1000000] [--seats 1000000] [--rate 500] [--seconds 20]`

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::time::{Duration, Instant};

use accolade::config::Config;
use actors::board::{Filter, Start};
use actors::leaderboard::Page;
use domain::catalog::{LeaderboardDraft, LeaderboardStatus, RankByKind};
use domain::leaderboard::{DailyWindow, RunUnit};
use open_loop::{AWAKE, Result, Users, at, resident};

mod open_loop;

const FIRST_DAY: &str = "2026-01-15T12:00:00Z";
const NEXT_DAY: &str = "2026-01-16T11:00:00Z";
const NOON: &str = "2026-01-16T12:00:00Z";

fn main() -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> Result<()> {
    let [users, seats, rate, seconds] = open_loop::numbers([
        ("users", 1_000_000),
        ("seats", 1_000_000),
        ("rate", 500),
        ("seconds", 20),
    ]);
    let data = tempfile::tempdir()?;
    let mut config = Config::built_in();
    config.leaderboards.max_participants = u32::try_from(seats)?.try_into()?;
    let asleep = open_loop::start(config, &data, FIRST_DAY).await?;
    let awake = Users { prefix: "awake", ..asleep.clone() };
    let engine = asleep.engine.clone();
    let draft = daily(&asleep);
    let board = engine.change_catalog(engine.scope(), |catalog, now| {
        catalog.create_leaderboard(draft, now).expect("valid").clone()
    });
    let board = board.await?;

    let began = Instant::now();
    asleep.make(0..users).await?;
    println!("{users} scores made in {:.0?}, {}", began.elapsed(), resident()?);

    engine.advance_clock(at(NEXT_DAY)?).await?;
    awake.make(0..AWAKE).await?;
    let alone = awake.begin(rate);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    alone.report("events alone").await?;

    let meanwhile = awake.begin(rate);
    let began = Instant::now();
    engine.advance_clock(at(NOON)?).await?;
    let took = began.elapsed();
    println!("the run was settled in {took:.1?}, {}", resident()?);
    // What was written has to be checkpointed still.
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    meanwhile.report("events meanwhile and after").await?;

    let last =
        Page { filter: Filter::default(), start: Start::Offset(users.min(seats) - 1), limit: 2 };
    let rows = engine.rankings(engine.scope(), &board, board.runs.first(), last).await?;
    if rows.len() != 1 {
        return Err("not everyone was ranked".into());
    }
    engine.stop().await?;
    Ok(())
}

fn daily(users: &Users) -> LeaderboardDraft {
    LeaderboardDraft {
        name: "Daily".to_owned(),
        key: "daily".to_owned(),
        description: None,
        status: LeaderboardStatus::Active,
        rank_by: RankByKind::Metric,
        metric_id: Some(users.metric),
        points_system_id: None,
        participants_max: None,
        start: None,
        end: None,
        run_unit: Some(RunUnit::Day),
        run_interval: Some(1),
        window: DailyWindow::default(),
        breakdown: Vec::new(),
        user_filters: Vec::new(),
    }
}
