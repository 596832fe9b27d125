//! `/users` and below

mod achievements;
mod metrics;
mod points;
mod profile;
mod streak;
