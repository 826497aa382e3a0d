//! `wireserve completions` and `wireserve man`: what a shell and `man` know of the command line.

use super::output::{finish, print_stdout};
use crate::config::{Arguments, CompletionsArguments, ManArguments};
use clap::CommandFactory;
use std::fs;
use std::process::ExitCode;

pub(super) fn completions(arguments: &CompletionsArguments) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "wireserve", &mut script);
    print_stdout(&String::from_utf8_lossy(&script));
    ExitCode::SUCCESS
}

pub(super) fn man(arguments: &ManArguments) -> ExitCode {
    let folder = &arguments.folder;
    let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Arguments::command(), folder));
    let done = format!("Wrote the manual pages to {}.", folder.display());
    finish(written.map(|()| done).map_err(|error| format!("cannot write to {}: {error}", folder.display())))
}
