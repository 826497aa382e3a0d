//! One watcher per process for the folders that scripts came from.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Counts changes to scripts. Each worker compares the count with the one it compiled at; cloning is cheap.
#[derive(Clone)]
pub struct Changes {
    shared: Arc<Shared>,
}

struct Shared {
    generation: Arc<AtomicU64>,
    watcher: Mutex<Option<Watched>>,
}

struct Watched {
    watcher: RecommendedWatcher,
    folders: HashSet<PathBuf>,
}

impl Changes {
    /// Starts the watcher, on its own thread. Where the system has none, changes are still seen by the time
    /// stamps of the files, see [`Loader`](super::loader::Loader).
    pub fn watch() -> Self {
        let generation = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&generation);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let relevant = match event {
                Ok(event) => !matches!(event.kind, EventKind::Access(_)),
                // Events were lost: anything may have changed.
                Err(_) => true,
            };
            if relevant {
                count.fetch_add(1, Ordering::Release);
            }
        });
        let watcher = match watcher {
            Ok(watcher) => Some(Watched { watcher, folders: HashSet::new() }),
            Err(error) => {
                tracing::warn!(target: "script", "cannot watch scripts for changes, looking at their time stamps: {error}");
                None
            }
        };
        Self { shared: Arc::new(Shared { generation, watcher: Mutex::new(watcher) }) }
    }

    /// Watches nothing: for a single look at files.
    pub fn unwatched() -> Self {
        Self { shared: Arc::new(Shared { generation: Arc::default(), watcher: Mutex::new(None) }) }
    }

    /// Grows with every change in a watched folder.
    pub fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::Acquire)
    }

    /// Watches the folder of `file` from now on. Call before reading the file, so that no change is missed.
    pub fn watch_folder_of(&self, file: &Path) {
        let Some(folder) = file.parent() else { return };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let mut guard = self.shared.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(watched) = guard.as_mut() else { return };
        if watched.folders.contains(folder) {
            return;
        }
        match watched.watcher.watch(folder, RecursiveMode::NonRecursive) {
            Ok(()) => {
                watched.folders.insert(folder.to_owned());
            }
            Err(error) => {
                tracing::debug!(target: "script", "cannot watch {}: {error}", folder.display());
            }
        }
    }
}
