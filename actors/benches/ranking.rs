//! How fast a ranking of millions of scores is, and how large.
//!
//! `cargo bench -p actors --bench ranking -- 1 10 20` measures boards of so many million entries,
//! each like a score: value, when it was reached, order, user. Every operation is timed on its own,
//! so that the slowest one shows how long a change can hold others up. The allocator is that of the
//! server; bytes are the growth of resident memory, to be read with `MIMALLOC_PURGE_DELAY=0`, so that
//! freed pages don't count.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::cmp::Reverse;
use std::hint::black_box;
use std::time::Instant;

use actors::ranking::{Ranking, Tally};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A score: the highest value first, then who reached it first.
type Entry = (Reverse<i64>, i64, u64, u64);

/// Operations timed per kind.
const OPERATIONS: usize = 1_000_000;

/// What is asked of a ranking, so that another structure can be put in its place.
trait Board {
    fn build(entries: Vec<Entry>) -> Self;
    /// Moves an entry and answers the new rank.
    fn update(&mut self, old: &Entry, new: Entry) -> u64;
    fn rank(&self, entry: &Entry) -> u64;
    fn at(&self, rank: u64) -> Entry;
    fn page(&self, rank: u64) -> u64;
}

impl Board for Ranking<Entry> {
    fn build(entries: Vec<Entry>) -> Self {
        Self::from_entries(entries)
    }

    fn update(&mut self, old: &Entry, new: Entry) -> u64 {
        self.remove(old).expect("known");
        self.insert(new).expect("new")
    }

    fn rank(&self, entry: &Entry) -> u64 {
        self.rank(entry)
    }

    fn at(&self, rank: u64) -> Entry {
        *self.at(rank).expect("within")
    }

    fn page(&self, rank: u64) -> u64 {
        self.from(rank).take(11).map(|entry| entry.3).sum()
    }
}

/// A small generator: numbers that look random, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn entry(random: &mut Random, user: u64) -> Entry {
    let (value, reached) = (random.below(1_000_000), random.below(1 << 40));
    (Reverse(value.cast_signed()), reached.cast_signed(), random.below(1 << 50), user)
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

/// Runs an operation many times and prints its mean, its median, its 99th percentile and its slowest.
fn time(nanos: &mut Vec<u64>, name: &str, mut operation: impl FnMut() -> u64) {
    nanos.clear();
    for _ in 0..OPERATIONS {
        let start = Instant::now();
        black_box(operation());
        nanos.push(u64::try_from(start.elapsed().as_nanos()).expect("short"));
    }
    nanos.sort_unstable();
    let mean = nanos.iter().sum::<u64>() / OPERATIONS as u64;
    let [half, slow, slowest] = [50, 99, 100].map(|percent| nanos[OPERATIONS / 100 * percent - 1]);
    println!("  {name:<24} {mean:>6} ns mean {half:>6} p50 {slow:>6} p99 {slowest:>10} max");
}

fn measure<B: Board>(name: &str, size: u64) {
    println!("{name}, {size} entries of {} bytes", size_of::<Entry>());
    // Written once, so that it takes no new pages while a board is measured.
    let mut nanos = vec![1; OPERATIONS];
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut entries: Vec<Entry> = (0..size).map(|user| entry(&mut random, user)).collect();
    // Touched before measuring, so that only the board's own pages count.
    let given = entries.clone();
    let before = resident_bytes() - size * size_of::<Entry>() as u64;
    let start = Instant::now();
    let mut board = B::build(given);
    let seconds = start.elapsed().as_secs_f64();
    println!("  build from unsorted      {:>8.2} million/s", size as f64 / seconds / 1e6);
    let per_entry = |now: u64| now.saturating_sub(before) as f64 / size as f64;
    println!("  memory after it          {:>8.1} bytes per entry", per_entry(resident_bytes()));
    time(&mut nanos, "update and rank", || {
        let place = usize::try_from(random.below(size)).expect("small");
        let new = entry(&mut random, place as u64);
        let old = std::mem::replace(&mut entries[place], new);
        board.update(&old, new)
    });
    println!("  memory after that        {:>8.1} bytes per entry", per_entry(resident_bytes()));
    let mut pick = |limit: u64| random.below(limit);
    time(&mut nanos, "rank", || board.rank(&entries[usize::try_from(pick(size)).expect("small")]));
    time(&mut nanos, "k-th", || board.at(pick(size)).3);
    time(&mut nanos, "threshold (1000th)", || board.at(999).3);
    time(&mut nanos, "page of 11 around", || {
        let rank = board.rank(&entries[usize::try_from(pick(size)).expect("small")]);
        board.page(rank.saturating_sub(5))
    });
    let start = Instant::now();
    drop(board);
    println!("  dropping all             {:>8.1} ms", start.elapsed().as_secs_f64() * 1e3);
}

/// Balances of as many users, of a thousand and of a million distinct values.
fn measure_tally(size: u64, distinct: u64) {
    println!("tally of {size} values, up to {distinct} distinct");
    // Written once, so that it takes no new pages while a board is measured.
    let mut nanos = vec![1; OPERATIONS];
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut values: Vec<u64> = (0..size).map(|_| random.below(distinct)).collect();
    let mut tally = Tally::from_values(values.clone());
    time(&mut nanos, "change of a value", || {
        let place = usize::try_from(random.below(size)).expect("small");
        let new = random.below(distinct);
        tally.remove(&std::mem::replace(&mut values[place], new));
        tally.add(new);
        new
    });
    time(&mut nanos, "how many are below", || tally.below(&random.below(distinct)));
}

fn main() {
    // Cargo passes `--bench`; the numbers are ours.
    let mut sizes: Vec<u64> = std::env::args().filter_map(|own| own.parse().ok()).collect();
    if sizes.is_empty() {
        sizes.push(1);
    }
    for millions in sizes {
        measure::<Ranking<Entry>>("ranking", millions * 1_000_000);
        measure_tally(millions * 1_000_000, 1_000);
        measure_tally(millions * 1_000_000, 1_000_000);
    }
}
