//! Frames as they are on the wire: a nine-octet header and a payload (RFC 9113 §4.1).
//!
//! [`RawFrame`] keeps every bit and interprets none. [`Payload`] and its thirteen structs read a payload by type and
//! flags, and write it back to the octet. [`Frame`] is a frame in parts, each of which may lie.

mod altsvc;
mod builder;
mod continuation;
mod data;
pub mod error_code;
mod goaway;
mod header;
mod headers;
mod origin;
mod padding;
mod payload;
mod ping;
mod priority;
mod priority_update;
mod push_promise;
mod rst_stream;
pub mod setting;
mod settings;
#[cfg(test)]
mod tests;
mod window_update;

pub use altsvc::AltSvc;
pub use builder::{Frame, Padding};
pub use continuation::Continuation;
pub use data::Data;
pub use error_code::ErrorCode;
pub use goaway::GoAway;
pub use header::{FrameHeader, FrameType, HEADER_LENGTH, RawFrame, flag};
pub use headers::Headers;
pub use origin::Origin;
pub use payload::{Payload, PayloadError};
pub use ping::Ping;
pub use priority::Priority;
pub use priority_update::PriorityUpdate;
pub use push_promise::PushPromise;
pub use rst_stream::RstStream;
pub use setting::SettingId;
pub use settings::Settings;
pub use window_update::WindowUpdate;
