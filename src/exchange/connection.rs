//! A connection: its engine, its exchanges, and the handle that scripts have on it.

use super::account::Account;
use super::conversation::{Exchange, Outcome};
use super::engine::{AnyEngine, Engine};
use super::limits::Limits;
use super::observer::{Expectation, Observer};
use super::output_gate::OutputGate;
use super::pings::Pings;
use super::restore::Restore;
use super::subscription::Subscriptions;
use super::wait::Waiters;
use crate::h2::CallSite;
use crate::http::peer::{Peer, Protocol};
use crate::http::role::Role;
use crate::http::transport::{Close, CloseReason, PeerClosed};
use crate::{h1, h2};
use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::BuildHasherDefault;
use std::rc::Rc;
use std::task::Waker;
use std::time::Instant;

/// Something worth a line in the log.
#[derive(Clone, Debug)]
pub enum Notice {
    /// The client broke a rule (HTTP/2).
    Violation(h2::Violation),
    /// A stream was reset, because the requests of the connection made the server keep too much.
    Overloaded {
        /// The stream.
        stream: u64,
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
    /// A request has ended (only with [`Socket::report_ends`](super::Socket::report_ends)).
    Ended(Exchange),
    /// The connection was lost in the middle of responses.
    Lost {
        /// How many, and how the client left, for people.
        text: String,
    },
}

/// What exchanges and scripts may do to their connection. The owner of the socket has a [`Socket`](super::Socket).
#[derive(Clone)]
pub struct Connection(pub(super) Rc<Shared>);

pub(super) struct Shared {
    pub peer: Peer,
    pub protocol: Protocol,
    pub limits: Limits,
    /// What its exchanges make the server keep.
    pub account: Account,
    pub engine: RefCell<AnyEngine>,
    pub exchanges: RefCell<HashMap<u64, Exchange, BuildHasherDefault<h2::IdHasher>>>,
    /// Exchanges that were not handed out yet.
    pub fresh: RefCell<VecDeque<Exchange>>,
    pub notices: RefCell<VecDeque<Notice>>,
    /// Notices tell of each request that has ended.
    pub reports_ends: Cell<bool>,
    /// Errors that the client reported, as far as there were notices of them.
    pub client_errors: Cell<u32>,
    pub subscriptions: Subscriptions,
    pub pings: Pings,
    pub waiters: Waiters,
    /// What waits until output was written.
    pub drained: Waiters,
    /// What waits for the connection's window.
    pub windows: Waiters,
    /// Requests so far.
    pub requests: Cell<u64>,
    pub gate: OutputGate,
    /// How a script, or the gate, wants the connection to end.
    pub close: Cell<Option<Close>>,
    /// Why the engine ended the connection.
    pub ended: Cell<Option<CloseReason>>,
    /// A script paused reading.
    pub paused: Cell<bool>,
    /// Reading was paused since the engine's deadlines last began again.
    pub was_paused: Cell<bool>,
    /// The socket is gone.
    pub gone: Cell<bool>,
    pub observer: OnceCell<Box<dyn Observer>>,
    /// The call of a script whose command runs.
    pub call: Cell<CallSite>,
    /// Exchanges may have calls.
    pub has_calls: Cell<bool>,
    /// The instant of the socket's turn, while it lasts.
    pub now: Cell<Option<Instant>>,
    /// The socket is in a turn, and looks at the output by itself afterwards.
    pub in_turn: Cell<bool>,
    /// What to wake when the socket has something to do.
    pub pump: RefCell<Option<Waker>>,
    /// Events are being drained.
    draining: Cell<bool>,
    context: RefCell<Option<Rc<dyn Any>>>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {} from {}", self.0.peer.id, self.0.peer.client_address)
    }
}

