//! What there is to say of a request once it has ended.

use crate::http::peer::Protocol;
use crate::wire::frame::ErrorCode;
use bytes::Bytes;
use std::time::Instant;

/// A request that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The protocol that it came over.
    pub protocol: Protocol,
    /// The method.
    pub method: Bytes,
    /// The target as the client wrote it.
    pub target: Bytes,
    /// The status of the final response; `None` if there was none, or if only raw calls wrote it.
    pub status: Option<u16>,
    /// Whether raw calls wrote some of the response.
    pub raw: bool,
    /// Bytes of the body that checked calls sent.
    pub content: u64,
    /// When its headers arrived; `None` if ends were not reported at that time.
    pub began: Option<Instant>,
    /// How it ended.
    pub how: End,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Both sides ended it.
    Complete,
    /// The client reset the stream.
    ClientReset(ErrorCode),
    /// The server reset the stream: a script did, or the engine because of a broken rule.
    ServerReset(ErrorCode),
    /// The connection ended first.
    Gone,
}
