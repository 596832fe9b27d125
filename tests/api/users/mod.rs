//! `/users` and below

mod achievements;
mod metrics;
mod points;
mod preferences;
mod profile;
mod streak;
mod wrapped;
