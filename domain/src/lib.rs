//! The rules of the engine, pure: no clock, no randomness, no IO, no async, no JSON.
//!
//! One command to one user is decided by [`user::apply`], in the contract's fixed order
//! (C-EVENT-05): settle what is due under the stored zone, apply the profile and a change of zone,
//! create the user if new, refuse what the balance doesn't cover, add the value, then streak,
//! achievements, points and levels. Invariants that hold after every outcome:
//!
//! - a metric's total is the sum of its accepted values;
//! - a balance is the sum of its recorded awards and never below zero;
//! - the effective day never moves backwards, and a streak grows at most once per period;
//! - an achievement is completed at most once and never taken back;
//! - settling late gives the state that settling on time gives.

pub mod amount;
pub mod calendar;
pub mod catalog;
pub mod ids;
pub mod leaderboard;
mod rules;
pub mod summary;
pub mod time;
pub mod user;
pub mod webhook;
pub mod wrapped;
