//! Logs: to stderr, because stdout carries the listening line alone.
//!
//! Text by default, one JSON object per line with `ACCOLADE_LOG=json`; `RUST_LOG` selects. Fields
//! are named after what they identify: `user.id`, `actor.id`.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise. A span per actor would cost memory per user.
const FILTER: &str = "info,ractor=warn,raft_engine=warn";

/// Starts logging; a second call in one process changes nothing.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(FILTER));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // Whoever reads the logs may go away; saying so where they went would end the thread that logs.
    let logs = logs.with_ansi(io::stderr().is_terminal()).log_internal_errors(false);
    let json = std::env::var("ACCOLADE_LOG").is_ok_and(|format| format == "json");
    // An error means that logging was started before.
    let _ = if json { logs.json().try_init() } else { logs.with_target(false).try_init() };
}
