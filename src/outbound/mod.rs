//! What this server sends to others: the one place with HTTP clients.
//!
//! Nothing here decides what is sent or when; that is the engine's, which calls through its ports.

pub mod address;
pub mod api;
pub mod signature;
pub mod webhook;

use std::sync::Arc;
use std::time::Duration;

use actors::ports::Ports;

use self::address::Guard;
use self::webhook::HttpTransport;
use crate::config::Webhooks;
use crate::http::wire::webhook::Renderer;
use crate::secrets::MasterKey;

/// How the engine tells webhooks.
///
/// # Errors
/// If the system's certificates can't be read.
pub fn ports(settings: &Webhooks, key: &MasterKey) -> Result<Ports, reqwest::Error> {
    let guard = Guard { allow_private: settings.allow_private };
    let timeout = Duration::from_millis(settings.timeout_ms.get());
    let transport = HttpTransport::new(key.clone(), guard, timeout, address::system())?;
    Ok(Ports { renderer: Arc::new(Renderer), transport: Arc::new(transport) })
}
