//! `wireserve certs`

use super::super::log::Log;
use super::output::{fail_configuration, finish};
use crate::config::{self, CertsArguments, CertsCommand};
use crate::net::certificates::Renew;
use crate::setup::certs::{self, Report};
use std::process::ExitCode;

pub(super) fn run(arguments: &CertsArguments) -> ExitCode {
    let config = match config::with_certs(arguments.config.as_deref(), arguments.certs.as_deref()) {
        Ok(config) => config,
        Err(errors) => return fail_configuration(&errors),
    };
    Log::to_stderr(&config);
    finish(match arguments.command {
        Some(CertsCommand::Renew { authority: false }) => certs::renew(&config, Renew::Leaf),
        Some(CertsCommand::Renew { authority: true }) => certs::renew(&config, Renew::Authority),
        None => Report::of(&config)
            .map(|report| if arguments.json { format!("{:#}", report.json()) } else { report.text() })
            .map_err(|error| error.to_string()),
    })
}
