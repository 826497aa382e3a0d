//! What the peer sends: bytes in, frames and field sections out, and what bounds them.

use super::field_block::PartialBlock;
use super::flow::ReceiveWindow;
use super::limits::Counts;
use super::settings::{LocalSettings, Settings};
use crate::http::role::Role;
use crate::wire::frame::{FrameHeader, HEADER_LENGTH, RawFrame};
use crate::wire::hpack::{Block, DecodeError, Decoder};
use bytes::{Bytes, BytesMut};
use std::time::Instant;

/// What every client sends first (RFC 9113 §3.4).
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Space is reserved for a frame that is incomplete up to this, so that a header alone does not take memory.
const RESERVE: usize = 64 * 1024;

/// A frame larger than this gets its time again for each such part of it.
const STEP: usize = 16 * 1024;

/// The receiving half of a connection.
#[derive(Debug)]
pub(super) struct Inbound {
    buffer: BytesMut,
    /// Bytes of the preface so far.
    preface: usize,
    /// A first frame has arrived.
    started: bool,
    /// The frame at the front of the buffer was reported as too large.
    oversized: bool,
    /// A field block that has not ended.
    block: Option<PartialBlock>,
    /// A frame that waits for the layer above.
    held: Option<RawFrame>,
    hold_frames: bool,
    /// Since when a frame or field block has been incomplete, and how many steps of a large frame have arrived since.
    begun: Option<(Instant, usize)>,
    decoder: Decoder,
    local: LocalSettings,
    /// What the peer may send on the connection.
    pub window: ReceiveWindow,
    /// What the peer has done in this period.
    pub counts: Counts,
}

