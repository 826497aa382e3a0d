//! One stream.

use super::fields::OwnedFields;
use super::flow::ReceiveWindow;
use super::state::State;
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
    /// It was opened by HEAD, whose answer has no content.
    pub answers_head: bool,
    /// The final header section was sent.
    pub headers_sent: bool,
    /// END_STREAM was sent or is in the queue.
    pub end_queued: bool,
    /// It is in the list of those that can send.
    pub ready: bool,
    /// The level of the queue that is waited for.
    pub notify: Option<usize>,
    /// The layer above knows of it.
    pub announced: bool,
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
            answers_head: false,
            headers_sent: false,
            end_queued: false,
            ready: false,
            notify: None,
            announced: false,
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

/// How a stream ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ended {
    Both,
    WeReset,
    PeerReset(ErrorCode),
}
