//! `accolade keys`: the admin API keys of a running server.
//!
//! A new key goes to stdout alone, so that a script can take it; what people want to know about it
//! goes to stderr. Keys are named by id or prefix.

use std::process::ExitCode;

use clap::Subcommand;

use super::CLEAN;
use super::client::{self, Target};
use crate::http::client::{
    ClientError, KeyChange, KeyRow, change_key, create_key, delete_key, list_keys,
};
use crate::outbound::api::AdminApi;

/// Which server, and what to do.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes a key and prints it, this once; an environment has at most three
    Create {
        /// What to call it
        #[arg(default_value = "CLI")]
        name: String,
    },
    /// Lists the keys
    List,
    /// Gives a key another value and prints it, this once; the old one is refused at once
    Rotate(Named),
    /// Has a key refused until it is activated
    Revoke(Named),
    /// Has a revoked key accepted again
    Activate(Named),
    /// Deletes a key for good
    Delete(Named),
}

#[derive(Debug, clap::Args)]
struct Named {
    /// Its id, or its prefix
    key: String,
}

/// Why a command ended without success.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Server(#[from] ClientError),
    #[error("there is no key with the id or prefix {0}")]
    Unknown(String),
}

/// Does what was asked for: 0 if it is done, 1 if not.
pub(super) fn run(args: &Args) -> ExitCode {
    client::run(&args.target, async |api| {
        act(&api, &args.action).await.map_err(|failure| failure.to_string())?;
        Ok(CLEAN)
    })
}

async fn act(api: &AdminApi, action: &Action) -> Result<(), Failure> {
    match action {
        Action::Create { name } => reveal(&create_key(api, name).await?),
        Action::List => list_keys(api).await?.iter().for_each(show),
        Action::Rotate(named) => reveal(&change(api, named, KeyChange::Rotate).await?),
        Action::Revoke(named) => show(&change(api, named, KeyChange::Revoke).await?),
        Action::Activate(named) => show(&change(api, named, KeyChange::Activate).await?),
        Action::Delete(named) => delete_key(api, &find(api, named).await?).await?,
    }
    Ok(())
}

async fn change(api: &AdminApi, named: &Named, change: KeyChange) -> Result<KeyRow, Failure> {
    let id = find(api, named).await?;
    Ok(change_key(api, &id, change).await?)
}

/// The id of a key that is named by id or prefix.
async fn find(api: &AdminApi, Named { key }: &Named) -> Result<String, Failure> {
    let rows = list_keys(api).await?;
    let found = rows.into_iter().find(|row| row.id == *key || row.prefix == *key);
    found.map(|row| row.id).ok_or_else(|| Failure::Unknown(key.clone()))
}

/// Prints a new value.
fn reveal(row: &KeyRow) {
    eprintln!("{} ({}), shown only this once:", row.name, row.id);
    println!("{}", row.key.as_deref().unwrap_or_default());
}

/// Prints a line of the list.
fn show(row: &KeyRow) {
    let KeyRow { id, name, prefix, status, created, last_used, key: _ } = row;
    let last_used = last_used.as_deref().unwrap_or("never");
    println!("{id}  {prefix}  {status:8}  created {created}  last used {last_used}  {name}");
}
