//! Frames that wait for the layer above, which may handle them in place of the engine.

use crate::h2::connection::{Connection, Phase};
use crate::h2::stream::Ended;
use crate::wire::frame::{FrameType, RawFrame, flag};

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
                let idle = self.streams.is_peers(header.stream_id) && header.stream_id > self.streams.last_peer();
                self.pass_over_headers(frame);
                if idle {
                    self.streams.use_peer(header.stream_id);
                    self.streams.remember(header.stream_id, Ended::WeReset);
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
}
