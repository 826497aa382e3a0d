//! `wireserve check`

use super::output::{fail, print_stderr, print_stdout};
use crate::config::{CheckArguments, CheckFormat};
use crate::setup;
use crate::setup::check::Report;
use notify::{Event, EventKind, RecursiveMode, Watcher};
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

/// Silence after which an editor has written all that it writes.
const QUIET: Duration = Duration::from_millis(50);

pub(super) fn run(arguments: &CheckArguments) -> ExitCode {
    if arguments.watch {
        return watch(arguments);
    }
    let report = setup::check::check(arguments);
    print(&report, arguments.format());
    if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print(report: &Report, format: CheckFormat) {
    match format {
        CheckFormat::Json => print_stdout(&format!("{}\n", report.to_json())),
        CheckFormat::Short => {
            let lines: String = report.findings().iter().map(|finding| format!("{finding}\n")).collect();
            print_stdout(&lines);
        }
        CheckFormat::Text => {
            report.messages().for_each(print_stderr);
            if report.is_ok() { print_stdout(&format!("{report}\n")) } else { print_stderr(report) }
        }
    }
}

/// Checks now, and again after each change.
fn watch(arguments: &CheckArguments) -> ExitCode {
    let (sender, changes) = mpsc::channel();
    let changed = move |event: notify::Result<Event>| {
        // Where events were lost, anything may have changed.
        if event.map_or(true, |event| {
            !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(|path| is_checked(path))
        }) {
            let _ = sender.send(());
        }
    };
    let mut watcher = match notify::recommended_watcher(changed) {
        Ok(watcher) => watcher,
        Err(error) => return fail(format_args!("cannot watch for changes: {error}")),
    };
    for (folder, with_all_in_it) in setup::check::watched(arguments) {
        let mode = if with_all_in_it { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        if let Err(error) = watcher.watch(&folder, mode) {
            print_stderr(format_args!("warning: cannot watch {} for changes: {error}", folder.display()));
        }
    }
    loop {
        print(&setup::check::check(arguments), arguments.format());
        if changes.recv().is_err() {
            return ExitCode::SUCCESS;
        }
        while changes.recv_timeout(QUIET).is_ok() {}
    }
}

/// Whether a file with this name may have to do with what is checked.
fn is_checked(path: &Path) -> bool {
    path.extension().is_none_or(|extension| extension == "rhai" || extension == "toml" || extension == "json")
}
