//! Commands that write the response to the active request.

use bytes::{BufMut, Bytes, BytesMut};

use crate::http::status::is_interim;
use crate::http::transport::Cause;
use crate::http::{ContentRule, Field, Fields};

use super::check::{check_fields, check_framing, checked_head, checked_reason, text};
use super::connection::{Active, Connection};
use super::encode::{put_chunk_line, put_content_length, put_field, put_status_line};
use super::event::{BodyLength, RequestId};
use super::misuse::Misuse;

/// Whether state follows what goes out raw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// It counts as the beginning (or more) of the active response, whose body is then [`BodyLength::AsGiven`].
    Yes,
    /// As far as the connection is concerned nothing was sent.
    No,
}

/// How far the active response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Response {
    NotStarted,
    Known {
        announced: u64,
        sent: u64,
    },
    Chunked,
    /// Chunks were asked for, and the client is HTTP/1.0.
    UntilClose,
    /// `announced` is what the client believes, if that is known.
    AsGiven {
        announced: Option<u64>,
        sent: u64,
    },
    /// As [`ContentRule`] says: what is sent as body is dropped.
    WithoutContent,
}

impl Connection {
    /// Sends an interim response, 100 to 199 but not 101 (RFC 9110 §15.2).
    pub fn send_informational(
        &mut self,
        id: RequestId,
        status: u16,
        reason: Option<&[u8]>,
        fields: &Fields,
    ) -> Result<(), Misuse> {
        let active = self.active_mut(id)?;
        if !matches!(active.response, Response::NotStarted) {
            return Err(Misuse::HeadSent);
        }
        // 101 would end HTTP on the connection (RFC 9110 §15.2.2).
        if !is_interim(status) {
            return Err(Misuse::Status(status));
        }
        if active.is_http10 {
            return Err(Misuse::InformationalToHttp10);
        }
        let reason = checked_reason(status, reason)?;
        check_fields(fields)?;
        if let Some(field) = fields.iter().find(|field| field.is("content-length") || field.is("transfer-encoding")) {
            return Err(Misuse::Framing(text(&field.name)));
        }
        if status == 100 {
            active.awaits_continue = false;
        }
        self.queue_head(status, reason, fields.iter(), |_| {});
        Ok(())
    }

