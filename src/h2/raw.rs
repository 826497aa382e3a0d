//! The raw lane: octets go out as they are, at once. At most, local state follows.

use super::connection::Connection;
use super::events::{Cause, Event, Initiator, NotSentReason, Unsent};
use super::flow::MAX_WINDOW;
use super::state::{Effect, Input};
use super::write::{FieldList, Section, borrowed};
use crate::wire::frame::{
    Continuation, Data, GoAway, HEADER_LENGTH, Headers, Payload, PushPromise, RawFrame, RstStream, Settings,
    WindowUpdate, flag,
};
use crate::wire::hpack;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;

/// Whether local state follows a raw frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Track {
    /// State follows where it can: END_STREAM and RST_STREAM end our half, HEADERS count as sent, DATA is taken from
    /// the send windows (which may become negative), WINDOW_UPDATE raises the receive window, SETTINGS and PING wait
    /// for an ACK, GOAWAY bounds new streams, and our encoder follows what a field block does to the dynamic table.
    /// Until a field block that was begun without END_HEADERS is ended by a raw CONTINUATION, frames of everybody else
    /// wait ([`release_hold`](Connection::release_hold)); raw ones do not.
    Yes,
    /// Nothing follows, as if it had never been sent.
    No,
}

/// A raw field block that has not ended: frames of everybody else wait.
#[derive(Debug)]
pub(super) struct Hold {
    stream: u32,
    block: BytesMut,
    pub held: VecDeque<Held>,
    /// Automatic octets among them.
    pub automatic: usize,
}

/// A frame that waits for a raw field block to end.
#[derive(Debug)]
pub(super) enum Held {
    Octets { stream: u32, octets: Bytes, cause: Cause },
    Section { section: Section, fields: super::stream::OwnedFields },
}

impl Connection {
    /// Sends a frame as it is, at once, before queued content, whatever it is.
    pub fn send_raw_frame(&mut self, frame: &RawFrame, track: Track) {
        if self.is_closed() {
            return;
        }
        let mut octets = BytesMut::with_capacity(HEADER_LENGTH + frame.payload.len());
        frame.write(&mut octets);
        self.write_octets(&octets, Cause::Raw);
        if track == Track::Yes {
            self.track(frame);
        }
    }

    /// Sends octets as they are, at once, before queued content. No state follows.
    pub fn send_raw_octets(&mut self, octets: Bytes) {
        if !self.is_closed() {
            self.write_octets(&octets, Cause::Raw);
        }
    }

    /// Lets the frames of everybody else go out although a raw field block of this stream has not ended.
    pub fn release_hold(&mut self, stream: u32) {
        if self.hold.as_ref().is_some_and(|hold| hold.stream == stream) {
            // The block stays unread, and what the peer's table holds is anybody's guess.
            self.encoder.forget_table();
            self.let_go();
        }
    }

