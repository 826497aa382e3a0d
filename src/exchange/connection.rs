//! A connection: its engine, its exchanges, and the handle that scripts have on it.

use super::conversation::{Exchange, Outcome};
use super::levers::Subscriptions;
use super::observer::Observer;
use super::wait::Waiters;
use super::writing::Writing;
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::{Close, CloseReason, PeerClosed, Transmit, Transmitted};
use crate::{h1, h2};
use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::BuildHasherDefault;
use std::io;
use std::rc::Rc;
use std::task::Waker;
use std::time::Instant;

/// What an exchange may keep in memory.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Octets of request content kept for one exchange.
    pub body: u64,
    /// Octets queued for a slow reader before the client's window is withheld.
    pub queued_body: u64,
    /// Frames kept in `request.frames`, and frames queued, per exchange.
    pub frames: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 64 << 20, queued_body: 1 << 20, frames: 4096 }
    }
}

/// Something worth a line in the log.
#[derive(Clone, Debug)]
pub enum Notice {
    /// The client broke a rule; `enforced` says whether that had a consequence.
    Violation {
        /// The rule's id, `h2.limit.pings`.
        rule: &'static str,
        /// The rule's id, section and details, for people.
        text: String,
        /// Whether the engine reacted.
        enforced: bool,
    },
    /// The client reported an error: GOAWAY or RST_STREAM with a code that says so.
    ClientError {
        /// What it sent, for people.
        text: String,
    },
    /// The client's request could not be read (HTTP/1.1).
    BadRequest {
        /// The status that it was answered with.
        status: u16,
        /// For people.
        text: String,
    },
}

pub(super) enum Engine {
    Http1(Box<h1::Connection>),
    Http2(Box<h2::Connection>),
}

/// A connection, shared by its exchanges and the owner of its socket.
#[derive(Clone)]
pub struct Connection(pub(super) Rc<Shared>);

pub(super) struct Shared {
    pub peer: Peer,
    pub protocol: Protocol,
    pub limits: Limits,
    pub engine: RefCell<Engine>,
    pub exchanges: RefCell<HashMap<u64, Exchange, BuildHasherDefault<h2::IdHasher>>>,
    pub fresh: RefCell<VecDeque<Exchange>>,
    pub notices: RefCell<VecDeque<Notice>>,
    /// Errors that the client reported, as far as there were notices of them.
    pub client_errors: Cell<u32>,
    pub subscriptions: Subscriptions,
    pub waiters: Waiters,
    /// Who waits until output was written.
    pub drained: Waiters,
    pub pongs: RefCell<HashMap<[u8; 8], bool>>,
    pub next_ping: Cell<u64>,
    /// Requests so far.
    pub requests: Cell<u64>,
    pub writing: Writing,
    pub close: Cell<Option<Close>>,
    /// Why the engine ended the connection.
    pub ended: Cell<Option<CloseReason>>,
    pub paused: Cell<bool>,
    pub gone: Cell<bool>,
    pub turned: Cell<bool>,
    /// The owner of the socket is in a turn of this connection, and looks at the output by itself afterwards.
    in_turn: Cell<bool>,
    pub observer: OnceCell<Box<dyn Observer>>,
    /// The instant of the turn that is under way.
    pub now: Cell<Option<Instant>>,
    pump: RefCell<Option<Waker>>,
    context: RefCell<Option<Rc<dyn Any>>>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {} from {}", self.0.peer.id, self.0.peer.client_address)
    }
}

impl Connection {
    /// A connection over HTTP/2.
    pub fn http2(peer: Peer, limits: Limits, engine: h2::Connection) -> Self {
        Self::new(peer, limits, Protocol::Http2, Engine::Http2(Box::new(engine)))
    }

    /// A connection over HTTP/1.1.
    pub fn http1(peer: Peer, limits: Limits, engine: h1::Connection) -> Self {
        Self::new(peer, limits, Protocol::Http1, Engine::Http1(Box::new(engine)))
    }

