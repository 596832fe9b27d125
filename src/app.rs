//! What every handler gets: the engine, the API keys and limits, the master key, and settings. Nothing else.

use std::path::PathBuf;
use std::sync::Arc;

use actors::Engine;

use crate::keys::{FailureLimit, Keys};
use crate::rate_limit::RateLimits;
use crate::secrets::MasterKey;

/// The running application; clones are cheap and share everything.
#[derive(Clone, Debug)]
pub struct App {
    /// The engine.
    pub engine: Engine,
    /// Who may call.
    pub keys: Keys,
    /// How often one client may fail to say so.
    pub failures: FailureLimit,
    /// How many requests are answered in a second; none: as many as come.
    pub rate_limits: Option<RateLimits>,
    /// What seals secrets.
    pub master_key: MasterKey,
    /// What the operator chose.
    pub settings: Arc<AppSettings>,
}

/// Settings that handlers need, as values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSettings {
    /// Where people open the console, without a slash at the end; error texts link to its pages.
    /// (C-ATTR-04)
    pub console_base_url: String,
    /// Largest request body, in bytes; above it 413. (C-API-12)
    pub body_bytes_max: usize,
    /// Largest body of a batch of events, in bytes. (C-API-12)
    pub batch_body_bytes_max: usize,
    /// How many users a group of a leaderboard can rank. (C-LB-40)
    pub participants_max: u32,
    /// Where the master key is if it lies beside the data; backups take it along.
    pub master_key_file: Option<PathBuf>,
    /// Whether time is virtual, and so whether the clock endpoints exist.
    pub test_clock: bool,
}
