//! What the hooks of all workers share, for as long as the server runs.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::script::values::Values;

/// Different failures that are remembered.
const MAX_FAILURES: usize = 1000;

/// Which hooks a server has, and what those of all its workers share.
#[derive(Clone, Default)]
pub struct Options {
    /// The scripts, in the order in which they are called.
    pub scripts: Vec<PathBuf>,
    /// What outlives every configuration.
    pub shared: Arc<Shared>,
}

/// The same for all workers and configurations of a server.
#[derive(Default)]
pub struct Shared {
    /// `server.context`.
    pub values: Arc<Values>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Scripts whose `on_start` was called.
    started: HashSet<PathBuf>,
    /// What each script was when it was loaded last, as a hash of its text.
    texts: HashMap<PathBuf, u64>,
    failures: BTreeMap<(PathBuf, &'static str), Failure>,
}

/// A hook that failed, since its script was edited last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The function.
    pub function: &'static str,
    /// Its script.
    pub script: PathBuf,
    /// How often.
    pub times: u64,
    /// The last error, in one line with its place.
    pub error: String,
}

impl Shared {
    /// Whether this is the first call for this script: the caller then calls `on_start`.
    pub fn starts(&self, script: &Path) -> bool {
        self.state().started.insert(script.to_owned())
    }

    /// A worker goes by this text from now on: failures of another one are past.
    pub fn loaded(&self, script: &Path, text: &str) {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let mut state = self.state();
        let before = state.texts.insert(script.to_owned(), hasher.finish());
        if before != Some(hasher.finish()) {
            state.failures.retain(|(path, _), _| path != script);
        }
    }

    /// Remembers a failure.
    pub fn failed(&self, script: &Path, function: &'static str, error: String) {
        let mut state = self.state();
        let key = (script.to_owned(), function);
        if state.failures.len() >= MAX_FAILURES && !state.failures.contains_key(&key) {
            return;
        }
        let failure = state.failures.entry(key).or_insert_with(|| Failure {
            function,
            script: script.to_owned(),
            times: 0,
            error: String::new(),
        });
        failure.times += 1;
        failure.error = error;
    }

    /// What failed of these scripts.
    pub fn failures(&self, scripts: &[&Path]) -> Vec<Failure> {
        let state = self.state();
        state.failures.values().filter(|failure| scripts.contains(&failure.script.as_path())).cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_until_another_text_is_loaded() {
        let (shared, script, other) = (Shared::default(), PathBuf::from("a.rhai"), PathBuf::from("b.rhai"));
        shared.loaded(&script, "one");
        shared.failed(&script, "on_request", "first".to_owned());
        shared.failed(&script, "on_request", "second".to_owned());
        shared.failed(&other, "on_status", "elsewhere".to_owned());
        // Another worker, the same text.
        shared.loaded(&script, "one");
        let [failure] = &shared.failures(&[&script])[..] else { panic!("one failure") };
        assert_eq!((failure.times, &*failure.error), (2, "second"));
        shared.loaded(&script, "two");
        assert_eq!(shared.failures(&[&script, &other]).len(), 1);
        assert!(shared.starts(&other) && !shared.starts(&other));
    }
}
