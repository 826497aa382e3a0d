//! Checked commands: they refuse what would break a rule, and then have done nothing.

use super::connection::Connection;
use super::events::{Cause, CloseReason, Initiator};
use super::fields::{FieldList, Section, to_owned};
use super::flow::MAX_WINDOW;
use super::message;
use super::misuse::Misuse;
use super::state::{Effect, Input, State};
use super::stream::{Ended, Queued, Stream};
use crate::http::role::Role;
use crate::http::transport::Close;
use crate::wire::frame::{ErrorCode, FrameType, GoAway};
use bytes::{Bytes, BytesMut};

impl Connection {
    /// Opens a stream by the header section of a request, pseudo-fields first. Gives the stream; the request's content
    /// follows by [`send_data`](Self::send_data), unless `end_stream` says that there is none.
    pub fn open<'a>(&mut self, fields: impl FieldList<'a>, end_stream: bool) -> Result<u32, Misuse> {
        self.check_running()?;
        self.check_role(Role::Client, "a request")?;
        if self.shutdown.received.is_some() || self.shutdown.when_done {
            return Err(Misuse::GoingAway);
        }
        let peer = self.outbound.peer();
        if let Some(max) = peer.max_concurrent_streams
            && self.streams.num_local() >= max
        {
            return Err(Misuse::Concurrency { max });
        }
        let method = message::check_request(fields.clone(), peer.enable_connect_protocol)?;
        let id = self.streams.next_local();
        if i64::from(id) > MAX_WINDOW {
            return Err(Misuse::StreamIds);
        }
        self.begin_stream(id, Input::SendHeaders);
        if let Some(stream) = self.streams.get_mut(id) {
            stream.method = method;
            stream.headers_sent = true;
            stream.end_queued = end_stream;
        }
        self.outbound.write_section(&mut self.events, Section::opening(id, end_stream), fields);
        if end_stream {
            self.end_stream(id, Input::SendEndStream);
        }
        Ok(id)
    }

    /// An interim response (1xx except 101), `:status` first. Any number of them may come before the final response.
    pub fn send_informational<'a>(&mut self, stream: u32, fields: impl FieldList<'a>) -> Result<(), Misuse> {
        self.check_role(Role::Server, "a response")?;
        self.check_no_headers(stream)?;
        message::check_response(fields.clone(), message::Status::Informational)?;
        self.open_for_sending(stream);
        self.outbound.write_section(&mut self.events, Section::headers(stream, false), fields);
        Ok(())
    }

    /// The header section of the final response, `:status` first.
    pub fn send_headers<'a>(
        &mut self,
        stream: u32,
        fields: impl FieldList<'a>,
        end_stream: bool,
    ) -> Result<(), Misuse> {
        self.check_role(Role::Server, "a response")?;
        self.check_no_headers(stream)?;
        message::check_response(fields.clone(), message::Status::Final)?;
        self.open_for_sending(stream);
        if let Some(entry) = self.streams.get_mut(stream) {
            entry.headers_sent = true;
            entry.end_queued = end_stream;
        }
        self.outbound.write_section(&mut self.events, Section::headers(stream, end_stream), fields);
        if end_stream {
            self.end_stream(stream, Input::SendEndStream);
        }
        Ok(())
    }

    /// From here on each DATA frame of ours on this stream has this many bytes of padding (RFC 9113 §6.1).
    pub fn set_padding(&mut self, stream: u32, octets: u8) -> Result<(), Misuse> {
        self.sending(stream)?.padding = Some(octets);
        Ok(())
    }

    /// Content. It leaves as the windows allow. An empty `data` is an empty DATA frame.
    pub fn send_data(&mut self, stream: u32, data: Bytes, end_stream: bool) -> Result<(), Misuse> {
        let low_water = self.send_low_water;
        if self.view.is_some() {
            self.sending(stream)?;
            self.check_content(stream, data.len(), end_stream)?;
        }
        let entry = self.sending(stream)?;
        if !entry.headers_sent {
            return Err(Misuse::NoHeaders);
        }
        entry.end_queued = end_stream;
        if let Some(view) = &mut self.view {
            view.content_queued(stream, data.len());
        }
        if self.send_directly(stream, &data, end_stream) {
            return Ok(());
        }
        let Some(entry) = self.streams.get_mut(stream) else { return Ok(()) };
        entry.queued += data.len();
        entry.queue.push_back(Queued::Data { data, end_stream });
        if entry.queue.len() == 1 {
            self.send_at_once(stream);
        }
        if let Some(entry) = self.streams.get_mut(stream)
            && entry.queued > low_water
            && entry.notify.is_none()
        {
            entry.notify = Some(low_water);
        }
        Ok(())
    }

    /// Trailers. They leave after all queued content, and end our half of the stream.
    pub fn send_trailers<'a>(&mut self, stream: u32, fields: impl FieldList<'a>) -> Result<(), Misuse> {
        if !self.sending(stream)?.headers_sent {
            return Err(Misuse::NoHeaders);
        }
        message::check_trailers(fields.clone())?;
        self.check_content(stream, 0, true)?;
        let entry = self.sending(stream)?;
        entry.end_queued = true;
        entry.queue.push_back(Queued::Trailers(to_owned(fields)));
        if entry.queue.len() == 1 {
            self.send_at_once(stream);
        }
        Ok(())
    }

    /// RST_STREAM. Queued content is dropped; what is in the output buffer is not.
    pub fn reset(&mut self, stream: u32, code: ErrorCode) -> Result<(), Misuse> {
        self.check_stream(stream)?;
        self.write_reset(stream, code, Cause::Checked);
        self.stream_reset(stream, code, Initiator::Local);
        Ok(())
    }

    /// PUSH_PROMISE on `parent` with the fields of a request. Gives the promised stream, which is answered like any
    /// other.
    pub fn push_promise<'a>(&mut self, parent: u32, fields: impl FieldList<'a>) -> Result<u32, Misuse> {
        self.check_role(Role::Server, "a push promise")?;
        let state = self.check_stream(parent)?.state;
        self.check_view(parent)?;
        if !self.streams.is_peers(parent) || !matches!(state, State::Open | State::HalfClosedRemote) {
            return Err(Misuse::PushParent);
        }
        if !self.outbound.peer().enable_push {
            return Err(Misuse::PushDisabled);
        }
        if let Some(max) = self.outbound.peer().max_concurrent_streams
            && self.streams.num_local() >= max
        {
            return Err(Misuse::PushConcurrency { max });
        }
        message::check_promise(fields.clone())?;
        let promised = self.streams.next_local();
        if i64::from(promised) > MAX_WINDOW || self.shutdown.received.is_some_and(|last| promised > last) {
            return Err(Misuse::StreamIds);
        }
        self.begin_stream(promised, Input::SendPushPromise);
        self.outbound.write_section(&mut self.events, Section::promise(parent, promised), fields);
        Ok(promised)
    }

    /// PING. Its answer is [`Event::PingAcked`](super::Event::PingAcked).
    pub fn ping(&mut self, opaque: [u8; 8]) -> Result<(), Misuse> {
        self.check_running()?;
        self.outbound.write_frame(&mut self.events, (FrameType::PING, 0, 0), &opaque, Cause::Checked);
        self.outbound.ping_sent();
        Ok(())
    }

    /// SETTINGS, in this order. They hold when [`Event::SettingsAcked`](super::Event::SettingsAcked) comes; what
    /// they widen is tolerated before.
    pub fn send_settings(&mut self, entries: &[(u16, u32)]) -> Result<(), Misuse> {
        self.check_running()?;
        if let Some((id, value, _)) = self.inbound.settings().first_invalid(entries, self.streams.role()) {
            return Err(Misuse::Setting { id, value });
        }
        self.announce(entries.to_vec(), Cause::Checked);
        Ok(())
    }

    /// GOAWAY. Streams above `last_stream_id` are ignored from here on; the others go on, and so does the connection.
    pub fn go_away(&mut self, last_stream_id: u32, code: ErrorCode, debug: Bytes) -> Result<(), Misuse> {
        self.check_running()?;
        if i64::from(last_stream_id) > MAX_WINDOW || self.shutdown.sent.is_some_and(|sent| last_stream_id > sent) {
            return Err(Misuse::LastStreamId { last_stream_id });
        }
        self.view.as_ref().map_or(Ok(()), |view| view.check_goaway(last_stream_id))?;
        if debug.len() + 8 > self.outbound.peer().max_frame_size as usize {
            return Err(Misuse::DebugData);
        }
        self.shutdown.sent = Some(last_stream_id);
        let mut payload = BytesMut::with_capacity(8 + debug.len());
        GoAway { reserved: false, last_stream_id, code, debug }.write(&mut payload);
        self.outbound.write_frame(&mut self.events, (FrameType::GOAWAY, 0, 0), &payload, Cause::Checked);
        Ok(())
    }

    /// GOAWAY(NO_ERROR); new streams are ignored, and the connection is over when the last one has ended.
    pub fn shut_down(&mut self) {
        if self.is_closed() || self.shutdown.when_done {
            return;
        }
        let last = self.last_accepted_stream();
        let sent = self.go_away(last, ErrorCode::NO_ERROR, Bytes::new());
        debug_assert!(sent.is_ok(), "a valid GOAWAY");
        self.shutdown.when_done = true;
        self.finish_if_done();
    }

    /// Over now: streams are dropped, and only what is in the output buffer still goes out. Sends nothing by itself.
    pub fn close(&mut self) {
        self.end(CloseReason::Local(Close::Graceful));
    }

    /// Asks for one [`Event::Writable`](super::Event::Writable) when no more than `level` octets wait in the stream's
    /// queue; 0: all has left, also empty frames, trailers and END_STREAM. If that is so already, or the stream is gone,
    /// gives `true` and no event comes.
    pub fn notify_writable(&mut self, stream: u32, level: usize) -> bool {
        let Some(entry) = self.streams.get_mut(stream) else { return true };
        if entry.queued <= level && (level > 0 || entry.queue.is_empty()) {
            return true;
        }
        entry.notify = Some(level);
        false
    }

    /// The layer above has content for the stream that it gives only when the windows are open, or no longer has any.
    /// Content that waits so counts for [`Limits::stall_timeout`](super::Limits::stall_timeout) as if it were queued.
    pub fn want_window(&mut self, stream: u32, wants: bool) {
        if let Some(entry) = self.streams.get_mut(stream) {
            entry.wants_window = wants;
        }
    }

    /// Refuses everything once the connection is over.
    pub(super) fn check_running(&self) -> Result<(), Misuse> {
        if self.is_closed() { Err(Misuse::ConnectionClosed) } else { Ok(()) }
    }

    /// A stream that is neither idle nor closed.
    pub(super) fn check_stream(&mut self, stream: u32) -> Result<&mut Stream, Misuse> {
        self.check_running()?;
        if stream == 0 {
            return Err(Misuse::StreamUnknown { stream });
        }
        let state = self.streams.state(stream);
        if state == State::Idle {
            return Err(Misuse::StreamUnknown { stream });
        }
        if state.is_closed()
            && let Some(Ended::PeerReset(code)) = self.streams.ended(stream)
        {
            return Err(Misuse::StreamReset { code });
        }
        if let Some(view) = &self.view {
            view.check(stream, self.has_peer_ended(stream))?;
        }
        self.streams.get_mut(stream).ok_or(Misuse::StreamClosed)
    }

    /// A stream on which our half is not ended.
    fn sending(&mut self, stream: u32) -> Result<&mut Stream, Misuse> {
        if self.view.is_some() {
            self.check_stream(stream)?;
            self.check_view(stream)?;
        }
        let role = self.role;
        let entry = self.check_stream(stream)?;
        if entry.end_queued || entry.state.step(role, Input::SendHeaders).0 == Effect::Refuse {
            return Err(Misuse::Ended);
        }
        Ok(entry)
    }

    /// Refuses frames of a message on a stream of which the peer has seen the end, or half a frame.
    fn check_view(&self, stream: u32) -> Result<(), Misuse> {
        self.view.as_ref().map_or(Ok(()), |view| view.check_sending(stream))
    }

    /// Refuses a header section after the final one.
    fn check_no_headers(&mut self, stream: u32) -> Result<(), Misuse> {
        let sent = self.sending(stream)?.headers_sent;
        self.view.as_ref().map_or(Ok(()), |view| view.check_headers(stream))?;
        if sent { Err(Misuse::HeadersSent) } else { Ok(()) }
    }

    /// Refuses content, or its end, that contradicts what raw commands sent.
    fn check_content(&self, stream: u32, octets: usize, end: bool) -> Result<(), Misuse> {
        let (Some(view), Some(entry)) = (&self.view, self.streams.get(stream)) else { return Ok(()) };
        view.check_content(stream, octets, end, entry.send_window.min(self.outbound.window()))
    }

    /// Whether the peer has ended its half.
    fn has_peer_ended(&self, stream: u32) -> bool {
        !matches!(self.streams.state(stream), State::Open | State::HalfClosedLocal | State::ReservedLocal)
    }

    /// HEADERS go out: a reserved stream becomes half-closed (RFC 9113 §5.1).
    fn open_for_sending(&mut self, stream: u32) {
        if let Some(entry) = self.streams.get_mut(stream) {
            entry.state = entry.state.step(self.role, Input::SendHeaders).1;
        }
    }

    /// A stream of ours begins: we open it, or promise it.
    pub(super) fn begin_stream(&mut self, id: u32, input: Input) {
        let (_, state) = State::Idle.step(self.role, input);
        let receive = i64::from(self.inbound.settings().initial_window_size);
        let mut stream = Stream::new(state, receive, i64::from(self.outbound.peer().initial_window_size));
        stream.announced = true;
        self.streams.insert(id, stream);
        self.streams.use_local(id);
    }

    fn check_role(&self, wanted: Role, command: &'static str) -> Result<(), Misuse> {
        if self.role == wanted { Ok(()) } else { Err(Misuse::Role { command, role: self.role }) }
    }
}
