//! `accolade backup`: a new data directory out of what a running server has stored.
//!
//! The server sends, this writes: so the copy can be made on another machine. It bears its name only
//! when all of it has arrived and is on disk; `check` accepts it and `serve` starts from it.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use reqwest::Url;
use storage::{BackupDir, PartDecoder};
use tokio::runtime::Runtime;

use super::{ADMIN_KEY_VARIABLE, BAD_USAGE, CLEAN, FAILED};
use crate::outbound::api::{AdminApi, CallError};

/// From where to where.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The directory to make; it must not exist
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The server; the admin key comes from ACCOLADE_ADMIN_KEY
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: Url,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("starting: {0}")]
    Start(#[from] io::Error),
    #[error(transparent)]
    Server(#[from] CallError),
    #[error("the copy broke off: {0}")]
    Broken(#[from] reqwest::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Makes the copy: 0 if it is whole, 1 if there is none, 2 without a key.
pub(super) fn run(args: &Args) -> ExitCode {
    let Some(key) = std::env::var(ADMIN_KEY_VARIABLE).ok().filter(|key| !key.is_empty()) else {
        eprintln!("error: {ADMIN_KEY_VARIABLE} must hold an admin key of the server");
        return ExitCode::from(BAD_USAGE);
    };
    let made = || Runtime::new()?.block_on(copy(args, &key));
    match made() {
        Ok(()) => {
            println!("{}", args.dir.display());
            ExitCode::from(CLEAN)
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(FAILED)
        }
    }
}

async fn copy(args: &Args, key: &str) -> Result<(), Failure> {
    let mut target = BackupDir::create(&args.dir)?;
    let mut answer = AdminApi::new(&args.url, key)?.download("/backup").await?;
    let mut decoder = PartDecoder::default();
    while let Some(bytes) = answer.chunk().await? {
        decoder.push(&bytes);
        while let Some(part) = decoder.next_part()? {
            target.take(part).await?;
        }
    }
    target.finish()?;
    Ok(())
}
