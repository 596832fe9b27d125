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

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const KEY: &str = "benchkey.0123456789abcdefghijklmnopqrstuv";
const LISTENING: &str = "accolade listening on http://";

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Clone, Copy, Debug)]
struct Plan {
    seconds: u64,
    connections: usize,
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

fn plan() -> Plan {
    let mut plan = Plan { seconds: 10, connections: 64, users: 100_000, boards: 0 };
    let args: Vec<String> = std::env::args().collect();
    for pair in args.windows(2) {
        let Ok(number) = pair[1].parse::<u64>() else { continue };
        match pair[0].as_str() {
            "--seconds" => plan.seconds = number,
            "--connections" => {
                plan.connections = usize::try_from(number).unwrap_or(plan.connections)
            }
            "--users" => plan.users = number,
            "--boards" => plan.boards = number,
            _ => {}
        }
    }
    plan
}

async fn run(plan: Plan) -> Result<()> {
    println!("{plan:?}");
    let mut plain = start(Command::new(std::env::current_exe()?).arg("--plain-handler"))?;
    let load = Load::for_seconds(plan, plan.users);
    report("plain axum handler, same body", &load.drive(&plain.address).await?);
    plain.process.kill()?;
    plain.process.wait()?;

    let data = tempfile::tempdir()?;
    let catalog = tempfile::NamedTempFile::new()?;
    std::fs::write(catalog.path(), catalog_with(plan.boards)?)?;
    let mut server = start(&mut accolade(data.path(), catalog.path()))?;
    println!("start on an empty directory: {:.0?}", server.started_in);
    println!("memory at rest: {} MiB", resident_mib(server.process.id())?);
    let measured = load.drive(&server.address).await?;
    report("POST event, durable, example catalog", &measured);

    let each_user_once = Load::each_user_once(plan);
    let every = each_user_once.drive(&server.address).await?;
    report("one event for each user", &every);
    println!("memory with {} users seen: {} MiB", plan.users, resident_mib(server.process.id())?);

    server.process.kill()?;
    server.process.wait()?;
    let events = measured.latencies.len() + every.latencies.len();
    let mut again = start(&mut accolade(data.path(), catalog.path()))?;
    println!("start after kill -9 with {} users: {:.0?}", plan.users, again.started_in);
    println!("memory after that start: {} MiB", resident_mib(again.process.id())?);
    terminate(&mut again.process)?;
    let bytes = size_on_disk(data.path())?;
    println!("on disk after a clean stop: {bytes} bytes, {} per event", bytes / events.max(1));
    Ok(())
}

/// The example catalog with so many perpetual boards on the metric of all events.
fn catalog_with(boards: u64) -> Result<String> {
    let mut catalog = std::fs::read_to_string("config/examples/study.toml")?;
    for board in 0..boards {
        catalog += &format!(
            "\n[leaderboards.board-{board}]\nname = \"Board {board}\"\n\
             metric = \"flashcards-flipped\"\nstart = \"2026-01-01\"\n"
        );
    }
    Ok(catalog)
}

fn accolade(data: &Path, catalog: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_accolade"));
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command.arg("--catalog").arg(catalog).arg("--data").arg(data);
    command.env("ACCOLADE_ADMIN_KEY", KEY).env("RUST_LOG", "warn");
    command
}

struct Server {
    process: Child,
    address: String,
    started_in: Duration,
}

/// A run that fails leaves no server behind.
impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already can't be killed, which is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(command: &mut Command) -> Result<Server> {
    let began = Instant::now();
    let mut process = command.stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    let stdout = process.stdout.take().ok_or("no stdout")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let address = line.trim().strip_prefix(LISTENING).ok_or("the server did not start")?.to_owned();
    Ok(Server { process, address, started_in: began.elapsed() })
}

fn terminate(process: &mut Child) -> Result<()> {
    Command::new("kill").args(["-TERM", &process.id().to_string()]).status()?;
    let status = process.wait()?;
    if status.success() { Ok(()) } else { Err(format!("the server stopped with {status}").into()) }
}

