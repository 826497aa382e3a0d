//! What commands have in common: reading the configuration, printing, exit codes.

use crate::config::{Config, ConfigErrors};
use crate::site;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// The configuration of the file, for a command that needs all of it to be right.
pub(super) fn read_config(file: Option<&Path>) -> Result<Config, ConfigErrors> {
    let (config, errors) = crate::config::check(file);
    if errors.is_empty() { Ok(config) } else { Err(ConfigErrors(errors)) }
}

/// Prints to standard output. A reader that has read enough, such as `head`, is no failure.
pub(super) fn print_stdout(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;

/// Columns that lines of text have at most: longer ones are hard to read.
const MAX_COLUMNS: usize = 110;

/// Prints a text in Markdown: laid out for people at a terminal, as it is for programs.
pub(super) fn print_markdown(markdown: &str) -> ExitCode {
    let stdout = std::io::stdout();
    if !stdout.is_terminal() {
        print_stdout(markdown);
        return ExitCode::SUCCESS;
    }
    let text = site::docs::terminal(markdown, columns().unwrap_or(COLUMNS).min(MAX_COLUMNS));
    let mut stdout = anstream::AutoStream::auto(stdout.lock());
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    ExitCode::SUCCESS
}

/// Columns of the terminal.
fn columns() -> Option<usize> {
    #[cfg(unix)]
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col));
    #[cfg(not(unix))]
    let size = None;
    size.filter(|columns| *columns > 0)
}

/// Prints a line to standard error. Ignores failures: standard error may be closed.
pub(super) fn print_stderr(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints what a command did, or why it failed.
pub(super) fn finish<E: Display>(done: Result<String, E>) -> ExitCode {
    match done {
        Ok(text) => {
            print_stdout(&format!("{}\n", text.trim_end()));
            ExitCode::SUCCESS
        }
        Err(error) => fail(error),
    }
}

/// Prints why a command failed; `error` may have more lines, such as `help: …`.
pub(super) fn fail(error: impl Display) -> ExitCode {
    fail_with(2, error)
}

/// The same with another exit code.
pub(super) fn fail_with(code: u8, error: impl Display) -> ExitCode {
    print_stderr(format_args!("error: {error}"));
    ExitCode::from(code)
}

/// Prints everything that is wrong with a configuration.
pub(super) fn fail_configuration(errors: &ConfigErrors) -> ExitCode {
    print_stderr(errors);
    ExitCode::from(2)
}
