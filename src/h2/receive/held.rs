//! Frames that wait for the layer above, which may handle them in place of the engine.

use crate::h2::connection::{Connection, Phase};
use crate::h2::field_block::{Fate, PartialBlock};
use crate::h2::stream::Ended;
use crate::http::role::Role;
use crate::wire::frame::{FrameType, Headers, PushPromise, RawFrame, flag};

impl Connection {
    /// From here on, each frame of the peer's waits after its [`Event::Frame`](crate::h2::Event::Frame) for
    /// [`admit`](Self::admit) (`true`), or none does. A frame that waits already goes on waiting.
    pub fn set_hold_frames(&mut self, hold: bool) {
        self.inbound.set_hold_frames(hold);
    }

    /// The frame that waits for [`admit`](Self::admit).
    pub fn held_frame(&self) -> Option<&RawFrame> {
        self.inbound.held()
    }

    /// Whether more octets should be read: not while a frame waits, so that what is behind it stays bounded.
    pub fn wants_read(&self) -> bool {
        self.inbound.held().is_none()
    }

    /// Lets the frame that waits have its effect, or, if it was `handled`, no effect at all but on what both sides
    /// must agree about: field blocks change the dynamic table and use up their stream, DATA uses up the windows. A stream
    /// whose request was handled counts as one that we have reset: what else arrives on it is discarded.
    pub fn admit(&mut self, handled: bool) {
        let Some(frame) = self.inbound.take_held() else { return };
        if handled {
            self.pass_over(frame);
        } else {
            self.take_effect(frame);
        }
        self.check_queued();
        self.take_frames();
        self.finish_if_done();
    }

    fn pass_over(&mut self, frame: RawFrame) {
        self.inbound.start();
        self.phase = Phase::Running;
        let header = frame.header;
        match header.frame_type {
            FrameType::HEADERS => {
                if let Ok(headers) = Headers::parse(&frame) {
                    self.extend_block(PartialBlock::new(frame, headers.fragment, Fate::Handled), header);
                }
                match self.role {
                    Role::Server => self.pass_over_stream(header.stream_id),
                    Role::Client => self.pass_over_response(header.stream_id),
                }
            }
            FrameType::PUSH_PROMISE if self.role == Role::Client => {
                if let Ok(promise) = PushPromise::parse(&frame) {
                    self.extend_block(PartialBlock::new(frame, promise.fragment, Fate::Handled), header);
                    self.pass_over_stream(promise.promised_stream_id);
                }
            }
            FrameType::CONTINUATION => {
                if let Some(mut block) = self.inbound.take_block() {
                    block.handle();
                    self.inbound.set_block(block);
                }
                self.on_continuation(&frame);
            }
            FrameType::DATA => {
                let length = frame.payload.len();
                self.inbound.window.take(length);
                if let Some(stream) = self.streams.get_mut(header.stream_id) {
                    stream.receive.take(length);
                }
            }
            // Else the next SETTINGS of ours would be taken for acknowledged by this one's ACK.
            FrameType::SETTINGS if header.has(flag::ACK) => self.on_settings(&frame),
            _ => {}
        }
    }

    /// The peer's next stream is used up.
    fn pass_over_stream(&mut self, id: u32) {
        if self.streams.is_peers(id) && id > self.streams.last_peer() {
            self.streams.use_peer(id);
            self.streams.remember(id, Ended::WeReset);
        }
    }

    fn pass_over_response(&mut self, id: u32) {
        if let Some(stream) = self.streams.get_mut(id) {
            stream.headers_received = true;
        }
    }
}
