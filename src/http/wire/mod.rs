//! Requests and responses exactly as the public specification spells them.
//!
//! The only place that knows JSON names. Responses borrow from the user and the catalog they were
//! made from and are serialised at once. A required field is always present, null when empty; an
//! optional one is left out when it doesn't apply. (C-API-15) No rule is decided here.

pub mod achievement;
pub mod boost;
pub mod event;
pub mod failure;
pub mod leaderboard;
pub mod metric;
pub mod points;
pub mod preferences;
pub mod ranking;
pub mod scalar;
pub mod streak;
pub mod summary;
pub mod user;
pub mod webhook;
pub mod wrapped;
