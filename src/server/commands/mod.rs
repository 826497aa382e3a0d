//! The commands of the program: each takes its arguments and gives an exit code.

mod certs;
mod check;
mod config;
mod hosts;
mod new;
mod open;
mod serve;

use super::log::Log;
use crate::config::{Arguments, Command, Config, ConfigErrors};
use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Runs a command. Exit codes: 0 done; 1 `check` found errors; 2 the arguments, the configuration or the operating
/// system prevent it.
pub fn run(arguments: &Arguments) -> ExitCode {
    match &arguments.command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Config(arguments) => config::run(&arguments.serve),
        Command::New(arguments) => new::run(arguments),
        Command::Hosts(arguments) => hosts::run(arguments),
        Command::Certs(arguments) => certs::run(arguments),
        Command::Open(arguments) => open::run(arguments),
    }
}

/// The configuration of the file, for a command that needs all of it to be right.
fn read_config(file: Option<&Path>) -> Result<Config, ConfigErrors> {
    let (config, errors) = crate::config::check(file);
    if errors.is_empty() { Ok(config) } else { Err(ConfigErrors(errors)) }
}

/// Prints to standard output. A reader that has read enough, such as `head`, is no failure.
fn print_stdout(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Prints a line to standard error. Ignores failures: standard error may be closed.
fn print_stderr(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints what a command did, or why it failed.
fn finish<E: Display>(done: Result<String, E>) -> ExitCode {
    match done {
        Ok(text) => {
            print_stdout(&format!("{}\n", text.trim_end()));
            ExitCode::SUCCESS
        }
        Err(error) => fail(error),
    }
}

/// Prints why a command failed; `error` may have more lines, such as `help: …`.
fn fail(error: impl Display) -> ExitCode {
    print_stderr(format_args!("error: {error}"));
    ExitCode::from(2)
}

/// Prints everything that is wrong with a configuration.
fn fail_configuration(errors: &ConfigErrors) -> ExitCode {
    print_stderr(errors);
    ExitCode::from(2)
}