impl Connection {
    pub(super) fn new(peer: Peer, limits: Limits, protocol: Protocol, engine: AnyEngine) -> Self {
        Self(Rc::new(Shared {
            peer,
            protocol,
            account: Account::new(limits.kept),
            limits,
            engine: RefCell::new(engine),
            exchanges: RefCell::default(),
            fresh: RefCell::default(),
            notices: RefCell::default(),
            reports_ends: Cell::new(false),
            client_errors: Cell::new(0),
            subscriptions: Subscriptions::default(),
            pings: Pings::default(),
            waiters: Waiters::default(),
            drained: Waiters::default(),
            windows: Waiters::default(),
            requests: Cell::new(0),
            gate: OutputGate::default(),
            close: Cell::new(None),
            ended: Cell::new(None),
            paused: Cell::new(false),
            was_paused: Cell::new(false),
            gone: Cell::new(false),
            observer: OnceCell::new(),
            call: Cell::default(),
            has_calls: Cell::new(false),
            now: Cell::new(None),
            in_turn: Cell::new(false),
            pump: RefCell::new(None),
            draining: Cell::new(false),
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

    /// How many requests have arrived so far, with those that are not handed out yet.
    pub fn requests(&self) -> u64 {
        self.0.requests.get()
    }

    /// What exchanges may keep.
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// How the socket is to be closed, once what is queued was sent; [`Close::Abort`] waits for nothing.
    pub(super) fn closing(&self) -> Option<Close> {
        match self.0.close.get() {
            Some(Close::Abort) => Some(Close::Abort),
            Some(close) => (!self.holds_output()).then_some(close),
            None => self.0.engine.borrow().closing(),
        }
    }

    /// Whether octets wait that are held back for now.
    fn holds_output(&self) -> bool {
        self.0.gate.holds() && self.0.engine.borrow().output_waiting() > 0
    }

    /// Whether the socket is gone, or is to be closed.
    pub fn is_closed(&self) -> bool {
        self.0.gone.get() || self.0.close.get().is_some() || self.closing().is_some()
    }

    /// Why the connection ended, as far as it has.
    pub fn end_reason(&self) -> CloseReason {
        match (self.0.ended.get(), self.0.close.get()) {
            // These may be what follows from a script's own end.
            (None | Some(CloseReason::Local(_) | CloseReason::Peer(_)), Some(close)) => CloseReason::Local(close),
            (Some(ended), _) => ended,
            (None, None) => CloseReason::Peer(PeerClosed::Reset),
        }
    }

    /// The client was cut off, because it read nothing for too long.
    pub fn stalled(&self) {
        self.0.ended.set(Some(CloseReason::Stalled));
    }

    /// Records what a script expected of the client.
    pub fn record_expectation(&self, expectation: Expectation<'_>) {
        self.observe(|observer, now| observer.expected(now, self.0.call.get(), expectation));
    }

    /// Lets the observer see something, if there is one.
    pub(super) fn observe(&self, what: impl FnOnce(&dyn Observer, Option<Instant>)) {
        if let Some(observer) = self.0.observer.get() {
            what(&**observer, self.0.now.get());
        }
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

    /// Adds a line for the log.
    pub(super) fn note(&self, notice: Notice) {
        self.0.notices.borrow_mut().push_back(notice);
    }

    /// The engine is through with all streams.
    pub(super) fn end_exchanges(&self) {
        let exchanges: Vec<Exchange> = self.0.exchanges.borrow_mut().drain().map(|(_, exchange)| exchange).collect();
        for exchange in exchanges {
            exchange.finish(Outcome::Gone);
        }
        self.0.fresh.borrow_mut().clear();
    }

    /// Notes the responses that have begun and not ended, if the connection ends by the client's doing.
    pub(super) fn note_lost_responses(&self, reason: CloseReason) {
        let CloseReason::Peer(_) = reason else { return };
        let exchanges = self.0.exchanges.borrow();
        let begun = exchanges.values().filter(|exchange| exchange.headers_sent());
        // Of a complete exchange, something waits to be sent: else it were gone.
        let lost = begun.filter(|exchange| !exchange.response_ended() || exchange.request_ended()).count();
        if lost > 0 {
            let responses = if lost == 1 { "a response".to_owned() } else { format!("{lost} responses") };
            let text = format!("connection lost in the middle of {responses}: {}", reason.text(Role::Server));
            self.note(Notice::Lost { text });
        }
    }

    /// A slot in which the layer above keeps what it wants for the life of the connection.
    pub fn context<T: Any>(&self, make: impl FnOnce() -> T) -> Option<Rc<T>> {
        let held = self.0.context.borrow().clone();
        let held = match held {
            Some(held) => held,
            None => {
                let made: Rc<dyn Any> = Rc::new(make());
                // After the end it is the caller's alone.
                if !self.0.gone.get() {
                    *self.0.context.borrow_mut() = Some(made.clone());
                }
                made
            }
        };
        held.downcast().ok()
    }

    /// Drops what the layer above keeps in [`context`](Self::context), which may hold the connection itself.
    pub(super) fn end_context(&self) {
        drop(self.0.context.replace(None));
    }

    /// Drains the engine's events into exchanges, notices and waiters.
    pub(super) fn drain_events(&self) {
        let draining = Restore::after(&self.0.draining, true);
        // A waker may call back into the connection: the outer call continues.
        if draining.former() {
            return;
        }
        match self.0.protocol {
            Protocol::Http1 => self.drain_http1(),
            Protocol::Http2 => self.drain_http2(),
        }
    }

    /// Runs `act`, whose commands come from the call at `site`. It must not wait for anything.
    pub fn called_at<T>(&self, site: CallSite, act: impl FnOnce() -> T) -> T {
        let _until_done = Restore::after(&self.0.call, site);
        act()
    }

    /// Runs a command on the engine; the owner of the socket looks again afterwards.
    pub(super) fn command<T>(&self, act: impl FnOnce(&mut AnyEngine) -> T) -> T {
        let done = act(&mut self.0.engine.borrow_mut());
        self.drain_events();
        self.wake_pump();
        done
    }

    /// Runs a command on the HTTP/2 engine, if that is the one.
    pub(super) fn with_http2<T>(&self, act: impl FnOnce(&mut h2::Connection) -> T) -> Option<T> {
        self.command(|engine| engine.http2().map(act))
    }

    /// Runs a command on the HTTP/1.1 engine, if that is the one.
    pub(super) fn with_http1<T>(&self, act: impl FnOnce(&mut h1::Connection) -> T) -> Option<T> {
        self.command(|engine| engine.http1().map(act))
    }

    /// Looks at the HTTP/2 engine, if that is the one.
    pub(super) fn of_http2<T>(&self, look: impl FnOnce(&h2::Connection) -> T) -> Option<T> {
        self.0.engine.borrow().as_http2().map(look)
    }

    /// Whether a raw command was given to the HTTP/2 engine.
    pub(super) fn has_sent_raw(&self) -> bool {
        self.of_http2(h2::Connection::has_sent_raw) == Some(true)
    }

    /// Gives `octets` of request content back to the client's window.
    pub(super) fn consume(&self, id: u64, octets: u64) {
        self.0.engine.borrow_mut().give_back(id, usize::try_from(octets).unwrap_or(usize::MAX));
        self.wake_pump();
    }

    /// Octets of a response that wait in the engine.
    pub(super) fn queued(&self, id: u64) -> usize {
        self.0.engine.borrow().waiting_of(id)
    }

    /// Whether no more than `level` octets of a response wait; if more do, its exchange is woken when that changes.
    pub(super) fn is_drained(&self, id: u64, level: usize) -> bool {
        self.0.engine.borrow_mut().is_drained(id, level)
    }

    /// Asks the client for its content (RFC 9110 §10.1.1).
    pub(super) fn send_continue(&self, id: u64) {
        // A refusal means that the client no longer waits.
        self.command(|engine| match engine {
            AnyEngine::Http1(engine) => engine.send_continue(h1::RequestId(id)).is_ok(),
            AnyEngine::Http2(engine) => {
                let fields: [(&[u8], &[u8]); 1] = [(b":status", b"100")];
                engine.send_informational(id as u32, fields.into_iter()).is_ok()
            }
        });
    }

    /// An exchange is ended, because the connection makes the server keep too much.
    pub(super) fn overloaded(&self, stream: u64) {
        let text = "the requests of this connection make the server keep too much";
        self.observe(|observer, now| observer.notice(now, Some(stream), text));
        self.note(Notice::Overloaded { stream });
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
