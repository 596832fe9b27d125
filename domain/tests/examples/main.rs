//! The contract's worked examples and tables of its rules, run against the pure core.
//!
//! Every value and every signal with its instant is compared. What an example needs beyond the
//! core (endpoints, wire names) is proven by the API tests.

#[path = "../support/mod.rs"]
mod support;

mod achievements;
mod anniversaries;
mod backdating;
mod boosts;
mod date_line;
mod due;
mod events;
mod freezes;
mod leaderboards;
mod meetings;
mod pauses;
mod points;
mod preferences;
mod reports;
mod restore;
mod rules_change;
mod streaks;
mod time;
mod travel;
mod users;
mod worked;
mod wrapped;
