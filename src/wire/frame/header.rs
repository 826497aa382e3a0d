//! The nine octets in front of every frame.

use bytes::{Buf, Bytes, BytesMut};
use std::fmt;

/// Octets in a frame header (RFC 9113 §4.1).
pub const HEADER_LENGTH: usize = 9;

/// Flag bits by name; which frame types define them is in RFC 9113 §6.
pub mod flag {
    /// DATA, HEADERS: the sender's last frame with content on the stream (RFC 9113 §6.1, §6.2).
    pub const END_STREAM: u8 = 0x01;
    /// SETTINGS, PING: this frame answers the peer's (RFC 9113 §6.5, §6.7).
    pub const ACK: u8 = 0x01;
    /// HEADERS, PUSH_PROMISE, CONTINUATION: the field block ends here (RFC 9113 §6.2).
    pub const END_HEADERS: u8 = 0x04;
    /// DATA, HEADERS, PUSH_PROMISE: a pad length and padding are present (RFC 9113 §6.1).
    pub const PADDED: u8 = 0x08;
    /// HEADERS: five octets of (deprecated) priority are present (RFC 9113 §6.2).
    pub const PRIORITY: u8 = 0x20;

    use super::FrameType;

    /// The names of the flags that a type defines, lowest bit first (RFC 9113 §6).
    const fn names(frame_type: FrameType) -> &'static [(u8, &'static str)] {
        match frame_type {
            FrameType::DATA => &[(END_STREAM, "END_STREAM"), (PADDED, "PADDED")],
            FrameType::HEADERS => {
                &[(END_STREAM, "END_STREAM"), (END_HEADERS, "END_HEADERS"), (PADDED, "PADDED"), (PRIORITY, "PRIORITY")]
            }
            FrameType::SETTINGS | FrameType::PING => &[(ACK, "ACK")],
            FrameType::PUSH_PROMISE => &[(END_HEADERS, "END_HEADERS"), (PADDED, "PADDED")],
            FrameType::CONTINUATION => &[(END_HEADERS, "END_HEADERS")],
            _ => &[],
        }
    }

    /// The bits that a type defines; 0 for an unknown type.
    pub fn defined(frame_type: FrameType) -> u8 {
        names(frame_type).iter().fold(0, |bits, (bit, _)| bits | bit)
    }

    /// The names of those bits of `flags` that the type defines, lowest bit first.
    pub fn set_names(frame_type: FrameType, flags: u8) -> impl Iterator<Item = &'static str> {
        names(frame_type).iter().filter(move |(bit, _)| flags & bit != 0).map(|(_, name)| *name)
    }

    /// The bit with this name, whatever the frame type; exact spelling.
    pub fn by_name(name: &str) -> Option<u8> {
        Some(match name {
            "END_STREAM" => END_STREAM,
            "ACK" => ACK,
            "END_HEADERS" => END_HEADERS,
            "PADDED" => PADDED,
            "PRIORITY" => PRIORITY,
            _ => return None,
        })
    }
}

/// A frame type octet, known or not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameType(pub u8);

impl FrameType {
    /// RFC 9113 §6.1.
    pub const DATA: Self = Self(0x00);
    /// RFC 9113 §6.2.
    pub const HEADERS: Self = Self(0x01);
    /// RFC 9113 §6.3.
    pub const PRIORITY: Self = Self(0x02);
    /// RFC 9113 §6.4.
    pub const RST_STREAM: Self = Self(0x03);
    /// RFC 9113 §6.5.
    pub const SETTINGS: Self = Self(0x04);
    /// RFC 9113 §6.6.
    pub const PUSH_PROMISE: Self = Self(0x05);
    /// RFC 9113 §6.7.
    pub const PING: Self = Self(0x06);
    /// RFC 9113 §6.8.
    pub const GOAWAY: Self = Self(0x07);
    /// RFC 9113 §6.9.
    pub const WINDOW_UPDATE: Self = Self(0x08);
    /// RFC 9113 §6.10.
    pub const CONTINUATION: Self = Self(0x09);
    /// RFC 7838 §4.
    pub const ALTSVC: Self = Self(0x0a);
    /// RFC 8336 §2.
    pub const ORIGIN: Self = Self(0x0c);
    /// RFC 9218 §7.1.
    pub const PRIORITY_UPDATE: Self = Self(0x10);

