//! A value and where it comes from.

use std::fmt;
use std::ops::Deref;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// More threads than any machine has cores.
pub(super) const MAX_WORKERS: u64 = 1024;
/// Milliseconds: ten minutes, nobody waits longer for an answer.
pub(super) const MAX_LATENCY: u64 = 600_000;

/// A value with its origin. Two are equal if their values are.
#[derive(Clone, Debug)]
pub struct Value<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Value<T> {
    /// A value that nobody chose.
    pub(super) fn default_of(value: T) -> Value<T> {
        Value { value, origin: Origin::Default }
    }
}

impl<T> Deref for Value<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Value<T> {
    fn eq(&self, other: &Value<T>) -> bool {
        self.value == other.value
    }
}

/// A value that is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret(pub String);

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A line of a file, counted from 1.
    File { path: Arc<Path>, line: usize },
    /// An option of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { path, line } => write!(f, "{}:{line}", path.display()),
            Origin::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A time that the file gives in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milliseconds(pub Duration);

/// A port to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// This one, 1 to 65,535.
    Number(u16),
    /// Any that is free.
    Auto,
}

impl Port {
    /// The number to bind: 0 lets the system choose.
    pub fn number(self) -> u16 {
        match self {
            Port::Number(number) => number,
            Port::Auto => 0,
        }
    }
}

impl FromStr for Port {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Port, &'static str> {
        match text.parse() {
            _ if text == "auto" => Ok(Port::Auto),
            Ok(number @ 1..) => Ok(Port::Number(number)),
            _ => Err("a port is a number from 1 to 65535, or \"auto\" for any that is free"),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Port::Number(number) => number.fmt(f),
            Port::Auto => f.write_str("auto"),
        }
    }
}

/// What is logged to stderr: everything of the level and of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum LogLevel {
    /// Nothing
    Off,
    /// Failures of the server itself
    Error,
    /// Failed scripts and other problems to look at
    Warn,
    /// Start, reload and stop, log() of scripts, rules that clients break, errors that clients report
    Info,
    /// Each request, when it has ended
    Access,
    /// Each connection, and what the server decides
    Debug,
    /// Each frame, as far as transcripts record it
    Trace,
}

impl LogLevel {
    pub(super) const ALL: [LogLevel; 7] = [
        LogLevel::Off,
        LogLevel::Error,
        LogLevel::Warn,
        LogLevel::Info,
        LogLevel::Access,
        LogLevel::Debug,
        LogLevel::Trace,
    ];

    /// By our names and those of Python's `logging`, in any case.
    pub(super) fn named(name: &str) -> Option<LogLevel> {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "warning" => Some(LogLevel::Warn),
            "critical" => Some(LogLevel::Error),
            name => LogLevel::ALL.into_iter().find(|level| level.name() == name),
        }
    }

    /// As it is written in `wpt.toml` and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Off => "off",
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Access => "access",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object per line
    Json,
}

impl LogFormat {
    /// As it is written in `wpt.toml` and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        }
    }
}

/// `path` as seen from `base`, without needless dots.
pub(super) fn join(base: &Path, path: &Path) -> PathBuf {
    let joined: PathBuf = base.join(path).components().filter(|part| *part != Component::CurDir).collect();
    if joined.as_os_str().is_empty() { PathBuf::from(".") } else { joined }
}
