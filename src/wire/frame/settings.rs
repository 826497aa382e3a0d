use super::{FrameType, PayloadError, RawFrame, SettingId};
use bytes::{BufMut, BytesMut};

/// SETTINGS (RFC 9113 §6.5): entries in wire order, unknown and repeated ones kept.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// Identifier and value.
    pub entries: Vec<(u16, u32)>,
}

impl Settings {
    /// Octets of one entry.
    pub const ENTRY_LENGTH: usize = 6;

    /// Reads a payload of whole entries. The frame's type and ACK are not looked at.
    pub fn parse(frame: &RawFrame) -> Result<Self, PayloadError> {
        let (entries, rest) = frame.payload.as_chunks::<{ Self::ENTRY_LENGTH }>();
        if !rest.is_empty() {
            return Err(PayloadError::NotMultiple { length: frame.payload.len(), unit: Self::ENTRY_LENGTH });
        }
        let entry = |[a, b, c, d, e, f]: &[u8; 6]| (u16::from_be_bytes([*a, *b]), u32::from_be_bytes([*c, *d, *e, *f]));
        Ok(Self { entries: entries.iter().map(entry).collect() })
    }

    /// The last value of a setting: later entries overrule earlier ones (RFC 9113 §6.5.3).
    pub fn get(&self, id: SettingId) -> Option<u32> {
        self.entries.iter().rev().find(|(entry, _)| *entry == id.0).map(|(_, value)| *value)
    }

    /// Appends the payload's octets.
    pub fn write(&self, out: &mut BytesMut) {
        for &(id, value) in &self.entries {
            out.put_u16(id);
            out.put_u32(value);
        }
    }

    /// A frame with this payload.
    pub fn to_raw(&self, flags: u8, stream_id: u32) -> RawFrame {
        super::payload::raw(FrameType::SETTINGS, flags, stream_id, |out| self.write(out))
    }
}
