//! The shipped profiles, each on a port of its own, met by every installed client that asks for one page: what is
//! expected of one stands in the profile's head. Without TLS, where what a client sends can be read; those that are
//! about the TLS handshake over TLS.

use super::malformed::heads;
use super::verdicts::{Case, judge_all};
use super::{Client, Outcome, Request};
use crate::support::server::Server;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Seconds after which a client that still waits is recorded as such.
const PATIENCE: u32 = 4;

/// Whether a profile is about the TLS handshake, and so met over TLS.
fn is_over_tls(profile: &str) -> bool {
    profile.starts_with("alpn-")
}

/// Where a profile's own port listens.
struct Port {
    address: SocketAddr,
    /// Over TLS: the authority to trust.
    ca: Option<PathBuf>,
}

impl Port {
    fn of(server: &Server, profile: &str) -> Self {
        let url = server.ready()["profiles"][profile][0].as_str().expect("its port is in the ready line");
        let port = url.trim_end_matches('/').rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let address = SocketAddr::from(([127, 0, 0, 1], port.expect("a URL has a port")));
        Self { address, ca: is_over_tls(profile).then(|| server.ca()) }
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
    let heads = heads(&["profiles"]);
    assert!(heads.len() > 25, "only {} profiles", heads.len());
    let name = |path: &String| path.trim_start_matches("profiles/").trim_end_matches(".rhai").to_owned();
    let port = |(path, _): &(String, _)| {
        let name = name(path);
        let kind = if is_over_tls(&name) { "h2" } else { "h2c" };
        format!("[[profile_ports]]\nport = \"auto\"\nkind = \"{kind}\"\nprofile = \"{name}\"\n")
    };
    let server = Server::builder().config(&heads.iter().map(port).collect::<String>()).start();
    let cases = heads.iter().map(|(path, head)| {
        let name = name(path);
        let expected = head.expected("").unwrap_or_else(|| panic!("{path} expects nothing")).clone();
        let (clients, port) = (clients(&name), Port::of(&server, &name));
        Case { name, expected, clients, fetch: Box::new(move |client| port.fetch(client)) }
    });
    judge_all("profiles.json", &cases.collect::<Vec<_>>());
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
