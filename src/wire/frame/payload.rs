//! Any payload by its frame type, and what can be wrong with one.

use super::{
    AltSvc, Continuation, Data, FrameType, GoAway, Headers, Origin, Ping, Priority, PriorityUpdate, PushPromise,
    RawFrame, RstStream, Settings, WindowUpdate,
};
use bytes::{BufMut, Bytes, BytesMut};
use std::fmt;

/// Why a payload is not what its frame type and flags announce. What to do about it is the reader's business.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PayloadError {
    /// The type has one length, and this is another.
    Length {
        /// Octets of the payload.
        length: usize,
        /// Octets that the type has.
        expected: usize,
    },
    /// A mandatory part is missing or cut.
    TooShort {
        /// Octets of the payload.
        length: usize,
        /// Octets that it had to have at least.
        minimum: usize,
    },
    /// The type consists of units, and this is not a number of whole ones.
    NotMultiple {
        /// Octets of the payload.
        length: usize,
        /// Octets of a unit.
        unit: usize,
    },
    /// The pad length reaches beyond what is there (RFC 9113 §6.1).
    Padding {
        /// Octets of padding announced.
        pad_length: u8,
        /// Octets that padding could take.
        available: usize,
    },
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { length, expected } => write!(f, "payload of {length} bytes where {expected} are needed"),
            Self::TooShort { length, minimum } => {
                write!(f, "payload of {length} bytes where at least {minimum} are needed")
            }
            Self::NotMultiple { length, unit } => {
                write!(f, "payload of {length} bytes, which is not a multiple of {unit}")
            }
            Self::Padding { pad_length, available } => {
                write!(f, "pad length {pad_length} where {available} bytes are left")
            }
        }
    }
}

impl std::error::Error for PayloadError {}

/// A payload read by its frame's type.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each variant is documented at its type")]
pub enum Payload {
    Data(Data),
    Headers(Headers),
    Priority(Priority),
    RstStream(RstStream),
    Settings(Settings),
    PushPromise(PushPromise),
    Ping(Ping),
    GoAway(GoAway),
    WindowUpdate(WindowUpdate),
    Continuation(Continuation),
    AltSvc(AltSvc),
    Origin(Origin),
    PriorityUpdate(PriorityUpdate),
    /// A type that this program does not know.
    Unknown(FrameType, Bytes),
}

