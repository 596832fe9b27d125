//! `/metrics/{key}/...`

mod event;
