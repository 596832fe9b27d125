//! What this server sends to others: the one place with HTTP clients.
//!
//! Nothing here decides what is sent or when; that is the engine's, which calls through its ports.

pub mod address;
pub mod signature;
pub mod webhook;
