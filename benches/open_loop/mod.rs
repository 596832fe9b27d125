//! Events at a fixed rate while something else goes on, for benchmarks of what others feel.
//!
//! Open loop: latency counts from the instant an event should have been sent. The engine runs in
//! the benchmark's process, on a fresh data directory, under the test clock.

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Range;
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
use domain::catalog::{Catalog, MetricDraft, Patch, Settings, UnitType};
use domain::ids::{EnvironmentId, MetricId, UserId};
use domain::time::Timestamp;
use domain::user::{Command, ProfilePatch, SubmitEvent};
use hdrhistogram::Histogram;
use storage::Store;
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Anything can go wrong.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const ZONE: &str = "Europe/London";

/// Users who send events while something else goes on.
pub(crate) const AWAKE: u64 = 20_000;

/// Events in flight while users are made.
const MAKING: usize = 4_000;

/// Reads `--name number` arguments: each given name with the number in its place.
pub(crate) fn numbers<const N: usize>(mut known: [(&str, u64); N]) -> [u64; N] {
    let args: Vec<String> = std::env::args().collect();
    for pair in args.windows(2) {
        for (name, number) in &mut known {
            if pair[0] == format!("--{name}") {
                *number = pair[1].parse().unwrap_or(*number);
            }
        }
    }
    println!("{known:?}");
    known.map(|(_, number)| number)
}

/// An instant as it is written.
pub(crate) fn at(text: &str) -> Result<Timestamp> {
    Ok(Timestamp::parse(text).ok_or("not an instant")?)
}

/// An engine on an empty directory, with a metric that all events are of.
pub(crate) async fn start(
    mut config: Config,
    data: &tempfile::TempDir,
    now: &str,
) -> Result<Users> {
    config.storage.data = data.path().to_owned();
    let store = Store::open(&config.storage_options())?;
    let bootstrap =
        Bootstrap { environment: EnvironmentId(Uuid::from_u128(1)), settings: Settings::default() };
    let ports = outbound::ports(&config.webhooks, &MasterKey::generate())?;
    let clock = Clock::test(at(now)?);
    let engine = Engine::start(config.engine_config(), store, clock, bootstrap, ports).await?;
    let metric = engine.change_catalog(engine.scope(), create_metric).await?;
    Ok(Users { engine, metric, prefix: "asleep" })
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

/// Users whose ids begin alike.
#[derive(Clone)]
pub(crate) struct Users {
    pub(crate) engine: Engine,
    pub(crate) metric: MetricId,
    pub(crate) prefix: &'static str,
}

impl Users {
    /// One event for each, many at a time.
    pub(crate) async fn make(&self, numbers: Range<u64>) -> Result<()> {
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

    /// Has random users send events from now on.
    pub(crate) fn begin(&self, rate: u64) -> Flow {
        let stop = Arc::new(AtomicBool::new(false));
        let events = tokio::spawn(self.clone().events(rate, Arc::clone(&stop)));
        Flow { rate, stop, events }
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

/// Events on their way.
pub(crate) struct Flow {
    rate: u64,
    stop: Arc<AtomicBool>,
    events: JoinHandle<Result<Histogram<u64>>>,
}

impl Flow {
    /// Lets it end, and prints how long the answers took.
    pub(crate) async fn report(self, what: &str) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        let latencies = self.events.await??;
        let latency = |quantile| Duration::from_micros(latencies.value_at_quantile(quantile));
        println!(
            "{what}, {} at {}/s: p50 {:.1?}, p99 {:.1?}, p99.9 {:.1?}, max {:.1?}",
            latencies.len(),
            self.rate,
            latency(0.5),
            latency(0.99),
            latency(0.999),
            Duration::from_micros(latencies.max())
        );
        Ok(())
    }
}

/// How much memory the process has and had.
pub(crate) fn resident() -> Result<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mib = |name: &str| -> Option<u64> {
        let line = status.lines().find(|line| line.starts_with(name))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
    };
    let (now, peak) = (mib("VmRSS:").ok_or("no VmRSS")?, mib("VmHWM:").ok_or("no VmHWM")?);
    Ok(format!("{now} MiB resident, at most {peak}"))
}
