//! A connection as the owner of its socket sees it.

use super::connection::{Connection, Notice};
use super::conversation::Exchange;
use super::engine::{AnyEngine, Engine};
use super::limits::Limits;
use super::observer::Observer;
use super::restore::Restore;
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::{Close, PeerClosed, Transmit, Transmitted};
use crate::{h1, h2};
use std::io;
use std::task::Waker;
use std::time::Instant;

/// What moves octets and time between a socket and a [`Connection`], and takes its new exchanges.
#[derive(Clone)]
pub struct Socket(Connection);

impl Socket {
    /// A connection over HTTP/2.
    pub fn http2(peer: Peer, limits: Limits, engine: h2::Connection) -> Self {
        Self(Connection::new(peer, limits, Protocol::Http2, AnyEngine::Http2(Box::new(engine))))
    }

    /// A connection over HTTP/1.1.
    pub fn http1(peer: Peer, limits: Limits, engine: h1::Connection) -> Self {
        Self(Connection::new(peer, limits, Protocol::Http1, AnyEngine::Http1(Box::new(engine))))
    }

    /// What exchanges and scripts see of it.
    pub fn connection(&self) -> &Connection {
        &self.0
    }

    /// Lets `observer` see everything from now on. The first one stays.
    pub fn observe_by(&self, observer: Box<dyn Observer>) {
        // A second one is a mistake of the caller that does no harm.
        let _ = self.0.0.observer.set(observer);
    }

    /// Runs `act` as something that happens at `now`.
    pub fn at<T>(&self, now: Instant, act: impl FnOnce() -> T) -> T {
        let _until_done = Restore::after(&self.0.0.now, Some(now));
        act()
    }

    /// Runs `act` as a part of the socket's turn: what it sends needs no wake-up, because the owner transmits afterwards.
    pub fn in_turn<T>(&self, act: impl FnOnce() -> T) -> T {
        let _until_done = Restore::after(&self.0.0.in_turn, true);
        act()
    }

    /// Takes octets that have arrived.
    pub fn receive(&self, now: Instant, octets: &[u8]) {
        if self.0.protocol() == Protocol::Http1 {
            self.0.observe(|observer, now| observer.received(now, octets));
        }
        self.0.0.engine.borrow_mut().receive(now, octets);
        self.in_turn(|| self.0.drain_events());
    }

    /// The client's octets ended; again if the connection breaks after that.
    pub fn peer_closed(&self, now: Instant, how: PeerClosed) {
        self.0.0.engine.borrow_mut().peer_closed(now, how);
        self.0.drain_events();
        self.release_output();
        if !how.may_still_read() {
            self.end_all();
        }
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    pub fn handle_timeout(&self, now: Instant) {
        self.0.0.gate.handle_timeout(now);
        // What a script does not read is not late.
        if self.0.0.was_paused.replace(self.0.0.paused.get()) {
            self.0.0.engine.borrow_mut().excuse_silence(now);
        }
        self.0.0.engine.borrow_mut().handle_timeout(now);
        self.0.drain_events();
        let is_ending = self.0.0.engine.borrow().is_ending();
        if is_ending {
            self.release_output();
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let of_engine = self.0.0.engine.borrow().poll_timeout();
        of_engine.into_iter().chain(self.0.0.gate.poll_timeout()).min()
    }

    /// Offers the next run of queued octets to `write`, which returns how many it took; what it did not take stays queued.
    /// An error of `write` counts as none.
    pub fn transmit(&self, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> Transmitted {
        let shared = &self.0.0;
        if let Some(close) = shared.gate.cut_off() {
            shared.close.set(Some(close));
            return Transmitted::Idle;
        }
        let Ok(sent) = self.write_next(write) else { return Transmitted::More };
        shared.drained.wake();
        self.in_turn(|| {
            self.0.drain_events();
            // HTTP/1.1 reports one level only; a waiter for another looks for itself.
            if self.0.protocol() == Protocol::Http1 {
                shared.exchanges.borrow().values().for_each(Exchange::wake);
            }
        });
        sent
    }

    /// Lets `write` take what is next, as far as it may leave now.
    fn write_next(&self, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> io::Result<Transmitted> {
        let gate = &self.0.0.gate;
        let engine = &mut *self.0.0.engine.borrow_mut();
        let Some(Transmit { octets, flush }) = engine.poll_transmit() else {
            gate.end_write();
            return Ok(Transmitted::Idle);
        };
        let Some(allowed) = gate.allowance(self.0.0.now.get()) else { return Ok(Transmitted::Idle) };
        let max = usize::try_from(allowed).unwrap_or(usize::MAX);
        let (taken, all) = (write(octets.get(..max).unwrap_or(octets))?, octets.len());
        engine.transmitted(taken);
        if gate.took(taken) || (flush && taken == all) {
            gate.end_write();
            return Ok(Transmitted::Flush);
        }
        Ok(Transmitted::More)
    }

    /// The next request that has no owner yet; none before our SETTINGS, which no response may precede.
    pub fn next_exchange(&self) -> Option<Exchange> {
        if !self.0.has_started() {
            return None;
        }
        self.0.0.fresh.borrow_mut().pop_front()
    }

    /// Whether [`next_exchange`](Self::next_exchange) would give one.
    pub fn has_next_exchange(&self) -> bool {
        !self.0.0.fresh.borrow().is_empty() && self.0.has_started()
    }

    /// Whether there is something to free: [`free_some`](Self::free_some) does, in a moment.
    pub fn has_discarded(&self) -> bool {
        self.0.0.account.has_discarded()
    }

    /// Frees a part of what requests that are over made the server keep.
    pub fn free_some(&self) {
        self.0.0.account.free_some();
    }

    /// Whether notices tell of each request that ends from now on.
    pub fn report_ends(&self, report: bool) {
        self.0.0.reports_ends.set(report);
    }

    /// The next line for the log.
    pub fn next_notice(&self) -> Option<Notice> {
        self.0.0.notices.borrow_mut().pop_front()
    }

    /// Whether the owner should read on.
    pub fn wants_read(&self) -> bool {
        !self.0.0.paused.get() && self.0.0.engine.borrow().wants_read()
    }

    /// How to close the socket, once what is queued was sent; [`Close::Abort`] waits for nothing.
    pub fn wants_close(&self) -> Option<Close> {
        self.0.closing()
    }

    /// What to wake when a command changed what the owner of the socket must do.
    pub fn register_waker(&self, waker: &Waker) {
        let mut slot = self.0.0.pump.borrow_mut();
        if !slot.as_ref().is_some_and(|held| held.will_wake(waker)) {
            *slot = Some(waker.clone());
        }
    }

    /// No new exchanges; the connection ends after those in progress (RFC 9113 §6.8).
    pub fn shut_down(&self) {
        self.0.command(Engine::shut_down);
    }

    /// The socket is gone: every exchange and waiter learns it.
    pub fn end_all(&self) {
        let shared = &self.0.0;
        shared.gone.set(true);
        self.0.end_exchanges();
        shared.subscriptions.close();
        shared.waiters.wake();
        shared.drained.wake();
        shared.windows.wake();
    }

    /// Drops what the layer above keeps in [`Connection::context`], which may hold the connection itself.
    pub fn end_context(&self) {
        self.0.end_context();
    }

    /// The client has ended its side, or the connection is to end: nothing is held back any longer.
    fn release_output(&self) {
        self.0.0.gate.resume();
        if self.0.0.gate.is_over() && self.0.0.close.get().is_none() {
            self.0.0.close.set(Some(Close::Graceful));
        }
    }
}
