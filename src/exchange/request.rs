//! What was asked, as it came and as HTTP means it.

use crate::h1;
use crate::http::Fields;
use crate::wire::frame::RawFrame;
use crate::wire::hpack;
use bytes::Bytes;
use std::fmt;

/// The protocol that carried a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 9112, HTTP/1.0 included.
    Http1,
    /// RFC 9113.
    Http2,
}

impl Protocol {
    /// The protocol that this one is not.
    pub const fn other(self) -> Self {
        match self {
            Self::Http1 => Self::Http2,
            Self::Http2 => Self::Http1,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        })
    }
}

/// A request's control data and fields (RFC 9110 §6).
#[derive(Debug)]
pub struct Request {
    /// The method, case kept.
    pub method: Bytes,
    /// `http` or `https`, as the client said or as the port implies.
    pub scheme: Bytes,
    /// `:authority`, or `Host`; empty if the client sent neither.
    pub authority: Bytes,
    /// Path and query as sent; `*` or an authority for the forms that have no path.
    pub target: Bytes,
    /// `:protocol` of an extended CONNECT (RFC 8441 §4).
    pub connect_protocol: Option<Bytes>,
    /// False for an extended CONNECT whose protocol this server does not serve.
    pub connect_protocol_known: bool,
    /// The regular fields in wire order, pseudo-fields left out.
    pub fields: Fields,
    /// The head as it was on the wire.
    pub raw: RawHead,
}

/// A request's head, lossless.
#[derive(Debug)]
pub enum RawHead {
    /// Request line and field lines.
    Http1(h1::RequestHead),
    /// The HEADERS frame and its decoded block (with CONTINUATIONs joined).
    Http2 {
        /// The HEADERS frame that opened the stream.
        frame: RawFrame,
        /// Every representation in order, with its octets.
        block: hpack::Block,
    },
    /// A request that this server promised (RFC 9113 §8.4).
    Pushed,
}

impl Request {
    /// Path without the query.
    pub fn path(&self) -> &[u8] {
        self.target.split(|octet| *octet == b'?').next().unwrap_or_default()
    }

    /// The query without its `?`, if there is a `?`.
    pub fn query(&self) -> Option<&[u8]> {
        let at = self.target.iter().position(|octet| *octet == b'?')?;
        self.target.get(at + 1..)
    }

    /// Whether the answer to this method has no content (RFC 9110 §9.3.2).
    pub fn is_head(&self) -> bool {
        &self.method[..] == b"HEAD"
    }
}