/// Which users get events, and for how long.
#[derive(Clone, Copy)]
struct Load {
    connections: usize,
    users: u64,
    until: Until,
}

#[derive(Clone, Copy)]
enum Until {
    Elapsed(Duration),
    EachUserOnce,
}

struct Measured {
    latencies: Histogram<u64>,
    elapsed: Duration,
}

impl Load {
    const fn for_seconds(plan: Plan, users: u64) -> Self {
        Self {
            connections: plan.connections,
            users,
            until: Until::Elapsed(Duration::from_secs(plan.seconds)),
        }
    }

    const fn each_user_once(plan: Plan) -> Self {
        Self { connections: plan.connections, users: plan.users, until: Until::EachUserOnce }
    }

    async fn drive(self, address: &str) -> Result<Measured> {
        let began = Instant::now();
        let next = Arc::new(AtomicU64::new(0));
        let tasks: Vec<_> = (0..self.connections)
            .map(|seed| {
                tokio::spawn(self.connection(
                    address.to_owned(),
                    u64::try_from(seed),
                    Arc::clone(&next),
                    began,
                ))
            })
            .collect();
        let mut latencies = Histogram::new(3)?;
        for task in tasks {
            latencies.add(task.await??)?;
        }
        Ok(Measured { latencies, elapsed: began.elapsed() })
    }

    async fn connection(
        self,
        address: String,
        seed: std::result::Result<u64, std::num::TryFromIntError>,
        next: Arc<AtomicU64>,
        began: Instant,
    ) -> Result<Histogram<u64>> {
        let mut stream = TcpStream::connect(&address).await?;
        stream.set_nodelay(true)?;
        let mut latencies = Histogram::new(3)?;
        let mut random = seed?.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let user = match self.until {
                Until::Elapsed(limit) if began.elapsed() >= limit => return Ok(latencies),
                Until::Elapsed(_) => {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    random % self.users
                }
                Until::EachUserOnce => match next.fetch_add(1, Ordering::Relaxed) {
                    user if user < self.users => user,
                    _ => return Ok(latencies),
                },
            };
            let sent = Instant::now();
            stream.write_all(&request(&address, user)).await?;
            read_response(&mut stream, &mut buffer).await?;
            latencies.record(u64::try_from(sent.elapsed().as_micros())?)?;
        }
    }
}

fn request(address: &str, user: u64) -> Vec<u8> {
    let body = format!(r#"{{"user":{{"id":"user-{user}","tz":"Europe/London"}},"value":3}}"#);
    format!(
        "POST /v1/metrics/flashcards-flipped/event HTTP/1.1\r\nHost: {address}\r\nX-API-KEY: {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Reads one response with a content length; anything but 2xx fails the run.
async fn read_response(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<()> {
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            buffer.resize(2 * filled, 0);
        }
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Err("the connection was closed".into());
        }
        filled += read;
        let Some(head) = buffer[..filled].windows(4).position(|end| end == b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&buffer[..head])?.to_ascii_lowercase();
        if !text.starts_with("http/1.1 2") {
            return Err(String::from_utf8_lossy(&buffer[..filled]).into_owned().into());
        }
        let length = text.split("content-length: ").nth(1).ok_or("no content length")?;
        let length: usize = length.split("\r\n").next().unwrap_or_default().parse()?;
        if filled >= head + 4 + length {
            return Ok(());
        }
    }
}

fn report(what: &str, measured: &Measured) {
    let latency = |quantile| Duration::from_micros(measured.latencies.value_at_quantile(quantile));
    #[expect(clippy::cast_precision_loss, reason = "a rate is read by people")]
    let rate = measured.latencies.len() as f64 / measured.elapsed.as_secs_f64();
    println!(
        "{what}: {rate:.0}/s, p50 {:.1?}, p99 {:.1?}, p99.9 {:.1?}, max {:.1?}",
        latency(0.5),
        latency(0.99),
        latency(0.999),
        Duration::from_micros(measured.latencies.max())
    );
}

fn resident_mib(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kib: u64 = line.split_whitespace().nth(1).ok_or("no VmRSS")?.parse()?;
    Ok(kib / 1024)
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
