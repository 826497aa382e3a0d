//! What we send: frames and field sections in, bytes out, in an order that the peer can read.

use super::events::{Cause, NotSentReason, Transmit, Unsent};
use super::fields::{FieldList, Section, borrowed, to_owned};
use super::flow::{INITIAL_WINDOW, MAX_WINDOW};
use super::hold::{Held, Hold, Which};
use super::output::{HIGH_WATER, Output};
use super::peer_view::{Context, PeerView};
use super::queue::EventQueue;
use super::settings::Settings;
use super::streams::Streams;
use crate::wire::frame::{FrameHeader, FrameType, HEADER_LENGTH, SettingId, flag};
use crate::wire::hpack::Encoder;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;

/// Bytes of content that a DATA frame has at most even if the peer accepts more, so that streams take turns.
pub const MAX_DATA: usize = 16_384;

/// The sending half of a connection. What it sends is recorded in the event queue that each call is given.
#[derive(Debug)]
pub(super) struct Outbound {
    output: Output,
    encoder: Encoder,
    /// The peer's settings.
    peer: Settings,
    /// The peer's first SETTINGS have been applied.
    peer_settings_seen: bool,
    /// What we may send on the connection; below zero after raw frames.
    window: i64,
    /// Frames that wait for a raw frame or field block to end.
    hold: Option<Hold>,
    /// Our SETTINGS have not been sent yet.
    before_start: Option<BeforeStart>,
    /// PINGs of ours that the peer has not acknowledged.
    pings_unanswered: u32,
}

/// What waits for the start of a connection.
#[derive(Debug)]
pub(super) struct BeforeStart {
    pub settings: Vec<(u16, u32)>,
    /// Automatic frames.
    pub waiting: Vec<Bytes>,
}

impl Outbound {
    /// Nothing was sent; these are our first SETTINGS.
    pub fn new(settings: Vec<(u16, u32)>) -> Self {
        Self {
            output: Output::default(),
            encoder: Encoder::new(),
            peer: Settings::default(),
            peer_settings_seen: false,
            window: INITIAL_WINDOW,
            hold: None,
            before_start: Some(BeforeStart { settings, waiting: Vec::new() }),
            pings_unanswered: 0,
        }
    }

    // ---- Start

    /// Our first SETTINGS, as long as they have not been sent.
    pub fn first_settings(&self) -> Option<&Vec<(u16, u32)>> {
        self.before_start.as_ref().map(|before| &before.settings)
    }

    /// The same, to be changed.
    pub fn first_settings_mut(&mut self) -> Option<&mut Vec<(u16, u32)>> {
        self.before_start.as_mut().map(|before| &mut before.settings)
    }

    /// From here on automatic frames are sent. Gives our first SETTINGS and the frames that waited for them; `None` if
    /// that was so already.
    pub fn start(&mut self) -> Option<BeforeStart> {
        self.before_start.take()
    }

    // ---- Frames

    /// Queues a frame, behind a raw frame or field block that has not ended.
    pub fn write_frame(
        &mut self,
        events: &mut EventQueue,
        (frame_type, flags, stream): (FrameType, u8, u32),
        payload: &[u8],
        cause: Cause,
    ) {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let header = FrameHeader::new(frame_type, flags, stream, length);
        let starting = cause == Cause::Automatic && self.before_start.is_some();
        if !starting && self.hold.is_none() {
            let start = self.output.buffer.len();
            self.output.buffer.extend_from_slice(&header.octets());
            self.output.buffer.extend_from_slice(payload);
            return self.written(events, start, cause);
        }
        let octets = Bytes::from([&header.octets()[..], payload].concat());
        match &mut self.before_start {
            // An automatic frame of a connection that ends is sent with its GOAWAY, or not at all.
            Some(before) if starting => {
                self.output.count_automatic(octets.len());
                before.waiting.push(octets);
            }
            _ => self.write_or_hold(events, stream, octets, cause),
        }
    }

    /// Queues a whole frame, behind what raw commands have begun.
    pub fn write_or_hold(&mut self, events: &mut EventQueue, stream: u32, octets: Bytes, cause: Cause) {
        match &mut self.hold {
            Some(hold) => hold.push(Held::Octets { stream, octets, cause }),
            None => self.write_octets(events, &octets, cause),
        }
    }

    /// Appends bytes, whatever waits.
    pub fn write_octets(&mut self, events: &mut EventQueue, octets: &[u8], cause: Cause) {
        let start = self.output.buffer.len();
        self.output.buffer.extend_from_slice(octets);
        self.written(events, start, cause);
    }

    /// What is in the buffer from `start` on was just written.
    fn written(&mut self, events: &mut EventQueue, start: usize, cause: Cause) {
        if cause == Cause::Automatic {
            self.output.count_automatic(self.output.buffer.len() - start);
        }
        events.sent(self.output.buffer.get(start..).unwrap_or_default(), cause);
    }

