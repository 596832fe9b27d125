//! Virtual time passing: everything that falls due, each thing at its own instant, in due order.
//!
//! A test clock is moved from one due instant to the next. At each it stands still until everything
//! due by then is committed, so that what happens is what happens in real time, and the same on
//! every run. Sources know what is due; of things due at one instant, an earlier source's are first.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use tokio::sync::Mutex;

use crate::clock::{self, AdvanceError, Clock};
use crate::error::Error;

/// How long to wait until refused work is tried again.
pub(crate) const RETRY_AFTER: Duration = Duration::from_millis(10);

/// Work that ends when everything due by now is committed, or says why not.
pub(crate) type Firing<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Something that falls due by time alone.
pub(crate) trait Source: Send + Sync {
    /// The first instant at which something is due. It may be early, if it is later after the next
    /// firing, and never late; while a firing is under way it says nothing.
    fn next_due(&self) -> Option<Timestamp>;

    /// Does what is due by now, whatever is under way included.
    fn fire_due(&self) -> Firing<'_>;
}

/// The test clock and what it drives.
pub(crate) struct Schedule {
    clock: Clock,
    sources: Vec<Arc<dyn Source>>,
    /// One at a time.
    advancing: Mutex<()>,
}

impl Schedule {
    pub(crate) fn new(clock: Clock, sources: Vec<Arc<dyn Source>>) -> Self {
        Self { clock, sources, advancing: Mutex::new(()) }
    }

    /// Moves the clock to `to`, doing on the way what falls due.
    pub(crate) async fn advance_to(&self, to: Timestamp) -> Result<(), AdvanceError> {
        let _one_at_a_time = self.advancing.lock().await;
        self.clock.check_advance(to)?;
        self.fire_due().await?;
        while let Some(due) = self.next_due().filter(|due| *due <= to) {
            self.clock.advance_to(due.max(self.clock.now()))?;
            self.fire_due().await?;
        }
        self.clock.advance_to(to)
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.sources.iter().filter_map(|source| source.next_due()).min()
    }

    async fn fire_due(&self) -> Result<(), AdvanceError> {
        for source in &self.sources {
            loop {
                match source.fire_due().await {
                    Ok(()) => break,
                    Err(Error::Overloaded) => clock::pause(RETRY_AFTER).await,
                    Err(
                        error @ (Error::Rejected(_) | Error::Unavailable { .. } | Error::Internal),
                    ) => return Err(AdvanceError::Interrupted(error)),
                }
            }
        }
        Ok(())
    }
}
