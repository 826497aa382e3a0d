//! A line in the log for each request, when it has ended.

use crate::exchange::{Connection, End, Ended};
use crate::http::latin1::latin1;
use crate::http::role::Role;
use crate::net;
use std::fmt;
use std::time::Duration;
use tracing::Level;

// Targets, of which the log shows one: see `log::filter`.
/// Lines for people.
const TEXT: &str = "access";
/// Fields for programs.
const FIELDS: &str = "request";

/// Whether the log has such lines.
pub(super) fn is_on() -> bool {
    tracing::enabled!(target: TEXT, Level::INFO) || tracing::enabled!(target: FIELDS, Level::INFO)
}

/// Logs that a request has ended.
pub(super) fn log(connection: &Connection, ended: &Ended) {
    let id = connection.peer().id;
    let took = ended.began.map(|began| net::now().saturating_duration_since(began));
    let line = Line { connection, ended, took };
    tracing::info!(target: TEXT, connection = id, "{line}");
    let (how, code) = match ended.how {
        End::Complete => ("complete", None),
        End::ClientReset(code) => ("client-reset", Some(code.to_string())),
        End::ServerReset(code) => ("server-reset", Some(code.to_string())),
        End::Gone => ("connection-lost", None),
    };
    tracing::info!(
        target: FIELDS,
        connection = id,
        protocol = %ended.protocol,
        method = latin1(&ended.method),
        path = latin1(&ended.target),
        status = ended.status,
        raw = ended.raw,
        bytes = ended.content,
        ms = took.map(milliseconds),
        ended = how,
        code,
    );
}

fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}

/// A request in one line.
struct Line<'a> {
    connection: &'a Connection,
    ended: &'a Ended,
    took: Option<Duration>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ended { protocol, method, target, status, raw, content, how, .. } = self.ended;
        write!(f, "{protocol} {} {} ", method.escape_ascii(), target.escape_ascii())?;
        match status {
            Some(status) => write!(f, "{status}")?,
            None if *raw => f.write_str("raw")?,
            None => f.write_str("-")?,
        }
        write!(f, " {content} bytes")?;
        if let Some(took) = self.took {
            write!(f, " {:.1} ms", milliseconds(took))?;
        }
        match how {
            End::Complete => Ok(()),
            End::ClientReset(code) => write!(f, ", reset by the client: {code}"),
            End::ServerReset(code) => write!(f, ", reset by the server: {code}"),
            End::Gone => write!(f, ", connection lost: {}", self.connection.end_reason().text(Role::Server)),
        }
    }
}
