//! The line that tells that all ports are open.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

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

/// The URLs of `/` on each port; ports that are not open are left out.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Urls {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub https: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub h2: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub h2c: Vec<String>,
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
