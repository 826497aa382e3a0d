//! Arguments → one library call → exit code.

use clap::Parser;
use std::process::ExitCode;

/// Scripts make many small values: worth 8 % on scripted requests (docs/maintainers/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    wireserve::run(&wireserve::Arguments::parse())
}
