//! The commands of the program: each takes its arguments and gives an exit code.

mod api;
mod certs;
mod check;
mod config;
mod decode;
mod definitions;
mod docs;
mod fetch;
mod hosts;
mod new;
mod open;
mod output;
mod replay;
mod schema;
mod serve;
mod shell;
mod show;
mod view;

use crate::config::{Arguments, Command};
use std::process::ExitCode;

/// Runs a command. Exit codes: 0 done; 1 `check` found errors, `docs` or `api` nothing; 2 the arguments, the
/// configuration or the operating system prevent it; those of the commands that talk to a server are in `client::exit`.
pub fn run(arguments: &Arguments) -> ExitCode {
    match &arguments.command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Config(arguments) => config::run(arguments),
        Command::New(arguments) => new::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Completions(arguments) => shell::completions(arguments),
        Command::Man(arguments) => shell::man(arguments),
        Command::Hosts(arguments) => hosts::run(arguments),
        Command::Certs(arguments) => certs::run(arguments),
        Command::View(arguments) => view::run(arguments),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Open(arguments) => open::run(arguments),
        Command::Fetch(arguments) => fetch::run(arguments),
        Command::Api(arguments) => api::run(arguments),
        Command::Definitions(arguments) => definitions::run(arguments),
        Command::Docs(arguments) => docs::run(arguments),
        Command::Decode(arguments) => decode::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
    }
}
