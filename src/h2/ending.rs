//! How rules are enforced, and how streams and the connection end.

use super::connection::{Connection, Phase};
use super::events::{Cause, CloseReason, Event, Initiator, NotSentReason, Reaction, Unsent, Violation};
use super::hold::Which;
use super::limits::within;
use super::policy::Action;
use super::rules::{Rule, Scope};
use super::state::{Effect, Input, State};
use super::stream::{Ended, Queued};
use crate::wire::frame::{ErrorCode, FrameHeader, FrameType, GoAway};
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;

impl Connection {
    /// The peer broke a rule: reports it and does what the policy says. Gives whether to go on as if it had not.
    pub(super) fn violation(
        &mut self,
        rule: Rule,
        stream: u32,
        frame: Option<FrameHeader>,
        detail: impl Into<String>,
    ) -> bool {
        let action = self.policy.action(rule);
        if action == Action::Ignore {
            return true;
        }
        // RST_STREAM on an idle stream would itself be an error (RFC 9113 §6.4).
        let resettable = stream != 0 && self.streams.state(stream) != State::Idle;
        let reaction = match action {
            Action::Enforce if rule.scope() == Scope::Stream && resettable => Reaction::StreamError(rule.code()),
            Action::Enforce => Reaction::ConnectionError(rule.code()),
            _ => Reaction::Reported,
        };
        let violation = Violation { rule, stream, frame, reaction, detail: detail.into() };
        self.events.push(Event::Violation(violation));
        match reaction {
            Reaction::ConnectionError(code) => {
                self.connection_error(rule, code);
                false
            }
            Reaction::StreamError(code) => {
                self.write_reset(stream, code, Cause::Automatic);
                self.stream_reset(stream, code, Initiator::Engine);
                // A peer may race a lower setting: refused streams have a count of their own.
                let counts = &mut self.inbound.counts;
                let (count, max, limit) = match rule {
                    Rule::ConcurrentStreams => (&mut counts.num_refused, self.limits.max_refused, Rule::LimitRefused),
                    _ => (&mut counts.num_errors, self.limits.max_errors, Rule::LimitErrors),
                };
                if !within(count, max) {
                    self.violation(limit, 0, frame, "");
                }
                false
            }
            Reaction::Reported => true,
        }
    }

    /// Ends the connection because of a broken rule (RFC 9113 §5.4.1).
    fn connection_error(&mut self, rule: Rule, code: ErrorCode) {
        if self.phase == Phase::Closed {
            return;
        }
        // The peer would take GOAWAY for a part of what a raw command has begun.
        let unfinished = self.outbound.holds();
        self.outbound.drop_hold(&mut self.events);
        let last_stream_id = self.last_accepted_stream();
        let goaway = GoAway { reserved: false, last_stream_id, code, debug: Bytes::from_static(rule.id().as_bytes()) };
        let mut octets = BytesMut::new();
        goaway.to_raw(0, 0).write(&mut octets);
        if self.auto.goaway_on_error && !unfinished {
            self.shutdown.sent = Some(last_stream_id);
            self.outbound.write_octets(&mut self.events, &octets, Cause::Automatic);
        } else {
            let why = if self.auto.goaway_on_error { NotSentReason::RawUnfinished } else { NotSentReason::SwitchedOff };
            self.events.not_sent(why, || Unsent::Automatic { octets: octets.freeze() });
        }
        self.end(CloseReason::Violation { rule: rule.id() });
    }

    /// The connection is over.
    pub(super) fn end(&mut self, reason: CloseReason) {
        if self.phase == Phase::Closed {
            return;
        }
        self.phase = Phase::Closed;
        self.outbound.drop_hold(&mut self.events);
        self.inbound.clear();
        for (id, stream) in self.streams.remove_all() {
            self.drop_queue(id, stream.queue, NotSentReason::ConnectionClosed);
        }
        self.events.push(Event::Closed { reason });
    }

    /// Over, if a shutdown only waits for streams and all have ended.
    pub(super) fn finish_if_done(&mut self) {
        if self.shutdown.when_done && self.streams.is_empty() {
            self.end(CloseReason::ShutDown);
        }
    }

    /// A stream ends by RST_STREAM of either side. Also for streams that are gone already.
    pub(super) fn stream_reset(&mut self, id: u32, code: ErrorCode, by: Initiator) {
        self.finish_block(id);
        if by == Initiator::Peer {
            self.drop_held(Which::Stream(id), NotSentReason::StreamReset { by, code });
        }
        let ended = if by == Initiator::Peer { Ended::PeerReset(code) } else { Ended::WeReset };
        let Some(stream) = self.streams.get_mut(id) else {
            self.streams.remember(id, ended);
            return;
        };
        let input = if by == Initiator::Peer { Input::ReceiveReset } else { Input::SendReset };
        stream.state = stream.state.step(self.role, input).1;
        if stream.announced {
            self.events.push(Event::Reset { stream: id, code, by });
        }
        self.take_out(id, ended, NotSentReason::StreamReset { by, code });
    }

    /// An END_STREAM went one way or the other.
    pub(super) fn end_stream(&mut self, id: u32, input: Input) {
        let Some(stream) = self.streams.get_mut(id) else { return };
        let (effect, next) = stream.state.step(self.role, input);
        stream.state = next;
        if effect == Effect::Close {
            self.take_out(id, Ended::Both, NotSentReason::StreamEnded);
        }
    }

    pub(super) fn take_out(&mut self, id: u32, ended: Ended, why: NotSentReason) {
        let Some(stream) = self.streams.remove(id, ended) else { return };
        // What will never be consumed counts as consumed: otherwise the connection's window would leak away.
        self.inbound.window.consume(stream.unconsumed);
        self.grant(0);
        let announced = stream.announced;
        self.drop_queue(id, stream.queue, why);
        if announced {
            self.events.push(Event::StreamClosed { stream: id });
        }
        self.finish_if_done();
    }

    /// Reports what was queued and will not be sent.
    pub(super) fn drop_queue(&mut self, id: u32, queue: VecDeque<Queued>, why: NotSentReason) {
        for queued in queue {
            self.events.not_sent(why, || match queued {
                Queued::Data { data, .. } => Unsent::Data { stream: id, data },
                Queued::Trailers(_) => Unsent::Trailers { stream: id },
            });
        }
    }

    /// The last stream ID for a GOAWAY of the engine's own.
    pub(super) fn last_accepted_stream(&self) -> u32 {
        let raw = self.view.as_ref().and_then(|view| view.lowest_goaway()).unwrap_or(u32::MAX);
        self.shutdown.sent.unwrap_or(u32::MAX).min(self.streams.last_peer()).min(raw)
    }

    /// Whether a raw command has reset this stream.
    pub(super) fn peer_saw_reset(&self, stream: u32) -> bool {
        self.view.as_ref().is_some_and(|view| view.saw_reset(stream))
    }

    /// Queues RST_STREAM, unless the peer has got one.
    pub(super) fn write_reset(&mut self, stream: u32, code: ErrorCode, cause: Cause) {
        if self.peer_saw_reset(stream) {
            return;
        }
        self.finish_block(stream);
        let frame = (FrameType::RST_STREAM, 0, stream);
        self.outbound.write_frame(&mut self.events, frame, &code.0.to_be_bytes(), cause);
    }

    /// Ends the connection if the peer lets our responses to its frames pile up. Not while a frame is being processed.
    pub(super) fn check_queued(&mut self) {
        if self.outbound.automatic() > self.limits.max_queued {
            self.violation(Rule::LimitQueued, 0, None, "");
        }
    }
}
