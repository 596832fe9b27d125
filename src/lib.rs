//! The Accolade server: the only crate that knows HTTP, JSON, files, sockets and the environment.
//!
//! | module | what it owns |
//! |---|---|
//! | [`cli`] | the command line, one file per subcommand; `cli/serve.rs` starts everything in order |
//! | [`config`] | settings: built in, file, environment, flags |
//! | [`catalog_file`] | catalogs as TOML files |
//! | [`app`] | what every handler gets; [`http::router`] turns it into a service |
//! | [`http`] | both APIs: routes, parsing, the wire format, errors |
//! | [`keys`], [`rate_limit`] | who may call, and how often |
//! | [`outbound`] | what is sent to others: webhook attempts |
//! | [`secrets`] | the master key and what it seals |
//! | [`starting`], [`shutdown`] | what happens before the first request and after the last |
//! | [`telemetry`] | logs |
//!
//! Everything the server does with users and configuration goes through [`actors::Engine`]; rules
//! are in `domain`, bytes on disk in `storage`.

pub mod app;
pub mod catalog_file;
pub mod cli;
pub mod config;
pub mod http;
pub mod keys;
pub mod outbound;
pub mod rate_limit;
pub mod secrets;
pub mod shutdown;
pub mod starting;
pub mod telemetry;
