//! Playbooks: what the peer sends, what the connection tells, what is commanded, what goes out. A playbook that leaves
//! an event or an octet unmentioned fails.

mod bodies;
mod closing;
mod heads;
mod properties;
mod requests;
mod responses;

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::*;
use crate::http::Fields;
use crate::http::role::Role;
use crate::http::transport::{Close, PeerClosed, Transmit};

/// One octet of a limit or second of a timeout is enough to tell what passes it.
fn small_limits() -> Config {
    Config {
        limits: Limits {
            request_line: 64,
            head: 128,
            field_lines: 4,
            chunk_line: 24,
            unconsumed_body: 10,
            pipelined: 20,
            queued_output: 100,
            drained_body: 10,
        },
        timeouts: Timeouts { head: Duration::from_secs(1), idle: Duration::from_secs(10) },
        record_octets: None,
    }
}

#[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
fn beginning() -> Instant {
    Instant::now()
}

struct Play {
    connection: Connection,
    now: Instant,
}

impl Play {
    fn new() -> Self {
        Self::with(Config::default())
    }

    fn with(config: Config) -> Self {
        let now = beginning();
        Self { connection: Connection::server(config, now), now }
    }

    /// `>>` the peer sends.
    fn peer(&mut self, octets: impl AsRef<[u8]>) -> &mut Self {
        self.connection.receive(self.now, octets.as_ref());
        self
    }

    fn peer_closed(&mut self, how: PeerClosed) -> &mut Self {
        self.connection.peer_closed(self.now, how);
        self
    }

    fn seconds_pass(&mut self, seconds: u64) -> &mut Self {
        self.now += Duration::from_secs(seconds);
        self.connection.handle_timeout(self.now);
        self
    }

    /// The connection tells exactly this.
    #[track_caller]
    fn tells(&mut self, expected: &[&str]) -> &mut Self {
        let told: Vec<String> = std::iter::from_fn(|| self.connection.poll_event()).map(shown).collect();
        assert_eq!(told, expected);
        self
    }

    /// A command that succeeds.
    #[track_caller]
    fn does(&mut self, command: impl FnOnce(&mut Connection) -> Result<(), Misuse>) -> &mut Self {
        command(&mut self.connection).unwrap();
        self
    }

    /// A command that cannot fail.
    fn orders(&mut self, command: impl FnOnce(&mut Connection)) -> &mut Self {
        command(&mut self.connection);
        self
    }

    /// A command that is refused and queues nothing.
    #[track_caller]
    fn refuses(&mut self, misuse: Misuse, command: impl FnOnce(&mut Connection) -> Result<(), Misuse>) -> &mut Self {
        let queued = self.connection.queued();
        assert_eq!(command(&mut self.connection), Err(misuse));
        assert_eq!(self.connection.queued(), queued, "something was queued");
        self
    }

    /// `<<` exactly this goes out.
    #[track_caller]
    fn sends(&mut self, expected: impl AsRef<[u8]>) -> &mut Self {
        let sent = drain(&mut self.connection);
        assert_eq!(sent.escape_ascii().to_string(), expected.as_ref().escape_ascii().to_string());
        self
    }

    #[track_caller]
    fn is_closing(&mut self, close: Option<Close>) -> &mut Self {
        assert_eq!(self.connection.closing(), close);
        self
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.tells(&[]).sends("");
        }
    }
}

fn drain(connection: &mut Connection) -> Vec<u8> {
    let mut sent = Vec::new();
    while let Some(Transmit { octets, .. }) = connection.poll_transmit() {
        let count = octets.len();
        sent.extend_from_slice(octets);
        connection.transmitted(count);
    }
    sent
}

fn ok(connection: &mut Connection, id: u64) -> Result<(), Misuse> {
    connection.send_head(RequestId(id), 200, None, &Fields::new(), BodyLength::Known(2))?;
    connection.send_body(RequestId(id), Bytes::from_static(b"ok"))?;
    connection.end(RequestId(id))
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const OK_CLOSE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

fn shown_lines(lines: &[Line]) -> String {
    let each = |line: &Line| format!("[{}={}]", line.name.escape_ascii(), line.value.escape_ascii());
    lines.iter().map(each).collect()
}

fn shown(event: Event) -> String {
    match event {
        Event::Request { id, head, expects_continue, body } => format!(
            "request {id} {} {} {} {body:?}{} {}",
            head.method.escape_ascii(),
            head.target.escape_ascii(),
            head.version,
            if expects_continue { " expects" } else { "" },
            shown_lines(&head.lines)
        ),
        Event::Body { id, data, octets } if data == octets => format!("body {id} {}", data.escape_ascii()),
        Event::Body { id, data, octets } => {
            format!("body {id} {} of {}", data.escape_ascii(), octets.escape_ascii())
        }
        Event::Trailers { id, lines } => format!("trailers {id} {}", shown_lines(&lines)),
        Event::RequestEnd { id, octets } if octets.is_empty() => format!("end {id}"),
        Event::RequestEnd { id, octets } => format!("end {id} {}", octets.escape_ascii()),
        Event::BadRequest { id, reason, answered } => {
            let id = id.map(|id| format!(" {id}")).unwrap_or_default();
            format!("bad{id} {} {reason:?}{}", reason.status(), if answered { "" } else { " unanswered" })
        }
        Event::Sent { octets, length, cause } => format!("sent {cause:?} {length} {}", octets.escape_ascii()),
        Event::Writable { id } => format!("writable {id}"),
        Event::PeerClosed { how } => format!("peer closed {how:?}"),
        Event::Closed { reason } => format!("closed: {}", reason.id(Role::Server)),
    }
}
