//! When each shard's timer has something to do next, as far as anyone but that timer knows.
//!
//! Whoever commits a user lowers the shard's instant; the timer takes it, reads the rows from there
//! on, and puts back when the next one is due. An instant may be early, since rows move away without
//! a word here; it is never late. So a tick costs one look at each shard while nothing is due.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use domain::time::Timestamp;
use storage::ShardId;

/// The plans of all shards.
#[derive(Debug)]
pub(crate) struct Plans(Vec<Plan>);

#[derive(Debug)]
struct Plan {
    /// In milliseconds; the greatest number if nothing is planned.
    earliest: AtomicI64,
    /// Whether the timer has taken the instant and not yet put the next one back.
    at_work: AtomicBool,
    /// Timers read and not yet fired.
    waiting: AtomicUsize,
}

impl Plans {
    /// Nothing was read yet, so everything may be due.
    pub(crate) fn unknown(shards: u16) -> Self {
        let plan = |_| Plan {
            earliest: AtomicI64::new(Timestamp::MIN.as_millis()),
            at_work: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
        };
        Self((0..shards).map(plan).collect())
    }

    /// Says that a row of the shard, which reads see by now, is due at `due`.
    pub(crate) fn announce(&self, shard: ShardId, due: Timestamp) {
        self.0[shard.index()].earliest.fetch_min(due.as_millis(), Ordering::SeqCst);
    }

    /// Starts the timer's work: the earliest instant that was announced since the last time.
    pub(crate) fn take(&self, shard: ShardId) -> Timestamp {
        let plan = &self.0[shard.index()];
        plan.at_work.store(true, Ordering::SeqCst);
        let nothing = Timestamp::MAX.as_millis();
        Timestamp::from_millis(plan.earliest.swap(nothing, Ordering::SeqCst))
    }

    /// Ends the timer's work; what it left undone was announced.
    pub(crate) fn rest(&self, shard: ShardId) {
        self.0[shard.index()].at_work.store(false, Ordering::SeqCst);
    }

    /// When the first row of the shard is due; none if there is none.
    pub(crate) fn earliest(&self, shard: ShardId) -> Option<Timestamp> {
        let earliest =
            Timestamp::from_millis(self.0[shard.index()].earliest.load(Ordering::SeqCst));
        (earliest < Timestamp::MAX).then_some(earliest)
    }

    /// Whether the timer of the shard has, or may have, something to do at `now`.
    pub(crate) fn is_busy(&self, shard: ShardId, now: Timestamp) -> bool {
        // In this order: the timer says that it works before it takes the instant.
        self.earliest(shard).is_some_and(|earliest| earliest <= now)
            || self.0[shard.index()].at_work.load(Ordering::SeqCst)
    }

    /// Notes how many timers of the shard were read and not yet fired.
    pub(crate) fn set_waiting(&self, shard: ShardId, waiting: usize) {
        self.0[shard.index()].waiting.store(waiting, Ordering::Relaxed);
    }

    /// How many timers were read and not yet fired.
    pub(crate) fn waiting(&self) -> usize {
        self.0.iter().map(|plan| plan.waiting.load(Ordering::Relaxed)).sum()
    }

    /// Every shard.
    pub(crate) fn shards(&self) -> impl Iterator<Item = ShardId> + use<> {
        (0..u16::try_from(self.0.len()).expect("made from a u16")).map(ShardId)
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;
    use storage::ShardId;

    use super::Plans;

    #[test]
    fn the_earliest_announcement_counts_until_it_is_taken() {
        let (plans, shard, at) = (Plans::unknown(2), ShardId(1), Timestamp::from_millis);
        assert!(plans.is_busy(shard, at(0)), "nothing was read yet");
        assert_eq!(plans.take(shard), Timestamp::MIN);
        assert!(plans.is_busy(shard, at(0)), "at work");
        plans.rest(shard);
        assert_eq!((plans.earliest(shard), plans.is_busy(shard, at(0))), (None, false));
        plans.announce(shard, at(9));
        plans.announce(shard, at(5));
        plans.announce(shard, at(7));
        assert_eq!(plans.earliest(shard), Some(at(5)));
        assert!(!plans.is_busy(shard, at(4)) && plans.is_busy(shard, at(5)));
        assert_eq!((plans.take(shard), plans.take(shard)), (at(5), Timestamp::MAX));
    }
}
