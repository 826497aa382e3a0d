//! Sending the response: the checked lane, and the raw one.

use super::conversation::{Announced, Exchange, Outcome, Progress};
use super::error::SendError;
use super::prepared::{ResponseHead, StatusText, pairs};
use super::request::{RawHead, Request, Routing};
use crate::h1::{self, BodyLength, RequestId};
use crate::h2::{self, CallSite, RawCall, Track};
use crate::http::fields::is_forbidden_in_trailers;
use crate::http::latin1::{latin1, octets_of_text};
use crate::http::peer::Protocol;
use crate::http::{ContentRule, Fields, status};
use crate::wire::frame::{ErrorCode, FrameType, RawFrame};
use bytes::Bytes;
use std::future::poll_fn;
use std::task::Poll;

/// Octets that may wait in the engine before a writer waits too.
const LOW_WATER: usize = 64 * 1024;

impl Exchange {
    fn progress(&self) -> Progress {
        self.0.response.get()
    }

    fn update(&self, change: impl FnOnce(&mut Progress)) {
        let mut progress = self.0.response.get();
        change(&mut progress);
        self.0.response.set(progress);
    }

    /// Whether the final status and fields went out (or a raw call stands for them).
    pub fn headers_sent(&self) -> bool {
        self.progress().headers
    }

    /// The status of the final response that went out, as far as it is known: raw octets are not read.
    pub fn status_sent(&self) -> Option<u16> {
        self.progress().status
    }

    /// Whether the response is complete.
    pub fn response_ended(&self) -> bool {
        self.progress().ended
    }

    /// Whether a raw call has written something on this exchange.
    pub fn raw_used(&self) -> bool {
        self.progress().raw
    }

    fn check_open(&self) -> Result<(), SendError> {
        match self.outcome() {
            Outcome::Reset(code) => Err(SendError::Reset(code)),
            Outcome::Gone => Err(SendError::Gone),
            Outcome::Complete | Outcome::Open if self.progress().ended => Err(SendError::Ended),
            Outcome::Complete | Outcome::Open => Ok(()),
        }
    }

    /// After raw frames the engine of HTTP/2 knows better what the client has got.
    fn check_no_headers(&self) -> Result<(), SendError> {
        let Progress { headers, raw, .. } = self.progress();
        if headers && !(raw && self.protocol() == Protocol::Http2) { Err(SendError::HeadersSent) } else { Ok(()) }
    }

    fn http2<T>(&self, act: impl FnOnce(&mut h2::Connection, u32) -> Result<T, h2::Misuse>) -> Result<T, SendError> {
        let id = self.0.id as u32;
        let connection = &self.0.connection;
        match connection.called_at(self.call(), || connection.with_http2(|engine| act(engine, id))) {
            Some(Ok(done)) => Ok(done),
            None | Some(Err(h2::Misuse::ConnectionClosed)) => Err(SendError::Gone),
            Some(Err(h2::Misuse::StreamReset { code })) => Err(SendError::Reset(code)),
            Some(Err(misuse)) => Err(SendError::Http2(misuse)),
        }
    }

    fn http1(
        &self,
        act: impl FnOnce(&mut h1::Connection, RequestId) -> Result<(), h1::Misuse>,
    ) -> Result<(), SendError> {
        let id = RequestId(self.0.id);
        let connection = &self.0.connection;
        match connection.called_at(self.call(), || connection.with_http1(|engine| act(engine, id))) {
            Some(Ok(())) => Ok(()),
            // The client can bring these about at any moment.
            None | Some(Err(h1::Misuse::NotActive(_) | h1::Misuse::Closed)) => Err(SendError::Gone),
            Some(Err(misuse)) => Err(SendError::Http1(misuse)),
        }
    }

    /// Sends an interim response, 1xx but 101 (RFC 9110 §15.2).
    pub fn send_informational(&self, status: u16, fields: &Fields) -> Result<(), SendError> {
        self.check_open()?;
        self.check_no_headers()?;
        // RFC 9110 §8.6: not with 1xx.
        if let Some(field) = fields.iter().find(|field| field.is("content-length") || field.is("transfer-encoding")) {
            return Err(SendError::Interim { name: latin1(&field.name) });
        }
        match self.protocol() {
            Protocol::Http2 => {
                let text = StatusText::new(status);
                self.http2(|engine, id| engine.send_informational(id, text.and(&fields.lower_cased())))?;
            }
            Protocol::Http1 => self.http1(|engine, id| engine.send_informational(id, status, None, fields))?,
        }
        if status == 100 {
            self.expect_continue(false);
        }
        Ok(())
    }

