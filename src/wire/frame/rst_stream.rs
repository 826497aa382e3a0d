use super::{ErrorCode, FrameType, PayloadError, RawFrame};
use bytes::{BufMut, BytesMut};

/// RST_STREAM (RFC 9113 §6.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RstStream {
    /// Why the stream ends.
    pub code: ErrorCode,
}

impl RstStream {
    /// Reads a payload of exactly four octets. The frame's type is not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        super::payload::exactly(frame).map(|octets| Self { code: ErrorCode(u32::from_be_bytes(octets)) })
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        out.put_u32(self.code.0);
    }

    /// A frame with this payload.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        super::payload::raw(FrameType::RST_STREAM, flags, stream_id, |out| self.write(out))
    }
}
