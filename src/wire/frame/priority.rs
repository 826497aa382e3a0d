use super::{FrameType, PayloadError, RawFrame};
use bytes::{BufMut, BytesMut};

/// PRIORITY (RFC 9113 §6.3), and the same five octets in HEADERS (RFC 9113 §6.2). Deprecated, but still sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Priority {
    /// The exclusive bit.
    pub exclusive: bool,
    /// The stream depended on, 0 to 2^31-1.
    pub dependency: u32,
    /// The octet on the wire: one less than the weight that it means.
    pub weight: u8,
}

impl Priority {
    /// Octets of a priority.
    pub const LENGTH: usize = 5;

    /// Reads a payload of exactly five octets. The frame's type is not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        match <&[u8; Self::LENGTH]>::try_from(frame.payload.as_ref()) {
            Ok(octets) => Ok(Self::from_octets(octets)),
            Err(_) => Err(PayloadError::Length { length: frame.payload.len(), expected: Self::LENGTH }),
        }
    }

    /// Reads five octets.
    pub const fn from_octets(octets: &[u8; Self::LENGTH]) -> Self {
        let word = u32::from_be_bytes([octets[0], octets[1], octets[2], octets[3]]);
        Self { exclusive: word >> 31 == 1, dependency: word & 0x7fff_ffff, weight: octets[4] }
    }

    /// Appends the five octets.
    pub fn write(&self, out: &mut BytesMut) {
        super::payload::put_31(self.exclusive, self.dependency, out);
        out.put_u8(self.weight);
    }

    /// A frame with this payload.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        super::payload::raw(FrameType::PRIORITY, flags, stream_id, |out| self.write(out))
    }
}
