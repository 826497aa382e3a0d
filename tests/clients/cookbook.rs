//! The scripts of `docs/cookbook.md`, each met by every installed client: what a client must do is asserted here, what
//! it does beyond that is recorded in `fixtures/cookbook.json`.

use super::malformed::Expect;
use super::outcomes::Golden;
use super::{Client, Ending, Outcome, Request};
use crate::support::DEADLINE;
use crate::support::cookbook::{builder, recipes};
use crate::support::process::run;
use crate::support::programs::require;
use crate::support::server::Server;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Seconds after which a client that still waits is recorded as such.
const PATIENCE: u32 = 4;

/// Fetches at once.
const AT_ONCE: usize = 8;

/// How often a client is asked again that did something else than recorded.
const RETRIES: usize = 2;

const HTTP_1_1_REQUIRED: u32 = 13;

/// Those that finish what is under way after a GOAWAY; Python's h2, and so httpx, takes the connection for closed.
const GRACEFUL: &[Client] = &[Client::Curl, Client::Nghttp, Client::Node, Client::CrateH2];

const BUT_CURL: &[Client] = &[Client::Nghttp, Client::PythonH2, Client::Httpx, Client::Node, Client::CrateH2];
const BUT_NODE: &[Client] = &[Client::Curl, Client::Nghttp, Client::PythonH2, Client::Httpx, Client::CrateH2];

/// libnghttp2 counts the pieces of a CONTINUATION frame's header as frames, and takes eight.
const BUT_NGHTTP2: &[Client] = &[Client::PythonH2, Client::Httpx, Client::CrateH2];

/// One way to ask a script.
struct Row {
    recipe: &'static str,
    query: &'static str,
    upload: u64,
    /// What these clients must do; every client is recorded.
    clients: &'static [Client],
    expect: Expect,
}

const fn row(
    recipe: &'static str,
    query: &'static str,
    upload: u64,
    clients: &'static [Client],
    expect: Expect,
) -> Row {
    Row { recipe, query, upload, clients, expect }
}

const OK: Expect = Expect::Complete(200);

const ROWS: &[Row] = &[
    // Nothing asks a client to try again.
    row("goaway-below", "", 0, &[], OK),
    row("goaway-new-request", "seconds=0.1", 0, GRACEFUL, OK),
    row("goaway-seen", "", 0, GRACEFUL, OK),
    row("early-response", "", 1_000_000, &[Client::Nghttp, Client::PythonH2, Client::CrateH2], Expect::Complete(413)),
    row("refused-once", "", 0, &[Client::Curl], OK),
    // curl comes back with HTTP/1.1, which this port does not speak.
    row("http-1-1-required", "", 0, BUT_CURL, Expect::StreamError(HTTP_1_1_REQUIRED)),
    row("cut-anywhere", "cut=30", 0, &Client::ALL, Expect::Refused),
    row("cut-anywhere", "cut=44", 0, &Client::ALL, OK),
    row("window-by-settings", "", 65_000, &Client::ALL, OK),
    // Node ends its upload by an empty DATA frame, and holds that back where there is no window.
    row("no-window-update", "", 65_535, BUT_NODE, OK),
    row("no-window-update", "", 65_536, &Client::ALL, Expect::Refused),
    row("max-streams-lowered", "seconds=0.1", 0, &Client::ALL, OK),
    row("push-informational", "", 0, &[Client::Nghttp, Client::Node], OK),
    row("many-informational", "", 0, &[Client::Curl, Client::Nghttp], OK),
    row("empty-trailers", "", 0, &Client::ALL, OK),
    row("empty-trailers", "data=empty", 0, &Client::ALL, OK),
    row("many-fields", "", 0, &[Client::Curl, Client::Nghttp], OK),
    row("many-fields", "size=100", 0, &[Client::Curl, Client::Nghttp], OK),
    row("slow-fields", "", 0, BUT_NGHTTP2, OK),
    row("slow-fields", "write=100", 0, &Client::ALL, OK),
    row("slow-fields", "size=1&pause=0&write=100", 0, BUT_NGHTTP2, OK),
    row("cookie-crumbs", "", 0, &Client::ALL, OK),
    row("misdirected", "", 0, &Client::ALL, OK),
];

impl Row {
    fn name(&self) -> String {
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        let upload = if self.upload == 0 { String::new() } else { format!(" with {} octets", self.upload) };
        format!("{}{query}{upload}", self.recipe)
    }

    fn is_profile(&self) -> bool {
        recipes().iter().any(|recipe| recipe.path == format!("profiles/{}.rhai", self.recipe))
    }

    /// Where it is asked.
    fn address(&self, server: &Server) -> SocketAddr {
        if self.is_profile() { profile_port(server, self.recipe) } else { server.address("h2c") }
    }

    fn fetch(&self, address: SocketAddr, client: Client) -> Option<Outcome> {
        let path = match self.is_profile() {
            true => "/handlers/echo.rhai".to_owned(),
            // Tries are counted by `id`.
            false => format!("/handlers/{}.rhai?id={}&{}", self.recipe, uuid::Uuid::new_v4(), self.query),
        };
        let request = |url| match self.upload {
            0 => Request::get(url).header("cookie", "a=1; b=2").within(PATIENCE),
            octets => Request::post(url, octets).within(PATIENCE),
        };
        client.fetch_through(address, &path, request)
    }

