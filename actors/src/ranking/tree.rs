//! The tree as a whole: its root, how it grows and shrinks by a level, building, iterating.

use std::cmp::Ordering;
use std::iter::Zip;
use std::slice::Iter;

use super::count::Count;
use super::node::{Leaf, Node, collect_evenly};

/// A B-tree whose every inner node knows how much each of its children counts.
#[derive(Clone, Debug)]
pub(super) struct Tree<K, C, const LEAF: usize, const FAN: usize> {
    root: Node<K, C, LEAF, FAN>,
    len: u64,
}

impl<K, C, const LEAF: usize, const FAN: usize> Default for Tree<K, C, LEAF, FAN> {
    fn default() -> Self {
        Self { root: Node::Leaf(Leaf::default()), len: 0 }
    }
}

impl<K: Clone, C: Count, const LEAF: usize, const FAN: usize> Tree<K, C, LEAF, FAN> {
    /// A tree of distinct keys in ascending order. Its nodes are not quite full, so that the next
    /// additions don't split all of them.
    pub(super) fn build(sorted: Vec<(K, C)>) -> Self {
        let mut nodes = collect_evenly(sorted, LEAF / 8 * 7, |group| {
            let first: K = group[0].0.clone();
            let (keys, counts) = group.into_iter().unzip();
            (first, Node::Leaf(Leaf { keys, counts }))
        });
        while nodes.len() > 1 {
            nodes =
                collect_evenly(nodes, FAN / 8 * 7, |group| (group[0].0.clone(), Node::over(group)));
        }
        let Some((_, root)) = nodes.pop() else { return Self::default() };
        Self { len: root.count(), root }
    }

    /// How much all keys count.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Adds a key and answers how many are before it; `None` if that changed nothing.
    pub(super) fn add(&mut self, key: K, order: &impl Fn(&K, &K) -> Ordering) -> Option<u64> {
        let (before, split) = self.root.add(key, order);
        if let Some((first, right)) = split {
            let left = std::mem::replace(&mut self.root, Node::Leaf(Leaf::default()));
            self.root = Node::pair(left, first, right);
        }
        self.len += u64::from(before.is_some());
        before
    }

    /// Takes one of a key out and answers how many are before it; `None` if there is none.
    pub(super) fn remove(&mut self, key: &K, order: &impl Fn(&K, &K) -> Ordering) -> Option<u64> {
        let before = self.root.remove(key, order)?;
        self.len -= 1;
        if let Some(only) = self.root.take_only_child() {
            self.root = only;
        }
        Some(before)
    }

    /// How many are `before`, which must hold for all up to some key and for none after.
    pub(super) fn before(&self, before: impl Fn(&K) -> bool) -> u64 {
        let mut node = &self.root;
        let mut sum = 0;
        loop {
            match node {
                Node::Leaf(leaf) => {
                    return sum + C::sum(&leaf.counts[..leaf.keys.partition_point(&before)]);
                }
                Node::Inner(inner) => {
                    let child = inner.firsts.partition_point(&before);
                    sum += inner.counts[..child].iter().sum::<u64>();
                    node = &inner.children[child];
                }
            }
        }
    }

    /// The keys from the one that covers the place `skip`, in order.
    pub(super) fn from(&self, skip: u64) -> Keys<'_, K, C, LEAF, FAN> {
        let mut keys = Keys { leaf: [].iter().zip(&[]), later: Vec::new() };
        if skip < self.len {
            keys.enter(&self.root, skip);
        }
        keys
    }
}

/// The keys of a tree from some place on.
pub(super) struct Keys<'a, K, C, const LEAF: usize, const FAN: usize> {
    leaf: Zip<Iter<'a, K>, Iter<'a, C>>,
    /// What comes after the leaf: per level the siblings to the right, the nearest last.
    later: Vec<Iter<'a, Node<K, C, LEAF, FAN>>>,
}

impl<'a, K: Clone, C: Count, const LEAF: usize, const FAN: usize> Keys<'a, K, C, LEAF, FAN> {
    /// Goes down to the leaf that covers the place `skip` of the node.
    fn enter(&mut self, mut node: &'a Node<K, C, LEAF, FAN>, mut skip: u64) {
        while let Node::Inner(inner) = node {
            let child = place(inner.counts.iter().copied(), &mut skip);
            node = &inner.children[child];
            self.later.push(inner.children[child + 1..].iter());
        }
        if let Node::Leaf(leaf) = node {
            let at = place(leaf.counts.iter().map(|count| count.value()), &mut skip);
            self.leaf = leaf.keys[at..].iter().zip(&leaf.counts[at..]);
        }
    }
}

/// Which of the parts covers the place `skip`, and what of `skip` is left within it.
fn place(parts: impl Iterator<Item = u64>, skip: &mut u64) -> usize {
    let mut at = 0;
    for part in parts {
        if *skip < part {
            break;
        }
        *skip -= part;
        at += 1;
    }
    at
}

impl<'a, K: Clone, C: Count, const LEAF: usize, const FAN: usize> Iterator
    for Keys<'a, K, C, LEAF, FAN>
{
    type Item = (&'a K, &'a C);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(next) = self.leaf.next() {
                return Some(next);
            }
            let sibling = loop {
                match self.later.last_mut()?.next() {
                    Some(sibling) => break sibling,
                    None => self.later.pop(),
                };
            };
            self.enter(sibling, 0);
        }
    }
}

#[cfg(test)]
impl<K: Ord + Clone, C: Count, const LEAF: usize, const FAN: usize> Tree<K, C, LEAF, FAN> {
    /// Panics unless every node keeps the rules it is searched by.
    pub(super) fn check(&self) {
        self.root.check(true);
        assert_eq!(self.root.count(), self.len, "the root counts all");
    }

    /// Levels of nodes.
    pub(super) fn height(&self) -> usize {
        let mut node = &self.root;
        let mut height = 1;
        while let Node::Inner(inner) = node {
            node = &inner.children[0];
            height += 1;
        }
        height
    }
}
