//! What a raw frame means to the peer, and, if it is tracked, to us.

use super::told::Note;
use super::{Held, RawCall, Track};
use crate::h2::connection::Connection;
use crate::h2::events::{Event, Initiator, NotSentReason};
use crate::h2::flow::MAX_WINDOW;
use crate::h2::state::{Effect, Input, State};
use crate::wire::frame::{
    Continuation, Data, ErrorCode, FrameHeader, FrameType, GoAway, Headers, Payload, PushPromise, RawFrame, RstStream,
    Settings, WindowUpdate, flag,
};

/// Whether the RFC binds a type to stream 0 (`Some(true)`) or to others (`Some(false)`).
fn belongs_to_connection(frame_type: FrameType) -> Option<bool> {
    match frame_type {
        FrameType::SETTINGS | FrameType::PING | FrameType::GOAWAY => Some(true),
        FrameType::DATA
        | FrameType::HEADERS
        | FrameType::PRIORITY
        | FrameType::RST_STREAM
        | FrameType::PUSH_PROMISE
        | FrameType::CONTINUATION => Some(false),
        _ => None,
    }
}

impl Connection {
    /// A peer that keeps to the RFC ends the connection here. One that does not may go on, so that what is known goes on
    /// to be heeded, but nothing waits any more.
    pub(super) fn lose_peer(&mut self) {
        self.told_mut().has_lost_peer = true;
        self.interrupt_block();
    }

    /// Remembers what a raw frame says.
    pub(super) fn follow(&mut self, frame: &RawFrame, call: RawCall) {
        let header = frame.header;
        if header.frame_type != FrameType::CONTINUATION {
            self.interrupt_block();
        }
        let is_block =
            matches!(header.frame_type, FrameType::HEADERS | FrameType::PUSH_PROMISE | FrameType::CONTINUATION);
        let misplaced = belongs_to_connection(header.frame_type).is_some_and(|zero| zero != (header.stream_id == 0));
        // Too large for a frame that changes the state of the connection (RFC 9113 §4.2).
        let oversized = header.length > self.peer.max_frame_size
            && (is_block || header.stream_id == 0 || header.frame_type == FrameType::SETTINGS);
        if misplaced || oversized || self.is_unpromised(header) {
            self.lose_peer();
        }
        match Payload::parse(frame) {
            Ok(payload) => self.follow_payload(header, payload, frame.payload.len(), call),
            Err(_) => {
                self.lose_peer();
                if is_block {
                    self.encoder.forget_table();
                }
            }
        }
    }

    /// Whether a frame is on a stream of ours of which the peer knows nothing.
    fn is_unpromised(&self, header: FrameHeader) -> bool {
        let id = header.stream_id;
        id != 0
            && belongs_to_connection(header.frame_type) == Some(false)
            && header.frame_type != FrameType::PRIORITY
            && !self.streams.is_peers(id)
            && id >= self.first_unpromised()
    }

    /// The least identifier of ours that is idle to the peer: those whose promise waits are.
    fn first_unpromised(&self) -> u32 {
        let held = self.hold.iter().flat_map(|hold| &hold.held).filter_map(Held::promised).min();
        held.unwrap_or(self.streams.next_local)
    }

    fn follow_payload(&mut self, header: FrameHeader, payload: Payload, length: usize, call: RawCall) {
        let id = header.stream_id;
        let whole = header.has(flag::END_HEADERS);
        match payload {
            Payload::Data(Data { data, .. }) => {
                self.follow_data(id, length, data.len(), call);
                if header.has(flag::END_STREAM) {
                    self.follow_end(id, call);
                }
            }
            Payload::Headers(Headers { fragment, .. }) => {
                self.begin_block(id, &fragment, false, whole, call);
                if header.has(flag::END_STREAM) {
                    self.follow_end(id, call);
                }
            }
            Payload::PushPromise(PushPromise { promised_stream_id, fragment, .. }) => {
                self.follow_promise(id, promised_stream_id, call);
                self.begin_block(id, &fragment, true, whole, call);
            }
            Payload::Continuation(Continuation { fragment }) if !self.continue_block(id, &fragment, whole) => {
                self.interrupt_block();
                self.encoder.forget_table();
                self.lose_peer();
            }
            Payload::RstStream(RstStream { code }) if id != 0 => self.follow_reset(id, code, call),
            Payload::Settings(Settings { entries }) if id == 0 && !header.has(flag::ACK) => {
                self.follow_settings(entries, call);
            }
            Payload::Ping(_) if id == 0 && !header.has(flag::ACK) => {
                self.pings_under_way = self.pings_under_way.saturating_add(1);
            }
            Payload::GoAway(GoAway { last_stream_id, .. }) if id == 0 => self.follow_goaway(last_stream_id, call),
            Payload::WindowUpdate(WindowUpdate { increment, .. }) => self.follow_update(id, increment, call),
            _ => {}
        }
    }

    /// DATA uses up both windows, whatever becomes of its stream (RFC 9113 §6.9).
    fn follow_data(&mut self, id: u32, length: usize, content: usize, call: RawCall) {
        self.send_window -= length as i64;
        let mut overdrawn = self.send_window < 0;
        let known = self.streams.map.get_mut(&id);
        let is_known = known.is_some();
        if let Some(stream) = known {
            stream.send_window -= length as i64;
            overdrawn |= stream.send_window < 0;
        }
        let note = self.note_mut(id);
        note.content = note.content.saturating_add(content as u64);
        if overdrawn && length > 0 {
            note.overdrawn = Some(call.site);
        }
        if !is_known {
            note.early += length as i64;
        }
        self.drop_excess(id);
    }

