//! A journal in memory, for tests: fails when told to, can hold commits back.
//!
//! Clones share one journal, so that a second store can be opened over what a first one left.
//! Everything that was appended is durable: it is the tests of the real journal that cut power.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::{Condvar, Mutex};
use uuid::Uuid;

use super::{Continuity, Journal, Record, Replay};
use crate::{error::Error, shard::Positions};

/// A [`Journal`] that lives as long as one of its clones.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    released: Condvar,
}

#[derive(Debug, Default)]
struct State {
    database: Option<Uuid>,
    records: VecDeque<Record>,
    failure: Option<String>,
    held: bool,
}

impl MemoryJournal {
    /// Makes every append fail with `reason` until [`MemoryJournal::heal`].
    pub fn fail(&self, reason: &str) {
        self.shared.state.lock().failure = Some(reason.to_owned());
    }

    /// Lets appends succeed again.
    pub fn heal(&self) {
        self.shared.state.lock().failure = None;
    }

    /// Makes appends wait until [`MemoryJournal::release`].
    pub fn hold(&self) {
        self.shared.state.lock().held = true;
    }

    /// Lets waiting appends go on.
    pub fn release(&self) {
        self.shared.state.lock().held = false;
        self.shared.released.notify_all();
    }

    /// Records that have not been purged.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.state.lock().records.len()
    }

    /// Whether every record has been purged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Journal for MemoryJournal {
    fn database(&self) -> Result<Option<Uuid>, Error> {
        Ok(self.shared.state.lock().database)
    }

    fn set_database(&self, database: Uuid) -> Result<(), Error> {
        self.shared.state.lock().database = Some(database);
        Ok(())
    }

    fn replay(&self, each: &mut Replay<'_>) -> Result<(), Error> {
        let records = self.shared.state.lock().records.clone();
        let mut continuity = Continuity::default();
        for record in records {
            continuity.check(record.shard, record.position)?;
            each(record.shard, record.position, &record.payload)?;
        }
        Ok(())
    }

    fn append(&self, group: &[Record]) -> Result<(), Error> {
        let mut state = self.shared.state.lock();
        self.shared.released.wait_while(&mut state, |state| state.held);
        if let Some(reason) = &state.failure {
            return Err(Error::io("writing the memory journal", reason));
        }
        state.records.extend(group.iter().cloned());
        Ok(())
    }

    fn purge(&self, up_to: &Positions) -> Result<(), Error> {
        self.shared.state.lock().records.retain(|record| record.position > up_to.at(record.shard));
        Ok(())
    }
}
