//! A year in review of a user with a long history: how long the request takes.
//!
//! Makes one user with many events over years, with attributes and points, and others to be compared
//! with; stops, so that everything is on disk and nothing in memory; starts again and asks for each
//! year through the whole HTTP stack. The first request for a year reads all users once to compare
//! them, the ones after it don't: both are reported.
//!
//! `cargo bench --bench wrapped -- [--events 100000] [--users 1000] [--years 5]`

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::collections::BTreeMap;
use std::error::Error;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, Instant};

use accolade::app::{App, AppSettings};
use accolade::config::Config;
use accolade::http::router::router;
use accolade::keys::{ApiKey, FailureLimit, Keys};
use accolade::outbound::ports;
use accolade::secrets::MasterKey;
use actors::clock::Clock;
use actors::{Bootstrap, Engine, EngineConfig};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use domain::amount::Amount;
use domain::catalog::{AttributeKind, Catalog, SealedSecret, Settings};
use domain::ids::{EnvironmentId, UserId};
use domain::time::Timestamp;
use domain::user::{Command, ProfilePatch, SubmitEvent};
use hdrhistogram::Histogram;
use storage::{Options, Store};
use tokio::task::JoinSet;
use tower::ServiceExt;
use uuid::Uuid;

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEY: &str = "benchkey.0123456789abcdefghijklmnopqrstuv";
const FIRST_YEAR: u64 = 2021;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Events of one user that wait at a time.
const IN_FLIGHT: u64 = 64;
const WARM_REQUESTS: u32 = 200;

const CATALOG: &str = r#"
[event_attributes]
deck = "Deck"
mode = "Mode"

[metrics.cards]
name = "Cards"

[metrics.minutes]
name = "Minutes"

[points.xp]
name = "XP"

[[points.xp.triggers]]
points = 1
metric = { key = "cards", threshold = 10 }
"#;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Clone, Copy, Debug)]
struct Plan {
    events: u64,
    users: u64,
    years: u64,
}

fn plan() -> Plan {
    let mut plan = Plan { events: 100_000, users: 1_000, years: 5 };
    let args: Vec<String> = std::env::args().collect();
    for pair in args.windows(2) {
        let Ok(number) = pair[1].parse::<u64>() else { continue };
        match pair[0].as_str() {
            "--events" => plan.events = number,
            "--users" => plan.users = number,
            "--years" => plan.years = number,
            _ => {}
        }
    }
    plan
}

fn main() -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(plan()))
}

async fn run(plan: Plan) -> Result<()> {
    println!("{plan:?}");
    let data = tempfile::tempdir()?;
    let clock = Clock::test(new_year(FIRST_YEAR)?);
    let engine = start(data.path(), &clock).await?;
    let file = accolade::catalog_file::parse("bench.toml", CATALOG)?;
    let made = engine.change_catalog(engine.scope(), move |catalog, now| {
        file.apply_to(catalog, now, &|| SealedSecret(Vec::new()))
    });
    made.await.map_err(|error| error.to_string())??;
    live(&engine, &clock, plan).await?;
    engine.stop().await.map_err(|error| error.to_string())?;
    drop(engine);

    let engine = start(data.path(), &clock).await?;
    let service = serve(engine).await?;
    for year in FIRST_YEAR..FIRST_YEAR + plan.years {
        let path = format!("/v1/users/old/wrapped?year={year}");
        let (first, bytes) = timed(&service, &path).await?;
        let mut warm = Histogram::<u64>::new(3)?;
        for _ in 0..WARM_REQUESTS {
            let (took, _) = timed(&service, &path).await?;
            warm.record(u64::try_from(took.as_micros())?)?;
        }
        println!(
            "{year}: first {first:.1?}, then min {} us, p50 {} us, p99 {} us, max {} us; {bytes} bytes",
            warm.min(),
            warm.value_at_quantile(0.5),
            warm.value_at_quantile(0.99),
            warm.max()
        );
    }
    Ok(())
}

fn new_year(year: u64) -> Result<Timestamp> {
    Ok(Timestamp::parse(&format!("{year}-01-01T12:00:00Z")).ok_or("a year")?)
}

