//! What a script can do to its connection as a whole.

use super::connection::Connection;
use super::engine::Engine;
use super::error::SendError;
use super::subscription::Subscription;
use crate::h2::{self, CallSite, RawCall};
use crate::http::Fields;
use crate::http::peer::Protocol;
use crate::http::transport::Close;
use crate::wire::frame::{ErrorCode, FrameType, RawFrame, flag};
use bytes::Bytes;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

/// Which directions of a connection scripts have paused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pauses {
    reading: bool,
    writing: bool,
}

impl Connection {
    fn http2_only<T>(
        &self,
        function: &'static str,
        act: impl FnOnce(&mut h2::Connection) -> T,
    ) -> Result<T, SendError> {
        if self.0.gone.get() {
            return Err(SendError::Gone);
        }
        self.with_http2(act).ok_or(SendError::OtherProtocol { function, wanted: Protocol::Http2 })
    }

    /// Sends a frame as it is, on whatever stream it names. SETTINGS go out in place of those that
    /// [`Connection::start`] would queue, if these still wait.
    pub fn send_frame(&self, frame: RawFrame, call: impl Into<RawCall>) -> Result<(), SendError> {
        let call = call.into();
        let send = |engine: &mut h2::Connection| {
            engine.send_raw_frame(&frame, call);
            if frame.header.frame_type == FrameType::SETTINGS && !frame.header.has(flag::ACK) {
                engine.start_without_settings();
            }
        };
        self.called_at(call.site, || self.http2_only("connection.send", send))
    }

    /// Sends octets as they are, over either protocol; `site` is told to who contradicts them.
    pub fn send_octets(&self, octets: Bytes, site: CallSite) -> Result<(), SendError> {
        if self.0.gone.get() {
            return Err(SendError::Gone);
        }
        self.called_at(site, || self.command(|engine| engine.send_octets(octets, site)));
        Ok(())
    }

    /// Sends a PING, for the call at `site`, and waits until the client acknowledged it (RFC 9113 §6.7).
    pub async fn ping(&self, site: CallSite) -> Result<(), SendError> {
        let ping = self.0.pings.begin();
        self.called_at(site, || self.http2_only("connection.ping", |engine| engine.ping(ping.opaque)))?
            .map_err(SendError::Http2)?;
        poll_fn(|context| {
            if ping.is_acked() {
                return Poll::Ready(Ok(()));
            }
            if self.0.gone.get() {
                return Poll::Ready(Err(SendError::Gone));
            }
            self.0.waiters.register(context);
            Poll::Pending
        })
        .await
    }

