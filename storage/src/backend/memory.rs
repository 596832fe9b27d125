//! A tree in memory, for tests: fails when told to, forgets what was not synced when told to.
//!
//! Clones share one tree, so that a test can give one to a store, keep another, and open a second
//! store over what the first one left.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;

use super::{Backend, RawRows, RawWrite};
use crate::error::Error;

type Tree = BTreeMap<Vec<u8>, Bytes>;

/// A `BTreeMap` that behaves like a disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryBackend {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    current: Tree,
    durable: Tree,
    failure: Option<String>,
    syncs: u64,
}

impl MemoryBackend {
    /// Makes every write and sync fail with `reason` until [`MemoryBackend::heal`].
    pub fn fail(&self, reason: &str) {
        self.state.lock().failure = Some(reason.to_owned());
    }

    /// Lets writes succeed again.
    pub fn heal(&self) {
        self.state.lock().failure = None;
    }

    /// Drops what was not synced, as a power cut may.
    pub fn lose_power(&self) {
        let mut state = self.state.lock();
        state.current = state.durable.clone();
    }

    /// How often [`Backend::sync`] succeeded.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.state.lock().syncs
    }
}

impl State {
    fn check(&self) -> Result<(), Error> {
        self.failure
            .as_ref()
            .map_or(Ok(()), |reason| Err(Error::io("writing the memory tree", reason)))
    }
}

impl Backend for MemoryBackend {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.state.lock().current.get(key).map(|value| value.to_vec()))
    }

    fn range(&self, start: Vec<u8>, end: Option<Vec<u8>>, reverse: bool) -> RawRows<'_> {
        let end = end.map_or(Bound::Unbounded, Bound::Excluded);
        let state = self.state.lock();
        let rows = state.current.range((Bound::Included(start), end));
        let mut rows: Vec<_> = rows.map(|(key, value)| Ok((key.clone(), value.clone()))).collect();
        if reverse {
            rows.reverse();
        }
        Box::new(rows.into_iter())
    }

    fn apply(&self, writes: Vec<RawWrite>) -> Result<(), Error> {
        let mut state = self.state.lock();
        state.check()?;
        for (key, value) in writes {
            match value {
                Some(value) => state.current.insert(key, value),
                None => state.current.remove(&key),
            };
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        let mut state = self.state.lock();
        state.check()?;
        state.durable = state.current.clone();
        state.syncs += 1;
        Ok(())
    }
}
