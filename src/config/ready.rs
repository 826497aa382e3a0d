//! The line that announces that all ports are open.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::ports::PortKind;

/// One line of JSON, for stdout and the ready file.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename = "ready")]
pub struct Ready {
    pub urls: Urls,
    /// The URLs of the ports that are a profile's own, by its name; absent if there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, Vec<String>>,
    /// The page that shows what goes over the wire.
    pub inspector: String,
    /// The certificate file that a client has to trust, as an absolute path.
    pub ca: PathBuf,
    /// Base64 of the SHA-256 of its SubjectPublicKeyInfo.
    pub spki: String,
    /// The file that TLS keys are written to, because `SSLKEYLOGFILE` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_log: Option<PathBuf>,
    /// The process to send signals to.
    pub pid: u32,
}

/// The URLs of `/` on each open port by its kind, in the order in which the first of a kind was opened; kinds without a
/// port are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urls {
    host: String,
    ports: Vec<(PortKind, Vec<u16>)>,
}

impl Urls {
    /// None yet, at a host.
    pub fn new(host: &str) -> Self {
        Self { host: host.to_owned(), ports: Vec::new() }
    }

    /// Adds one more port.
    pub fn push(&mut self, kind: PortKind, port: u16) {
        match self.ports.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, ports)) => ports.push(port),
            None => self.ports.push((kind, vec![port])),
        }
    }

    /// The ports of each kind.
    pub fn ports(&self) -> impl Iterator<Item = (PortKind, &[u16])> {
        self.ports.iter().map(|(kind, ports)| (*kind, ports.as_slice()))
    }

    /// The first URL of a kind.
    pub fn first(&self, wanted: PortKind) -> Option<String> {
        self.iter().find(|(kind, _)| *kind == wanted).map(|(_, url)| url)
    }

    /// Each URL with its kind.
    pub fn iter(&self) -> impl Iterator<Item = (PortKind, String)> {
        self.ports().flat_map(move |(kind, ports)| ports.iter().map(move |port| (kind, self.url(kind, *port))))
    }

    fn url(&self, kind: PortKind, port: u16) -> String {
        url(kind.scheme(), &self.host, port)
    }
}

impl Serialize for Urls {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.ports().map(|(kind, ports)| {
            let urls: Vec<String> = ports.iter().map(|port| self.url(kind, *port)).collect();
            (kind.name(), urls)
        }))
    }
}

/// The URL of `/` for a host and a port.
pub fn url(scheme: &str, host: &str, port: u16) -> String {
    // An IPv6 address stands in brackets (RFC 3986 §3.2.2).
    if host.contains(':') { format!("{scheme}://[{host}]:{port}/") } else { format!("{scheme}://{host}:{port}/") }
}

impl Ready {
    /// That of this process. `ca` and `spki` are the certificate file and its key's hash.
    pub fn new(
        urls: Urls,
        profiles: BTreeMap<String, Vec<String>>,
        (ca, spki): (&Path, String),
        key_log: Option<&Path>,
    ) -> Self {
        // In clear first: a browser that does not trust the certificate can read it, too.
        let kinds = [PortKind::Http, PortKind::Https, PortKind::H2, PortKind::H2c];
        let base = kinds.into_iter().find_map(|kind| urls.first(kind)).unwrap_or_default();
        // It fails only without a current directory; then the path says nothing wrong either.
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let (ca, key_log) = (absolute(ca), key_log.map(absolute));
        let inspector = format!("{base}_wire/");
        Self { urls, profiles, inspector, ca, spki, key_log, pid: std::process::id() }
    }

    /// The line, without its end.
    pub fn line(&self) -> String {
        // Text and numbers only: this can't fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Writes the line to a file: whole or not at all, so that what waits for the file never reads half of it.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        write_whole(file, &format!("{}\n", self.line()))
    }
}

fn write_whole(file: &Path, text: &str) -> io::Result<()> {
    // A pipe or a device can't be replaced, only written to.
    if file.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return std::fs::write(file, text);
    }
    let mut temporary = OsString::from(file);
    temporary.push(format!(".{}.new", std::process::id()));
    std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, file)).inspect_err(|_| {
        // Best effort: the error that matters is the first.
        let _ = std::fs::remove_file(&temporary);
    })
}
