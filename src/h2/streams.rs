//! All streams of a connection: which identifiers are used, and how streams ended.

use super::flow::MAX_WINDOW;
use super::state::State;
use super::stream::{Ended, Stream};
use crate::http::role::Role;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

/// Streams whose end is remembered exactly. Frames on older ones are discarded without a report.
const RECENT: usize = 128;

/// Room for more streams than this is given back when there are none.
const KEEP: usize = 64;

/// Ranges of never used identifiers that are remembered.
const SKIPPED: usize = 64;

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
    role: Role,
    map: HashMap<u32, Stream, BuildHasherDefault<IdHasher>>,
    /// Streams that can send content, in turn.
    ready: VecDeque<u32>,
    recent: VecDeque<(u32, Ended)>,
    /// The greatest identifier that the peer used.
    last_peer: u32,
    /// Identifiers below it that the peer never used, as inclusive ranges.
    skipped: VecDeque<(u32, u32)>,
    /// The next identifier of ours.
    next_local: u32,
    /// Streams of the peer that are open or half-closed (RFC 9113 §5.1.2).
    num_peer: u32,
    /// Streams that the peer has promised, and that wait for their response.
    num_promised: u32,
    /// Streams of ours that are reserved, open or half-closed.
    num_local: u32,
}

impl Streams {
    /// None yet, on this side of a connection.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            map: HashMap::default(),
            ready: VecDeque::new(),
            recent: VecDeque::new(),
            last_peer: 0,
            skipped: VecDeque::new(),
            next_local: role.first_stream(),
            num_peer: 0,
            num_promised: 0,
            num_local: 0,
        }
    }

    /// Our side.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether streams with such identifiers begin on the peer's side.
    pub fn is_peers(&self, id: u32) -> bool {
        !self.role.begins(id)
    }

    /// A stream that is neither idle nor closed.
    pub fn get(&self, id: u32) -> Option<&Stream> {
        self.map.get(&id)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: u32) -> Option<&mut Stream> {
        self.map.get_mut(&id)
    }

    pub fn contains(&self, id: u32) -> bool {
        self.map.contains_key(&id)
    }

    /// Whether anything waits for the peer's windows, of which the connection's is `window`.
    pub fn any_waits(&self, window: i64) -> bool {
        self.map
            .values()
            .any(|stream| !stream.queue.is_empty() || (stream.wants_window && stream.send_window.min(window) <= 0))
    }

    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Streams that are neither idle nor closed, in no order.
    pub fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.map.keys().copied()
    }

    /// The greatest identifier that the peer used; 0 if none.
    pub fn last_peer(&self) -> u32 {
        self.last_peer
    }

    /// The next identifier of ours.
    pub fn next_local(&self) -> u32 {
        self.next_local
    }

    /// Streams of the peer that are open or half-closed (RFC 9113 §5.1.2).
    pub fn num_peer(&self) -> u32 {
        self.num_peer
    }

    /// Streams that the peer has promised, and that wait for their response.
    pub fn num_promised(&self) -> u32 {
        self.num_promised
    }

    /// Streams of ours that are reserved, open or half-closed.
    pub fn num_local(&self) -> u32 {
        self.num_local
    }

    /// The state of any identifier except 0.
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
        let next = if self.last_peer == 0 { self.role.peer().first_stream() } else { self.last_peer + 2 };
        if id > next {
            if self.skipped.len() == SKIPPED {
                self.skipped.pop_front();
            }
            self.skipped.push_back((next, id - 1));
        }
        self.last_peer = id;
    }

    /// We use an identifier of ours: those below are used up (RFC 9113 §5.1.1).
    pub fn use_local(&mut self, id: u32) {
        self.next_local = self.next_local.max(id.saturating_add(2));
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
        let promised = stream.is_promised;
        if self.map.insert(id, stream).is_none() {
            *self.count(id, promised) += 1;
        }
    }

    /// The response on a promised stream begins: from here on it counts.
    pub fn open_promised(&mut self, id: u32, state: State) {
        if let Some(stream) = self.map.get_mut(&id) {
            stream.state = state;
            stream.is_promised = false;
            self.num_promised = self.num_promised.saturating_sub(1);
            self.num_peer += 1;
        }
    }

    /// Takes a stream out and remembers how it ended.
    pub fn remove(&mut self, id: u32, ended: Ended) -> Option<Stream> {
        self.remember(id, ended);
        let stream = self.map.remove(&id)?;
        let count = self.count(id, stream.is_promised);
        *count = count.saturating_sub(1);
        if stream.ready {
            self.ready.retain(|&ready| ready != id);
        }
        Some(stream)
    }

    /// Removes all streams, in order.
    pub fn remove_all(&mut self) -> Vec<(u32, Stream)> {
        let mut all: Vec<(u32, Stream)> = self.map.drain().collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        self.ready.clear();
        all
    }

    /// Our SETTINGS_INITIAL_WINDOW_SIZE changed (RFC 9113 §6.9.2).
    pub fn adjust_receive_windows(&mut self, delta: i64) {
        if delta == 0 {
            return;
        }
        for stream in self.map.values_mut() {
            stream.receive.adjust(delta);
        }
    }

    /// The peer's changed. `false` if a window would pass 2^31-1; then it stays there.
    pub fn adjust_send_windows(&mut self, delta: i64) -> bool {
        let mut fits = true;
        for stream in self.map.values_mut() {
            stream.send_window += delta;
            if stream.send_window > MAX_WINDOW {
                stream.send_window = MAX_WINDOW;
                fits = false;
            }
        }
        if delta > 0 {
            self.schedule_all();
        }
        fits
    }

    fn count(&mut self, id: u32, promised: bool) -> &mut u32 {
        match self.is_peers(id) {
            true if promised => &mut self.num_promised,
            true => &mut self.num_peer,
            false => &mut self.num_local,
        }
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

    /// Takes the next stream out of that list.
    pub fn next_ready(&mut self) -> Option<u32> {
        let id = self.ready.pop_front()?;
        if let Some(stream) = self.map.get_mut(&id) {
            stream.ready = false;
        }
        Some(id)
    }

    /// Streams in that list.
    pub fn num_ready(&self) -> usize {
        self.ready.len()
    }

    /// Puts every stream that can send into the list.
    fn schedule_all(&mut self) {
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
