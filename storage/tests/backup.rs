//! Copies of a store that goes on working: what they hold, and what is no copy.

mod support;

use bytes::Bytes;
use domain::ids::PointsSystemId;
use storage::{BackupDir, Batch, Error, Key, KeyRange, Op, Part, PartDecoder, Row, ShardId, Store};
use uuid::Uuid;

use crate::support::{block, commit, event, options, scope, tempdir, user};

fn rows(store: &Store) -> Vec<Row> {
    store.rows(KeyRange::all()).collect::<Result<_, _>>().expect("readable")
}

fn parts(backup: impl Iterator<Item = Result<Part, Error>>) -> Vec<Part> {
    backup.map(|part| part.expect("readable")).collect()
}

/// Takes the parts as they come out of a wire that cuts where it likes.
fn received(dir: &std::path::Path, bytes: &[u8]) -> Result<u64, Error> {
    let (mut decoder, mut target) = (PartDecoder::default(), BackupDir::create(dir)?);
    for piece in bytes.chunks(777) {
        decoder.push(piece);
        while let Some(part) = decoder.next_part()? {
            block(target.take(part))?;
        }
    }
    target.finish()
}

fn encoded(parts: &[Part]) -> Vec<u8> {
    parts.iter().flat_map(Part::encode).collect()
}

fn put(key: Key, value: impl Into<Bytes>) -> Batch {
    Batch { shard: ShardId(0), ops: vec![Op::put(key, value)] }
}

#[test]
fn a_copy_holds_what_the_store_held_when_it_was_finished() {
    let (dir, at) = (tempdir(), tempdir());
    let store = Store::open(&options(&dir)).expect("opens");
    for id in 0..40 {
        for sequence in 0..40 {
            commit(&store, event(id, sequence)).expect("commits");
        }
    }
    store.checkpoint().expect("checkpoints");
    let mut backup = store.backup(Vec::new()).expect("the only one");
    let mut parts = Vec::new();
    for step in 0..5_u32 {
        parts.push(backup.next().expect("seven parts are there").expect("readable"));
        // Behind the reader, in front of it, and rows that come and go.
        for id in [0, 39] {
            commit(&store, event(id, 40 + u64::from(step))).expect("commits");
        }
        let fact = |number: u32| Key::instance(&format!("fact-{number}"));
        commit(&store, put(fact(step), vec![1])).expect("commits");
        let gone = Op::Delete { key: fact(step / 2) };
        commit(&store, Batch { shard: ShardId(0), ops: vec![gone] }).expect("commits");
        if step % 2 == 0 {
            store.checkpoint().expect("checkpoints");
        }
    }
    parts.extend(backup.map(|part| part.expect("readable")));
    let then = rows(&store);
    commit(&store, put(Key::instance("too late"), vec![1])).expect("commits");
    let copy = at.path().join("copy");
    assert_eq!(received(&copy, &encoded(&parts)), Ok(parts.len() as u64));
    assert!(!at.path().join("copy.partial").exists());
    let copied = Store::open(&storage::Options::new(&copy)).expect("opens");
    assert_eq!(copied.stats().replayed, 0);
    assert!(rows(&copied) == then, "a copy is what it was made of");
    commit(&copied, event(7, 40)).expect("goes on");
}

#[test]
fn files_beside_the_store_come_along_and_no_others() {
    use std::os::unix::fs::PermissionsExt;

    let at = tempdir();
    let (store, _) = Store::in_memory();
    let files = vec![("master.key".to_owned(), b"secret".to_vec())];
    let all = parts(store.backup(files).expect("the only one"));
    let copy = at.path().join("copy");
    received(&copy, &encoded(&all)).expect("is whole");
    let path = copy.join("master.key");
    assert_eq!(std::fs::read(&path).expect("readable"), b"secret");
    let mode = path.metadata().expect("readable").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let other = Part::File { name: "../evil".to_owned(), contents: vec![] };
    let mut decoder = PartDecoder::default();
    decoder.push(&other.encode());
    assert!(matches!(decoder.next_part(), Err(Error::Corrupt { .. })));
}

#[test]
fn what_was_cut_or_changed_on_its_way_is_no_copy() {
    let at = tempdir();
    let (store, _) = Store::in_memory();
    for sequence in 0..3 {
        commit(&store, event(1, sequence)).expect("commits");
    }
    let award = Key::award(scope(), &user(1), PointsSystemId(Uuid::from_u128(1)), 0);
    commit(&store, put(award, vec![1, 2])).expect("commits");
    let bytes = encoded(&parts(store.backup(Vec::new()).expect("the only one")));
    let copy = at.path().join("copy");
    for len in (0..bytes.len()).step_by(11) {
        assert!(received(&copy, &bytes[..len]).is_err(), "{len}");
        assert!(!copy.exists());
    }
    for place in (0..bytes.len()).step_by(13) {
        let mut wrong = bytes.clone();
        wrong[place] ^= 4;
        assert!(received(&copy, &wrong).is_err(), "{place}");
        assert!(!copy.exists());
    }
    received(&copy, &bytes).expect("is whole");
    assert!(matches!(BackupDir::create(&copy), Err(Error::Io { .. })), "nothing is written over");
}

#[test]
fn one_at_a_time_and_no_further_behind_than_memory_allows() {
    let (store, _) = Store::in_memory();
    commit(&store, event(1, 0)).expect("commits");
    let backup = store.backup(Vec::new()).expect("the only one");
    assert!(matches!(store.backup(Vec::new()), Err(Error::BackupUnderWay)));
    drop(backup);
    let mut backup = store.backup(Vec::new()).expect("the only one");
    for number in 0..130 {
        let key = Key::instance(&format!("large-{number}"));
        commit(&store, put(key, vec![1; 1 << 20])).expect("commits");
    }
    assert!(matches!(backup.next(), Some(Ok(Part::Begin { .. }))));
    assert!(matches!(backup.next(), Some(Err(Error::BackupBehind))));
    assert_eq!(backup.next(), None);
    assert!(store.backup(Vec::new()).is_ok(), "the next one may do better");
}
