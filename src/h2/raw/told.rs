//! What raw commands have told the peer, as far as checked ones must not say the opposite.

use super::CallSite;
use super::blocks::OpenBlock;
use crate::h2::connection::Connection;
use crate::h2::misuse::Misuse;
use crate::wire::frame::{ErrorCode, FrameHeader, HEADER_LENGTH};
use bytes::BytesMut;
use std::collections::BTreeMap;

/// Streams about which something is remembered; of more, those that are over are forgotten.
const NOTES: usize = 1024;

/// What a raw command did that a checked one would contradict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contradiction {
    /// It ended our half of the stream.
    Ended,
    /// It reset the stream.
    Reset,
    /// It sent the header section of the final response.
    HeadersSent,
    /// It began a field block on this stream that has not ended (RFC 9113 §6.10).
    FieldBlock,
    /// It began a frame on this stream that has not ended.
    Frame {
        /// Octets that its length announces and that have not been sent.
        missing: usize,
    },
    /// It announced a content-length (RFC 9113 §8.1.1).
    ContentLength {
        /// Octets announced.
        announced: u64,
        /// Octets that the content would have.
        content: u64,
    },
    /// It sent more than a flow-control window allowed (RFC 9113 §6.9.1).
    WindowOverdrawn {
        /// Octets beyond the window.
        octets: u64,
    },
    /// It granted so much that the flow-control window can't be opened further (RFC 9113 §6.9.1).
    WindowFull,
    /// It sent GOAWAY, whose last stream identifier may not rise again (RFC 9113 §6.8).
    GoAway {
        /// The lowest so far.
        last_stream_id: u32,
    },
}

impl Contradiction {
    /// What was done, for script authors; `by` says by whom.
    pub fn text(&self, by: &str) -> String {
        match self {
            Self::Ended => format!("the stream was ended (END_STREAM) by {by}"),
            Self::Reset => format!("the stream was reset by {by}"),
            Self::HeadersSent => format!("the response's headers were already sent by {by}"),
            Self::FieldBlock => {
                format!("the field block begun by {by} has not ended (END_HEADERS): only CONTINUATION may follow it")
            }
            Self::Frame { missing } => {
                format!("the frame begun by {by} has not ended: its length announces {missing} octets more")
            }
            Self::ContentLength { announced, content } => {
                format!("{announced} octets of content were announced by {by}, and with this there would be {content}")
            }
            Self::WindowOverdrawn { octets } => {
                format!("the flow-control window was overdrawn by {octets} octets, by {by}")
            }
            Self::WindowFull => format!("the flow-control window would pass 2147483647 after what was granted by {by}"),
            Self::GoAway { last_stream_id } => {
                format!(
                    "GOAWAY with last stream identifier {last_stream_id} was sent by {by}, and it may not rise again"
                )
            }
        }
    }

    fn at(self, site: CallSite) -> Misuse {
        Misuse::Contradicts { what: self, site }
    }
}

/// What raw commands have told the peer. There is none of it on a connection without any.
#[derive(Debug, Default)]
pub(in crate::h2) struct Told {
    /// Octets of a frame that has not ended.
    pub(super) incomplete: BytesMut,
    pub(super) incomplete_site: CallSite,
    /// Where frames begin and end is not known any more.
    pub(super) is_unreadable: bool,
    /// A field block that has not ended.
    pub(super) block: Option<OpenBlock>,
    /// A peer that keeps to the RFC has ended the connection because of what it was sent.
    pub(super) has_lost_peer: bool,
    /// The lowest last stream identifier of a GOAWAY.
    pub(super) goaway: Option<(u32, CallSite)>,
    notes: BTreeMap<u32, Note>,
}

/// What raw commands have told the peer about a stream; about stream 0, the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Note {
    pub ended: Option<CallSite>,
    pub reset: Option<(ErrorCode, CallSite)>,
    /// The header section of the final response was sent.
    pub headers: Option<CallSite>,
    /// The length of the content that it announced.
    pub length: Option<(u64, CallSite)>,
    /// Octets of content since then, by whatever lane.
    pub content: u64,
    /// The latest that took more than a window held.
    pub overdrawn: Option<CallSite>,
    /// The latest that opened the peer's window.
    pub granted: Option<CallSite>,
    /// Octets of flow-controlled frames on a stream before we knew of it.
    pub early: i64,
}

impl Told {
    pub(super) fn note(&self, stream: u32) -> Option<&Note> {
        self.notes.get(&stream)
    }

    /// Whether nobody could read a frame of someone else's now.
    pub(super) fn is_inside(&self) -> bool {
        !self.has_lost_peer && (self.block.is_some() || !self.incomplete.is_empty())
    }

