//! Why something could not be sent.

use crate::wire::frame::ErrorCode;
use crate::{h1, h2};
use std::fmt;

/// A checked call that sent nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum SendError {
    /// The client reset the stream with this code. Normal: there is nobody left to answer.
    Reset(ErrorCode),
    /// The connection is gone. Normal too.
    Gone,
    /// The caller asked HTTP/2 for something that its rules forbid.
    Http2(h2::Misuse),
    /// The caller asked HTTP/1.1 for something that its rules forbid.
    Http1(h1::Misuse),
    /// `function` exists in `wanted` only, and this request came over the other protocol.
    OtherProtocol {
        /// The call as a script writes it.
        function: &'static str,
        /// Where it exists.
        wanted: super::Protocol,
    },
    /// The response's fields were already sent.
    HeadersSent,
    /// The response was already ended.
    Ended,
    /// The content would be longer, or is shorter, than the head has announced (RFC 9110 §8.6).
    ContentLength {
        /// What `content-length` announced, in bytes.
        announced: u64,
        /// What the content would have.
        content: u64,
    },
    /// A field of this name has no place in a trailer section (RFC 9110 §6.5.1).
    Trailer {
        /// The name.
        name: String,
    },
    /// A field of this name has no place in an interim response (RFC 9110 §8.6).
    Interim {
        /// The name.
        name: String,
    },
}

impl SendError {
    /// The text for people, where `place_of` says what a place in a script is called.
    pub fn text(&self, place_of: impl Fn(h2::CallSite) -> Option<String>) -> String {
        match self {
            Self::Http2(h2::Misuse::Contradicts { what, site }) if let Some(by) = place_of(*site) => what.text(&by),
            _ => self.to_string(),
        }
    }

    /// Whether the cause is a peer that left, which is no one's fault.
    pub fn is_peer_gone(&self) -> bool {
        matches!(self, Self::Reset(_) | Self::Gone)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reset(code) => write!(f, "the client reset the stream with {code}"),
            Self::Gone => f.write_str("the connection is closed"),
            Self::Http2(misuse) => misuse.fmt(f),
            Self::Http1(misuse) => misuse.fmt(f),
            Self::OtherProtocol { function, wanted } => {
                write!(f, "{function} exists over {wanted} only, and this request came over {}", wanted.other())
            }
            Self::HeadersSent => f.write_str("the response's status and headers were already sent"),
            Self::Ended => f.write_str("the response was already ended"),
            Self::ContentLength { announced, content } => {
                write!(f, "content-length announced {announced} bytes of body, and with this there would be {content}")
            }
            Self::Trailer { name } => write!(f, "{name:?} is not allowed in trailers"),
            Self::Interim { name } => write!(f, "{name:?} is not allowed in an interim response"),
        }
    }
}

impl std::error::Error for SendError {}
