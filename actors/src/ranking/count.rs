//! How often an entry counts: once, or as often as it was added.
//!
//! The tree is written once for both. That an entry counts once takes no memory.

use std::fmt::Debug;

/// What stands beside each key of a leaf.
pub(super) trait Count: Copy + Debug {
    /// The count of a key that was added once.
    const FIRST: Self;

    /// How much it counts.
    fn value(self) -> u64;

    /// Counts an addition of a key that is there already; whether that changed anything.
    fn one_more(&mut self) -> bool;

    /// Counts a removal; whether the key is gone with it.
    fn one_less(&mut self) -> bool;

    /// How much some count together.
    fn sum(counts: &[Self]) -> u64;
}

/// A key counts once, however often it is added.
#[derive(Clone, Copy, Debug)]
pub(super) struct One;

impl Count for One {
    const FIRST: Self = Self;

    fn value(self) -> u64 {
        1
    }

    fn one_more(&mut self) -> bool {
        false
    }

    fn one_less(&mut self) -> bool {
        true
    }

    fn sum(counts: &[Self]) -> u64 {
        counts.len() as u64
    }
}

/// A key counts as often as it was added.
#[derive(Clone, Copy, Debug)]
pub(super) struct Many(u32);

impl Count for Many {
    const FIRST: Self = Self(1);

    fn value(self) -> u64 {
        u64::from(self.0)
    }

    fn one_more(&mut self) -> bool {
        self.0 = self.0.checked_add(1).expect("what is counted fits in memory, 2^32 do not");
        true
    }

    fn one_less(&mut self) -> bool {
        self.0 -= 1;
        self.0 == 0
    }

    fn sum(counts: &[Self]) -> u64 {
        counts.iter().map(|count| u64::from(count.0)).sum()
    }
}
