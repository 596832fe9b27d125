//! The store through its public face: commits, reads, checkpoints, reopening, failures.
//!
//! On real directories where the disk matters and in memory where a fault has to be injected.
//! Nothing here depends on how fast anything is.

mod support;

use domain::ids::PointsSystemId;
use storage::{
    Batch, Error, FaultHandle, Health, Key, KeyRange, Kind, Op, Options, ShardId, Store,
};
use uuid::Uuid;

use crate::support::{block, commit, event, events, options, scope, tempdir, user};

#[test]
fn a_commit_is_visible_before_and_after_its_checkpoint() {
    let dir = tempdir();
    let store = Store::open(&options(&dir)).expect("opens");
    for sequence in 0..40 {
        commit(&store, event(1, sequence)).expect("commits");
    }
    let check = |store: &Store| {
        assert_eq!(events(store, 1), (0..40).collect::<Vec<_>>());
        let newest =
            store.scan_rev(&KeyRange::user(scope(), Kind::Event, &user(1)), 3).expect("readable");
        assert_eq!(
            newest.iter().filter_map(|(key, _)| key.sequence()).collect::<Vec<_>>(),
            [39, 38, 37]
        );
        let range = KeyRange::user(scope(), Kind::Event, &user(1)).starting_at(&Key::event(
            scope(),
            &user(1),
            17,
        ));
        let from = store.scan(&range, 2).expect("readable");
        assert_eq!(from.iter().filter_map(|(key, _)| key.sequence()).collect::<Vec<_>>(), [17, 18]);
        assert_eq!(
            store.get(&Key::snapshot(scope(), &user(1))).expect("readable"),
            Some(vec![1, b's', 39])
        );
        assert_eq!(
            store.get(&Key::event(scope(), &user(1), 17)).expect("readable"),
            Some(vec![1, b'e', 1, 17])
        );
        assert_eq!(store.get(&Key::event(scope(), &user(1), 40)).expect("readable"), None);
        assert_eq!(store.get(&Key::event(scope(), &user(2), 17)).expect("readable"), None);
    };
    check(&store);
    store.checkpoint().expect("checkpoints");
    assert_eq!(store.stats().overlay_bytes, 0);
    check(&store);
    store.close().expect("closes");
    drop(store);
    let store = Store::open(&options(&dir)).expect("opens");
    assert_eq!(store.stats().replayed, 0, "a clean close leaves nothing to replay");
    check(&store);
}

#[test]
fn what_was_acknowledged_is_there_after_a_crash() {
    let dir = tempdir();
    for round in 0..5_u32 {
        let store = Store::open(&options(&dir)).expect("opens");
        for id in 0..20 {
            assert_eq!(events(&store, id), (0..u64::from(round) * 3).collect::<Vec<_>>());
            for step in 0..3 {
                commit(&store, event(id, u64::from(round) * 3 + step)).expect("commits");
            }
        }
        if round % 2 == 0 {
            store.checkpoint().expect("checkpoints");
            commit(
                &store,
                Batch {
                    shard: ShardId(0),
                    ops: vec![Op::put(Key::instance("after"), vec![1, round as u8])],
                },
            )
            .expect("commits");
        }
        // Dropped without a close: as a crash.
    }
    let store = Store::open(&options(&dir)).expect("opens");
    assert_eq!(store.get(&Key::instance("after")).expect("readable"), Some(vec![1, 4]));
    assert_eq!(store.stats().journal.total(), 5 * 60 + 3);
}

