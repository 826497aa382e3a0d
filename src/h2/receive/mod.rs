//! What the peer sends: preface, frames, and whether they are in order.

mod control;
mod data;
mod extensions;
mod headers;
mod held;
mod responses;

use super::connection::{Connection, Phase};
use super::events::Event;
use super::inbound::{Next, Preface};
use super::limits::within;
use super::rules::Rule;
use crate::http::role::Role;
use crate::wire::frame::{FrameHeader, FrameType, RawFrame, flag};

impl Connection {
    pub(super) fn take_octets(&mut self, octets: &[u8]) {
        let rest = match self.inbound.take_preface(octets) {
            Preface::Past(rest) => rest,
            Preface::Complete(rest) => {
                self.events.push(Event::Preface);
                rest
            }
            // Going on without a preface: what came is read as frames.
            Preface::Wrong(rest) if self.violation(Rule::Preface, 0, None, "") => rest,
            Preface::Wrong(_) | Preface::Incomplete => return,
        };
        self.inbound.push(rest);
        self.take_frames();
        self.inbound.watch(self.now);
    }

    /// Takes every whole frame, up to one that is to wait.
    fn take_frames(&mut self) {
        while self.phase != Phase::Closed {
            match self.inbound.next() {
                Next::Frame(frame) => {
                    self.events.push(Event::Frame(frame.clone()));
                    let Some(frame) = self.inbound.hold(frame) else {
                        self.events.push(Event::Held);
                        break;
                    };
                    self.take_effect(frame);
                    self.check_queued();
                }
                Next::TooLarge(header) => self.too_large(header),
                Next::Nothing => break,
            }
        }
        self.inbound.trim();
    }

    /// A frame's header has arrived, and its payload may not be that long (RFC 9113 §4.2).
    fn too_large(&mut self, header: FrameHeader) {
        let max = self.inbound.settings().max_frame_size;
        let detail = format!("{} octets, where {max} are allowed", header.length);
        self.violation(Rule::FrameSize, header.stream_id, Some(header), detail);
    }

    /// Does what a frame means.
    fn take_effect(&mut self, frame: RawFrame) {
        let header = frame.header;
        if self.inbound.start() {
            let settings = header.frame_type == FrameType::SETTINGS && !header.has(flag::ACK);
            if !settings && !self.violation(Rule::PrefaceSettings, 0, Some(header), header.frame_type.to_string()) {
                return;
            }
            self.phase = Phase::Running;
        }
        if header.frame_type == FrameType::CONTINUATION {
            return self.on_continuation(&frame);
        }
        if let Some(block) = self.inbound.block() {
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
            FrameType::PUSH_PROMISE if self.role == Role::Client => self.on_push_promise(frame),
            FrameType::PUSH_PROMISE => {
                self.violation(Rule::PushPromiseFromClient, header.stream_id, Some(header), "");
            }
            FrameType::PING => self.on_ping(&frame),
            FrameType::GOAWAY => self.on_goaway(&frame),
            FrameType::WINDOW_UPDATE => self.on_window_update(&frame),
            FrameType::PRIORITY_UPDATE => self.on_priority_update(&frame),
            FrameType::ALTSVC => self.on_altsvc(&frame),
            FrameType::ORIGIN => self.on_origin(&frame),
            // Unknown types are ignored (RFC 9113 §5.5).
            _ => self.count_unknown(header),
        }
    }

    /// A frame that has no effect.
    fn count_unknown(&mut self, header: FrameHeader) {
        if !within(&mut self.inbound.counts.num_unknown, self.limits.max_unknown) {
            self.violation(Rule::LimitUnknown, 0, Some(header), "");
        }
    }

    /// Whether our GOAWAY has told the peer that we ignore this stream (RFC 9113 §6.8).
    fn is_ignored(&self, stream: u32) -> bool {
        self.streams.is_peers(stream) && self.shutdown.sent.is_some_and(|last| stream > last)
    }
}