    /// The registered name, or `None` for a type that this program does not know.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::DATA => "DATA",
            Self::HEADERS => "HEADERS",
            Self::PRIORITY => "PRIORITY",
            Self::RST_STREAM => "RST_STREAM",
            Self::SETTINGS => "SETTINGS",
            Self::PUSH_PROMISE => "PUSH_PROMISE",
            Self::PING => "PING",
            Self::GOAWAY => "GOAWAY",
            Self::WINDOW_UPDATE => "WINDOW_UPDATE",
            Self::CONTINUATION => "CONTINUATION",
            Self::ALTSVC => "ALTSVC",
            Self::ORIGIN => "ORIGIN",
            Self::PRIORITY_UPDATE => "PRIORITY_UPDATE",
            _ => return None,
        })
    }

    /// The known type with this name, exact spelling.
    pub fn by_name(name: &str) -> Option<Self> {
        (0..=u8::MAX).map(Self).find(|frame_type| frame_type.name() == Some(name))
    }
}

impl fmt::Display for FrameType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "UNKNOWN({:#04x})", self.0),
        }
    }
}

impl fmt::Debug for FrameType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The nine octets in front of a payload, every bit kept (RFC 9113 §4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameHeader {
    /// Payload octets announced, 0 to 2^24-1. In a frame to be written it may lie.
    pub length: u32,
    /// The type octet.
    pub frame_type: FrameType,
    /// All eight flag bits, defined for the type or not.
    pub flags: u8,
    /// The reserved bit before the stream identifier.
    pub reserved: bool,
    /// 0 for the connection, 1 to 2^31-1 for a stream.
    pub stream_id: u32,
}

impl FrameHeader {
    /// A header with no flags and the reserved bit unset.
    pub const fn new(frame_type: FrameType, flags: u8, stream_id: u32, length: u32) -> Self {
        Self { length, frame_type, flags, reserved: false, stream_id }
    }

    /// Reads nine octets. Total: every nine octets are a header.
    pub fn parse(octets: &[u8; HEADER_LENGTH]) -> Self {
        let word = u32::from_be_bytes([octets[5], octets[6], octets[7], octets[8]]);
        Self {
            length: u32::from_be_bytes([0, octets[0], octets[1], octets[2]]),
            frame_type: FrameType(octets[3]),
            flags: octets[4],
            reserved: word >> 31 == 1,
            stream_id: word & 0x7fff_ffff,
        }
    }

    /// The nine octets; `length` is cut to 24 bits and `stream_id` to 31.
    pub fn octets(&self) -> [u8; HEADER_LENGTH] {
        let length = self.length.to_be_bytes();
        let word = (self.stream_id & 0x7fff_ffff) | (u32::from(self.reserved) << 31);
        let word = word.to_be_bytes();
        [length[1], length[2], length[3], self.frame_type.0, self.flags, word[0], word[1], word[2], word[3]]
    }

    /// Whether all bits of `flag` are set.
    pub const fn has(&self, flag: u8) -> bool {
        self.flags & flag == flag
    }
}

/// A frame as read or to be written: header and payload, uninterpreted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawFrame {
    /// Its `length` equals `payload.len()` in a frame that was read; in one to be written it may lie.
    pub header: FrameHeader,
    /// What follows the header.
    pub payload: Bytes,
}

impl RawFrame {
    /// A frame whose length is true.
    pub fn new(frame_type: FrameType, flags: u8, stream_id: u32, payload: impl Into<Bytes>) -> Self {
        let payload = payload.into();
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        Self { header: FrameHeader::new(frame_type, flags, stream_id, length), payload }
    }

    /// Takes one whole frame off the front of `buffer`, or `None` while it is incomplete.
    pub fn take(buffer: &mut BytesMut) -> Option<Self> {
        let header = FrameHeader::parse(buffer.first_chunk()?);
        let length = header.length as usize;
        if buffer.len() < HEADER_LENGTH + length {
            return None;
        }
        buffer.advance(HEADER_LENGTH);
        Some(Self { header, payload: buffer.split_to(length).freeze() })
    }

    /// Appends the header as it stands and the payload.
    pub fn write(&self, out: &mut BytesMut) {
        out.extend_from_slice(&self.header.octets());
        out.extend_from_slice(&self.payload);
    }
}