    /// Tells the client to send the body, if it waits for that and none of it has come; otherwise nothing is sent.
    pub fn send_continue(&mut self, id: RequestId) -> Result<(), Misuse> {
        let active = self.active_mut(id)?;
        if !matches!(active.response, Response::NotStarted) {
            return Err(Misuse::HeadSent);
        }
        if active.awaits_continue {
            active.awaits_continue = false;
            self.queue(Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n"), Cause::Automatic);
        }
        Ok(())
    }

    /// Sends status line and fields of the final response, status 200 to 999. Without `reason` the registered phrase is
    /// used. Fields for the body's length and `connection` are added as needed, at the end, unless the length is
    /// [`BodyLength::AsGiven`].
    pub fn send_head(
        &mut self,
        id: RequestId,
        status: u16,
        reason: Option<&[u8]>,
        fields: &Fields,
        body: BodyLength,
    ) -> Result<(), Misuse> {
        let active = self.active_mut(id)?;
        if !matches!(active.response, Response::NotStarted) {
            return Err(Misuse::HeadSent);
        }
        let reason = checked_head(status, reason, fields)?;
        let rule = ContentRule::of(&active.method, status);
        check_framing(fields, body, rule)?;
        active.response = response(body, fields, rule, active.is_http10);
        let (given, announces_close) = (body == BodyLength::AsGiven, fields.has_token("connection", "close"));
        // No handler serves a tunnel.
        let is_tunnel = rule == ContentRule::Tunnel;
        let until_close = match active.response {
            Response::UntilClose => true,
            // Without any length the body ends with the connection (RFC 9112 §6.3).
            Response::AsGiven { .. } => rule.is_delimited_by_fields() && !fields.delimit_content(),
            _ => false,
        };
        active.persist &= !(announces_close || active.awaits_continue || until_close || is_tunnel);
        let additions = Additions {
            length: if given { None } else { Some(body) },
            connection: match (active.persist, active.is_http10) {
                (false, _) if !announces_close => Some("close"),
                (true, true) if !fields.has_token("connection", "keep-alive") => Some("keep-alive"),
                _ => None,
            },
            is_http10: active.is_http10,
            rule,
        };
        let without_encoding = !given && active.is_http10;
        let fields_sent = fields.iter().filter(|field| !(without_encoding && field.is("transfer-encoding")));
        self.queue_head(status, reason, fields_sent, |out| additions.put(fields, out));
        Ok(())
    }

    /// Sends octets of the body; empty ones send nothing. Where [`ContentRule`] allows none they are dropped.
    pub fn send_body(&mut self, id: RequestId, data: Bytes) -> Result<(), Misuse> {
        let active = self.active_mut(id)?;
        match &mut active.response {
            Response::NotStarted => return Err(Misuse::HeadNotSent),
            _ if data.is_empty() => {}
            Response::WithoutContent => {}
            Response::Chunked => self.queue_chunk(data),
            Response::UntilClose => self.queue(data, Cause::Checked),
            Response::AsGiven { sent, .. } => {
                *sent = sent.saturating_add(data.len() as u64);
                self.queue(data, Cause::Checked);
            }
            Response::Known { announced, sent } => {
                let total = sent.saturating_add(data.len() as u64);
                if total > *announced {
                    return Err(Misuse::BodyTooLong { announced: *announced });
                }
                *sent = total;
                self.queue(data, Cause::Checked);
            }
        }
        Ok(())
    }

    /// Ends a chunked body with trailer fields, and the response. Where the body could not be chunked (HEAD, HTTP/1.0)
    /// they are dropped.
    pub fn send_trailers(&mut self, id: RequestId, fields: &Fields) -> Result<(), Misuse> {
        let active = self.active_mut(id)?;
        check_fields(fields)?;
        // RFC 9110 §6.5.1: what frames the message cannot come after it.
        let forbidden = ["content-length", "transfer-encoding", "host", "trailer"];
        if let Some(field) = fields.iter().find(|field| forbidden.iter().any(|name| field.is(name))) {
            return Err(Misuse::Framing(text(&field.name)));
        }
        match active.response {
            Response::NotStarted => return Err(Misuse::HeadNotSent),
            Response::WithoutContent | Response::UntilClose => {}
            Response::Chunked => {
                let mut out = BytesMut::new();
                out.put_slice(b"0\r\n");
                for field in fields {
                    put_field(&field.name, &field.value, &mut out);
                }
                out.put_slice(b"\r\n");
                self.queue(out.freeze(), Cause::Checked);
            }
            _ => return Err(Misuse::NotChunked),
        }
        self.response_is_complete();
        Ok(())
    }

    /// Ends the response. The next pipelined request, if any, is then told of.
    pub fn end(&mut self, id: RequestId) -> Result<(), Misuse> {
        let active = self.active_mut(id)?;
        match active.response {
            Response::NotStarted => return Err(Misuse::HeadNotSent),
            Response::Known { announced, sent } if sent < announced => {
                return Err(Misuse::BodyTooShort { announced, sent });
            }
            Response::AsGiven { announced: Some(announced), sent } => active.persist &= announced == sent,
            Response::Chunked => self.queue(Bytes::from_static(b"0\r\n\r\n"), Cause::Checked),
            _ => {}
        }
        self.response_is_complete();
        Ok(())
    }

    /// Sends any octets, at any point: in the middle of a response, before one, between two. Nothing is checked.
    /// Nothing is sent on a connection that is ending. With [`Track::Yes`] they begin the active response unless it has
    /// begun; whether the connection may persist after it is for the caller to say
    /// ([`close_after`](Self::close_after)).
    pub fn send_raw(&mut self, octets: Bytes, track: Track) {
        if let (Track::Yes, Some(active)) = (track, &mut self.active)
            && matches!(active.response, Response::NotStarted | Response::AsGiven { .. })
        {
            active.response = Response::AsGiven { announced: None, sent: 0 };
        }
        self.queue(octets, Cause::Raw);
    }

    /// Takes notice that the application has taken this many octets of a body; see
    /// [`Limits::unconsumed_body`](super::Limits::unconsumed_body). For a request that is over it does nothing.
    pub fn consume(&mut self, id: RequestId, octets: usize) {
        if let Some(active) = self.active.as_mut().filter(|active| active.id == id) {
            active.unconsumed = active.unconsumed.saturating_sub(octets);
        }
    }

    fn active_mut(&mut self, id: RequestId) -> Result<&mut Active, Misuse> {
        if self.is_finished() {
            return Err(Misuse::Closed);
        }
        self.active.as_mut().filter(|active| active.id == id).ok_or(Misuse::NotActive(id))
    }

    fn queue_head<'a>(
        &mut self,
        status: u16,
        reason: &[u8],
        fields: impl Iterator<Item = &'a Field>,
        more: impl FnOnce(&mut BytesMut),
    ) {
        if !self.may_send() {
            return;
        }
        self.write(Cause::Checked, |out| {
            put_status_line(status, reason, out);
            for field in fields {
                put_field(&field.name, &field.value, out);
            }
            more(out);
            out.put_slice(b"\r\n");
        });
    }

