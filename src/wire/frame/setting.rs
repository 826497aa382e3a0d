//! Identifiers of settings (RFC 9113 §6.5.2 and the registry that it made).

use std::fmt;

/// A 16-bit setting identifier, registered or not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SettingId(pub u16);

/// Every identifier that this program knows, with its name.
const NAMES: [(SettingId, &str); 8] = [
    (SettingId::HEADER_TABLE_SIZE, "HEADER_TABLE_SIZE"),
    (SettingId::ENABLE_PUSH, "ENABLE_PUSH"),
    (SettingId::MAX_CONCURRENT_STREAMS, "MAX_CONCURRENT_STREAMS"),
    (SettingId::INITIAL_WINDOW_SIZE, "INITIAL_WINDOW_SIZE"),
    (SettingId::MAX_FRAME_SIZE, "MAX_FRAME_SIZE"),
    (SettingId::MAX_HEADER_LIST_SIZE, "MAX_HEADER_LIST_SIZE"),
    (SettingId::ENABLE_CONNECT_PROTOCOL, "ENABLE_CONNECT_PROTOCOL"),
    (SettingId::NO_RFC7540_PRIORITIES, "NO_RFC7540_PRIORITIES"),
];

impl SettingId {
    /// Octets of the dynamic table that the sender's decoder keeps; 4,096 at first (RFC 9113 §6.5.2).
    pub const HEADER_TABLE_SIZE: Self = Self(0x01);
    /// 0 or 1, 1 at first (RFC 9113 §6.5.2).
    pub const ENABLE_PUSH: Self = Self(0x02);
    /// Streams that the peer may have open at once; no limit at first (RFC 9113 §6.5.2).
    pub const MAX_CONCURRENT_STREAMS: Self = Self(0x03);
    /// Octets, 0 to 2^31-1, 65,535 at first (RFC 9113 §6.5.2).
    pub const INITIAL_WINDOW_SIZE: Self = Self(0x04);
    /// Octets, 2^14 to 2^24-1, 2^14 at first (RFC 9113 §6.5.2).
    pub const MAX_FRAME_SIZE: Self = Self(0x05);
    /// Octets as counted by RFC 9113 §6.5.2; no limit at first.
    pub const MAX_HEADER_LIST_SIZE: Self = Self(0x06);
    /// 0 or 1, 0 at first (RFC 8441 §3).
    pub const ENABLE_CONNECT_PROTOCOL: Self = Self(0x08);
    /// 0 or 1, 0 at first (RFC 9218 §2.1).
    pub const NO_RFC7540_PRIORITIES: Self = Self(0x09);

    /// The registered name, or `None`.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(id, _)| *id == self).map(|(_, name)| *name)
    }

    /// The identifier with this registered name, spelt exactly as in RFC 9113 §6.5.2.
    pub fn by_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(id, _)| *id)
    }
}

impl fmt::Display for SettingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "UNKNOWN({:#06x})", self.0),
        }
    }
}

impl fmt::Debug for SettingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
