//! `wireserve show`

use super::output::{fail, fail_configuration, print_stdout, read_config};
use crate::config::ShowArguments;
use crate::site::handlers;
use std::process::ExitCode;

pub(super) fn run(arguments: &ShowArguments) -> ExitCode {
    let config = match read_config(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(errors) => return fail_configuration(&errors),
    };
    let roots = &config.handler_roots.value;
    let Some(name) = &arguments.handler else {
        let all = handlers::all(roots);
        let width = all.keys().map(String::len).max().unwrap_or_default();
        let line = |(name, handler): (&String, &handlers::Handler)| {
            let own = if handler.file.is_some() { "*" } else { " " };
            let line = format!("{own} {name:width$}  {}", handler.summary());
            line.trim_end().to_owned() + "\n"
        };
        print_stdout(&all.iter().map(line).collect::<String>());
        return ExitCode::SUCCESS;
    };
    match handlers::find(name, roots) {
        Ok(handler) => {
            print_stdout(&handler.text);
            ExitCode::SUCCESS
        }
        Err(error) => fail(error),
    }
}
