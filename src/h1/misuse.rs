//! Commands that make no sense.

use std::fmt;

use super::event::RequestId;

/// Why a checked command was refused. Nothing was queued then. Always the caller's (the script's) fault, but for
/// [`Misuse::NotActive`] and [`Misuse::Closed`], which a peer can bring about at any moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// The request is not the active one: its response is complete, or the peer spoiled or left it.
    NotActive(RequestId),
    /// The connection is over.
    Closed,
    /// The status is not one that this command can send.
    Status(u16),
    /// The reason phrase holds CR, LF or NUL.
    Reason,
    /// A field name is not a token (RFC 9110 §5.1).
    FieldName(String),
    /// A field value holds CR, LF or NUL (RFC 9110 §5.5); the field's name.
    FieldValue(String),
    /// The fields say something else about the body's length than the command; the field's name.
    Framing(String),
    /// The head was sent before.
    HeadSent,
    /// The head must be sent first.
    HeadNotSent,
    /// Interim responses must not be sent to an HTTP/1.0 client (RFC 9110 §15.2).
    InformationalToHttp10,
    /// More body octets than the announced length.
    BodyTooLong {
        /// What was announced, octets.
        announced: u64,
    },
    /// The body ends short of the announced length.
    BodyTooShort {
        /// What was announced, octets.
        announced: u64,
        /// What was sent, octets.
        sent: u64,
    },
    /// Trailers exist in chunked bodies only.
    NotChunked,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotActive(id) => write!(f, "request {id} is over: its response is complete, or the client left it"),
            Self::Closed => f.write_str("the connection is closed"),
            Self::Status(status) => write!(f, "a response of this kind cannot have the status {status}"),
            Self::Reason => f.write_str("the reason phrase has CR, LF or NUL\nhelp: writer.write_status sends it"),
            Self::FieldName(name) => {
                write!(f, "`{name}` is not a valid header name\nhelp: writer.write_header sends it")
            }
            Self::FieldValue(name) => {
                write!(f, "the value of `{name}` has CR, LF or NUL\nhelp: writer.write_header sends it")
            }
            Self::Framing(name) => {
                write!(f, "the header `{name}` contradicts the announced body\nhelp: only raw functions send that")
            }
            Self::HeadSent => f.write_str("the status line and headers of this response were already sent"),
            Self::HeadNotSent => f.write_str("the status line and headers must be sent before the body"),
            Self::InformationalToHttp10 => f.write_str("an HTTP/1.0 client cannot be sent interim (1xx) responses"),
            Self::BodyTooLong { announced } => {
                write!(f, "the body is longer than the {announced} bytes announced by content-length")
            }
            Self::BodyTooShort { announced, sent } => {
                write!(f, "the body ends after {sent} of the {announced} bytes announced by content-length")
            }
            Self::NotChunked => f.write_str("trailers need a chunked body"),
        }
    }
}

impl std::error::Error for Misuse {}
