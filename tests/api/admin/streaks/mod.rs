//! `/admin/v1/streaks/...`

mod freezes;
mod lengths;
mod pauses;
mod settings;
