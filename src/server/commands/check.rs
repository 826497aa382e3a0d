//! `wireserve check`

use super::output::{print_stderr, print_stdout};
use crate::config::CheckArguments;
use crate::setup;
use std::process::ExitCode;

pub(super) fn run(arguments: &CheckArguments) -> ExitCode {
    let report = setup::check::check(arguments);
    report.messages().for_each(print_stderr);
    if report.is_ok() {
        print_stdout(&format!("{report}\n"));
        ExitCode::SUCCESS
    } else {
        print_stderr(report);
        ExitCode::FAILURE
    }
}