impl Payload {
    /// Reads a payload by the frame's type and flags; what it reads, [`Payload::write`] gives back to the octet.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        Ok(match frame.header.frame_type {
            FrameType::DATA => Self::Data(Data::parse(frame)?),
            FrameType::HEADERS => Self::Headers(Headers::parse(frame)?),
            FrameType::PRIORITY => Self::Priority(Priority::parse(frame)?),
            FrameType::RST_STREAM => Self::RstStream(RstStream::parse(frame)?),
            FrameType::SETTINGS => Self::Settings(Settings::parse(frame)?),
            FrameType::PUSH_PROMISE => Self::PushPromise(PushPromise::parse(frame)?),
            FrameType::PING => Self::Ping(Ping::parse(frame)?),
            FrameType::GOAWAY => Self::GoAway(GoAway::parse(frame)?),
            FrameType::WINDOW_UPDATE => Self::WindowUpdate(WindowUpdate::parse(frame)?),
            FrameType::CONTINUATION => Self::Continuation(Continuation::parse(frame)?),
            FrameType::ALTSVC => Self::AltSvc(AltSvc::parse(frame)?),
            FrameType::ORIGIN => Self::Origin(Origin::parse(frame)?),
            FrameType::PRIORITY_UPDATE => Self::PriorityUpdate(PriorityUpdate::parse(frame)?),
            unknown => Self::Unknown(unknown, frame.payload.clone()),
        })
    }

    /// The type of frame that carries it.
    pub const fn frame_type(&self) -> FrameType {
        match self {
            Self::Data(_) => FrameType::DATA,
            Self::Headers(_) => FrameType::HEADERS,
            Self::Priority(_) => FrameType::PRIORITY,
            Self::RstStream(_) => FrameType::RST_STREAM,
            Self::Settings(_) => FrameType::SETTINGS,
            Self::PushPromise(_) => FrameType::PUSH_PROMISE,
            Self::Ping(_) => FrameType::PING,
            Self::GoAway(_) => FrameType::GOAWAY,
            Self::WindowUpdate(_) => FrameType::WINDOW_UPDATE,
            Self::Continuation(_) => FrameType::CONTINUATION,
            Self::AltSvc(_) => FrameType::ALTSVC,
            Self::Origin(_) => FrameType::ORIGIN,
            Self::PriorityUpdate(_) => FrameType::PRIORITY_UPDATE,
            Self::Unknown(frame_type, _) => *frame_type,
        }
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        match self {
            Self::Data(payload) => payload.write(out),
            Self::Headers(payload) => payload.write(out),
            Self::Priority(payload) => payload.write(out),
            Self::RstStream(payload) => payload.write(out),
            Self::Settings(payload) => payload.write(out),
            Self::PushPromise(payload) => payload.write(out),
            Self::Ping(payload) => payload.write(out),
            Self::GoAway(payload) => payload.write(out),
            Self::WindowUpdate(payload) => payload.write(out),
            Self::Continuation(payload) => payload.write(out),
            Self::AltSvc(payload) => payload.write(out),
            Self::Origin(payload) => payload.write(out),
            Self::PriorityUpdate(payload) => payload.write(out),
            Self::Unknown(_, payload) => out.extend_from_slice(payload),
        }
    }

    /// A frame with this payload; flags that its parts need (PADDED, PRIORITY) are added to `flags`.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        match self {
            Self::Data(payload) => payload.to_raw(flags, stream_id),
            Self::Headers(payload) => payload.to_raw(flags, stream_id),
            Self::Priority(payload) => payload.to_raw(flags, stream_id),
            Self::RstStream(payload) => payload.to_raw(flags, stream_id),
            Self::Settings(payload) => payload.to_raw(flags, stream_id),
            Self::PushPromise(payload) => payload.to_raw(flags, stream_id),
            Self::Ping(payload) => payload.to_raw(flags, stream_id),
            Self::GoAway(payload) => payload.to_raw(flags, stream_id),
            Self::WindowUpdate(payload) => payload.to_raw(flags, stream_id),
            Self::Continuation(payload) => payload.to_raw(flags, stream_id),
            Self::AltSvc(payload) => payload.to_raw(flags, stream_id),
            Self::Origin(payload) => payload.to_raw(flags, stream_id),
            Self::PriorityUpdate(payload) => payload.to_raw(flags, stream_id),
            Self::Unknown(frame_type, payload) => RawFrame::new(*frame_type, flags, stream_id, payload.clone()),
        }
    }
}

/// A frame whose payload `write` appends.
pub(super) fn raw(frame_type: FrameType, flags: u8, stream_id: u32, write: impl FnOnce(&mut BytesMut)) -> RawFrame {
    let mut payload = BytesMut::new();
    write(&mut payload);
    RawFrame::new(frame_type, flags, stream_id, payload)
}

/// The whole payload as an array.
pub(super) fn exactly<const N: usize>(frame: &RawFrame) -> Result<[u8; N], PayloadError> {
    <[u8; N]>::try_from(frame.payload.as_ref())
        .map_err(|_| PayloadError::Length { length: frame.payload.len(), expected: N })
}

/// A bit and 31 more.
pub(super) const fn get_31(octets: [u8; 4]) -> (bool, u32) {
    let word = u32::from_be_bytes(octets);
    (word >> 31 == 1, word & 0x7fff_ffff)
}

/// A bit and 31 more; further bits of `value` are dropped.
pub(super) fn put_31(bit: bool, value: u32, out: &mut BytesMut) {
    out.put_u32((value & 0x7fff_ffff) | (u32::from(bit) << 31));
}