    fn new(peer: Peer, limits: Limits, protocol: Protocol, engine: Engine) -> Self {
        Self(Rc::new(Shared {
            peer,
            protocol,
            limits,
            engine: RefCell::new(engine),
            exchanges: RefCell::default(),
            fresh: RefCell::default(),
            notices: RefCell::default(),
            client_errors: Cell::new(0),
            subscriptions: Subscriptions::default(),
            waiters: Waiters::default(),
            drained: Waiters::default(),
            pongs: RefCell::default(),
            next_ping: Cell::new(1),
            requests: Cell::new(0),
            writing: Writing::default(),
            close: Cell::new(None),
            ended: Cell::new(None),
            paused: Cell::new(false),
            gone: Cell::new(false),
            turned: Cell::new(false),
            in_turn: Cell::new(false),
            observer: OnceCell::new(),
            now: Cell::new(None),
            pump: RefCell::new(None),
            context: RefCell::new(None),
        }))
    }

    /// Both ends.
    pub fn peer(&self) -> &Peer {
        &self.0.peer
    }

    /// The protocol spoken.
    pub fn protocol(&self) -> Protocol {
        self.0.protocol
    }

    /// How many requests have arrived so far, those included that nobody has been given yet.
    pub fn requests(&self) -> u64 {
        self.0.requests.get()
    }

    /// What exchanges may keep.
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// Takes octets from the socket.
    pub fn receive(&self, now: Instant, octets: &[u8]) {
        if self.0.protocol == Protocol::Http1 {
            self.tell(|observer, now| observer.received(now, octets));
        }
        match &mut *self.0.engine.borrow_mut() {
            Engine::Http1(engine) => engine.receive(now, octets),
            Engine::Http2(engine) => engine.receive(now, octets),
        }
        self.in_turn(|| self.turn());
    }

    /// The client's octets ended; again if the connection breaks after that.
    pub fn peer_closed(&self, now: Instant, how: PeerClosed) {
        match &mut *self.0.engine.borrow_mut() {
            Engine::Http1(engine) => engine.peer_closed(now, how),
            Engine::Http2(engine) => engine.peer_closed(now, how),
        }
        self.turn();
        self.let_go();
        if !how.may_still_read() {
            self.end_all();
        }
    }

    /// The time of [`Connection::poll_timeout`] has come.
    pub fn handle_timeout(&self, now: Instant) {
        self.0.writing.handle_timeout(now);
        match &mut *self.0.engine.borrow_mut() {
            Engine::Http1(engine) => engine.handle_timeout(now),
            Engine::Http2(engine) => engine.handle_timeout(now),
        }
        self.turn();
        let is_over = match &*self.0.engine.borrow() {
            Engine::Http1(engine) => engine.is_ending(),
            Engine::Http2(engine) => engine.is_closed(),
        };
        if is_over {
            self.let_go();
        }
    }

