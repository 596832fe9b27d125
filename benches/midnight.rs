//! Many users with the same midnight: how long until all are settled, and what others feel meanwhile.
//!
//! Users of one zone have a streak, half of them a freeze as well. They miss a day, and at the
//! midnight that ends it every one of them loses the streak or uses the freeze, each in a durable
//! commit of their own. Meanwhile other users send events at a fixed rate, open loop: latency counts
//! from the instant an event should have been sent. The engine runs in this process, on a fresh data
//! directory, with the built-in settings, under the test clock.
//!
//! `cargo bench --bench midnight -- [--users 1000000] [--rate 500] [--seconds 20]`

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use accolade::config::Config;
use accolade::outbound;
use accolade::secrets::MasterKey;
use actors::clock::Clock;
use actors::{Bootstrap, Engine};
use domain::amount::Amount;
use domain::calendar::Zone;
use domain::catalog::{
    Catalog, FreezesPatch, MetricDraft, Patch, Settings, StreakSettingsPatch, UnitType,
};
use domain::ids::{EnvironmentId, MetricId, UserId};
use domain::time::Timestamp;
use domain::user::{Command, ProfilePatch, SubmitEvent};
use hdrhistogram::Histogram;
use storage::Store;
use tokio::task::JoinSet;
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const ZONE: &str = "Europe/London";
const FIRST_DAY: &str = "2026-01-14T12:00:00Z";
const NEXT_DAY: &str = "2026-01-15T12:00:00Z";
const MIDNIGHT: &str = "2026-01-16T00:00:00Z";

/// Users who send events while the others are settled.
const AWAKE: u64 = 20_000;

/// Events in flight while users are made.
const MAKING: usize = 4_000;

#[derive(Clone, Copy, Debug)]
struct Plan {
    users: u64,
    rate: u64,
    seconds: u64,
}

fn main() -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(plan()))
}

fn plan() -> Plan {
    let mut plan = Plan { users: 1_000_000, rate: 500, seconds: 20 };
    let args: Vec<String> = std::env::args().collect();
    for pair in args.windows(2) {
        let Ok(number) = pair[1].parse() else { continue };
        match pair[0].as_str() {
            "--users" => plan.users = number,
            "--rate" => plan.rate = number,
            "--seconds" => plan.seconds = number,
            _ => {}
        }
    }
    plan
}

async fn run(plan: Plan) -> Result<()> {
    println!("{plan:?}");
    let data = tempfile::tempdir()?;
    let mut config = Config::built_in();
    config.storage.data = data.path().to_owned();
    let store = Store::open(&config.storage_options())?;
    let clock = Clock::test(at(FIRST_DAY)?);
    let bootstrap =
        Bootstrap { environment: EnvironmentId(Uuid::from_u128(1)), settings: Settings::default() };
    let ports = outbound::ports(&config.webhooks, &MasterKey::generate())?;
    let engine = Engine::start(config.engine_config(), store, clock, bootstrap, ports).await?;
    let metric = engine.change_catalog(engine.scope(), create_metric).await?;
    let awake = Users { engine: engine.clone(), metric, prefix: "awake" };
    let asleep = Users { prefix: "asleep", ..awake.clone() };

    let began = Instant::now();
    asleep.make(0..plan.users / 2).await?;
    engine.change_catalog(engine.scope(), turn_freezes_on).await?;
    asleep.make(plan.users / 2..plan.users).await?;
    println!("{} users made in {:.0?}, {}", plan.users, began.elapsed(), resident()?);

    engine.advance_clock(at(NEXT_DAY)?).await?;
    awake.make(0..AWAKE).await?;
    let seconds = Duration::from_secs(plan.seconds);
    let stop = Arc::new(AtomicBool::new(false));
    let alone = tokio::spawn(awake.clone().events(plan.rate, Arc::clone(&stop)));
    tokio::time::sleep(seconds).await;
    stop.store(true, Ordering::Relaxed);
    report("events alone", plan.rate, &alone.await??);

    stop.store(false, Ordering::Relaxed);
    let before = engine.stats();
    let meanwhile = tokio::spawn(awake.events(plan.rate, Arc::clone(&stop)));
    let began = Instant::now();
    engine.advance_clock(at(MIDNIGHT)?).await?;
    let took = began.elapsed();
    stop.store(true, Ordering::Relaxed);
    let settled = engine.stats().timers_fired - before.timers_fired;
    println!("{settled} users settled in {took:.1?}, {}", resident()?);
    report("events meanwhile", plan.rate, &meanwhile.await??);
    if settled < plan.users {
        return Err("not everyone was settled".into());
    }
    engine.stop().await?;
    Ok(())
}

