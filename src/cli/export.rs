//! `accolade export`: the running catalog as a catalog file, on stdout.

use std::process::ExitCode;

use reqwest::Method;

use super::CLEAN;
use super::client::{self, Target};

/// Which server.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    target: Target,
}

/// Prints the file.
pub(super) fn run(args: &Args) -> ExitCode {
    client::run(&args.target, async |api| {
        let file = api.call(Method::GET, "/catalog", None).await;
        print!("{}", file.map_err(|error| error.to_string())?);
        Ok(CLEAN)
    })
}
