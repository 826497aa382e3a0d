//! The connection: its contract, its state, and how it ends.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::chunked::BodyReader;
use super::config::Config;
use super::event::{Event, RequestId};
use super::head::SectionScan;
use super::output::Output;
use super::respond::Response;
use crate::http::transport::{Cause, Close, CloseReason, PeerClosed, Transmit};

/// An HTTP/1.1 server connection without a socket or a clock.
///
/// **Input**: [`receive`](Self::receive), [`peer_closed`](Self::peer_closed), [`handle_timeout`](Self::handle_timeout).
/// None of them fails; whatever the peer does wrong is [`Event::BadRequest`] in its place among the other events. The
/// same octets, however cut, give the same events, but for the number of pieces a body comes in.
///
/// **Commands**: one request is active at a time, from its [`Event::Request`] until its response is complete
/// ([`end`](Self::end) or [`send_trailers`](Self::send_trailers)); pipelined ones wait. A checked command names the
/// request and fails only with [`Misuse`](super::Misuse); then nothing was queued. [`send_raw`](Self::send_raw) cannot fail and
/// checks nothing. [`close_after`](Self::close_after) and [`close`](Self::close) end the connection.
///
/// **Output**: [`poll_event`](Self::poll_event), [`poll_transmit`](Self::poll_transmit) with
/// [`transmitted`](Self::transmitted), [`poll_timeout`](Self::poll_timeout), [`wants_read`](Self::wants_read),
/// [`closing`](Self::closing).
///
/// **Order**: after any input or command, and after `transmitted`, take all events (their handling may give commands),
/// then transmit until nothing is left, then look at `closing`, `wants_read` and `poll_timeout`. Octets may be handed
/// in while `wants_read` is false; they are kept.
///
/// No field is added to a response but those for the body's length and `connection`; `date` and `server` are the
/// caller's. Commands carry no time: after a response the idle time counts from the last input and is begun once more
/// when it first runs out.
#[derive(Debug)]
pub struct Connection {
    pub(super) config: Config,
    pub(super) input: BytesMut,
    pub(super) reading: Reading,
    pub(super) active: Option<Active>,
    pub(super) last_id: u64,
    pub(super) events: VecDeque<Event>,
    pub(super) output: Output,
    /// How the peer's side ended, once it has.
    pub(super) peer_closed: Option<PeerClosed>,
    pub(super) ending: Ending,
    last_input: Instant,
    timer: Option<Timer>,
}

/// What the next octet of input belongs to.
#[derive(Debug)]
pub(super) enum Reading {
    /// The next request's head.
    Head(SectionScan),
    /// The active request's body.
    Body(BodyReader),
    /// The rest of an answered request's body, which may still take this many octets.
    Drain(BodyReader, u64),
    /// Nothing: it is dropped.
    Nothing,
}

/// The request whose response is not complete.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) id: RequestId,
    pub(super) response: Response,
    /// Whether the connection is to go on afterwards.
    pub(super) persist: bool,
    pub(super) method: Bytes,
    pub(super) is_http10: bool,
    /// The client waits for 100 (Continue), and neither that nor any of the body was seen.
    pub(super) awaits_continue: bool,
    pub(super) complete: bool,
    pub(super) unconsumed: usize,
}

#[derive(Debug)]
pub(super) enum Ending {
    No,
    /// Everything queued goes out, then the connection is over.
    AfterOutput(CloseReason),
    /// [`Event::Closed`] was given.
    Over(Close),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimerKind {
    Head,
    Idle,
}

#[derive(Debug)]
struct Timer {
    kind: TimerKind,
    deadline: Instant,
    /// Set by a command, which knows no time: begins once more instead of firing.
    is_estimate: bool,
}

impl Connection {
    /// A connection that was accepted at `now`.
    pub fn server(config: Config, now: Instant) -> Self {
        let mut connection = Self {
            config,
            input: BytesMut::new(),
            reading: Reading::Head(SectionScan::head()),
            active: None,
            last_id: 0,
            events: VecDeque::new(),
            output: Output::default(),
            peer_closed: None,
            ending: Ending::No,
            last_input: now,
            timer: None,
        };
        connection.update_timer(false);
        connection
    }

