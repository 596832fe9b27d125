//! Days of runs end, and rows of what was counted are written in time. (C-LB-71, C-LB-81)
//!
//! The books of runs say when they have something to write. In virtual time every stop asks all runs
//! twice: before anything else, so that a day ends with what was before its midnight, and after
//! everything else, so that the clock isn't moved before runs have met what they were told.

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
