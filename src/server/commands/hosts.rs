//! `wireserve hosts`

use super::output::{fail_configuration, print_stdout, read_config};
use crate::config::HostsArguments;
use crate::setup;
use std::process::ExitCode;

pub(super) fn run(arguments: &HostsArguments) -> ExitCode {
    match read_config(arguments.config.as_deref()) {
        Ok(mut config) => {
            config.use_root(arguments.root.as_deref());
            print_stdout(&setup::hosts::hosts_file(&config, arguments.address));
            ExitCode::SUCCESS
        }
        Err(errors) => fail_configuration(&errors),
    }
}
