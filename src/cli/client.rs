//! What commands have in common that are clients of a running server.

use std::process::ExitCode;

use reqwest::Url;
use tokio::runtime::Runtime;

use super::{ADMIN_KEY_VARIABLE, FAILED};
use crate::outbound::api::AdminApi;

/// Where the server is.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The server; the admin key comes from ACCOLADE_ADMIN_KEY
    #[arg(long, global = true, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: Url,
}

/// Runs a command against the server: its exit code, or 1 with the reason on stderr.
pub(super) fn run<F>(target: &Target, command: impl FnOnce(AdminApi) -> F) -> ExitCode
where
    F: Future<Output = Result<u8, String>>,
{
    let ended = api(target).and_then(|api| {
        let runtime = Runtime::new().map_err(|error| format!("starting threads: {error}"))?;
        runtime.block_on(command(api))
    });
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::from(FAILED)
        }
    }
}

fn api(target: &Target) -> Result<AdminApi, String> {
    let key = std::env::var(ADMIN_KEY_VARIABLE).ok().filter(|key| !key.is_empty());
    let key =
        key.ok_or_else(|| format!("{ADMIN_KEY_VARIABLE} must hold an admin key of the server"))?;
    AdminApi::new(&target.url, &key).map_err(|error| error.to_string())
}
