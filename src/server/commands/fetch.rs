//! `wireserve fetch`

use crate::client::{FetchArguments, fetch};
use std::process::ExitCode;

pub(super) fn run(arguments: &FetchArguments) -> ExitCode {
    fetch::fetch(arguments).into()
}
