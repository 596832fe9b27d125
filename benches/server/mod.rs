//! The server under load: started as its users start it, driven over loopback by this process.
//!
//! Closed loop, one request in flight per connection, so what is reported is what the server and this
//! driver do together on the same cores. A run that fails ends its server.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const KEY: &str = "benchkey.0123456789abcdefghijklmnopqrstuv";
pub(crate) const LISTENING: &str = "accolade listening on http://";

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

pub(crate) fn accolade(data: &Path, catalog: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_accolade"));
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command.arg("--catalog").arg(catalog).arg("--data").arg(data);
    command.env("ACCOLADE_ADMIN_KEY", KEY).env("RUST_LOG", "warn");
    command
}

pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) started_in: Duration,
    process: Child,
}

/// A run that fails leaves no server behind.
impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already can't be killed, which is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let began = Instant::now();
        let mut process = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let stdout = process.stdout.take().ok_or("no stdout")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix(LISTENING).ok_or("the server did not start")?;
        Ok(Self { address: address.to_owned(), started_in: began.elapsed(), process })
    }

    /// Memory that the process holds.
    pub(crate) fn resident_mib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        let kib: u64 = line.split_whitespace().nth(1).ok_or("no VmRSS")?.parse()?;
        Ok(kib / 1024)
    }

    /// One request, with the admin key.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Result<()> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.write_all(&post(&self.address, path, body)).await?;
        read_response(&mut stream, &mut vec![0; 16 * 1024]).await
    }

    /// As `kill -9` does.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// As an operator stops it.
    pub(crate) fn terminate(mut self) -> Result<()> {
        Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status()?;
        let status = self.process.wait()?;
        if status.success() { Ok(()) } else { Err(format!("it stopped with {status}").into()) }
    }
}

/// Which users get events, over how many connections.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) connections: u64,
    pub(crate) users: Range<u64>,
    pub(crate) until: Until,
    /// What each event adds to the metric.
    pub(crate) value: u32,
}

#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// Users at random.
    Elapsed(Duration),
    EachUserOnce,
}

pub(crate) struct Measured {
    pub(crate) latencies: Histogram<u64>,
    elapsed: Duration,
}

impl Load {
    pub(crate) async fn drive(&self, server: &Server) -> Result<Measured> {
        let began = Instant::now();
        let next = Arc::new(AtomicU64::new(self.users.start));
        let connections = (0..self.connections).map(|seed| {
            let (load, address) = (self.clone(), server.address.clone());
            tokio::spawn(load.connection(address, seed, Arc::clone(&next), began))
        });
        let connections: Vec<_> = connections.collect();
        let mut latencies = Histogram::new(3)?;
        for connection in connections {
            latencies.add(connection.await??)?;
        }
        Ok(Measured { latencies, elapsed: began.elapsed() })
    }

    async fn connection(
        self,
        address: String,
        seed: u64,
        next: Arc<AtomicU64>,
        began: Instant,
    ) -> Result<Histogram<u64>> {
        let mut stream = TcpStream::connect(&address).await?;
        stream.set_nodelay(true)?;
        let mut latencies = Histogram::new(3)?;
        let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let user = match self.until {
                Until::Elapsed(limit) if began.elapsed() >= limit => return Ok(latencies),
                Until::Elapsed(_) => {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    self.users.start + random % (self.users.end - self.users.start)
                }
                Until::EachUserOnce => match next.fetch_add(1, Ordering::Relaxed) {
                    user if self.users.contains(&user) => user,
                    _ => return Ok(latencies),
                },
            };
            let sent = Instant::now();
            stream.write_all(&event(&address, user, self.value)).await?;
            read_response(&mut stream, &mut buffer).await?;
            latencies.record(u64::try_from(sent.elapsed().as_micros())?)?;
        }
    }
}

fn event(address: &str, user: u64, value: u32) -> Vec<u8> {
    let body = format!(r#"{{"user":{{"id":"user-{user}","tz":"Europe/London"}},"value":{value}}}"#);
    post(address, "/v1/metrics/flashcards-flipped/event", &body)
}

fn post(address: &str, path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nX-API-KEY: {KEY}\r\n\
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

impl Measured {
    /// Requests per second.
    #[expect(clippy::cast_precision_loss, reason = "a rate is read by people")]
    pub(crate) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn report(&self, what: &str) {
        let latency = |quantile| Duration::from_micros(self.latencies.value_at_quantile(quantile));
        println!(
            "{what}: {:.0}/s, p50 {:.1?}, p99 {:.1?}, p99.9 {:.1?}, max {:.1?}",
            self.rate(),
            latency(0.5),
            latency(0.99),
            latency(0.999),
            Duration::from_micros(self.latencies.max())
        );
    }
}
