//! The one source of time, and the only file that reads the system clock or waits.
//!
//! Everything that depends on time takes an instant that came from here, so that a server under
//! the test clock gives the same state as one that lived through the same instants. A test clock
//! stands still until it is moved; neither clock ever goes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use domain::time::Timestamp;

use crate::error::Error;

/// Longest wait at a time: the system's clock may be set.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Where the current instant comes from; clones share it.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    /// The latest instant given out (system) or the current one (test), in milliseconds.
    millis: Arc<AtomicI64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    System,
    Test,
}

/// Why the clock can't be moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdvanceError {
    /// Real time passes by itself.
    #[error("the system clock can't be moved")]
    NotATestClock,
    /// The wanted instant has passed.
    #[error("the clock can't go backwards")]
    Backwards,
    /// Something that fell due on the way could not be done; the clock stands where that was.
    #[error("what fell due could not be done: {0}")]
    Interrupted(Error),
}

impl Clock {
    /// Real time. When the system's clock is set back it stands still until that has caught up.
    #[must_use]
    pub fn system() -> Self {
        Self { source: Source::System, millis: Arc::new(AtomicI64::new(i64::MIN)) }
    }

    /// Virtual time that stands at `at` until it is moved.
    #[must_use]
    pub fn test(at: Timestamp) -> Self {
        Self { source: Source::Test, millis: Arc::new(AtomicI64::new(at.as_millis())) }
    }

    /// The current instant, truncated to milliseconds. (C-GEN-12)
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(match self.source {
            Source::System => {
                let now = system_millis();
                self.millis.fetch_max(now, Ordering::SeqCst).max(now)
            }
            Source::Test => self.millis.load(Ordering::SeqCst),
        })
    }

    /// Whether this is virtual time.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.source == Source::Test
    }

    /// Waits until `instant`, or less: whoever waits looks again. Virtual time is not waited for,
    /// because whoever moves it wakes those who wait; neither is `None`.
    pub(crate) async fn wait_for(&self, instant: Option<Timestamp>) {
        match instant.filter(|_| self.source == Source::System) {
            Some(instant) => {
                let left = instant.as_millis().saturating_sub(self.now().as_millis());
                let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
                pause(left.min(WAIT_MAX)).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Starts to measure how long something takes, which in virtual time is nothing.
    pub(crate) fn stopwatch(&self) -> Stopwatch {
        Stopwatch { clock: self.clone(), started_at: self.now() }
    }

    /// Whether virtual time can be moved to `to`.
    pub(crate) fn check_advance(&self, to: Timestamp) -> Result<(), AdvanceError> {
        match self.source {
            Source::System => Err(AdvanceError::NotATestClock),
            Source::Test if self.now() > to => Err(AdvanceError::Backwards),
            Source::Test => Ok(()),
        }
    }

    /// Moves virtual time to `to`.
    pub(crate) fn advance_to(&self, to: Timestamp) -> Result<(), AdvanceError> {
        match self.source {
            Source::System => Err(AdvanceError::NotATestClock),
            Source::Test
                if self.millis.fetch_max(to.as_millis(), Ordering::SeqCst) > to.as_millis() =>
            {
                Err(AdvanceError::Backwards)
            }
            Source::Test => Ok(()),
        }
    }
}

/// Measures how long something takes.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    clock: Clock,
    started_at: Timestamp,
}

impl Stopwatch {
    /// Milliseconds since the start.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        let elapsed = self.clock.now().as_millis() - self.started_at.as_millis();
        u64::try_from(elapsed).unwrap_or(0)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else asks")]
fn system_millis() -> i64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// Waits in real time, for housekeeping that no rule depends on.
#[expect(clippy::disallowed_methods, reason = "housekeeping waits here and nowhere else")]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[cfg(test)]
mod tests {
    use super::{AdvanceError, Clock};
    use domain::time::Timestamp;

    #[test]
    fn virtual_time_stands_still_until_it_is_moved_forwards() {
        let at = Timestamp::from_millis;
        let clock = Clock::test(at(1_000));
        assert_eq!((clock.now(), clock.now()), (at(1_000), at(1_000)));
        assert_eq!(clock.advance_to(at(1_500)), Ok(()));
        assert_eq!(clock.advance_to(at(1_499)), Err(AdvanceError::Backwards));
        assert_eq!(clock.now(), at(1_500));
    }

    #[test]
    fn real_time_is_not_moved_and_does_not_go_back() {
        let clock = Clock::system();
        assert_eq!(clock.advance_to(Timestamp::from_millis(0)), Err(AdvanceError::NotATestClock));
        let first = clock.now();
        assert!(clock.now() >= first);
    }
}
