//! What a raw frame means to the peer, and what follows from that for us.

use super::call::{RawCall, Track};
use super::frame_rules::{belongs_to_connection, payload_rule, place_rule};
use super::open_block::OpenBlock;
use super::view::{PeerView, Seen};
use crate::h2::events::{Initiator, NotSentReason};
use crate::h2::hold::{Hold, Which};
use crate::h2::rules::Rule;
use crate::h2::settings::Settings;
use crate::h2::state::Input;
use crate::h2::stream::Method;
use crate::h2::streams::Streams;
use crate::http::role::Role;
use crate::wire::frame::{
    Continuation, Data, ErrorCode, FrameHeader, FrameType, GoAway, Headers, Payload, PushPromise, RawFrame, RstStream,
    Settings as SettingsFrame, WindowUpdate, flag,
};
use crate::wire::hpack::Encoder;

/// Streams about which something is remembered; beyond that, those that are over are forgotten.
const MAX_STREAMS: usize = 1024;

/// What a view must know of its connection to read a frame.
#[derive(Debug)]
pub(in crate::h2) struct Context<'a> {
    pub streams: &'a Streams,
    /// Its model of the peer's dynamic table follows what the peer sees.
    pub encoder: &'a mut Encoder,
    /// What waits, and has not been sent.
    pub hold: Option<&'a Hold>,
    /// Our settings that the peer may rely on.
    pub local: &'a Settings,
    /// The peer's.
    pub max_frame_size: u32,
    /// The peer's.
    pub enable_push: bool,
    /// Bytes that we may send on the connection.
    pub send_window: i64,
    /// Bytes that the peer may send on the connection.
    pub receive_window: i64,
}

/// What follows for the connection from what the peer has seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::h2) enum Consequence {
    /// DATA used up both windows, whatever becomes of its stream (RFC 9113 §6.9).
    UseWindows { stream: u32, octets: usize },
    /// Queued content and trailers may not follow.
    DropQueue { stream: u32, why: NotSentReason },
    /// Frames that wait may not follow.
    DropHeld { which: Which, why: NotSentReason },
    /// HEADERS of our message were sent on a stream that we know; with the method, if it is a request.
    Headers { stream: u32, is_final: bool, method: Option<Method> },
    /// Our half of a stream is ended.
    End { stream: u32 },
    /// We have reset a stream.
    Reset { stream: u32, code: ErrorCode },
    /// The peer knows this stream of ours now, by HEADERS or PUSH_PROMISE; tracked, it can be used.
    Begun { stream: u32, by: Input, track: Track },
    /// SETTINGS: their ACK will come.
    Settings { entries: Vec<(u16, u32)>, track: Track },
    /// PING: its ACK will come.
    Ping,
    /// Streams above are ignored.
    GoAway { last_stream_id: u32 },
    /// The peer may send so much more.
    WindowUpdate { stream: u32, increment: u32, track: Track },
}

/// One frame that is read.
pub(super) struct Reading<'a, 'b> {
    pub view: &'a mut PeerView,
    pub context: &'a mut Context<'b>,
    pub consequences: Vec<Consequence>,
    call: RawCall,
}

impl PeerView {
    /// Reads a whole frame, and says what follows from it.
    pub fn observe(&mut self, frame: &RawFrame, call: RawCall, context: &mut Context<'_>) -> Vec<Consequence> {
        self.broken = None;
        let mut reading = Reading::new(self, context, call);
        reading.frame(frame);
        reading.consequences
    }

    /// Reads the next whole frame of what was pushed, by this call; `None` when there is none.
    pub fn observe_next(&mut self, call: RawCall, context: &mut Context<'_>) -> Option<Vec<Consequence>> {
        let header = self.incomplete.first_chunk().map(FrameHeader::parse)?;
        if let Some(frame) = RawFrame::take(&mut self.incomplete) {
            self.incomplete_site = call.site;
            return Some(self.observe(&frame, call, context));
        }
        if header.length <= context.max_frame_size {
            return None;
        }
        // The peer does not wait for the end of such a frame: where the next one begins is unknown.
        self.incomplete.clear();
        self.unreadable = true;
        self.broken = None;
        let mut reading = Reading::new(self, context, call);
        reading.peer_must_close(Rule::FrameSize);
        reading.context.encoder.forget_table();
        Some(reading.consequences)
    }

