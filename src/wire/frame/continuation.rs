use super::{FrameType, PayloadError, RawFrame};
use bytes::{Bytes, BytesMut};

/// CONTINUATION (RFC 9113 §6.10).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Continuation {
    /// A further part of a field block.
    pub fragment: Bytes,
}

impl Continuation {
    /// Takes the whole payload: CONTINUATION has no padding. Never fails; the frame's type is not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        Ok(Self { fragment: frame.payload.clone() })
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        out.extend_from_slice(&self.fragment);
    }

    /// A frame with this payload; copies nothing.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        RawFrame::new(FrameType::CONTINUATION, flags, stream_id, self.fragment.clone())
    }
}
