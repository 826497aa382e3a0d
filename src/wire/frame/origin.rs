use super::{FrameType, PayloadError, RawFrame};
use bytes::{BufMut, Bytes, BytesMut};

/// ORIGIN (RFC 8336 §2.1): the origins in wire order, unchecked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    /// ASCII origins; of each at most 65,535 octets are announced truly.
    pub entries: Vec<Bytes>,
}

impl Origin {
    /// Reads a payload of whole entries. The frame's type is not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        let payload = &frame.payload;
        let mut entries = Vec::new();
        let mut offset = 0;
        while offset < payload.len() {
            let start = offset + 2;
            let Some(length) = payload.get(offset..).and_then(<[u8]>::first_chunk) else {
                return Err(PayloadError::TooShort { length: payload.len(), minimum: start });
            };
            let end = start + usize::from(u16::from_be_bytes(*length));
            if payload.len() < end {
                return Err(PayloadError::TooShort { length: payload.len(), minimum: end });
            }
            entries.push(payload.slice(start..end));
            offset = end;
        }
        Ok(Self { entries })
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        for entry in &self.entries {
            out.put_u16(u16::try_from(entry.len()).unwrap_or(u16::MAX));
            out.extend_from_slice(entry);
        }
    }

    /// A frame with this payload.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        super::payload::raw(FrameType::ORIGIN, flags, stream_id, |out| self.write(out))
    }
}
