//! How a command ended.

use crate::net::dial::DialError;
use std::fmt;
use std::io::Write;
use std::process::ExitCode;

/// How a command ended, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Everything is as it should be.
    Success,
    /// `decode`: some bytes make no sense.
    Faulty,
    /// The arguments or a file prevent it.
    Usage,
    /// `decode`: the bytes are not HTTP/2.
    NotHttp2,
    /// A stream was reset, or its response is malformed or incomplete.
    StreamError,
    /// The connection ended before everything was complete, or with an error code.
    ConnectionError,
    /// The TLS handshake failed.
    TlsError,
    /// There is no connection: no such host, or no server there.
    ConnectError,
    /// The time was over.
    Timeout,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Faulty => 1,
            Exit::Usage => 2,
            Exit::StreamError | Exit::NotHttp2 => 3,
            Exit::ConnectionError => 4,
            Exit::TlsError => 5,
            Exit::ConnectError => 6,
            Exit::Timeout => 7,
        })
    }
}

/// Why a command failed. Displays as a message without its `error: `; `help: …` may follow on a line of its own.
#[derive(Debug)]
pub struct Failure {
    /// With which exit code it ends.
    pub exit: Exit,
    /// What is wrong.
    pub text: String,
}

impl Failure {
    /// The arguments or a file are at fault.
    pub fn usage(text: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, text: text.into() }
    }

    /// Prints it to standard error, and gives the exit code.
    pub fn tell(self) -> Exit {
        say(&format!("error: {self}"));
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<DialError> for Failure {
    fn from(error: DialError) -> Self {
        let exit = match &error {
            error if error.is_usage() => Exit::Usage,
            error if error.is_tls() => Exit::TlsError,
            _ => Exit::ConnectError,
        };
        Self { exit, text: error.to_string() }
    }
}

/// Prints a line to standard error, which may be closed.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
