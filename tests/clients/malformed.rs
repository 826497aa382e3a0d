//! The shipped handlers that break rules, each fetched with every installed client: what a client must do is asserted
//! here, everything else it does is recorded in `fixtures/outcomes.json`.

use super::outcomes::Golden;
use super::{Client, Ending, Outcome};
use crate::support::programs::REQUIRE;
use crate::support::server::Server;

/// What a client must do.
#[derive(Clone, Copy, Debug)]
pub enum Expect {
    /// A final response with that status, to its end.
    Complete(u16),
    /// RST_STREAM with that code, by either side.
    StreamError(u32),
    /// GOAWAY with that code, by either side.
    ConnectionError(u32),
    /// Anything but a complete response.
    Refused,
}

impl Expect {
    pub fn holds(self, outcome: &Outcome) -> bool {
        match self {
            Self::Complete(status) => outcome.result == Ending::Complete && outcome.status == Some(status),
            Self::StreamError(code) => outcome.result == Ending::StreamError && outcome.code == Some(code),
            Self::ConnectionError(code) => outcome.result == Ending::ConnectionError && outcome.code == Some(code),
            Self::Refused => outcome.result != Ending::Complete,
        }
    }
}

/// One URL and what is asserted of it, by client.
pub struct Row {
    pub url: &'static str,
    pub expect: &'static [(Client, Expect)],
}

/// Seconds after which a client that still waits is recorded as such.
const PATIENCE: u32 = 3;

/// At least this many clients must have fetched each URL.
const CLIENTS: usize = 3;

/// One row per shipped malformed handler. The parameters choose the variant.
pub const ROWS: &[Row] = &[];

#[test]
fn every_malformed_handler_is_fetched_and_judged() {
    if ROWS.is_empty() {
        return;
    }
    let server = Server::start();
    let mut golden = Golden::default();
    let mut broken = Vec::new();
    for row in ROWS {
        // At once: most of the time of a hostile fetch is waiting.
        let address = server.address("h2c");
        let outcomes: Vec<(Client, Option<Outcome>)> = std::thread::scope(|scope| {
            let fetch = |client: Client| scope.spawn(move || client.fetch_recorded(address, row.url, PATIENCE));
            let threads: Vec<_> = Client::ALL.into_iter().map(|client| (client, fetch(client))).collect();
            threads.into_iter().map(|(client, thread)| (client, thread.join().expect("a driver"))).collect()
        });
        for (client, outcome) in outcomes {
            let Some(outcome) = outcome else { continue };
            golden.insert(row.url, &outcome);
            for &(_, expect) in row.expect.iter().filter(|(expected, _)| *expected == client) {
                if !expect.holds(&outcome) {
                    let did = outcome.summary();
                    broken.push(format!(
                        "{}: {} should {expect:?} but did {did} ({})",
                        row.url,
                        client.name(),
                        outcome.detail
                    ));
                }
            }
        }
        if std::env::var_os(REQUIRE).is_some_and(|value| value == "1") {
            assert!(golden.clients(row.url) >= CLIENTS, "{} was fetched by too few clients", row.url);
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    golden.check();
}
