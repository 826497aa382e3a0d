//! The shipped profiles, each on a port of its own in clear, met by every installed client that asks for one page: what
//! a client must do is asserted here, what it does beyond that is recorded in `fixtures/profiles.json`.

use super::malformed::Expect;
use super::outcomes::Golden;
use super::{Client, Outcome};
use crate::support::server::Server;
use std::net::SocketAddr;
use std::path::Path;
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
];

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

/// Where a profile's own port listens.
fn address(server: &Server, profile: &str) -> SocketAddr {
    let url = server.ready()["profiles"][profile][0].as_str().expect("its port is in the ready line");
    let port = url.trim_end_matches('/').rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    SocketAddr::from(([127, 0, 0, 1], port.expect("a URL has a port")))
}

#[test]
fn every_profile_is_met_by_every_client() {
    let profiles = profiles();
    let port = |name: &String| format!("[[profile_ports]]\nport = \"auto\"\nkind = \"h2c\"\nprofile = \"{name}\"\n");
    let server = Server::builder().config(&profiles.iter().map(port).collect::<String>()).start();
    let mut golden = Golden::read("profiles.json");
    golden.keep(&profiles);
    let fetch = |profile: &str, at: SocketAddr, client: Client| {
        let outcome = client.fetch_recorded(at, "/handlers/hello.rhai", PATIENCE)?;
        Some((profile.to_owned(), at, client, outcome))
    };
    let addresses = profiles.iter().map(|profile| (profile, address(&server, profile)));
    let pairs: Vec<(&String, SocketAddr, Client)> =
        addresses.flat_map(|(profile, at)| Client::ALL.map(|client| (profile, at, client))).collect();
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(&(profile, at, client)) = pairs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let outcome = fetch(profile, at, client);
                    outcomes.lock().expect("no driver panics here").extend(outcome);
                }
            });
        }
    });
    let mut broken = Vec::new();
    for (profile, at, client, mut outcome) in outcomes.into_inner().expect("no driver panicked") {
        let mut problem = judge(&profile, client, &outcome, &golden);
        // On a busy machine a client may run into its time limit: what it really does comes again when it is alone.
        for _ in 0..RETRIES {
            if problem.is_none() {
                break;
            }
            outcome = fetch(&profile, at, client).expect("it was there before").3;
            problem = judge(&profile, client, &outcome, &golden);
        }
        broken.extend(problem);
        golden.insert(&profile, &outcome);
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