    /// Bytes of automatic frames that the peer has not read.
    pub fn automatic(&mut self) -> usize {
        self.output.count_automatic(0) + self.hold.as_ref().map_or(0, Hold::automatic)
    }

    // ---- Field sections

    /// Queues a field section, encoding it now, or when the raw frame or field block has ended.
    pub fn write_section<'a>(&mut self, events: &mut EventQueue, section: Section, fields: impl FieldList<'a>) {
        match &mut self.hold {
            Some(hold) => hold.push(Held::Section { section, fields: to_owned(fields) }),
            None => self.encode_section(events, section, fields),
        }
    }

    /// Encodes right into the output buffer; only a block that is too large for one frame is copied.
    fn encode_section<'a>(&mut self, events: &mut EventQueue, section: Section, fields: impl FieldList<'a>) {
        let start = self.output.buffer.len();
        let frame_type = if section.promise { FrameType::PUSH_PROMISE } else { FrameType::HEADERS };
        let flags = if section.end_stream { flag::END_STREAM } else { 0 };
        let mut header = FrameHeader::new(frame_type, flags, section.stream, 0);
        self.output.buffer.extend_from_slice(&header.octets());
        if let Some(promised) = section.begins.filter(|_| section.promise) {
            self.output.buffer.extend_from_slice(&promised.to_be_bytes());
        }
        self.encoder.encode(fields, &mut self.output.buffer);
        let length = self.output.buffer.len() - start - HEADER_LENGTH;
        let max = self.peer.max_frame_size as usize;
        let rest = if length > max {
            self.output.buffer.split_off(start + HEADER_LENGTH + max)
        } else {
            header.flags |= flag::END_HEADERS;
            BytesMut::new()
        };
        header.length = length.min(max) as u32;
        if let Some(front) = self.output.buffer.get_mut(start..start + HEADER_LENGTH) {
            front.copy_from_slice(&header.octets());
        }
        self.written(events, start, Cause::Checked);
        let mut rest = rest.freeze();
        while !rest.is_empty() {
            let fragment = rest.split_to(rest.len().min(max));
            let flags = if rest.is_empty() { flag::END_HEADERS } else { 0 };
            let frame = (FrameType::CONTINUATION, flags, section.stream);
            self.write_frame(events, frame, &fragment, Cause::Checked);
        }
    }

    /// Encodes fields without relying on a dynamic entry or making one.
    pub fn encode_apart<'a>(&self, fields: impl FieldList<'a>) -> Bytes {
        let mut block = BytesMut::new();
        self.encoder.write_size_updates(&mut block);
        let mut encoder = Encoder::new();
        encoder.forget_table();
        encoder.encode(fields, &mut block);
        block.freeze()
    }

    /// The encoder of field blocks.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    // ---- What waits behind raw frames

    /// Lets a view look at something.
    pub fn look<T>(
        &mut self,
        view: &mut PeerView,
        (streams, local, receive_window): (&Streams, &Settings, i64),
        at: impl FnOnce(&mut PeerView, &mut Context<'_>) -> T,
    ) -> T {
        let mut context = Context {
            streams,
            encoder: &mut self.encoder,
            hold: self.hold.as_ref(),
            local,
            max_frame_size: self.peer.max_frame_size,
            enable_push: self.peer.enable_push,
            send_window: self.window,
            receive_window,
        };
        at(view, &mut context)
    }

    /// Begins or ends the waiting, as what the peer has seen so far demands.
    pub fn update_hold(&mut self, events: &mut EventQueue, view: &mut PeerView) {
        match (view.must_hold(&mut self.encoder), &self.hold) {
            (true, None) => self.hold = Some(Hold::default()),
            (false, Some(_)) => {
                for held in self.take_held() {
                    match held {
                        Held::Octets { octets, cause, .. } => self.write_octets(events, &octets, cause),
                        Held::Section { section, fields } => self.encode_section(events, section, borrowed(&fields)),
                    }
                }
            }
            _ => {}
        }
    }

    /// Ends the field block of a stream that is given up, so that other frames can follow.
    pub fn end_raw_block(&mut self, events: &mut EventQueue, view: &mut PeerView, stream: u32) {
        if view.end_block(stream, &mut self.encoder) {
            let header = FrameHeader::new(FrameType::CONTINUATION, flag::END_HEADERS, stream, 0);
            self.write_octets(events, &header.octets(), Cause::Automatic);
            self.update_hold(events, view);
        }
    }

    /// Whether frames wait for a raw frame or field block to end.
    pub fn holds(&self) -> bool {
        self.hold.is_some()
    }

    /// Removes some of what waits, and reports that it is not sent.
    pub fn drop_held(&mut self, events: &mut EventQueue, which: Which, why: NotSentReason) -> VecDeque<Held> {
        let removed = self.hold.as_mut().map(|hold| hold.remove(which)).unwrap_or_default();
        for held in &removed {
            events.not_sent(why, || Unsent::Held { stream: held.stream() });
        }
        removed
    }

    /// The connection ends: what waits is not sent.
    pub fn drop_hold(&mut self, events: &mut EventQueue) {
        for held in self.take_held() {
            events.not_sent(NotSentReason::ConnectionClosed, || Unsent::Held { stream: held.stream() });
        }
    }

    fn take_held(&mut self) -> impl Iterator<Item = Held> + use<> {
        self.hold.take().into_iter().flat_map(Hold::into_held)
    }

    // ---- Flow control

    /// What we may send on the connection.
    pub fn window(&self) -> i64 {
        self.window
    }

    /// Flow-controlled bytes were sent.
    pub fn use_window(&mut self, octets: i64) {
        self.window -= octets;
    }

    /// The peer opens the connection's window. Gives it as it is then, or as it would be above 2^31-1.
    pub fn open_window(&mut self, increment: u32) -> Result<i64, i64> {
        open_window(&mut self.window, increment)
    }

    /// Whether queued content may be sent now, as far as the output goes.
    pub fn has_room(&self) -> bool {
        self.hold.is_none() && self.output.waiting() < HIGH_WATER
    }

    /// Bytes that the next DATA frame may have as far as the connection goes.
    pub fn data_room(&self) -> usize {
        self.data_size().min(usize::try_from(self.window).unwrap_or(0))
    }

    /// Bytes that a DATA frame may have.
    fn data_size(&self) -> usize {
        MAX_DATA.min(self.peer.max_frame_size as usize)
    }

    /// Queues DATA, and takes it from the connection's window.
    pub fn write_data(
        &mut self,
        events: &mut EventQueue,
        (stream, end_stream): (u32, bool),
        data: &[u8],
        padding: Option<u8>,
    ) {
        let flags = if end_stream { flag::END_STREAM } else { 0 };
        if let Some(octets) = padding {
            let mut padded = [&[octets], data].concat();
            padded.resize(padded.len() + usize::from(octets), 0);
            self.window -= padded.len() as i64;
            let frame = (FrameType::DATA, flags | flag::PADDED, stream);
            return self.write_frame(events, frame, &padded, Cause::Checked);
        }
        self.window -= data.len() as i64;
        self.write_frame(events, (FrameType::DATA, flags, stream), data, Cause::Checked);
    }

    // ---- The peer's settings and PINGs

    /// What the peer announced.
    pub fn peer(&self) -> &Settings {
        &self.peer
    }

    /// Whether the peer's first SETTINGS have been applied.
    pub fn has_peer_settings(&self) -> bool {
        self.peer_settings_seen
    }

    /// They have.
    pub fn peer_settings_applied(&mut self) {
        self.peer_settings_seen = true;
    }

    /// Applies one setting of the peer's. Gives the change of stream windows.
    pub fn apply_peer_setting(&mut self, id: SettingId, value: u32) -> i64 {
        let before = i64::from(self.peer.initial_window_size);
        self.peer.apply(id, value);
        if id == SettingId::HEADER_TABLE_SIZE {
            self.encoder.set_max_table_size(value as usize);
        }
        i64::from(self.peer.initial_window_size) - before
    }

    /// We have sent a PING.
    pub fn ping_sent(&mut self) {
        self.pings_unanswered = self.pings_unanswered.saturating_add(1);
    }

    /// The peer acknowledged a PING; `false` if none of ours waits for that.
    pub fn ping_acked(&mut self) -> bool {
        let expected = self.pings_unanswered > 0;
        self.pings_unanswered = self.pings_unanswered.saturating_sub(1);
        expected
    }

    // ---- Bytes

    /// What is to be written next.
    pub fn next(&self) -> Option<Transmit<'_>> {
        self.output.next()
    }

    /// `octets` were written. Gives whether nothing waits any more.
    pub fn transmitted(&mut self, octets: usize) -> bool {
        self.output.transmitted(octets)
    }

    /// Bytes that wait to be written.
    pub fn waiting(&self) -> usize {
        self.output.waiting()
    }

    /// Gives memory back.
    pub fn shrink(&mut self) {
        self.output.shrink();
    }

    /// From here on, runs are no longer than this.
    pub fn set_write_size(&mut self, octets: Option<usize>) {
        self.output.set_write_size(octets);
    }

    /// Everything so far is flushed before anything else.
    pub fn flush(&mut self) {
        self.output.flush();
    }
}

/// Opens a send window, unless it would pass 2^31-1.
pub(super) fn open_window(window: &mut i64, increment: u32) -> Result<i64, i64> {
    let opened = *window + i64::from(increment);
    if opened > MAX_WINDOW {
        return Err(opened);
    }
    *window = opened;
    Ok(opened)
}
