//! The scripts of `docs/recipes/`, each met by every installed client.

use super::verdicts::{Case, judge_all};
use super::{Client, Ending, Outcome, Request};
use crate::support::DEADLINE;
use crate::support::cookbook::{builder, recipes};
use crate::support::process::run;
use crate::support::programs::require;
use crate::support::server::Server;
use std::net::SocketAddr;
use std::process::Command;

/// Seconds after which a client that still waits is recorded as such.
const PATIENCE: u32 = 4;

/// One way to ask a script, and what is expected of the client.
struct Row {
    recipe: &'static str,
    query: &'static str,
    upload: u64,
    expect: &'static str,
}

const fn row(recipe: &'static str, query: &'static str, upload: u64, expect: &'static str) -> Row {
    Row { recipe, query, upload, expect }
}

const ROWS: &[Row] = &[
    row("goaway-below", "", 0, "incomplete or retry"),
    row("goaway-new-request", "seconds=0.1", 0, "response 200"),
    row("goaway-seen", "", 0, "response 200"),
    row("early-response", "", 1_000_000, "response 413"),
    row("refused-once", "", 0, "response 200"),
    // curl comes back with HTTP/1.1, which this port does not speak.
    row("http-1-1-required", "", 0, "stream HTTP_1_1_REQUIRED or retry"),
    row("cut-anywhere", "cut=30", 0, "incomplete"),
    row("cut-anywhere", "cut=44", 0, "response 200"),
    row("window-by-settings", "", 65_000, "response 200"),
    // Node ends its upload by an empty DATA frame, and holds that back where there is no window.
    row("no-window-update", "", 65_535, "response 200"),
    row("no-window-update", "", 65_536, "incomplete"),
    row("max-streams-lowered", "seconds=0.1", 0, "response 200"),
    row("push-informational", "", 0, "response 200 or connection PROTOCOL_ERROR"),
    row("many-informational", "", 0, "response 200 or incomplete"),
    row("empty-trailers", "", 0, "response 200"),
    row("empty-trailers", "data=empty", 0, "response 200"),
    row("many-fields", "", 0, "response 200 or incomplete"),
    row("many-fields", "size=100", 0, "response 200 or incomplete"),
    // libnghttp2 counts the pieces of a CONTINUATION frame's header as frames, and takes eight.
    row("slow-fields", "", 0, "response 200"),
    row("slow-fields", "write=100", 0, "response 200"),
    row("slow-fields", "size=1&pause=0&write=100", 0, "response 200"),
    row("cookie-crumbs", "", 0, "response 200"),
    row("misdirected", "", 0, "response 200"),
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
    let cases = ROWS.iter().map(|row| {
        let (address, expected) = (row.address(&server), row.expect.parse().expect(row.expect));
        let fetch = Box::new(move |client: Client| row.fetch(address, client));
        Case { name: row.name(), expected, clients: &Client::ALL, fetch }
    });
    judge_all("cookbook.json", &cases.collect::<Vec<_>>());
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
