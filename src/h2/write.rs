//! Frames into the output buffer.

use super::connection::{Connection, Phase};
use super::events::Cause;
use super::fields::{FieldList, Section, to_owned};
use super::hold::Held;
use super::misuse::Misuse;
use super::rules::Rule;
use crate::wire::frame::{FrameHeader, FrameType, HEADER_LENGTH, Settings, flag};
use bytes::BytesMut;

impl Connection {
    /// Refuses everything once the connection is over.
    pub(super) fn check_running(&self) -> Result<(), Misuse> {
        if self.phase == Phase::Closed { Err(Misuse::ConnectionClosed) } else { Ok(()) }
    }

    /// Queues a frame, behind a raw frame or field block that has not ended.
    pub(super) fn write_frame(&mut self, frame_type: FrameType, flags: u8, stream: u32, payload: &[u8], cause: Cause) {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let header = FrameHeader::new(frame_type, flags, stream, length);
        if cause == Cause::Automatic
            && let Some(before) = &mut self.before_start
        {
            // An automatic frame of a connection that ends goes out with its GOAWAY, or not at all.
            let octets = [&header.octets()[..], payload].concat();
            self.output.count_automatic(octets.len());
            before.waiting.push(octets.into());
        } else if self.hold.is_some() {
            let octets = [&header.octets()[..], payload].concat();
            self.write_or_hold(stream, octets.into(), cause);
        } else {
            let start = self.output.buffer.len();
            self.output.buffer.extend_from_slice(&header.octets());
            self.output.buffer.extend_from_slice(payload);
            self.written(start, cause);
        }
    }

    /// Appends octets whatever is held.
    pub(super) fn write_octets(&mut self, octets: &[u8], cause: Cause) {
        let start = self.output.buffer.len();
        self.output.buffer.extend_from_slice(octets);
        self.written(start, cause);
    }

    /// What lies in the buffer from `start` on was just written.
    fn written(&mut self, start: usize, cause: Cause) {
        if cause == Cause::Automatic {
            self.output.count_automatic(self.output.buffer.len() - start);
        }
        if self.record_frames {
            self.record(start, cause);
        }
    }

    /// Ends the connection if the peer lets our answers pile up. Not while a frame is being processed.
    pub(super) fn check_queued(&mut self) {
        let held = self.hold.as_ref().map_or(0, |hold| hold.automatic());
        if self.output.count_automatic(0) + held > self.limits.max_queued {
            self.violation(Rule::LimitQueued, 0, None, "");
        }
    }

    /// Queues a field section, encoding it now, or when the raw frame or field block has ended.
    pub(super) fn write_section<'a>(&mut self, section: Section, fields: impl FieldList<'a>) {
        if let Some(hold) = &mut self.hold {
            hold.push(Held::Section { section, fields: to_owned(fields) });
        } else {
            self.encode_section(section, fields);
        }
    }

    /// Encodes right into the output buffer; only a block that is too large for one frame is copied.
    pub(super) fn encode_section<'a>(&mut self, section: Section, fields: impl FieldList<'a>) {
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
        self.written(start, Cause::Checked);
        let mut rest = rest.freeze();
        while !rest.is_empty() {
            let fragment = rest.split_to(rest.len().min(max));
            let flags = if rest.is_empty() { flag::END_HEADERS } else { 0 };
            self.write_frame(FrameType::CONTINUATION, flags, section.stream, &fragment, Cause::Checked);
        }
    }

    /// Queues SETTINGS.
    pub(super) fn write_settings(&mut self, entries: &[(u16, u32)], cause: Cause) {
        let mut payload = BytesMut::new();
        Settings { entries: entries.to_vec() }.write(&mut payload);
        self.write_frame(FrameType::SETTINGS, 0, 0, &payload, cause);
    }

    /// Queues the WINDOW_UPDATE that is due on a stream, or, for stream 0, on the connection.
    pub(super) fn grant(&mut self, stream: u32) {
        if !self.auto.window_update || self.phase == Phase::Closed || self.peer_saw_reset(stream) {
            return;
        }
        let window = match stream {
            0 => Some(&mut self.receive_window),
            _ => self.streams.get_mut(stream).map(|stream| &mut stream.receive),
        };
        if let Some(window) = window
            && let Some(increment) = window.due()
        {
            window.grant(increment);
            self.write_window_update(stream, increment, Cause::Automatic);
        }
    }

    pub(super) fn write_window_update(&mut self, stream: u32, increment: u32, cause: Cause) {
        self.write_frame(FrameType::WINDOW_UPDATE, 0, stream, &increment.to_be_bytes(), cause);
    }
}
