//! One node of the tree: adding with splits, removing with merges.
//!
//! A node that is full is split before the addition; a node that is less than a quarter full after
//! a removal is put together with a neighbour and, if that is too much, divided evenly. Both touch
//! one node per level, so no addition or removal is slower than O(log n).
//!
//! Vectors have few different sizes and never more room than a full node needs: that measured best
//! for memory, because what one node gives back is what the next one wants.

use std::cmp::Ordering;

use super::count::Count;

/// A node with all its keys, or with children.
#[derive(Clone, Debug)]
pub(super) enum Node<K, C, const LEAF: usize, const FAN: usize> {
    Leaf(Leaf<K, C>),
    Inner(Inner<K, C, LEAF, FAN>),
}

/// Keys in ascending order, and beside each what it counts.
#[derive(Clone, Debug)]
pub(super) struct Leaf<K, C> {
    pub(super) keys: Vec<K>,
    pub(super) counts: Vec<C>,
}

impl<K, C> Default for Leaf<K, C> {
    fn default() -> Self {
        Self { keys: Vec::new(), counts: Vec::new() }
    }
}

/// Two or more children, and beside each what it counts.
#[derive(Clone, Debug)]
pub(super) struct Inner<K, C, const LEAF: usize, const FAN: usize> {
    /// The first key of each child but the first child. Never a key that was removed meanwhile: an
    /// order may look up what belongs to a key, and then only knows those of the tree.
    pub(super) firsts: Vec<K>,
    pub(super) counts: Vec<u64>,
    pub(super) children: Vec<Node<K, C, LEAF, FAN>>,
}

/// The right half of a node that was split, with its first key.
type Split<K, C, const LEAF: usize, const FAN: usize> = (K, Node<K, C, LEAF, FAN>);

impl<K: Clone, C: Count, const LEAF: usize, const FAN: usize> Node<K, C, LEAF, FAN> {
    /// A node over children in order, each with its first key.
    pub(super) fn over(children: Vec<(K, Self)>) -> Self {
        let (mut firsts, children): (Vec<_>, Vec<_>) = children.into_iter().unzip();
        firsts.remove(0);
        let counts = children.iter().map(Self::count).collect();
        Self::Inner(Inner { firsts, counts, children })
    }

    /// A node over the two halves of a split.
    pub(super) fn pair(left: Self, first: K, right: Self) -> Self {
        let counts = vec![left.count(), right.count()];
        Self::Inner(Inner { firsts: vec![first], counts, children: vec![left, right] })
    }

    /// How much all its keys count.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Leaf(leaf) => C::sum(&leaf.counts),
            Self::Inner(inner) => inner.counts.iter().sum(),
        }
    }

    /// Keys or children.
    fn len(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.keys.len(),
            Self::Inner(inner) => inner.children.len(),
        }
    }

    /// The greatest length.
    fn room(&self) -> usize {
        match self {
            Self::Leaf(_) => LEAF,
            Self::Inner(_) => FAN,
        }
    }

    /// Adds a key: how many of this node are before it, or `None` if nothing changed, and what was
    /// split off.
    pub(super) fn add(
        &mut self,
        key: K,
        order: &impl Fn(&K, &K) -> Ordering,
    ) -> (Option<u64>, Option<Split<K, C, LEAF, FAN>>) {
        match self {
            Self::Leaf(leaf) => leaf.add(key, order),
            Self::Inner(inner) => inner.add(key, order),
        }
    }

    /// Takes one of a key out: how many of this node are before it, or `None` if there is none.
    pub(super) fn remove(&mut self, key: &K, order: &impl Fn(&K, &K) -> Ordering) -> Option<u64> {
        match self {
            Self::Leaf(leaf) => leaf.remove(key, order),
            Self::Inner(inner) => inner.remove(key, order),
        }
    }

    /// The first of its keys; a node of a tree with keys has one.
    fn first(&self) -> Option<&K> {
        match self {
            Self::Leaf(leaf) => leaf.keys.first(),
            Self::Inner(inner) => inner.children.first().and_then(Self::first),
        }
    }

    /// The child of a node that has only one.
    pub(super) fn take_only_child(&mut self) -> Option<Self> {
        match self {
            Self::Inner(inner) if inner.children.len() == 1 => inner.children.pop(),
            Self::Leaf(_) | Self::Inner(_) => None,
        }
    }

    /// Takes the second half away.
    fn split(&mut self) -> Split<K, C, LEAF, FAN> {
        let middle = self.len() / 2;
        match self {
            Self::Leaf(leaf) => leaf.split(middle),
            Self::Inner(inner) => inner.split(middle),
        }
    }

    /// Puts the next node of the same level behind this one.
    fn append(&mut self, first: K, right: Self) {
        match (self, right) {
            (Self::Leaf(left), Self::Leaf(right)) => {
                extend(&mut left.keys, right.keys);
                extend(&mut left.counts, right.counts);
            }
            (Self::Inner(left), Self::Inner(right)) => {
                push(&mut left.firsts, first, FAN);
                extend(&mut left.firsts, right.firsts);
                extend(&mut left.counts, right.counts);
                extend(&mut left.children, right.children);
            }
            (Self::Leaf(_), Self::Inner(_)) | (Self::Inner(_), Self::Leaf(_)) => {
                unreachable!("neighbours are on the same level")
            }
        }
    }
}

