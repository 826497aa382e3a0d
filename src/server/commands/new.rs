//! `wireserve new`

use super::output::{fail, fail_configuration, finish, read_config};
use crate::config::NewArguments;
use crate::{setup, site};
use std::process::ExitCode;

pub(super) fn run(arguments: &NewArguments) -> ExitCode {
    let config = match read_config(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(errors) => return fail_configuration(&errors),
    };
    let Some(handlers) = config.handler_roots.value.first() else {
        return fail("the configuration has no directory for handlers\nhelp: add one to `roots` in [handlers]");
    };
    let from = arguments.from.as_deref().map(|from| site::handlers::find(from, &config.handler_roots.value));
    match from.transpose() {
        Ok(from) => {
            let written = setup::new::new(&arguments.name, from.as_ref(), handlers, &config.doc_root.value);
            finish(written.map(|written| written.text(&setup::profiles::host_suffix(&config))))
        }
        Err(error) => fail(error),
    }
}
