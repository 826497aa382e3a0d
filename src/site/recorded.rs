//! What known clients do with the shipped handlers, as the tests recorded it.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// What the tests fetch with each client, and what a client did that a handler's head does not expect.
#[derive(Deserialize)]
struct Recorded {
    versions: BTreeMap<String, String>,
    /// By path and query, then by client.
    deviations: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

static RECORDED: LazyLock<Option<Recorded>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../fixtures/deviations.json")).ok());

/// What a client did with a query of a handler: all that was seen.
pub(super) struct Deviation<'a> {
    pub query: &'a str,
    pub client: &'a str,
    pub outcomes: &'a [String],
}

/// The recorded clients, with their versions.
pub(super) fn clients() -> impl Iterator<Item = (&'static str, &'static str)> {
    RECORDED.iter().flat_map(|all| &all.versions).map(|(name, version)| (name.as_str(), version.as_str()))
}

/// What clients do with the shipped handler at this path below `handlers/` that its head does not expect.
pub(super) fn deviations(path: &str) -> impl Iterator<Item = Deviation<'static>> {
    let prefix = format!("/handlers/{path}");
    let of_path = RECORDED.iter().flat_map(|all| &all.deviations).filter_map(move |(url, clients)| {
        let query = url.strip_prefix(&prefix).filter(|query| query.is_empty() || query.starts_with('?'))?;
        Some((query, clients))
    });
    of_path.flat_map(|(query, clients)| {
        clients.iter().map(move |(client, outcomes)| Deviation { query, client, outcomes })
    })
}

/// The clients of these.
pub(super) fn that_differ(path: &str) -> BTreeSet<&'static str> {
    deviations(path).map(|one| one.client).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::shipped;

    #[test]
    fn what_is_recorded_can_be_read_and_is_about_shipped_handlers() {
        let recorded = RECORDED.as_ref().expect("fixtures/deviations.json can be read");
        assert!(clients().count() > 3 && recorded.deviations.len() > 30);
        for url in recorded.deviations.keys() {
            let path = url.strip_prefix("/handlers/").and_then(|url| url.split('?').next()).expect("a handler");
            assert!(shipped::shipped_handler(path).is_some(), "{path}");
            assert!(!that_differ(path).is_empty(), "{path}");
        }
        assert!(that_differ("hello.rhai").is_empty());
    }
}
