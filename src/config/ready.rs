//! The line that tells that all ports are open.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::ports::PortKind;

/// One line of JSON, to stdout and to the ready file.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename = "ready")]
pub struct Ready {
    pub urls: Urls,
    /// The certificate file that a client has to trust.
    pub ca: PathBuf,
    /// Base64 of the SHA-256 of its SubjectPublicKeyInfo.
    pub spki: String,
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
    /// The line, without its end.
    pub fn line(&self) -> String {
        // Text and numbers only: this can't fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Writes the line to stdout and, if named, to a file: whole or not at all, so that whoever waits for the file
    /// never reads half of it.
    ///
    /// # Errors
    /// The file can't be written; a stdout that nobody reads is no error.
    pub fn announce(&self, file: Option<&Path>) -> io::Result<()> {
        let line = format!("{}\n", self.line());
        if let Some(file) = file {
            write_whole(file, &line)?;
        }
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
        Ok(())
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
