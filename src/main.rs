//! The `accolade` binary: reads the command line and hands over.

use std::process::ExitCode;

use accolade::cli::{self, Cli};
use clap::Parser;

fn main() -> ExitCode {
    cli::run(Cli::parse())
}
