//! Error codes of RST_STREAM and GOAWAY (RFC 9113 §7).

use std::fmt;

/// A 32-bit error code, registered or not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ErrorCode(pub u32);

/// Every registered code with its name (RFC 9113 §7), at its own index.
const NAMES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

impl ErrorCode {
    /// Graceful: nothing went wrong.
    pub const NO_ERROR: Self = Self(0x00);
    /// A protocol violation with no code of its own.
    pub const PROTOCOL_ERROR: Self = Self(0x01);
    /// The sender itself failed.
    pub const INTERNAL_ERROR: Self = Self(0x02);
    /// The peer sent more than a window allowed.
    pub const FLOW_CONTROL_ERROR: Self = Self(0x03);
    /// SETTINGS was not acknowledged in time.
    pub const SETTINGS_TIMEOUT: Self = Self(0x04);
    /// A frame arrived for a half-closed stream.
    pub const STREAM_CLOSED: Self = Self(0x05);
    /// A frame had an invalid length.
    pub const FRAME_SIZE_ERROR: Self = Self(0x06);
    /// The stream was refused before any work was done on it.
    pub const REFUSED_STREAM: Self = Self(0x07);
    /// The stream is no longer wanted.
    pub const CANCEL: Self = Self(0x08);
    /// The field compression state is lost.
    pub const COMPRESSION_ERROR: Self = Self(0x09);
    /// The connection made by CONNECT was reset or closed abnormally.
    pub const CONNECT_ERROR: Self = Self(0x0a);
    /// The peer causes too much load.
    pub const ENHANCE_YOUR_CALM: Self = Self(0x0b);
    /// The transport does not meet the security requirements.
    pub const INADEQUATE_SECURITY: Self = Self(0x0c);
    /// HTTP/1.1 is required instead of HTTP/2.
    pub const HTTP_1_1_REQUIRED: Self = Self(0x0d);

    /// The registered name, or `None`.
    pub fn name(self) -> Option<&'static str> {
        NAMES.get(usize::try_from(self.0).ok()?).copied()
    }

    /// The code with this registered name, spelt exactly as in RFC 9113 §7.
    pub fn by_name(name: &str) -> Option<Self> {
        NAMES.iter().zip(0..).find(|(known, _)| **known == name).map(|(_, code)| Self(code))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "UNKNOWN({:#x})", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
