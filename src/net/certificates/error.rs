//! What can be wrong with certificates and keys: always the configuration or the operating system.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Why there are no certificates to serve. Displays as one sentence that says what to do.
#[derive(Debug)]
pub enum CertificateError {
    /// The folder for our certificates can't be made or locked.
    Folder(PathBuf, io::Error),
    /// Our own authority is of no use.
    Authority(Fault),
    /// The user's certificate or key is of no use.
    Configured(Fault),
    /// A certificate is of no use to whoever wants to look at it.
    Read(Fault),
    /// Making a key or a certificate failed.
    Making(String),
}

/// What is wrong with a file.
#[derive(Debug)]
pub struct Fault {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Read(io::Error),
    Write(io::Error),
    NoCertificate,
    NoKey,
    Malformed(String),
    /// The key is not the one of this certificate.
    OtherKey(PathBuf),
    Expired(SystemTime),
    NotYetValid(SystemTime),
    NotAnAuthority,
}

impl Fault {
    pub(super) fn new(path: &Path, kind: Kind) -> Fault {
        Fault { path: path.to_owned(), kind }
    }

    pub(super) fn is_missing(&self) -> bool {
        matches!(&self.kind, Kind::Read(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether other contents of the same files would help.
    fn is_content(&self) -> bool {
        !matches!(self.kind, Kind::Read(_) | Kind::Write(_))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            Kind::Read(error) => write!(f, "cannot read {path}: {error}"),
            Kind::Write(error) => write!(f, "cannot write {path}: {error}"),
            Kind::NoCertificate => write!(f, "{path} has no certificate in PEM form"),
            Kind::NoKey => write!(f, "{path} has no private key in PEM form"),
            Kind::Malformed(why) => write!(f, "{path} is damaged or of an unknown kind: {why}"),
            Kind::OtherKey(certificate) => {
                write!(f, "the key {path} does not belong to the certificate {}", certificate.display())
            }
            Kind::Expired(at) => write!(f, "the certificate {path} expired on {}", httpdate::fmt_http_date(*at)),
            Kind::NotYetValid(from) => {
                write!(f, "the certificate {path} is valid only from {} on", httpdate::fmt_http_date(*from))
            }
            Kind::NotAnAuthority => write!(f, "{path} is not the certificate of an authority"),
        }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CertificateError::Folder(path, error) => {
                write!(f, "cannot use the directory {} for certificates: {error}", path.display())
            }
            CertificateError::Authority(fault) if fault.is_content() => {
                write!(f, "{fault}: delete ca.pem and ca.key in that directory, and a new authority is made")
            }
            CertificateError::Authority(fault) | CertificateError::Read(fault) => fault.fmt(f),
            CertificateError::Configured(fault) => write!(f, "{fault} (named in [ssl] of the configuration)"),
            CertificateError::Making(why) => write!(f, "cannot make a certificate: {why}"),
        }
    }
}

impl std::error::Error for CertificateError {}

impl From<rcgen::Error> for CertificateError {
    fn from(error: rcgen::Error) -> Self {
        CertificateError::Making(error.to_string())
    }
}
