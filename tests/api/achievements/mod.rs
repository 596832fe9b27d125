//! `/achievements` and below

mod all;
mod anniversary;
mod complete;
