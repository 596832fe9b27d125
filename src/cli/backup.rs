//! `accolade backup`: a new data directory out of what a running server has stored.
//!
//! The server sends, this writes: so the copy can be made on another machine. It bears its name only
//! when all of it has arrived and is on disk; `check` accepts it and `serve` starts from it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use storage::{BackupDir, PartDecoder};

use super::CLEAN;
use super::client::{self, Target};
use crate::outbound::api::{AdminApi, CallError};

/// From where to where.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The directory to make; it must not exist
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    target: Target,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Server(#[from] CallError),
    #[error("the copy broke off: {0}")]
    Broken(#[from] reqwest::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Makes the copy: 0 if it is whole, 1 if there is none.
pub(super) fn run(args: &Args) -> ExitCode {
    client::run(&args.target, async |api| {
        copy(&api, &args.dir).await.map_err(|failure| failure.to_string())?;
        println!("{}", args.dir.display());
        Ok(CLEAN)
    })
}

async fn copy(api: &AdminApi, dir: &Path) -> Result<(), Failure> {
    let mut target = BackupDir::create(dir)?;
    let mut answer = api.download("/backup").await?;
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
