//! A request and the response to it, as records show them.

use super::facts::{RequestFacts, ResetFacts};
use super::record::Side;
use crate::http::latin1::latin1;
use crate::http::peer::Protocol;
use bytes::Bytes;
use std::time::Duration;

/// Header or trailer fields, in the order of the wire; any bytes.
pub type FieldList = Vec<(Bytes, Bytes)>;

/// A request and what came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exchange {
    /// Its stream; over HTTP/1.1 its number on the connection.
    pub stream: u64,
    /// Whether the server promised it.
    pub pushed: bool,
    /// The method.
    pub method: Bytes,
    /// The request target: `:path`, or `:authority` where there is none.
    pub target: Bytes,
    /// What the client sent.
    pub request: Message,
    /// Interim responses: when, the status, the headers.
    pub interim: Vec<(Duration, u16, FieldList)>,
    /// The status of the final response; `None` if there is none.
    pub status: Option<u16>,
    /// What the server sent after interim responses.
    pub response: Message,
    /// The first reset of its stream.
    pub reset: Option<ResetFacts>,
}

/// One direction of an exchange.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// When its headers were complete, since the connection began.
    pub began: Duration,
    /// When the newest part of it came.
    pub newest: Duration,
    /// Whether it has ended: END_STREAM, or all of a response over HTTP/1.1 whose end shows.
    pub ended: bool,
    /// Headers, pseudo-headers included.
    pub headers: FieldList,
    /// Bytes that the headers took on the wire.
    pub headers_size: u64,
    /// Bytes of content, also of those that were not kept.
    pub content_size: u64,
    /// The content that was kept.
    pub content: Vec<Bytes>,
    /// Trailers.
    pub trailers: FieldList,
}

impl Message {
    /// Whether all bytes of its content were kept.
    pub fn is_content_whole(&self) -> bool {
        self.content.iter().map(|piece| piece.len() as u64).sum::<u64>() == self.content_size
    }

    /// The value of the first header with this name, in lower case.
    pub fn header(&self, wanted: &[u8]) -> Option<&Bytes> {
        self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    }

    pub(super) fn add_content(&mut self, at: Duration, size: u64, kept: Bytes) {
        self.newest = at;
        self.content_size += size;
        if !kept.is_empty() {
            self.content.push(kept);
        }
    }
}

impl Exchange {
    /// For lists: the request and the status.
    pub fn facts(&self, protocol: Protocol) -> RequestFacts {
        let time = self.request.began;
        RequestFacts {
            time,
            stream: self.stream,
            method: latin1(&self.method),
            path: latin1(&self.target),
            protocol,
            status: self.status,
            took: self.response.ended.then(|| self.response.newest.saturating_sub(time)),
        }
    }

    /// What one end sent of it.
    pub fn of(&mut self, from: Side) -> &mut Message {
        match from {
            Side::Client => &mut self.request,
            Side::Server => &mut self.response,
        }
    }

    /// Leaves out headers and content, and lets go of the memory that they share with the rest.
    pub(super) fn strip(&mut self) {
        self.method = Bytes::copy_from_slice(&self.method);
        self.target = Bytes::copy_from_slice(&self.target);
        self.interim.clear();
        for message in [&mut self.request, &mut self.response] {
            (message.headers, message.content, message.trailers) = Default::default();
        }
    }
}