    /// Takes octets that have arrived.
    pub fn receive(&mut self, now: Instant, octets: &[u8]) {
        if octets.is_empty() || self.peer_closed.is_some() || matches!(self.reading, Reading::Nothing) {
            return;
        }
        self.last_input = now;
        if matches!(self.reading, Reading::Drain(..)) {
            self.timer = None;
        }
        self.input.extend_from_slice(octets);
        self.advance();
        self.update_timer(false);
    }

    /// Takes notice that nothing more will arrive. A peer that [may still read](PeerClosed::may_still_read) gets the
    /// responses to its complete requests; it may break the connection later.
    pub fn peer_closed(&mut self, now: Instant, how: PeerClosed) {
        if matches!(self.ending, Ending::Over(_)) || self.peer_closed.is_some() && how.may_still_read() {
            return;
        }
        self.last_input = now;
        self.peer_closed = Some(how);
        self.events.push_back(Event::PeerClosed { how });
        if how.may_still_read() {
            self.advance();
            self.update_timer(false);
        } else {
            self.finish(CloseReason::Peer(how), Close::Abort);
        }
    }

    /// Takes notice that the time given by [`poll_timeout`](Self::poll_timeout) has come; earlier calls do no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        let Some(timer) = &mut self.timer else { return };
        if now < timer.deadline {
            return;
        }
        if timer.is_estimate {
            timer.is_estimate = false;
            timer.deadline = now + Self::duration(&self.config, timer.kind);
            return;
        }
        let kind = timer.kind;
        self.timer = None;
        match kind {
            TimerKind::Head => self.reject(super::Rejection::HeadTimeout),
            TimerKind::Idle => self.close_for(CloseReason::Idle),
        }
    }

