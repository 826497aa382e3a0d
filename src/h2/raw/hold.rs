//! What waits until a frame or field block that a raw command has begun is whole.

use crate::h2::connection::Connection;
use crate::h2::events::{Cause, Event, NotSentReason, Unsent};
use crate::h2::stream::{Ended, OwnedFields};
use crate::h2::write::{Section, borrowed};
use crate::wire::frame::{FrameHeader, FrameType, GoAway, HEADER_LENGTH, RawFrame};
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;

/// A raw frame or field block has not ended: frames of everybody else wait.
#[derive(Debug, Default)]
pub(in crate::h2) struct Hold {
    pub held: VecDeque<Held>,
    /// Automatic octets among them.
    pub automatic: usize,
}

/// A frame that waits.
#[derive(Debug)]
pub(in crate::h2) enum Held {
    Octets { stream: u32, octets: Bytes, cause: Cause },
    Section { section: Section, fields: OwnedFields },
}

impl Held {
    fn stream(&self) -> u32 {
        match self {
            Self::Octets { stream, .. } => *stream,
            Self::Section { section, .. } => section.stream,
        }
    }

    fn is_settings_ack(&self) -> bool {
        matches!(self, Self::Octets { octets, cause: Cause::Automatic, .. } if octets.get(3) == Some(&FrameType::SETTINGS.0))
    }

    /// HEADERS or PUSH_PROMISE of this stream.
    pub(super) fn is_section_of(&self, stream: u32) -> bool {
        matches!(self, Self::Section { section, .. } if section.stream == stream)
    }

    /// The header section of a response on this stream, final or not.
    pub(super) fn is_headers_of(&self, stream: u32) -> bool {
        self.is_section_of(stream) && self.promised().is_none()
    }

    pub(super) fn promised(&self) -> Option<u32> {
        match self {
            Self::Section { section, .. } => section.promised,
            Self::Octets { .. } => None,
        }
    }

    /// GOAWAY with a greater last stream identifier than this.
    pub(super) fn is_goaway_above(&self, last: u32) -> bool {
        let Self::Octets { octets, .. } = self else { return false };
        let Some(header) = octets.first_chunk().map(FrameHeader::parse) else { return false };
        header.frame_type == FrameType::GOAWAY
            && GoAway::parse(&RawFrame { header, payload: octets.slice(HEADER_LENGTH..) })
                .is_ok_and(|goaway| goaway.last_stream_id > last)
    }
}

impl Connection {
    /// Begins or ends the waiting, as what raw commands have sent so far wants it.
    pub(super) fn renew_hold(&mut self) {
        if let Some(told) = &mut self.told
            && told.has_lost_peer
            && !std::mem::take(&mut told.incomplete).is_empty()
        {
            // As nothing waits for its end, frames of others may get into it.
            told.is_unreadable = true;
            self.encoder.forget_table();
        }
        match (self.told.as_ref().is_some_and(|told| told.is_inside()), &self.hold) {
            (true, None) => self.hold = Some(Hold::default()),
            (false, Some(_)) => self.let_go(),
            _ => {}
        }
    }

    fn let_go(&mut self) {
        let Some(hold) = self.hold.take() else { return };
        for held in hold.held {
            match held {
                Held::Octets { octets, cause, .. } => self.write_octets(&octets, cause),
                Held::Section { section, fields } => self.encode_section(section, borrowed(&fields)),
            }
        }
    }

    /// Queues a whole frame, behind what raw commands have begun.
    pub(in crate::h2) fn write_or_hold(&mut self, stream: u32, octets: Bytes, cause: Cause) {
        let Some(hold) = &mut self.hold else { return self.write_octets(&octets, cause) };
        if cause == Cause::Automatic {
            hold.automatic += octets.len();
        }
        let held = Held::Octets { stream, octets, cause };
        // Blocks that wait are encoded when they go out, by what the peer's SETTINGS say then: the ACK of these comes first.
        if held.is_settings_ack() { hold.held.push_front(held) } else { hold.held.push_back(held) }
    }

    /// The connection ends: what is held is not sent.
    pub(in crate::h2) fn drop_hold(&mut self) {
        let Some(hold) = self.hold.take() else { return };
        if !self.record_frames {
            return;
        }
        for held in hold.held {
            let what = Unsent::Held { stream: held.stream() };
            self.events.push_back(Event::NotSent { what, why: NotSentReason::ConnectionClosed });
        }
    }

    /// What waits on a stream that the peer has reset is not sent any more.
    pub(in crate::h2) fn drop_held_of(&mut self, stream: u32, why: NotSentReason) {
        if self.hold.is_some() {
            self.drop_held(why, &|held| held.stream() == stream);
        }
    }

    /// Takes out what waits and may not be sent any more, and streams that were only promised with it.
    pub(super) fn drop_held(&mut self, why: NotSentReason, which: &dyn Fn(&Held) -> bool) {
        let Some(hold) = &mut self.hold else { return };
        let mut dropped = Vec::new();
        for held in std::mem::take(&mut hold.held) {
            if which(&held) {
                dropped.push(held);
            } else {
                hold.held.push_back(held);
            }
        }
        for held in dropped {
            if self.record_frames {
                let what = Unsent::Held { stream: held.stream() };
                self.events.push_back(Event::NotSent { what, why });
            }
            if let Held::Octets { octets, cause: Cause::Automatic, .. } = &held
                && let Some(hold) = &mut self.hold
            {
                hold.automatic = hold.automatic.saturating_sub(octets.len());
            }
            if let Some(promised) = held.promised() {
                self.drop_held(why, &|held| held.stream() == promised);
                self.take_out(promised, Ended::WeReset, why);
            }
        }
    }

    /// Ends a field block of a stream that is given up, so that everybody else can go on, by a CONTINUATION without
    /// octets. That is not possible while a frame has not ended, or if the block would be unreadable.
    pub(in crate::h2) fn finish_block(&mut self, stream: u32) {
        let Some(told) = &mut self.told else { return };
        if told.has_lost_peer || !told.incomplete.is_empty() {
            return;
        }
        let Some(block) = told.block.take_if(|block| block.stream == stream) else { return };
        match &block.octets {
            Some(octets) if self.encoder.observe(octets, |_, _| {}).is_err() => {
                self.told_mut().block = Some(block);
                return;
            }
            Some(_) => {}
            None => self.encoder.forget_table(),
        }
        let end = RawFrame::new(FrameType::CONTINUATION, crate::wire::frame::flag::END_HEADERS, stream, Bytes::new());
        let mut octets = BytesMut::with_capacity(HEADER_LENGTH);
        end.write(&mut octets);
        self.write_octets(&octets, Cause::Automatic);
        self.renew_hold();
    }
}
