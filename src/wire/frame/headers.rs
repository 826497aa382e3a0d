use super::{FrameType, PayloadError, Priority, RawFrame, flag, padding};
use bytes::{Bytes, BytesMut};

/// HEADERS (RFC 9113 §6.2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Headers {
    /// `None` without the flag PRIORITY.
    pub priority: Option<Priority>,
    /// A field block or its first part.
    pub fragment: Bytes,
    /// `None` without the flag PADDED; at most 255 octets are announced truly.
    pub padding: Option<Bytes>,
}

impl Headers {
    /// A fragment with neither priority nor padding.
    pub fn new(fragment: impl Into<Bytes>) -> Self {
        Self { priority: None, fragment: fragment.into(), padding: None }
    }

    /// Reads a payload by the frame's flags. The frame's type is not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        let with_priority = frame.header.has(flag::PRIORITY);
        let fixed = if with_priority { Priority::LENGTH } else { 0 };
        let (mut fragment, padding) = padding::split(frame, fixed)?;
        let mut priority = None;
        if with_priority && let Some(octets) = fragment.first_chunk() {
            priority = Some(Priority::from_octets(octets));
            fragment = fragment.slice(Priority::LENGTH..);
        }
        Ok(Self { priority, fragment, padding })
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        padding::write_length(&self.padding, out);
        if let Some(priority) = self.priority {
            priority.write(out);
        }
        out.extend_from_slice(&self.fragment);
        padding::write_octets(&self.padding, out);
    }

    /// A frame with this payload; PADDED and PRIORITY are added to `flags` when there is such a part.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        if self.padding.is_none() && self.priority.is_none() {
            return RawFrame::new(FrameType::HEADERS, flags, stream_id, self.fragment.clone());
        }
        let priority = if self.priority.is_some() { flag::PRIORITY } else { 0 };
        let flags = flags | padding::flags(&self.padding) | priority;
        super::payload::raw(FrameType::HEADERS, flags, stream_id, |out| self.write(out))
    }
}
