//! Which requests may read the pages of the server itself. They show cookies and credentials of every client, so neither
//! a name that an attacker lets resolve to this machine (DNS rebinding) nor a page of another site may read them.

use crate::config::{Config, Hosts};
use crate::exchange::{Peer, Request};
use crate::http::{Authority, Target};
use crate::setup::profiles;
use bytes::Bytes;
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

/// The hosts that the pages are served to.
pub(in crate::server) struct KnownHosts {
    /// In lower case, without a dot at the end.
    names: HashSet<String>,
    /// What the hosts of profiles end with.
    profiles: String,
    addresses: HashSet<IpAddr>,
}

impl KnownHosts {
    /// The hosts of the configuration, and those that it allows besides.
    pub fn of(config: &Config) -> Self {
        let hosts = Hosts::of(config);
        let own = hosts.domains_set().into_iter().chain([config.server_host.as_str()]);
        let all: Vec<&str> = own.chain(config.allowed_hosts.iter().map(String::as_str)).collect();
        let mut addresses: HashSet<IpAddr> = all.iter().filter_map(|host| host.parse().ok()).collect();
        addresses.insert(config.bind_address.value);
        Self { names: all.into_iter().map(str::to_owned).collect(), profiles: profiles::host_suffix(config), addresses }
    }

    /// Whether a request may read the pages.
    ///
    /// # Errors
    /// It may not: a sentence that says why, and what to do.
    pub fn check(&self, request: &Request, peer: &Peer) -> Result<(), String> {
        let known = |authority: &[u8]| Authority::parse(authority).is_ok_and(|at| self.knows(&at, peer));
        if !known(&request.authority) {
            return Err(refusal(&format!("the host \"{}\"", request.authority.escape_ascii())));
        }
        let origin = request.fields.get("origin");
        if let Some(origin) = origin.filter(|origin| !self.knows_origin(origin, peer)) {
            return Err(refusal(&format!("pages of the origin \"{}\"", origin.escape_ascii())));
        }
        // A script or an image in a page has no origin. A link is followed for its user, not for the page.
        let is = |name: &str, value: &[u8]| request.fields.get(name).is_some_and(|found| found == value);
        if is("sec-fetch-site", b"cross-site") && !is("sec-fetch-mode", b"navigate") && origin.is_none() {
            return Err(refusal("pages of other sites"));
        }
        Ok(())
    }

    fn knows_origin(&self, origin: &[u8], peer: &Peer) -> bool {
        let target = Target::parse(b"GET", &Bytes::copy_from_slice(origin));
        let authority = target.ok().filter(|target| matches!(target.scheme.as_deref(), Some("http" | "https")));
        authority.and_then(|target| target.authority).is_some_and(|at| self.knows(&at, peer))
    }

    /// Whether a host is this server's. An address needs no resolver, so that no attacker can choose where it leads.
    fn knows(&self, authority: &Authority, peer: &Peer) -> bool {
        let host = authority.hostname();
        if let Ok(address) = host.parse::<IpAddr>() {
            let reached = peer.server_address.parse::<SocketAddr>().is_ok_and(|server| server.ip() == address);
            return address.is_loopback() || reached || self.addresses.contains(&address);
        }
        let host = host.strip_suffix('.').unwrap_or(&host);
        let of_profile = host.strip_suffix(&self.profiles).is_some_and(|name| !name.is_empty());
        of_profile || crate::config::hosts::is_local(host) || self.names.contains(host)
    }
}

fn refusal(what: &str) -> String {
    format!(
        "The pages below /_wire/ show what every client sent, credentials too, so they are not served to {what}. Use a host \
         of this server, such as localhost, or add the host of your proxy to allowed_hosts in [inspector] of wpt.toml."
    )
}
