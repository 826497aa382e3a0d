//! `wireserve new`

use super::output::{fail, fail_configuration, finish, read_config};
use crate::config::NewArguments;
use crate::setup;
use std::process::ExitCode;

pub(super) fn run(arguments: &NewArguments) -> ExitCode {
    let config = match read_config(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(errors) => return fail_configuration(&errors),
    };
    let Some(handlers) = config.handler_roots.value.first() else {
        return fail("the configuration has no directory for handlers\nhelp: add one to `roots` in [handlers]");
    };
    let written = setup::new::new(&arguments.name, handlers, &config.doc_root.value);
    finish(written.map(|written| written.to_string()))
}