    /// HEAD is answered with content, as GET would be; to be said before the head is sent.
    pub fn allow_content_for_head(&self, allow: bool) {
        if self.progress().content_for_head != allow {
            self.update(|progress| progress.content_for_head = allow);
        }
    }

    /// What the request's method and this status say about content.
    pub fn content_rule(&self, status: u16) -> ContentRule {
        let method = &self.request().method[..];
        let as_get = method == b"HEAD" && self.progress().content_for_head;
        ContentRule::of(if as_get { b"GET" } else { method }, status)
    }

    /// Whether the final head is out and says that there is no content: what is written as content is dropped.
    pub fn drops_content(&self) -> bool {
        self.progress().without_content
    }

    /// Sends the final status and fields; `end` says that no content and no trailers follow. Where there can be no
    /// content ([`Exchange::content_rule`]) the response ends with its head in any case, and what is written after it
    /// is dropped. Names are in lower case over HTTP/2.
    pub fn send_head(&self, head: &ResponseHead, end: bool) -> Result<(), SendError> {
        let without_content = !self.content_rule(head.status).allows_content();
        self.write_head(head, end || without_content)?;
        if without_content {
            self.update(|progress| progress.without_content = true);
        }
        Ok(())
    }

    /// As [`Exchange::send_head`], and whatever [`Exchange::send_data`] sends must have the length that the head
    /// announces. Raw calls end that.
    ///
    /// # Errors
    /// [`SendError::ContentLength`] if the response ends here, and its length is not 0.
    pub fn send_binding_head(&self, head: &ResponseHead, end: bool) -> Result<(), SendError> {
        let allowed = self.content_rule(head.status).allows_content();
        let announced = announced(&head.fields).filter(|_| allowed);
        if let Some(announced) = announced.filter(|announced| end && *announced > 0) {
            return Err(SendError::ContentLength { announced, content: 0 });
        }
        self.send_head(head, end)?;
        self.0.announced.set(announced.map(|octets| Announced { octets, sent: 0 }));
        Ok(())
    }

    /// Sends the final status and fields of a response that is to break off: it does not end with them, even if it has
    /// no content.
    pub fn send_unfinished_head(&self, head: &ResponseHead) -> Result<(), SendError> {
        self.write_head(head, false)
    }

    fn write_head(&self, head: &ResponseHead, end: bool) -> Result<(), SendError> {
        self.check_open()?;
        self.check_no_headers()?;
        match self.protocol() {
            Protocol::Http2 => {
                let status = StatusText::new(head.status);
                self.http2(|engine, id| engine.send_headers(id, status.and(&head.fields.lower_cased()), end))?;
            }
            Protocol::Http1 => {
                let length = self.body_length(head, end);
                let reason = head.reason.as_deref().map(octets_of_text);
                self.http1(|engine, id| {
                    engine.send_head(id, head.status, reason.as_deref(), &head.fields, length)?;
                    if end { engine.end(id) } else { Ok(()) }
                })?;
            }
        }
        self.update(|progress| {
            progress.headers = true;
            progress.status = Some(head.status);
        });
        if end {
            self.ended();
        }
        Ok(())
    }

    /// Sends octets of a head as they are (HTTP/1.1 only). `ends` is the status of the head that they end: after an
    /// interim one another head follows, after a final one content, to be sent as it is too. Where the content ends,
    /// and whether the connection can persist, is for the caller to say ([`Connection::close_after`]).
    ///
    /// [`Connection::close_after`]: super::Connection::close_after
    pub fn send_head_octets(&self, octets: Bytes, ends: Option<u16>) -> Result<(), SendError> {
        self.check_open()?;
        let interim = ends.is_some_and(status::is_interim);
        if ends == Some(100) {
            self.expect_continue(false);
        }
        // The engine's response begins where the final head ends, so that a checked one may follow an interim one.
        let track = if ends.is_some() && !interim { h1::Track::Yes } else { h1::Track::No };
        self.http1(|engine, _| {
            engine.send_raw(octets, track);
            Ok(())
        })?;
        self.update(|progress| {
            progress.headers = !interim;
            progress.status = ends.filter(|_| !interim);
        });
        Ok(())
    }

