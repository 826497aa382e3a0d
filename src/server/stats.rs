//! How the workers stand, gathered when the status page is asked for.

use crate::net;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a worker may take to report; one that takes longer is shown as unresponsive.
const REPORT_TIMEOUT: Duration = Duration::from_secs(1);

/// Asks a worker to report to this sender; false if the worker has ended.
pub(super) type WorkerHandle = Box<dyn Fn(oneshot::Sender<WorkerStats>) -> bool + Send + Sync>;

/// When the server started, and how to ask its workers. Every configuration shares the same one.
pub(super) struct WorkerHandles {
    started: Instant,
    workers: OnceLock<Vec<WorkerHandle>>,
    stopping: AtomicBool,
}

/// The numbers of one worker.
#[derive(Debug, Default)]
pub(super) struct WorkerStats {
    pub connections: usize,
    pub http2_connections: usize,
    pub streams: usize,
    pub requests: u64,
    /// Handlers that have not ended.
    pub handlers: usize,
    /// Those of them that run, and do not wait.
    pub running_handlers: usize,
    /// What is wrong with scripts, one line each.
    pub errors: Vec<String>,
    /// How often limits were reached, by name.
    pub limits_met: BTreeMap<String, u64>,
    /// How many connections each profile controls.
    pub profiles: BTreeMap<String, u64>,
    /// How often profiles failed, by what went wrong, in one line.
    pub profile_failures: BTreeMap<String, u64>,
}

impl WorkerHandles {
    pub fn new() -> Self {
        Self { started: net::now(), workers: OnceLock::new(), stopping: AtomicBool::new(false) }
    }

    /// Sets the workers to ask. Workers are started once: later calls do nothing.
    pub fn set(&self, workers: Vec<WorkerHandle>) {
        let _ = self.workers.set(workers);
    }

    /// The server stops: responses without an end are to end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the server stops.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Time since the server started.
    pub fn uptime(&self) -> Duration {
        net::now().saturating_duration_since(self.started)
    }

    /// Workers that have ended, though the server runs.
    pub fn num_ended(&self) -> usize {
        let ended = |worker: &&WorkerHandle| !worker(oneshot::channel().0);
        self.workers.get().into_iter().flatten().filter(ended).count()
    }

    /// What each worker reports; `None` for one that does not answer in time or has ended.
    pub async fn stats(&self) -> Vec<Option<WorkerStats>> {
        let mut waiting = Vec::new();
        for worker in self.workers.get().into_iter().flatten() {
            let (sender, answer) = oneshot::channel();
            waiting.push(worker(sender).then_some(answer));
        }
        let deadline = tokio::time::Instant::now() + REPORT_TIMEOUT;
        let mut stats = Vec::new();
        for answer in waiting {
            stats.push(match answer {
                Some(answer) => tokio::time::timeout_at(deadline, answer).await.ok().and_then(Result::ok),
                None => None,
            });
        }
        stats
    }
}

/// Adds counts to counts, by name.
pub(super) fn add(all: &mut BTreeMap<String, u64>, more: impl IntoIterator<Item = (String, u64)>) {
    more.into_iter().for_each(|(name, times)| *all.entry(name).or_default() += times);
}
