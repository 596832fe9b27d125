//! The `accolade` binary: reads the command line and hands over.

use std::process::ExitCode;

use accolade::cli::{self, Cli};
use clap::Parser;

/// An event allocates and frees some hundred small pieces; see `docs/decisions/0005`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(Cli::parse())
}
