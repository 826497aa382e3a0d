//! `wireserve serve`

use super::super::log::Log;
use super::output::{fail, fail_configuration};
use crate::config::{self, ServeArguments};
use crate::server::start;
use std::process::ExitCode;

pub(super) fn run(arguments: &ServeArguments) -> ExitCode {
    let mut arguments = arguments.clone();
    if let Err(error) = arguments.enter_folder() {
        return fail(error);
    }
    let arguments = &arguments;
    let config = match config::resolve(arguments) {
        Ok(config) => config,
        Err(errors) => return fail_configuration(&errors),
    };
    let log = Log::to_stderr(&config);
    if let Some(files) = config.read_from() {
        tracing::info!("configured by {files}");
    }
    config.hints.iter().for_each(|hint| tracing::warn!("{hint}"));
    config.notes.iter().for_each(|note| tracing::info!("{note}"));
    match start::serve(arguments, config, &log, None) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error),
    }
}
