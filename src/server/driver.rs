//! Between the pump and a connection: octets in, exchanges dispatched, notices logged.

use super::access_log;
use super::thread_state::Thread;
use crate::exchange::{Notice, Socket};
use crate::h2::{Reaction, Rule, Violation};
use crate::http::transport::{Close, PeerClosed, Transmitted};
use crate::net::{
    self,
    pump::{Engine, TURN},
};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::task::Waker;
use std::time::Instant;

/// Requests that are handed over between two looks at the clock.
const DISPATCHES: u32 = 4;

/// What the pump drives.
pub(super) struct Driver {
    pub socket: Socket,
    pub thread: Rc<Thread>,
    /// Requests wait for another turn.
    behind: Cell<bool>,
    /// How often the client has broken which rule.
    told: RefCell<BTreeMap<Rule, u32>>,
}

impl Driver {
    pub fn new(socket: Socket, thread: Rc<Thread>) -> Self {
        Self { socket, thread, behind: Cell::new(false), told: RefCell::default() }
    }

    /// Hands new exchanges to what answers them, as far as the time of a turn goes, and notices to the log.
    fn turn(&self, now: Instant) {
        self.socket.report_ends(access_log::is_on());
        let mut dispatched = 0_u32;
        while let Some(exchange) = self.socket.next_exchange() {
            let worker = self.thread.worker();
            self.thread.requests.set(self.thread.requests.get() + 1);
            worker.now.set(now);
            self.socket.in_turn(|| super::dispatch::dispatch(&worker, exchange));
            dispatched += 1;
            if dispatched.is_multiple_of(DISPATCHES) && net::now().saturating_duration_since(now) >= TURN {
                break;
            }
        }
        self.socket.free_some();
        self.behind.set(self.socket.has_next_exchange() || self.socket.has_discarded());
        self.log_notices();
    }

    /// Hands notices to the log.
    pub fn log_notices(&self) {
        while let Some(notice) = self.socket.next_notice() {
            self.log(&notice);
            self.thread.count(&notice);
        }
    }
}

impl Engine for Driver {
    fn receive(&self, now: Instant, octets: &[u8]) {
        self.socket.at(now, || {
            self.socket.receive(now, octets);
            self.turn(now);
        });
    }

    fn peer_closed(&self, now: Instant, how: PeerClosed) {
        self.socket.at(now, || {
            self.socket.peer_closed(now, how);
            self.turn(now);
        });
    }

    fn handle_timeout(&self, now: Instant) {
        self.socket.at(now, || {
            self.socket.handle_timeout(now);
            self.turn(now);
        });
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.socket.poll_timeout()
    }

    fn transmit(&self, now: Instant, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> Transmitted {
        self.socket.at(now, || {
            // A request that came to light outside of a turn, as a pipelined one does when a handler ends a response: its
            // answer is to be written, too.
            if self.socket.has_next_exchange() {
                self.turn(now);
            }
            let sent = self.socket.transmit(write);
            self.turn(now);
            sent
        })
    }

    fn wants_read(&self) -> bool {
        self.socket.wants_read()
    }

    fn is_behind(&self) -> bool {
        self.behind.get()
    }

    fn close(&self) -> Option<Close> {
        self.socket.wants_close()
    }

    fn register_waker(&self, waker: &Waker) {
        self.socket.register_waker(waker);
    }
}

/// Times that the log tells of one rule that the same client breaks; more are for `debug`.
const MAX_TOLD: u32 = 10;

impl Driver {
    fn log(&self, notice: &Notice) {
        let id = self.socket.connection().peer().id;
        match notice {
            Notice::Violation(violation) if self.is_to_be_told(violation) => {
                tracing::info!(connection = id, "client broke a rule: {}", Told(violation));
            }
            Notice::Violation(violation) => {
                tracing::debug!(connection = id, "client broke a rule: {}", Told(violation));
            }
            Notice::ClientError { text } => tracing::info!(connection = id, "client sent {text}"),
            Notice::Overloaded { stream } => {
                tracing::info!(
                    connection = id,
                    "stream {stream} was reset: the connection's requests keep more than limits.connection bytes"
                );
            }
            Notice::BadRequest { status, text } => {
                tracing::info!(connection = id, "bad request, answered {status}: {text}");
            }
            Notice::Ended(exchange) => access_log::log(self.socket.connection(), &exchange.summary()),
            Notice::Lost { text } => tracing::info!(connection = id, "{text}"),
        }
    }

    /// Whether it had a consequence and has not been told often enough: a flood of broken rules is none of the log.
    fn is_to_be_told(&self, violation: &Violation) -> bool {
        if violation.reaction == Reaction::Reported {
            return false;
        }
        let mut told = self.told.borrow_mut();
        let times = told.entry(violation.rule).or_default();
        *times = times.saturating_add(1);
        *times <= MAX_TOLD
    }
}

/// A broken rule in one line.
struct Told<'a>(&'a Violation);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { rule, stream, detail, reaction, .. } = self.0;
        write!(f, "{} ({}) on stream {stream}: ", rule.id(), rule.section())?;
        match reaction {
            Reaction::ConnectionError(code) => write!(f, "connection error {code}")?,
            Reaction::StreamError(code) => write!(f, "stream error {code}")?,
            Reaction::Reported => f.write_str("reported only")?,
        }
        write!(f, ". {} {detail}", rule.text())
    }
}
