//! Chromium and Firefox, headless, each with a fresh profile that trusts one authority.

pub mod pages;
pub mod selftest;

use crate::support::process::{Process, run};
use crate::support::programs::require;
use crate::support::report::Reports;
use crate::support::server::Server;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// From start to the page's report. Cold starts take 1 to 5 s on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Browser {
    Chromium,
    Firefox,
}

/// Whom a browser trusts, and what it resolves.
pub struct Trust {
    /// The authority's PEM file.
    pub ca: PathBuf,
    /// Base64 of SHA-256 of a public key in the server's chain.
    pub spki: String,
}

impl Trust {
    pub fn of(server: &Server) -> Self {
        Self { ca: server.ca(), spki: server.spki().to_owned() }
    }
}

/// Host names beside localhost that lead to 127.0.0.1.
const HOSTS: [&str; 3] = ["web-platform.test", "www.web-platform.test", "not-web-platform.test"];

impl Browser {
    pub const ALL: [Self; 2] = [Self::Chromium, Self::Firefox];

    /// Opens `url` with `report=` the reports' URL in its query and waits for the page's report; `None` when the
    /// browser is not installed.
    ///
    /// # Panics
    /// If no report comes in time; the browser's standard error is in the message.
    pub fn report(self, trust: &Trust, url: &str) -> Option<Value> {
        let profile = tempfile::tempdir().expect("a temporary folder");
        let reports = Reports::listen();
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}report={}", reports.url());
        let process = self.launch(&profile, trust, &url)?;
        let report = reports.next(PATIENCE);
        let Some(report) = report else { panic!("no report from {self:?} for {url}:\n{}", process.stderr()) };
        self.quit(process);
        Some(report)
    }

    fn launch(self, profile: &TempDir, trust: &Trust, url: &str) -> Option<Process> {
        match self {
            Self::Chromium => chromium(profile.path(), trust, url),
            Self::Firefox => firefox(profile.path(), trust, url),
        }
    }

    /// Lets it end by itself, children included, before its profile goes.
    fn quit(self, mut process: Process) {
        process.signal("TERM");
        if process.wait(Duration::from_secs(10)).is_none() {
            eprintln!("{self:?} does not end at SIGTERM and is killed");
        }
    }
}

fn chromium(profile: &Path, trust: &Trust, url: &str) -> Option<Process> {
    let mut command = Command::new(require("chromium")?);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    // A container's /dev/shm may be too small.
    command.arg("--disable-dev-shm-usage");
    command.arg(format!("--user-data-dir={}", profile.display()));
    // A list of keys, not --ignore-certificate-errors: that would stop it from coalescing connections.
    command.arg(format!("--ignore-certificate-errors-spki-list={}", trust.spki));
    let names = ["web-platform.test", "not-web-platform.test"];
    let rules = names.map(|name| format!("MAP {name} 127.0.0.1, MAP *.{name} 127.0.0.1")).join(", ");
    // The second rule keeps its own services off the network.
    command.arg(format!("--host-resolver-rules={rules}, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"));
    Some(Process::start(command.arg(url)))
}

fn firefox(profile: &Path, trust: &Trust, url: &str) -> Option<Process> {
    let (firefox, certutil) = (require("firefox-esr")?, require("certutil")?);
    let database = format!("sql:{}", profile.display());
    for arguments in [&["-N", "--empty-password"][..], &["-A", "-n", "ca", "-t", "C,,", "-i"][..]] {
        let mut command = Command::new(&certutil);
        command.args(arguments);
        if arguments.contains(&"-i") {
            command.arg(&trust.ca);
        }
        let finished = run(command.args(["-d", &database]), PATIENCE);
        assert_eq!(finished.code(), Some(0), "certutil {arguments:?}: {}", finished.stderr);
    }
    std::fs::write(profile.join("user.js"), firefox_preferences()).expect("the profile can be written");
    let mut command = Command::new(firefox);
    command.args(["-headless", "-no-remote", "-profile"]).arg(profile).arg(url);
    command.env("HOME", profile).env("MOZ_CRASHREPORTER_DISABLE", "1");
    Some(Process::start(&mut command))
}

fn firefox_preferences() -> String {
    let hosts = HOSTS.join(",");
    let preferences = [
        ("network.dns.localDomains", format!("\"{hosts}\"")),
        // With it on, connections are never coalesced.
        ("network.http.happy_eyeballs_enabled", "false".into()),
        ("browser.shell.checkDefaultBrowser", "false".into()),
        ("browser.startup.homepage_override.mstone", "\"ignore\"".into()),
        ("startup.homepage_welcome_url", "\"\"".into()),
        ("browser.aboutwelcome.enabled", "false".into()),
        ("datareporting.policy.dataSubmissionEnabled", "false".into()),
        ("datareporting.policy.firstRunURL", "\"\"".into()),
        ("toolkit.telemetry.enabled", "false".into()),
        ("toolkit.telemetry.server", "\"\"".into()),
        ("app.normandy.enabled", "false".into()),
        ("app.update.enabled", "false".into()),
        ("services.settings.server", "\"data:,\"".into()),
        ("extensions.update.enabled", "false".into()),
        ("browser.safebrowsing.downloads.enabled", "false".into()),
        ("browser.safebrowsing.malware.enabled", "false".into()),
        ("browser.safebrowsing.phishing.enabled", "false".into()),
        ("network.captive-portal-service.enabled", "false".into()),
        ("network.connectivity-service.enabled", "false".into()),
        ("network.prefetch-next", "false".into()),
        ("network.trr.mode", "5".into()),
    ];
    preferences.iter().map(|(name, value)| format!("user_pref(\"{name}\", {value});\n")).collect()
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
