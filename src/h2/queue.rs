//! Events that wait to be taken.

use super::events::{Broken, Cause, Event, NotSentReason, Unsent};
use crate::wire::frame::{FrameType, HEADER_LENGTH};
use bytes::BytesMut;
use std::collections::VecDeque;

/// An empty queue with more room than this gives it back.
const KEEP: usize = 64;

/// The events of a connection, in order, with what was sent and not sent among them if that is recorded.
#[derive(Debug)]
pub(super) struct EventQueue {
    events: VecDeque<Event>,
    record_frames: bool,
    record_data: usize,
    /// What [`Event::Sent`] is cut from, so that not each needs memory of its own.
    recorded: BytesMut,
}

impl EventQueue {
    /// An empty queue. With `record_frames`, [`Event::Sent`] and [`Event::NotSent`] are kept, the former with
    /// `record_data` bytes of a DATA frame's payload.
    pub fn new(record_frames: bool, record_data: usize) -> Self {
        Self { events: VecDeque::new(), record_frames, record_data, recorded: BytesMut::new() }
    }

    pub fn push(&mut self, event: Event) {
        self.events.push_back(event);
    }

    pub fn pop(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if event.is_none() && self.events.capacity() > KEEP {
            self.events = VecDeque::new();
        }
        event
    }

    /// These bytes were put into the output.
    pub fn sent(&mut self, octets: &[u8], cause: Cause) {
        if !self.record_frames {
            return;
        }
        let length = octets.len();
        let is_data = cause != Cause::Raw && octets.get(3) == Some(&FrameType::DATA.0);
        let kept = if is_data { self.record_data.saturating_add(HEADER_LENGTH) } else { usize::MAX };
        self.recorded.extend_from_slice(octets.get(..kept).unwrap_or(octets));
        let octets = self.recorded.split().freeze();
        self.events.push_back(Event::Sent { octets, length, cause, broken: Vec::new() });
    }

    /// How many there are: the place of the next one.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Adds a broken rule to the [`Event::Sent`] at this place, if what is sent is recorded.
    pub fn note_broken(&mut self, place: usize, rule: Broken) {
        if let Some(Event::Sent { broken, .. }) = self.events.get_mut(place) {
            broken.push(rule);
        }
    }

    /// Something will not be sent.
    pub fn not_sent(&mut self, why: NotSentReason, what: impl FnOnce() -> Unsent) {
        if self.record_frames {
            self.events.push_back(Event::NotSent { what: what(), why });
        }
    }
}
