use super::{FrameType, PayloadError, RawFrame};
use bytes::{Bytes, BytesMut};

/// PRIORITY_UPDATE (RFC 9218 §7.1).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PriorityUpdate {
    /// The reserved bit before the prioritized stream's identifier.
    pub reserved: bool,
    /// 0 to 2^31-1.
    pub prioritized_stream_id: u32,
    /// What a Priority field would hold.
    pub value: Bytes,
}

impl PriorityUpdate {
    /// Reads a payload of four octets or more. The frame's type is not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        let Some(word) = frame.payload.first_chunk() else {
            return Err(PayloadError::TooShort { length: frame.payload.len(), minimum: 4 });
        };
        let (reserved, prioritized_stream_id) = super::payload::get_31(*word);
        Ok(Self { reserved, prioritized_stream_id, value: frame.payload.slice(4..) })
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        super::payload::put_31(self.reserved, self.prioritized_stream_id, out);
        out.extend_from_slice(&self.value);
    }

    /// A frame with this payload.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        super::payload::raw(FrameType::PRIORITY_UPDATE, flags, stream_id, |out| self.write(out))
    }
}
