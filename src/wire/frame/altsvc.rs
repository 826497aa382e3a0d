use super::{FrameType, PayloadError, RawFrame};
use bytes::{BufMut, Bytes, BytesMut};

/// ALTSVC (RFC 7838 §4).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AltSvc {
    /// The origin that the alternative is for; empty on a stream. At most 65,535 octets are announced truly.
    pub origin: Bytes,
    /// What an Alt-Svc field would hold.
    pub value: Bytes,
}

impl AltSvc {
    /// Reads a payload whose origin length fits. The frame's type is not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        let payload = &frame.payload;
        let Some(length) = payload.first_chunk() else {
            return Err(PayloadError::TooShort { length: payload.len(), minimum: 2 });
        };
        let end = 2 + usize::from(u16::from_be_bytes(*length));
        if payload.len() < end {
            return Err(PayloadError::TooShort { length: payload.len(), minimum: end });
        }
        Ok(Self { origin: payload.slice(2..end), value: payload.slice(end..) })
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        out.put_u16(u16::try_from(self.origin.len()).unwrap_or(u16::MAX));
        out.extend_from_slice(&self.origin);
        out.extend_from_slice(&self.value);
    }

    /// A frame with this payload.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        super::payload::raw(FrameType::ALTSVC, flags, stream_id, |out| self.write(out))
    }
}
