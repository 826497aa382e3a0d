//! Whether clients do what is expected of them, by the head of a handler or by a row of a test.
//!
//! Where one is known not to, a file of `fixtures/` says what it does instead: by name and client, each way that was
//! seen. A deviation that the file does not have fails, and so does one that is over. The file is about the versions
//! that CI installs: with another one a difference is printed, and fails only with `WIRESERVE_REQUIRE_CLIENTS=1`.
//! `WIRESERVE_RECORD=1` adds what is seen to the file; delete it first to begin again.

use super::{Client, Ending, Outcome};
use crate::support::programs::REQUIRE;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use wireserve::internal::head::{Expectation, Reaction};
use wireserve::wire::frame::ErrorCode;

/// Fetches at once: most of the time of a hostile fetch is waiting.
const AT_ONCE: usize = 8;

/// How often a client is asked again that did something else than expected.
const RETRIES: usize = 2;

/// At least this many clients must have met each case in CI.
const CLIENTS: usize = 3;

/// What to ask each of some clients for, and what is expected of them.
pub struct Case<'a> {
    pub name: String,
    pub expected: Expectation,
    pub clients: &'a [Client],
    /// `None` for a client that is not installed.
    pub fetch: Box<dyn Fn(Client) -> Option<Outcome> + Sync + 'a>,
}

/// What clients are known to do otherwise.
#[derive(Default, Serialize, Deserialize)]
struct Deviations {
    /// Client → the version that did it.
    versions: BTreeMap<String, String>,
    /// Name of a case → client → what it did, each way that was seen; with that which is expected, if it did that too.
    deviations: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

/// Every case with every client, several at once. Fails for each that is not as expected or as known in
/// `fixtures/<file>`.
pub fn judge_all(file: &str, cases: &[Case<'_>]) {
    let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "fixtures", file].iter().collect();
    let mut known = Deviations::read(&file);
    known.deviations.retain(|name, _| cases.iter().any(|case| case.name == *name));
    let is_recording = is_set("WIRESERVE_RECORD");
    let (mut broken, mut met) = (Vec::new(), BTreeMap::<&str, usize>::new());
    for (case, client, mut outcome) in fetch_all(cases) {
        *met.entry(&case.name).or_default() += 1;
        let mut problem = known.problem(&case.name, &case.expected, client, &outcome);
        // On a busy machine a client may run into its time limit, or see its own error before the server's: what it
        // really does comes again when it is asked alone.
        for _ in 0..RETRIES {
            if problem.is_none() {
                break;
            }
            outcome = (case.fetch)(client).expect("it was there before");
            problem = known.problem(&case.name, &case.expected, client, &outcome);
        }
        if is_recording {
            known.add(&case.name, &case.expected, client, &outcome);
        } else {
            broken.extend(problem);
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    if is_set(REQUIRE) {
        let few = cases
            .iter()
            .find(|case| met.get(case.name.as_str()).is_none_or(|count| *count < CLIENTS.min(case.clients.len())));
        assert!(few.is_none(), "{} was met by too few clients", few.map_or("", |case| case.name.as_str()));
    }
    if is_recording {
        known.write(&file);
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value == "1")
}

fn fetch_all<'a>(cases: &'a [Case<'a>]) -> Vec<(&'a Case<'a>, Client, Outcome)> {
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let pairs: Vec<(&Case<'_>, Client)> =
        cases.iter().flat_map(|case| case.clients.iter().map(move |client| (case, *client))).collect();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(&(case, client)) = pairs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let outcome = (case.fetch)(client).map(|outcome| (case, client, outcome));
                    outcomes.lock().expect("no driver panics here").extend(outcome);
                }
            });
        }
    });
    outcomes.into_inner().expect("no driver panicked")
}

/// Whether the client did one of the things that are expected.
fn is_as_expected(expected: &Expectation, client: Client, outcome: &Outcome) -> bool {
    let failed = |ending: Ending, code: &str| {
        // httpx closes the connection without a word.
        let unsaid = client == Client::Httpx && outcome.code.is_none() && outcome.by.as_deref() == Some("client");
        outcome.result == ending && (outcome.code == Some(code_of(code)) || unsaid)
    };
    expected.reactions.iter().any(|reaction| match reaction {
        Reaction::Response(Some(status)) => {
            outcome.result == Ending::Complete && outcome.status == Some(i32::from(*status))
        }
        Reaction::Response(None) | Reaction::Ignore => outcome.result == Ending::Complete,
        Reaction::Stream(code) => failed(Ending::StreamError, code),
        Reaction::Connection(code) => failed(Ending::ConnectionError, code),
        Reaction::Either(code) => failed(Ending::StreamError, code) || failed(Ending::ConnectionError, code),
        Reaction::Incomplete => outcome.result != Ending::Complete,
        // The second request is answered as the first one was: what comes of that, the other reactions say.
        Reaction::Retry => false,
        Reaction::Any => true,
    })
}

