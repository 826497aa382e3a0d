//! `wireserve open`

use super::super::log::Log;
use super::output::{fail, fail_configuration};
use crate::config::{self, OpenArguments};
use crate::setup;
use std::process::ExitCode;

pub(super) fn run(arguments: &OpenArguments) -> ExitCode {
    let mut config = match config::with_certs(arguments.config.as_deref(), arguments.certs.as_deref()) {
        Ok(config) => config,
        Err(errors) => return fail_configuration(&errors),
    };
    config.use_root(arguments.root.as_deref());
    Log::to_stderr(&config);
    match setup::open::open(arguments, &config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error),
    }
}
