//! The configuration edited while the server runs: what can change at once changes, in every worker; what needs a
//! restart is named in the log; a broken edit changes nothing.

use super::log::{self, Log};
use super::orders::Order;
use super::settings::{self, Lasting};
use crate::config::{self, Changes, Config, ServeArguments};
use crate::setup::hosts;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::convert::Infallible;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Editors write a file in several steps: this long without a further one, and it is taken for whole.
const QUIET: Duration = Duration::from_millis(50);
/// A file that is written without end is read all the same, this often.
const MOST_STEPS: usize = 40;
/// Keys whose change is about names.
const NAMES: [&str; 3] = ["alternate_hosts", "subdomains", "not_subdomains"];

/// Follows the edits of the configuration.
pub(super) struct Reloader<'a> {
    pub arguments: &'a ServeArguments,
    pub log: &'a Log,
    /// What the server runs with.
    pub config: Config,
    pub lasting: Lasting,
    pub workers: Vec<mpsc::UnboundedSender<Order>>,
    /// Watched since before anybody was told that the server is there.
    pub edits: Option<Edits>,
}

impl Reloader<'_> {
    /// Never ends.
    pub async fn run(&mut self) -> Infallible {
        // It may have been edited since it was read for the start.
        self.read().await;
        while let Some(edits) = &mut self.edits {
            edits.next().await;
            self.read().await;
        }
        std::future::pending().await
    }

    /// Reads the configuration anew.
    async fn read(&mut self) {
        if let Some(file) = self.config.files.iter().find(|file| !file.exists()) {
            return tracing::warn!("{} was deleted; its settings stay in use", file.display());
        }
        let mut read = match config::resolve(self.arguments) {
            Ok(read) => read,
            Err(errors) => {
                return tracing::error!("the configuration has errors; the previous one stays in use\n{errors}");
            }
        };
        let file = name(&read);
        let Changes { at_once, at_start } = read.keep_from_start(&self.config);
        if read.hints != self.config.hints {
            read.hints.iter().for_each(|hint| tracing::warn!("{hint}"));
            self.config.hints.clone_from(&read.hints);
        }
        if !at_start.is_empty() {
            tracing::warn!("{file} was edited: these need a restart: {}", at_start.join(", "));
        }
        if at_once.is_empty() {
            if at_start.is_empty() {
                tracing::debug!("{file} says the same");
            }
            return;
        }
        match settings::shared(&read, &self.lasting) {
            Ok(shared) => self.change(read, Arc::new(shared), &at_once).await,
            Err(error) => tracing::error!("{file} has errors; the previous configuration stays in use\n{error}"),
        }
    }

    /// Lets every worker go by the new configuration, and tells once all do.
    async fn change(&mut self, read: Config, shared: Arc<super::worker::Shared>, keys: &[String]) {
        let mut done = Vec::with_capacity(self.workers.len());
        for worker in &self.workers {
            let (sender, receiver) = oneshot::channel();
            if worker.send(Order::WorkBy(shared.clone(), sender)).is_ok() {
                done.push(receiver);
            }
        }
        for done in done {
            // A thread that ended has no connections left to serve otherwise.
            let _ = done.await;
        }
        let level = log::level(&read.log);
        // Told in the louder of both levels.
        if level > log::level(&self.config.log) {
            self.log.set(level);
        }
        tracing::info!("{} was edited: changed are {}", name(&read), keys.join(", "));
        self.log.set(level);
        if keys.iter().any(|key| NAMES.contains(&key.as_str())) {
            tokio::spawn(hosts::check_subdomains(read.clone()));
        }
        self.config = read;
    }
}

fn name(config: &Config) -> String {
    config.read_from().unwrap_or_else(|| "the configuration".to_owned())
}

/// Edits of files, as the operating system tells them.
pub(super) struct Edits {
    steps: mpsc::UnboundedReceiver<()>,
    /// Watches until it is dropped.
    _watcher: RecommendedWatcher,
}

impl Edits {
    /// Watches from now on whatever says how the server is to be; `None`, said in the log, where that is not possible.
    pub fn of(config: &Config) -> Option<Self> {
        let watched = Self::watch(&config.candidates());
        watched
            .inspect_err(|error| tracing::warn!("edits of the configuration are not seen until a restart: {error}"))
            .ok()
    }

    /// Watches the folders of the files, so that one that is replaced, or not there yet, is seen too.
    fn watch(files: &[PathBuf]) -> notify::Result<Self> {
        let (sender, steps) = mpsc::unbounded_channel();
        // A link is an edit of its own, and so is one of what it leads to.
        let files: Vec<PathBuf> =
            files.iter().flat_map(|file| [Some(file.clone()), file.canonicalize().ok()]).flatten().collect();
        let names: Vec<OsString> = files.iter().filter_map(|file| file.file_name().map(OsString::from)).collect();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let ours = |path: &PathBuf| path.file_name().is_some_and(|name| names.iter().any(|known| known == name));
            let relevant = match event {
                Ok(event) => !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(ours),
                // Events were lost: anything may have changed.
                Err(_) => true,
            };
            if relevant {
                // Nobody listens any more: the server ends.
                let _ = sender.send(());
            }
        })?;
        let mut folders: Vec<&Path> = files.iter().filter_map(|file| file.parent()).collect();
        folders.sort_unstable();
        folders.dedup();
        for folder in folders {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        Ok(Self { steps, _watcher: watcher })
    }

    /// Waits for an edit, and for its end.
    async fn next(&mut self) {
        let Some(()) = self.steps.recv().await else { return std::future::pending().await };
        for _ in 0..MOST_STEPS {
            if tokio::time::timeout(QUIET, self.steps.recv()).await.is_err() {
                return;
            }
        }
    }
}