/// The number of an error code, which is a name of RFC 9113 §7 or a number.
pub fn code_of(code: &str) -> u32 {
    let number = || match code.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => code.parse().ok(),
    };
    let found = ErrorCode::by_name(code).map(|code| code.0).or_else(number);
    found.unwrap_or_else(|| panic!("{code:?} is not an error code"))
}

impl Deviations {
    /// Those of a file; none where there is no file.
    fn read(file: &PathBuf) -> Self {
        let Ok(text) = std::fs::read_to_string(file) else { return Self::default() };
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{} is not what `WIRESERVE_RECORD=1` writes: {error}", file.display()))
    }

    fn write(&self, file: &PathBuf) {
        let mut text = serde_json::to_string_pretty(self).expect("maps of strings are JSON");
        text.push('\n');
        std::fs::write(file, text).expect("the file can be written");
    }

    fn of(&self, name: &str, client: Client) -> Option<&BTreeSet<String>> {
        self.deviations.get(name)?.get(client.name())
    }

    /// Adds what was seen of a client that deviates. What was recorded of another version of it is forgotten.
    fn add(&mut self, name: &str, expected: &Expectation, client: Client, outcome: &Outcome) {
        let recorded = self.versions.insert(outcome.client.clone(), outcome.version.clone());
        if recorded.is_some_and(|recorded| recorded != outcome.version) {
            self.deviations.values_mut().for_each(|clients| drop(clients.remove(client.name())));
        }
        if !is_as_expected(expected, client, outcome) || self.of(name, client).is_some() {
            let clients = self.deviations.entry(name.to_owned()).or_default();
            clients.entry(client.name().to_owned()).or_default().insert(outcome.summary());
        }
    }

    /// What is wrong with an outcome: it is neither expected nor known, or no longer as it is known.
    fn problem(&self, name: &str, expected: &Expectation, client: Client, outcome: &Outcome) -> Option<String> {
        let (did, known) = (outcome.summary(), self.of(name, client));
        if known.map_or(is_as_expected(expected, client, outcome), |known| known.contains(&did)) {
            return None;
        }
        let (client, detail) = (client.name(), &outcome.detail);
        let words = match known {
            None => format!("{name}: {client} should do `{expected}`, and did {did:?} ({detail})"),
            Some(known) => format!(
                "{name}: {client} should do `{expected}`, was known to do {known:?}, and did {did:?} ({detail}): \
                 `WIRESERVE_RECORD=1` adds that; take out what is over"
            ),
        };
        let is_known_version = self.versions.get(client).is_some_and(|version| *version == outcome.version);
        if is_known_version || is_set(REQUIRE) {
            return Some(words);
        }
        eprintln!("another version than recorded: {words}");
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(version: &str, result: Ending, code: Option<u32>) -> Outcome {
        let status = (result == Ending::Complete).then_some(200);
        Outcome { client: "curl".into(), version: version.into(), result, code, status, ..Outcome::default() }
    }

    #[test]
    fn each_reaction_is_told_from_the_others() {
        let complete = outcome("1", Ending::Complete, None);
        let stream = outcome("1", Ending::StreamError, Some(8));
        let connection = outcome("1", Ending::ConnectionError, Some(8));
        for (expected, holds) in [
            ("response 200", [true, false, false]),
            ("response 404", [false, false, false]),
            ("ignore", [true, false, false]),
            ("stream CANCEL", [false, true, false]),
            ("connection CANCEL", [false, false, true]),
            ("either 0x8", [false, true, true]),
            ("either 7", [false, false, false]),
            ("incomplete", [false, true, true]),
            ("retry", [false, false, false]),
            ("response or stream CANCEL", [true, true, false]),
            ("any", [true, true, true]),
        ] {
            let expectation: Expectation = expected.parse().expect(expected);
            let did = [&complete, &stream, &connection].map(|did| is_as_expected(&expectation, Client::Curl, did));
            assert_eq!(did, holds, "{expected}");
        }
    }

    #[test]
    fn what_is_new_or_over_is_a_problem_and_what_is_known_is_none() {
        let expected: Expectation = "response 200".parse().expect("an expectation");
        let (right, wrong) = (outcome("1", Ending::Complete, None), outcome("1", Ending::StreamError, Some(1)));
        let mut known = Deviations::default();
        known.add("/a", &expected, Client::Curl, &right);
        let problem = |known: &Deviations, did: &Outcome| known.problem("/a", &expected, Client::Curl, did);
        assert_eq!(problem(&known, &right), None);
        assert!(problem(&known, &wrong).is_some_and(|words| words.contains("stream-error PROTOCOL_ERROR")));
        known.add("/a", &expected, Client::Curl, &wrong);
        assert_eq!(problem(&known, &wrong), None);
        assert!(problem(&known, &right).is_some(), "it is over");
        assert!(problem(&known, &outcome("1", Ending::StreamError, Some(2))).is_some(), "it is another one");
        known.add("/a", &expected, Client::Curl, &right);
        assert_eq!(problem(&known, &right), None, "it depends on timing");
        known.add("/a", &expected, Client::Curl, &outcome("2", Ending::Complete, None));
        assert!(known.of("/a", Client::Curl).is_none(), "what the older version did is forgotten");
    }
}