    fn judge(&self, client: Client, outcome: &Outcome, recorded: &Golden) -> Option<String> {
        let name = self.name();
        if self.clients.contains(&client) && !self.expect.holds(outcome) {
            let (did, detail) = (outcome.summary(), &outcome.detail);
            return Some(format!("{name}: {} must {:?} but did {did} ({detail})", client.name(), self.expect));
        }
        if Golden::is_recording() { None } else { recorded.difference(&name, outcome) }
    }
}

fn profile_port(server: &Server, profile: &str) -> SocketAddr {
    let url = server.ready()["profiles"][profile][0].as_str().expect("its port is in the ready line");
    let port = url.trim_end_matches('/').rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    SocketAddr::from(([127, 0, 0, 1], port.expect("a URL has a port")))
}

/// All scripts, with a port in clear for each profile among them.
fn server() -> Server {
    let recipes = recipes();
    let profiles = recipes.iter().filter_map(|recipe| recipe.path.strip_prefix("profiles/")?.strip_suffix(".rhai"));
    let port = |name: &str| format!("[[profile_ports]]\nport = \"auto\"\nkind = \"h2c\"\nprofile = \"{name}\"\n");
    builder().config(&profiles.map(port).collect::<String>()).start()
}

#[test]
fn every_script_of_the_cookbook_is_met_by_every_client() {
    let server = server();
    let mut golden = Golden::read("cookbook.json");
    golden.keep(&ROWS.iter().map(Row::name).collect::<Vec<_>>());
    let rows = ROWS.iter().map(|row| (row, row.address(&server)));
    let pairs: Vec<_> = rows.flat_map(|(row, at)| Client::ALL.map(|client| (row, at, client))).collect();
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(&(row, at, client)) = pairs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let outcome = row.fetch(at, client).map(|outcome| (row, at, client, outcome));
                    outcomes.lock().expect("no driver panics here").extend(outcome);
                }
            });
        }
    });
    let mut broken = Vec::new();
    for (row, at, client, mut outcome) in outcomes.into_inner().expect("no driver panicked") {
        let mut problem = row.judge(client, &outcome, &golden);
        for _ in 0..RETRIES {
            if problem.is_none() {
                break;
            }
            outcome = row.fetch(at, client).expect("it was there before");
            problem = row.judge(client, &outcome, &golden);
        }
        broken.extend(problem);
        golden.insert(&row.name(), &outcome);
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    if Golden::is_recording() {
        golden.write();
    }
}

#[test]
fn every_script_of_the_cookbook_has_a_row() {
    for recipe in recipes() {
        let name = recipe.path.trim_start_matches("profiles/").trim_end_matches(".rhai");
        assert!(ROWS.iter().any(|row| row.recipe == name), "{name} has no row");
    }
}

#[test]
fn curl_comes_back_over_http_1_1_where_that_is_required() {
    let server = builder().config("refuse_h2_over_http1 = false\n").start();
    let request = Request::get(server.url("h2", "/handlers/http-1-1-required.rhai")).trusting(server.ca());
    let Some(outcome) = Client::Curl.fetch(&request) else { return };
    assert_eq!((outcome.result, outcome.status), (Ending::Complete, Some(200)), "{outcome:?}");
}

#[test]
fn a_request_for_another_host_than_that_of_its_connection_is_misdirected() {
    let server = server();
    let get = || Request::get(server.url("h2", "/handlers/misdirected.rhai")).trusting(server.ca());
    let Some(outcome) = Client::Curl.fetch(&get()) else { return };
    assert_eq!(outcome.status, Some(200), "{outcome:?}");
    let outcome = Client::Curl.fetch(&get().header("host", "www.localhost")).expect("it was there before");
    assert_eq!(outcome.status, Some(421), "{outcome:?}");
}

#[test]
fn curl_makes_another_connection_after_goaway() {
    let Some(curl) = require("curl") else { return };
    let server = server();
    let mut command = Command::new(curl);
    command.args(["-q", "-sS", "--noproxy", "*", "--http2-prior-knowledge", "-w", "\n%{http_code} %{num_connects}\n"]);
    command.arg(server.url("h2c", "/handlers/goaway-new-request.rhai")).arg(server.url("h2c", "/handlers/hello.rhai"));
    let text = run(&mut command, DEADLINE).text();
    let told: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(told, ["No stream was opened.", "200 1", "Hello, world!", "200 1"], "{text}");
}

#[test]
fn streams_that_were_open_when_the_limit_fell_are_answered() {
    let server = server();
    let url = server.url("h2c", "/handlers/max-streams-lowered.rhai?streams=5&seconds=0.1");
    let Some(outcome) = Client::PythonH2.fetch(&Request::get(url).extra(&["--streams", "5"])) else { return };
    assert_eq!((outcome.result, outcome.complete_streams), (Ending::Complete, 5), "{outcome:?}");
    assert_eq!(outcome.body_octets, 5 * "5 were open, and no other came.".len() as u64);
}

#[test]
fn no_client_takes_a_cut_answer_for_whole() {
    let server = server();
    for client in [Client::CrateH2, Client::Curl] {
        for cut in 0..=44 {
            let url = server.url("h2c", &format!("/handlers/cut-anywhere.rhai?cut={cut}"));
            let Some(outcome) = client.fetch(&Request::get(url)) else { break };
            assert_eq!(outcome.result == Ending::Complete, cut == 44, "{cut}: {outcome:?}");
        }
    }
}
