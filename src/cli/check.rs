//! `accolade check`: verifies the data directory of a stopped server.

use std::path::PathBuf;
use std::process::ExitCode;

/// What to verify.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Data directory of a stopped server
    #[arg(long, env = "ACCOLADE_DATA", value_name = "DIR", default_value = "./data")]
    data: PathBuf,
}

/// Prints one line per law.
pub(super) fn run(args: &Args) -> ExitCode {
    let _ = &args.data;
    ExitCode::from(super::BAD_USAGE)
}
