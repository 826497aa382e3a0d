//! Raw commands: bytes are sent as they are, at once. What the peer sees by them is read by a [`PeerView`], and what
//! follows from that is carried out here.

use super::connection::Connection;
use super::events::{Broken, Cause, Event, Initiator, NotSentReason};
use super::fields::FieldList;
use super::flow::MAX_WINDOW;
use super::hold::Which;
use super::misuse::{CallSite, Misuse};
use super::peer_view::{Consequence, Context, PeerView, RawCall, Track};
use super::rules::Rule;
use super::state::{Effect, Input};
use super::stream::{Ended, Method};
use crate::wire::frame::{ErrorCode, FrameHeader, HEADER_LENGTH, RawFrame};
use bytes::{Bytes, BytesMut};

impl Connection {
    /// Sends a frame as it is, at once, before queued content, whatever it is.
    pub fn send_raw_frame(&mut self, frame: &RawFrame, call: impl Into<RawCall>) {
        if self.is_closed() {
            return;
        }
        let mut octets = BytesMut::with_capacity(HEADER_LENGTH + frame.payload.len());
        frame.write(&mut octets);
        let sent = self.events.len();
        self.outbound.write_octets(&mut self.events, &octets, Cause::Raw);
        let call = call.into();
        // As it will be read: some bits of a header have no room on the wire.
        let header = octets.first_chunk().map_or(frame.header, FrameHeader::parse);
        let is_whole = header.length as usize == frame.payload.len();
        let view = self.view.get_or_insert_default();
        let by_itself =
            if view.is_unreadable() { call.track == Track::Yes } else { is_whole && view.is_between_frames() };
        if by_itself {
            let frame = RawFrame { header, payload: frame.payload.clone() };
            let seen = self.look(|view, context| (view.observe(&frame, call, context), view.broken()));
            if let Some((consequences, broken)) = seen {
                self.carry_out(consequences);
                self.note_broken(sent, octets.len(), broken);
            }
        } else {
            self.observe_octets(&octets, call, sent);
        }
        self.update_hold();
    }

    /// Sends bytes as they are, at once, before queued content. As far as they are frames, or parts of frames, they
    /// count as raw frames that are not tracked.
    pub fn send_raw_octets(&mut self, octets: Bytes, site: CallSite) {
        if self.is_closed() {
            return;
        }
        let sent = self.events.len();
        self.outbound.write_octets(&mut self.events, &octets, Cause::Raw);
        self.observe_octets(&octets, Track::No.at(site), sent);
        self.update_hold();
    }