    /// What raw commands did to a stream without being tracked, as a consequence for our own state.
    pub fn untracked_end(&self, stream: u32) -> Option<Consequence> {
        match self.streams.get(&stream) {
            Some(Seen { reset: Some((code, _)), .. }) => Some(Consequence::Reset { stream, code: *code }),
            Some(Seen { ended: Some(_), .. }) => Some(Consequence::End { stream }),
            _ => None,
        }
    }
}

impl<'a, 'b> Reading<'a, 'b> {
    pub fn new(view: &'a mut PeerView, context: &'a mut Context<'b>, call: RawCall) -> Self {
        Self { view, context, consequences: Vec::new(), call }
    }

    pub fn follows(&mut self, consequence: Consequence) {
        self.consequences.push(consequence);
    }

    /// What is remembered of a stream.
    pub fn seen_mut(&mut self, stream: u32) -> &mut Seen {
        let seen = &mut self.view.streams;
        if seen.len() >= MAX_STREAMS && !seen.contains_key(&stream) {
            let is_over = |id: &&u32| **id != 0 && self.context.streams.get(**id).is_none();
            let latest = seen.keys().rfind(is_over).copied();
            let oldest = seen.keys().find(|id| **id < stream && is_over(id)).copied();
            if let Some(id) = oldest.or(latest) {
                seen.remove(&id);
            }
        }
        seen.entry(stream).or_default()
    }

    /// The frame breaks a rule, perhaps not the first one.
    pub fn breaks(&mut self, rule: Rule) {
        self.view.broken.get_or_insert(rule);
    }

    /// A conforming peer closes the connection here.
    pub fn peer_must_close(&mut self, rule: Rule) {
        self.breaks(rule);
        self.view.must_close = true;
        self.interrupt_block();
    }

    /// The lowest identifier of ours that is idle to the peer: streams that wait to be begun are.
    fn first_unknown(&self) -> u32 {
        self.context.hold.and_then(Hold::first_begun).unwrap_or(self.context.streams.next_local())
    }

    /// Whether a stream is one of ours that is idle to the peer.
    pub fn is_unknown_to_peer(&self, stream: u32) -> bool {
        !self.context.streams.is_peers(stream) && stream >= self.first_unknown()
    }

    pub fn frame(&mut self, frame: &RawFrame) {
        let header = frame.header;
        if header.frame_type != FrameType::CONTINUATION {
            if self.view.block.is_some() {
                self.breaks(Rule::ContinuationInterrupted);
            }
            self.interrupt_block();
        }
        let is_block =
            matches!(header.frame_type, FrameType::HEADERS | FrameType::PUSH_PROMISE | FrameType::CONTINUATION);
        if let Some(rule) = place_rule(header, self.view.block.is_some()) {
            self.peer_must_close(rule);
        }
        if header.length > self.context.max_frame_size {
            self.breaks(Rule::FrameSize);
            // Too large for a frame that changes the state of the connection (RFC 9113 §4.2).
            if is_block || header.stream_id == 0 || header.frame_type == FrameType::SETTINGS {
                self.peer_must_close(Rule::FrameSize);
            }
        }
        if self.is_on_idle_stream(header) {
            let is_headers = header.frame_type == FrameType::HEADERS;
            self.peer_must_close(if is_headers { Rule::IdleHeaders } else { Rule::IdleFrame });
        }
        match Payload::parse(frame) {
            Ok(payload) => self.payload(header, payload, frame.payload.len()),
            // An error of the stream (RFC 9113 §6.3), or ignored.
            Err(_) if header.frame_type == FrameType::PRIORITY => self.breaks(Rule::PriorityLength),
            Err(_) if matches!(header.frame_type, FrameType::ALTSVC | FrameType::ORIGIN) => {}
            Err(error) => {
                self.peer_must_close(payload_rule(header, &error));
                if is_block {
                    self.context.encoder.forget_table();
                }
            }
        }
    }

