//! Why a server does not start.

use crate::net::certificates::CertificateError;
use crate::net::listen::ListenError;
use crate::script::stash::error::StashError;
use crate::site::SiteError;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a server did not start.
#[derive(Debug)]
pub enum StartError {
    /// The CA or a certificate is missing, unreadable or invalid.
    Certificate(CertificateError),
    /// A port cannot be opened.
    Listen(ListenError),
    /// The stash cannot be set up as configured.
    Stash(StashError),
    /// The cryptography could not be set up.
    Tls(String),
    /// What the configuration says about URLs is invalid.
    Site(SiteError),
    /// The ready file cannot be written.
    ReadyFile(PathBuf, io::Error),
    /// The directory for transcripts cannot be made.
    TranscriptFolder(PathBuf, io::Error),
    /// The file that `SSLKEYLOGFILE` names cannot be written.
    KeyLog(PathBuf, io::Error),
    /// The operating system refuses a thread, a runtime or a signal handler.
    System(&'static str, io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(error) => error.fmt(f),
            Self::Listen(error) => error.fmt(f),
            Self::Stash(error) => write!(f, "cannot set up the stash: {error}"),
            Self::Tls(error) => write!(f, "cannot set up TLS: {error}"),
            Self::Site(error) => error.fmt(f),
            Self::ReadyFile(path, error) => write!(f, "cannot write the ready file {}: {error}", path.display()),
            Self::TranscriptFolder(path, error) => {
                write!(f, "cannot make the directory {} for transcripts (--transcript): {error}", path.display())
            }
            Self::KeyLog(path, error) => {
                write!(f, "cannot write {}, which SSLKEYLOGFILE names: {error}", path.display())
            }
            Self::System(what, error) => write!(f, "the operating system refuses {what}: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<CertificateError> for StartError {
    fn from(error: CertificateError) -> Self {
        Self::Certificate(error)
    }
}

impl From<ListenError> for StartError {
    fn from(error: ListenError) -> Self {
        Self::Listen(error)
    }
}

impl From<SiteError> for StartError {
    fn from(error: SiteError) -> Self {
        Self::Site(error)
    }
}

impl From<StashError> for StartError {
    fn from(error: StashError) -> Self {
        Self::Stash(error)
    }
}
