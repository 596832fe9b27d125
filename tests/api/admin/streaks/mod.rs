//! `/admin/v1/streaks/...`

mod freezes;
mod settings;
