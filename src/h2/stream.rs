//! One stream, and the set of all streams of a connection.

use super::flow::ReceiveWindow;
use super::state::State;
use crate::wire::frame::ErrorCode;
use bytes::Bytes;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

/// Streams whose end is remembered exactly. Frames on older ones are discarded without a word.
const RECENT: usize = 128;

/// Room for more streams than this is given back when there are none.
const KEEP: usize = 64;

/// Ranges of never used identifiers that are remembered.
const SKIPPED: usize = 64;

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

pub(super) type OwnedFields = Vec<(Bytes, Bytes)>;

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

/// Multiplies instead of hashing: identifiers are small numbers that the peer cannot choose freely, and there are few.
#[derive(Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for &octet in octets {
            self.write_u32(u32::from(octet));
        }
    }

    fn write_u32(&mut self, id: u32) {
        self.write_u64(u64::from(id));
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = (self.0 ^ id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }
}

/// All streams.
#[derive(Debug)]
pub(super) struct Streams {
    pub map: HashMap<u32, Stream, BuildHasherDefault<IdHasher>>,
    /// Streams that can send content, in turn.
    pub ready: VecDeque<u32>,
    recent: VecDeque<(u32, Ended)>,
    /// The greatest identifier that the peer used.
    pub last_peer: u32,
    /// Identifiers below it that the peer never used, as inclusive ranges.
    skipped: VecDeque<(u32, u32)>,
    /// The next identifier of ours.
    pub next_local: u32,
    /// Streams of the peer that are open or half-closed (RFC 9113 §5.1.2).
    pub num_peer: u32,
    /// Streams of ours that are reserved, open or half-closed.
    pub num_local: u32,
}

impl Streams {
    /// A server's: the peer's identifiers are odd, ours even.
    pub fn server() -> Self {
        Self {
            map: HashMap::default(),
            ready: VecDeque::new(),
            recent: VecDeque::new(),
            last_peer: 0,
            skipped: VecDeque::new(),
            next_local: 2,
            num_peer: 0,
            num_local: 0,
        }
    }

    /// Whether the peer opens streams with such identifiers (RFC 9113 §5.1.1).
    pub fn is_peers(&self, id: u32) -> bool {
        id % 2 != self.next_local % 2
    }

    /// The state of any identifier but 0.
    pub fn state(&self, id: u32) -> State {
        if let Some(stream) = self.map.get(&id) {
            return stream.state;
        }
        let idle = if self.is_peers(id) { id > self.last_peer } else { id >= self.next_local };
        if idle {
            return State::Idle;
        }
        match self.ended(id) {
            Some(Ended::Both) => State::Closed,
            Some(Ended::PeerReset(_)) => State::ClosedReceivedReset,
            Some(Ended::WeReset) => State::ClosedSentReset,
            // A stream that was skipped is closed (RFC 9113 §5.1.1); of one that is forgotten nothing is known, so be
            // lenient.
            None if self.was_skipped(id) => State::Closed,
            None => State::ClosedSentReset,
        }
    }

    /// How a stream ended, if that is still remembered.
    pub fn ended(&self, id: u32) -> Option<Ended> {
        self.recent.iter().rev().find(|(recent, _)| *recent == id).map(|(_, ended)| *ended)
    }

    /// Whether the identifier was passed over by the peer.
    pub fn was_skipped(&self, id: u32) -> bool {
        self.skipped.iter().any(|&(first, last)| self.is_peers(id) && (first..=last).contains(&id))
    }

    /// The peer uses a new identifier, greater than all before.
    pub fn use_peer(&mut self, id: u32) {
        let next = if self.last_peer == 0 { 1 + self.next_local % 2 } else { self.last_peer + 2 };
        if id > next {
            if self.skipped.len() == SKIPPED {
                self.skipped.pop_front();
            }
            self.skipped.push_back((next, id - 1));
        }
        self.last_peer = id;
    }

    /// Remembers how a stream ended.
    pub fn remember(&mut self, id: u32, ended: Ended) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((id, ended));
    }

    /// Gives memory back, when there are no streams.
    pub fn shrink(&mut self) {
        if self.map.is_empty() && self.map.capacity() > KEEP {
            self.map = HashMap::default();
            self.ready = VecDeque::new();
        }
    }

    pub fn insert(&mut self, id: u32, stream: Stream) {
        if self.map.insert(id, stream).is_none() {
            *self.count(id) += 1;
        }
    }

    /// Takes a stream out and remembers how it ended.
    pub fn remove(&mut self, id: u32, ended: Ended) -> Option<Stream> {
        self.remember(id, ended);
        let stream = self.map.remove(&id)?;
        let count = self.count(id);
        *count = count.saturating_sub(1);
        if stream.ready {
            self.ready.retain(|&ready| ready != id);
        }
        Some(stream)
    }

    fn count(&mut self, id: u32) -> &mut u32 {
        if self.is_peers(id) { &mut self.num_peer } else { &mut self.num_local }
    }

    /// Puts a stream into the list of those that can send, if it can.
    pub fn schedule(&mut self, id: u32) {
        if let Some(stream) = self.map.get_mut(&id)
            && !stream.ready
            && stream.can_send()
        {
            stream.ready = true;
            self.ready.push_back(id);
        }
    }

    /// Puts every stream that can send into the list.
    pub fn schedule_all(&mut self) {
        let Self { map, ready, .. } = self;
        let mut able: Vec<u32> =
            map.iter().filter(|(_, stream)| !stream.ready && stream.can_send()).map(|(&id, _)| id).collect();
        able.sort_unstable();
        for id in able {
            if let Some(stream) = map.get_mut(&id) {
                stream.ready = true;
                ready.push_back(id);
            }
        }
    }
}
