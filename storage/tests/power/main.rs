//! Power cuts: what was not synced is lost, in part or whole, in any order, at any instant.
//!
//! The journal runs on a file system that keeps unsynced writes apart ([`files`]); the tree runs in
//! real files of which a copy is taken at every sync ([`tree`]). A cut puts together what a disk may
//! hold afterwards and the next life starts from that. The law: every user has the events 0 to n,
//! each once, with a snapshot that says n, and n is at least what was acknowledged.
//!
//! Disks that are full or break are here, too: the store says why and loses nothing.
//!
//! What this can't show is a disk that lies about fdatasync, and writes inside one of sled's calls
//! that are neither in the copy before nor in the file after.

mod files;
mod tree;

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::ids::{EnvironmentId, Scope, UserId};
use storage::{
    Batch, Health, Key, KeyRange, Kind, Op, Options, ShardId, Store,
    journal::{JournalOptions, RaftJournal},
};
use uuid::Uuid;

use self::{
    files::{Fault, PowerFiles},
    tree::CopiedTree,
};

const USERS: usize = 24;
const WRITERS: usize = 8;

/// A small reproducible source of choices.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }
}

fn scope() -> Scope {
    Scope::untenanted(EnvironmentId(Uuid::from_u128(1)))
}

fn user(id: usize) -> UserId {
    UserId::new(format!("user-{id}")).expect("valid")
}

/// The `sequence`-th event of a user; its length varies so that writes end anywhere in a sector.
fn event(id: usize, sequence: u64) -> Batch {
    let user = user(id);
    let length = 40 + usize::try_from(sequence * 37 % 400).expect("small");
    let mut row = sequence.to_be_bytes().to_vec();
    row.resize(length, 0xee);
    let mut snapshot = (sequence + 1).to_be_bytes().to_vec();
    snapshot.resize(900, 0x55);
    let ops = vec![
        Op::put(Key::event(scope(), &user, sequence), row),
        Op::put(Key::snapshot(scope(), &user), snapshot),
    ];
    Batch { shard: ShardId::of_user(scope(), &user, 64), ops }
}

/// What every life knows about its predecessors: acknowledged events per user.
type Acknowledged = Arc<Vec<AtomicU64>>;

/// One life of the machine, in a directory.
struct Life {
    store: Store,
    files: Arc<PowerFiles>,
    tree: CopiedTree,
}

impl Life {
    fn start(dir: &Path) -> Self {
        // Everything is small, so that files rotate, purges and checkpoints happen all the time.
        let options = Options {
            overlay_bytes_max: 1 << 20,
            checkpoint_bytes: 48 << 10,
            checkpoint_interval_ms: 3_600_000,
            ..Options::new(dir)
        };
        let files = Arc::new(PowerFiles::default());
        let journal = JournalOptions { dir: dir.join("journal"), file_bytes: 96 << 10 };
        let journal =
            RaftJournal::open_on(&journal, Arc::clone(&files)).expect("the journal opens");
        let tree = CopiedTree::open(&dir.join("sled"), Arc::clone(&files)).expect("the tree opens");
        let store = Store::open_marked(Box::new(journal), Box::new(tree.clone()), &options)
            .expect("the store opens");
        Self { store, files, tree }
    }

    /// Checks the law, and returns every user's next event.
    fn check(&self, acknowledged: &Acknowledged, context: &str) -> Vec<u64> {
        (0..USERS)
            .map(|id| self.check_user(id, acknowledged[id].load(Ordering::SeqCst), context))
            .collect()
    }

    fn check_user(&self, id: usize, acknowledged: u64, context: &str) -> u64 {
        let range = KeyRange::user(scope(), Kind::Event, &user(id));
        let mut next = 0;
        for row in self.store.rows(range) {
            let (key, value) = row.expect("readable");
            assert_eq!(key.sequence(), Some(next), "{context}: user {id} has a gap");
            let Op::Put { value: written, .. } = event(id, next).ops.remove(0) else {
                panic!("a put")
            };
            assert_eq!(value, written, "{context}: user {id}, event {next}");
            next += 1;
        }
        let snapshot = self.store.get(&Key::snapshot(scope(), &user(id))).expect("readable");
        let counted = snapshot
            .map_or(0, |bytes| u64::from_be_bytes(*bytes.first_chunk().expect("eight bytes")));
        assert_eq!(counted, next, "{context}: the snapshot of user {id} and the events differ");
        assert!(
            next >= acknowledged,
            "{context}: user {id} lost acknowledged events ({next} of {acknowledged})"
        );
        next
    }