    /// Encodes fields for use in a raw frame. The block relies on no dynamic entry and makes none, so that it stays right
    /// whatever is sent before it, or if it is not sent at all; it begins with the size updates that are due.
    pub fn encode<'a>(&mut self, fields: impl FieldList<'a>) -> Bytes {
        self.outbound.encode_apart(fields)
    }

    /// The layer above is done with this stream: what raw frames did to it without being tracked counts for our own
    /// state too from here on.
    pub fn settle(&mut self, stream: u32) {
        let end = self.view.as_ref().and_then(|view| view.untracked_end(stream));
        self.carry_out(end);
    }

    /// Whether the peer still waits for the end of a frame or field block that a raw command began on this stream.
    ///
    /// # Errors
    /// [`Misuse::Contradicts`], with the command that began it.
    pub fn check_finished(&self, stream: u32) -> Result<(), Misuse> {
        self.view.as_ref().map_or(Ok(()), |view| view.check_inside(stream))
    }

    /// Whether any raw command was given.
    pub fn has_sent_raw(&self) -> bool {
        self.view.is_some()
    }

    /// Reads bytes as the peer does, frame by frame. `sent` is the place of their event.
    fn observe_octets(&mut self, octets: &[u8], call: RawCall, sent: usize) {
        self.view.get_or_insert_default().push(octets, call.site);
        let next = |view: &mut PeerView, context: &mut Context<'_>| {
            let consequences = view.observe_next(call, context)?;
            Some((consequences, view.broken(), view.unread()))
        };
        while let Some(Some((consequences, broken, unread))) = self.look(next) {
            self.carry_out(consequences);
            self.note_broken(sent, octets.len().saturating_sub(unread), broken);
        }
    }

    /// Puts a rule that the frame breaks that ends at `end` into the event of what was sent.
    fn note_broken(&mut self, sent: usize, end: usize, broken: Option<Rule>) {
        if let Some(rule) = broken {
            self.events.note_broken(sent, Broken { end, rule });
        }
    }

    /// Lets the view look at something; `None` if there is no view.
    fn look<T>(&mut self, at: impl FnOnce(&mut PeerView, &mut Context<'_>) -> T) -> Option<T> {
        let view = self.view.as_deref_mut()?;
        let around = (&self.streams, self.inbound.settings(), self.inbound.window.available());
        Some(self.outbound.look(view, around, at))
    }

    /// Does what follows from what the peer has seen.
    fn carry_out(&mut self, consequences: impl IntoIterator<Item = Consequence>) {
        for consequence in consequences {
            match consequence {
                Consequence::UseWindows { stream, octets } => self.use_send_windows(stream, octets as i64),
                Consequence::DropQueue { stream, why } => self.drop_queued(stream, why),
                Consequence::DropHeld { which, why } => self.drop_held(which, why),
                Consequence::Headers { stream, is_final, method } => self.raw_headers_sent(stream, is_final, method),
                Consequence::End { stream } => self.raw_end_sent(stream),
                Consequence::Reset { stream, code } => self.raw_reset_sent(stream, code),
                Consequence::Begun { stream, track: Track::No, .. } => self.streams.use_local(stream),
                Consequence::Begun { stream, by, track: Track::Yes } => self.begin_stream(stream, by),
                Consequence::Settings { entries, track: Track::Yes } => self.raw_settings_sent(entries),
                Consequence::Settings { entries, track: Track::No } => self.tolerate_settings(entries),
                Consequence::Ping => self.outbound.ping_sent(),
                Consequence::GoAway { last_stream_id } => {
                    let lowest = self.shutdown.sent.unwrap_or(last_stream_id).min(last_stream_id);
                    self.shutdown.sent = Some(lowest);
                }
                Consequence::WindowUpdate { stream, increment, track } => self.raw_grant(stream, increment, track),
            }
        }
    }

    fn use_send_windows(&mut self, stream: u32, octets: i64) {
        self.outbound.use_window(octets);
        if let Some(stream) = self.streams.get_mut(stream) {
            stream.send_window -= octets;
        }
    }

    fn drop_queued(&mut self, id: u32, why: NotSentReason) {
        let Some(stream) = self.streams.get_mut(id) else { return };
        stream.queued = 0;
        let queue = std::mem::take(&mut stream.queue);
        if stream.notify.take().is_some() {
            self.events.push(Event::Writable { stream: id, queued: 0, end_sent: true });
        }
        self.drop_queue(id, queue, why);
    }

    fn raw_headers_sent(&mut self, stream: u32, is_final: bool, method: Option<Method>) {
        let Some(stream) = self.streams.get_mut(stream) else { return };
        let (effect, next) = stream.state.step(self.role, Input::SendHeaders);
        if effect != Effect::Refuse {
            stream.state = next;
        }
        stream.headers_sent |= is_final;
        stream.method = method.unwrap_or(stream.method);
    }

    fn raw_end_sent(&mut self, id: u32) {
        let Some(stream) = self.streams.get_mut(id) else { return };
        if stream.state.step(self.role, Input::SendEndStream).0 == Effect::Refuse {
            return;
        }
        stream.end_queued = true;
        self.end_stream(id, Input::SendEndStream);
    }

    fn raw_reset_sent(&mut self, stream: u32, code: ErrorCode) {
        if self.streams.contains(stream) {
            self.stream_reset(stream, code, Initiator::Local);
        }
    }

    fn raw_settings_sent(&mut self, entries: Vec<(u16, u32)>) {
        let delta = self.inbound.settings_sent(entries);
        self.streams.adjust_receive_windows(delta);
    }

    fn tolerate_settings(&mut self, entries: Vec<(u16, u32)>) {
        let delta = self.inbound.settings_tolerated(entries, self.role);
        self.streams.adjust_receive_windows(delta);
    }

    fn raw_grant(&mut self, stream: u32, increment: u32, track: Track) {
        let window = match stream {
            0 => Some(&mut self.inbound.window),
            _ => self.streams.get_mut(stream).map(|stream| &mut stream.receive),
        };
        let Some(window) = window else { return };
        let room = MAX_WINDOW - window.available();
        let increment = u32::try_from(i64::from(increment).min(room)).unwrap_or(0);
        match track {
            Track::Yes => window.grant(increment),
            Track::No => window.tolerate(increment),
        }
    }

    // ---- What waits

    fn update_hold(&mut self) {
        if let Some(view) = &mut self.view {
            self.outbound.update_hold(&mut self.events, view);
        }
    }

    /// Removes what waits and may not be sent any more, and streams that the peer would have learnt of by it.
    pub(super) fn drop_held(&mut self, which: Which, why: NotSentReason) {
        for held in self.outbound.drop_held(&mut self.events, which, why) {
            if let Some(begun) = held.begins() {
                self.drop_held(Which::Stream(begun), why);
                self.take_out(begun, Ended::WeReset, why);
            }
        }
    }

    /// Ends the field block of a stream that is given up, so that other frames can follow.
    pub(super) fn finish_block(&mut self, stream: u32) {
        if let Some(view) = &mut self.view {
            self.outbound.end_raw_block(&mut self.events, view, stream);
        }
    }
}
