//! How many durable commits per second, and how long each takes.
//!
//! `cargo run --release -p storage --example commits -- [SECONDS] [WRITERS] [USERS] [DIR]`
//!
//! Each writer commits one 300-byte event row and one 1.5 KB snapshot of a random user, waits for the
//! answer and goes on. Checkpoints run meanwhile, as they do in a server. Afterwards the store is
//! dropped as in a crash and opened again, which is timed too.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::ids::{EnvironmentId, Scope, UserId};
use hdrhistogram::Histogram;
use storage::{Batch, Key, Op, Options, ShardId, Store};
use uuid::Uuid;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number =
        |default: u64| arguments.next().map_or(default, |text| text.parse().expect("a number"));
    let (seconds, writers, users) = (number(10), number(64), number(100_000));
    let dir =
        tempfile::tempdir_in(arguments.next().unwrap_or_else(|| ".".into())).expect("a directory");
    let options = Options::new(dir.path());
    let store = Store::open(&options).expect("opens");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let started = now();
    let cpu_before = cpu_seconds();
    let latencies = runtime.block_on(run(&store, Duration::from_secs(seconds), writers, users));
    report(&store, &latencies, started.elapsed(), cpu_seconds() - cpu_before);
    drop(runtime);
    drop(store);
    let started = now();
    let store = Store::open(&options).expect("opens again");
    println!("reopened in {:?}, {} batches replayed", started.elapsed(), store.stats().replayed);
    let started = now();
    store.close().expect("closes");
    println!("closed in {:?}; {} MB on disk", started.elapsed(), bytes_in(dir.path()) >> 20);
}

async fn run(store: &Store, duration: Duration, writers: u64, users: u64) -> Histogram<u64> {
    let sequences: Arc<Vec<_>> =
        Arc::new((0..users).map(|_| std::sync::atomic::AtomicU64::new(0)).collect());
    let tasks: Vec<_> = (0..writers)
        .map(|writer| tokio::spawn(write(store.clone(), Arc::clone(&sequences), duration, writer)))
        .collect();
    let mut all = histogram();
    for task in tasks {
        all.add(task.await.expect("no panic")).expect("same bounds");
    }
    all
}

async fn write(
    store: Store,
    sequences: Arc<Vec<std::sync::atomic::AtomicU64>>,
    duration: Duration,
    writer: u64,
) -> Histogram<u64> {
    let scope = Scope::untenanted(EnvironmentId(Uuid::from_u128(1)));
    let mut latencies = histogram();
    let mut random = writer.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let started = now();
    while started.elapsed() < duration {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let index = usize::try_from(random % sequences.len() as u64).expect("an index");
        let sequence = sequences[index].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let user = UserId::new(format!("user-{index}")).expect("valid");
        let ops = vec![
            Op::put(Key::event(scope, &user, sequence), vec![1; 300]),
            Op::put(Key::snapshot(scope, &user), vec![1; 1_500]),
        ];
        let batch = Batch { shard: ShardId::of_user(scope, &user, store.shards()), ops };
        let sent = now();
        store.commit(batch).await.expect("commits");
        let micros = u64::try_from(sent.elapsed().as_micros()).expect("less than an age");
        latencies.record(micros).expect("within bounds");
    }
    latencies
}

fn report(store: &Store, latencies: &Histogram<u64>, elapsed: Duration, cpu: f64) {
    let stats = store.stats();
    let commits = latencies.len();
    println!(
        "{:.0} durable commits/s, {:.1} us CPU each, {:.1} per group (at most {}), {} checkpoints",
        commits as f64 / elapsed.as_secs_f64(),
        cpu * 1e6 / commits as f64,
        stats.commits as f64 / stats.groups as f64,
        stats.group_size_max,
        stats.checkpoints,
    );
    let at = |quantile| Duration::from_micros(latencies.value_at_quantile(quantile));
    println!("p50 {:?}, p99 {:?}, p99.9 {:?}, max {:?}", at(0.5), at(0.99), at(0.999), at(1.0));
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("sensible bounds")
}

#[expect(clippy::disallowed_methods, reason = "measuring real time is what this program is for")]
fn now() -> Instant {
    Instant::now()
}

/// User and system time of this process, from Linux's own accounting.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    // Fields 14 and 15 of the file, in ticks of a hundredth of a second.
    (ticks(11) + ticks(12)) / 100.0
}

fn bytes_in(dir: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(dir).expect("readable");
    entries
        .map(|entry| {
            let entry = entry.expect("readable");
            let metadata = entry.metadata().expect("readable");
            if metadata.is_dir() { bytes_in(&entry.path()) } else { metadata.len() }
        })
        .sum()
}