/// How far the preface is.
pub(super) enum Preface<'a> {
    /// More is due.
    Incomplete,
    /// It has ended just now, before these bytes.
    Complete(&'a [u8]),
    /// It ended earlier.
    Past(&'a [u8]),
    /// These bytes are not part of it.
    Wrong(&'a [u8]),
}

/// What is at the front of the buffer.
pub(super) enum Next {
    Frame(RawFrame),
    /// A header that announces more than our SETTINGS allow; reported once, then the frame is read.
    TooLarge(FrameHeader),
    /// Nothing whole, or a frame waits.
    Nothing,
}

impl Inbound {
    /// The receiving half of `role`, with a window that is to grow to this size.
    pub fn new(role: Role, window: u32, now: Instant) -> Self {
        // A server sends no preface but SETTINGS.
        let preface = if role == Role::Client { PREFACE.len() } else { 0 };
        Self {
            buffer: BytesMut::new(),
            preface,
            started: false,
            oversized: false,
            block: None,
            held: None,
            hold_frames: false,
            begun: None,
            decoder: Decoder::default(),
            local: LocalSettings::default(),
            window: ReceiveWindow::connection(window),
            counts: Counts::new(now),
        }
    }

    // ---- Bytes and frames

    /// Compares bytes with the rest of the preface. After a wrong one, what follows is read as frames.
    pub fn take_preface<'a>(&mut self, octets: &'a [u8]) -> Preface<'a> {
        let due = PREFACE.get(self.preface..).unwrap_or_default();
        if due.is_empty() {
            return Preface::Past(octets);
        }
        let same = due.iter().zip(octets).take_while(|(due, octet)| due == octet).count();
        self.preface += same;
        let rest = octets.get(same..).unwrap_or_default();
        if same == due.len() {
            Preface::Complete(rest)
        } else if rest.is_empty() {
            Preface::Incomplete
        } else {
            self.preface = PREFACE.len();
            Preface::Wrong(rest)
        }
    }

    /// Adds bytes behind the preface.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// Takes the next frame, as far as it may be taken.
    pub fn next(&mut self) -> Next {
        if self.held.is_some() {
            return Next::Nothing;
        }
        let Some(header) = self.buffer.first_chunk().map(FrameHeader::parse) else { return Next::Nothing };
        if header.length > self.local.allowed().max_frame_size && !self.oversized {
            self.oversized = true;
            return Next::TooLarge(header);
        }
        let Some(frame) = RawFrame::take(&mut self.buffer) else {
            let length = (HEADER_LENGTH + header.length as usize).min(RESERVE);
            self.buffer.reserve(length.saturating_sub(self.buffer.len()));
            return Next::Nothing;
        };
        self.oversized = false;
        if self.block.is_none() {
            self.begun = None;
        }
        Next::Frame(frame)
    }

    /// Gives memory back, when nothing is left.
    pub fn trim(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// Nothing more will be read.
    pub fn clear(&mut self) {
        self.buffer = BytesMut::new();
        self.block = None;
        self.held = None;
        self.begun = None;
    }

    /// Whether nothing has arrived at all.
    pub fn is_untouched(&self) -> bool {
        self.preface == 0 && !self.started
    }

    /// Since when the peer has owed the rest of a frame or field block; `None` while a frame waits for the layer above.
    pub fn begun(&self) -> Option<Instant> {
        self.begun.filter(|_| self.held.is_none()).map(|(since, _)| since)
    }

    /// The peer gets its time for the rest of a frame or field block again.
    pub fn begin_again(&mut self, now: Instant) {
        self.begun = self.begun.map(|(_, steps)| (now, steps));
    }

    /// Notes whether a frame or field block is incomplete.
    pub fn watch(&mut self, now: Instant) {
        let steps = self.buffer.len() / STEP;
        if self.buffer.is_empty() && self.block.is_none() {
            self.begun = None;
        } else if self.begun.is_none_or(|(_, before)| steps > before) {
            self.begun = Some((now, steps));
        }
    }

    /// Whether this is the first frame to have an effect.
    pub fn start(&mut self) -> bool {
        !std::mem::replace(&mut self.started, true)
    }

    // ---- Frames that wait for the layer above

    pub fn set_hold_frames(&mut self, hold: bool) {
        self.hold_frames = hold;
    }

    /// Lets a frame wait, if frames are to wait.
    pub fn hold(&mut self, frame: RawFrame) -> Option<RawFrame> {
        if !self.hold_frames {
            return Some(frame);
        }
        self.held = Some(frame);
        None
    }

    /// The frame that waits.
    pub fn held(&self) -> Option<&RawFrame> {
        self.held.as_ref()
    }

    /// The frame that waited.
    pub fn take_held(&mut self) -> Option<RawFrame> {
        self.held.take()
    }

    // ---- Field blocks

    /// The field block that has not ended.
    pub fn block(&self) -> Option<&PartialBlock> {
        self.block.as_ref()
    }

    /// Takes it out, to extend it or to end it.
    pub fn take_block(&mut self) -> Option<PartialBlock> {
        self.block.take()
    }

    /// It goes on.
    pub fn set_block(&mut self, block: PartialBlock) {
        self.block = Some(block);
    }

    /// Decodes a whole field block. Of a section that is larger than we announced, only the front is kept.
    pub fn decode(&mut self, octets: Bytes) -> Result<Block, DecodeError> {
        let max = self.local.allowed().max_header_list_size.map_or(usize::MAX, |max| max as usize);
        self.decoder.decode(octets, max)
    }

    /// The decoder of field blocks.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    // ---- Our settings

    /// Our settings that the peer may rely on.
    pub fn settings(&self) -> &Settings {
        self.local.allowed()
    }

    /// Our settings that the peer has acknowledged.
    pub fn acked_settings(&self) -> &Settings {
        self.local.acked()
    }

    /// Whether SETTINGS of ours wait for their ACK.
    pub fn awaits_ack(&self) -> bool {
        self.local.awaits_ack()
    }

    /// SETTINGS of ours were sent: what they widen applies from now on. Gives the change of stream windows.
    pub fn settings_sent(&mut self, entries: Vec<(u16, u32)>) -> i64 {
        self.change_settings(|local| local.sent(entries)).1
    }

    /// SETTINGS were sent that we do not follow ourselves. Gives the change of stream windows.
    pub fn settings_tolerated(&mut self, entries: Vec<(u16, u32)>, role: Role) -> i64 {
        self.change_settings(|local| local.tolerate(entries, role)).1
    }

    /// The peer acknowledged SETTINGS. Gives the change of stream windows; `None` if none of ours wait.
    pub fn settings_acked(&mut self) -> Option<i64> {
        let (expected, delta) = self.change_settings(LocalSettings::ack);
        expected.then_some(delta)
    }

    /// Puts what the peer may rely on now into effect.
    fn change_settings<T>(&mut self, change: impl FnOnce(&mut LocalSettings) -> T) -> (T, i64) {
        let window = |local: &LocalSettings| i64::from(local.allowed().initial_window_size);
        let (table_before, before) = (self.local.allowed().header_table_size, window(&self.local));
        let changed = change(&mut self.local);
        let table = self.local.allowed().header_table_size;
        if table != table_before {
            self.decoder.set_max_table_size(table as usize);
        }
        (changed, window(&self.local) - before)
    }
}
