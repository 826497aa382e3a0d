use super::{FrameType, PayloadError, RawFrame};
use bytes::BytesMut;

/// PING (RFC 9113 §6.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ping {
    /// Eight octets that mean something to their sender only.
    pub opaque: [u8; 8],
}

impl Ping {
    /// Reads a payload of exactly eight octets. The frame's type is not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        super::payload::exactly(frame).map(|opaque| Self { opaque })
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        out.extend_from_slice(&self.opaque);
    }

    /// A frame with this payload.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        super::payload::raw(FrameType::PING, flags, stream_id, |out| self.write(out))
    }
}