impl<K: Clone, C: Count> Leaf<K, C> {
    fn add<const LEAF: usize, const FAN: usize>(
        &mut self,
        key: K,
        order: &impl Fn(&K, &K) -> Ordering,
    ) -> (Option<u64>, Option<Split<K, C, LEAF, FAN>>) {
        let at = match self.keys.binary_search_by(|own| order(own, &key)) {
            Ok(at) => {
                let more = self.counts[at].one_more();
                return (more.then(|| C::sum(&self.counts[..at])), None);
            }
            Err(at) => at,
        };
        let before = C::sum(&self.counts[..at]);
        if self.keys.len() < LEAF {
            self.insert::<LEAF>(at, key);
            return (Some(before), None);
        }
        let middle = LEAF / 2;
        let (first, mut right) = self.split(middle);
        match &mut right {
            Node::Leaf(right) if at > middle => right.insert::<LEAF>(at - middle, key),
            Node::Leaf(_) | Node::Inner(_) => self.insert::<LEAF>(at, key),
        }
        (Some(before), Some((first, right)))
    }

    fn insert<const LEAF: usize>(&mut self, at: usize, key: K) {
        insert(&mut self.keys, at, key, LEAF);
        insert(&mut self.counts, at, C::FIRST, LEAF);
    }

    fn remove(&mut self, key: &K, order: &impl Fn(&K, &K) -> Ordering) -> Option<u64> {
        let at = self.keys.binary_search_by(|own| order(own, key)).ok()?;
        let before = C::sum(&self.counts[..at]);
        if self.counts[at].one_less() {
            self.keys.remove(at);
            self.counts.remove(at);
        }
        Some(before)
    }

    fn split<const LEAF: usize, const FAN: usize>(
        &mut self,
        middle: usize,
    ) -> Split<K, C, LEAF, FAN> {
        let keys = halve(&mut self.keys, middle);
        let counts = halve(&mut self.counts, middle);
        (keys[0].clone(), Node::Leaf(Self { keys, counts }))
    }
}

impl<K: Clone, C: Count, const LEAF: usize, const FAN: usize> Inner<K, C, LEAF, FAN> {
    /// The child that has the key, if any has.
    fn child_of(&self, key: &K, order: &impl Fn(&K, &K) -> Ordering) -> usize {
        self.firsts.partition_point(|first| order(first, key).is_le())
    }

    fn add(
        &mut self,
        key: K,
        order: &impl Fn(&K, &K) -> Ordering,
    ) -> (Option<u64>, Option<Split<K, C, LEAF, FAN>>) {
        let at = self.child_of(&key, order);
        let (before, split) = self.children[at].add(key, order);
        let before = before.map(|before| before + self.counts[..at].iter().sum::<u64>());
        self.counts[at] += u64::from(before.is_some());
        let Some((first, right)) = split else { return (before, None) };
        let count = right.count();
        self.counts[at] -= count;
        if self.children.len() < FAN {
            self.insert(at + 1, first, count, right);
            return (before, None);
        }
        let middle = FAN / 2;
        let (own_first, mut own_right) = self.split(middle);
        match &mut own_right {
            Node::Inner(own) if at + 1 > middle => own.insert(at + 1 - middle, first, count, right),
            Node::Inner(_) | Node::Leaf(_) => self.insert(at + 1, first, count, right),
        }
        (before, Some((own_first, own_right)))
    }

    /// Puts a child in, never as the first.
    fn insert(&mut self, at: usize, first: K, count: u64, child: Node<K, C, LEAF, FAN>) {
        insert(&mut self.firsts, at - 1, first, FAN);
        insert(&mut self.counts, at, count, FAN);
        insert(&mut self.children, at, child, FAN);
    }

