//! Speed and size of the server beside its neighbours, as Markdown tables. One command, nothing else to start:
//!
//!     cargo bench                          some 8 minutes, for docs/maintainers/performance.md
//!     cargo bench -- --quick               under 4 minutes
//!     cargo bench -- --only load,idle      parts: load, files, sleepers, loops, idle, silent,
//!                                          floods
//!
//! `load` puts the same load (h2load -c 8 -m 32) on wireserve's scripted hello, its static file, nghttpd, and hyper in
//! two flavours, in alternation, over TLS and in clear text; what is printed is the median of all runs, its ratio to
//! nghttpd's, and the server's CPU time per request. `files` does so for files of 1 KiB and 1 MiB, a page with
//! substitutions and a 304, with nghttpd and wptserve beside them. They need h2load (nghttp2-client), nghttpd (nghttp2-server) and
//! wptserve (pip). `floods` shows what one client that floods costs a neighbour on the same worker, with nghttpd beside it if
//! that is installed. The other parts need nothing.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock and the environment")]

mod client;
mod files;
mod floods;
mod load;
mod scenarios;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::process::{Command, ExitCode};

/// What the command line says.
pub struct Options {
    /// Requests per run of h2load.
    pub requests: u32,
    /// Runs per server and transport.
    pub runs: usize,
    /// Seconds that each latency measurement takes.
    pub seconds: u64,
}

const PARTS: [&str; 7] = ["load", "files", "sleepers", "loops", "idle", "silent", "floods"];

fn main() -> ExitCode {
    let mut quick = false;
    let mut parts: Vec<String> = PARTS.map(str::to_owned).into();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // From cargo.
            "--bench" => {}
            "--quick" => quick = true,
            "--only" => parts = arguments.next().unwrap_or_default().split(',').map(str::to_owned).collect(),
            _ => return usage(&argument),
        }
    }
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
        return usage(unknown);
    }
    let options = if quick {
        Options { requests: 300_000, runs: 3, seconds: 3 }
    } else {
        Options { requests: 800_000, runs: 7, seconds: 8 }
    };
    raise_descriptor_limit();
    for part in parts {
        match part.as_str() {
            "load" => load::run(&options),
            "files" => files::run(&options),
            "sleepers" => scenarios::sleepers(),
            "loops" => scenarios::loops(&options),
            "idle" => scenarios::idle(),
            "floods" => floods::run(&options),
            _ => scenarios::silent(&options),
        }
    }
    ExitCode::SUCCESS
}

fn usage(argument: &str) -> ExitCode {
    eprintln!("unknown argument `{argument}`; known are --quick and --only {}", PARTS.join(","));
    ExitCode::from(2)
}

/// Thousands of connections need more descriptors than the usual 1,024; children inherit the limit.
fn raise_descriptor_limit() {
    let pid = std::process::id().to_string();
    let status = Command::new("prlimit").args(["--pid", &pid, "--nofile=16384:"]).status();
    if !status.is_ok_and(|status| status.success()) {
        eprintln!("the limit of open files could not be raised; `idle` and `silent` may fail");
    }
}

/// The middle one, or the lower of both.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}
