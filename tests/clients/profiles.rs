//! The shipped profiles, each on a port of its own, met by every installed client that asks for one page: what a client
//! must do is asserted here, what it does beyond that is recorded in `fixtures/profiles.json`. In clear, where what a
//! client sends can be read; those that are about the TLS handshake over TLS.

use super::malformed::Expect;
use super::outcomes::Golden;
use super::{Client, Outcome, Request};
use crate::support::server::Server;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Seconds after which a client that still waits is recorded as such.
const PATIENCE: u32 = 4;

/// Fetches at once: most of the time of these is waiting.
const AT_ONCE: usize = 8;

/// How often a client is asked again that did something else than recorded.
const RETRIES: usize = 2;

const PROTOCOL_ERROR: u32 = 1;
const INTERNAL_ERROR: u32 = 2;
const FLOW_CONTROL_ERROR: u32 = 3;

/// Those whose judgement is by the letter.
const STRICT: &[Client] = &[Client::Curl, Client::Nghttp];

/// Those that finish what is under way after a GOAWAY; Python's h2, and so httpx, takes the connection for closed.
const GRACEFUL: &[Client] = &[Client::Curl, Client::Nghttp, Client::Node, Client::CrateH2];

/// What is asserted of a profile, and of which clients.
const ROWS: &[(&str, &[Client], Expect)] = &[
    ("late-settings", &Client::ALL, Expect::Complete(200)),
    ("ping-silence", &Client::ALL, Expect::Complete(200)),
    ("tiny-window", &Client::ALL, Expect::Complete(200)),
    ("settings-flood", STRICT, Expect::Complete(200)),
    ("no-settings", STRICT, Expect::ConnectionError(PROTOCOL_ERROR)),
    ("max-streams-0", STRICT, Expect::Refused),
    ("goaway-first", STRICT, Expect::Refused),
    ("max-streams-1", &Client::ALL, Expect::Complete(200)),
    ("max-streams-changing", &Client::ALL, Expect::Complete(200)),
    ("window-never-opens", &Client::ALL, Expect::Complete(200)),
    ("window-overflow", STRICT, Expect::ConnectionError(FLOW_CONTROL_ERROR)),
    ("goaway-mid", GRACEFUL, Expect::Complete(200)),
    ("goaway-graceful", GRACEFUL, Expect::Complete(200)),
    ("ping-flood", STRICT, Expect::Complete(200)),
    ("one-byte-writes", &Client::ALL, Expect::Complete(200)),
    ("reset-after-headers", &Client::ALL, Expect::StreamError(INTERNAL_ERROR)),
    ("wrong-preface", &Client::ALL, Expect::Refused),
    ("push-disabled-violated", &[Client::Curl], Expect::ConnectionError(PROTOCOL_ERROR)),
    ("table-size-0", &Client::ALL, Expect::Complete(200)),
    ("table-size-huge", &Client::ALL, Expect::Complete(200)),
    ("altsvc", &Client::ALL, Expect::Complete(200)),
    ("origin-frame", &Client::ALL, Expect::Complete(200)),
    ("misdirected-421", STRICT, Expect::Complete(421)),
    ("half-close", &Client::ALL, Expect::Refused),
    ("stall-after-preface", &Client::ALL, Expect::Refused),
    ("coalesced-writes", &Client::ALL, Expect::Complete(200)),
    ("silence", &Client::ALL, Expect::Refused),
    ("alpn-none", &[Client::Curl], Expect::Complete(200)),
    ("alpn-refused", &Client::WITH_TLS, Expect::Refused),
    ("alpn-unoffered", STRICT, Expect::Refused),
    ("alpn-http1-speaks-h2", &[Client::Curl], Expect::Refused),
    ("alpn-h2-speaks-http1", &Client::WITH_TLS, Expect::Refused),
];

/// Whether a profile is about the TLS handshake, and so met over TLS.
fn is_over_tls(profile: &str) -> bool {
    profile.starts_with("alpn-")
}

fn profiles() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("handlers/profiles");
    let files = std::fs::read_dir(folder).expect("the folder is there");
    let names = files.map(|file| file.expect("the folder can be read").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(".rhai").map(str::to_owned)).collect();
    names.sort_unstable();
    names
}

