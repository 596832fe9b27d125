//! Trees of small nodes against sorted vectors, every answer after every change.

use proptest::collection::vec;
use proptest::prelude::*;

use super::count::{Count, Many, One};
use super::tree::Tree;
use super::{Ranking, Tally};

/// Small enough that some hundred keys make four levels.
type Small<C> = Tree<u16, C, 8, 8>;

#[derive(Clone, Copy, Debug)]
enum Change {
    Add(u16),
    Remove(u16),
    /// Removes the key at this place, so that trees shrink as well.
    RemoveAt(usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    // Few distinct keys as well as many; whole runs of one kind, so that trees grow and empty.
    let key = prop_oneof![0..40_u16, any::<u16>()];
    let run = prop_oneof![
        vec(key.clone().prop_map(Change::Add), 0..120),
        vec(key.prop_map(Change::Remove), 0..40),
        vec(any::<usize>().prop_map(Change::RemoveAt), 0..120),
    ];
    vec(run, 0..12).prop_map(|runs| runs.concat())
}

/// Applies the changes to both, comparing every answer.
fn compare<C: Count>(start: Vec<u16>, changes: Vec<Change>, repeats: bool) {
    let mut model = start;
    model.sort_unstable();
    let mut counted: Vec<(u16, C)> = Vec::new();
    for key in &model {
        match counted.last_mut() {
            Some((last, count)) if last == key => {
                count.one_more();
            }
            _ => counted.push((*key, C::FIRST)),
        }
    }
    if !repeats {
        model.dedup();
    }
    let mut tree = Small::<C>::build(counted);
    agree(&tree, &model);
    for change in changes {
        let change = match change {
            Change::RemoveAt(_) if model.is_empty() => continue,
            Change::RemoveAt(at) => Change::Remove(model[at % model.len()]),
            Change::Add(_) | Change::Remove(_) => change,
        };
        match change {
            Change::Add(key) => {
                let before = model.partition_point(|own| *own < key);
                let new = repeats || model.get(before) != Some(&key);
                assert_eq!(tree.add(key, &u16::cmp), new.then_some(before as u64), "{change:?}");
                if new {
                    model.insert(before, key);
                }
            }
            Change::Remove(key) => {
                let found = model.iter().position(|own| *own == key);
                assert_eq!(tree.remove(&key, &u16::cmp), found.map(|at| at as u64), "{change:?}");
                found.map(|at| model.remove(at));
            }
            Change::RemoveAt(_) => unreachable!("resolved above"),
        }
        tree.check();
        assert_eq!(tree.len(), model.len() as u64);
    }
    agree(&tree, &model);
}

/// Every reading of the tree is that of the sorted vector.
fn agree<C: Count>(tree: &Small<C>, model: &[u16]) {
    tree.check();
    for start in 0..=model.len() {
        let mut from = tree.from(start as u64);
        assert_eq!(from.next().map(|(key, _)| key), model.get(start), "the key at {start}");
        // Within equal values only the first place says how many there are.
        if start
            .checked_sub(1)
            .is_none_or(|before| model[before] != model[start.min(model.len() - 1)])
        {
            let all = tree.from(start as u64);
            let all = all.flat_map(|(key, count)| (0..count.value()).map(|_| *key));
            assert!(all.take(30).eq(model[start..].iter().copied().take(30)), "from {start} on");
        }
    }
    let all = tree.from(0).flat_map(|(key, count)| (0..count.value()).map(|_| *key));
    assert!(all.eq(model.iter().copied()));
    let probes = model.iter().flat_map(|key| [key.saturating_sub(1), *key, key.saturating_add(1)]);
    for probe in probes.chain([0, u16::MAX]) {
        let [below, up_to] = [tree.before(|own| *own < probe), tree.before(|own| *own <= probe)];
        assert_eq!(below, model.partition_point(|own| *own < probe) as u64);
        assert_eq!(up_to, model.partition_point(|own| *own <= probe) as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn distinct_keys_are_those_of_a_sorted_vector(start in vec(any::<u16>(), 0..300), changes in changes()) {
        compare::<One>(start, changes, false);
    }

    #[test]
    fn counted_keys_are_those_of_a_sorted_vector(start in vec(0..60_u16, 0..300), changes in changes()) {
        compare::<Many>(start, changes, true);
    }
}

#[test]
fn trees_grow_and_shrink_by_levels() {
    let mut tree = Small::<One>::default();
    for key in (0..2000).rev() {
        tree.add(key, &u16::cmp);
    }
    tree.check();
    assert!(tree.height() >= 4);
    for key in 0..2000 {
        assert_eq!(tree.remove(&key, &u16::cmp), Some(0));
        tree.check();
    }
    assert_eq!((tree.height(), tree.len()), (1, 0));
    assert_eq!(tree.add(7, &u16::cmp), Some(0));
}

#[test]
fn a_ranking_holds_an_entry_once() {
    let mut ranking = Ranking::from_entries(vec![5, 1, 3, 1]);
    assert_eq!((ranking.len(), ranking.is_empty()), (3, false));
    assert_eq!((ranking.insert(4), ranking.insert(4)), (Some(2), None));
    assert_eq!((ranking.rank(&4), ranking.rank(&100), ranking.at(3)), (2, 4, Some(&5)));
    assert_eq!((ranking.remove(&3), ranking.remove(&3)), (Some(1), None));
    assert!(ranking.from(1).eq(&[4, 5]) && ranking.from(3).eq(&[]));
    assert_eq!(ranking.rank_by(|entry| entry % 100 < 5), 2);
}

#[test]
fn a_tally_counts_repeats() {
    let mut tally = Tally::from_values(vec![5, 1, 5, 3]);
    tally.add(5);
    assert_eq!((tally.total(), tally.below(&5), tally.below(&6)), (5, 2, 5));
    assert_eq!(
        (tally.min(), tally.max(), tally.at(2), tally.at(5)),
        (Some(&1), Some(&5), Some(&5), None)
    );
    assert_eq!((tally.remove(&1), tally.remove(&1), tally.min()), (true, false, Some(&3)));
    assert!(tally.iter().eq([(&3, 1), (&5, 3)]));
    assert_eq!((Tally::<u8>::default().min(), Tally::<u8>::default().max()), (None, None));
}
