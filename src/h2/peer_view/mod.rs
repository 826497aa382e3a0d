//! What raw commands have made the peer see.
//!
//! The engine's own state says what it means to send. Once raw frames were sent, the peer may have seen something else:
//! a stream that ended, half a field block, a window that is used up. [`PeerView`] reads every raw byte as the peer does,
//! remembers what matters, and says what follows for the connection as a list of [`Consequence`]s. It knows no
//! connection, and a connection without raw commands has no `PeerView`.

mod block;
mod checks;
mod reading;

pub(super) use reading::{Consequence, Context};

use super::misuse::CallSite;
use crate::wire::frame::{ErrorCode, FrameHeader, RawFrame};
use crate::wire::hpack;
use block::OpenBlock;
use bytes::BytesMut;
use reading::Reading;
use std::collections::BTreeMap;

/// Streams about which something is remembered; beyond that, those that are over are forgotten.
const MAX_STREAMS: usize = 1024;

/// Whether local state follows a raw frame.
///
/// What the peer has seen is remembered in either case: that a stream was ended or reset, what header section and how
/// much content it got, what blocks did to its dynamic table, how far its windows are used up, where in a frame or
/// field block it is. Checked commands refuse to contradict that ([`Misuse::Contradicts`](super::Misuse)), and frames
/// that the peer could not read there wait.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Track {
    /// The frame counts like a checked one, as far as it can be read: HEADERS open our stream, END_STREAM and RST_STREAM
    /// end our half, SETTINGS apply once they are acknowledged, GOAWAY bounds new streams, the stream of a PUSH_PROMISE
    /// can be used.
    Yes,
    /// Our own state stays as it is: a stream that was ended or reset is still read until [`settle`], streams above
    /// that of a GOAWAY are still accepted, and the peer may follow SETTINGS or not.
    ///
    /// [`settle`]: super::Connection::settle
    No,
}

/// How a raw command is meant, and where it came from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RawCall {
    /// Whether local state follows.
    pub track: Track,
    /// What a contradiction names as its cause.
    pub site: CallSite,
}

impl Track {
    /// A raw command from there.
    pub fn at(self, site: CallSite) -> RawCall {
        RawCall { track: self, site }
    }
}

impl From<Track> for RawCall {
    fn from(track: Track) -> Self {
        track.at(CallSite::default())
    }
}

/// What raw commands have made the peer see.
#[derive(Debug, Default)]
pub(super) struct PeerView {
    /// The bytes of a frame that has not ended.
    incomplete: BytesMut,
    /// Where they began.
    incomplete_site: CallSite,
    /// Where frames begin and end is unknown.
    unreadable: bool,
    /// A field block that has not ended.
    block: Option<OpenBlock>,
    /// A conforming peer has closed the connection because of what it saw. A lenient one may continue, so the view is
    /// kept, but nothing waits for the end of anything.
    must_close: bool,
    /// The lowest last stream ID of a GOAWAY.
    goaway: Option<(u32, CallSite)>,
    streams: BTreeMap<u32, Seen>,
}

/// What the peer has seen of a stream by raw commands; of stream 0, the connection.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// END_STREAM.
    ended: Option<CallSite>,
    reset: Option<(ErrorCode, CallSite)>,
    /// The final header section of our message.
    headers: Option<CallSite>,
    /// The content-length that it announced.
    length: Option<(u64, CallSite)>,
    /// Bytes of content since then, by checked commands too.
    content: u64,
    /// The latest DATA beyond a window.
    overdrawn: Option<CallSite>,
    /// The latest that opened the peer's window.
    granted: Option<CallSite>,
    /// Flow-controlled bytes before we knew the stream.
    early: i64,
}

impl PeerView {
    /// Reads a whole frame, and says what follows from it.
    pub fn observe(&mut self, frame: &RawFrame, call: RawCall, context: &mut Context<'_>) -> Vec<Consequence> {
        let mut reading = Reading::new(self, context, call);
        reading.frame(frame);
        reading.consequences
    }

    /// Adds bytes that [`observe_next`](Self::observe_next) will read.
    pub fn push(&mut self, octets: &[u8], site: CallSite) {
        if self.unreadable {
            return;
        }
        if self.incomplete.is_empty() {
            self.incomplete_site = site;
        }
        self.incomplete.extend_from_slice(octets);
    }

    /// Reads the next whole frame of what was pushed, by this call; `None` when there is none.
    pub fn observe_next(&mut self, call: RawCall, context: &mut Context<'_>) -> Option<Vec<Consequence>> {
        let header = self.incomplete.first_chunk().map(FrameHeader::parse)?;
        if let Some(frame) = RawFrame::take(&mut self.incomplete) {
            self.incomplete_site = call.site;
            return Some(self.observe(&frame, call, context));
        }
        if header.length <= context.max_frame_size {
            return None;
        }
        // The peer does not wait for the end of such a frame: where the next one begins is unknown.
        self.incomplete.clear();
        self.unreadable = true;
        let mut reading = Reading::new(self, context, call);
        reading.peer_must_close();
        reading.context.encoder.forget_table();
        Some(reading.consequences)
    }

    /// Whether the peer has read whole frames alone.
    pub fn is_between_frames(&self) -> bool {
        self.incomplete.is_empty()
    }

    /// Whether it is unknown where frames begin and end.
    pub fn is_unreadable(&self) -> bool {
        self.unreadable
    }

    /// Whether frames of other commands must wait, because the peer would read them as a part of a frame or field block
    /// that has not ended.
    pub fn must_hold(&mut self, encoder: &mut hpack::Encoder) -> bool {
        if self.must_close && !std::mem::take(&mut self.incomplete).is_empty() {
            // As nothing waits for its end, other frames may get into it.
            self.unreadable = true;
            encoder.forget_table();
        }
        !self.must_close && (self.block.is_some() || !self.incomplete.is_empty())
    }

    /// Ends the field block on a stream that is given up, if an empty CONTINUATION can do that: not inside a frame, and
    /// not if the block would be unreadable. `true` if the CONTINUATION is to be sent.
    pub fn end_block(&mut self, stream: u32, encoder: &mut hpack::Encoder) -> bool {
        if self.must_close || !self.incomplete.is_empty() {
            return false;
        }
        let Some(block) = self.block.take_if(|block| block.stream == stream) else { return false };
        if block.is_readable(encoder) {
            return true;
        }
        self.block = Some(block);
        false
    }

    /// What raw commands did to a stream without being tracked, as a consequence for our own state.
    pub fn untracked_end(&self, stream: u32) -> Option<Consequence> {
        match self.streams.get(&stream) {
            Some(Seen { reset: Some((code, _)), .. }) => Some(Consequence::Reset { stream, code: *code }),
            Some(Seen { ended: Some(_), .. }) => Some(Consequence::End { stream }),
            _ => None,
        }
    }
}
