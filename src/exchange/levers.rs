//! What a script can do to its connection as a whole.

use super::connection::{Connection, Engine};
use super::error::SendError;
use super::wait::Waiters;
use crate::h1;
use crate::h2::{self, CallSite, RawCall};
use crate::http::Fields;
use crate::http::peer::Protocol;
use crate::http::transport::Close;
use crate::wire::frame::{ErrorCode, FrameType, RawFrame, flag};
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::Poll;

/// Frames that a slow subscriber may let wait.
const MAX_QUEUED_FRAMES: usize = 1024;

/// Which directions of a connection scripts have paused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pauses {
    reading: bool,
    writing: bool,
}

/// Everyone who waits for frames on a connection.
#[derive(Default)]
pub(super) struct Subscriptions(RefCell<Vec<Weak<Shared>>>);

#[derive(Default)]
struct Shared {
    wanted: Option<FrameType>,
    frames: RefCell<VecDeque<RawFrame>>,
    closed: Cell<bool>,
    waiters: Waiters,
}

/// A PING whose ACK somebody waits for, who may be ended before it comes.
struct Awaited<'c> {
    connection: &'c Connection,
    opaque: [u8; 8],
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.connection.0.pongs.borrow_mut().remove(&self.opaque);
    }
}

/// Frames of one type, or of any, that the client sends from now on.
pub struct Subscription(Rc<Shared>);

impl Subscription {
    /// The next one; `None` when the connection is gone.
    pub async fn next(&self) -> Option<RawFrame> {
        poll_fn(|context| {
            if let Some(frame) = self.0.frames.borrow_mut().pop_front() {
                return Poll::Ready(Some(frame));
            }
            if self.0.closed.get() {
                return Poll::Ready(None);
            }
            self.0.waiters.register(context);
            Poll::Pending
        })
        .await
    }
}

impl Subscriptions {
    fn subscribe(&self, wanted: Option<FrameType>, closed: bool) -> Subscription {
        let shared = Rc::new(Shared { wanted, closed: Cell::new(closed), ..Shared::default() });
        let mut all = self.0.borrow_mut();
        all.retain(|weak| weak.strong_count() > 0);
        all.push(Rc::downgrade(&shared));
        Subscription(shared)
    }

    pub fn publish(&self, frame: &RawFrame) {
        if self.0.borrow().is_empty() {
            return;
        }
        let all = self.0.borrow().clone();
        for shared in all.iter().filter_map(Weak::upgrade) {
            if shared.wanted.is_none_or(|wanted| wanted == frame.header.frame_type) {
                let mut frames = shared.frames.borrow_mut();
                if frames.len() < MAX_QUEUED_FRAMES {
                    frames.push_back(frame.clone());
                }
                drop(frames);
                shared.waiters.wake();
            }
        }
    }

    pub fn close(&self) {
        for shared in self.0.take().iter().filter_map(Weak::upgrade) {
            shared.closed.set(true);
            shared.waiters.wake();
        }
    }
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
        self.http2_only("connection.send", |engine| {
            engine.send_raw_frame(&frame, call);
            if frame.header.frame_type == FrameType::SETTINGS && !frame.header.has(flag::ACK) {
                engine.start_without_settings();
            }
        })
    }

    /// Sends octets as they are, over either protocol; `site` is told to who contradicts them.
    pub fn send_octets(&self, octets: Bytes, site: CallSite) -> Result<(), SendError> {
        if self.0.gone.get() {
            return Err(SendError::Gone);
        }
        match self.0.protocol {
            Protocol::Http1 => self.with_http1(|engine| engine.send_raw(octets, h1::Track::Yes)),
            Protocol::Http2 => self.with_http2(|engine| engine.send_raw_octets(octets, site)),
        };
        Ok(())
    }

    /// Sends a PING and waits until the client acknowledged it (RFC 9113 §6.7).
    pub async fn ping(&self) -> Result<(), SendError> {
        let number = self.0.next_ping.get();
        self.0.next_ping.set(number + 1);
        let opaque = *b"wire\0\0\0\0";
        let opaque = (u64::from_be_bytes(opaque) | (number & 0xffff_ffff)).to_be_bytes();
        self.0.pongs.borrow_mut().insert(opaque, false);
        let _awaited = Awaited { connection: self, opaque };
        self.http2_only("connection.ping", |engine| engine.ping(opaque))?.map_err(SendError::Http2)?;
        poll_fn(|context| {
            if self.0.pongs.borrow().get(&opaque) == Some(&true) {
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
        Ok(self.0.subscriptions.subscribe(wanted, self.0.gone.get()))
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
        match &*self.0.engine.borrow() {
            Engine::Http1(_) => None,
            Engine::Http2(engine) => Some(engine.peer_settings().clone()),
        }
    }

    /// Our settings in force, as far as the client acknowledged them; `None` over HTTP/1.1.
    pub fn local_settings(&self) -> Option<h2::Settings> {
        match &*self.0.engine.borrow() {
            Engine::Http1(_) => None,
            Engine::Http2(engine) => Some(engine.local_settings().clone()),
        }
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
        match &*self.0.engine.borrow() {
            Engine::Http1(_) => 0,
            Engine::Http2(engine) => engine.last_peer_stream_id(),
        }
    }

    /// Streams with an exchange under way, in order.
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

    /// Waits until no more than `octets` of output wait to be written, queued content not counted. Raw frames wait for
    /// nothing by themselves: whoever sends many of them waits here, so that memory stays bounded.
    pub async fn output_below(&self, octets: usize) -> Result<(), SendError> {
        poll_fn(|context| {
            if self.is_closed() {
                return Poll::Ready(Err(SendError::Gone));
            }
            let waiting = match &*self.0.engine.borrow() {
                Engine::Http1(engine) => engine.queued(),
                Engine::Http2(engine) => engine.output_waiting(),
            };
            if waiting <= octets {
                return Poll::Ready(Ok(()));
            }
            self.0.drained.register(context);
            Poll::Pending
        })
        .await
    }

    /// The next stream that we can promise (RFC 9113 §5.1.1); 0 over HTTP/1.1.
    pub fn next_promised_stream_id(&self) -> u32 {
        match &*self.0.engine.borrow() {
            Engine::Http1(_) => 0,
            Engine::Http2(engine) => engine.next_stream_id(),
        }
    }

    /// Ends the connection in the given way.
    pub fn close(&self, how: Close) {
        self.0.close.set(Some(how));
        self.wake_pump();
    }

    /// Reads no further until [`Connection::resume_reading`].
    pub fn pause_reading(&self) {
        self.0.paused.set(true);
        self.wake_pump();
    }

    /// Reads again.
    pub fn resume_reading(&self) {
        self.0.paused.set(false);
        self.wake_pump();
    }

    /// What is paused at present.
    pub fn pauses(&self) -> Pauses {
        Pauses { reading: self.0.paused.get(), writing: self.0.writing.is_paused() }
    }

    /// Ends what was not paused at `before`: whoever has paused it has failed, and nobody is left to end it.
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
        match self.0.protocol {
            Protocol::Http1 => self.with_http1(|engine| engine.set_write_size(octets)),
            Protocol::Http2 => self.with_http2(|engine| engine.set_write_size(octets)),
        };
    }

    /// Puts a cut here: what was queued goes out as a write of its own.
    pub fn flush(&self) {
        match self.0.protocol {
            Protocol::Http1 => self.with_http1(h1::Connection::flush),
            Protocol::Http2 => self.with_http2(h2::Connection::flush),
        };
    }
}
