//! `wireserve view`

use super::super::log::Log;
use super::output::{fail, fail_configuration, print_stderr, print_stdout};
use crate::config::{self, LogLevel, ServeArguments, ViewArguments};
use crate::server::start::{self, View};
use crate::transcript::{Saved, Snapshot};
use std::path::Path;
use std::process::ExitCode;
use tempfile::TempDir;

/// Bytes of a file: in memory a transcript takes several times as much.
const MAX_FILE: u64 = 1 << 30;

/// Nothing but the inspector, for this machine alone, and nothing recorded of who looks.
const CONFIG: &str =
    "check_subdomains = false\nworkers = 1\n[ports]\nhttp = [\"auto\"]\nhttps = []\n[transcript]\nconnection = 0\n";

pub(super) fn run(arguments: &ViewArguments) -> ExitCode {
    let mut saved = Vec::new();
    for file in &arguments.files {
        match read(file) {
            Ok(snapshot) => saved.push(snapshot),
            Err(text) => return fail(text),
        }
    }
    let folder = match prepare() {
        Ok(folder) => folder,
        Err(error) => return fail(format_args!("a temporary directory cannot be written: {error}")),
    };
    let (file, root) = (folder.path().join("wpt.toml"), folder.path().join("root"));
    let port = arguments.port.unwrap_or(config::Port::Auto);
    let serve = ServeArguments {
        config: Some(file),
        root: Some(root),
        certs: Some(folder.path().join("certs")),
        port: Some(port),
        log: Some(LogLevel::Warn),
        open: arguments.open.then(|| "/_wire/".to_owned()),
        ..ServeArguments::default()
    };
    let config = match config::resolve(&serve) {
        Ok(config) => config,
        Err(errors) => return fail_configuration(&errors),
    };
    let log = Log::to_stderr(&config);
    match start::serve(&serve, config, &log, Some(View { saved, announce })) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error),
    }
}

/// A transcript from a file. Lines that cannot be read are left out, and the user is told.
///
/// # Errors
/// What is wrong with the file, in words.
fn read(file: &Path) -> Result<Snapshot, String> {
    let name = file.display();
    let length = std::fs::metadata(file).map_err(|error| format!("{name} cannot be read: {error}"))?.len();
    if length > MAX_FILE {
        return Err(format!(
            "{name} has {length} bytes; the limit is {MAX_FILE}\nhelp: split it into several files, each with the first line"
        ));
    }
    let octets = std::fs::read(file).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let saved = Snapshot::read_saved(&octets);
    let Saved { snapshot, remarks, left_out } =
        saved.map_err(|error| format!("{name} is not a transcript: {error}\n{HELP}"))?;
    for remark in &remarks {
        print_stderr(format!("warning: {name}, {remark}: left out"));
    }
    let more = left_out - remarks.len() as u64;
    if more > 0 {
        print_stderr(format!("warning: {name}: {more} more lines are left out"));
    }
    Ok(snapshot)
}

const HELP: &str = "help: save one with `curl http://localhost:8000/_wire/connections/ID.jsonl`, or in the inspector";

/// A directory with a configuration.
fn prepare() -> std::io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("wireserve-view-").tempdir()?;
    std::fs::create_dir(folder.path().join("root"))?;
    std::fs::write(folder.path().join("wpt.toml"), CONFIG)?;
    Ok(folder)
}

/// Says where the page is.
fn announce(url: &str) {
    print_stdout(&format!("{url}\n"));
    print_stderr("Open this URL in a browser. Press Ctrl-C to stop.");
}