    /// Waits until the client has acknowledged all SETTINGS that we sent so far (RFC 9113 §6.5.3).
    pub async fn settings_acked(&self) -> Result<(), SendError> {
        poll_fn(|context| {
            match self.http2_only("connection.settings_acked", |engine| engine.settings_acked()) {
                Ok(true) => return Poll::Ready(Ok(())),
                Ok(false) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            self.0.waiters.register(context);
            Poll::Pending
        })
        .await
    }

    /// Frames from the client from now on, of one type or of any.
    pub fn subscribe(&self, wanted: Option<FrameType>) -> Result<Subscription, SendError> {
        self.http2_only("connection.wait_for_frame", |_| ())?;
        Ok(self.0.subscriptions.subscribe(&self.0.account, wanted, self.0.gone.get()))
    }

    /// Sends a SETTINGS frame with these entries, in this order (RFC 9113 §6.5); in place of those that
    /// [`Connection::start`] would queue, if these still wait.
    pub fn send_settings(&self, entries: Vec<(u16, u32)>) -> Result<(), SendError> {
        let sent = self.http2_only("connection.send_settings", |engine| {
            engine.send_settings(&entries).inspect(|()| engine.start_without_settings())
        })?;
        sent.map_err(SendError::Http2)
    }

    /// The client's settings in force (RFC 9113 §6.5.2); `None` over HTTP/1.1.
    pub fn peer_settings(&self) -> Option<h2::Settings> {
        self.of_http2(|engine| engine.peer_settings().clone())
    }

    /// Our settings in force, as far as the client acknowledged them; `None` over HTTP/1.1.
    pub fn local_settings(&self) -> Option<h2::Settings> {
        self.of_http2(|engine| engine.local_settings().clone())
    }

    /// Sends a GOAWAY (RFC 9113 §6.8).
    pub fn go_away(&self, last_stream_id: u32, code: ErrorCode, debug: Bytes) -> Result<(), SendError> {
        self.http2_only("connection.goaway", |engine| engine.go_away(last_stream_id, code, debug))?
            .map_err(SendError::Http2)
    }

    /// Encodes fields with the connection's own HPACK encoder; the client must get to see the block.
    pub fn encode(&self, fields: &Fields) -> Result<Bytes, SendError> {
        self.http2_only("hpack::encode", |engine| {
            engine.encode(fields.iter().map(|field| (&field.name[..], &field.value[..])))
        })
    }

    /// The highest stream identifier that the client has used.
    pub fn last_peer_stream_id(&self) -> u32 {
        self.of_http2(h2::Connection::last_peer_stream_id).unwrap_or_default()
    }

    /// Streams with an exchange in progress, in order.
    pub fn streams(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = self.0.exchanges.borrow().keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Sends a WINDOW_UPDATE for a stream, or for the connection with 0 (RFC 9113 §6.9).
    pub fn window_update(&self, stream_id: u32, increment: u32) -> Result<(), SendError> {
        self.http2_only("connection.window_update", |engine| engine.window_update(stream_id, increment))?
            .map_err(SendError::Http2)
    }

    /// Whether more than `octets` of output wait for the client: nothing else holds them back.
    pub fn output_is_above(&self, octets: usize) -> bool {
        let gate = &self.0.gate;
        !self.is_closed() && !gate.holds() && !gate.is_over() && self.0.engine.borrow().output_waiting() > octets
    }

    /// Bytes of content that the client takes at present on a stream, and on the connection.
    pub(super) fn send_windows(&self, id: u64) -> (usize, usize) {
        let bytes = |window: Option<i64>| usize::try_from(window.unwrap_or_default()).unwrap_or_default();
        let windows = self.of_http2(|engine| (bytes(engine.send_window(id as u32)), bytes(engine.send_window(0))));
        windows.unwrap_or((usize::MAX, usize::MAX))
    }

    /// Tells the engine whether a response waits for the client's window with content that is not queued.
    pub(super) fn want_window(&self, id: u64, wants: bool) {
        if let Some(engine) = self.0.engine.borrow_mut().http2() {
            engine.want_window(id as u32, wants);
        }
    }

    /// Waits until no more than `octets` of output wait to be written, queued content not counted. Raw frames wait for
    /// nothing by themselves: whoever sends many of them waits here, so that memory stays bounded.
    pub async fn output_below(&self, octets: usize) -> Result<(), SendError> {
        poll_fn(|context| {
            if self.is_closed() {
                return Poll::Ready(Err(SendError::Gone));
            }
            if self.0.engine.borrow().output_waiting() <= octets {
                return Poll::Ready(Ok(()));
            }
            self.0.drained.register(context);
            Poll::Pending
        })
        .await
    }

    /// The next stream that we can promise (RFC 9113 §5.1.1); 0 over HTTP/1.1.
    pub fn next_promised_stream_id(&self) -> u32 {
        self.of_http2(h2::Connection::next_stream_id).unwrap_or_default()
    }

    /// The connection ends after the response in progress (HTTP/1.1), or after all of them (HTTP/2).
    pub fn close_after(&self) {
        self.command(Engine::shut_down);
    }

    /// Ends the connection in the given way.
    pub fn close(&self, how: Close) {
        self.0.close.set(Some(how));
        self.wake_pump();
    }

    /// Reads no further until [`Connection::resume_reading`].
    pub fn pause_reading(&self) {
        self.0.paused.set(true);
        self.0.was_paused.set(true);
        self.wake_pump();
    }

    /// Reads again.
    pub fn resume_reading(&self) {
        self.0.paused.set(false);
        self.wake_pump();
    }

    /// What is paused at present.
    pub fn pauses(&self) -> Pauses {
        Pauses { reading: self.0.paused.get(), writing: self.0.gate.is_paused() }
    }

    /// Ends what was not paused at `before`: the script that paused it has failed, and nothing else would end it.
    pub fn end_pauses_since(&self, before: Pauses) {
        let now = self.pauses();
        if now.reading && !before.reading {
            self.resume_reading();
        }
        if now.writing && !before.writing {
            self.resume_writing();
        }
    }

    /// Cuts the output into writes (and TLS records) of at most `octets`; `None` cuts nothing.
    pub fn set_write_size(&self, octets: Option<usize>) {
        self.command(|engine| engine.set_write_size(octets));
    }

    /// Puts a cut here: what was queued goes out as a write of its own.
    pub fn flush(&self) {
        self.command(Engine::flush);
    }
    /// Sends nothing until [`Connection::resume_writing`]; what is queued meanwhile waits.
    pub fn pause_writing(&self) {
        self.0.gate.pause();
    }

    /// Sends again, first of all what was queued meanwhile.
    pub fn resume_writing(&self) {
        self.0.gate.resume();
        self.wake_pump();
    }

    /// Lets each write wait for this long before it leaves, from the next one on. What is queued meanwhile leaves with
    /// it, as far as there is no cut between. Zero: none waits.
    pub fn set_write_delay(&self, delay: Duration) {
        self.0.gate.set_delay(delay);
        self.wake_pump();
    }

    /// Cuts the output off after this many octets beyond those that wait already, counted before TLS. The last ones before
    /// the cut are a write of their own, and nothing leaves after them. Then the connection ends in the given way, or,
    /// with `None`, stays as it is until the client ends it.
    pub fn cut_after(&self, octets: u64, how: Option<Close>) {
        let waiting = {
            let mut engine = self.0.engine.borrow_mut();
            // Content of streams that is due counts as waiting.
            let _ = engine.poll_transmit();
            engine.output_waiting() as u64
        };
        self.0.gate.cut_after(octets.saturating_add(waiting), how);
        self.wake_pump();
    }
}