async fn start(data: &Path, clock: &Clock) -> Result<Engine> {
    let config = EngineConfig {
        active_users_max: 10_000,
        in_flight_per_user_max: 1_000,
        in_flight_per_shard_max: 10_000,
        catalog_changes_in_flight_max: 100,
        user_idle_ms: 3_600_000,
        timer_tick_ms: 1_000,
        timers_in_flight_max: 64,
        reviews_in_flight_max: 8,
        queued_batches_max: 100,
        queue_in_flight_max: 16,
        webhook_log_retention_days: 7,
        participants_max: 1_000,
        stream_readers_max: 1,
        stream_beat_ms: 60_000,
    };
    let environment = EnvironmentId(Uuid::from_u128(1));
    let bootstrap = Bootstrap { environment, settings: Settings::default() };
    let store = Store::open(&Options::new(data))?;
    let ports = ports(&Config::built_in().webhooks, &MasterKey::generate())?;
    let engine = Engine::start(config, store, clock.clone(), bootstrap, ports).await;
    Ok(engine.map_err(|error| error.to_string())?)
}

async fn serve(engine: Engine) -> Result<Router> {
    let key = ApiKey::parse_admin(KEY).map_err(|error| error.to_string())?;
    let (keys, _) = Keys::prepare(&engine, Some(key)).await.map_err(|error| error.to_string())?;
    let settings = AppSettings {
        console_base_url: "https://console.example".to_owned(),
        body_bytes_max: 1024 * 1024,
        master_key_file: None,
        batch_body_bytes_max: 8 * 1024 * 1024,
        test_clock: false,
        participants_max: 1_000,
    };
    let failures = FailureLimit::new(NonZeroU32::MAX);
    let (master_key, settings) = (MasterKey::generate(), settings.into());
    Ok(router(App { engine, keys, failures, rate_limits: None, master_key, settings }))
}

/// Every day the old user's share of events, and one by each other user on every tenth day.
async fn live(engine: &Engine, clock: &Clock, plan: Plan) -> Result<()> {
    let began = Instant::now();
    let days = plan.years * 365;
    let mut submitted = 0;
    for day in 0..days {
        let due = plan.events * (day + 1) / days;
        while submitted < due {
            let wave = (due - submitted).min(IN_FLIGHT);
            submit(engine, (submitted..submitted + wave).map(|number| ("old".to_owned(), number)))
                .await?;
            submitted += wave;
        }
        let others = (0..plan.users).filter(|user| (user + day) % 10 == 0);
        submit(engine, others.map(|user| (format!("u{user}"), user * 31 + day))).await?;
        engine.advance_clock(clock.now().plus_millis(DAY_MS)).await.map_err(|e| e.to_string())?;
    }
    println!("{submitted} events of one user in {:.0?}", began.elapsed());
    Ok(())
}

async fn submit(engine: &Engine, events: impl Iterator<Item = (String, u64)>) -> Result<()> {
    let mut waiting = JoinSet::new();
    for (user, number) in events {
        let (scope, catalog) = (engine.scope(), engine.catalog(engine.scope()));
        let event = event(&catalog, number).ok_or("the catalog of this file")?;
        let (engine, user) = (engine.clone(), UserId::new(user).ok_or("a user id")?);
        let run =
            async move { engine.run(scope, user, catalog, Command::SubmitEvent(event)).await };
        waiting.spawn(run);
    }
    while let Some(done) = waiting.join_next().await {
        done?.map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn event(catalog: &Catalog, number: u64) -> Option<SubmitEvent> {
    let metric = if number.is_multiple_of(4) { "minutes" } else { "cards" };
    let attributes = [("deck", number * 7 % 20), ("mode", number * 11 % 3)];
    let attributes = attributes.map(|(key, value)| {
        let id = catalog.find_attribute_by_key(AttributeKind::Event, key)?.id;
        Some((id, format!("{key} {value}")))
    });
    Some(SubmitEvent {
        metric: catalog.find_metric_by_key(metric)?.id,
        value: Amount::from(i64::try_from(number % 13).ok()?),
        attributes: attributes.into_iter().collect::<Option<BTreeMap<_, _>>>()?,
        profile: ProfilePatch::default(),
        idempotency_key: None,
        replay_of: None,
        queued: None,
    })
}

/// How long a request takes to its last byte, and how many there are.
async fn timed(service: &Router, path: &str) -> Result<(Duration, usize)> {
    let request = Request::get(path).header("X-API-KEY", KEY).body(Body::empty())?;
    let began = Instant::now();
    let response = service.clone().oneshot(request).await?;
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await?;
    let took = began.elapsed();
    if status.is_success() { Ok((took, body.len())) } else { Err(format!("{status}").into()) }
}
