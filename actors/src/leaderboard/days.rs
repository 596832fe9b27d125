//! Days of runs end, and rows of what was counted are written in time. (C-LB-71, C-LB-81)
//!
//! The books of runs say when they have something to write. Whoever waits for that has every run in
//! memory asked, so that in virtual time the clock isn't moved before runs have met what they were
//! told: they turn to another day by the clock.

use domain::time::Timestamp;

use super::runs::Runs;
use crate::schedule::{Firing, Source};

impl Source for Runs {
    fn next_due(&self) -> Option<Timestamp> {
        self.next_page()
    }

    fn fire_due(&self) -> Firing<'_> {
        Box::pin(self.write_due())
    }
}
