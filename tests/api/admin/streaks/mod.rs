//! `/admin/v1/streaks/...`

mod freezes;
mod pauses;
mod settings;
