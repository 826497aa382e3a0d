//! One stream.

use super::fields::OwnedFields;
use super::flow::ReceiveWindow;
use super::state::State;
use crate::http::ContentRule;
use crate::wire::frame::ErrorCode;
use bytes::Bytes;
use std::collections::VecDeque;

/// Something that waits in a stream's queue.
#[derive(Debug)]
pub(super) enum Queued {
    Data {
        data: Bytes,
        end_stream: bool,
    },
    /// Encoded only when their turn comes: field blocks must be sent in the order in which they are encoded.
    Trailers(OwnedFields),
}

/// A stream that is not idle and not closed.
#[derive(Debug)]
pub(super) struct Stream {
    pub state: State,
    pub receive: ReceiveWindow,
    /// Octets of content that the layer above has but did not consume.
    pub unconsumed: usize,
    /// What content-length announced.
    pub expected: Option<u64>,
    /// Octets of content so far.
    pub received: u64,
    /// Octets that we may send; below zero after the peer's setting was lowered or by raw frames.
    pub send_window: i64,
    /// Octets of padding in each of our DATA frames.
    pub padding: Option<u8>,
    pub queue: VecDeque<Queued>,
    /// Octets of content in the queue.
    pub queued: usize,
    /// Its request is a HEAD, whose response has no content, or a CONNECT, whose response may begin a tunnel.
    pub method: Method,
    /// The header section of the peer's message has arrived: of its request, or of its final response.
    pub headers_received: bool,
    /// The peer's message has no content, whatever its content-length says.
    pub no_content: bool,
    /// CONNECT was answered: nothing but DATA follows.
    pub is_tunnel: bool,
    /// The final header section was sent.
    pub headers_sent: bool,
    /// END_STREAM was sent or is in the queue.
    pub end_queued: bool,
    /// It is in the list of those that can send.
    pub ready: bool,
    /// The level of the queue that is waited for.
    pub notify: Option<usize>,
    /// The layer above has content, and gives it when the windows are open.
    pub wants_window: bool,
    /// The layer above knows of it.
    pub announced: bool,
    /// The peer has promised it, and the response has not begun.
    pub is_promised: bool,
}

impl Stream {
    pub fn new(state: State, receive_window: i64, send_window: i64) -> Self {
        Self {
            state,
            receive: ReceiveWindow::new(receive_window),
            unconsumed: 0,
            expected: None,
            received: 0,
            send_window,
            padding: None,
            queue: VecDeque::new(),
            queued: 0,
            method: Method::Other,
            headers_received: false,
            no_content: false,
            is_tunnel: false,
            headers_sent: false,
            end_queued: false,
            ready: false,
            notify: None,
            wants_window: false,
            announced: false,
            is_promised: state == State::ReservedRemote,
        }
    }

    /// Whether the front of the queue may go, as far as this stream's window is concerned.
    pub fn can_send(&self) -> bool {
        match self.queue.front() {
            Some(Queued::Data { data, .. }) => {
                let least = self.overhead() + usize::from(!data.is_empty());
                least == 0 || self.send_window >= least as i64
            }
            Some(Queued::Trailers(_)) => true,
            None => false,
        }
    }

    /// Octets that padding adds to a DATA frame, which flow control counts too (RFC 9113 §6.1).
    pub fn overhead(&self) -> usize {
        self.padding.map_or(0, |octets| 1 + usize::from(octets))
    }
}

/// What matters of a request's method.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Method {
    Head,
    Connect,
    #[default]
    Other,
}

impl Method {
    pub fn of(method: &[u8]) -> Self {
        match method {
            b"HEAD" => Self::Head,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }

    /// Whether a response with this status has content.
    pub fn content_rule(self, status: u16) -> ContentRule {
        let method: &[u8] = match self {
            Self::Head => b"HEAD",
            Self::Connect => b"CONNECT",
            Self::Other => b"",
        };
        ContentRule::of(method, status)
    }
}

/// How a stream ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ended {
    Both,
    WeReset,
    PeerReset(ErrorCode),
}