fn at(text: &str) -> Result<Timestamp> {
    Ok(Timestamp::parse(text).ok_or("not an instant")?)
}

fn create_metric(catalog: &mut Catalog, now: Timestamp) -> MetricId {
    let draft = MetricDraft {
        name: "Words".to_owned(),
        key: "words".to_owned(),
        unit_type: UnitType::Number,
        units: String::new(),
    };
    catalog.create_metric(draft, now).expect("valid").id
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

/// Users whose ids begin alike.
#[derive(Clone)]
struct Users {
    engine: Engine,
    metric: MetricId,
    prefix: &'static str,
}

impl Users {
    /// One event for each, many at a time.
    async fn make(&self, numbers: std::ops::Range<u64>) -> Result<()> {
        let mut making = JoinSet::new();
        for number in numbers {
            if making.len() == MAKING
                && let Some(made) = making.join_next().await
            {
                made??;
            }
            making.spawn(self.clone().submit(number));
        }
        while let Some(made) = making.join_next().await {
            made??;
        }
        Ok(())
    }

    /// Events of random users at `rate` per second until told to stop; latencies in microseconds.
    async fn events(self, rate: u64, stop: Arc<AtomicBool>) -> Result<Histogram<u64>> {
        let mut latencies = Histogram::new_with_bounds(1, 600_000_000, 3)?;
        let mut sent = JoinSet::new();
        let began = Instant::now();
        for number in 0_u64.. {
            let due = began + Duration::from_micros(number * 1_000_000 / rate);
            tokio::time::sleep_until(due.into()).await;
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let event = self.clone().submit(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % AWAKE);
            sent.spawn(async move { event.await.map(|()| due.elapsed()) });
            while let Some(answered) = sent.try_join_next() {
                latencies.record(u64::try_from(answered??.as_micros())?)?;
            }
        }
        while let Some(answered) = sent.join_next().await {
            latencies.record(u64::try_from(answered??.as_micros())?)?;
        }
        Ok(latencies)
    }

    async fn submit(self, number: u64) -> std::result::Result<(), actors::Error> {
        let user = UserId::new(format!("{}-{number}", self.prefix)).expect("valid");
        let profile = ProfilePatch {
            time_zone: Patch::Set(Zone::parse(ZONE).expect("a zone")),
            ..ProfilePatch::default()
        };
        let event = SubmitEvent {
            metric: self.metric,
            value: Amount::from(3),
            attributes: BTreeMap::new(),
            profile,
            idempotency_key: None,
            replay_of: None,
            queued: None,
        };
        let scope = self.engine.scope();
        let catalog = self.engine.catalog(scope);
        self.engine.run(scope, user, catalog, Command::SubmitEvent(event)).await.map(|_| ())
    }
}

fn report(what: &str, rate: u64, latencies: &Histogram<u64>) {
    let latency = |quantile| Duration::from_micros(latencies.value_at_quantile(quantile));
    println!(
        "{what}, {} at {rate}/s: p50 {:.1?}, p99 {:.1?}, p99.9 {:.1?}, max {:.1?}",
        latencies.len(),
        latency(0.5),
        latency(0.99),
        latency(0.999),
        Duration::from_micros(latencies.max())
    );
}

fn resident() -> Result<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mib = |name: &str| -> Option<u64> {
        let line = status.lines().find(|line| line.starts_with(name))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
    };
    let (now, peak) = (mib("VmRSS:").ok_or("no VmRSS")?, mib("VmHWM:").ok_or("no VmHWM")?);
    Ok(format!("{now} MiB resident, at most {peak}"))
}
