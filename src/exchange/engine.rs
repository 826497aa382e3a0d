//! One interface over both protocol engines: the only place where a call is handed to one or the other.

use crate::http::transport::{Close, PeerClosed, Transmit};
use crate::{h1, h2};
use bytes::Bytes;
use std::time::Instant;

/// What a connection needs of its engine, whatever the protocol. An exchange's `id` is that of its request (HTTP/1.1)
/// or its stream (HTTP/2).
pub(super) trait Engine {
    /// Takes octets from the socket.
    fn receive(&mut self, now: Instant, octets: &[u8]);

    /// The client's octets ended.
    fn peer_closed(&mut self, now: Instant, how: PeerClosed);

    /// The time of `poll_timeout` has come.
    fn handle_timeout(&mut self, now: Instant);

    /// When `handle_timeout` wants to be called.
    fn poll_timeout(&self) -> Option<Instant>;

    /// Nothing was read for a while: the client gets its time again for what it has begun to send.
    fn excuse_silence(&mut self, now: Instant);

    /// The next octets to be written.
    fn poll_transmit(&mut self) -> Option<Transmit<'_>>;

    /// How many octets of the last `poll_transmit` were written.
    fn transmitted(&mut self, octets: usize);

    /// Octets that wait to be written. Content that waits for window does not count.
    fn output_waiting(&self) -> usize;

    /// Whether to read more.
    fn wants_read(&self) -> bool;

    /// How to close the socket, once everything is written.
    fn closing(&self) -> Option<Close>;

    /// Whether the connection is to end, or has ended; output may be left.
    fn is_ending(&self) -> bool;

    /// No new requests; the connection ends after those in progress.
    fn shut_down(&mut self);

    /// Gives octets of request content back to the client's window.
    fn give_back(&mut self, id: u64, octets: usize);

    /// Octets of a response that wait.
    fn waiting_of(&self, id: u64) -> usize;

    /// Whether no more than `level` octets of a response wait; if more do, an event comes when that changes.
    fn is_drained(&mut self, id: u64, level: usize) -> bool;

    /// Sends octets as they are. Errors about commands that contradict them name `site`.
    fn send_octets(&mut self, octets: Bytes, site: h2::CallSite);

    /// Cuts the output into writes of at most this many octets; `None` cuts nothing.
    fn set_write_size(&mut self, octets: Option<usize>);

    /// Puts a cut here.
    fn flush(&mut self);
}

/// The methods of [`Engine`] that both engines have under the same name. Their own win over those of the trait.
macro_rules! own_methods {
    () => {
        fn receive(&mut self, now: Instant, octets: &[u8]) {
            self.receive(now, octets);
        }

        fn peer_closed(&mut self, now: Instant, how: PeerClosed) {
            self.peer_closed(now, how);
        }

        fn handle_timeout(&mut self, now: Instant) {
            self.handle_timeout(now);
        }

        fn poll_timeout(&self) -> Option<Instant> {
            self.poll_timeout()
        }

        fn excuse_silence(&mut self, now: Instant) {
            self.excuse_silence(now);
        }

        fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
            self.poll_transmit()
        }

        fn transmitted(&mut self, octets: usize) {
            self.transmitted(octets);
        }

        fn wants_read(&self) -> bool {
            self.wants_read()
        }

        fn set_write_size(&mut self, octets: Option<usize>) {
            self.set_write_size(octets);
        }

        fn flush(&mut self) {
            self.flush();
        }
    };
}

impl Engine for h1::Connection {
    own_methods!();

    fn output_waiting(&self) -> usize {
        self.queued()
    }

    fn closing(&self) -> Option<Close> {
        self.closing()
    }

    fn is_ending(&self) -> bool {
        self.is_ending()
    }

    fn shut_down(&mut self) {
        self.close_after();
    }

    fn give_back(&mut self, id: u64, octets: usize) {
        self.consume(h1::RequestId(id), octets);
    }

    /// Responses do not overlap: all that waits is of the one in progress.
    fn waiting_of(&self, _: u64) -> usize {
        self.queued()
    }

    fn is_drained(&mut self, _: u64, level: usize) -> bool {
        self.queued() <= level
    }

    /// They count as the beginning of the response in progress.
    fn send_octets(&mut self, octets: Bytes, _: h2::CallSite) {
        self.send_raw(octets, h1::Track::Yes);
    }
}

impl Engine for h2::Connection {
    own_methods!();

    fn output_waiting(&self) -> usize {
        self.output_waiting()
    }

    fn closing(&self) -> Option<Close> {
        self.should_close().then_some(Close::Graceful)
    }

    fn is_ending(&self) -> bool {
        self.is_closed()
    }

    fn shut_down(&mut self) {
        self.shut_down();
    }

    fn give_back(&mut self, id: u64, octets: usize) {
        self.consume(id as u32, octets);
    }

    fn waiting_of(&self, id: u64) -> usize {
        self.queued(id as u32)
    }

    fn is_drained(&mut self, id: u64, level: usize) -> bool {
        self.notify_writable(id as u32, level)
    }

    fn send_octets(&mut self, octets: Bytes, site: h2::CallSite) {
        self.send_raw_octets(octets, site);
    }
}

/// The engine of a connection. What only one of them can do is reached by [`http1`](Self::http1) and its kin.
pub(super) enum AnyEngine {
    Http1(Box<h1::Connection>),
    Http2(Box<h2::Connection>),
}

impl AnyEngine {
    pub fn http1(&mut self) -> Option<&mut h1::Connection> {
        match self {
            Self::Http1(engine) => Some(engine),
            Self::Http2(_) => None,
        }
    }

    pub fn http2(&mut self) -> Option<&mut h2::Connection> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(engine) => Some(engine),
        }
    }

    pub fn as_http2(&self) -> Option<&h2::Connection> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(engine) => Some(engine),
        }
    }
}

/// Hands each method to the engine that there is; chosen by a branch, so that both can be inlined.
macro_rules! hand_over {
    ($($name:ident(&$($mut:ident)? ; $($argument:ident: $type:ty),*) $(-> $gives:ty)?;)*) => {
        impl Engine for AnyEngine {
            $(fn $name(&$($mut)? self, $($argument: $type),*) $(-> $gives)? {
                match self {
                    Self::Http1(engine) => Engine::$name(&$($mut)? **engine, $($argument),*),
                    Self::Http2(engine) => Engine::$name(&$($mut)? **engine, $($argument),*),
                }
            })*
        }
    };
}

hand_over! {
    receive(&mut; now: Instant, octets: &[u8]);
    peer_closed(&mut; now: Instant, how: PeerClosed);
    handle_timeout(&mut; now: Instant);
    poll_timeout(&;) -> Option<Instant>;
    excuse_silence(&mut; now: Instant);
    poll_transmit(&mut;) -> Option<Transmit<'_>>;
    transmitted(&mut; octets: usize);
    output_waiting(&;) -> usize;
    wants_read(&;) -> bool;
    closing(&;) -> Option<Close>;
    is_ending(&;) -> bool;
    shut_down(&mut;);
    give_back(&mut; id: u64, octets: usize);
    waiting_of(&; id: u64) -> usize;
    is_drained(&mut; id: u64, level: usize) -> bool;
    send_octets(&mut; octets: Bytes, site: h2::CallSite);
    set_write_size(&mut; octets: Option<usize>);
    flush(&mut;);
}
