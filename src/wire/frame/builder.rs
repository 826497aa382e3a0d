//! A frame whose every part can be read and set, true or not.

use super::{FrameHeader, FrameType, HEADER_LENGTH, RawFrame, flag};
use bytes::{BufMut, Bytes, BytesMut};

/// Padding and what the pad length in front says about it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Padding {
    /// What is written behind the payload.
    pub octets: Bytes,
    /// The pad length if it shall not be the true one (or 255 when there is more).
    pub length: Option<u8>,
}

/// A frame in parts. Nothing is checked and nothing follows from anything else, but for [`Frame::set_padding`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The type octet.
    pub frame_type: FrameType,
    /// All eight flag bits.
    pub flags: u8,
    /// The reserved bit before the stream identifier.
    pub reserved: bool,
    /// 0 to 2^31-1; a higher bit is dropped when written.
    pub stream_id: u32,
    /// The payload without pad length and padding.
    pub payload: Bytes,
    /// Pad length and padding; `None` writes neither, whatever the flags say.
    pub padding: Option<Padding>,
    /// The length in the header if it shall not be the true one; cut to 24 bits when written.
    pub length: Option<u32>,
}

impl Frame {
    /// A frame without padding whose length is true.
    pub fn new(frame_type: FrameType, flags: u8, stream_id: u32, payload: impl Into<Bytes>) -> Self {
        Self { frame_type, flags, reserved: false, stream_id, payload: payload.into(), padding: None, length: None }
    }

    /// Takes a frame apart; [`Frame::to_raw`] gives the same back.
    ///
    /// Padding that reaches beyond the payload stays in `payload`.
    pub fn from_raw(raw: &RawFrame) -> Self {
        let header = raw.header;
        let true_length = u32::try_from(raw.payload.len()).unwrap_or(u32::MAX);
        let mut frame = Self::new(header.frame_type, header.flags, header.stream_id, raw.payload.clone());
        frame.reserved = header.reserved;
        frame.length = (header.length != true_length).then_some(header.length);
        if flag::defined(header.frame_type) & header.flags & flag::PADDED != 0
            && let Ok((payload, Some(octets))) = super::padding::split(raw, 0)
        {
            frame.payload = payload;
            frame.padding = Some(Padding { octets, length: None });
        }
        frame
    }

    /// Sets padding that is announced truly, and the flag PADDED; `None` takes both away.
    pub fn set_padding(&mut self, octets: Option<Bytes>) {
        self.set_flag(flag::PADDED, octets.is_some());
        self.padding = octets.map(|octets| Padding { octets, length: None });
    }

    /// Whether all bits of `flag` are set.
    pub const fn has(&self, flag: u8) -> bool {
        self.flags & flag == flag
    }

    /// Sets or clears all bits of `flag`.
    pub const fn set_flag(&mut self, flag: u8, on: bool) {
        if on {
            self.flags |= flag;
        } else {
            self.flags &= !flag;
        }
    }

    /// Octets of the payload as written, with pad length and padding.
    pub fn true_length(&self) -> usize {
        self.payload.len() + self.padding.as_ref().map_or(0, |padding| 1 + padding.octets.len())
    }

    /// The frame to be written; copies nothing without padding.
    pub fn to_raw(&self) -> RawFrame {
        let payload = match &self.padding {
            None => self.payload.clone(),
            Some(padding) => {
                let mut out = BytesMut::with_capacity(self.true_length());
                let true_length = u8::try_from(padding.octets.len()).unwrap_or(u8::MAX);
                out.put_u8(padding.length.unwrap_or(true_length));
                out.extend_from_slice(&self.payload);
                out.extend_from_slice(&padding.octets);
                out.freeze()
            }
        };
        let length = self.length.unwrap_or_else(|| u32::try_from(payload.len()).unwrap_or(u32::MAX));
        let mut header = FrameHeader::new(self.frame_type, self.flags, self.stream_id, length);
        header.reserved = self.reserved;
        RawFrame { header, payload }
    }

    /// The octets as they go on the wire.
    pub fn octets(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(HEADER_LENGTH + self.true_length());
        self.to_raw().write(&mut out);
        out.freeze()
    }
}

impl From<RawFrame> for Frame {
    fn from(raw: RawFrame) -> Self {
        Self::from_raw(&raw)
    }
}
