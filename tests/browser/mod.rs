//! Chromium and Firefox, headless, each started by `wireserve open` with a fresh profile that trusts one authority.

pub mod cookbook;
pub mod hosts;
pub mod inspector;
pub mod outcomes;
pub mod pages;
pub mod selftest;
pub mod testharness;
pub mod witnesses;

use crate::support::process::Process;
use crate::support::programs::require;
use crate::support::report::Reports;
use crate::support::server::Server;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// From start to the page's report. Cold starts take 1 to 5 s on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Browser {
    Chromium,
    Firefox,
}

/// Whom a browser trusts, and what it resolves: the arguments of `wireserve open`.
pub struct Trust {
    /// The folder of the authority.
    certs: PathBuf,
    /// The configuration with the names; the defaults without one.
    config: Option<PathBuf>,
    /// The directory that is served.
    root: Option<PathBuf>,
}

impl Trust {
    pub fn of(server: &Server) -> Self {
        let config = server.folder().join("wpt.toml");
        let (config, root) = (config.exists().then_some(config), Some(server.folder().to_owned()));
        Self { config, root, ..Self::in_folder(server.ca().parent().expect("a folder")) }
    }

    /// An authority in files that are named as the server's.
    pub fn in_folder(certs: &Path) -> Self {
        Self { certs: certs.to_owned(), config: None, root: None }
    }
}

impl Browser {
    pub const ALL: [Self; 2] = [Self::Chromium, Self::Firefox];

    /// Opens `url` with `report=` the reports' URL in its query and waits for the page's report; `None` when the
    /// browser is not installed.
    ///
    /// # Panics
    /// If no report comes in time; the browser's standard error is in the message.
    pub fn report(self, trust: &Trust, url: &str) -> Option<Value> {
        self.report_with(trust, url, &[])
    }

    /// The same, with more arguments for the browser.
    pub fn report_with(self, trust: &Trust, url: &str, arguments: &[&str]) -> Option<Value> {
        let reports = Reports::listen();
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}report={}", reports.url());
        let program = self.program()?;
        // Its home, its profile, and the folder in which it runs: nothing is left, and no wpt.toml is found.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut process = Process::start(open(&program, trust, &url, folder.path()).arg("--").args(arguments));
        let report = reports.next(PATIENCE);
        self.quit(&mut process);
        assert_eq!(profiles(folder.path()), 0, "the profile stays: {}", process.stderr());
        let Some(report) = report else { panic!("no report from {self:?} for {url}:\n{}", process.stderr()) };
        Some(report)
    }

    fn program(self) -> Option<PathBuf> {
        match self {
            Self::Chromium => require("chromium"),
            Self::Firefox => require("certutil").and_then(|_| require("firefox-esr")),
        }
    }

    /// Lets it end by itself, children included, before its profile goes.
    fn quit(self, process: &mut Process) {
        process.signal("TERM");
        let status = process.wait(PATIENCE).unwrap_or_else(|| panic!("{self:?} does not end at SIGTERM"));
        assert_eq!(status.code(), Some(0), "{self:?}: {}", process.stderr());
    }
}

fn open(program: &Path, trust: &Trust, url: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireserve"));
    command.args(["open", "--headless", "--browser"]).arg(program).arg("--certs").arg(&trust.certs);
    if let Some(config) = &trust.config {
        command.arg("--config").arg(config);
    }
    if let Some(root) = &trust.root {
        command.arg("--root").arg(root);
    }
    command.arg(url).current_dir(folder).env("HOME", folder).env("TMPDIR", folder);
    command
}

/// How many profiles are in the folder.
fn profiles(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("the folder").flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("wireserve-profile-")).count()
}

/// A page that runs `script`, an async function's body, and reports what it returns, or `{ error }`.
pub fn page(script: &str) -> String {
    format!(
        r#"<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>test</title>
<script>
const run = async () => {{
{script}
}};
const send = (result) => fetch(new URLSearchParams(location.search).get("report"),
  {{ method: "POST", mode: "no-cors", body: JSON.stringify(result) }});
run().then(send, (error) => send({{ error: String(error) }}));
</script>
"#
    )
}