    fn queue_chunk(&mut self, data: Bytes) {
        if self.may_send() {
            let mut line = BytesMut::new();
            put_chunk_line(data.len(), b"", &mut line);
            self.record(&[&line, &data, b"\r\n"], Cause::Checked);
            self.output.push(&line);
            self.output.push_bytes(data);
            self.output.push(b"\r\n");
        }
    }
}

/// What a client takes the body's length for; `None` if only the body itself tells, as in chunks.
fn announced(fields: &Fields, rule: ContentRule) -> Option<u64> {
    if !rule.is_delimited_by_fields() {
        return Some(0);
    }
    if fields.contains("transfer-encoding") {
        return None;
    }
    let mut lengths =
        fields.get_all("content-length").map(|value| std::str::from_utf8(value).ok()?.trim().parse().ok());
    let first: Option<u64> = lengths.next()?;
    // What is no number, or several, is nothing that a body could have.
    Some(first.filter(|_| lengths.all(|length| length == first)).unwrap_or(u64::MAX))
}

/// The state that a head of this body length leads to.
fn response(body: BodyLength, fields: &Fields, rule: ContentRule, is_http10: bool) -> Response {
    match body {
        BodyLength::AsGiven => Response::AsGiven { announced: announced(fields, rule), sent: 0 },
        _ if !rule.allows_content() => Response::WithoutContent,
        BodyLength::Known(announced) => Response::Known { announced, sent: 0 },
        BodyLength::None => Response::Known { announced: 0, sent: 0 },
        BodyLength::Chunked if !is_http10 => Response::Chunked,
        BodyLength::Chunked => Response::UntilClose,
    }
}

/// The fields that the connection adds to a head.
struct Additions {
    length: Option<BodyLength>,
    connection: Option<&'static str>,
    is_http10: bool,
    rule: ContentRule,
}

impl Additions {
    fn put(&self, given: &Fields, out: &mut BytesMut) {
        // A 204 has no length and no coding (RFC 9110 §8.6, RFC 9112 §6.1). A 304 needs none.
        let chunked = matches!(self.rule, ContentRule::Any | ContentRule::Head);
        let length = self.length.and_then(|length| match length {
            BodyLength::Known(length) => self.rule.length(Some(length)),
            // In answer to HEAD it says nothing of the length that GET would have got.
            BodyLength::None if self.rule == ContentRule::Head => None,
            BodyLength::None => self.rule.length(Some(0)),
            BodyLength::Chunked if chunked && !self.is_http10 && !given.contains("transfer-encoding") => {
                put_field(b"transfer-encoding", b"chunked", out);
                None
            }
            BodyLength::Chunked if self.rule == ContentRule::Reset => Some(0),
            _ => None,
        });
        if let Some(length) = length.filter(|_| !given.contains("content-length")) {
            put_content_length(length, out);
        }
        if let Some(connection) = self.connection {
            put_field(b"connection", connection.as_bytes(), out);
        }
    }
}
