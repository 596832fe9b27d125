//! `/achievements` and below

mod all;
mod complete;
