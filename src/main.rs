//! Arguments → one library call → exit code.

use std::fmt::Display;
use std::process::ExitCode;

use clap::Parser;
use wireserve::config::{self, Arguments, Command};

/// The configuration or the operating system stands in the way: 2, as for a wrong command line.
fn fail(error: impl Display) -> ExitCode {
    eprintln!("wireserve: {error}");
    ExitCode::from(2)
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(arguments) => match config::resolve(&arguments) {
            Ok(_config) => ExitCode::SUCCESS,
            Err(errors) => fail(errors),
        },
        Command::Check(arguments) => {
            let (_config, errors) = config::check(arguments.config.as_deref());
            for error in &errors {
                println!("{error}");
            }
            if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Command::New(arguments) => match config::check(arguments.config.as_deref()) {
            (_config, errors) if errors.is_empty() => ExitCode::SUCCESS,
            (_, errors) => fail(config::ConfigErrors(errors)),
        },
    }
}
