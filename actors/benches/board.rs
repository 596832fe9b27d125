//! How fast a board of millions of scores is, and how large.
//!
//! `cargo bench -p actors --bench board -- 1 10 20` measures boards of so many million scores, with
//! UUIDs and with short ids. Every operation is timed on its own, so that the slowest one shows how
//! long a change can hold others up; on a busy machine that is a time slice, and long calls are measured in
//! computing time. The allocator is that of
//! the server; bytes are the growth of resident memory, to be read with `MIMALLOC_PURGE_DELAY=0`, so
//! that freed pages don't count.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Instant;

use actors::board::{Board, Filter, Group, Score, Touched};
use domain::amount::Amount;
use domain::ids::UserId;
use domain::time::Timestamp;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Operations timed per kind.
const OPERATIONS: usize = 1_000_000;

/// Moves over all seats that are timed.
const JUMPS: usize = 1_000;

/// The published participant limit.
const LIMIT: u64 = 1_000;

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

/// How ids are written.
type Ids = fn(u64) -> UserId;

fn uuid(user: u64) -> UserId {
    let mixed = user.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let (start, end) = (mixed >> 32, mixed & 0xFFFF_FFFF);
    UserId::new(format!("{start:08x}-7b3f-4c1d-9e2a-{end:012x}")).expect("an id")
}

fn short(user: u64) -> UserId {
    UserId::new(format!("user-{user:07}")).expect("an id")
}

/// A score of up to a million, reached some time in a year, by one of many requests.
fn score(random: &mut Random) -> Score {
    Score {
        value: Amount::from(random.below(1_000_000).cast_signed() + 1),
        reached: Timestamp::from_millis(1_700_000_000_000 + random.below(1 << 35).cast_signed()),
        order: random.below(1 << 40),
    }
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

/// What this thread has computed; on a busy machine time alone says little about a long call.
fn computed_seconds() -> f64 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = schedstat.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok());
    nanos.unwrap_or(0.0) / 1e9
}

/// Runs an operation many times, prepares each outside the measured time, and prints its mean, its
/// median, its 99th percentile and its slowest.
fn time<P>(
    nanos: &mut [u64],
    name: &str,
    mut prepare: impl FnMut(u64) -> P,
    mut operation: impl FnMut(P) -> u64,
) {
    for (turn, nanos) in (0..).zip(nanos.iter_mut()) {
        let prepared = prepare(turn);
        let start = Instant::now();
        black_box(operation(prepared));
        *nanos = u64::try_from(start.elapsed().as_nanos()).expect("short");
    }
    nanos.sort_unstable();
    let mean = nanos.iter().sum::<u64>() / nanos.len() as u64;
    let [half, slow, slowest] = [50, 99, 100].map(|percent| nanos[nanos.len() / 100 * percent - 1]);
    println!("  {name:<26} {mean:>6} ns mean {half:>6} p50 {slow:>6} p99 {slowest:>10} max");
}

fn measure(name: &str, ids: Ids, size: u64) {
    println!("board, {size} scores, ids like {} ({name})", ids(7));
    // Written once, so that it takes no new pages while a board is measured.
    let mut nanos = vec![1; OPERATIONS];
    let group = Group::default();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let start = computed_seconds();
    (0..size).for_each(|user| drop(black_box((ids(user), score(&mut random)))));
    let making = computed_seconds() - start;
    let before = resident_bytes();
    let bytes = || resident_bytes().saturating_sub(before) as f64 / size as f64;
    let start = computed_seconds();
    let scores = (0..size).map(|user| (ids(user), score(&mut random), Some(group.clone())));
    let mut board = Board::build(LIMIT, scores);
    let building = computed_seconds() - start - making;
    println!("  built at once              {:>6.2} million/s", size as f64 / building / 1e6);
    println!("  memory after it            {:>6.1} bytes per score", bytes());
    operations(&mut board, &mut nanos, &mut random, ids, size);
    println!("  memory after the moves     {:>6.1} bytes per score", bytes());
    let start = computed_seconds();
    drop(board);
    println!("  dropping all               {:>6.0} ms", (computed_seconds() - start) * 1e3);
    let mut board = Board::new(LIMIT);
    let mut nanos = vec![0; usize::try_from(size).expect("small")];
    let before = resident_bytes();
    time(
        &mut nanos,
        "grown one by one",
        |user| (ids(user), score(&mut random)),
        |(user, score)| board.put(&user, score, Some(&group)).rank.unwrap_or_default(),
    );
    let bytes = resident_bytes().saturating_sub(before) as f64 / size as f64;
    println!("  memory after it            {bytes:>6.1} bytes per score");
    let long = nanos.iter().filter(|nanos| **nanos > 5_000_000).count();
    println!("  of these above 5 ms        {long:>6}");
}

fn operations(board: &mut Board, nanos: &mut [u64], random: &mut Random, ids: Ids, size: u64) {
    let group = Group::default();
    time(
        nanos,
        "move, ranks, threshold",
        |_| (ids(random.below(size)), score(random)),
        |(user, score)| {
            let own = board.put(&user, score, Some(&group));
            own.rank.unwrap_or_default() + own.threshold.unwrap_or_default().unsigned_abs()
        },
    );
    time(
        nanos,
        "score and rank of a user",
        |_| ids(random.below(size)),
        |user| board.standing(&user).and_then(|own| own.rank).unwrap_or_default(),
    );
    let all = Filter::default();
    time(
        nanos,
        "page of 10 within 1,000",
        |_| random.below(LIMIT - 10),
        |offset| board.select(&all).rows(offset, 10).len() as u64,
    );
    // Everyone takes part from here on, as an operator may set it.
    board.set_limit(u64::MAX);
    time(
        nanos,
        "page of 10 from a user",
        |_| ids(random.below(size)),
        |user| board.select(&all).rows_from(&user, 0, 10).len() as u64,
    );
    time(
        nanos,
        "page of 1 anywhere",
        |_| random.below(size),
        |offset| board.select(&all).rows(offset, 1).len() as u64,
    );
    board.set_limit(LIMIT);
    jumps(board, &mut nanos[..JUMPS]);
}

/// Moves from the last seat to the first, which push everyone else down by one: what it takes to count
/// that, and to take note of all of them.
fn jumps(board: &mut Board, nanos: &mut [u64]) {
    let (all, group) = (Filter::default(), Group::default());
    let first = board.select(&all).rows(0, 1).remove(0).score;
    let mut top = first.value;
    let board = RefCell::new(board);
    let mut touched = Touched::default();
    let mut jump = |_| {
        let mut board = board.borrow_mut();
        let last = board.select(&all).rows(LIMIT - 1, 1).remove(0).user;
        top += Amount::from(1);
        let moved = board.put(&last, Score { value: top, ..first }, Some(&group));
        (last, moved)
    };
    time(nanos, "counting 1,000 changes", &mut jump, |(user, moved)| {
        board.borrow().touch(&mut touched, &user, &moved);
        0
    });
    time(
        nanos,
        "noting 1,000 users",
        |turn| {
            let (user, moved) = jump(turn);
            board.borrow().touch(&mut touched, &user, &moved);
            std::mem::take(&mut touched)
        },
        |touched| board.borrow().note(touched).len() as u64,
    );
}

fn main() {
    // Cargo passes `--bench`; the numbers are ours.
    let mut sizes: Vec<u64> = std::env::args().filter_map(|own| own.parse().ok()).collect();
    if sizes.is_empty() {
        sizes.push(1);
    }
    for millions in sizes {
        measure("uuid", uuid, millions * 1_000_000);
        measure("short", short, millions * 1_000_000);
    }
}
