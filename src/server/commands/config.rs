//! `wireserve config`

use super::output::{fail, print_stderr, print_stdout};
use crate::config::{self, ConfigArguments};
use std::process::ExitCode;

/// Prints what can be resolved, also if something is wrong.
pub(super) fn run(arguments: &ConfigArguments) -> ExitCode {
    let mut serve = arguments.serve.clone();
    if let Err(error) = serve.enter_folder() {
        return fail(error);
    }
    let (config, errors) = config::resolve_all(&serve);
    config.hints.iter().for_each(|hint| print_stderr(format_args!("warning: {hint}\n")));
    errors.iter().for_each(|error| print_stderr(format_args!("error: {error}\n")));
    print_stdout(&config::print::print(&config, arguments.comments));
    if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) }
}
