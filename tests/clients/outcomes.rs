//! What clients did, kept in `fixtures/outcomes.json` and compared with what they do now.
//!
//! `WIRESERVE_RECORD=1` adds what is seen to the file: where a client's behaviour depends on timing, each outcome that
//! was seen is listed. Delete the file to begin anew. A client of another version than the recorded one may well
//! differ: that is printed, not failed.

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
}

impl Golden {
    fn path() -> PathBuf {
        [env!("CARGO_MANIFEST_DIR"), "fixtures", "outcomes.json"].iter().collect()
    }

    pub fn read() -> Self {
        let text = std::fs::read_to_string(Self::path()).unwrap_or_else(|_| "{}".into());
        let empty = || panic!("{} is not what `WIRESERVE_RECORD=1` writes", Self::path().display());
        if text.trim() == "{}" { Self::default() } else { serde_json::from_str(&text).unwrap_or_else(|_| empty()) }
    }

    pub fn insert(&mut self, path: &str, outcome: &Outcome) {
        self.versions.insert(outcome.client.clone(), outcome.version.clone());
        let clients = self.outcomes.entry(path.to_owned()).or_default();
        clients.entry(outcome.client.clone()).or_default().insert(outcome.summary());
    }

    /// How many clients fetched the path.
    pub fn clients(&self, path: &str) -> usize {
        self.outcomes.get(path).map_or(0, BTreeMap::len)
    }

    /// Compares what clients did now with this record, one line per difference. A client that is not in `now` (not
    /// installed) is passed over; another version gives a line on standard error only.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        for (path, clients) in &now.outcomes {
            for (client, did) in clients {
                let recorded = self.outcomes.get(path).and_then(|clients| clients.get(client));
                if recorded.is_some_and(|recorded| did.is_subset(recorded)) {
                    continue;
                }
                let line = format!("{path}: {client} did {did:?}, recorded is {recorded:?}");
                if self.versions.get(client).is_none_or(|version| now.versions.get(client) == Some(version)) {
                    differences.push(line);
                } else {
                    eprintln!("another version than recorded: {line}");
                }
            }
        }
        differences
    }

    /// Adds what another run saw. What was recorded of another version of a client is forgotten.
    fn add(&mut self, now: Self) {
        for (client, version) in now.versions {
            if self.versions.get(&client).is_some_and(|recorded| *recorded != version) {
                self.outcomes.values_mut().for_each(|clients| drop(clients.remove(&client)));
            }
            self.versions.insert(client, version);
        }
        for (path, clients) in now.outcomes {
            for (client, did) in clients {
                self.outcomes.entry(path.clone()).or_default().entry(client).or_default().extend(did);
            }
        }
    }

    /// Forgets paths that are no longer fetched.
    fn keep(&mut self, paths: &BTreeSet<&str>) {
        self.outcomes.retain(|path, _| paths.contains(path.as_str()));
    }

    /// Compares with the file, or adds to it.
    ///
    /// # Panics
    /// If something differs.
    pub fn check(self) {
        let mut recorded = Self::read();
        if std::env::var_os("WIRESERVE_RECORD").is_some_and(|value| value == "1") {
            recorded.keep(&self.outcomes.keys().map(String::as_str).collect());
            recorded.add(self);
            let mut text = serde_json::to_string_pretty(&recorded).expect("maps of strings are JSON");
            text.push('\n');
            std::fs::write(Self::path(), text).expect("the golden file can be written");
            return;
        }
        let differences = recorded.differences(&self);
        assert!(differences.is_empty(), "{}\n(WIRESERVE_RECORD=1 records them)", differences.join("\n"));
    }
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
fn a_difference_is_found_and_another_version_excused() {
    let mut recorded = Golden::default();
    recorded.insert("/a", &outcome("curl", "1", 200));
    let mut now = Golden::default();
    now.insert("/a", &outcome("curl", "1", 200));
    assert_eq!(recorded.differences(&now), [""; 0]);
    let mut other = Golden::default();
    other.insert("/a", &outcome("curl", "1", 500));
    assert_eq!(recorded.differences(&other).len(), 1);
    let mut newer = Golden::default();
    newer.insert("/a", &outcome("curl", "2", 500));
    assert_eq!(recorded.differences(&newer), [""; 0]);
    recorded.add(other);
    assert_eq!(recorded.differences(&now), [""; 0], "either way is recorded");
    now.insert("/new", &outcome("node", "1", 200));
    assert_eq!(recorded.differences(&now).len(), 1, "what was never recorded is a difference");
}
