//! Frames that wait until a frame or field block that a raw command has begun is whole.

use super::events::Cause;
use super::fields::{OwnedFields, Section};
use crate::wire::frame::{FrameHeader, FrameType, GoAway, HEADER_LENGTH, RawFrame};
use bytes::Bytes;
use std::collections::VecDeque;

/// What waits, in the order in which it will be sent.
#[derive(Debug, Default)]
pub(super) struct Hold {
    held: VecDeque<Held>,
    automatic: usize,
}

/// A frame that waits.
#[derive(Debug)]
pub(super) enum Held {
    Octets { stream: u32, octets: Bytes, cause: Cause },
    Section { section: Section, fields: OwnedFields },
}

/// Some of the frames that wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Which {
    /// Every frame on this stream.
    Stream(u32),
    /// HEADERS and PUSH_PROMISE on this stream.
    Sections(u32),
    /// HEADERS on this stream.
    Headers(u32),
    /// What begins a stream of ours with this identifier or a lower one.
    BeginsUpTo(u32),
    /// GOAWAY with a greater last stream ID.
    GoAwayAbove(u32),
}

impl Held {
    /// The stream that it is on; 0 for the connection.
    pub fn stream(&self) -> u32 {
        match self {
            Self::Octets { stream, .. } => *stream,
            Self::Section { section, .. } => section.stream,
        }
    }

    /// The stream of ours that the peer learns of by it.
    pub fn begins(&self) -> Option<u32> {
        match self {
            Self::Section { section, .. } => section.begins,
            Self::Octets { .. } => None,
        }
    }

    fn automatic(&self) -> usize {
        match self {
            Self::Octets { octets, cause: Cause::Automatic, .. } => octets.len(),
            _ => 0,
        }
    }

    fn is_settings_ack(&self) -> bool {
        matches!(self, Self::Octets { octets, cause: Cause::Automatic, .. } if octets.get(3) == Some(&FrameType::SETTINGS.0))
    }

    fn is(&self, which: Which) -> bool {
        match (which, self) {
            (Which::Stream(stream), _) => self.stream() == stream,
            (Which::Sections(stream), Self::Section { section, .. }) => section.stream == stream,
            (Which::Headers(stream), Self::Section { section, .. }) => section.stream == stream && !section.promise,
            (Which::BeginsUpTo(last), _) => self.begins().is_some_and(|begins| begins <= last),
            (Which::GoAwayAbove(last), Self::Octets { octets, .. }) => {
                last_stream_id(octets).is_some_and(|id| id > last)
            }
            _ => false,
        }
    }
}

/// The last stream ID of a frame, if it is GOAWAY.
fn last_stream_id(octets: &Bytes) -> Option<u32> {
    let header = octets.first_chunk().map(FrameHeader::parse)?;
    let payload = octets.slice(HEADER_LENGTH..);
    let goaway = (header.frame_type == FrameType::GOAWAY).then(|| GoAway::parse(&RawFrame { header, payload }))?;
    goaway.ok().map(|goaway| goaway.last_stream_id)
}

impl Hold {
    /// Adds a frame behind the others.
    pub fn push(&mut self, held: Held) {
        self.automatic += held.automatic();
        // Blocks that wait are encoded when they are sent, as the peer's SETTINGS say then: the ACK of these comes first.
        if held.is_settings_ack() { self.held.push_front(held) } else { self.held.push_back(held) }
    }

    /// Bytes of automatic frames among what waits.
    pub fn automatic(&self) -> usize {
        self.automatic
    }

    pub fn contains(&self, which: Which) -> bool {
        self.held.iter().any(|held| held.is(which))
    }

    /// The lowest stream of ours that the peer does not know of yet.
    pub fn first_begun(&self) -> Option<u32> {
        self.held.iter().filter_map(Held::begins).min()
    }

    /// Removes some of what waits.
    pub fn remove(&mut self, which: Which) -> VecDeque<Held> {
        let (removed, kept): (VecDeque<Held>, _) = self.held.drain(..).partition(|held| held.is(which));
        self.held = kept;
        self.automatic -= removed.iter().map(Held::automatic).sum::<usize>();
        removed
    }

    pub fn into_held(self) -> impl Iterator<Item = Held> {
        self.held.into_iter()
    }
}
