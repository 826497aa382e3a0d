//! `wireserve replay`

use crate::client::{ReplayArguments, replay};
use std::process::ExitCode;

pub(super) fn run(arguments: &ReplayArguments) -> ExitCode {
    replay::replay(arguments).into()
}
