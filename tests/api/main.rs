//! Both APIs in process: the router over a memory store and a clock that stands still.
//!
//! Folders mirror the URLs. Here is what is cheaper to prove than through an SDK: the exact JSON,
//! what is omitted and what is null, and the order in which a request's mistakes are told.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod achievements;
mod admin;
mod application_keys;
mod check_order;
mod clock;
mod leaderboards;
mod metrics;
mod openapi;
mod points;
mod prometheus;
mod rate_limit;
mod streaks;
mod transport;
mod users;
mod world;