#[test]
fn deletions_hide_what_the_tree_has() {
    let dir = tempdir();
    let store = Store::open(&options(&dir)).expect("opens");
    for sequence in 0..20 {
        commit(&store, event(1, sequence)).expect("commits");
    }
    store.checkpoint().expect("checkpoints");
    let shard = ShardId::of_user(scope(), &user(1), 64);
    let ops = (0..19)
        .map(|sequence| Op::Delete { key: Key::event(scope(), &user(1), sequence) })
        .collect();
    commit(&store, Batch { shard, ops }).expect("commits");
    assert_eq!(events(&store, 1), [19]);
    assert_eq!(
        store.scan(&KeyRange::user(scope(), Kind::Event, &user(1)), 1).expect("readable").len(),
        1
    );
    store.checkpoint().expect("checkpoints");
    assert_eq!(events(&store, 1), [19]);
}

#[test]
fn a_locked_directory_is_not_opened_twice() {
    let dir = tempdir();
    let store = Store::open(&options(&dir)).expect("opens");
    let error = Store::open(&options(&dir)).err().expect("refused");
    assert_eq!(error, Error::Locked { dir: options(&dir).dir });
    drop(store);
    Store::open(&options(&dir)).expect("free again");
}

#[test]
fn a_full_overlay_makes_commits_wait_and_not_grow() {
    let dir = tempdir();
    let bytes_max = 128 << 10;
    let store =
        Store::open(&Options { overlay_bytes_max: bytes_max, ..options(&dir) }).expect("opens");
    for sequence in 0..1_500 {
        commit(&store, event(1, sequence))
            .expect("commits, after waiting for a checkpoint if need be");
        assert!(store.stats().overlay_bytes <= bytes_max);
    }
    assert_eq!(events(&store, 1).len(), 1_500);
    assert!(store.stats().checkpoints > 1);
    let large = vec![Op::put(Key::instance("large"), vec![1; bytes_max / 4])];
    let error = commit(&store, Batch { shard: ShardId::META, ops: large }).expect_err("too large");
    assert!(matches!(error, Error::BatchTooLarge { .. }), "{error}");
}

#[test]
fn bulk_work_leaves_half_of_the_overlay_to_others() {
    let dir = tempdir();
    let bytes_max = 128 << 10;
    let store =
        Store::open(&Options { overlay_bytes_max: bytes_max, ..options(&dir) }).expect("opens");
    for sequence in 0..1_500 {
        store.wait_for_room().expect("healthy");
        assert!(store.stats().overlay_bytes <= bytes_max / 2);
        commit(&store, event(1, sequence)).expect("commits");
    }
    assert!(store.stats().checkpoints > 1);
}

#[test]
fn large_values_survive() {
    let dir = tempdir();
    let large: Vec<u8> = (0..3_000_000_u32).map(|byte| (byte % 251) as u8).collect();
    let store = Store::open(&options(&dir)).expect("opens");
    commit(
        &store,
        Batch { shard: ShardId::META, ops: vec![Op::put(Key::catalog(scope()), large.clone())] },
    )
    .expect("commits");
    store.close().expect("closes");
    drop(store);
    let store = Store::open(&options(&dir)).expect("opens");
    assert_eq!(store.get(&Key::catalog(scope())).expect("readable"), Some(large));
}

#[test]
fn a_failing_journal_stops_commits_and_not_reads() {
    let (store, faults) = Store::in_memory();
    commit(&store, event(1, 0)).expect("commits");
    faults.journal.fail("no space left on device");
    let error = commit(&store, event(1, 1)).expect_err("not durable");
    assert!(error.to_string().contains("no space left on device"), "{error}");
    faults.journal.heal();
    let error = commit(&store, event(1, 1)).expect_err("a store that failed stays failed");
    assert!(
        matches!(&error, Error::Failed { reason } if reason.contains("no space left")),
        "{error}"
    );
    assert!(
        matches!(store.health(), Health::Failed { reason } if reason.contains("no space left"))
    );
    assert_eq!(events(&store, 1), [0]);
    assert!(store.close().is_err());
    drop(store);
    let store = faults.open(&Options::new("")).expect("opens");
    assert_eq!(events(&store, 1), [0]);
    commit(&store, event(1, 1)).expect("commits again");
}

