//! What checked commands, and the engine itself, ask before they send.

use super::{PeerView, Seen};
use crate::h2::misuse::{Contradiction, Misuse};
use crate::wire::frame::{FrameHeader, HEADER_LENGTH};

impl PeerView {
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
    fn check_inside(&self, stream: u32) -> Result<(), Misuse> {
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
