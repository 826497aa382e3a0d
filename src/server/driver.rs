//! Between the pump and a connection: octets in, exchanges dispatched, notices logged.

use super::thread_state::Thread;
use crate::exchange::{Notice, Socket};
use crate::http::transport::{Close, PeerClosed, Transmitted};
use crate::net::pump::Engine;
use std::io;
use std::rc::Rc;
use std::task::Waker;
use std::time::Instant;

/// What the pump drives.
pub(super) struct Driver {
    pub socket: Socket,
    pub thread: Rc<Thread>,
}

impl Driver {
    /// Hands new exchanges to whoever answers them, and notices to the log.
    fn turn(&self, now: Instant) {
        while let Some(exchange) = self.socket.next_exchange() {
            let worker = self.thread.worker();
            self.thread.requests.set(self.thread.requests.get() + 1);
            worker.now.set(now);
            self.socket.in_turn(|| super::dispatch::dispatch(&worker, exchange));
        }
        while let Some(notice) = self.socket.next_notice() {
            log(self.socket.connection().peer().id, &notice);
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
            let sent = self.socket.transmit(write);
            self.turn(now);
            sent
        })
    }

    fn wants_read(&self) -> bool {
        self.socket.wants_read()
    }

    fn close(&self) -> Option<Close> {
        self.socket.wants_close()
    }

    fn register_waker(&self, waker: &Waker) {
        self.socket.register_waker(waker);
    }
}

fn log(id: u64, notice: &Notice) {
    match notice {
        Notice::Violation { text, enforced: true, .. } => {
            tracing::info!(connection = id, "client broke a rule: {text}")
        }
        Notice::Violation { text, enforced: false, .. } => {
            tracing::debug!(connection = id, "client broke a rule: {text}")
        }
        Notice::ClientError { text } => tracing::info!(connection = id, "client sent {text}"),
        Notice::BadRequest { status, text } => {
            tracing::info!(connection = id, "bad request, answered {status}: {text}")
        }
        Notice::Lost { text } => tracing::info!(connection = id, "{text}"),
    }
}
