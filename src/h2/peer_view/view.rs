//! What the peer has seen, and what checked commands, and the engine itself, ask of that before they send.

use super::open_block::OpenBlock;
use crate::h2::misuse::{CallSite, Contradiction, Misuse};
use crate::h2::rules::Rule;
use crate::wire::frame::{ErrorCode, FrameHeader, HEADER_LENGTH};
use crate::wire::hpack;
use bytes::BytesMut;
use std::collections::BTreeMap;

/// What raw commands have made the peer see.
#[derive(Debug, Default)]
pub(in crate::h2) struct PeerView {
    /// The bytes of a frame that has not ended.
    pub(super) incomplete: BytesMut,
    /// Where they began.
    pub(super) incomplete_site: CallSite,
    /// Where frames begin and end is unknown.
    pub(super) unreadable: bool,
    /// A field block that has not ended.
    pub(super) block: Option<OpenBlock>,
    /// A conforming peer has closed the connection because of what it saw. A lenient one may continue, so the view is
    /// kept, but nothing waits for the end of anything.
    pub(super) must_close: bool,
    /// The lowest last stream ID of a GOAWAY.
    pub(super) goaway: Option<(u32, CallSite)>,
    pub(super) streams: BTreeMap<u32, Seen>,
    /// The first rule that the frame breaks that was read last.
    pub(super) broken: Option<Rule>,
}

/// What the peer has seen of a stream by raw commands; of stream 0, the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// END_STREAM.
    pub(super) ended: Option<CallSite>,
    pub(super) reset: Option<(ErrorCode, CallSite)>,
    /// The final header section of our message.
    pub(super) headers: Option<CallSite>,
    /// The content-length that it announced.
    pub(super) length: Option<(u64, CallSite)>,
    /// Bytes of content since then, by checked commands too.
    pub(super) content: u64,
    /// The latest DATA beyond a window.
    pub(super) overdrawn: Option<CallSite>,
    /// The latest that opened the peer's window.
    pub(super) granted: Option<CallSite>,
    /// Its response has no content, whatever its length says.
    pub(super) no_content: bool,
    /// Flow-controlled bytes before we knew the stream.
    pub(super) early: i64,
}

impl PeerView {
    /// Adds bytes that will be read.
    pub fn push(&mut self, octets: &[u8], site: CallSite) {
        if self.unreadable {
            return;
        }
        if self.incomplete.is_empty() {
            self.incomplete_site = site;
        }
        self.incomplete.extend_from_slice(octets);
    }

    /// The first rule that the frame breaks that was read last.
    pub fn broken(&self) -> Option<Rule> {
        self.broken
    }

    /// Bytes of a frame that has not ended.
    pub fn unread(&self) -> usize {
        self.incomplete.len()
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

    // ---- What checked commands ask

    /// Refuses every frame on a stream that is closed to the peer.
    pub fn check(&self, stream: u32, peer_ended: bool) -> Result<(), Misuse> {
        match self.streams.get(&stream) {
            Some(Seen { reset: Some((_, site)), .. }) => Err(Contradiction::Reset.at(*site)),
            Some(Seen { ended: Some(site), .. }) if peer_ended => Err(Contradiction::Ended.at(*site)),
            _ => Ok(()),
        }
    }

    /// Refuses frames of a message on a stream of which our half is ended, or that is in the middle of something.
    pub fn check_sending(&self, stream: u32) -> Result<(), Misuse> {
        match self.streams.get(&stream) {
            Some(Seen { reset: Some((_, site)), .. }) => Err(Contradiction::Reset.at(*site)),
            Some(Seen { ended: Some(site), .. }) => Err(Contradiction::Ended.at(*site)),
            _ => self.check_inside(stream),
        }
    }

    /// Refuses what the peer would read as part of something on the same stream that has not ended.
    pub fn check_inside(&self, stream: u32) -> Result<(), Misuse> {
        if self.must_close {
            return Ok(());
        }
        let begun = self.incomplete.first_chunk().map(FrameHeader::parse).filter(|header| header.stream_id == stream);
        if let Some(header) = begun {
            let missing = (header.length as usize + HEADER_LENGTH).saturating_sub(self.incomplete.len());
            return Err(Contradiction::Frame { missing }.at(self.incomplete_site));
        }
        match &self.block {
            Some(block) if block.stream == stream => Err(Contradiction::FieldBlock.at(block.site)),
            _ => Ok(()),
        }
    }

    /// Refuses a final header section after a raw one.
    pub fn check_headers(&self, stream: u32) -> Result<(), Misuse> {
        match self.streams.get(&stream).and_then(|seen| seen.headers) {
            Some(site) => Err(Contradiction::HeadersSent.at(site)),
            None => Ok(()),
        }
    }

    /// Checks content, or with `end` the end of it, against what raw commands announced and used up; `window` is the
    /// smaller of both send windows.
    pub fn check_content(&self, stream: u32, octets: usize, end: bool, window: i64) -> Result<(), Misuse> {
        let Some(seen) = self.streams.get(&stream) else { return Ok(()) };
        let content = seen.content.saturating_add(octets as u64);
        if let Some((announced, site)) = seen.length
            && (content > announced || (end && content < announced))
        {
            return Err(Contradiction::ContentLength { announced, content }.at(site));
        }
        match seen.overdrawn {
            Some(site) if octets > 0 && window < 0 => {
                Err(Contradiction::WindowOverdrawn { octets: window.unsigned_abs() }.at(site))
            }
            _ => Ok(()),
        }
    }

    /// A checked command has queued content.
    pub fn content_queued(&mut self, stream: u32, octets: usize) {
        if let Some(seen) = self.streams.get_mut(&stream) {
            seen.content = seen.content.saturating_add(octets as u64);
        }
    }

    /// Refuses a GOAWAY that raises the last stream ID above that of a raw one.
    pub fn check_goaway(&self, last_stream_id: u32) -> Result<(), Misuse> {
        match self.goaway {
            Some((lowest, site)) if last_stream_id > lowest => {
                Err(Contradiction::GoAway { last_stream_id: lowest }.at(site))
            }
            _ => Ok(()),
        }
    }

    /// The lowest last stream ID of a raw GOAWAY.
    pub fn lowest_goaway(&self) -> Option<u32> {
        self.goaway.map(|(lowest, _)| lowest)
    }

    /// Whether the peer saw a reset of this stream: not even the engine may send anything on it.
    pub fn saw_reset(&self, stream: u32) -> bool {
        self.streams.get(&stream).is_some_and(|seen| seen.reset.is_some())
    }

    /// The error for a window that cannot be opened so far, if raw commands opened it.
    pub fn window_full(&self, stream: u32) -> Option<Misuse> {
        let site = self.streams.get(&stream).and_then(|seen| seen.granted)?;
        Some(Contradiction::WindowFull.at(site))
    }

    /// Flow-controlled bytes that were sent on a stream before we knew it.
    ///
    /// A header section there has perhaps been seen, so that neither another one nor content may follow: then our own
    /// state says that no headers were sent, and the view that they were.
    pub fn used_early(&self, stream: u32) -> i64 {
        self.streams.get(&stream).map_or(0, |seen| seen.early)
    }
}