    fn remove(&mut self, key: &K, order: &impl Fn(&K, &K) -> Ordering) -> Option<u64> {
        let at = self.child_of(key, order);
        // Before the removal, when both are still keys of the tree.
        let leads = at > 0 && order(&self.firsts[at - 1], key).is_eq();
        let removed = self.children[at].remove(key, order)?;
        let before = self.counts[..at].iter().sum::<u64>() + removed;
        self.counts[at] -= 1;
        let child = &self.children[at];
        if leads {
            self.firsts[at - 1] = child.first().expect("nodes with a neighbour keep keys").clone();
        }
        if child.len() < child.room() / 4 {
            self.join(at.saturating_sub(1));
        }
        Some(before)
    }

    /// Puts a child and the next together, and divides them evenly if that is much.
    fn join(&mut self, at: usize) {
        let first = self.firsts.remove(at);
        let right = self.children.remove(at + 1);
        self.counts[at] += self.counts.remove(at + 1);
        let child = &mut self.children[at];
        child.append(first, right);
        if child.len() > child.room() / 4 * 3 {
            let (first, right) = child.split();
            let count = right.count();
            self.counts[at] -= count;
            self.insert(at + 1, first, count, right);
        }
    }

    fn split(&mut self, middle: usize) -> Split<K, C, LEAF, FAN> {
        let firsts = halve(&mut self.firsts, middle);
        let first = self.firsts.pop().expect("a child before the middle and one after it");
        let counts = halve(&mut self.counts, middle);
        let children = halve(&mut self.children, middle);
        (first, Node::Inner(Self { firsts, counts, children }))
    }
}

/// Inserts into the vector of a node that holds up to `room`: grown to the double, never beyond.
fn insert<T>(into: &mut Vec<T>, at: usize, item: T, room: usize) {
    if into.len() == into.capacity() {
        into.reserve_exact(into.len().max(4).min(room - into.len()));
    }
    into.insert(at, item);
}

fn push<T>(into: &mut Vec<T>, item: T, room: usize) {
    insert(into, into.len(), item, room);
}

fn extend<T>(into: &mut Vec<T>, more: Vec<T>) {
    into.reserve_exact(more.len());
    into.extend(more);
}

/// Takes the second half away and leaves the first without room to spare.
fn halve<T>(items: &mut Vec<T>, middle: usize) -> Vec<T> {
    let right = items.split_off(middle);
    // A new allocation: shrinking in place may keep the old size (mimalloc does).
    let mut left = Vec::with_capacity(items.len());
    left.append(items);
    *items = left;
    right
}

/// Turns items into groups of about the same size, at most `room` each, in order.
pub(super) fn collect_evenly<T, G>(
    items: Vec<T>,
    room: usize,
    mut group: impl FnMut(Vec<T>) -> G,
) -> Vec<G> {
    let (len, groups) = (items.len(), items.len().div_ceil(room));
    let mut items = items.into_iter();
    let sizes = (0..groups).map(|at| len * (at + 1) / groups - len * at / groups);
    sizes.map(|size| group(items.by_ref().take(size).collect())).collect()
}

#[cfg(test)]
impl<K: Ord + Clone, C: Count, const LEAF: usize, const FAN: usize> Node<K, C, LEAF, FAN> {
    /// Panics unless the node and all below keep their rules.
    pub(super) fn check(&self, root: bool) -> (usize, Option<(&K, &K)>) {
        assert!(self.len() <= self.room(), "not more than fits");
        assert!(root || self.len() >= self.room() / 4, "at least a quarter");
        match self {
            Self::Leaf(leaf) => {
                assert!(
                    leaf.keys.is_sorted_by(|a, b| a < b) && leaf.keys.len() == leaf.counts.len()
                );
                (1, leaf.keys.first().zip(leaf.keys.last()))
            }
            Self::Inner(inner) => inner.check(),
        }
    }
}

#[cfg(test)]
impl<K: Ord + Clone, C: Count, const LEAF: usize, const FAN: usize> Inner<K, C, LEAF, FAN> {
    fn check(&self) -> (usize, Option<(&K, &K)>) {
        assert!(self.children.len() >= 2 && self.children.len() == self.counts.len());
        assert_eq!(self.children.len(), self.firsts.len() + 1);
        let below: Vec<_> = self.children.iter().map(|child| child.check(false)).collect();
        let spans: Vec<_> = below.iter().map(|(_, span)| span.expect("no empty child")).collect();
        for (at, first) in self.firsts.iter().enumerate() {
            assert!(spans[at].1 < first && first == spans[at + 1].0, "children are kept apart");
        }
        for (child, count) in self.children.iter().zip(&self.counts) {
            assert_eq!(child.count(), *count, "each child counts what its keys do");
        }
        assert!(below.iter().all(|(height, _)| *height == below[0].0), "all leaves are as deep");
        (below[0].0 + 1, spans.first().map(|span| span.0).zip(spans.last().map(|span| span.1)))
    }
}
