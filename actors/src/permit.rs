//! The right of one request to be in flight.
//!
//! The router hands permits out and bounds them; a request carries its own until it is answered and
//! every leaderboard has made its moves, so that whoever finds none in flight knows that everything
//! is committed, and that no mailbox holds anything of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The right of one request to be in flight; it travels with the request and ends with it.
pub(crate) struct Permit {
    user: Arc<AtomicUsize>,
    shard: Arc<AtomicUsize>,
    released: Arc<Notify>,
}

impl Permit {
    /// Counts one more request of a user and of its shard. `released` is told when the shard has
    /// none left.
    pub(crate) fn take(
        user: &Arc<AtomicUsize>,
        shard: &Arc<AtomicUsize>,
        released: &Arc<Notify>,
    ) -> Self {
        user.fetch_add(1, Ordering::AcqRel);
        shard.fetch_add(1, Ordering::AcqRel);
        Self { user: Arc::clone(user), shard: Arc::clone(shard), released: Arc::clone(released) }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Release: whoever sees the count at zero also sees everything the request did.
        self.user.fetch_sub(1, Ordering::Release);
        if self.shard.fetch_sub(1, Ordering::Release) == 1 {
            self.released.notify_waiters();
        }
    }
}