    /// Lets writers run until `acks` commits were acknowledged, then cuts the power into `next_dir`.
    fn run(
        &self,
        next: Vec<u64>,
        acks: u64,
        acknowledged: &Acknowledged,
        next_dir: &Path,
        random: &Random,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(3)
            .build()
            .expect("a runtime");
        let done = AtomicU64::new(0);
        let life = Arc::new(Mutex::new(Some((next_dir.to_owned(), random.clone()))));
        runtime.block_on(async {
            let writers = (0..WRITERS).map(|writer| {
                let (next, life, done) = (next.clone(), Arc::clone(&life), &done);
                async move {
                    let mut next = next;
                    for turn in 0_usize.. {
                        let id = (writer + turn % (USERS / WRITERS) * WRITERS) % USERS;
                        if self.store.commit(event(id, next[id])).await.is_err()
                            || self.files.is_cut()
                        {
                            return;
                        }
                        next[id] += 1;
                        acknowledged[id].fetch_max(next[id], Ordering::SeqCst);
                        if done.fetch_add(1, Ordering::SeqCst) + 1 == acks {
                            let (dir, mut random) =
                                life.lock().expect("no panic").take().expect("cut once");
                            self.cut(&dir, &mut random);
                        }
                    }
                }
            });
            let mut writers: Vec<_> = writers.map(Box::pin).collect();
            std::future::poll_fn(|context| {
                writers.retain_mut(|writer| writer.as_mut().poll(context).is_pending());
                if writers.is_empty() {
                    std::task::Poll::Ready(())
                } else {
                    std::task::Poll::Pending
                }
            })
            .await;
        });
    }

    fn cut(&self, next_dir: &Path, random: &mut Random) {
        std::fs::create_dir_all(next_dir.join("journal")).expect("writable");
        let marker =
            self.tree.dir().parent().expect("it lies in the data directory").join("MARKER");
        self.files.cut(&next_dir.join("journal"), random, |random| {
            self.tree.survive(&next_dir.join("sled"), random);
            // The marker is replaced by a synced rename: the old one or the new one.
            std::fs::copy(&marker, next_dir.join("MARKER")).expect("there is a marker");
        });
    }
}

fn lives(seed: u64, count: u64) {
    let dir = tempfile::tempdir().expect("a directory");
    let mut random = Random(seed);
    let acknowledged: Acknowledged = Arc::new((0..USERS).map(|_| AtomicU64::new(0)).collect());
    std::fs::create_dir_all(dir.path().join("0")).expect("writable");
    for number in 0..count {
        let context = format!("seed {seed}, life {number}");
        let life = Life::start(&dir.path().join(number.to_string()));
        let next = life.check(&acknowledged, &context);
        let acks = 1 + random.below(600);
        life.run(next, acks, &acknowledged, &dir.path().join((number + 1).to_string()), &random);
        drop(life);
        std::fs::remove_dir_all(dir.path().join(number.to_string())).expect("removable");
    }
    let life = Life::start(&dir.path().join(count.to_string()));
    life.check(&acknowledged, &format!("seed {seed}, after all lives"));
    life.store.checkpoint().expect("checkpoints");
    life.check(&acknowledged, &format!("seed {seed}, after a last checkpoint"));
    assert!(life.store.stats().checkpoints > count / 2, "checkpoints were under test, too");
}

#[test]
fn acknowledged_commits_survive_power_cuts_exactly_once() {
    let seeds: Vec<u64> = match std::env::var("ACCOLADE_POWER_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number")],
        Err(_) => vec![1, 2, 3],
    };
    let count =
        std::env::var("ACCOLADE_POWER_LIVES").map_or(12, |lives| lives.parse().expect("a number"));
    for seed in seeds {
        lives(seed, count);
    }
}

/// A disk that refuses something stops the store, which says why; after a restart (with the power
/// cut, to have it all) everything acknowledged is there.
fn breaks(fault: Fault, word: &str) {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::create_dir_all(dir.path().join("0")).expect("writable");
    let life = Life::start(&dir.path().join("0"));
    let block = |batch| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(life.store.commit(batch))
    };
    let acknowledged: Acknowledged = Arc::new((0..USERS).map(|_| AtomicU64::new(0)).collect());
    for sequence in 0..50 {
        block(event(3, sequence)).expect("commits");
    }
    acknowledged[3].store(50, Ordering::SeqCst);
    life.files.break_down(fault);
    let error = block(event(3, 50)).expect_err("not durable").to_string();
    assert!(error.contains(word), "{error}");
    let again = block(event(3, 50)).expect_err("stopped").to_string();
    assert_eq!(again, error, "the first reason is kept");
    assert!(matches!(life.store.health(), Health::Failed { reason } if reason.contains(word)));
    assert_eq!(
        life.check_user(3, 50, "after the fault"),
        50,
        "reads go on, without what was refused"
    );
    life.cut(&dir.path().join("1"), &mut Random(7));
    drop(life);
    Life::start(&dir.path().join("1")).check(&acknowledged, "after the restart");
}

#[test]
fn a_full_disk_stops_the_store() {
    breaks(Fault::Full, "nospace");
}

#[test]
fn a_failed_sync_stops_the_store() {
    breaks(Fault::NoSync, "input/output error");
}