    /// What is queued may not follow if the content would be longer than raw HEADERS announced it.
    fn drop_excess(&mut self, id: u32) {
        let Some(Note { length: Some((announced, _)), content, .. }) = self.told_mut().note(id).copied() else {
            return;
        };
        if content > announced {
            self.drop_queued(id, NotSentReason::Contradicted);
        }
    }

    /// END_STREAM: nothing of a message may follow it, whoever queued it.
    fn follow_end(&mut self, id: u32, call: RawCall) {
        let note = self.note_mut(id);
        note.ended.get_or_insert(call.site);
        self.drop_queued(id, NotSentReason::StreamEnded);
        self.drop_held(NotSentReason::StreamEnded, &|held| held.is_section_of(id));
        if call.track == Track::Yes {
            self.end_told(id);
        }
    }

    fn end_told(&mut self, id: u32) {
        let Some(stream) = self.streams.map.get_mut(&id) else { return };
        if stream.state.step(Input::SendEndStream).0 == Effect::Refuse {
            return;
        }
        stream.end_queued = true;
        self.end_stream(id, Input::SendEndStream);
    }

    fn follow_reset(&mut self, id: u32, code: ErrorCode, call: RawCall) {
        self.note_mut(id).reset.get_or_insert((code, call.site));
        let why = NotSentReason::StreamReset { by: Initiator::Local, code };
        self.drop_queued(id, why);
        self.drop_held_of(id, why);
        if call.track == Track::Yes && self.streams.map.contains_key(&id) {
            self.stream_reset(id, code, Initiator::Local);
        }
    }

    pub(super) fn settle_stream(&mut self, id: u32) {
        let Some(note) = self.told.as_ref().and_then(|told| told.note(id)).copied() else { return };
        if let Some((code, _)) = note.reset {
            if self.streams.map.contains_key(&id) {
                self.stream_reset(id, code, Initiator::Local);
            }
        } else if note.ended.is_some() {
            self.end_told(id);
        }
    }

    /// Whether the peer has ended its half.
    pub(super) fn has_peer_ended(&self, id: u32) -> bool {
        !matches!(self.streams.state(id), State::Open | State::HalfClosedLocal | State::ReservedLocal)
    }

    fn drop_queued(&mut self, id: u32, why: NotSentReason) {
        let Some(stream) = self.streams.map.get_mut(&id) else { return };
        stream.queued = 0;
        let queue = std::mem::take(&mut stream.queue);
        if stream.notify.take().is_some() {
            self.events.push_back(Event::Writable { stream: id, queued: 0, end_sent: true });
        }
        self.drop_queue(id, queue, why);
    }

    fn follow_promise(&mut self, parent: u32, promised: u32, call: RawCall) {
        // A stream that is idle to us may be under way.
        let is_known = self.streams.is_peers(parent) && self.streams.state(parent) != State::Idle;
        if promised == 0 || self.streams.is_peers(promised) || promised < self.first_unpromised() {
            return self.lose_peer();
        }
        self.drop_held(NotSentReason::Contradicted, &|held| held.promised().is_some_and(|held| held <= promised));
        if call.track == Track::Yes && is_known {
            return self.reserve(promised);
        }
        self.streams.next_local = self.streams.next_local.max(promised.saturating_add(2));
        if !self.streams.is_peers(parent) {
            self.lose_peer();
        }
    }

    fn follow_settings(&mut self, entries: Vec<(u16, u32)>, call: RawCall) {
        if call.track == Track::Yes {
            return self.settings_sent(entries);
        }
        let before = self.local.allowed().clone();
        if self.local.tolerate(entries) {
            self.local_settings_changed(&before);
        } else {
            self.lose_peer();
        }
    }

    fn follow_goaway(&mut self, last: u32, call: RawCall) {
        let told = self.told_mut();
        if told.goaway.is_none_or(|(lowest, _)| last < lowest) {
            told.goaway = Some((last, call.site));
        }
        self.drop_held(NotSentReason::Contradicted, &|held| held.is_goaway_above(last));
        if call.track == Track::Yes {
            self.shutdown.sent = Some(self.shutdown.sent.unwrap_or(last).min(last));
        }
    }

    /// The peer may send what it was granted, tracked or not.
    fn follow_update(&mut self, id: u32, increment: u32, call: RawCall) {
        self.note_mut(id).granted = Some(call.site);
        let window = match id {
            0 => Some(&mut self.receive_window),
            _ => self.streams.map.get_mut(&id).map(|stream| &mut stream.receive),
        };
        let Some(window) = window else { return };
        let room = MAX_WINDOW - window.available();
        let lost = id == 0 && (increment == 0 || i64::from(increment) > room);
        let increment = u32::try_from(i64::from(increment).min(room)).unwrap_or(0);
        if call.track == Track::Yes {
            window.grant(increment);
        } else {
            window.tolerate(increment);
        }
        if lost {
            self.lose_peer();
        }
    }
}
