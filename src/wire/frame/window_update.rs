use super::{FrameType, PayloadError, RawFrame};
use bytes::BytesMut;

/// WINDOW_UPDATE (RFC 9113 §6.9).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WindowUpdate {
    /// The reserved bit before the increment.
    pub reserved: bool,
    /// Octets, 0 to 2^31-1 on the wire; 0 breaks RFC 9113 §6.9.
    pub increment: u32,
}

impl WindowUpdate {
    /// Reads a payload of exactly four octets. The frame's type is not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        let (reserved, increment) = super::payload::get_31(super::payload::exactly(frame)?);
        Ok(Self { reserved, increment })
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        super::payload::put_31(self.reserved, self.increment, out);
    }

    /// A frame with this payload.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        super::payload::raw(FrameType::WINDOW_UPDATE, flags, stream_id, |out| self.write(out))
    }
}
