//! Actors: the engine as concurrent parts, and the only crate that knows the actor runtime.
//!
//! [`Engine`] is the public face. Behind it a router finds or creates the one activation of a
//! user, the activation decides by the rules of `domain` and commits through `storage`, a catalog
//! actor owns the configuration, timers settle users when something falls due, and projections count
//! over all users. Reading order: `engine`, `router`, `user`, `catalog`, `timer`, `plans`,
//! `schedule`, `erasure`, `review`, `queue`, `projection`, `on_demand`, `balances`, `comparison`,
//! `preview`, `standings`, `ranking`, `board`, `leaderboard`, `supervisor`, `rows`.
//!
//! Absences that hold here: nothing is visible before it is durable; no actor waits for another
//! actor or for the network; a user has one activation at a time; only [`clock`] reads time.

mod balances;
pub mod board;
mod catalog;
pub mod clock;
mod comparison;
mod config;
mod counters;
mod engine;
mod erasure;
mod error;
pub mod leaderboard;
mod on_demand;
mod permit;
mod plans;
pub mod ports;
mod preview;
mod projection;
mod queue;
pub mod ranking;
mod review;
mod router;
mod rows;
mod schedule;
mod standings;
mod supervisor;
mod timer;
mod user;
mod user_key;
mod webhooks;

pub use config::{Bootstrap, EngineConfig};
pub use counters::EngineStats;
pub use engine::{Engine, Health};
pub use error::Error;
pub use preview::Preview;
pub use projection::Statistics;
pub use rows::{History, RunScore, ValueDay};
pub use standings::RankedLength;
pub use user::Applied;
pub use webhooks::{DeliveryFilter, LoggedDelivery};
