//! The raw lane: octets go out as they are, at once. What they mean to whoever reads them is remembered.

mod blocks;
mod follow;
mod hold;
mod told;

pub(super) use hold::{Held, Hold};
pub use told::Contradiction;
pub(super) use told::Told;

use super::connection::Connection;
use super::events::Cause;
use super::write::FieldList;
use crate::wire::frame::{FrameHeader, HEADER_LENGTH, RawFrame};
use crate::wire::hpack;
use bytes::{Bytes, BytesMut};

/// Whether local state follows a raw frame.
///
/// What the peer has read is remembered in either case: that a stream was ended or reset, what header section and how
/// much content it got, what blocks did to its dynamic table, how far its windows are used up, where in a frame or
/// field block it stands. Checked commands refuse to contradict that ([`Misuse::Contradicts`](super::Misuse)), and
/// frames that nobody could read wait.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Track {
    /// The frame counts as one of the checked lane, as far as it can be read: END_STREAM and RST_STREAM end our half,
    /// SETTINGS are what we go by once they are acknowledged, GOAWAY bounds new streams, the stream of a PUSH_PROMISE
    /// can be answered.
    Yes,
    /// Our own state stays as it is: a stream that was ended or reset goes on to be read until [`settle`], streams above
    /// that of a GOAWAY are still taken, and the peer may keep to SETTINGS or not.
    ///
    /// [`settle`]: Connection::settle
    No,
}

/// Where a raw command came from: a number that means something to the layer above; 0 is unknown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct CallSite(pub u32);

/// How a raw command is meant, and where it came from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RawCall {
    /// Whether local state follows.
    pub track: Track,
    /// What a contradiction is said to come from.
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

impl Connection {
    /// Sends a frame as it is, at once, before queued content, whatever it is.
    pub fn send_raw_frame(&mut self, frame: &RawFrame, call: impl Into<RawCall>) {
        if self.is_closed() {
            return;
        }
        let mut octets = BytesMut::with_capacity(HEADER_LENGTH + frame.payload.len());
        frame.write(&mut octets);
        self.write_octets(&octets, Cause::Raw);
        let call = call.into();
        // As it will be read: some bits of a header have no room on the wire.
        let header = octets.first_chunk().map_or(frame.header, FrameHeader::parse);
        let is_whole = header.length as usize == frame.payload.len();
        let told = self.told_mut();
        if told.is_unreadable {
            if call.track == Track::Yes {
                self.follow(&RawFrame { header, payload: frame.payload.clone() }, call);
            }
        } else if is_whole && told.incomplete.is_empty() {
            self.follow(&RawFrame { header, payload: frame.payload.clone() }, call);
        } else {
            self.follow_octets(&octets, call);
        }
        self.renew_hold();
    }

    /// Sends octets as they are, at once, before queued content. As far as they are frames, or parts of frames, they
    /// count as raw frames that are not tracked.
    pub fn send_raw_octets(&mut self, octets: Bytes, site: CallSite) {
        if self.is_closed() {
            return;
        }
        self.write_octets(&octets, Cause::Raw);
        if !self.told_mut().is_unreadable {
            self.follow_octets(&octets, Track::No.at(site));
        }
        self.renew_hold();
    }

    /// Encodes fields for use in a raw frame. The block relies on no dynamic entry and makes none, so that it stays right
    /// whatever is sent before it, or if it is not sent at all; it begins with the size updates that are due.
    pub fn encode<'a>(&mut self, fields: impl FieldList<'a>) -> Bytes {
        let mut block = BytesMut::new();
        self.encoder.write_size_updates(&mut block);
        let mut encoder = hpack::Encoder::new();
        encoder.forget_table();
        encoder.encode(fields, &mut block);
        block.freeze()
    }

    /// Whoever answers this stream is through: what raw frames have done to the stream without being tracked counts for
    /// our own state too from here on.
    pub fn settle(&mut self, stream: u32) {
        self.settle_stream(stream);
    }

    /// Whether any raw command was given.
    pub fn has_sent_raw(&self) -> bool {
        self.told.is_some()
    }

    fn told_mut(&mut self) -> &mut Told {
        self.told.get_or_insert_default()
    }

    /// Reads octets as the peer does, frame by frame.
    fn follow_octets(&mut self, octets: &[u8], call: RawCall) {
        let mut rest = std::mem::take(&mut self.told_mut().incomplete);
        let mut begins = rest.is_empty();
        rest.extend_from_slice(octets);
        while let Some(header) = rest.first_chunk().map(FrameHeader::parse) {
            if let Some(frame) = RawFrame::take(&mut rest) {
                begins = true;
                self.follow(&frame, call);
            } else if header.length > self.peer.max_frame_size {
                // Nobody waits for the end of such a frame: where the next one begins is not known any more.
                self.lose_peer();
                self.encoder.forget_table();
                self.told_mut().is_unreadable = true;
                return;
            } else {
                break;
            }
        }
        let told = self.told_mut();
        if begins {
            told.incomplete_site = call.site;
        }
        told.incomplete = rest;
    }
}
