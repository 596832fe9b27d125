//! `accolade check`: verifies the data directory of a stopped server, one line per law.
//!
//! Storage has verified checksums and the continuity of the journal when it gives out an
//! [`Inspection`]; what the rows must say of each other is checked here. Commands are not stored,
//! so a snapshot can't be decided again: it is held against every row of history that it sums up.

mod attributes;
mod boards;
mod counts;
mod keys;
mod law;
mod queue;
mod users;
mod webhooks;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use domain::catalog::Catalog;
use domain::ids::{EnvironmentId, Scope, UserId};
use storage::records::{AdminKey, Record, decode};
use storage::{Error, Inspection, Key, KeyRange, Kind, Options, Ownership, Row};

use self::law::Law;
use super::{BAD_USAGE, CLEAN, FAILED};

/// What to verify.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Data directory of a stopped server
    #[arg(long, env = "ACCOLADE_DATA", value_name = "DIR", default_value = "./data")]
    data: PathBuf,
}

/// Prints one line per law; 0 if all hold, 1 if any is broken, 2 if the directory can't be opened.
pub(super) fn run(args: &Args) -> ExitCode {
    let laws = Inspection::open(&Options::new(&args.data)).and_then(|found| check(&found));
    match laws {
        Ok(laws) => {
            laws.iter().for_each(|law| println!("{law}"));
            ExitCode::from(if laws.iter().all(Law::holds) { CLEAN } else { FAILED })
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(BAD_USAGE)
        }
    }
}

/// Every law with what was found.
///
/// # Errors
/// If the rows can't even be read.
fn check(found: &Inspection) -> Result<Vec<Law>, Error> {
    let mut laws = vec![journal(found)];
    let (values, environment) = instance(found)?;
    laws.push(values);
    let scope = environment.map(Scope::untenanted);
    laws.extend(users::check(found, scope)?);
    laws.extend(boards::check(found, scope)?);
    laws.extend(webhooks::check(found, scope)?);
    laws.push(keys::check(found, scope)?);
    laws.push(queue::check(found, scope)?);
    Ok(laws)
}

/// Opening has verified it; this says how much there was.
fn journal(found: &Inspection) -> Law {
    let mut law =
        Law::new("the journal is whole: checksums hold and no position is missing", "batches");
    law.hold_many(found.journal().batches);
    law
}

/// Reads the rows that belong to no user.
fn instance(found: &Inspection) -> Result<(Law, Option<EnvironmentId>), Error> {
    let mut law = Law::new("facts, admin keys and configurations can be read", "rows");
    let key = Key::instance("environment");
    let environment =
        found.get(&key)?.and_then(|value| read::<EnvironmentId>(&mut law, &(key, value)));
    for row in found.rows(KeyRange::api_keys()) {
        read::<AdminKey>(&mut law, &row?);
    }
    if let Some(environment) = environment {
        let key = Key::catalog(Scope::untenanted(environment));
        if let Some(value) = found.get(&key)? {
            read::<Catalog>(&mut law, &(key, value));
        }
    }
    Ok((law, environment))
}

/// The record in a row; one that doesn't decode breaks `law`.
fn read<T: Record>(law: &mut Law, (key, value): &Row) -> Option<T> {
    match decode(key, value) {
        Ok(record) => {
            law.hold_many(1);
            Some(record)
        }
        Err(error) => {
            law.expect(false, || error.to_string());
            None
        }
    }
}

/// The kinds of rows that belong to a user besides the snapshot.
fn history() -> impl Iterator<Item = Kind> {
    let owned = |kind: &Kind| kind.ownership() == Ownership::User && *kind != Kind::Snapshot;
    Kind::ALL.into_iter().filter(owned)
}

/// Users of whom a crash left something that the next start erases.
fn half_erased(found: &Inspection, scope: Scope) -> Result<BTreeSet<UserId>, Error> {
    let rows = found.rows(KeyRange::kind(scope, Kind::Erasure));
    rows.filter_map(|row| row.map(|(key, _)| key.text().and_then(UserId::new)).transpose())
        .collect()
}
