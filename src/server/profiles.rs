//! Which connection is shaped by which profile.

use super::asked;
use super::worker::Worker;
use crate::config::Config;
use crate::exchange::{Connection, Protocol, Request};
use crate::net::tls::Selection;
use crate::script::ScriptSource;
use crate::script::handshake::is_name;
use crate::script::handshake::{Alpn, Handshake};
use crate::site;
use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Waker};
use tokio::task::JoinHandle;

/// The folder of profiles below a folder of handlers.
const FOLDER: &str = "profiles";

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
        let host = host.trim_end_matches('.');
        let (name, rest) = host.split_at_checked(host.len().checked_sub(end.len())?)?;
        (!name.is_empty() && rest.eq_ignore_ascii_case(end)).then(|| name.to_ascii_lowercase())
    }

    fn profile(&self, name: &str) -> Option<ScriptSource> {
        find(&self.site().roots.handlers, name)
    }

    /// Says that there is no such profile, and which there are.
    pub fn no_profile(&self, name: &str) -> String {
        missing(&self.site().roots.handlers, name)
    }

    /// What to tell a client that asks for a profile, by the host or by the query, on a connection that this profile
    /// does not shape: the status and the text.
    pub fn misdirected(&self, connection: &Connection, request: &Request) -> Option<(u16, String)> {
        let authority = std::str::from_utf8(&request.authority).ok()?;
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let name = self.profile_of(host).or_else(|| asked::profile_of(&request.target))?;
        if connection.peer().profile.as_ref() == Some(&name) {
            return None;
        }
        if self.profile(&name).is_none() {
            return Some((404, self.no_profile(&name)));
        }
        let target = String::from_utf8_lossy(&request.target);
        let port = |protocol| Some(self.shared.port_for(protocol)?.trim_end_matches('/').rsplit_once(':')?.1);
        let tls = port("HTTP/2").map(|port| format!("https://{name}{}:{port}{target}", self.shared.profile_hosts));
        let tls = tls.unwrap_or_else(|| "start the server with --h2, and ask there".to_owned());
        let clear = port("h2c").unwrap_or("of --h2c");
        let text = format!(
            "The profile {name} shapes connections of HTTP/2, and not this one. Over TLS the host chooses it: {tls}. In \
             clear, on port {clear}, ?{}={name} in the first request of a connection does, if it comes within \
             h2c_profile_wait. Or the profile has a port of its own ([[profile_ports]] in wpt.toml).",
            asked::PARAMETER
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
        let begun = connection.in_turn(|| shaping.as_mut().poll(&mut first));
        // Polled again at once by the task, which registers the task's own waker.
        begun.is_pending().then(|| tokio::task::spawn_local(shaping))
    }
}

/// The profile of this name below one of the folders, else a shipped one.
fn find(roots: &[PathBuf], name: &str) -> Option<ScriptSource> {
    if !is_name(name) {
        return None;
    }
    let path = format!("{FOLDER}/{name}.rhai");
    let on_disk = roots.iter().map(|root| root.join(&path)).find(|file| file.is_file());
    on_disk.map(ScriptSource::Path).or_else(|| {
        let text = site::shipped_handler(&path)?;
        Some(ScriptSource::Embedded { name: format!("handlers/{path}").into(), text })
    })
}

/// The profiles that there are, on disk and shipped.
fn names(roots: &[PathBuf]) -> BTreeSet<String> {
    let shipped = site::shipped_handlers();
    let shipped = shipped.filter_map(|path| Some(path.strip_prefix("profiles/")?.to_owned()));
    let folders = roots.iter().filter_map(|root| root.join(FOLDER).read_dir().ok());
    let files = folders.flatten().filter_map(|file| file.ok()?.file_name().into_string().ok());
    let name = |file: String| file.strip_suffix(".rhai").filter(|name| is_name(name)).map(str::to_owned);
    shipped.chain(files).filter_map(name).collect()
}

fn missing(roots: &[PathBuf], name: &str) -> String {
    let names: Vec<String> = names(roots).into_iter().collect();
    format!("there is no profile {name:?}; there are {}", names.join(", "))
}

/// What the host of a profile ends with.
pub(super) fn end_of_hosts(config: &Config) -> String {
    format!(".conn.{}", config.browser_host.value)
}

/// The hosts of all profiles.
pub(super) fn hosts(config: &Config) -> Vec<String> {
    let end = end_of_hosts(config);
    names(&config.handler_roots.value).into_iter().map(|name| format!("{name}{end}")).collect()
}

/// What a configuration says of profiles that are not there.
pub(super) fn unknown(config: &Config) -> Vec<String> {
    let roots = &config.handler_roots.value;
    let unknown = config.profile_ports.iter().filter(|port| find(roots, &port.value.profile).is_none());
    unknown.map(|port| format!("{}: {}", port.origin, missing(roots, &port.value.profile))).collect()
}