    /// The response is complete as far as the checked lane goes.
    fn ended(&self) {
        self.update(|progress| progress.ended = true);
        // HTTP/1.1 reads or drops what is left of the request by itself.
        if self.protocol() == Protocol::Http1 {
            self.0.connection.forget(self.0.id, Outcome::Complete);
        }
    }

    /// How HTTP/1.1 delimits the content (RFC 9112 §6).
    fn body_length(&self, head: &ResponseHead, end: bool) -> BodyLength {
        // A length that a caller writes down goes out, true or not. No client looks for content in the answer to HEAD.
        let for_head = self.request().is_head() && self.progress().content_for_head;
        if head.fields.delimit_content() || for_head {
            return BodyLength::AsGiven;
        }
        if end {
            return BodyLength::None;
        }
        BodyLength::Chunked
    }

    /// From here on each DATA frame of the response has so many octets of padding (RFC 9113 §6.1).
    pub fn set_padding(&self, octets: u8) -> Result<(), SendError> {
        self.check_open()?;
        if self.protocol() == Protocol::Http1 {
            return Err(SendError::OtherProtocol { function: "padding", wanted: Protocol::Http2 });
        }
        self.http2(|engine, id| engine.set_padding(id, octets))
    }

    /// Queues content; over HTTP/2 it leaves as windows allow. See [`Exchange::drained`].
    pub fn send_data(&self, data: Bytes, end: bool) -> Result<(), SendError> {
        if self.drops_content() {
            return Ok(());
        }
        self.check_open()?;
        self.check_announced(data.len(), end)?;
        match self.protocol() {
            Protocol::Http2 => self.http2(|engine, id| engine.send_data(id, data, end))?,
            Protocol::Http1 => self.http1(|engine, id| {
                engine.send_body(id, data)?;
                if end { engine.end(id) } else { Ok(()) }
            })?,
        }
        if end {
            self.ended();
        }
        Ok(())
    }

    /// Compares content with what the head has announced, if that binds.
    fn check_announced(&self, octets: usize, end: bool) -> Result<(), SendError> {
        let Some(Announced { octets: announced, sent }) = self.0.announced.get() else { return Ok(()) };
        let content = sent.saturating_add(octets as u64);
        if content > announced || (end && content < announced) {
            return Err(SendError::ContentLength { announced, content });
        }
        self.0.announced.set(Some(Announced { octets: announced, sent: content }));
        Ok(())
    }

    /// Sends trailer fields, which end the response (RFC 9110 §6.5). Names are in lower case over HTTP/2.
    pub fn send_trailers(&self, fields: &Fields) -> Result<(), SendError> {
        check_trailer_names(fields)?;
        if self.drops_content() {
            return Ok(());
        }
        self.check_open()?;
        self.check_announced(0, true)?;
        match self.protocol() {
            Protocol::Http2 => {
                self.http2(|engine, id| engine.send_trailers(id, pairs(&fields.lower_cased())))?;
            }
            Protocol::Http1 => self.http1(|engine, id| engine.send_trailers(id, fields))?,
        }
        self.ended();
        Ok(())
    }

    /// Ends the response; nothing happens if it has ended.
    pub fn end(&self) -> Result<(), SendError> {
        if self.progress().ended {
            return Ok(());
        }
        self.send_data(Bytes::new(), true)
    }

    /// Waits until the client takes content of this response, and gives how many bytes. Over HTTP/1.1 it takes any at
    /// any time.
    pub async fn window(&self) -> Result<usize, SendError> {
        poll_fn(|context| {
            match self.outcome() {
                Outcome::Reset(code) => return Poll::Ready(Err(SendError::Reset(code))),
                Outcome::Gone => return Poll::Ready(Err(SendError::Gone)),
                Outcome::Open | Outcome::Complete => {}
            }
            let (own, of_all) = self.0.connection.send_windows(self.0.id);
            if own > 0 && of_all > 0 {
                return Poll::Ready(Ok(own.min(of_all)));
            }
            self.0.waiters.register(context);
            if own > 0 {
                self.0.connection.0.windows.register(context);
            }
            Poll::Pending
        })
        .await
    }

