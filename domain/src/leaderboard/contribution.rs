//! One thing that moves a score: an event's value or a real change of a balance. (C-LB-22)
//!
//! Day and local time were fixed when it happened and are stored with it, so a score can be
//! computed again from history and comes out the same.

use crate::amount::Amount;
use crate::time::{Date, TimeOfDay, Timestamp};
use crate::user::{AwardRecord, EventRecord};

/// What a score is the sum of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// What is added; below zero it subtracts. (C-LB-28, C-LB-29)
    pub value: Amount,
    /// The user's effective day, which decides the run. (C-LB-19)
    pub day: Date,
    /// What the user's clock showed, which decides about the window. (C-LB-55)
    pub time: TimeOfDay,
    /// When it happened.
    pub at: Timestamp,
    /// See [`super::Score::order`].
    pub order: u64,
}

impl From<&EventRecord> for Contribution {
    fn from(event: &EventRecord) -> Self {
        let EventRecord { value, day, time, at, order, .. } = *event;
        Self { value, day, time, at, order }
    }
}

impl From<&AwardRecord> for Contribution {
    fn from(award: &AwardRecord) -> Self {
        let AwardRecord { awarded, day, time, at, order, .. } = *award;
        Self { value: Amount::from(awarded), day, time, at, order }
    }
}
