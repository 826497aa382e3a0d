//! Sending a response by checked calls.

use super::check::check_trailer_names;
use super::conversation::{Exchange, Outcome};
use super::error::SendError;
use super::prepared::{ResponseHead, StatusText, pairs};
use super::progress::{Announced, Progress};
use crate::h1::{self, BodyLength, RequestId};
use crate::h2;
use crate::http::latin1::{latin1, octets_of_text};
use crate::http::peer::Protocol;
use crate::http::{ContentRule, Fields, status};
use crate::wire::frame::ErrorCode;
use bytes::Bytes;
use std::time::Instant;

impl Exchange {
    pub(super) fn progress(&self) -> Progress {
        self.0.response.get()
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Progress)) {
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

    pub(super) fn check_open(&self) -> Result<(), SendError> {
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

    pub(super) fn http2<T>(
        &self,
        act: impl FnOnce(&mut h2::Connection, u32) -> Result<T, h2::Misuse>,
    ) -> Result<T, SendError> {
        let id = self.0.id as u32;
        let connection = &self.0.connection;
        match connection.called_at(self.call(), || connection.with_http2(|engine| act(engine, id))) {
            Some(Ok(done)) => Ok(done),
            None | Some(Err(h2::Misuse::ConnectionClosed)) => Err(SendError::Gone),
            Some(Err(h2::Misuse::StreamReset { code })) => Err(SendError::Reset(code)),
            Some(Err(misuse)) => Err(SendError::Http2(misuse)),
        }
    }

    /// A call that sends fields, in the form that HTTP/2 wants. Most have it: that is only looked at where the engine
    /// refuses them, which sends nothing.
    fn http2_fields(
        &self,
        fields: &Fields,
        act: impl Fn(&mut h2::Connection, u32, &Fields) -> Result<(), h2::Misuse>,
    ) -> Result<(), SendError> {
        use h2::Misuse::{FieldValue, Uppercase};
        match self.http2(|engine, id| act(engine, id, fields)) {
            Err(SendError::Http2(Uppercase { .. } | FieldValue { .. })) => {
                let fields = fields.for_http2();
                self.http2(|engine, id| act(engine, id, &fields))
            }
            sent => sent,
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

    /// Before this instant no interim response is to leave (see [`Limits::interim_delay`](super::Limits)). Those who send
    /// one wait for it.
    pub fn interim_due(&self) -> Option<Instant> {
        let delay = self.0.connection.limits().interim_delay;
        self.0.began.filter(|_| !delay.is_zero())?.checked_add(delay)
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
                self.http2_fields(fields, |engine, id, fields| engine.send_informational(id, text.and(fields)))?;
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
                self.http2_fields(&head.fields, |engine, id, fields| engine.send_headers(id, status.and(fields), end))?;
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

    /// The response is complete as far as checked calls go.
    fn ended(&self) {
        self.update(|progress| progress.ended = true);
        // HTTP/1.1 reads or drops what is left of the request by itself.
        if self.protocol() == Protocol::Http1 {
            self.0.connection.observe(|observer, _| observer.response_ended(self.0.id));
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

    /// From here on each DATA frame of the response has this many octets of padding (RFC 9113 §6.1).
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
        let length = data.len() as u64;
        self.check_announced(length, end)?;
        match self.protocol() {
            Protocol::Http2 => self.http2(|engine, id| engine.send_data(id, data, end))?,
            Protocol::Http1 => self.http1(|engine, id| {
                engine.send_body(id, data)?;
                if end { engine.end(id) } else { Ok(()) }
            })?,
        }
        self.0.content.set(self.0.content.get().saturating_add(length));
        if end {
            self.ended();
        }
        Ok(())
    }

    /// Compares content with what the head has announced, if that binds.
    fn check_announced(&self, octets: u64, end: bool) -> Result<(), SendError> {
        let Some(Announced { octets: announced, sent }) = self.0.announced.get() else { return Ok(()) };
        let content = sent.saturating_add(octets);
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
                self.http2_fields(fields, |engine, id, fields| engine.send_trailers(id, pairs(fields)))?;
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
        self.note_own_reset(code);
        Ok(())
    }

    /// This end has reset the stream.
    pub(super) fn note_own_reset(&self, code: ErrorCode) {
        self.0.own_reset.set(Some(code));
    }
}

/// What `content-length` announces, if that is one number.
fn announced(fields: &Fields) -> Option<u64> {
    let mut lengths =
        fields.get_all("content-length").map(|value| std::str::from_utf8(value).ok()?.trim().parse().ok());
    let first: Option<u64> = lengths.next()?;
    first.filter(|_| lengths.all(|length| length == first))
}
