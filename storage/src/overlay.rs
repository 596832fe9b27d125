//! Committed rows that the tree doesn't have yet.
//!
//! Two layers: the active one takes new commits; the frozen one is being written to the tree by the
//! checkpointer and changes no more. Every read looks here first. The overlay doesn't bound itself:
//! commits take their bytes from the store's budget before they get here, and what is replaced or
//! checkpointed is given back.

use std::{
    collections::{BTreeMap, btree_map},
    ops::Bound,
    sync::Arc,
};

use bytes::Bytes;
use parking_lot::{RwLock, RwLockReadGuard};

use crate::{
    batch::{Op, row_cost},
    keys::{Key, KeyRange},
    shard::{Positions, ShardId},
};

/// Most bytes of changes that wait for a backup; one that falls further behind ends.
const FOLLOWED_BYTES_MAX: usize = 128 << 20;

/// A row's newest value, or `None` if it was deleted.
pub(crate) type Row = Option<Bytes>;

/// Rows in order, with what they cost of the budget.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    rows: BTreeMap<Key, Row>,
    bytes: usize,
}

impl Layer {
    pub(crate) fn into_rows(self) -> btree_map::IntoIter<Key, Row> {
        self.rows.into_iter()
    }

    pub(crate) fn rows(&self) -> btree_map::Iter<'_, Key, Row> {
        self.rows.iter()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn range(&self, range: &KeyRange) -> btree_map::Range<'_, Key, Row> {
        // Comparing as bytes avoids making keys out of bounds that are none.
        let end = range.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.rows.range::<[u8], _>((Bound::Included(range.start.as_slice()), end))
    }

    /// Returns the bytes given back by the row that was replaced.
    fn set(&mut self, key: Key, row: Row) -> usize {
        let added = row_cost(&key, row.as_ref());
        let freed = match self.rows.entry(key) {
            btree_map::Entry::Vacant(entry) => {
                entry.insert(row);
                0
            }
            btree_map::Entry::Occupied(mut entry) => {
                let freed = row_cost(entry.key(), entry.get().as_ref());
                entry.insert(row);
                freed
            }
        };
        self.bytes = self.bytes + added - freed;
        freed
    }
}

/// Both layers.
#[derive(Debug)]
pub(crate) struct Overlay {
    layers: RwLock<Layers>,
    /// Held (shared) by scans: while one runs, no new layer is frozen, so that the tree can only
    /// change to what the scan has already seen in the frozen layer.
    freezing: RwLock<()>,
}

#[derive(Debug)]
struct Layers {
    active: Layer,
    frozen: Option<Arc<Layer>>,
    /// What has changed since a backup last looked; none while there is no backup.
    followed: Option<Layer>,
    /// The last batches that are in the overlay or below it.
    positions: Positions,
}

/// What a scan merges with the tree; no layer is frozen while it exists.
pub(crate) struct View<'a> {
    /// The active layer's rows that can be in the answer, ascending or descending as asked.
    pub(crate) active: Vec<(Key, Row)>,
    pub(crate) frozen: Option<Arc<Layer>>,
    _no_freezing: RwLockReadGuard<'a, ()>,
}

impl Overlay {
    pub(crate) fn new(positions: Positions) -> Self {
        let layers = Layers { active: Layer::default(), frozen: None, followed: None, positions };
        Self { layers: RwLock::new(layers), freezing: RwLock::new(()) }
    }

    /// Makes batches visible, all at once. Returns the bytes given back and the active layer's size.
    pub(crate) fn apply(
        &self,
        batches: impl Iterator<Item = (ShardId, u64, Vec<Op>)>,
    ) -> (usize, usize) {
        let mut layers = self.layers.write();
        let mut freed = 0;
        for (shard, position, ops) in batches {
            for op in ops {
                let (key, row) = op.into_row();
                if let Some(followed) = &mut layers.followed {
                    followed.set(key.clone(), row.clone());
                }
                freed += layers.active.set(key, row);
            }
            layers.positions.reach(shard, position);
        }
        layers.followed.take_if(|followed| followed.bytes > FOLLOWED_BYTES_MAX);
        (freed, layers.active.bytes)
    }

    /// From now on keeps what changes for [`Self::followed`]. Whether nobody did so already.
    pub(crate) fn follow(&self) -> bool {
        let mut layers = self.layers.write();
        let first = layers.followed.is_none();
        layers.followed.get_or_insert_default();
        first
    }

    /// What has changed since the last call, with nothing in between; `None` if it was too much to
    /// be kept. The `last` call ends it.
    pub(crate) fn followed(&self, last: bool) -> Option<Layer> {
        let mut layers = self.layers.write();
        let changed = layers.followed.take();
        layers.followed = changed.as_ref().filter(|_| !last).map(|_| Layer::default());
        changed
    }

    /// How much that would be now.
    pub(crate) fn followed_bytes(&self) -> Option<usize> {
        self.layers.read().followed.as_ref().map(Layer::bytes)
    }

    /// A row as the overlay knows it; `None` if only the tree can tell.
    pub(crate) fn get(&self, key: &Key) -> Option<Row> {
        let layers = self.layers.read();
        let active = layers.active.rows.get(key);
        active.or_else(|| layers.frozen.as_ref().and_then(|frozen| frozen.rows.get(key))).cloned()
    }

    /// What a scan of at most `limit` rows needs of the overlay.
    pub(crate) fn view(&self, range: &KeyRange, limit: usize, reverse: bool) -> View<'_> {
        let no_freezing = self.freezing.read();
        let layers = self.layers.read();
        let active = if range.is_empty() {
            Vec::new()
        } else if reverse {
            enough(layers.active.range(range).rev(), limit)
        } else {
            enough(layers.active.range(range), limit)
        };
        View { active, frozen: layers.frozen.clone(), _no_freezing: no_freezing }
    }

    /// Freezes the active layer. `None` if it is empty. The last frozen layer must be gone.
    pub(crate) fn freeze(&self) -> Option<(Arc<Layer>, Positions)> {
        let _no_scans = self.freezing.write();
        let mut layers = self.layers.write();
        assert!(layers.frozen.is_none(), "one layer is checkpointed at a time");
        if layers.active.rows.is_empty() {
            return None;
        }
        let frozen = Arc::new(std::mem::take(&mut layers.active));
        layers.frozen = Some(Arc::clone(&frozen));
        Some((frozen, layers.positions.clone()))
    }

    /// Lets go of the frozen layer: the tree has all of it.
    pub(crate) fn thaw(&self) {
        let frozen = self.layers.write().frozen.take();
        // A large map is freed here, outside of the lock.
        drop(frozen);
    }

    pub(crate) fn bytes(&self) -> usize {
        let layers = self.layers.read();
        layers.active.bytes + layers.frozen.as_ref().map_or(0, |frozen| frozen.bytes)
    }

    pub(crate) fn positions(&self) -> Positions {
        self.layers.read().positions.clone()
    }
}

/// Rows up to the `limit`-th that is not a deletion: an answer of `limit` rows can't go beyond it.
fn enough<'a>(rows: impl Iterator<Item = (&'a Key, &'a Row)>, limit: usize) -> Vec<(Key, Row)> {
    let mut present = 0;
    let needed = rows.take_while(|(_, row)| {
        let wanted = present < limit;
        present += usize::from(row.is_some());
        wanted
    });
    needed.map(|(key, row)| (key.clone(), row.clone())).collect()
}
