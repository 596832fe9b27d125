//! Both HTTP APIs: routes, authentication, parsing, the wire format and errors.
//!
//! A request goes one way: [`router`] finds the handler, [`auth`] and [`extract`] check it in the
//! contract's order (C-API-09), the handler gives one command or read to the engine, [`wire`]
//! writes the answer. Nothing here decides a rule.

pub mod admin;
pub mod application;
pub mod auth;
pub mod client;
pub mod clock;
pub mod error;
pub mod extract;
pub mod health;
pub mod json;
pub mod middleware;
pub mod openapi;
pub mod prometheus;
pub mod rate;
pub mod router;
pub mod streamed;
pub mod wire;
