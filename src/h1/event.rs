//! What a connection tells.

use std::fmt;

use bytes::Bytes;

use super::rejection::Rejection;
use crate::http::transport::{Cause, CloseReason, PeerClosed};

/// The number of a request on its connection, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The version in a request line. A minor version above 1 counts as 1.1 (RFC 9110 §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
        })
    }
}

/// One field line as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The exact octets, line end and folded continuation lines included.
    pub octets: Bytes,
    /// The name in its original case.
    pub name: Bytes,
    /// The value without surrounding whitespace; folded lines are joined by one space (RFC 9112 §5.2).
    pub value: Bytes,
}

/// A request's head, complete and well-formed enough to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// The method, case-sensitive; a token.
    pub method: Bytes,
    /// The target as written; neither parsed nor decoded ([`crate::http::Target`] does that).
    pub target: Bytes,
    /// The version.
    pub version: Version,
    /// The field lines in order.
    pub lines: Vec<Line>,
    /// The request line's exact octets with its line end.
    pub request_line: Bytes,
    /// The exact octets from the first after the previous request (empty lines before the request line included) to
    /// the end of the empty line that ends the head.
    pub head_octets: Bytes,
}

/// How the end of a request's body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// There is no body: neither `content-length` nor `transfer-encoding`, or a length of 0.
    None,
    /// A `content-length` above 0, octets.
    Length(u64),
    /// `transfer-encoding: chunked`.
    Chunked,
}

/// How the end of a response's body will be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// By `content-length`, which is added if the fields do not have it; the body must have exactly that many bytes.
    Known(u64),
    /// By `transfer-encoding: chunked`, which is added; by the end of the connection for an HTTP/1.0
    /// client.
    Chunked,
    /// There is no body: `content-length: 0` is added where a body could be.
    None,
    /// As the fields say, true or not: no length is added, none contradicts, and the body's octets go out as given,
    /// whatever [`ContentRule`](crate::http::ContentRule) says. Where the body turns out to be another than `content-length` says, the
    /// connection ends with the response: on it, nothing later could be understood.
    AsGiven,
}

/// What happened on a connection, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A request's head has arrived. It is now the active request: the next one is told of only after this one's
    /// response is complete.
    Request {
        /// Its number; commands name it.
        id: RequestId,
        /// The head.
        head: RequestHead,
        /// Whether the client waits for 100 (Continue) before it sends the body
        /// (see [`Connection::send_continue`](super::Connection::send_continue)).
        expects_continue: bool,
        /// How the body ends.
        body: BodyFraming,
    },
    /// Octets of the active request's body. A chunk of at most 16 KiB comes whole; longer ones, and bodies with a
    /// `content-length`, come in pieces as they arrive.
    Body {
        /// The request.
        id: RequestId,
        /// The content. To be given back by [`Connection::consume`](super::Connection::consume).
        data: Bytes,
        /// The exact octets: with the chunk-size line before the first piece of a chunk and the line end after its
        /// last. The same as `data` in a body with a length.
        octets: Bytes,
    },
    /// A chunked body's trailer fields; only if there are any.
    Trailers {
        /// The request.
        id: RequestId,
        /// The field lines in order.
        lines: Vec<Line>,
    },
    /// The active request is complete.
    RequestEnd {
        /// The request.
        id: RequestId,
        /// The exact octets that ended it: last chunk, trailer section and empty line; empty unless chunked.
        octets: Bytes,
    },
    /// What came is no acceptable request. The connection reads nothing more; unless a response had begun, it has
    /// queued one with `connection: close` that says why.
    BadRequest {
        /// The request in whose body it was found; commands on it fail from now on.
        id: Option<RequestId>,
        /// The reason, with [`status`](Rejection::status), [`section`](Rejection::section) and a text for people.
        reason: Rejection,
        /// Whether the connection itself has queued a response.
        answered: bool,
    },
    /// Octets were queued (only with [`Config::record_octets`](super::Config::record_octets)).
    Sent {
        /// What one command queued, or the beginning of it.
        octets: Bytes,
        /// How many octets it has as a whole.
        length: usize,
        /// Who wanted it.
        cause: Cause,
    },
    /// So little output is queued again that the active request's handler may go on writing.
    Writable {
        /// The request.
        id: RequestId,
    },
    /// The peer will send nothing more. Unless its transport failed it may still read
    /// ([`PeerClosed::may_still_read`]).
    PeerClosed {
        /// How.
        how: PeerClosed,
    },
    /// The connection is over: nothing more is transmitted, every command fails. Always the last event.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}