    /// Whether a frame is on a stream of ours that is idle to the peer, where it may not be.
    fn is_on_idle_stream(&self, header: FrameHeader) -> bool {
        let opens = header.frame_type == FrameType::HEADERS && self.context.streams.role() == Role::Client;
        belongs_to_connection(header.frame_type) == Some(false)
            && header.stream_id != 0
            && header.frame_type != FrameType::PRIORITY
            && !opens
            && self.is_unknown_to_peer(header.stream_id)
    }

    fn payload(&mut self, header: FrameHeader, payload: Payload, length: usize) {
        let id = header.stream_id;
        let whole = header.has(flag::END_HEADERS);
        match payload {
            Payload::Data(Data { data, .. }) => {
                self.data(id, length, data.len(), header.has(flag::END_STREAM));
                if header.has(flag::END_STREAM) {
                    self.end(id);
                }
            }
            Payload::Headers(Headers { fragment, priority, .. }) => {
                let broken = self.closed_rule(id);
                let depends_on_itself = priority.is_some_and(|priority| priority.dependency == id);
                broken
                    .or(depends_on_itself.then_some(Rule::HeadersSelfDependency))
                    .into_iter()
                    .for_each(|rule| self.breaks(rule));
                if id != 0 && self.is_unknown_to_peer(id) && self.context.streams.role() == Role::Client {
                    self.begins(id, Input::SendHeaders, self.call.track);
                }
                let end_stream = header.has(flag::END_STREAM);
                self.block_begins(OpenBlock { end_stream, ..OpenBlock::new(id, &fragment, false, self.call) }, whole);
                if header.has(flag::END_STREAM) {
                    self.end(id);
                }
            }
            Payload::PushPromise(PushPromise { promised_stream_id, fragment, .. }) => {
                self.promise(id, promised_stream_id);
                self.block_begins(OpenBlock::new(id, &fragment, true, self.call), whole);
            }
            Payload::Continuation(Continuation { fragment }) => {
                let other =
                    if self.view.block.is_some() { Rule::ContinuationStream } else { Rule::ContinuationUnexpected };
                if !self.block_continues(id, &fragment, whole) {
                    self.interrupt_block();
                    self.context.encoder.forget_table();
                    self.peer_must_close(other);
                }
            }
            Payload::RstStream(RstStream { code }) if id != 0 => self.reset(id, code),
            Payload::Settings(_) if header.has(flag::ACK) && length > 0 => {
                self.peer_must_close(Rule::SettingsAckLength);
            }
            Payload::Priority(priority) if priority.dependency == id => self.breaks(Rule::PrioritySelfDependency),
            Payload::PriorityUpdate(update) => self.priority_update(id, update.prioritized_stream_id),
            Payload::Settings(SettingsFrame { entries }) if id == 0 && !header.has(flag::ACK) => self.settings(entries),
            Payload::Ping(_) if id == 0 && !header.has(flag::ACK) => self.follows(Consequence::Ping),
            Payload::GoAway(GoAway { last_stream_id, .. }) if id == 0 => self.goaway(last_stream_id),
            Payload::WindowUpdate(WindowUpdate { increment, .. }) => self.window_update(id, increment),
            _ => {}
        }
    }

    fn priority_update(&mut self, stream: u32, prioritized: u32) {
        match self.context.streams.role() {
            Role::Server => self.breaks(Rule::PriorityUpdateFromServer),
            Role::Client if stream != 0 => self.breaks(Rule::PriorityUpdateStream),
            Role::Client if prioritized == 0 => self.breaks(Rule::PriorityUpdateZero),
            Role::Client => {}
        }
    }

    fn data(&mut self, stream: u32, length: usize, content: usize, end: bool) {
        if let Some(rule) = self.data_rule(stream, length, content, end) {
            self.breaks(rule);
        }
        let used = length as i64;
        let own_window = self.context.streams.get(stream).map(|known| known.send_window);
        let overdrawn = self.context.send_window < used || own_window.is_some_and(|window| window < used);
        let site = self.call.site;
        let seen = self.seen_mut(stream);
        seen.content = seen.content.saturating_add(content as u64);
        if overdrawn && length > 0 {
            seen.overdrawn = Some(site);
        }
        if own_window.is_none() {
            seen.early += used;
        }
        let exceeds = seen.length.is_some_and(|(announced, _)| seen.content > announced);
        self.follows(Consequence::UseWindows { stream, octets: length });
        if exceeds {
            self.follows(Consequence::DropQueue { stream, why: NotSentReason::Contradicted });
        }
    }

