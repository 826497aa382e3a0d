//! Why no browser was opened.

use crate::net::certificates::CertificateError;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Each displays as what is wrong, and a line of help.
#[derive(Debug)]
pub enum OpenError {
    /// What the user passed is not a URL.
    Url(String),
    /// No server listens at these URLs.
    NoServer(Vec<String>),
    /// Every port is `auto`.
    NoPort,
    /// The ready file is missing or invalid.
    ReadyFile(PathBuf, String),
    /// None of these programs exists.
    NoBrowser(Vec<String>),
    /// The certificates are missing or invalid.
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
    /// The browser ended by itself, and says that it failed; the last lines of its output.
    Ended(PathBuf, ExitStatus, String),
    /// The operating system refuses a runtime.
    Runtime(io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => {
                write!(f, "{url} is not a URL\nhelp: write it with its scheme, or pass a path that begins with a slash")
            }
            Self::NoServer(urls) => {
                write!(f, "no server at {}\nhelp: start `wireserve serve --h2`, or pass a full URL", urls.join(", "))
            }
            Self::NoPort => f.write_str(
                "the port numbers are unknown, because the configuration says `auto`\nhelp: start the server with `--ready-file FILE`, and pass the same to `open`",
            ),
            Self::ReadyFile(path, why) => write!(f, "the ready file {}: {why}", path.display()),
            Self::NoBrowser(programs) => write!(
                f,
                "no browser found (looked for {})\nhelp: install one, or name its program with `--browser` or in the environment \
                 variable CHROME or FIREFOX",
                programs.join(", ")
            ),
            Self::Certificate(error) => error.fmt(f),
            Self::NoAuthority => f.write_str(
                "Firefox trusts authorities, and your certificate file has none at its end\nhelp: add the authority to \
                 the file, or use Chromium",
            ),
            Self::NoCertutil(error) => write!(
                f,
                "certutil, which makes Firefox's profile trust the server, does not start: {error}\nhelp: install it \
                 (libnss3-tools in Debian and Ubuntu, nss-tools in Fedora, nss in Homebrew), or use Chromium"
            ),
            Self::Certutil(why) => write!(f, "certutil cannot make Firefox's profile trust the server: {why}"),
            Self::Profile(error) => write!(f, "cannot make a profile in the directory for temporary files: {error}"),
            Self::Start(program, error) => write!(f, "{} does not start: {error}", program.display()),
            Self::Ended(program, status, output) => {
                write!(f, "{} failed ({status})", program.display())?;
                if output.is_empty() { Ok(()) } else { write!(f, "; the end of its output:\n{output}") }
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
