//! Event in, answer out, over HTTP: the numbers an operator asks for first.
//!
//! Starts the real binary on a fresh data directory with the example catalog and drives it over
//! loopback from this process, closed loop, one request in flight per connection. Reports events
//! per second with latencies, memory at rest and with many active users, bytes on disk per event,
//! and how long a start takes after `kill -9`. A plain axum handler that parses the same body is
//! measured first, on the same cores with the same driver, to have something to compare with.
//!
//! `cargo bench --bench event_flow -- [--seconds 10] [--connections 64] [--users 100000]
//! [--boards 0]`: with boards, every event moves a score on so many leaderboards.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[expect(dead_code, reason = "what other benchmarks need")]
mod server;

use server::{LISTENING, Load, Result, Server, Until, accolade};

#[derive(Clone, Copy, Debug)]
struct Plan {
    seconds: u64,
    connections: u64,
    users: u64,
    boards: u64,
}

fn main() -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if std::env::args().any(|arg| arg == "--plain-handler") {
        return runtime.block_on(serve_plain_handler());
    }
    runtime.block_on(run(plan()))
}

impl Plan {
    fn load(self, until: Until) -> Load {
        Load { connections: self.connections, users: 0..self.users, until, value: 3 }
    }
}

fn plan() -> Plan {
    let mut plan = Plan { seconds: 10, connections: 64, users: 100_000, boards: 0 };
    let args: Vec<String> = std::env::args().collect();
    for pair in args.windows(2) {
        let Ok(number) = pair[1].parse::<u64>() else { continue };
        match pair[0].as_str() {
            "--seconds" => plan.seconds = number,
            "--connections" => plan.connections = number,
            "--users" => plan.users = number,
            "--boards" => plan.boards = number,
            _ => {}
        }
    }
    plan
}

async fn run(plan: Plan) -> Result<()> {
    println!("{plan:?}");
    let at_random = plan.load(Until::Elapsed(Duration::from_secs(plan.seconds)));
    let plain = Server::start(Command::new(std::env::current_exe()?).arg("--plain-handler"))?;
    at_random.drive(&plain).await?.report("plain axum handler, same body");
    plain.kill()?;

    let data = tempfile::tempdir()?;
    let catalog = tempfile::NamedTempFile::new()?;
    std::fs::write(catalog.path(), catalog_with(plan.boards)?)?;
    let server = Server::start(&mut accolade(data.path(), catalog.path()))?;
    println!("start on an empty directory: {:.0?}", server.started_in);
    println!("memory at rest: {} MiB", server.resident_mib()?);
    let measured = at_random.drive(&server).await?;
    measured.report("POST event, durable, example catalog");

    let every = plan.load(Until::EachUserOnce).drive(&server).await?;
    every.report("one event for each user");
    println!("memory with {} users seen: {} MiB", plan.users, server.resident_mib()?);

    server.kill()?;
    let events = measured.latencies.len() + every.latencies.len();
    let again = Server::start(&mut accolade(data.path(), catalog.path()))?;
    println!("start after kill -9 with {} users: {:.0?}", plan.users, again.started_in);
    println!("memory after that start: {} MiB", again.resident_mib()?);
    again.terminate()?;
    let bytes = size_on_disk(data.path())?;
    println!("on disk after a clean stop: {bytes} bytes, {} per event", bytes / events.max(1));
    Ok(())
}

/// The example catalog with so many perpetual boards on the metric of all events, and no others.
fn catalog_with(boards: u64) -> Result<String> {
    let mut example: toml::Table =
        std::fs::read_to_string("config/examples/study.toml")?.parse()?;
    example.remove("leaderboards");
    let mut catalog = toml::to_string(&example)?;
    for board in 0..boards {
        catalog += &format!(
            "\n[leaderboards.board-{board}]\nname = \"Board {board}\"\n\
             metric = \"flashcards-flipped\"\nstart = \"2026-01-01\"\n"
        );
    }
    Ok(catalog)
}

fn size_on_disk(directory: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size_on_disk(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

async fn serve_plain_handler() -> Result<()> {
    async fn handler(
        axum::Json(body): axum::Json<serde_json::Value>,
    ) -> axum::Json<serde_json::Value> {
        axum::Json(body)
    }
    let app = axum::Router::new().route("/v1/metrics/{key}/event", axum::routing::post(handler));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{LISTENING}{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