    /// Nothing was read for a while: the client gets its time again, for the rest of a head or until its next request.
    pub fn excuse_silence(&mut self, now: Instant) {
        self.last_input = now;
        if let Some(timer) = &mut self.timer {
            timer.deadline = now + Self::duration(&self.config, timer.kind);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called, if at all.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timer.as_ref().map(|timer| timer.deadline)
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next octets to write, up to the next cut mark.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.output.next()
    }

    /// Takes notice that `count` octets of the last [`poll_transmit`](Self::poll_transmit) were written.
    pub fn transmitted(&mut self, count: usize) {
        let limit = self.config.limits.queued_output;
        let was_full = self.output.queued() >= limit;
        self.output.transmitted(count);
        if was_full && self.output.queued() < limit {
            match &self.active {
                Some(active) => self.events.push_back(Event::Writable { id: active.id }),
                None => {
                    self.advance();
                    self.update_timer(true);
                }
            }
        }
        self.finish_if_drained();
    }

    /// Response octets that are not yet transmitted. From [`Limits::queued_output`](super::Limits::queued_output) on, a
    /// handler does well to wait for [`Event::Writable`].
    pub fn queued(&self) -> usize {
        self.output.queued()
    }

    /// Whether [`queued`](Self::queued) is below its limit.
    pub fn is_writable(&self) -> bool {
        self.output.queued() < self.config.limits.queued_output
    }

    /// Whether octets should be read from the transport: false while a body is not consumed, or while many octets of
    /// pipelined requests wait.
    pub fn wants_read(&self) -> bool {
        if self.peer_closed.is_some() || matches!(self.ending, Ending::Over(_)) {
            return false;
        }
        let limits = &self.config.limits;
        match (&self.reading, &self.active) {
            (Reading::Body(_), Some(active)) => active.unconsumed < limits.unconsumed_body,
            (Reading::Head(_), Some(_)) => self.input.len() < limits.pipelined,
            (Reading::Head(_), None) => self.is_writable() || self.input.len() < limits.pipelined,
            _ => true,
        }
    }

    /// How the transport is to be closed now: `None` while the connection goes on or output is queued.
    pub fn closing(&self) -> Option<Close> {
        match &self.ending {
            Ending::Over(close) => Some(*close),
            _ => None,
        }
    }

    /// Whether the connection is to end, or has ended; output may be left.
    pub fn is_ending(&self) -> bool {
        !matches!(self.ending, Ending::No)
    }

    /// Whether [`Event::Closed`] was given: nothing will ever come again.
    pub fn is_finished(&self) -> bool {
        matches!(self.ending, Ending::Over(_))
    }

    /// Cuts what is queued from now on into runs of this many octets, each to be flushed; `None` or 0 ends that.
    pub fn set_write_size(&mut self, octets: Option<usize>) {
        self.output.set_write_size(octets);
    }

    /// Has everything queued so far pushed out before what comes later.
    pub fn flush(&mut self) {
        self.output.flush();
    }

    /// The connection does not persist: it ends after the active request's response, or at once if there is none.
    pub fn close_after(&mut self) {
        match &mut self.active {
            Some(active) => active.persist = false,
            None => self.close(),
        }
    }

    /// Ends the connection once what is queued is out, whether or not a response is complete.
    pub fn close(&mut self) {
        self.close_for(self.finished());
    }

    /// Why the connection ends where nothing was wrong: a peer that closed its side was the first to end it.
    pub(super) fn finished(&self) -> CloseReason {
        self.peer_closed.map_or(CloseReason::Local(Close::Graceful), CloseReason::Peer)
    }

    pub(super) fn close_for(&mut self, reason: CloseReason) {
        if matches!(self.ending, Ending::No) {
            self.ending = Ending::AfterOutput(reason);
            self.stop_reading();
            self.finish_if_drained();
        }
    }

    pub(super) fn may_send(&self) -> bool {
        matches!(self.ending, Ending::No)
    }

    fn stop_reading(&mut self) {
        self.reading = Reading::Nothing;
        self.input = BytesMut::new();
        self.active = None;
        self.timer = None;
    }

    fn finish_if_drained(&mut self) {
        if let Ending::AfterOutput(reason) = self.ending
            && self.output.queued() == 0
        {
            self.finish(reason, Close::Graceful);
        }
    }

    fn finish(&mut self, reason: CloseReason, close: Close) {
        if matches!(self.ending, Ending::Over(_)) {
            return;
        }
        self.ending = Ending::Over(close);
        self.stop_reading();
        self.output.clear();
        self.events.push_back(Event::Closed { reason });
    }

    /// Starts, keeps or stops the timer as the state asks. `is_estimate`: the time of the last input may be long ago.
    pub(super) fn update_timer(&mut self, is_estimate: bool) {
        let kind = match &self.reading {
            Reading::Head(_) if self.active.is_none() && !self.output_is_full() => {
                Some(if self.input.is_empty() { TimerKind::Idle } else { TimerKind::Head })
            }
            Reading::Drain(..) => Some(TimerKind::Idle),
            _ => None,
        };
        if self.timer.as_ref().map(|timer| timer.kind) != kind {
            self.timer = kind.map(|kind| {
                let deadline = self.last_input + Self::duration(&self.config, kind);
                Timer { kind, deadline, is_estimate }
            });
        }
    }

    pub(super) fn output_is_full(&self) -> bool {
        !self.is_writable()
    }

    fn duration(config: &Config, kind: TimerKind) -> Duration {
        match kind {
            TimerKind::Head => config.timeouts.head,
            TimerKind::Idle => config.timeouts.idle,
        }
    }

    /// Lets `write` queue octets.
    pub(super) fn write(&mut self, cause: Cause, write: impl FnOnce(&mut BytesMut)) {
        let Some(most) = self.config.record_octets else { return self.output.push_with(write) };
        let mut told = None;
        self.output.push_with(|out| {
            let before = out.len();
            write(out);
            let octets = out.get(before..).unwrap_or_default();
            told = Some((Bytes::copy_from_slice(octets.get(..most).unwrap_or(octets)), octets.len()));
        });
        if let Some((octets, length)) = told {
            self.events.push_back(Event::Sent { octets, length, cause });
        }
    }

    /// Tells of octets that are queued.
    pub(super) fn record(&mut self, parts: &[&[u8]], cause: Cause) {
        let Some(most) = self.config.record_octets else { return };
        let length = parts.iter().map(|part| part.len()).sum();
        let mut octets = BytesMut::with_capacity(most.min(length));
        for part in parts {
            let room = most - octets.len();
            octets.extend_from_slice(part.get(..room).unwrap_or(part));
        }
        self.events.push_back(Event::Sent { octets: octets.freeze(), length, cause });
    }

    /// Queues octets unless the write side has ended.
    pub(super) fn queue(&mut self, octets: Bytes, cause: Cause) {
        if self.may_send() {
            self.record(&[&octets], cause);
            self.output.push_bytes(octets);
        }
    }
}