    /// When [`Connection::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let of_engine = match &*self.0.engine.borrow() {
            Engine::Http1(engine) => engine.poll_timeout(),
            Engine::Http2(engine) => engine.poll_timeout(),
        };
        of_engine.into_iter().chain(self.0.writing.poll_timeout()).min()
    }

    /// Offers the next run of queued octets to `write`, which returns how many it took; what it did not take stays queued.
    /// An error of `write` counts as none.
    pub fn transmit(&self, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> Transmitted {
        let writing = &self.0.writing;
        if let Some(close) = writing.cut_off() {
            self.0.close.set(Some(close));
            return Transmitted::Idle;
        }
        let Ok(sent) = self.write_next(write) else { return Transmitted::More };
        self.0.drained.wake();
        self.in_turn(|| {
            self.turn();
            // HTTP/1.1 tells of one level only; whoever waits for another looks for itself.
            if self.0.protocol == Protocol::Http1 {
                self.0.exchanges.borrow().values().for_each(Exchange::wake);
            }
        });
        sent
    }

    /// Lets `write` take what is next, as far as it may go out now; as [`Connection::transmit`].
    fn write_next(&self, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> io::Result<Transmitted> {
        let writing = &self.0.writing;
        let engine = &mut *self.0.engine.borrow_mut();
        let next = match engine {
            Engine::Http1(engine) => engine.poll_transmit(),
            Engine::Http2(engine) => engine.poll_transmit(),
        };
        let Some(Transmit { octets, flush }) = next else {
            writing.end_write();
            return Ok(Transmitted::Idle);
        };
        let Some(allowed) = writing.allowance(self.0.now.get()) else { return Ok(Transmitted::Idle) };
        let most = usize::try_from(allowed).unwrap_or(usize::MAX);
        let (taken, all) = (write(octets.get(..most).unwrap_or(octets))?, octets.len());
        match engine {
            Engine::Http1(engine) => engine.transmitted(taken),
            Engine::Http2(engine) => engine.transmitted(taken),
        }
        let flush = writing.took(taken) || (flush && taken == all);
        if flush {
            writing.end_write();
            return Ok(Transmitted::Flush);
        }
        Ok(Transmitted::More)
    }

    /// The next request that nobody answers yet; none before our SETTINGS, which no response may precede.
    pub fn next_exchange(&self) -> Option<Exchange> {
        if !self.has_started() {
            return None;
        }
        self.0.fresh.borrow_mut().pop_front()
    }

    /// The next line for the log.
    pub fn next_notice(&self) -> Option<Notice> {
        self.0.notices.borrow_mut().pop_front()
    }

    /// Whether the owner should read on.
    pub fn wants_read(&self) -> bool {
        if self.0.paused.get() {
            return false;
        }
        match &*self.0.engine.borrow() {
            Engine::Http1(engine) => engine.wants_read(),
            Engine::Http2(engine) => engine.wants_read(),
        }
    }

    /// How to end the socket, once what is queued was sent; [`Close::Abort`] waits for nothing.
    pub fn wants_close(&self) -> Option<Close> {
        if let Some(close) = self.0.close.get() {
            return (close == Close::Abort || !self.holds_output()).then_some(close);
        }
        match &*self.0.engine.borrow() {
            Engine::Http1(engine) => engine.closing(),
            Engine::Http2(engine) => engine.should_close().then_some(Close::Graceful),
        }
    }

    /// Whether the socket is gone, or is to be closed.
    pub fn is_closed(&self) -> bool {
        self.0.gone.get() || self.0.close.get().is_some() || self.wants_close().is_some()
    }

    /// Whom to wake when a command changed what the owner of the socket must do.
    pub fn register_pump(&self, waker: &Waker) {
        let mut slot = self.0.pump.borrow_mut();
        if !slot.as_ref().is_some_and(|held| held.will_wake(waker)) {
            *slot = Some(waker.clone());
        }
    }

    /// Runs `act` as a part of the owner's turn: what it sends needs no wake-up, the owner transmits afterwards.
    pub fn in_turn<T>(&self, act: impl FnOnce() -> T) -> T {
        let outer = self.0.in_turn.replace(true);
        let done = act();
        self.0.in_turn.set(outer);
        done
    }

    /// Lets the owner of the socket look again.
    pub(super) fn wake_pump(&self) {
        if self.0.in_turn.get() {
            return;
        }
        let waker = self.0.pump.borrow_mut().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// No new exchanges; the connection ends when those under way have (RFC 9113 §6.8).
    pub fn shut_down(&self) {
        match &mut *self.0.engine.borrow_mut() {
            Engine::Http1(engine) => engine.close_after(),
            Engine::Http2(engine) => engine.shut_down(),
        }
        self.turn();
        self.wake_pump();
    }

    /// The socket is gone: every exchange and waiter learns it.
    pub fn end_all(&self) {
        self.0.gone.set(true);
        self.end_exchanges();
        self.0.subscriptions.close();
        self.0.waiters.wake();
        self.0.drained.wake();
    }

    /// Lets go of what the layer above keeps in [`Connection::context`], which may hold the connection itself. Nothing
    /// is kept any more from here on.
    pub fn end_context(&self) {
        drop(self.0.context.replace(None));
    }

    /// The engine is through with all streams.
    pub(super) fn end_exchanges(&self) {
        let exchanges: Vec<Exchange> = self.0.exchanges.borrow_mut().drain().map(|(_, exchange)| exchange).collect();
        for exchange in exchanges {
            exchange.finish(Outcome::Gone);
        }
        self.0.fresh.borrow_mut().clear();
    }

    /// A slot in which the layer above keeps what it wants for the life of the connection.
    pub fn context<T: Any>(&self, make: impl FnOnce() -> T) -> Option<Rc<T>> {
        let held = self.0.context.borrow().clone();
        let held = match held {
            Some(held) => held,
            None => {
                let made: Rc<dyn Any> = Rc::new(make());
                // Who comes after the end gets something of his own, which nobody keeps.
                if !self.0.gone.get() {
                    *self.0.context.borrow_mut() = Some(made.clone());
                }
                made
            }
        };
        held.downcast().ok()
    }

    /// Drains the engine's events into exchanges, notices and waiters.
    fn turn(&self) {
        // A waker may call back into the connection: one turn at a time, the outer one goes on.
        if self.0.turned.replace(true) {
            return;
        }
        match self.0.protocol {
            Protocol::Http1 => self.turn_http1(),
            Protocol::Http2 => self.turn_http2(),
        }
        self.0.turned.set(false);
    }

    /// Runs a command on the HTTP/2 engine; the owner of the socket looks again afterwards.
    pub(super) fn with_http2<T>(&self, act: impl FnOnce(&mut h2::Connection) -> T) -> Option<T> {
        let done = match &mut *self.0.engine.borrow_mut() {
            Engine::Http1(_) => None,
            Engine::Http2(engine) => Some(act(engine)),
        };
        self.turn();
        self.wake_pump();
        done
    }

    /// Runs a command on the HTTP/1.1 engine; the owner of the socket looks again afterwards.
    pub(super) fn with_http1<T>(&self, act: impl FnOnce(&mut h1::Connection) -> T) -> Option<T> {
        let done = match &mut *self.0.engine.borrow_mut() {
            Engine::Http1(engine) => Some(act(engine)),
            Engine::Http2(_) => None,
        };
        self.turn();
        self.wake_pump();
        done
    }

    /// Whether a raw command was given to the HTTP/2 engine.
    pub(super) fn has_sent_raw(&self) -> bool {
        matches!(&*self.0.engine.borrow(), Engine::Http2(engine) if engine.has_sent_raw())
    }

    /// Gives `octets` of request content back to the client's window.
    pub(super) fn consume(&self, id: u64, octets: u64) {
        match &mut *self.0.engine.borrow_mut() {
            Engine::Http1(engine) => engine.consume(h1::RequestId(id), usize::try_from(octets).unwrap_or(usize::MAX)),
            Engine::Http2(engine) => engine.consume(id as u32, usize::try_from(octets).unwrap_or(usize::MAX)),
        }
        self.wake_pump();
    }

    /// Octets of a response that wait in the engine.
    pub(super) fn queued(&self, id: u64) -> usize {
        match &*self.0.engine.borrow() {
            Engine::Http1(engine) => engine.queued(),
            Engine::Http2(engine) => engine.queued(id as u32),
        }
    }

    /// Whether no more than `level` octets of a response wait; if more do, its exchange is woken when that changes.
    pub(super) fn is_drained(&self, id: u64, level: usize) -> bool {
        match &mut *self.0.engine.borrow_mut() {
            Engine::Http1(engine) => engine.queued() <= level,
            Engine::Http2(engine) => engine.notify_writable(id as u32, level),
        }
    }

    /// Asks the client for its content (RFC 9110 §10.1.1).
    pub(super) fn send_continue(&self, id: u64) {
        // A refusal means that the client does not wait any more.
        match self.0.protocol {
            Protocol::Http1 => self.with_http1(|engine| engine.send_continue(h1::RequestId(id)).is_ok()),
            Protocol::Http2 => {
                let fields: [(&[u8], &[u8]); 1] = [(b":status", b"100")];
                self.with_http2(|engine| engine.send_informational(id as u32, fields.into_iter()).is_ok())
            }
        };
    }

    /// The connection does not outlive the answer to this request.
    pub fn close_after(&self) {
        match self.0.protocol {
            Protocol::Http1 => self.with_http1(h1::Connection::close_after),
            Protocol::Http2 => self.with_http2(h2::Connection::shut_down),
        };
    }

    pub(super) fn exchange(&self, id: u64) -> Option<Exchange> {
        self.0.exchanges.borrow().get(&id).cloned()
    }

    pub(super) fn open(&self, exchange: Exchange) {
        self.0.exchanges.borrow_mut().insert(exchange.0.id, exchange);
    }

    pub(super) fn forget(&self, id: u64, outcome: Outcome) {
        let exchange = self.0.exchanges.borrow_mut().remove(&id);
        if let Some(exchange) = exchange {
            exchange.finish(outcome);
        }
    }
}