    /// Refuses what would be read as part of something on the same stream that a raw command has begun.
    fn check_inside(&self, stream: u32) -> Result<(), Misuse> {
        if self.has_lost_peer {
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
}

impl Connection {
    pub(super) fn note_mut(&mut self, stream: u32) -> &mut Note {
        let Self { told, streams, .. } = self;
        let notes = &mut told.get_or_insert_default().notes;
        if notes.len() >= NOTES && !notes.contains_key(&stream) {
            let forgotten = notes.keys().rfind(|id| **id != 0 && !streams.map.contains_key(id)).copied();
            let oldest = notes.keys().find(|id| **id != 0 && **id < stream && !streams.map.contains_key(id)).copied();
            if let Some(id) = oldest.or(forgotten) {
                notes.remove(&id);
            }
        }
        notes.entry(stream).or_default()
    }

    /// Whether a raw command has reset this stream: not even the engine may send anything on it.
    pub(in crate::h2) fn was_told_reset(&self, stream: u32) -> bool {
        let note = self.told.as_ref().and_then(|told| told.note(stream));
        note.is_some_and(|note| note.reset.is_some())
    }

    /// Refuses every frame on a stream that is closed by raw commands.
    pub(in crate::h2) fn check_told(&self, stream: u32) -> Result<(), Misuse> {
        let Some(told) = &self.told else { return Ok(()) };
        match told.note(stream) {
            Some(Note { reset: Some((_, site)), .. }) => Err(Contradiction::Reset.at(*site)),
            Some(Note { ended: Some(site), .. }) if self.has_peer_ended(stream) => Err(Contradiction::Ended.at(*site)),
            _ => Ok(()),
        }
    }

    /// Refuses frames of a message on a stream of which our half is ended, or that is in the middle of something.
    pub(in crate::h2) fn check_told_sending(&self, stream: u32) -> Result<(), Misuse> {
        let Some(told) = &self.told else { return Ok(()) };
        match told.note(stream) {
            Some(Note { reset: Some((_, site)), .. }) => Err(Contradiction::Reset.at(*site)),
            Some(Note { ended: Some(site), .. }) => Err(Contradiction::Ended.at(*site)),
            _ => told.check_inside(stream),
        }
    }

    /// Whether raw commands may have sent the header section of the final response.
    pub(in crate::h2) fn was_told_headers(&self, stream: u32) -> bool {
        self.told.as_ref().and_then(|told| told.note(stream)).is_some_and(|note| note.headers.is_some())
    }

    /// The error for a second header section, which says who sent the first.
    pub(in crate::h2) fn headers_sent(&self, stream: u32) -> Misuse {
        let note = self.told.as_ref().and_then(|told| told.note(stream));
        note.and_then(|note| note.headers).map_or(Misuse::HeadersSent, |site| Contradiction::HeadersSent.at(site))
    }

    /// Checks content, or with `end` the end of it, against what raw commands announced and used up.
    pub(in crate::h2) fn check_told_content(&mut self, id: u32, octets: usize, end: bool) -> Result<(), Misuse> {
        let Some(told) = &mut self.told else { return Ok(()) };
        let Some(note) = told.notes.get_mut(&id) else { return Ok(()) };
        let Some(stream) = self.streams.map.get(&id) else { return Ok(()) };
        let content = note.content.saturating_add(octets as u64);
        if let Some((announced, site)) = note.length
            && (content > announced || (end && content < announced))
        {
            return Err(Contradiction::ContentLength { announced, content }.at(site));
        }
        let window = stream.send_window.min(self.send_window);
        if let Some(site) = note.overdrawn
            && octets > 0
            && window < 0
        {
            return Err(Contradiction::WindowOverdrawn { octets: window.unsigned_abs() }.at(site));
        }
        note.content = content;
        Ok(())
    }

    /// Refuses a GOAWAY that raises the last stream identifier above that of a raw one.
    pub(in crate::h2) fn check_told_goaway(&self, last_stream_id: u32) -> Result<(), Misuse> {
        match self.told.as_ref().and_then(|told| told.goaway) {
            Some((lowest, site)) if last_stream_id > lowest => {
                Err(Contradiction::GoAway { last_stream_id: lowest }.at(site))
            }
            _ => Ok(()),
        }
    }

    /// The error for a window that can't be opened so far.
    pub(in crate::h2) fn window_full(&self, stream: u32) -> Misuse {
        let note = self.told.as_ref().and_then(|told| told.note(stream));
        note.and_then(|note| note.granted).map_or(Misuse::WindowOverflow, |site| Contradiction::WindowFull.at(site))
    }

    /// The last stream identifier for a GOAWAY of the engine's own.
    pub(in crate::h2) fn last_stream_to_tell(&self) -> u32 {
        let told = self.told.as_ref().and_then(|told| told.goaway).map_or(u32::MAX, |(last, _)| last);
        self.shutdown.sent.unwrap_or(u32::MAX).min(self.streams.last_peer).min(told)
    }

    /// What raw commands did on a stream before its request arrived.
    pub(in crate::h2) fn recall(&mut self, id: u32) {
        let Some(note) = self.told.as_ref().and_then(|told| told.note(id)).copied() else { return };
        // A header section on a stream that was perhaps idle to the client has perhaps been seen, so that neither another
        // one nor content may follow: `headers_sent` stays false, and the note is there.
        if let Some(stream) = self.streams.map.get_mut(&id) {
            stream.send_window -= note.early;
        }
    }
}
