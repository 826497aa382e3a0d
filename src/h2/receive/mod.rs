//! What the peer sends: preface, frames, and whether they are in order.

mod control;
mod data;
mod headers;
mod held;
mod prioritize;

use super::connection::{Connection, Phase};
use super::events::Event;
use super::limits::within;
use super::rules::Rule;
use crate::wire::frame::{FrameHeader, FrameType, HEADER_LENGTH, RawFrame, flag};
use bytes::BytesMut;
use headers::PartialBlock;

/// What every client sends first (RFC 9113 §3.4).
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Space is reserved for a frame that is under way up to this, so that a header alone does not take memory.
const RESERVE: usize = 64 * 1024;

/// What has arrived but is not processed.
#[derive(Debug, Default)]
pub(in crate::h2) struct Input {
    buffer: BytesMut,
    /// Octets of the preface so far.
    preface: usize,
    /// The first frame was SETTINGS, or this was reported.
    settings_seen: bool,
    /// The frame at the front of the buffer was reported as too large.
    oversized: bool,
    /// A field block that has not ended.
    block: Option<PartialBlock>,
    /// A frame that waits for the layer above.
    held: Option<RawFrame>,
}

impl Input {
    /// Nothing more will be processed.
    pub fn clear(&mut self) {
        self.buffer = BytesMut::new();
        self.block = None;
        self.held = None;
    }
}

impl Connection {
    pub(super) fn take_octets(&mut self, octets: &[u8]) {
        let Some(rest) = self.take_preface(octets) else { return };
        self.input.buffer.extend_from_slice(rest);
        self.take_frames();
    }

    /// Takes every whole frame, up to one that is to wait.
    fn take_frames(&mut self) {
        while self.phase != Phase::Closed && self.input.held.is_none() {
            let Some(header) = self.input.buffer.first_chunk().map(FrameHeader::parse) else { break };
            if !self.check_size(header) {
                break;
            }
            let Some(frame) = RawFrame::take(&mut self.input.buffer) else {
                let length = (HEADER_LENGTH + header.length as usize).min(RESERVE);
                self.input.buffer.reserve(length.saturating_sub(self.input.buffer.len()));
                break;
            };
            self.input.oversized = false;
            self.events.push_back(Event::Frame(frame.clone()));
            if self.hold_frames {
                self.events.push_back(Event::Held);
                self.input.held = Some(frame);
                break;
            }
            self.take_effect(frame);
            self.check_queued();
        }
        if self.input.buffer.is_empty() {
            self.input.buffer = BytesMut::new();
        }
    }

    /// Gives what follows the preface, if anything is to be processed.
    fn take_preface<'a>(&mut self, octets: &'a [u8]) -> Option<&'a [u8]> {
        let due = PREFACE.get(self.input.preface..).unwrap_or_default();
        if due.is_empty() {
            return Some(octets);
        }
        let same = due.iter().zip(octets).take_while(|(due, octet)| due == octet).count();
        self.input.preface += same;
        let rest = octets.get(same..).unwrap_or_default();
        if same == due.len() {
            self.events.push_back(Event::Preface);
        } else if !rest.is_empty() {
            if !self.violation(Rule::Preface, 0, None, "") {
                return None;
            }
            // Going on without a preface: what came is taken for frames.
            self.input.preface = PREFACE.len();
        }
        Some(rest)
    }

    /// A frame's header has arrived: may its payload be that long? (RFC 9113 §4.2)
    fn check_size(&mut self, header: FrameHeader) -> bool {
        let max = self.local.allowed().max_frame_size;
        if header.length <= max || self.input.oversized {
            return true;
        }
        self.input.oversized = true;
        let detail = format!("{} octets, where {max} are allowed", header.length);
        self.violation(Rule::FrameSize, header.stream_id, Some(header), detail)
    }

    /// Does what a frame means.
    fn take_effect(&mut self, frame: RawFrame) {
        let header = frame.header;
        if !self.input.settings_seen {
            self.input.settings_seen = true;
            let settings = header.frame_type == FrameType::SETTINGS && !header.has(flag::ACK);
            if !settings && !self.violation(Rule::PrefaceSettings, 0, Some(header), header.frame_type.to_string()) {
                return;
            }
            self.phase = Phase::Running;
        }
        if header.frame_type == FrameType::CONTINUATION {
            return self.on_continuation(&frame);
        }
        if let Some(block) = &self.input.block {
            let detail = format!("{} where CONTINUATION on stream {} is due", header.frame_type, block.stream());
            if !self.violation(Rule::ContinuationInterrupted, header.stream_id, Some(header), detail) {
                return;
            }
        }
        match header.frame_type {
            FrameType::DATA => self.on_data(frame),
            FrameType::HEADERS => self.on_headers(frame),
            FrameType::PRIORITY => self.on_priority(&frame),
            FrameType::RST_STREAM => self.on_rst_stream(&frame),
            FrameType::SETTINGS => self.on_settings(&frame),
            FrameType::PUSH_PROMISE => {
                self.violation(Rule::PushPromiseFromClient, header.stream_id, Some(header), "");
            }
            FrameType::PING => self.on_ping(&frame),
            FrameType::GOAWAY => self.on_goaway(&frame),
            FrameType::WINDOW_UPDATE => self.on_window_update(&frame),
            FrameType::PRIORITY_UPDATE => self.on_priority_update(&frame),
            // Unknown types are ignored (RFC 9113 §5.5); a server ignores ALTSVC and ORIGIN (RFC 7838 §4, RFC 8336 §2).
            _ => self.count_unknown(header),
        }
    }

    /// A frame that has no effect.
    fn count_unknown(&mut self, header: FrameHeader) {
        if !within(&mut self.counts.num_unknown, self.limits.max_unknown) {
            self.violation(Rule::LimitUnknown, 0, Some(header), "");
        }
    }

    /// Whether our GOAWAY has told the peer that we ignore this stream (RFC 9113 §6.8).
    fn is_ignored(&self, stream: u32) -> bool {
        self.streams.is_peers(stream) && self.shutdown.sent.is_some_and(|last| stream > last)
    }
}
