//! Queued content into the output buffer, as windows and buffer allow, stream by stream in turn.

use super::connection::Connection;
use super::events::Event;
use super::fields::{OwnedFields, Section, borrowed};
use super::state::Input;
use super::stream::{Queued, Stream};
use bytes::Bytes;

/// WINDOW_UPDATEs that one DATA frame of ours may cause without suspicion.
const UPDATES_PER_FRAME: u32 = 4;

/// What comes next on a stream.
enum Next {
    Data { data: Bytes, end_stream: bool },
    Trailers(OwnedFields),
}

impl Connection {
    /// Sends as much of a stream's queue as possible now. Called when the stream has only just got something to send.
    pub(super) fn send_at_once(&mut self, id: u32) {
        while self.outbound.has_room() && self.pull(id) {}
        self.streams.schedule(id);
    }

    /// Pulls from the queues of all streams in turn, one frame each.
    pub(super) fn pull_content(&mut self) {
        // Streams whose turn came to nothing: with the connection's window closed only empty frames and trailers go.
        let mut in_vain = 0;
        while self.outbound.has_room() && in_vain < self.streams.num_ready() {
            let Some(id) = self.streams.next_ready() else { return };
            let pulled = self.pull(id);
            self.streams.schedule(id);
            if pulled {
                in_vain = 0;
            } else if self.streams.get(id).is_some_and(|stream| stream.ready) {
                in_vain += 1;
            }
        }
    }

    /// Sends content right away if all of it fits into one frame now and nothing is queued before it: the common case,
    /// which needs no queue. `false` if it must be queued.
    pub(super) fn send_directly(&mut self, id: u32, data: &[u8], end_stream: bool) -> bool {
        let room = self.outbound.data_room();
        if !self.outbound.has_room() || data.len() > room {
            return false;
        }
        let Some(stream) = self.streams.get_mut(id) else { return false };
        let length = data.len() + stream.overhead();
        if !stream.queue.is_empty() || length > room || length as i64 > stream.send_window.max(0) {
            return false;
        }
        stream.send_window -= length as i64;
        let padding = stream.padding;
        self.write_data(id, data, end_stream, padding);
        self.after_pull(id, end_stream);
        true
    }

    /// Writes DATA.
    fn write_data(&mut self, id: u32, data: &[u8], end_stream: bool, padding: Option<u8>) {
        self.inbound.counts.num_window_updates =
            self.inbound.counts.num_window_updates.saturating_sub(UPDATES_PER_FRAME);
        self.outbound.write_data(&mut self.events, (id, end_stream), data, padding);
    }

    /// Sends one frame of a stream's queue; `false` if none can go.
    fn pull(&mut self, id: u32) -> bool {
        let room = self.outbound.data_room();
        let Some(stream) = self.streams.get_mut(id) else { return false };
        let padding = stream.padding;
        let Some(next) = stream.next(room) else { return false };
        match next {
            Next::Data { data, end_stream } => {
                self.write_data(id, &data, end_stream, padding);
                self.after_pull(id, end_stream);
            }
            Next::Trailers(fields) => {
                self.outbound.write_section(&mut self.events, Section::headers(id, true), borrowed(&fields));
                self.after_pull(id, true);
            }
        }
        true
    }

    fn after_pull(&mut self, id: u32, end_sent: bool) {
        if let Some(stream) = self.streams.get_mut(id)
            && let Some(level) = stream.notify
            && stream.queued <= level
            && (level > 0 || stream.queue.is_empty())
        {
            stream.notify = None;
            self.events.push(Event::Writable { stream: id, queued: stream.queued, end_sent });
        }
        if end_sent {
            self.end_stream(id, Input::SendEndStream);
        }
    }
}

impl Stream {
    /// Takes the next frame's worth off the queue, as its window and the connection's room allow.
    fn next(&mut self, room: usize) -> Option<Next> {
        let room = room.min(usize::try_from(self.send_window).unwrap_or(0));
        let overhead = self.overhead();
        match self.queue.front_mut()? {
            // Never an empty frame because of a closed window.
            Queued::Data { data, .. } if room < overhead + usize::from(!data.is_empty()) => return None,
            Queued::Data { data, .. } if data.len() > room - overhead => {
                let room = room - overhead;
                let data = data.split_to(room);
                self.spend(room);
                return Some(Next::Data { data, end_stream: false });
            }
            _ => {}
        }
        match self.queue.pop_front()? {
            Queued::Data { data, end_stream } => {
                self.spend(data.len());
                Some(Next::Data { data, end_stream })
            }
            Queued::Trailers(fields) => Some(Next::Trailers(fields)),
        }
    }

    fn spend(&mut self, octets: usize) {
        self.queued -= octets;
        self.send_window -= (octets + self.overhead()) as i64;
    }
}
