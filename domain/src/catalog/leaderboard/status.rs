//! Where a board stands: what an operator decided, and what follows from it by time alone.
//! (C-LB-04 to C-LB-11)

use serde::{Deserialize, Serialize};

use super::Leaderboard;
use crate::catalog::Invalid;
use crate::time::Timestamp;

/// What an operator decided about a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// It doesn't rank.
    Off,
    /// It ranks within its dates.
    On,
    /// It was finished by hand. (C-LB-11)
    Finished {
        /// When: runs open then were frozen.
        at: Timestamp,
    },
}

/// Where a board stands at some instant, in the order in which it can get there by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeaderboardStatus {
    /// It can be edited and nobody sees it. (C-LB-06)
    Inactive,
    /// It becomes active when its first date begins. (C-LB-08)
    Scheduled,
    /// Activity is ranked.
    Active,
    /// Its rankings are settled. (C-LB-09)
    Finished,
}

impl LeaderboardStatus {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Scheduled => "scheduled",
            Self::Active => "active",
            Self::Finished => "finished",
        }
    }
}

impl Leaderboard {
    /// Where the board stands at `now`. (C-LB-04, C-LB-08, C-LB-09)
    #[must_use]
    pub fn status(&self, now: Timestamp) -> LeaderboardStatus {
        match self.phase {
            Phase::Off => LeaderboardStatus::Inactive,
            Phase::Finished { .. } => LeaderboardStatus::Finished,
            Phase::On if now < self.runs.first().opens_at() => LeaderboardStatus::Scheduled,
            Phase::On if self.finishes_at().is_some_and(|at| at <= now) => {
                LeaderboardStatus::Finished
            }
            Phase::On => LeaderboardStatus::Active,
        }
    }

    /// When the board finishes by itself: when its last run is finalised. (C-LB-09)
    #[must_use]
    pub fn finishes_at(&self) -> Option<Timestamp> {
        self.runs.last()?.finalised_at()
    }

    /// The first instant after `after` at which the status changes by itself. (C-LB-08, C-LB-09)
    #[must_use]
    pub fn next_transition(&self, after: Timestamp) -> Option<Timestamp> {
        match self.phase {
            Phase::Off | Phase::Finished { .. } => None,
            Phase::On => [Some(self.runs.first().opens_at()), self.finishes_at()]
                .into_iter()
                .flatten()
                .find(|at| *at > after),
        }
    }

    /// Moves the board to the wanted status. (C-LB-07, C-LB-10, C-LB-11)
    pub(super) fn move_to(
        &mut self,
        wanted: LeaderboardStatus,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        use LeaderboardStatus::{Active, Finished, Inactive, Scheduled};
        let from = self.status(now);
        match (from, wanted) {
            (Inactive, Inactive)
            | (Scheduled, Scheduled)
            | (Active, Active)
            | (Finished, Finished) => {}
            (Inactive, Scheduled | Active) => {
                self.check_dates(wanted, now)?;
                self.phase = Phase::On;
            }
            (Scheduled | Active, Inactive) => self.phase = Phase::Off,
            (Scheduled | Active, Finished) => self.finish(now),
            (Inactive, Finished)
            | (Scheduled, Active)
            | (Active, Scheduled)
            | (Finished, Inactive | Scheduled | Active) => {
                return Err(Invalid::of(
                    "status",
                    format!("status cannot change from {} to {}", from.as_str(), wanted.as_str()),
                ));
            }
        }
        Ok(())
    }

    /// Freezes what is open. The dates end today, but no earlier than with the first one, which
    /// may have begun somewhere already. (C-LB-11)
    fn finish(&mut self, now: Timestamp) {
        let today = now.utc_date().max(self.runs.start);
        self.runs.end = Some(self.runs.end.map_or(today, |end| end.min(today)));
        self.phase = Phase::Finished { at: now };
    }

    /// Whether the board's dates allow a status. (C-LB-07, C-ADM-67)
    pub(super) fn check_dates(
        &self,
        wanted: LeaderboardStatus,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        let today = now.utc_date();
        let is_over = self.runs.end.is_some_and(|end| end < today);
        match wanted {
            LeaderboardStatus::Inactive => Ok(()),
            LeaderboardStatus::Scheduled if self.runs.start <= today => {
                Err(Invalid::of("status", "status scheduled needs start to be after today"))
            }
            LeaderboardStatus::Active if self.runs.start > today => {
                Err(Invalid::of("status", "status active needs start to be today or earlier"))
            }
            LeaderboardStatus::Active if is_over => {
                Err(Invalid::of("status", "status active needs end to be today or later"))
            }
            LeaderboardStatus::Finished if !is_over => {
                Err(Invalid::of("status", "status finished needs end to be before today"))
            }
            LeaderboardStatus::Scheduled
            | LeaderboardStatus::Active
            | LeaderboardStatus::Finished => Ok(()),
        }
    }
}
