//! `wireserve schema`

use super::super::outcomes;
use super::output::print_stdout;
use crate::config::{SchemaArguments, SchemaFormat};
use crate::transcript;
use std::process::ExitCode;

pub(super) fn run(arguments: &SchemaArguments) -> ExitCode {
    print_stdout(match arguments.format {
        SchemaFormat::Transcript => transcript::SCHEMA,
        SchemaFormat::Outcome => outcomes::SCHEMA,
    });
    ExitCode::SUCCESS
}
