//! Webhooks under load: what they cost an event, how fast they go out, and how a backlog drains.
//!
//! Starts the real binary with the example catalog and a receiver in this process, which shares the
//! cores with it. Every event is the first of its user and so starts a streak. Three rounds: nobody
//! subscribed; one webhook told of every event; then the same while its receiver takes requests and
//! doesn't answer, until a backlog has grown, and answers again.
//!
//! `cargo bench --bench deliveries -- [--users 20000] [--backlog 100000] [--connections 64]`

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::watch;

#[expect(dead_code, reason = "what other benchmarks need")]
mod server;

use server::{Load, Result, Server, Until, accolade};

const CATALOG: &str = "config/examples/study.toml";
/// How often it is looked how far deliveries are.
const LOOK_MS: u64 = 20;
/// After which what is missing will not come any more.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

#[derive(Clone, Copy, Debug)]
struct Plan {
    users: u64,
    backlog: u64,
    connections: u64,
}

fn main() -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(plan()))
}

fn plan() -> Plan {
    let mut plan = Plan { users: 20_000, backlog: 100_000, connections: 64 };
    let args: Vec<String> = std::env::args().collect();
    for pair in args.windows(2) {
        let Ok(number) = pair[1].parse::<u64>() else { continue };
        match pair[0].as_str() {
            "--users" => plan.users = number,
            "--backlog" => plan.backlog = number,
            "--connections" => plan.connections = number,
            _ => {}
        }
    }
    plan
}

async fn run(plan: Plan) -> Result<()> {
    println!("{plan:?}");
    let Plan { users, backlog, connections } = plan;
    let load = |users| Load { connections, users, until: Until::EachUserOnce, value: 10 };
    let data = tempfile::tempdir()?;
    let server = Server::start(&mut accolade(data.path(), CATALOG.as_ref()))?;
    load(0..users).drive(&server).await?.report("first event of a user, nobody subscribed");

    let receiver = Receiver::listen().await?;
    receiver.subscribe(&server).await?;
    let began = Instant::now();
    let measured = load(users..2 * users).drive(&server).await?;
    measured.report("the same, each told to one webhook");
    let behind = users.saturating_sub(receiver.count());
    receiver.await_count(users, &server).await?;
    println!(
        "delivered {users} in {:.1?}, {:.0}/s; {behind} were left when the last event was answered",
        began.elapsed(),
        rate(users, began.elapsed())
    );

    println!("memory before the outage: {} MiB", server.resident_mib()?);
    receiver.answers.send_replace(false);
    let first = 2 * users;
    let measured = load(first..first + backlog).drive(&server).await?;
    measured.report("the same while the receiver doesn't answer");
    let waiting = users + backlog - receiver.count();
    println!("memory with a backlog of {waiting}: {} MiB", server.resident_mib()?);
    let began = Instant::now();
    receiver.answers.send_replace(true);
    let peak = receiver.await_count(users + backlog, &server).await?;
    println!(
        "drained in {:.1?}, {:.0}/s, with {peak} MiB at most",
        began.elapsed(),
        rate(waiting, began.elapsed())
    );
    server.terminate()
}

/// Who is told: answers 200, or waits with it.
struct Receiver {
    url: String,
    count: Arc<AtomicU64>,
    answers: watch::Sender<bool>,
}

impl Receiver {
    async fn listen() -> Result<Self> {
        let count = Arc::new(AtomicU64::new(0));
        let (answers, answering) = watch::channel(true);
        let counter = Arc::clone(&count);
        let handler = move || {
            let (count, mut answering) = (Arc::clone(&counter), answering.clone());
            async move {
                // The sender lives as long as the benchmark.
                let _ = answering.wait_for(|answers| *answers).await;
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let app = Router::new().route("/", post(handler));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url, count, answers })
    }

    async fn subscribe(&self, server: &Server) -> Result<()> {
        let url = &self.url;
        let body = format!(r#"[{{"name":"bench","url":"{url}","events":["streak.started"]}}]"#);
        server.post("/admin/v1/webhooks", &body).await
    }

    fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits for so many requests and answers the most memory that the server held meanwhile.
    async fn await_count(&self, count: u64, server: &Server) -> Result<u64> {
        let (began, mut peak) = (Instant::now(), 0);
        while self.count() < count {
            if began.elapsed() > LONGEST_WAIT {
                return Err(format!("only {} of {count} were delivered", self.count()).into());
            }
            peak = peak.max(server.resident_mib()?);
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
        Ok(peak)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate is read by people")]
fn rate(count: u64, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}
