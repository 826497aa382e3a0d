//! What clients did, kept in files of `fixtures/` and compared with what they do now.
//!
//! `WIRESERVE_RECORD=1` adds what is seen to the file: where a client's behaviour depends on timing, each outcome that
//! was seen is listed. Delete the file to begin anew. A client of another version than the recorded one may well
//! differ: that is printed, not failed. So is a difference between two ways of not getting a complete response, such as
//! the client's own error or the server's: which comes first is a race. What a client must do to the code is asserted in
//! the rows of `malformed.rs` and `profiles.rs`.

use super::Outcome;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// URL path → client → what it did, each way that was seen.
type Table = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

#[derive(Default, Serialize, Deserialize)]
pub struct Golden {
    /// Client → the version that did it.
    versions: BTreeMap<String, String>,
    outcomes: Table,
    #[serde(skip)]
    file: PathBuf,
}

impl Golden {
    /// Whether this run records rather than compares.
    pub fn is_recording() -> bool {
        std::env::var_os("WIRESERVE_RECORD").is_some_and(|value| value == "1")
    }

    /// A file of `fixtures/`; empty where there is none.
    pub fn read(name: &str) -> Self {
        let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "fixtures", name].iter().collect();
        let Ok(text) = std::fs::read_to_string(&file) else { return Self { file, ..Self::default() } };
        let read: Self = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{} is not what `WIRESERVE_RECORD=1` writes: {error}", file.display()));
        Self { file, ..read }
    }

    pub fn write(&self) {
        let mut text = serde_json::to_string_pretty(self).expect("maps of strings are JSON");
        text.push('\n');
        std::fs::write(&self.file, text).expect("the golden file can be written");
    }

    /// Adds what was seen. What was recorded of another version of the client is forgotten.
    pub fn insert(&mut self, path: &str, outcome: &Outcome) {
        let recorded = self.versions.insert(outcome.client.clone(), outcome.version.clone());
        if recorded.is_some_and(|recorded| recorded != outcome.version) {
            self.outcomes.values_mut().for_each(|clients| drop(clients.remove(&outcome.client)));
        }
        let clients = self.outcomes.entry(path.to_owned()).or_default();
        clients.entry(outcome.client.clone()).or_default().insert(outcome.summary());
    }

    /// Forgets paths that are no longer fetched.
    pub fn keep(&mut self, paths: &[String]) {
        self.outcomes.retain(|path, _| paths.contains(path));
    }

    /// How an outcome differs from what is recorded. With another version of the client it may: that is printed only.
    pub fn difference(&self, path: &str, outcome: &Outcome) -> Option<String> {
        let (client, did) = (&outcome.client, outcome.summary());
        let recorded = self.outcomes.get(path).and_then(|clients| clients.get(client));
        if recorded.is_some_and(|recorded| recorded.contains(&did)) {
            return None;
        }
        let words = format!("{path}: {client} did {did:?}, recorded is {recorded:?} (WIRESERVE_RECORD=1 records)");
        if self.versions.get(client).is_some_and(|version| *version != outcome.version) {
            eprintln!("another version than recorded: {words}");
            return None;
        }
        if recorded.is_some_and(|recorded| recorded.iter().any(|one| kind(one) == kind(&did))) {
            eprintln!("a race that ended otherwise: {words}");
            return None;
        }
        Some(words)
    }
}

/// A complete response with its status, or none.
fn kind(did: &str) -> Option<&str> {
    let (complete, rest) = did.split_at_checked("complete, status 200".len())?;
    (complete.starts_with("complete, status ") && rest.starts_with(',')).then_some(complete)
}

pub fn sha256(octets: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, octets).as_ref())
}

pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn outcome(client: &str, version: &str, status: i32) -> Outcome {
    let result = super::Ending::Complete;
    Outcome { client: client.into(), version: version.into(), status: Some(status), result, ..Outcome::default() }
}

#[test]
fn races_between_two_errors_are_excused_and_completion_is_not() {
    assert_eq!(kind("complete, status 404, 7 octets"), Some("complete, status 404"));
    assert_eq!(kind("stream-error CANCEL by client"), None);
    let failed = |code| Outcome { result: super::Ending::StreamError, code: Some(code), ..outcome("curl", "1", 200) };
    let mut recorded = Golden::default();
    recorded.insert("/a", &failed(1));
    assert_eq!(recorded.difference("/a", &failed(8)), None);
    assert!(recorded.difference("/a", &outcome("curl", "1", 200)).is_some());
}

#[test]
fn a_difference_is_found_and_another_version_excused() {
    let mut recorded = Golden::default();
    recorded.insert("/a", &outcome("curl", "1", 200));
    assert_eq!(recorded.difference("/a", &outcome("curl", "1", 200)), None);
    assert!(recorded.difference("/a", &outcome("curl", "1", 500)).is_some());
    assert_eq!(recorded.difference("/a", &outcome("curl", "2", 500)), None);
    assert!(recorded.difference("/a", &outcome("node", "1", 200)).is_some(), "what was never recorded is a difference");
    recorded.insert("/a", &outcome("curl", "1", 500));
    assert_eq!(recorded.difference("/a", &outcome("curl", "1", 200)), None, "either way is recorded");
    recorded.insert("/a", &outcome("curl", "2", 404));
    assert!(recorded.difference("/a", &outcome("curl", "2", 200)).is_some(), "the older version's is forgotten");
}