    /// Encodes fields for use in a raw frame, which should follow soon. The block relies on no dynamic entry and makes
    /// none, so that it stays right whatever is sent before it; it begins with the size updates that are due.
    pub fn encode<'a>(&mut self, fields: impl FieldList<'a>) -> Bytes {
        let mut block = BytesMut::new();
        self.encoder.begin_block(&mut block);
        let mut encoder = hpack::Encoder::new();
        encoder.forget_table();
        encoder.encode(fields, &mut block);
        block.freeze()
    }

    fn let_go(&mut self) {
        let Some(hold) = self.hold.take() else { return };
        for held in hold.held {
            match held {
                Held::Octets { octets, cause, .. } => self.write_octets(&octets, cause),
                Held::Section { section, fields } => self.encode_section(section, borrowed(&fields)),
            }
        }
    }

    /// The connection ends: what is held is not sent.
    pub(super) fn drop_hold(&mut self) {
        let Some(hold) = self.hold.take() else { return };
        if !self.record_frames {
            return;
        }
        for held in hold.held {
            let (Held::Octets { stream, .. } | Held::Section { section: Section { stream, .. }, .. }) = held;
            let what = Unsent::Held { stream };
            self.events.push_back(Event::NotSent { what, why: NotSentReason::ConnectionClosed });
        }
    }

    /// Lets local state follow a frame, as far as the frame can be read.
    fn track(&mut self, frame: &RawFrame) {
        let header = frame.header;
        let Ok(payload) = Payload::parse(frame) else { return };
        match payload {
            Payload::Data(Data { .. }) => self.track_data(header.stream_id, frame.payload.len(), header.flags),
            Payload::Headers(Headers { fragment, .. }) => {
                self.track_block(header.stream_id, &fragment, header.has(flag::END_HEADERS));
                self.track_headers(header.stream_id, header.has(flag::END_STREAM));
            }
            Payload::PushPromise(PushPromise { promised_stream_id, fragment, .. }) => {
                if !self.streams.is_peers(promised_stream_id) && promised_stream_id >= self.streams.next_local {
                    self.reserve(promised_stream_id);
                }
                self.track_block(header.stream_id, &fragment, header.has(flag::END_HEADERS));
            }
            Payload::Continuation(Continuation { fragment }) => {
                self.track_continuation(&fragment, header.has(flag::END_HEADERS));
            }
            Payload::RstStream(RstStream { code }) if header.stream_id != 0 => {
                self.release_hold(header.stream_id);
                if self.streams.map.contains_key(&header.stream_id) {
                    self.stream_reset(header.stream_id, code, Initiator::Local);
                }
            }
            Payload::Settings(Settings { entries }) if !header.has(flag::ACK) && header.stream_id == 0 => {
                self.settings_sent(entries);
            }
            Payload::Ping(_) if !header.has(flag::ACK) && header.stream_id == 0 => {
                self.pings_under_way = self.pings_under_way.saturating_add(1);
            }
            Payload::GoAway(GoAway { last_stream_id, .. }) if header.stream_id == 0 => {
                self.shutdown.sent = Some(last_stream_id);
            }
            Payload::WindowUpdate(WindowUpdate { increment, .. }) => self.track_update(header.stream_id, increment),
            _ => {}
        }
    }

    fn track_data(&mut self, id: u32, length: usize, flags: u8) {
        self.send_window -= length as i64;
        if let Some(stream) = self.streams.map.get_mut(&id) {
            stream.send_window -= length as i64;
        }
        if flags & flag::END_STREAM != 0 {
            self.track_end(id);
        }
    }

    fn track_headers(&mut self, id: u32, end_stream: bool) {
        let Some(stream) = self.streams.map.get_mut(&id) else { return };
        let (effect, next) = stream.state.step(Input::SendHeaders);
        if effect != Effect::Refuse {
            stream.state = next;
            stream.headers_sent = true;
        }
        if end_stream {
            self.track_end(id);
        }
    }

    /// A raw frame ended our half: what is queued must not follow it.
    fn track_end(&mut self, id: u32) {
        let Some(stream) = self.streams.map.get_mut(&id) else { return };
        if stream.state.step(Input::SendEndStream).0 == Effect::Refuse {
            return;
        }
        stream.end_queued = true;
        stream.queued = 0;
        let queue = std::mem::take(&mut stream.queue);
        if stream.notify.take().is_some() {
            self.events.push_back(Event::Writable { stream: id, queued: 0, end_sent: true });
        }
        self.drop_queue(id, queue, NotSentReason::StreamEnded);
        self.end_stream(id, Input::SendEndStream);
    }

    /// A raw frame with a field block, or the beginning of one.
    fn track_block(&mut self, stream: u32, fragment: &[u8], end_headers: bool) {
        if end_headers {
            self.observe(fragment);
            return;
        }
        // A second block inside a block: the first will never end.
        if let Some(hold) = &mut self.hold {
            hold.stream = stream;
            hold.block = BytesMut::from(fragment);
            self.encoder.forget_table();
        } else {
            self.hold = Some(Hold { stream, block: fragment.into(), held: VecDeque::new(), automatic: 0 });
        }
    }

    fn track_continuation(&mut self, fragment: &[u8], end_headers: bool) {
        let Some(hold) = &mut self.hold else { return };
        hold.block.extend_from_slice(fragment);
        if end_headers {
            let block = std::mem::take(&mut hold.block);
            self.observe(&block);
            self.let_go();
        }
    }

    fn observe(&mut self, block: &[u8]) {
        // An unreadable block makes the encoder give its model of the table up by itself.
        let _ = self.encoder.observe(block);
    }

    fn track_update(&mut self, id: u32, increment: u32) {
        let window = match id {
            0 => Some(&mut self.receive_window),
            _ => self.streams.map.get_mut(&id).map(|stream| &mut stream.receive),
        };
        if let Some(window) = window {
            let room = MAX_WINDOW - window.available();
            window.grant(u32::try_from(i64::from(increment).min(room)).unwrap_or(0));
        }
    }
}
