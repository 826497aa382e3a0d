//! Which profile controls which connection.

use super::h2c_profile;
use super::worker::Worker;
use crate::exchange::{Connection, Protocol, Request};
use crate::http::Authority;
use crate::net::tls::Selection;
use crate::script::ScriptSource;
use crate::script::handshake::{Alpn, Handshake};
use crate::setup::profiles;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};
use tokio::task::JoinHandle;

/// What shapes a connection.
pub(super) enum Shape {
    /// Nothing but the configuration.
    Plain,
    /// A profile.
    By(Profile),
    /// One of this name, which there is not.
    Unknown(String),
}

/// A profile that there is.
pub(super) struct Profile {
    pub name: String,
    source: ScriptSource,
    handshake: Handshake,
}

impl Shape {
    /// What is to be selected of the protocols that the client offers, if not what is usual.
    pub fn selection(&self) -> Option<Selection> {
        let Shape::By(Profile { handshake, .. }) = self else { return None };
        Some(match handshake.alpn.clone()? {
            Alpn::Nothing => Selection::Nothing,
            Alpn::Always(protocol) => Selection::Always(protocol),
            Alpn::Among(protocols) => Selection::Among(protocols),
        })
    }

    /// Whether the TLS handshake is never answered.
    pub fn stalls(&self) -> bool {
        matches!(self, Shape::By(Profile { handshake, .. }) if handshake.stalls)
    }

    /// Whether HTTP/2 is spoken on a connection for which this protocol was selected.
    pub fn speaks_http2(&self, alpn: Option<&str>) -> bool {
        match self {
            Shape::By(Profile { handshake: Handshake { speaks: Some(protocol), .. }, .. }) => {
                *protocol == Protocol::Http2
            }
            _ => alpn == Some("h2"),
        }
    }

    /// Whether it shapes connections over HTTP/1.1 too: those that it has led there.
    pub fn is_for_http1(&self) -> bool {
        matches!(self, Shape::By(Profile { handshake, .. }) if !handshake.is_usual())
    }
}

impl Worker {
    /// What is to shape a connection for which this profile is wanted.
    pub fn shape(&self, wanted: Option<&str>) -> Shape {
        match wanted {
            None => Shape::Plain,
            Some(name) => match self.profile(name) {
                Some(source) => {
                    let handshake = self.host.handshake(&source);
                    Shape::By(Profile { name: name.to_owned(), source, handshake })
                }
                None => Shape::Unknown(name.to_owned()),
            },
        }
    }

    /// The profile that a host is for, whether there is one or not.
    pub fn profile_of(&self, host: &str) -> Option<String> {
        let end = &self.shared.profile_hosts;
        let host = host.strip_suffix('.').unwrap_or(host);
        let (name, rest) = host.split_at_checked(host.len().checked_sub(end.len())?)?;
        (!name.is_empty() && rest.eq_ignore_ascii_case(end)).then(|| name.to_ascii_lowercase())
    }

    fn profile_of_authority(&self, authority: &[u8]) -> Option<String> {
        // Few requests are for a profile: those that are not are not read any further.
        let end = self.shared.profile_hosts.as_bytes();
        let port = authority.iter().rposition(|octet| *octet == b':').unwrap_or(authority.len());
        let host = authority.get(..port)?;
        let host = host.strip_suffix(b".").unwrap_or(host);
        if !host.get(host.len().checked_sub(end.len())?..)?.eq_ignore_ascii_case(end) {
            return None;
        }
        self.profile_of(&Authority::parse(authority).ok()?.hostname())
    }

    fn profile(&self, name: &str) -> Option<ScriptSource> {
        profiles::find(&self.site().roots.handlers, name)
    }

    /// Says that there is no such profile, and which there are.
    pub fn no_profile(&self, name: &str) -> String {
        profiles::missing(&self.site().roots.handlers, name)
    }

    /// What to tell a client that asks for a profile, by the host or by the query, on a connection that this profile
    /// does not shape: the status and the text.
    pub fn misdirected(&self, connection: &Connection, request: &Request) -> Option<(u16, String)> {
        let asked = || h2c_profile::profile_of(&request.target);
        let name = self.profile_of_authority(&request.authority).or_else(asked)?;
        if connection.peer().profile.as_ref() == Some(&name) {
            return None;
        }
        if self.profile(&name).is_none() {
            return Some((404, self.no_profile(&name)));
        }
        let target = String::from_utf8_lossy(&request.target);
        let port = |protocol| Some(self.shared.port_for(protocol)?.trim_end_matches('/').rsplit_once(':')?.1);
        let tls = port("HTTP/2").map(|port| format!("https://{name}{}:{port}{target}", self.shared.profile_hosts));
        let tls = tls.unwrap_or_else(|| "start the server with --h2".to_owned());
        let clear = port("h2c").unwrap_or("of --h2c");
        let text = format!(
            "The profile {name} applies to HTTP/2 connections opened for it, not to this one. Over TLS the host chooses it: {tls}. \
             Without TLS, on port {clear}, ?{}={name} in the first request of a connection chooses it, if that \
             arrives within h2c_profile_wait. Or give the profile its own port ([[profile_ports]] in wpt.toml).",
            h2c_profile::PARAMETER
        );
        Some((421, text))
    }

    /// Begins to shape a connection that waits for it, before anything is read or written; gives what goes on with it.
    pub fn begin(&self, shape: &Shape, connection: &Connection) -> Option<JoinHandle<()>> {
        let source = match shape {
            Shape::Plain => return None,
            Shape::Unknown(name) => {
                let text = self.no_profile(name);
                tracing::warn!(connection = connection.peer().id, "{text}");
                connection.fail(&text);
                return None;
            }
            Shape::By(Profile { source, .. }) => source,
        };
        let mut shaping: Pin<Box<dyn Future<Output = ()>>> = Box::pin(self.host.shape(source, connection.clone()));
        let mut first = Context::from_waker(Waker::noop());
        let begun = shaping.as_mut().poll(&mut first);
        // Polled again at once by the task, which registers the task's own waker.
        begun.is_pending().then(|| tokio::task::spawn_local(shaping))
    }
}
