//! The command line: one file per subcommand.
//!
//! A command prints its own errors, in words an operator can act on, and answers with the exit code
//! that the process interface promises.

mod backup;
mod check;
mod client;
mod export;
mod keys;
mod plan;
mod restore;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use domain::time::Timestamp;

/// Everything went well.
const CLEAN: u8 = 0;
/// Something failed while running.
const FAILED: u8 = 1;
/// Wrong flags or configuration. The same code that the flag parser ends with.
const BAD_USAGE: u8 = 2;
/// A plan has differences.
const DIFFERENT: u8 = 2;

/// What holds the key that commands authenticate with, and that a server is to have.
const ADMIN_KEY_VARIABLE: &str = "ACCOLADE_ADMIN_KEY";

/// A self-hosted gamification engine.
#[derive(Debug, Parser)]
#[command(name = "accolade", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server
    Serve(serve::Args),
    /// Copies everything a running server has stored into a new data directory
    Backup(backup::Args),
    /// Verifies the data directory of a stopped server, law by law
    Check(check::Args),
    /// Compares a catalog file with a running environment; exit code 2 if they differ
    Plan(plan::PlanArgs),
    /// Brings a running environment to a catalog file, all of it or nothing
    Apply(plan::ApplyArgs),
    /// Prints the catalog of a running environment as a catalog file
    Export(export::Args),
    /// Lists or brings back what was deleted in the configuration of a stopped server
    Restore(restore::Args),
    /// Manages the admin API keys of a running server
    Keys(keys::Args),
}

/// Runs the command that was asked for.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Backup(args) => backup::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Plan(args) => plan::plan(&args),
        Command::Apply(args) => plan::apply(&args),
        Command::Export(args) => export::run(&args),
        Command::Restore(args) => restore::run(&args),
        Command::Keys(args) => keys::run(&args),
    }
}

/// Reads an instant for the flag parser.
fn instant(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("expected an RFC 3339 date-time such as 2026-03-01T00:00:00Z")
}
