//! Settings of an environment. (C-GEN-36)

use serde::{Deserialize, Serialize};

use crate::calendar::{WeekStart, Zone};

/// What holds for every user of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The zone of users without one, for every date rule. (C-GEN-15)
    pub default_time_zone: Zone,
    /// The first day of a week. (C-GEN-19)
    pub week_start: WeekStart,
    /// How long idempotency keys are remembered, in days; `None` for ever. (C-IDEM-05)
    pub idempotency_retention_days: Option<u32>,
    /// Percentage of new users in the control group, 0 to 100. (C-USER-19)
    pub control_ratio: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_time_zone: Zone::UTC,
            week_start: WeekStart::Sunday,
            idempotency_retention_days: None,
            control_ratio: 10,
        }
    }
}
