//! What fills the attempts of one connection: sees its events, and reads its records while there are attempts.

use super::attempt::{Attempt, Head};
use super::flow::Flow;
use super::store::{Outcomes, SharedAttempt};
use super::token::{self, Asked};
use crate::exchange::Peer;
use crate::http::latin1::latin1;
use crate::http::peer::Protocol;
use crate::transcript::{Follow, Next, Transcript};
use crate::wire::frame::FrameType;
use crate::{h1, h2};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Attempts of one connection that are watched; beyond them, those that are over are left as they are.
const MAX_WATCHED: usize = 64;
/// Bytes of a method and of a path that are kept.
const MAX_TEXT: usize = 1_000;
/// Requests below this path are about the server itself.
const OWN: &[u8] = b"/_wire/";

/// Watches a connection on behalf of [`Outcomes`].
pub(in crate::server) struct Watch {
    outcomes: Arc<Outcomes>,
    transcript: Arc<Transcript>,
    protocol: Protocol,
    client_address: String,
    opened: Duration,
    /// Once a request bore a token.
    watched: RefCell<Option<Box<Watched>>>,
}

struct Watched {
    records: Follow,
    flow: Flow,
    attempts: Vec<SharedAttempt>,
}

impl Watch {
    /// Watches the connection of `transcript`, which opened at `opened`.
    pub fn new(outcomes: &Arc<Outcomes>, transcript: &Arc<Transcript>, peer: &Peer, opened: SystemTime) -> Self {
        Self {
            outcomes: Arc::clone(outcomes),
            transcript: Arc::clone(transcript),
            protocol: transcript.protocol(),
            client_address: peer.client_address.clone(),
            opened: opened.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
            watched: RefCell::new(None),
        }
    }

    /// Whether nothing is watched, as on most connections.
    fn is_idle(&self) -> bool {
        self.watched.borrow().is_none()
    }

    /// Sees an event of the HTTP/2 engine that has been recorded.
    pub fn http2(&self, event: &h2::Event) {
        match event {
            h2::Event::Headers { block, kind: h2::HeadersKind::Request { .. }, .. }
                if self.is_idle() && !token::may_be_in(block) => {}
            h2::Event::Headers { stream, block, kind: h2::HeadersKind::Request { .. }, .. } => {
                self.requested(u64::from(*stream), &Asked::http2(block));
                self.catch_up();
            }
            _ if self.is_idle() => {}
            // Its record is read with the next event, which says what it is.
            h2::Event::Frame(frame)
                if matches!(frame.header.frame_type, FrameType::HEADERS | FrameType::CONTINUATION) => {}
            _ => self.catch_up(),
        }
    }

    /// Sees an event of the HTTP/1.1 engine that has been recorded.
    pub fn http1(&self, event: &h1::Event) {
        if let h1::Event::Request { id, head, .. } = event {
            self.requested(id.0, &Asked::http1(head));
        }
        self.catch_up();
        match event {
            h1::Event::Body { id, data, octets } => self.change(id.0, |attempt| {
                attempt.receive_body(octets.len() as u64, data.len() as u64);
            }),
            h1::Event::RequestEnd { id, octets } => self.change(id.0, |attempt| {
                attempt.receive_body(octets.len() as u64, 0);
                attempt.end_request();
            }),
            _ => {}
        }
    }

    /// The response to a request is complete (HTTP/1.1).
    pub fn response_ended(&self, request: u64) {
        if self.is_idle() {
            return;
        }
        self.catch_up();
        let time = self.transcript.elapsed((self.outcomes.clock())());
        self.change(request, |attempt| attempt.end_response(time));
    }

    /// Sees that something was recorded.
    pub fn catch_up(&self) {
        let mut watched = self.watched.borrow_mut();
        let Some(watched) = &mut *watched else { return };
        let mut has_changed = false;
        while let Some(next) = watched.records.try_next() {
            match next {
                Next::One(record) => {
                    let window = watched.flow.apply(&record);
                    for attempt in &watched.attempts {
                        let apply = |attempt: &mut Attempt| attempt.apply(&record, &watched.flow, window);
                        has_changed |= attempt.change(self.outcomes.clock(), apply);
                    }
                }
                Next::Missed(records) => {
                    watched.flow.is_known = false;
                    for attempt in &watched.attempts {
                        attempt.change(self.outcomes.clock(), |attempt| attempt.miss(records));
                    }
                }
            }
        }
        if has_changed {
            self.outcomes.tell();
        }
    }

    /// A request has arrived.
    fn requested(&self, stream: u64, asked: &Asked<'_>) {
        let token = asked.token();
        let mut watched = self.watched.borrow_mut();
        if watched.is_none() && token.is_none() || asked.target.starts_with(OWN) {
            return;
        }
        let watched = watched.get_or_insert_with(|| {
            let attempts = Vec::new();
            Box::new(Watched { records: self.transcript.follow(0), flow: Flow::new(), attempts })
        });
        for attempt in &watched.attempts {
            attempt.change(self.outcomes.clock(), Attempt::follow);
        }
        let Some(token) = token else { return };
        let text = |octets: &[u8]| latin1(octets.get(..MAX_TEXT).unwrap_or(octets));
        let head = Head {
            connection: self.transcript.id(),
            protocol: self.protocol,
            client_address: self.client_address.clone(),
            opened: self.opened,
            stream,
            method: text(asked.method),
            path: text(asked.target),
        };
        if watched.attempts.len() >= MAX_WATCHED {
            let first = watched.attempts.iter().position(|one| one.look(|attempt, _| attempt.is_over()));
            first.map(|first| watched.attempts.remove(first));
        }
        watched.attempts.push(self.outcomes.begin(&token, Attempt::new(head)));
    }

    /// Changes the attempt of a request.
    fn change(&self, stream: u64, act: impl Fn(&mut Attempt)) {
        let watched = self.watched.borrow();
        let all = watched.iter().flat_map(|watched| &watched.attempts);
        let found = all.rev().find(|one| one.look(|attempt, _| attempt.head.stream == stream));
        if found.is_some_and(|found| found.change(self.outcomes.clock(), act)) {
            self.outcomes.tell();
        }
    }
}
