//! What can be asked of one user. Commands are plain values: they can be queued and stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{PreferencesPatch, ProfilePatch};
use crate::amount::Amount;
use crate::ids::{AchievementId, AttributeId, EventId, IdempotencyKey, MetricId, PauseId};
use crate::time::{Date, Timestamp};

/// One request to one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Apply what is due, nothing else; an unknown user is rejected.
    Settle,
    /// Create or update the user. (C-USER-03 to 06)
    Identify {
        /// The fields that were passed.
        profile: ProfilePatch,
        /// Whether an unknown user is created or rejected.
        existing: Existing,
    },
    /// One metric event. (C-EVENT-05)
    SubmitEvent(SubmitEvent),
    /// Complete an API achievement. (C-ACH-20)
    CompleteAchievement {
        /// The achievement, found by its key.
        achievement: AchievementId,
        /// The fields that were passed for the user.
        profile: ProfilePatch,
    },
    /// Grant freezes, as many as fit below the maximum. (C-STREAK-43)
    GrantFreezes {
        /// How many were asked for.
        count: u32,
    },
    /// Pause the streak over dates to come. (C-STREAK-45)
    CreatePause {
        /// The first date, not before the effective day.
        start: Date,
        /// The last date.
        end: Date,
    },
    /// Take back what is left of a pause. (C-STREAK-50)
    DeletePause {
        /// The pause.
        id: PauseId,
    },
    /// Put an earlier length back. (C-STREAK-54 to 57)
    RestoreStreak {
        /// Which one.
        mode: RestoreMode,
    },
    /// Set the streak to zero. (C-STREAK-60, C-STREAK-61)
    ResetStreak,
    /// Change what the user chose for themselves. (C-PREF)
    UpdatePreferences(PreferencesPatch),
}

/// Which earlier length a restore puts back. (C-STREAK-56)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RestoreMode {
    /// The greatest of a window of time.
    Max,
    /// The one that was lost last.
    LastLost,
}

/// What to do with a user that doesn't exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Existing {
    /// Create them.
    Optional,
    /// Reject the request. (C-USER-25)
    Required,
}

/// One metric event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmitEvent {
    /// The metric.
    pub metric: MetricId,
    /// What is added to its total.
    pub value: Amount,
    /// The event's own attributes. (C-ATTR-08)
    pub attributes: BTreeMap<AttributeId, String>,
    /// The fields that were passed for the user.
    pub profile: ProfilePatch,
    /// The key under which the event counts once. (C-IDEM-02)
    pub idempotency_key: Option<IdempotencyKey>,
    /// The event that already used the key, if there is one: then nothing but settlement happens.
    /// Whoever runs the command looks it up. (C-IDEM-06, C-IDEM-07)
    pub replay_of: Option<EventId>,
    /// Where the event waited, if it came in a batch.
    pub queued: Option<Queued>,
}

/// Where and since when an event waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// When its batch was accepted: the event's instant. (C-BATCH-04)
    pub at: Timestamp,
    /// Its place in the queue.
    pub place: QueuePlace,
}

/// A place in the queue of batches. Events of one user are decided in the order of their places, so
/// the latest one tells which of them were. (C-BATCH-03)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QueuePlace {
    /// The number of the batch, in order of acceptance.
    pub batch: u64,
    /// The place in the batch, counted from zero.
    pub item: u32,
}
