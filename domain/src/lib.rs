//! Pure rules.

pub mod time;
