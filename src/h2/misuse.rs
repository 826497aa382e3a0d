//! What a checked command refuses. Text for script authors.

use super::rules::Rule;
use crate::http::role::Role;
use crate::wire::frame::ErrorCode;
use std::fmt;

/// Where a raw command came from: a number that means something to the layer above; 0 is unknown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct CallSite(pub u32);

/// Why a checked command did nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Misuse {
    /// The peer reset the stream: normal, the answer is simply not wanted any more.
    StreamReset {
        /// The peer's code.
        code: ErrorCode,
    },
    /// The stream is over, or we reset it.
    StreamClosed,
    /// No such stream exists (yet).
    StreamUnknown {
        /// Its identifier.
        stream: u32,
    },
    /// The connection is over.
    ConnectionClosed,
    /// Our half of the stream is already ended.
    Ended,
    /// Content or trailers before the final response's header section.
    NoHeaders,
    /// A second final header section.
    HeadersSent,
    /// A name that is empty or holds octets outside of RFC 9110's token.
    FieldName {
        /// The name.
        name: String,
    },
    /// A name with an uppercase letter (RFC 9113 §8.2.1).
    Uppercase {
        /// The name.
        name: String,
    },
    /// A value with NUL, CR, LF, or whitespace at an end (RFC 9113 §8.2.1).
    FieldValue {
        /// The field's name.
        name: String,
    },
    /// A connection-specific field (RFC 9113 §8.2.2).
    ConnectionSpecific {
        /// The name.
        name: String,
    },
    /// A pseudo-field that does not belong there (RFC 9113 §8.3).
    PseudoField {
        /// The name.
        name: String,
    },
    /// A pseudo-field that is missing (RFC 9113 §8.3).
    PseudoMissing {
        /// The name.
        name: &'static str,
    },
    /// `:status` is not three digits, or not in the range that the command is for.
    Status {
        /// The value.
        value: String,
    },
    /// The peer's SETTINGS_ENABLE_PUSH is 0 (RFC 9113 §6.5.2).
    PushDisabled,
    /// The peer's SETTINGS_MAX_CONCURRENT_STREAMS allows no further pushed stream.
    PushConcurrency {
        /// The peer's value.
        max: u32,
    },
    /// The command is for the other side: only a client opens streams, only a server responds and promises.
    Role {
        /// What was asked for.
        command: &'static str,
        /// Our side.
        role: Role,
    },
    /// A request that the server would have to treat as malformed (RFC 9113 §8.3.1).
    Malformed {
        /// The rule that it breaks.
        rule: Rule,
        /// What exactly is wrong; may be empty.
        detail: String,
    },
    /// GOAWAY was received, or sent by [`shut_down`](super::Connection::shut_down): no new streams (RFC 9113 §6.8).
    GoingAway,
    /// The peer's SETTINGS_MAX_CONCURRENT_STREAMS allows no further stream.
    Concurrency {
        /// The peer's value.
        max: u32,
    },
    /// PUSH_PROMISE on a stream that the client did not open, or after we ended it (RFC 9113 §8.4.1).
    PushParent,
    /// All 2^30 identifiers of our streams are used.
    StreamIds,
    /// A WINDOW_UPDATE increment of 0 or above 2^31-1 (RFC 9113 §6.9).
    Increment {
        /// The increment.
        increment: u32,
    },
    /// The window would pass 2^31-1 (RFC 9113 §6.9.1).
    WindowOverflow,
    /// A setting's value is out of its range (RFC 9113 §6.5.2).
    Setting {
        /// The setting's identifier.
        id: u16,
        /// The value.
        value: u32,
    },
    /// GOAWAY with a greater last stream identifier than before, or above 2^31-1 (RFC 9113 §6.8).
    LastStreamId {
        /// The identifier.
        last_stream_id: u32,
    },
    /// The peer has seen the opposite, by a raw command.
    Contradicts {
        /// What it did.
        what: Contradiction,
        /// Where it came from.
        site: CallSite,
    },
    /// GOAWAY whose debug data does not fit into the peer's largest frame.
    DebugData,
}

/// What a raw command did that a checked one would contradict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contradiction {
    /// It ended our half of the stream.
    Ended,
    /// It reset the stream.
    Reset,
    /// It sent the header section of the final response.
    HeadersSent,
    /// It began a field block on this stream that has not ended (RFC 9113 §6.10).
    FieldBlock,
    /// It began a frame on this stream that has not ended.
    Frame {
        /// Octets that its length announces and that have not been sent.
        missing: usize,
    },
    /// It announced a content-length (RFC 9113 §8.1.1).
    ContentLength {
        /// Octets announced.
        announced: u64,
        /// Octets that the content would have.
        content: u64,
    },
    /// It sent more than a flow-control window allowed (RFC 9113 §6.9.1).
    WindowOverdrawn {
        /// Octets beyond the window.
        octets: u64,
    },
    /// It granted so much that the flow-control window can't be opened further (RFC 9113 §6.9.1).
    WindowFull,
    /// It sent GOAWAY, whose last stream identifier may not rise again (RFC 9113 §6.8).
    GoAway {
        /// The lowest so far.
        last_stream_id: u32,
    },
}

