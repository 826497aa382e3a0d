use super::{FrameType, PayloadError, RawFrame, padding};
use bytes::{Bytes, BytesMut};

/// PUSH_PROMISE (RFC 9113 §6.6).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PushPromise {
    /// The reserved bit before the promised stream's identifier.
    pub reserved: bool,
    /// 0 to 2^31-1.
    pub promised_stream_id: u32,
    /// A field block or its first part.
    pub fragment: Bytes,
    /// `None` without the flag PADDED; at most 255 octets are announced truly.
    pub padding: Option<Bytes>,
}

impl PushPromise {
    /// Reads a payload by the frame's flags. The frame's type is not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        let (rest, padding) = padding::split(frame, 4)?;
        let Some(word) = rest.first_chunk() else {
            return Err(PayloadError::TooShort { length: rest.len(), minimum: 4 });
        };
        let (reserved, promised_stream_id) = super::payload::get_31(*word);
        Ok(Self { reserved, promised_stream_id, fragment: rest.slice(4..), padding })
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        padding::write_length(&self.padding, out);
        super::payload::put_31(self.reserved, self.promised_stream_id, out);
        out.extend_from_slice(&self.fragment);
        padding::write_octets(&self.padding, out);
    }

    /// A frame with this payload; PADDED is added to `flags` when there is padding.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        let flags = flags | padding::flags(&self.padding);
        super::payload::raw(FrameType::PUSH_PROMISE, flags, stream_id, |out| self.write(out))
    }
}
