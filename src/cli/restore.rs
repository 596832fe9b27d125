//! `accolade restore`: lists what was deleted in a stopped server's configuration, and brings it back.
//! (C-ADM-106)
//!
//! Which rules a restored object has to keep is decided by the catalog. All that are named come back
//! in one commit or none does. What follows from it, such as counting a leaderboard anew, is done by
//! the next start, as after any change of configuration.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use actors::clock::Clock;
use domain::catalog::{Catalog, Deleted};
use domain::ids::{EnvironmentId, Scope};
use domain::time::Timestamp;
use storage::records::decode;
use storage::{CatalogCommit, Inspection, Key, Options, Store};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{BAD_USAGE, CLEAN, FAILED, instant};
use crate::secrets::{MasterKey, WebhookSecret};

/// What to bring back.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Data directory of a stopped server
    #[arg(long, env = "ACCOLADE_DATA", value_name = "DIR", default_value = "./data")]
    data: PathBuf,
    /// The instant it is, for the directory of a server that lives in virtual time
    #[arg(long, env = "ACCOLADE_TEST_CLOCK", value_name = "RFC3339", value_parser = instant)]
    test_clock: Option<Timestamp>,
    /// What to bring back, in this order, all or nothing; without any, what was deleted is listed
    #[arg(value_name = "ID")]
    ids: Vec<Uuid>,
}

/// What keeps everything as it is.
type Failure = Box<dyn std::error::Error>;

/// Prints a line per object; 0 if all is well, 1 if something can't be restored, 2 if the directory
/// can't be opened.
pub(super) fn run(args: &Args) -> ExitCode {
    let (scope, catalog) = match read(&args.data) {
        Ok(found) => found,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(BAD_USAGE);
        }
    };
    if args.ids.is_empty() {
        print("", &catalog.deleted());
        return ExitCode::from(CLEAN);
    }
    match restore(args, scope, &catalog) {
        Ok(restored) => {
            print("restored ", &restored);
            ExitCode::from(CLEAN)
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn print(what: &str, objects: &[Deleted]) {
    for Deleted { kind, id, label } in objects {
        println!("{what}{} {id} {label}", kind.as_str());
    }
}

/// The configuration of a verified directory.
fn read(data: &Path) -> Result<(Scope, Catalog), Failure> {
    let found = Inspection::open(&Options::new(data))?;
    let key = Key::instance("environment");
    let environment = found.get(&key)?.ok_or("the directory was never used by a server")?;
    let scope = Scope::untenanted(decode::<EnvironmentId>(&key, &environment)?);
    let key = Key::catalog(scope);
    let catalog = found.get(&key)?.ok_or("nothing was ever configured")?;
    Ok((scope, decode(&key, &catalog)?))
}

fn restore(args: &Args, scope: Scope, before: &Catalog) -> Result<Vec<Deleted>, Failure> {
    let now = args.test_clock.map_or_else(Clock::system, Clock::test).now();
    let master_key = match MasterKey::from_environment()? {
        Some(key) => key,
        None => MasterKey::in_directory(&args.data)?,
    };
    let mut after = before.clone();
    let mut restored = Vec::with_capacity(args.ids.len());
    for id in &args.ids {
        let new_secret = || master_key.seal(&WebhookSecret::generate());
        let object = after.restore(*id, new_secret, now);
        restored.push(object.map_err(|invalid| format!("{id}: {}", invalid.message))?);
    }
    after.note_review(before);
    let store = Store::open(&Options::new(&args.data))?;
    // A server may have run since it was read.
    if store.load::<Catalog>(&Key::catalog(scope))?.as_ref() != Some(before) {
        return Err("the configuration has just been changed, try again".into());
    }
    let batch = CatalogCommit { scope, catalog: &after }.batch();
    Runtime::new()?.block_on(store.commit(batch))?;
    store.close()?;
    Ok(restored)
}
