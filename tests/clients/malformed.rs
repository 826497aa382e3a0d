//! The shipped handlers that take the wire into their own hands, each in every variant that its `Try:` comment names,
//! fetched with every installed client: what a client must do is asserted here, what it does beyond that is recorded
//! in `fixtures/outcomes.json`.

use super::outcomes::Golden;
use super::{Client, Ending, Outcome};
use crate::support::programs::REQUIRE;
use crate::support::server::Server;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What clients must do.
#[derive(Clone, Copy, Debug)]
pub enum Expect {
    /// A final response with that status, to its end.
    Complete(i32),
    /// RST_STREAM with that code, by either side.
    StreamError(u32),
    /// GOAWAY with that code, by either side.
    ConnectionError(u32),
    /// RST_STREAM or GOAWAY with that code: a client may treat a stream error as a connection error (RFC 9113 §5.4.2).
    Error(u32),
    /// Anything but a complete response.
    Refused,
}

impl Expect {
    pub fn holds(self, outcome: &Outcome) -> bool {
        let is = |ending: Ending, code: u32| outcome.result == ending && outcome.code == Some(code);
        match self {
            Self::Complete(status) => outcome.result == Ending::Complete && outcome.status == Some(status),
            Self::StreamError(code) => is(Ending::StreamError, code),
            Self::ConnectionError(code) => is(Ending::ConnectionError, code),
            Self::Error(code) => is(Ending::StreamError, code) || is(Ending::ConnectionError, code),
            Self::Refused => outcome.result != Ending::Complete,
        }
    }
}

/// Seconds after which a client that still waits is recorded as such.
const PATIENCE: u32 = 4;

/// At least this many clients must have fetched each URL.
const CLIENTS: usize = 3;

/// URLs that are fetched at once: most of the time of a hostile fetch is waiting.
const AT_ONCE: usize = 4;

/// Folders below `handlers/` whose scripts break rules.
const FOLDERS: [&str; 7] = ["connection", "continuation", "data", "fields", "flow", "frames", "hpack"];

/// What is asserted of a URL, and of which clients.
const ROWS: &[(&str, &[Client], Expect)] = &[];

/// Each script's URL, bare and with each query of its `Try:` lines.
fn urls() -> Vec<String> {
    let handlers = Path::new(env!("CARGO_MANIFEST_DIR")).join("handlers");
    let mut urls = BTreeSet::new();
    for folder in FOLDERS {
        for file in walkdir::WalkDir::new(handlers.join(folder)) {
            let file = file.expect("handlers/ can be read");
            if file.path().extension().is_none_or(|extension| extension != "rhai") {
                continue;
            }
            let path = file.path().strip_prefix(&handlers).expect("a path below handlers/").to_string_lossy();
            let source = std::fs::read_to_string(file.path()).expect("a script can be read");
            urls.extend(variants(&source).into_iter().map(|query| format!("/handlers/{path}{query}")));
        }
    }
    urls.into_iter().collect()
}

/// No query, and each that a line like `// Try:  ?at=0 ?at=1&size=5` names.
fn variants(source: &str) -> Vec<String> {
    let tries = source.lines().filter_map(|line| line.strip_prefix("//")?.trim().strip_prefix("Try:"));
    let queries = tries.flat_map(str::split_whitespace).map(str::to_owned);
    std::iter::once(String::new()).chain(queries).collect()
}

fn fetch_with_all(server: SocketAddr, url: &str) -> Vec<Outcome> {
    std::thread::scope(|scope| {
        let fetch = |client: Client| scope.spawn(move || client.fetch_recorded(server, url, PATIENCE));
        let threads = Client::ALL.map(fetch);
        threads.into_iter().filter_map(|thread| thread.join().expect("a driver")).collect()
    })
}

#[test]
fn every_malformed_handler_is_fetched_and_judged() {
    let server = Server::start();
    let address = server.address("h2c");
    let urls = urls();
    assert!(!urls.is_empty(), "handlers/ has none of {FOLDERS:?}");
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(url) = urls.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let fetched = fetch_with_all(address, url);
                    outcomes.lock().expect("no driver panics here").push((url, fetched));
                }
            });
        }
    });
    let mut golden = Golden::default();
    let mut broken = Vec::new();
    for (url, outcomes) in outcomes.into_inner().expect("no driver panicked") {
        for outcome in outcomes {
            golden.insert(url, &outcome);
            let rows = ROWS
                .iter()
                .filter(|(row, clients, _)| row == url && clients.iter().any(|client| client.name() == outcome.client));
            for (_, _, expect) in rows.filter(|(_, _, expect)| !expect.holds(&outcome)) {
                let (client, did, detail) = (&outcome.client, outcome.summary(), &outcome.detail);
                broken.push(format!("{url}: {client} must {expect:?} but did {did} ({detail})"));
            }
        }
        if std::env::var_os(REQUIRE).is_some_and(|value| value == "1") {
            assert!(golden.clients(url) >= CLIENTS, "{url} was fetched by too few clients");
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    golden.check();
}

#[test]
fn every_row_is_about_a_shipped_handler() {
    let urls = urls();
    for (row, _, _) in ROWS {
        assert!(urls.iter().any(|url| url == row), "{row} is in no handler's `Try:` line");
    }
}

#[test]
fn variants_are_read_from_comments() {
    let source = "// Sends.\n// Try:  ?a=1 ?a=2&b=3\n// Try: ?c=4\nfn main(request, response) { }\n";
    assert_eq!(variants(source), ["", "?a=1", "?a=2&b=3", "?c=4"]);
}