#[test]
fn a_failing_tree_stops_commits_and_loses_nothing() {
    let (store, faults) = Store::in_memory();
    commit(&store, event(1, 0)).expect("commits");
    faults.backend.fail("input/output error");
    assert!(store.checkpoint().is_err());
    let error = commit(&store, event(1, 1)).expect_err("the store has failed");
    assert!(error.to_string().contains("input/output error"), "{error}");
    assert_eq!(events(&store, 1), [0], "the frozen rows are still read");
    drop(store);
    faults.backend.heal();
    faults.backend.lose_power();
    let store = faults.open(&Options::new("")).expect("opens");
    assert_eq!(events(&store, 1), [0]);
}

#[test]
fn waiting_commits_are_refused_when_the_store_fails_or_closes() {
    let (store, faults) = Store::in_memory();
    faults.journal.hold();
    block(async {
        let commits: Vec<_> =
            (0..10).map(|sequence| Box::pin(store.commit(event(1, sequence)))).collect();
        let mut commits: Vec<_> = commits.into_iter().collect();
        for commit in &mut commits {
            // Sends the batch; the journal holds the answer back.
            assert!(
                std::future::poll_fn(|context| std::task::Poll::Ready(
                    commit.as_mut().poll(context).is_pending()
                ))
                .await
            );
        }
        faults.journal.fail("disk gone");
        faults.journal.release();
        for commit in commits {
            assert!(commit.await.is_err());
        }
    });
    let (store, _faults) = Store::in_memory();
    store.close().expect("closes");
    store.close().expect("closing twice is closing once");
    assert_eq!(commit(&store, event(1, 0)), Err(Error::Closed));
    assert_eq!(store.checkpoint(), Err(Error::Closed));
}

#[test]
fn commits_share_groups() {
    let (store, faults) = Store::in_memory();
    faults.journal.hold();
    block(async {
        let mut commits: Vec<_> =
            (0..100).map(|sequence| Box::pin(store.commit(event(1, sequence)))).collect();
        for commit in &mut commits {
            std::future::poll_fn(|context| {
                std::task::Poll::Ready(commit.as_mut().poll(context).is_pending())
            })
            .await;
        }
        faults.journal.release();
        for commit in commits {
            commit.await.expect("commits");
        }
    });
    let stats = store.stats();
    assert_eq!(stats.commits, 100);
    assert!(stats.groups < 100, "{stats:?}");
    assert!(stats.group_size_max > 1, "{stats:?}");
}

#[test]
fn an_unknown_shard_is_refused() {
    let (store, _faults) = Store::in_memory();
    let error = commit(&store, Batch { shard: ShardId(64), ops: Vec::new() }).expect_err("refused");
    assert_eq!(error, Error::NoSuchShard { shard: 64, shards: 64 });
}

#[test]
fn rows_are_read_in_chunks_to_the_end() {
    let (store, _faults) = Store::in_memory();
    for start in (0..5_000).step_by(1_000) {
        let ops = (start..start + 1_000)
            .map(|sequence| {
                Op::put(
                    Key::award(scope(), &user(1), PointsSystemId(Uuid::nil()), sequence),
                    vec![1],
                )
            })
            .collect();
        commit(&store, Batch { shard: ShardId(1), ops }).expect("commits");
        store.checkpoint().expect("checkpoints");
    }
    let sequences: Vec<u64> = store
        .rows(KeyRange::awards(scope(), &user(1), PointsSystemId(Uuid::nil())))
        .map(|row| row.expect("readable").0.sequence().expect("paged"))
        .collect();
    assert!(sequences.into_iter().eq(0..5_000), "a row is missing, double or out of order");
}

#[test]
fn the_number_of_shards_is_fixed() {
    let faults = FaultHandle::default();
    drop(faults.open(&Options { shards: 8, ..Options::new("") }).expect("opens"));
    let error = faults.open(&Options::new("")).err().expect("refused");
    assert!(error.to_string().contains("8 shards"), "{error}");
}