    /// Waits until what was queued has been handed to the wire, but for a low-water mark.
    pub async fn drained(&self) -> Result<(), SendError> {
        self.drained_to(LOW_WATER).await
    }

    /// Waits until everything queued has been handed to the wire.
    pub async fn flushed(&self) -> Result<(), SendError> {
        self.drained_to(0).await
    }

    async fn drained_to(&self, mark: usize) -> Result<(), SendError> {
        poll_fn(|context| {
            match self.outcome() {
                Outcome::Reset(code) => return Poll::Ready(Err(SendError::Reset(code))),
                Outcome::Gone => return Poll::Ready(Err(SendError::Gone)),
                Outcome::Open | Outcome::Complete => {}
            }
            if self.0.connection.is_drained(self.0.id, mark) {
                return Poll::Ready(Ok(()));
            }
            self.0.waiters.register(context);
            Poll::Pending
        })
        .await
    }

    /// Octets queued and not yet handed to the wire.
    pub fn queued(&self) -> usize {
        self.0.connection.queued(self.0.id)
    }

    /// Sends RST_STREAM with this code (RFC 9113 §6.4); over HTTP/1.1 the connection is cut.
    pub fn reset(&self, code: ErrorCode) -> Result<(), SendError> {
        match self.outcome() {
            Outcome::Reset(code) => return Err(SendError::Reset(code)),
            Outcome::Gone => return Err(SendError::Gone),
            Outcome::Open | Outcome::Complete => {}
        }
        match self.protocol() {
            Protocol::Http2 => self.http2(|engine, id| engine.reset(id, code))?,
            Protocol::Http1 => self.0.connection.close(super::Close::Abort),
        }
        self.update(|progress| {
            progress.headers = true;
            progress.ended = true;
        });
        Ok(())
    }

