//! Counters that actors keep and operators read, one group per kind of actor.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) activations: Counter,
    pub(crate) deactivations: Counter,
    pub(crate) commands: Counter,
    pub(crate) commits: Counter,
    pub(crate) rebuilt: Counter,
    pub(crate) shed: Counter,
    pub(crate) catalog_changes: Counter,
    pub(crate) reviews_retried: Counter,
    pub(crate) failures: Counter,
    pub(crate) timers_fired: Counter,
    pub(crate) timer_lateness_ms: Gauge,
    pub(crate) queue_applied: Counter,
    pub(crate) queue_dropped: Counter,
}

/// One number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One number that goes up and down.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

impl Gauge {
    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the actors of one engine did since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineStats {
    /// Users in memory now.
    pub active_users: usize,
    /// Requests to users that are waiting or being decided now.
    pub in_flight: usize,
    /// Users loaded into memory.
    pub activations: u64,
    /// Users put out of memory, because they were idle or to make room.
    pub deactivations: u64,
    /// Commands decided, rejected ones included.
    pub commands: u64,
    /// Outcomes made durable.
    pub commits: u64,
    /// Times a user was thrown away after a failure and built anew from what was committed.
    pub rebuilt: u64,
    /// Requests refused because too many were in flight.
    pub shed: u64,
    /// Changes of configuration made durable.
    pub catalog_changes: u64,
    /// Settlements of a walk over all users that were refused and tried again.
    pub reviews_retried: u64,
    /// Actors that ended by a failure.
    pub failures: u64,
    /// Users settled because they were due.
    pub timers_fired: u64,
    /// Users who are due and whose turn has not come, as far as was read ahead.
    pub timers_waiting: usize,
    /// How long after its due instant the latest user was settled, in milliseconds.
    pub timer_lateness_ms: u64,
    /// Events of batches that were worked through, those that were known already included.
    pub queue_applied: u64,
    /// Events of batches that were refused when their turn came.
    pub queue_dropped: u64,
    /// Batches that wait or are being worked through.
    pub queued_batches: u64,
}

impl Counters {
    pub(crate) fn read(
        &self,
        active_users: usize,
        in_flight: usize,
        timers_waiting: usize,
        queued_batches: u64,
    ) -> EngineStats {
        EngineStats {
            active_users,
            in_flight,
            activations: self.activations.value(),
            deactivations: self.deactivations.value(),
            commands: self.commands.value(),
            commits: self.commits.value(),
            rebuilt: self.rebuilt.value(),
            shed: self.shed.value(),
            catalog_changes: self.catalog_changes.value(),
            reviews_retried: self.reviews_retried.value(),
            failures: self.failures.value(),
            timers_fired: self.timers_fired.value(),
            timers_waiting,
            timer_lateness_ms: self.timer_lateness_ms.value(),
            queue_applied: self.queue_applied.value(),
            queue_dropped: self.queue_dropped.value(),
            queued_batches,
        }
    }
}
