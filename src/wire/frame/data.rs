use super::{FrameType, PayloadError, RawFrame, padding};
use bytes::{Bytes, BytesMut};

/// DATA (RFC 9113 §6.1).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Data {
    /// Content, without padding.
    pub data: Bytes,
    /// `None` without the flag PADDED; at most 255 octets are announced truly.
    pub padding: Option<Bytes>,
}

impl Data {
    /// Data without padding.
    pub fn new(data: impl Into<Bytes>) -> Self {
        Self { data: data.into(), padding: None }
    }

    /// Reads a payload by the frame's flags. The frame's type is not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        let (data, padding) = padding::split(frame, 0)?;
        Ok(Self { data, padding })
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        padding::write_length(&self.padding, out);
        out.extend_from_slice(&self.data);
        padding::write_octets(&self.padding, out);
    }

    /// A frame with this payload; PADDED is added to `flags` when there is padding. Copies nothing without padding.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        if self.padding.is_none() {
            return RawFrame::new(FrameType::DATA, flags, stream_id, self.data.clone());
        }
        let flags = flags | padding::flags(&self.padding);
        super::payload::raw(FrameType::DATA, flags, stream_id, |out| self.write(out))
    }
}
