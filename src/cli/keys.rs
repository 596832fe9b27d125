//! `accolade keys`: the admin API keys of a running server.
//!
//! A new key goes to stdout alone, so that a script can take it; what people want to know about it
//! goes to stderr. Keys are named by id or prefix.

use std::io;
use std::process::ExitCode;

use clap::Subcommand;
use reqwest::Url;
use tokio::runtime::Runtime;

use super::{ADMIN_KEY_VARIABLE, BAD_USAGE, CLEAN, FAILED};
use crate::http::client::{
    ClientError, KeyChange, KeyRow, change_key, create_key, delete_key, list_keys,
};
use crate::outbound::api::AdminApi;

/// Which server, and what to do.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The server; the admin key comes from ACCOLADE_ADMIN_KEY
    #[arg(long, global = true, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: Url,
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
    #[error("starting: {0}")]
    Start(#[from] io::Error),
    #[error("the HTTP client can't be made: {0}")]
    Client(#[from] reqwest::Error),
    #[error(transparent)]
    Server(#[from] ClientError),
    #[error("there is no key with the id or prefix {0}")]
    Unknown(String),
}

/// Does what was asked for: 0 if it is done, 1 if not, 2 without a key to do it with.
pub(super) fn run(args: &Args) -> ExitCode {
    let Some(key) = std::env::var(ADMIN_KEY_VARIABLE).ok().filter(|key| !key.is_empty()) else {
        eprintln!("error: {ADMIN_KEY_VARIABLE} must hold an admin key of the server");
        return ExitCode::from(BAD_USAGE);
    };
    let done = || -> Result<(), Failure> {
        let api = AdminApi::new(&args.url, &key)?;
        Runtime::new()?.block_on(act(&api, &args.action))
    };
    match done() {
        Ok(()) => ExitCode::from(CLEAN),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(FAILED)
        }
    }
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
