//! Windows: changes that come too often are told at most once in fifteen minutes. (C-WH-43, C-WH-44)
//!
//! The first change is told at once and opens a window. Changes inside it are held, merged into one.
//! When the window ends with something held, that is told and a new window opens. What is merged and
//! how is the business of whoever holds it.

use serde::{Deserialize, Serialize};

use crate::ids::LevelId;
use crate::time::Timestamp;

/// How long a window is, in milliseconds. (C-WH-44)
pub const WINDOW_MS: i64 = 900_000;

/// The time after something was told, with what is held in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window<H> {
    /// When something was last told.
    pub opened_at: Timestamp,
    /// What happened since; none if nothing did.
    pub held: Option<H>,
}

impl<H> Window<H> {
    /// A window that begins with something told at `at`.
    #[must_use]
    pub const fn opened(at: Timestamp) -> Self {
        Self { opened_at: at, held: None }
    }

    /// The first instant after the window.
    #[must_use]
    pub const fn ends_at(&self) -> Timestamp {
        self.opened_at.plus_millis(WINDOW_MS)
    }

    /// When something held is to be told; none if nothing is held.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.held.as_ref().map(|_| self.ends_at())
    }

    /// Whether a change at `at` may be told at once, because the window is over and empty.
    #[must_use]
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.held.is_none() && self.ends_at() <= at
    }
}

/// The window of a user's points in one system.
pub type PointsWindow = Window<HeldPoints>;

/// Changes of points that were not told yet. (C-WH-48)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPoints {
    /// Their sum.
    pub added: i64,
    /// The balance after the last of them.
    pub total: i64,
    /// The number of the first of their awards.
    pub first: u64,
    /// The number after the last of their awards.
    pub end: u64,
    /// The level before the first of them, which is the last one told.
    pub level_before: Option<LevelId>,
}