fn judge(profile: &str, client: Client, outcome: &Outcome, recorded: &Golden) -> Option<String> {
    let mut rows = ROWS.iter().filter(|(row, clients, _)| *row == profile && clients.contains(&client));
    if let Some((_, _, expect)) = rows.find(|(_, _, expect)| !expect.holds(outcome)) {
        let (did, detail) = (outcome.summary(), &outcome.detail);
        return Some(format!("{profile}: {} must {expect:?} but did {did} ({detail})", client.name()));
    }
    if Golden::is_recording() { None } else { recorded.difference(profile, outcome) }
}

/// A profile and where its own port listens.
struct Port {
    profile: String,
    address: SocketAddr,
    /// Over TLS: the authority to trust.
    ca: Option<PathBuf>,
}

impl Port {
    fn of(server: &Server, profile: &str) -> Self {
        let url = server.ready()["profiles"][profile][0].as_str().expect("its port is in the ready line");
        let port = url.trim_end_matches('/').rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let address = SocketAddr::from(([127, 0, 0, 1], port.expect("a URL has a port")));
        Self { profile: profile.to_owned(), address, ca: is_over_tls(profile).then(|| server.ca()) }
    }

    /// What a client makes of it; `None` if that is not installed.
    fn fetch(&self, client: Client) -> Option<Outcome> {
        let page = "/handlers/hello.rhai";
        match &self.ca {
            None => client.fetch_recorded(self.address, page, PATIENCE),
            Some(ca) => {
                let request = Request::get(format!("https://localhost:{}{page}", self.address.port()));
                client.fetch(&request.trusting(ca.clone()).within(PATIENCE))
            }
        }
    }
}

fn clients(profile: &str) -> &'static [Client] {
    if is_over_tls(profile) { &Client::WITH_TLS } else { &Client::ALL }
}

#[test]
fn every_profile_is_met_by_every_client() {
    let profiles = profiles();
    let port = |name: &String| {
        let kind = if is_over_tls(name) { "h2" } else { "h2c" };
        format!("[[profile_ports]]\nport = \"auto\"\nkind = \"{kind}\"\nprofile = \"{name}\"\n")
    };
    let server = Server::builder().config(&profiles.iter().map(port).collect::<String>()).start();
    let mut golden = Golden::read("profiles.json");
    golden.keep(&profiles);
    let ports: Vec<Port> = profiles.iter().map(|profile| Port::of(&server, profile)).collect();
    let pairs: Vec<(&Port, Client)> =
        ports.iter().flat_map(|port| clients(&port.profile).iter().map(move |client| (port, *client))).collect();
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(&(port, client)) = pairs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Some(outcome) = port.fetch(client) {
                        outcomes.lock().expect("no driver panics here").push((port, client, outcome));
                    }
                }
            });
        }
    });
    let mut broken = Vec::new();
    for (port, client, mut outcome) in outcomes.into_inner().expect("no driver panicked") {
        let mut problem = judge(&port.profile, client, &outcome, &golden);
        // On a busy machine a client may run into its time limit: what it really does comes again when it is alone.
        for _ in 0..RETRIES {
            if problem.is_none() {
                break;
            }
            outcome = port.fetch(client).expect("it was there before");
            problem = judge(&port.profile, client, &outcome, &golden);
        }
        broken.extend(problem);
        golden.insert(&port.profile, &outcome);
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    if Golden::is_recording() {
        golden.write();
    }
}

#[test]
fn every_shipped_profile_has_a_row() {
    let profiles = profiles();
    for profile in &profiles {
        assert!(ROWS.iter().any(|(row, ..)| row == profile), "{profile} has no row");
    }
    for (row, ..) in ROWS {
        assert!(profiles.iter().any(|profile| profile == row), "{row} is no shipped profile");
    }
}

#[test]
fn in_clear_the_query_of_the_first_request_chooses() {
    let name = "fn main(request, response) { `${request.connection.profile}` }";
    let server = Server::builder().config("h2c_profile_wait = 10000").handler("name.rhai", name).start();
    let at = server.address("h2c");
    for client in Client::ALL {
        if let Some(outcome) = client.fetch_recorded(at, "/handlers/name.rhai?wire-profile=ping-silence", PATIENCE) {
            assert_eq!(outcome.body_octets, 12, "{}: {}", client.name(), outcome.detail);
        }
    }
}
