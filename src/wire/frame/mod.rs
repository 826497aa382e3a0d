//! Frames as they are on the wire: a nine-octet header and a payload (RFC 9113 §4.1).

mod header;
mod payload;

pub use header::{FrameHeader, FrameType, HEADER_LENGTH, RawFrame, flag};
pub use payload::*;
