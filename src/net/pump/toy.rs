//! An engine for tests of this room.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::task::Waker;
use std::time::Instant;

use super::Engine;
use crate::http::transport::{Close, PeerClosed, Transmitted};

/// An engine whose output, timeout and end a test sets by hand.
pub(in crate::net) struct Toy(pub RefCell<State>);

pub(in crate::net) struct State {
    /// Runs of octets, each with whether a cut mark follows.
    pub output: VecDeque<(Vec<u8>, bool)>,
    pub received: Vec<u8>,
    pub peer_closed: Vec<PeerClosed>,
    pub close: Option<Close>,
    /// Close so, once the peer has.
    pub close_after_peer: Option<Close>,
    pub wants_read: bool,
    pub echo: bool,
    pub timeout: Option<Instant>,
    pub timeouts: usize,
    pub waker: Option<Waker>,
}

impl Toy {
    pub fn new() -> Toy {
        Toy(RefCell::new(State {
            output: VecDeque::new(),
            received: Vec::new(),
            peer_closed: Vec::new(),
            close: None,
            close_after_peer: Some(Close::Graceful),
            wants_read: true,
            echo: false,
            timeout: None,
            timeouts: 0,
            waker: None,
        }))
    }

    pub fn with(self, change: impl FnOnce(&mut State)) -> Toy {
        change(&mut self.0.borrow_mut());
        self
    }

    /// Changes the state as a handler on another task would.
    pub fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.borrow_mut());
        if let Some(waker) = self.0.borrow_mut().waker.take() {
            waker.wake();
        }
    }

    pub fn received(&self) -> Vec<u8> {
        self.0.borrow().received.clone()
    }

    pub fn ends(&self) -> Vec<PeerClosed> {
        self.0.borrow().peer_closed.clone()
    }
}

impl Engine for Toy {
    fn receive(&self, _: Instant, octets: &[u8]) {
        let mut state = self.0.borrow_mut();
        assert!(state.wants_read, "octets came although reading is paused");
        assert!(state.peer_closed.is_empty(), "octets came after the end");
        state.received.extend_from_slice(octets);
        if state.echo {
            state.output.push_back((octets.to_vec(), false));
        }
    }

    fn peer_closed(&self, _: Instant, how: PeerClosed) {
        let mut state = self.0.borrow_mut();
        state.peer_closed.push(how);
        if state.close.is_none() {
            state.close = state.close_after_peer;
        }
    }

    fn handle_timeout(&self, now: Instant) {
        let mut state = self.0.borrow_mut();
        assert!(state.timeout.take().is_some_and(|at| at <= now), "the timeout came too early");
        state.timeouts += 1;
        state.close = Some(Close::Graceful);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.0.borrow().timeout
    }

    fn transmit(&self, _: Instant, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> Transmitted {
        let mut state = self.0.borrow_mut();
        let Some((run, cut)) = state.output.front_mut() else { return Transmitted::Idle };
        match write(run) {
            Ok(count) => drop(run.drain(..count)),
            Err(_) => return Transmitted::More,
        }
        if !run.is_empty() {
            return Transmitted::More;
        }
        let cut = *cut;
        state.output.pop_front();
        if cut { Transmitted::Flush } else { Transmitted::More }
    }

    fn wants_read(&self) -> bool {
        self.0.borrow().wants_read
    }

    fn close(&self) -> Option<Close> {
        let state = self.0.borrow();
        state.close.filter(|close| *close == Close::Abort || state.output.is_empty())
    }

    fn register_waker(&self, waker: &Waker) {
        self.0.borrow_mut().waker = Some(waker.clone());
    }
}
