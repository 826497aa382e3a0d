//! `wireserve decode`

use crate::client::{DecodeArguments, decode};
use std::process::ExitCode;

pub(super) fn run(arguments: &DecodeArguments) -> ExitCode {
    decode::decode(arguments).into()
}
