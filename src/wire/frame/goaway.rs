use super::{ErrorCode, FrameType, PayloadError, RawFrame};
use bytes::{BufMut, Bytes, BytesMut};

/// GOAWAY (RFC 9113 §6.8).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GoAway {
    /// The reserved bit before the stream identifier.
    pub reserved: bool,
    /// The highest stream that the sender acted on or may yet act on, 0 to 2^31-1.
    pub last_stream_id: u32,
    /// Why the connection ends.
    pub code: ErrorCode,
    /// Additional debug data.
    pub debug: Bytes,
}

impl GoAway {
    /// Reads a payload of eight octets or more. The frame's type is not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        let Some([a, b, c, d, code @ ..]) = frame.payload.first_chunk::<8>() else {
            return Err(PayloadError::TooShort { length: frame.payload.len(), minimum: 8 });
        };
        let (reserved, last_stream_id) = super::payload::get_31([*a, *b, *c, *d]);
        let code = ErrorCode(u32::from_be_bytes(*code));
        Ok(Self { reserved, last_stream_id, code, debug: frame.payload.slice(8..) })
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        super::payload::put_31(self.reserved, self.last_stream_id, out);
        out.put_u32(self.code.0);
        out.extend_from_slice(&self.debug);
    }

    /// A frame with this payload.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        super::payload::raw(FrameType::GOAWAY, flags, stream_id, |out| self.write(out))
    }
}
