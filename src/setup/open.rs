//! `wireserve open`: a browser with a fresh profile that trusts the server and knows its names, until it ends.

mod browser;
mod error;
mod target;

use self::browser::{Browser, Kind};
pub use self::error::OpenError;
use super::certificates;
use super::trust::{Trust, certutil, user_js};
use crate::config::{Config, OpenArguments};
use crate::net::signals::Signals;
use std::fs::File;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long a browser that is told to end may take.
const END: Duration = Duration::from_secs(10);
/// Its helpers may write to the profile for a moment after it has ended.
const REMOVALS: u32 = 50;
const BETWEEN_REMOVALS: Duration = Duration::from_millis(100);
/// Lines of the output of a browser that failed.
const LINES: usize = 20;

/// Starts a browser and waits until it ends; then its profile is gone. Ctrl-C and SIGTERM end it.
///
/// # Errors
/// [`OpenError`]: no browser, no server, or the browser failed.
pub fn open(arguments: &OpenArguments, config: &Config) -> Result<(), OpenError> {
    let prepared = Prepared::new(arguments, config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(OpenError::Runtime)?;
    runtime.block_on(async {
        let mut signals = Signals::listen().map_err(OpenError::Runtime)?;
        prepared
            .run(async move {
                let _ = signals.next().await;
            })
            .await
    })
}

/// A browser beside a server of this process.
#[derive(Debug)]
pub struct Beside {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Beside {
    /// Starts it with `url`. What goes wrong is a warning in the log: the server goes on.
    pub fn start(url: String, config: Config) -> Self {
        let (stop, stopped) = oneshot::channel();
        let arguments = OpenArguments { url: Some(url), ..OpenArguments::default() };
        let task = tokio::spawn(async move {
            let prepared = tokio::task::spawn_blocking(move || Prepared::new(&arguments, &config)).await;
            // It panics only if there is a fault in it, which the log has.
            let Ok(prepared) = prepared else { return };
            let ended = match prepared {
                Ok(prepared) => prepared.run(async { drop(stopped.await) }).await,
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                tracing::warn!("--open: {error}");
            }
        });
        Self { task, stop }
    }

    /// Ends it, and waits until it has ended.
    pub async fn end(self) {
        drop(self.stop);
        // A fault was logged.
        let _ = self.task.await;
    }
}

/// A browser that can be started.
struct Prepared {
    browser: Browser,
    command: Command,
    profile: TempDir,
}

impl Prepared {
    fn new(arguments: &OpenArguments, config: &Config) -> Result<Self, OpenError> {
        let certificates = certificates::of(config)?;
        let trust = Trust::of(config, &certificates);
        let url = target::url(arguments, config, &trust)?;
        let browser = Browser::find(arguments.browser.as_deref())?;
        let profile = tempfile::Builder::new().prefix("wireserve-profile-").tempdir().map_err(OpenError::Profile)?;
        let mut command = Command::new(&browser.program);
        match browser.kind {
            Kind::Chromium => {
                command.args(browser::chromium(profile.path(), arguments.headless)).args(trust.chromium());
            }
            Kind::Firefox => {
                prepare_firefox(profile.path(), &trust)?;
                command.args(browser::firefox(arguments.headless)).arg(profile.path());
                // A crash is for the terminal, not for a dialogue.
                command.env("MOZ_CRASHREPORTER_DISABLE", "1");
            }
        }
        command.args(&arguments.arguments).arg(&url);
        tracing::info!("{} opens {url}", browser.program.display());
        Ok(Self { browser, command, profile })
    }

    /// Runs it until it ends, or until it is to end.
    async fn run(self, stopped: impl Future<Output = ()>) -> Result<(), OpenError> {
        let Self { browser: Browser { program, .. }, mut command, profile } = self;
        let failed = |error| OpenError::Start(program.clone(), error);
        // Browsers tell developers of browsers much on standard error: it is shown only if the browser fails.
        let output = profile.path().join("wireserve-output.log");
        command.stderr(File::create(&output).map_err(OpenError::Profile)?);
        let mut child = command.kill_on_drop(true).spawn().map_err(failed)?;
        let status = tokio::select! {
            status = child.wait() => Some(status.map_err(failed)?),
            () = stopped => {
                end(&mut child).await;
                None
            }
        };
        // Without one it was told to end.
        let failed = status.filter(|status| !status.success());
        let ended = failed.map_or(Ok(()), |status| Err(OpenError::Ended(program, status, last_lines(&output))));
        remove(profile).await;
        ended
    }
}

/// The last lines of a file, or as many as can be read.
fn last_lines(file: &Path) -> String {
    let octets = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&octets);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// Tells the browser to end; its children end with it.
async fn end(child: &mut Child) {
    terminate(child);
    if tokio::time::timeout(END, child.wait()).await.is_err() {
        tracing::warn!("the browser does not end within {END:?} and is killed");
        // Already gone is fine.
        let _ = child.kill().await;
    }
}

#[cfg(unix)]
fn terminate(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    // Whoever has no number any more has ended.
    let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
}

#[cfg(not(unix))]
fn terminate(child: &mut Child) {
    let _ = child.start_kill();
}

async fn remove(profile: TempDir) {
    for _ in 0..REMOVALS {
        if std::fs::remove_dir_all(profile.path()).is_ok() {
            break;
        }
        tokio::time::sleep(BETWEEN_REMOVALS).await;
    }
    if profile.path().exists() {
        tracing::warn!("the profile {} is still in use and stays", profile.path().display());
    }
}

fn prepare_firefox(profile: &Path, trust: &Trust) -> Result<(), OpenError> {
    let authority = trust.authority().ok_or(OpenError::NoAuthority)?;
    let file = profile.join("authority.pem");
    std::fs::write(&file, authority).map_err(OpenError::Profile)?;
    for arguments in certutil(&profile.to_string_lossy(), &file.to_string_lossy()) {
        let done = std::process::Command::new("certutil").args(arguments).output().map_err(OpenError::NoCertutil)?;
        if !done.status.success() {
            return Err(OpenError::Certutil(String::from_utf8_lossy(&done.stderr).trim().to_owned()));
        }
    }
    if trust.is_imprecise_in_firefox() {
        tracing::warn!(
            "Firefox will resolve every host name to this server, even names that must not resolve: it can map single \
             names only for loopback addresses"
        );
    }
    std::fs::write(profile.join("user.js"), user_js(&trust.firefox())).map_err(OpenError::Profile)
}
