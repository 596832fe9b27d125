//! Batches of events: how fast they are accepted and worked through, and what single events feel
//! meanwhile.
//!
//! Starts the real binary on a fresh data directory with the example catalog and sends batches over
//! loopback from this process, one after the other, again after a second where the answer says so.
//! It is over when the server says that no batch waits. Meanwhile other users send single events at a
//! fixed rate, open loop: latency counts from the instant an event should have been sent. The same
//! rate is measured alone first.
//!
//! `cargo bench --bench batch -- [--batches 1000] [--size 1000] [--users 100000] [--rate 500]`

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use reqwest::{Client, StatusCode};
use tokio::task::JoinSet;

#[expect(dead_code, reason = "what other benchmarks need")]
mod server;

use server::{Result, Server, accolade};

const KEY: &str = "benchkey.0123456789abcdefghijklmnopqrstuv";
const METRIC: &str = "flashcards-flipped";

/// Users who send single events.
const AWAKE: u64 = 20_000;
/// How long single events are measured alone.
const ALONE: Duration = Duration::from_secs(5);
/// How often it is asked whether a batch waits.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug)]
struct Plan {
    batches: u64,
    size: u64,
    users: u64,
    rate: u64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let plan = plan();
    println!("{plan:?}");
    let data = tempfile::tempdir()?;
    let catalog = Path::new("config/examples/study.toml");
    let server = Server::start(&mut accolade(data.path(), catalog))?;
    let target = Target { url: format!("http://{}", server.address), client: Client::new() };

    let live = |stop: &Arc<AtomicBool>| {
        tokio::spawn(single_events(target.clone(), plan.rate, Arc::clone(stop)))
    };
    let stop = Arc::new(AtomicBool::new(false));
    let alone = live(&stop);
    tokio::time::sleep(ALONE).await;
    stop.store(true, Ordering::Relaxed);
    report("single events alone", &alone.await??);

    let bodies: Vec<String> = (0..plan.batches).map(|batch| body(plan, batch)).collect();
    stop.store(false, Ordering::Relaxed);
    let meanwhile = live(&stop);
    let began = Instant::now();
    let mut refused = 0;
    for body in bodies {
        refused += target.send_batch(body).await?;
    }
    let accepted = began.elapsed();
    target.await_empty_queue().await?;
    let done = began.elapsed();
    stop.store(true, Ordering::Relaxed);
    let events = plan.batches * plan.size;
    println!("{} batches accepted in {accepted:.1?}, {refused} times told to wait", plan.batches);
    #[expect(clippy::cast_precision_loss, reason = "a rate is read by people")]
    let rate = events as f64 / done.as_secs_f64();
    println!("{events} events worked through in {done:.1?}: {rate:.0}/s");
    report("single events meanwhile", &meanwhile.await??);
    Ok(())
}

fn plan() -> Plan {
    let mut plan = Plan { batches: 1_000, size: 1_000, users: 100_000, rate: 500 };
    let args: Vec<String> = std::env::args().collect();
    for pair in args.windows(2) {
        let Ok(number) = pair[1].parse() else { continue };
        match pair[0].as_str() {
            "--batches" => plan.batches = number,
            "--size" => plan.size = number,
            "--users" => plan.users = number,
            "--rate" => plan.rate = number,
            _ => {}
        }
    }
    plan
}

/// Events of users all over the place, as a product's import would have them.
fn body(plan: Plan, batch: u64) -> String {
    let mut body = String::from("[");
    for item in 0..plan.size {
        let user = (batch * plan.size + item).wrapping_mul(2_654_435_761) % plan.users;
        let separator = if item == 0 { "" } else { "," };
        write!(body, r#"{separator}{{"key":"{METRIC}","user":{{"id":"u{user}"}},"value":3}}"#)
            .expect("a string takes every text");
    }
    body + "]"
}

/// Where requests go.
#[derive(Clone)]
struct Target {
    url: String,
    client: Client,
}

impl Target {
    /// Sends a batch until it is accepted; how often it was refused.
    async fn send_batch(&self, body: String) -> Result<u64> {
        let mut refused = 0;
        loop {
            match self.post("/admin/v1/metrics/events", body.clone()).await? {
                StatusCode::ACCEPTED => return Ok(refused),
                StatusCode::SERVICE_UNAVAILABLE => refused += 1,
                other => return Err(format!("a batch was answered {other}").into()),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn send_event(&self, user: u64) -> Result<()> {
        let body = format!(r#"{{"user":{{"id":"awake{user}"}},"value":3}}"#);
        match self.post(&format!("/v1/metrics/{METRIC}/event"), body).await? {
            StatusCode::CREATED => Ok(()),
            other => Err(format!("an event was answered {other}").into()),
        }
    }

    async fn post(&self, path: &str, body: String) -> Result<StatusCode> {
        let request = self.client.post(format!("{}{path}", self.url)).header("X-API-KEY", KEY);
        let answer = request.body(body).send().await?;
        let status = answer.status();
        // Read to its end, so that the connection is used again.
        answer.bytes().await?;
        Ok(status)
    }

    async fn await_empty_queue(&self) -> Result<()> {
        loop {
            let metrics = self.client.get(format!("{}/metrics", self.url)).send().await?;
            if metrics.text().await?.lines().any(|line| line == "accolade_batches_queued 0") {
                return Ok(());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// Single events at a rate until told to stop; latencies in microseconds.
async fn single_events(target: Target, rate: u64, stop: Arc<AtomicBool>) -> Result<Histogram<u64>> {
    let mut latencies = Histogram::new(3)?;
    let mut sent = JoinSet::new();
    let began = Instant::now();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) || rate == 0 {
            break;
        }
        let due = began + Duration::from_secs(1) * u32::try_from(number)? / u32::try_from(rate)?;
        tokio::time::sleep_until(due.into()).await;
        let target = target.clone();
        sent.spawn(async move {
            target.send_event(number % AWAKE).await?;
            Ok::<_, Box<dyn Error + Send + Sync>>(due.elapsed())
        });
        while let Some(ended) = sent.try_join_next() {
            latencies.record(u64::try_from(ended??.as_micros())?)?;
        }
    }
    while let Some(ended) = sent.join_next().await {
        latencies.record(u64::try_from(ended??.as_micros())?)?;
    }
    Ok(latencies)
}

fn report(what: &str, latencies: &Histogram<u64>) {
    let at = |quantile| Duration::from_micros(latencies.value_at_quantile(quantile));
    let (count, max) = (latencies.len(), Duration::from_micros(latencies.max()));
    let (p50, p99, p999) = (at(0.5), at(0.99), at(0.999));
    println!("{what}: {count}, p50 {p50:.1?}, p99 {p99:.1?}, p99.9 {p999:.1?}, max {max:.1?}");
}