impl Contradiction {
    /// What was done, for script authors; `by` says by whom.
    pub fn text(&self, by: &str) -> String {
        match self {
            Self::Ended => format!("the stream was ended (END_STREAM) by {by}"),
            Self::Reset => format!("the stream was reset by {by}"),
            Self::HeadersSent => format!("the response's headers were already sent by {by}"),
            Self::FieldBlock => {
                format!("the header block begun by {by} has not ended (END_HEADERS): only CONTINUATION may follow it")
            }
            Self::Frame { missing } => {
                format!("the frame begun by {by} has not ended: its length announces {missing} more bytes")
            }
            Self::ContentLength { announced, content } => {
                format!("{announced} bytes of body were announced by {by}, and with this there would be {content}")
            }
            Self::WindowOverdrawn { octets } => {
                format!("the flow-control window was exceeded by {octets} bytes, by {by}")
            }
            Self::WindowFull => format!("the flow-control window would pass 2147483647 after what was granted by {by}"),
            Self::GoAway { last_stream_id } => {
                format!(
                    "GOAWAY with last stream identifier {last_stream_id} was sent by {by}, and it may not rise again"
                )
            }
        }
    }

    pub(super) fn at(self, site: CallSite) -> Misuse {
        Misuse::Contradicts { what: self, site }
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StreamReset { code } => write!(f, "the peer reset the stream with {code}"),
            Self::StreamClosed => f.write_str("the stream is already closed"),
            Self::StreamUnknown { stream } => write!(f, "there is no stream {stream}"),
            Self::ConnectionClosed => f.write_str("the connection is closed"),
            Self::Ended => f.write_str("our half of the stream is already ended (END_STREAM was sent)"),
            Self::NoHeaders => f.write_str("the headers must be sent first"),
            Self::HeadersSent => f.write_str("the response's headers were already sent"),
            Self::FieldName { name } => {
                write!(f, "invalid header name {name:?}\nhelp: writer.write_raw_header_frame sends it")
            }
            Self::Uppercase { name } => {
                write!(
                    f,
                    "header name {name:?} has an uppercase letter, and HTTP/2 needs lowercase\nhelp: writer.write_raw_header_frame sends it"
                )
            }
            Self::FieldValue { name } => {
                write!(
                    f,
                    "the value of {name:?} has NUL, CR, LF, or whitespace at an end\nhelp: writer.write_raw_header_frame sends it"
                )
            }
            Self::ConnectionSpecific { name } => {
                write!(f, "{name:?} is connection-specific and has no place in HTTP/2 (raw frames can send it)")
            }
            Self::PseudoField { name } => {
                write!(f, "pseudo-header {name:?} does not belong here\nhelp: writer.write_raw_header_frame sends it")
            }
            Self::PseudoMissing { name } => write!(f, "pseudo-header {name:?} is missing"),
            Self::Status { value } => write!(f, "{value:?} is not a status code that can be sent here"),
            Self::PushDisabled => f.write_str("the client does not accept pushes (SETTINGS_ENABLE_PUSH is 0)"),
            Self::PushConcurrency { max } => write!(f, "the client accepts no more than {max} pushed streams at once"),
            Self::Role { command, role } => write!(f, "a {} cannot send {command}", role.name()),
            Self::Malformed { rule, detail } if detail.is_empty() => write!(f, "malformed request: {}", rule.text()),
            Self::Malformed { rule, detail } => write!(f, "malformed request: {} ({detail})", rule.text()),
            Self::GoingAway => f.write_str("the connection takes no new streams (GOAWAY)"),
            Self::Concurrency { max } => write!(f, "the peer accepts no more than {max} streams at once"),
            Self::PushParent => f.write_str("a push needs a client's stream that is not ended yet"),
            Self::StreamIds => f.write_str("no stream identifiers are left on this connection"),
            Self::Increment { increment } => write!(f, "{increment} is not a window increment (1 to 2147483647)"),
            Self::WindowOverflow => f.write_str("the flow-control window would pass 2147483647"),
            Self::Setting { id, value } => {
                write!(f, "{value} is not a value of {}", crate::wire::frame::SettingId(*id))
            }
            Self::LastStreamId { last_stream_id } => {
                write!(
                    f,
                    "last stream identifier {last_stream_id} is above 2147483647 or above that of an earlier GOAWAY"
                )
            }
            Self::Contradicts { what, .. } => f.write_str(&what.text("a raw frame")),
            Self::DebugData => f.write_str("the debug data does not fit into one frame of the peer's size"),
        }
    }
}

impl std::error::Error for Misuse {}