    /// END_STREAM: nothing of a message may follow it, whichever command queued it.
    fn end(&mut self, stream: u32) {
        let RawCall { track, site } = self.call;
        self.seen_mut(stream).ended.get_or_insert(site);
        let why = NotSentReason::StreamEnded;
        self.follows(Consequence::DropQueue { stream, why });
        self.follows(Consequence::DropHeld { which: Which::Sections(stream), why });
        if track == Track::Yes {
            self.follows(Consequence::End { stream });
        }
    }

    fn reset(&mut self, stream: u32, code: ErrorCode) {
        let RawCall { track, site } = self.call;
        self.seen_mut(stream).reset.get_or_insert((code, site));
        let why = NotSentReason::StreamReset { by: Initiator::Local, code };
        self.follows(Consequence::DropQueue { stream, why });
        self.follows(Consequence::DropHeld { which: Which::Stream(stream), why });
        if track == Track::Yes {
            self.follows(Consequence::Reset { stream, code });
        }
    }

    fn promise(&mut self, parent: u32, promised: u32) {
        let streams = self.context.streams;
        if streams.role() == Role::Client {
            return self.peer_must_close(Rule::PushPromiseFromClient);
        }
        if promised == 0 || streams.is_peers(promised) || promised < self.first_unknown() {
            return self.peer_must_close(Rule::PushPromiseId);
        }
        if !self.context.enable_push {
            self.peer_must_close(Rule::PushPromiseDisabled);
        }
        if self.closed_rule(parent).is_some() {
            self.breaks(Rule::PushPromiseParent);
        }
        // A stream of the peer's that is idle to us may be on its way.
        let is_known = streams.is_peers(parent) && parent <= streams.last_peer();
        let track = if is_known { self.call.track } else { Track::No };
        self.begins(promised, Input::SendPushPromise, track);
        if track == Track::No && !streams.is_peers(parent) {
            self.peer_must_close(Rule::PushPromiseParent);
        }
    }

    /// The peer learns of a stream of ours: those below that wait cannot follow (RFC 9113 §5.1.1).
    fn begins(&mut self, stream: u32, by: Input, track: Track) {
        let why = NotSentReason::Contradicted;
        self.follows(Consequence::DropHeld { which: Which::BeginsUpTo(stream), why });
        self.follows(Consequence::Begun { stream, by, track });
    }

    fn settings(&mut self, entries: Vec<(u16, u32)>) {
        let track = self.call.track;
        let role = self.context.streams.role();
        if let Some((_, _, rule)) = self.context.local.first_invalid(&entries, role) {
            self.breaks(rule);
            if track == Track::No {
                self.peer_must_close(rule);
            }
        }
        self.follows(Consequence::Settings { entries, track });
    }

    fn goaway(&mut self, last_stream_id: u32) {
        let RawCall { track, site } = self.call;
        if self.view.goaway.is_some_and(|(lowest, _)| last_stream_id > lowest) {
            self.breaks(Rule::GoAwayIncreased);
        }
        if self.view.goaway.is_none_or(|(lowest, _)| last_stream_id < lowest) {
            self.view.goaway = Some((last_stream_id, site));
        }
        self.follows(Consequence::DropHeld {
            which: Which::GoAwayAbove(last_stream_id),
            why: NotSentReason::Contradicted,
        });
        if track == Track::Yes {
            self.follows(Consequence::GoAway { last_stream_id });
        }
    }

    /// The peer may send what it was granted, tracked or not.
    fn window_update(&mut self, stream: u32, increment: u32) {
        let RawCall { track, site } = self.call;
        self.seen_mut(stream).granted = Some(site);
        if let Some(rule) = self.window_update_rule(stream, increment) {
            self.breaks(rule);
            if stream == 0 {
                self.peer_must_close(rule);
            }
        }
        self.follows(Consequence::WindowUpdate { stream, increment, track });
    }
}