    /// Promises a response to a request of our own making (RFC 9113 §8.4) and gives the exchange to answer it on.
    pub fn push(
        &self,
        method: &str,
        scheme: &str,
        authority: &str,
        target: &str,
        fields: &Fields,
    ) -> Result<Exchange, SendError> {
        self.check_open()?;
        if self.protocol() == Protocol::Http1 {
            return Err(SendError::OtherProtocol { function: "writer.write_push", wanted: Protocol::Http2 });
        }
        let fields = fields.lower_cased().into_owned();
        let pseudo = [(":method", method), (":scheme", scheme), (":authority", authority), (":path", target)];
        let all: Vec<(&[u8], &[u8])> =
            pseudo.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).chain(pairs(&fields)).collect();
        let promised = self.http2(|engine, id| engine.push_promise(id, all.iter().copied()))?;
        let octets = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let request = Request {
            method: octets(method),
            scheme: octets(scheme),
            authority: octets(authority),
            target: octets(target),
            connect_protocol_known: true,
            fields,
            raw: RawHead::Pushed,
            routing: Routing::default(),
        };
        let exchange = Exchange::new(self.0.connection.clone(), u64::from(promised), request, true);
        self.0.connection.open(exchange.clone());
        self.0.pushed.borrow_mut().push(exchange.clone());
        Ok(exchange)
    }

    /// Resets what was promised on this stream and not answered, so that no client waits for it: nothing will answer it
    /// any more. What raw calls have answered is left as it is. Gives the paths of what was reset.
    pub fn abandon_pushed(&self, code: ErrorCode) -> Vec<Bytes> {
        let pushed = std::mem::take(&mut *self.0.pushed.borrow_mut());
        let mut reset = Vec::new();
        for exchange in pushed {
            exchange.settle_raw();
            let open = exchange.outcome() == Outcome::Open && !exchange.response_ended() && !exchange.raw_used();
            if open && exchange.reset(code).is_ok() {
                reset.push(exchange.request().target.clone());
            }
        }
        reset
    }

    /// Sends a frame as it is (HTTP/2). With [`Track::Yes`] local state follows what it can.
    pub fn send_raw_frame(
        &self,
        function: &'static str,
        frame: RawFrame,
        call: impl Into<RawCall>,
    ) -> Result<(), SendError> {
        if self.protocol() == Protocol::Http1 {
            return Err(SendError::OtherProtocol { function, wanted: Protocol::Http2 });
        }
        self.check_connected()?;
        self.update(|progress| {
            // Any other frame leaves the response itself to be written yet.
            progress.headers |= frame.header.frame_type == FrameType::HEADERS;
            progress.raw = true;
        });
        self.0.announced.set(None);
        let call = call.into();
        self.set_call(call.site);
        self.http2(|engine, _| {
            engine.send_raw_frame(&frame, call);
            Ok(())
        })
    }

    /// As [`send_raw_frame`](Self::send_raw_frame), untracked, for a whole interim response (RFC 9110 §15.2): the final
    /// one is still to be written, by whatever lane.
    pub fn send_raw_interim(&self, function: &'static str, frame: RawFrame, site: CallSite) -> Result<(), SendError> {
        let before = self.progress();
        self.send_raw_frame(function, frame, Track::No.at(site))?;
        self.0.response.set(before);
        Ok(())
    }

    /// The most octets of content that could leave at once in one frame: by both windows and the client's
    /// SETTINGS_MAX_FRAME_SIZE (HTTP/2).
    pub fn max_payload(&self, function: &'static str) -> Result<u32, SendError> {
        if self.protocol() == Protocol::Http1 {
            return Err(SendError::OtherProtocol { function, wanted: Protocol::Http2 });
        }
        self.http2(|engine, id| {
            let window = engine.send_window(id).into_iter().chain(engine.send_window(0)).min().unwrap_or_default();
            let window = u32::try_from(window.max(0)).unwrap_or(u32::MAX);
            Ok(window.min(engine.peer_settings().max_frame_size))
        })
    }

    /// Sends octets as they are, over either protocol; `site` is told to who contradicts them.
    pub fn send_raw(&self, octets: Bytes, site: CallSite) -> Result<(), SendError> {
        self.check_connected()?;
        self.update(|progress| {
            progress.headers = true;
            progress.raw = true;
        });
        self.0.announced.set(None);
        self.0.connection.send_octets(octets, site)
    }

    /// Whoever answers is through: what raw frames have done to the stream counts from here on, tracked or not
    /// (HTTP/2).
    pub fn settle_raw(&self) {
        if self.0.connection.has_sent_raw() {
            let id = self.0.id as u32;
            self.0.connection.with_http2(|engine| engine.settle(id));
        }
    }

    /// Whether the client still waits for the end of a frame or field block that a raw call began on this stream
    /// (HTTP/2).
    ///
    /// # Errors
    /// What is unfinished, and the call that began it.
    pub fn check_finished(&self) -> Result<(), SendError> {
        if !self.0.connection.has_sent_raw() || self.outcome() == Outcome::Gone {
            return Ok(());
        }
        let id = self.0.id as u32;
        let checked = self.0.connection.with_http2(|engine| engine.check_finished(id));
        checked.unwrap_or(Ok(())).map_err(SendError::Http2)
    }

    fn check_connected(&self) -> Result<(), SendError> {
        match self.outcome() {
            Outcome::Gone => Err(SendError::Gone),
            _ => Ok(()),
        }
    }
}

/// Refuses what has no place in a trailer section.
pub(super) fn check_trailer_names(fields: &Fields) -> Result<(), SendError> {
    match fields.iter().find(|field| is_forbidden_in_trailers(&field.name)) {
        Some(field) => Err(SendError::Trailer { name: latin1(&field.name) }),
        None => Ok(()),
    }
}

/// What `content-length` announces, if that is one number.
fn announced(fields: &Fields) -> Option<u64> {
    let mut lengths =
        fields.get_all("content-length").map(|value| std::str::from_utf8(value).ok()?.trim().parse().ok());
    let first: Option<u64> = lengths.next()?;
    first.filter(|_| lengths.all(|length| length == first))
}
