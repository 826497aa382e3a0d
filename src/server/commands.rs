//! The commands of the program: each takes its arguments and gives an exit code.

use super::certs::Report;
use super::log::Log;
use super::profiles;
use super::settings;
use crate::config::{
    self, Arguments, CertsArguments, CertsCommand, CheckArguments, Command, Config, HostsArguments, NewArguments,
    OpenArguments, ServeArguments,
};
use crate::net::certificates::Renew;
use crate::script;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// Carries out a command. 0: done; 1: `check` found errors; 2: the arguments, the configuration or the operating
/// system stand in the way.
pub fn run(arguments: &Arguments) -> ExitCode {
    match &arguments.command {
        Command::Serve(arguments) => serve(arguments),
        Command::Check(arguments) => check(arguments),
        Command::Config(arguments) => print_config(&arguments.serve),
        Command::New(arguments) => new(arguments),
        Command::Hosts(arguments) => hosts(arguments),
        Command::Certs(arguments) => certs(arguments),
        Command::Open(arguments) => open(arguments),
    }
}

fn serve(arguments: &ServeArguments) -> ExitCode {
    let config = match config::resolve(arguments) {
        Ok(config) => config,
        Err(errors) => return fail(errors),
    };
    let log = Log::to_stderr(config.log.value);
    hint(&config);
    match super::start::serve(arguments, config, &log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error),
    }
}

fn check(arguments: &CheckArguments) -> ExitCode {
    // What only a server that starts would notice is wrong too: ports that are asked for twice.
    let serve = ServeArguments { config: arguments.config.clone(), ..ServeArguments::default() };
    let (config, errors) = config::resolve_all(&serve);
    config.hints.iter().for_each(|hint| tell(format_args!("{hint}\n")));
    errors.iter().for_each(|error| tell(format_args!("{error}\n")));
    let paths = if arguments.paths.is_empty() { settings::handler_folders(&config) } else { arguments.paths.clone() };
    let unknown = profiles::unknown(&config);
    unknown.iter().for_each(|error| tell(format_args!("error: {error}\n")));
    let report = script::check::check(&paths, &config.hooks.value, &settings::script_limits(&config));
    report.errors.iter().for_each(|error| tell(format_args!("{error}\n")));
    let wrong = errors.len() + unknown.len() + report.errors.len();
    let good = counted(report.good.len(), "script");
    if wrong == 0 {
        say(&format!("{good} and the configuration: in order.\n"));
        ExitCode::SUCCESS
    } else {
        tell(format_args!("{}; {good} in order.", counted(wrong, "error")));
        ExitCode::FAILURE
    }
}

/// Prints what can be resolved, also if something is wrong.
fn print_config(arguments: &ServeArguments) -> ExitCode {
    let (config, errors) = config::resolve_all(arguments);
    config.hints.iter().for_each(|hint| tell(format_args!("{hint}\n")));
    errors.iter().for_each(|error| tell(format_args!("{error}\n")));
    // A reader that has seen enough is no fault.
    let _ = std::io::stdout().write_all(config::print::print(&config).as_bytes());
    if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

/// Tells what could be said better.
fn hint(config: &Config) {
    if let Some(file) = &config.file {
        tracing::info!("configured by {}", file.display());
    }
    config.hints.iter().for_each(|hint| tracing::warn!("{hint}"));
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn new(arguments: &NewArguments) -> ExitCode {
    let (config, errors) = config::check(arguments.config.as_deref());
    if !errors.is_empty() {
        return fail(config::ConfigErrors(errors));
    }
    let Some(handlers) = config.handler_roots.value.first() else {
        return fail("the configuration names no folder for handlers: add one to roots in [handlers]");
    };
    match script::new::new(&arguments.name, handlers, &config.doc_root.value) {
        Ok(written) => {
            say(&format!("{written}\n"));
            ExitCode::SUCCESS
        }
        Err(error) => fail(error),
    }
}

fn hosts(arguments: &HostsArguments) -> ExitCode {
    let (config, errors) = config::check(arguments.config.as_deref());
    if !errors.is_empty() {
        return fail(config::ConfigErrors(errors));
    }
    say(&super::names::hosts_file(&config, arguments.address));
    ExitCode::SUCCESS
}

fn certs(arguments: &CertsArguments) -> ExitCode {
    let config = match config::with_certs(arguments.config.as_deref(), arguments.certs.as_deref()) {
        Ok(config) => config,
        Err(errors) => return fail(errors),
    };
    Log::to_stderr(config.log.value);
    let said = match arguments.command {
        Some(CertsCommand::Renew { authority: false }) => super::certs::renew(&config, Renew::Leaf),
        Some(CertsCommand::Renew { authority: true }) => super::certs::renew(&config, Renew::Authority),
        None => Report::of(&config)
            .map(|report| if arguments.json { format!("{:#}", report.json()) } else { report.text() })
            .map_err(|error| error.to_string()),
    };
    match said {
        Ok(text) => {
            say(&format!("{}\n", text.trim_end()));
            ExitCode::SUCCESS
        }
        Err(error) => fail(error),
    }
}

fn open(arguments: &OpenArguments) -> ExitCode {
    let config = match config::with_certs(arguments.config.as_deref(), arguments.certs.as_deref()) {
        Ok(config) => config,
        Err(errors) => return fail(errors),
    };
    Log::to_stderr(config.log.value);
    match super::open::open(arguments, &config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error),
    }
}

/// To whoever reads; `head` stops reading when it has enough.
fn say(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// To whoever looks for errors, a line; nobody may.
fn tell(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn fail(error: impl Display) -> ExitCode {
    tell(format_args!("wireserve: {error}"));
    ExitCode::from(2)
}
