//! Why no browser was opened.

use crate::net::certificates::CertificateError;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Each displays as one sentence that says what to do.
#[derive(Debug)]
pub enum OpenError {
    /// The user's URL is none.
    Url(String),
    /// Nobody listens at these URLs.
    NoServer(Vec<String>),
    /// The configuration leaves every port to chance.
    NoPort,
    /// The ready file is of no use.
    ReadyFile(PathBuf, String),
    /// None of these programs is there.
    NoBrowser(Vec<String>),
    /// The certificates are of no use.
    Certificate(CertificateError),
    /// The user's certificate chain ends without an authority that Firefox could trust.
    NoAuthority,
    /// `certutil` cannot be started.
    NoCertutil(io::Error),
    /// `certutil` failed.
    Certutil(String),
    /// The profile cannot be made.
    Profile(io::Error),
    /// The browser cannot be started.
    Start(PathBuf, io::Error),
    /// The browser ended by itself, and says that it failed.
    Ended(PathBuf, Option<ExitStatus>),
    /// The operating system refuses a runtime.
    Runtime(io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => {
                write!(f, "{url} is no URL: write it with its scheme, or only the path, beginning with a slash")
            }
            Self::NoServer(urls) => {
                write!(f, "nobody listens at {}: start `wireserve serve --h2` first, or name a URL", urls.join(" nor at "))
            }
            Self::NoPort => f.write_str(
                "the configuration leaves the ports to chance: start the server with --ready-file F, then name F here too",
            ),
            Self::ReadyFile(path, why) => write!(f, "the ready file {}: {why}", path.display()),
            Self::NoBrowser(programs) => write!(
                f,
                "no browser is found (looked for {}): install one, or name its program with --browser, or in the environment \
                 as CHROME or FIREFOX",
                programs.join(", ")
            ),
            Self::Certificate(error) => error.fmt(f),
            Self::NoAuthority => f.write_str(
                "Firefox trusts authorities, and the file of your own certificate holds none at its end: add it there, or \
                 take Chromium",
            ),
            Self::NoCertutil(error) => write!(
                f,
                "certutil, with which Firefox's profile is made to trust the server, does not start ({error}): install it \
                 (libnss3-tools in Debian and Ubuntu, nss-tools in Fedora, nss in Homebrew), or take Chromium"
            ),
            Self::Certutil(why) => write!(f, "certutil cannot make Firefox's profile trust the server: {why}"),
            Self::Profile(error) => write!(f, "a profile cannot be made in the folder for temporary files: {error}"),
            Self::Start(program, error) => write!(f, "{} does not start: {error}", program.display()),
            Self::Ended(program, status) => {
                let how = status.map_or_else(String::new, |status| format!(" ({status})"));
                write!(f, "{} ended with a failure{how}: what it wrote stands above", program.display())
            }
            Self::Runtime(error) => write!(f, "the operating system refuses a runtime: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<CertificateError> for OpenError {
    fn from(error: CertificateError) -> Self {
        Self::Certificate(error)
    }
}
