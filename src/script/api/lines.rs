//! `response.writer` line by line: `write_status`, `write_header`, `end_headers`, `write_content`, `write`.
//!
//! Over HTTP/1.1 each goes out at once, as it is given, whatever it holds. Over HTTP/2 status and fields are collected
//! and sent as one checked field section by `end_headers`.

use bytes::Bytes;
use rhai::{Dynamic, Engine, INT};

use super::arguments::octets;
use super::fields::{name_of, value_of};
use super::outcome::{Outcome, fail, other_protocol, sent};
use super::response::{Response, checked_status};
use super::writer::Writer;
use crate::exchange::{CallSite, Protocol, RawHead, ResponseHead, Version, encode_chunk};
use crate::http::{ContentRule, Fields, status};
use crate::script::octets::{latin1, octets_of};

/// A head that is written line by line.
#[derive(Debug, Default)]
pub struct Lines {
    /// The status of the head under way or, when that is complete, of the response.
    status: Option<INT>,
    fields: Fields,
    /// The final head is complete.
    complete: bool,
    /// Something was written into the head that is no line of ours.
    unknown: bool,
    /// Octets of content sent.
    sent: u64,
    /// The content's length as `write_content` announced it without being told.
    announced: Option<u64>,
}

impl Lines {
    /// So much content was sent.
    pub fn count(&mut self, octets: usize) {
        self.sent = self.sent.saturating_add(octets as u64);
    }

    /// Whether something of it was written.
    pub fn has_begun(&self) -> bool {
        self.status.is_some() || self.unknown
    }
}

impl Response {
    /// Octets of the content that was set, if they are known.
    fn known_length(&self) -> Option<usize> {
        octets_of(&self.0.content.borrow()).map(|octets| octets.len())
    }

    fn is_http1(&self) -> bool {
        self.0.exchange.protocol() == Protocol::Http1
    }

    /// Sends octets of the head; over HTTP/2 nothing, yet.
    fn head_octets(&self, octets: impl Into<Bytes>, ends: Option<u16>) -> Outcome<()> {
        if !self.is_http1() {
            return Ok(());
        }
        sent(self.0.exchange.send_head_octets(octets.into(), ends))
    }

    fn check_head(&self, function: &str) -> Outcome<()> {
        let lines = self.0.lines.borrow();
        if lines.complete || (!lines.has_begun() && self.0.exchange.headers_sent()) {
            return fail(format!("{function} comes too late: the response's status and fields were already sent"));
        }
        Ok(())
    }

    fn write_status(&self, code: INT, reason: Option<&Dynamic>) -> Outcome<()> {
        self.check_head("write_status")?;
        let known = u16::try_from(code).map_or("", status::reason_phrase);
        let reason = reason.filter(|reason| !reason.is_unit()).map_or(Ok(Bytes::from(known)), value_of)?;
        self.head_octets([format!("HTTP/1.1 {code} ").as_bytes(), &reason, b"\r\n"].concat(), None)?;
        self.0.lines.borrow_mut().status = Some(code);
        Ok(())
    }

    fn write_header(&self, name: &Dynamic, value: &Dynamic) -> Outcome<()> {
        self.check_head("write_header")?;
        self.field_line(name_of(name)?, value_of(value)?)
    }

    fn field_line(&self, name: Bytes, value: Bytes) -> Outcome<()> {
        if !self.0.lines.borrow().has_begun() {
            self.write_status(200, None)?;
        }
        self.head_octets([&name[..], b": ", &value, b"\r\n"].concat(), None)?;
        self.0.lines.borrow_mut().fields.append(name, value);
        Ok(())
    }

    /// `date`, `server` and, if all of the content is known, `content-length`, unless they were written.
    fn write_default_headers(&self, content: Option<usize>) -> Outcome<()> {
        self.check_head("write_default_headers")?;
        let mut fields = self.0.lines.borrow().fields.clone();
        let written = fields.len();
        self.0.common.complete(&mut fields);
        if let Some(length) = content.filter(|_| !fields.delimit_content()) {
            fields.append("content-length", length.to_string());
        }
        fields.into_iter().skip(written).try_for_each(|field| self.field_line(field.name, field.value))
    }

    /// Ends the head; after that of an interim response another one follows.
    fn end_headers(&self, content: Option<usize>) -> Outcome<()> {
        self.check_head("end_headers")?;
        if !self.0.lines.borrow().has_begun() {
            self.write_status(200, None)?;
        }
        let code = self.0.lines.borrow().status.unwrap_or(200);
        let code = u16::try_from(code).ok();
        let interim = code.is_some_and(status::is_interim);
        if self.0.add_required_headers.get() && !interim {
            self.write_default_headers(content)?;
        }
        if self.is_http1() {
            self.head_octets(&b"\r\n"[..], Some(code.unwrap_or(200)))?;
        } else {
            self.send_collected(interim)?;
        }
        let mut lines = self.0.lines.borrow_mut();
        if interim {
            *lines = Lines::default();
        } else {
            lines.complete = true;
        }
        Ok(())
    }

    /// Sends what was collected as a field section (HTTP/2).
    fn send_collected(&self, interim: bool) -> Outcome<()> {
        let (code, fields) = {
            let lines = self.0.lines.borrow();
            (lines.status.unwrap_or(200), lines.fields.clone())
        };
        let status = checked_status(code)?;
        match interim {
            true => sent(self.0.exchange.send_informational(status, &fields)),
            false => sent(self.sender().send_head(&ResponseHead { status, reason: None, fields }, false)),
        }
    }

    /// A piece of content. If the head is not complete, it is completed first, with this piece's length.
    fn write_content_piece(&self, data: Bytes) -> Outcome<()> {
        let begun = self.0.lines.borrow().has_begun();
        if !self.0.exchange.headers_sent() && !begun {
            self.adopt_head()?;
        }
        let (begun, complete) = (self.0.lines.borrow().has_begun(), self.0.lines.borrow().complete);
        if begun && !complete {
            let announces = |lines: &Lines| lines.fields.contains("content-length");
            let given = announces(&self.0.lines.borrow());
            self.end_headers(Some(data.len()))?;
            if !given && announces(&self.0.lines.borrow()) {
                self.0.lines.borrow_mut().announced = Some(data.len() as u64);
            }
        } else if let Some(announced) = self.0.lines.borrow().announced {
            return fail(format!(
                "the first write_content has announced its {announced} octets as all of the content; call end_headers \
                 before it to write more"
            ));
        }
        self.0.content_written.set(true);
        self.write_data(data, false)
    }

    /// Writes the status and the fields that the response has so far as lines.
    fn adopt_head(&self) -> Outcome<()> {
        let reason = self.0.reason.borrow().clone().map(Dynamic::from);
        self.write_status(self.0.status.get(), reason.as_ref())?;
        let fields = self.0.headers.0.borrow().clone();
        fields.into_iter().try_for_each(|field| self.field_line(field.name, field.value))
    }

    /// One chunk of content that the written fields call chunked (RFC 9112 §7.1); an empty one ends the response.
    fn write_chunk_line(&self, data: &[u8]) -> Outcome<()> {
        if !self.0.lines.borrow().complete {
            self.end_headers(None)?;
        }
        self.0.content_written.set(true);
        self.write_data(encode_chunk(data, b""), data.is_empty())
    }

    /// One chunk (RFC 9112 §7.1); an empty one is the last.
    fn write_chunk(&self, data: &Dynamic) -> Outcome<()> {
        if !self.is_http1() {
            return other_protocol("writer.write_chunk", Protocol::Http1);
        }
        let data = octets("a chunk", data)?;
        if self.0.lines.borrow().has_begun() {
            return self.write_chunk_line(&data);
        }
        if !self.0.exchange.headers_sent() {
            self.write_status_headers()?;
        }
        // A transfer-encoding that the script set itself is not applied to what follows.
        if self.0.headers.0.borrow().contains("transfer-encoding") {
            return self.write_data(encode_chunk(&data, b""), data.is_empty());
        }
        self.write_data(data.clone(), data.is_empty())
    }

    /// Octets as they are: over HTTP/1.1 wherever in the response that is, over HTTP/2 as content.
    fn write_octets(&self, function: &'static str, data: &Dynamic) -> Outcome<()> {
        // Text has one octet per character where it can, as names and values have.
        let data = match data.as_immutable_string_ref() {
            Ok(text) => latin1(&text),
            Err(_) => octets("what is written", data)?,
        };
        let (begun, complete) = (self.0.lines.borrow().has_begun(), self.0.lines.borrow().complete);
        if complete || (!begun && self.0.exchange.headers_sent() && !self.0.exchange.raw_used()) {
            self.0.content_written.set(true);
            return if data.is_empty() { Ok(()) } else { self.write_data(data, false) };
        }
        if !self.is_http1() {
            return other_protocol(function, Protocol::Http1);
        }
        if !begun {
            self.pace_raw(data.len())?;
            return sent(self.0.exchange.send_raw(data, CallSite::default()));
        }
        self.0.lines.borrow_mut().unknown = true;
        self.head_octets(data, None)
    }

    /// Ends a response whose head the script has begun and not ended; false if there is none.
    pub fn end_unfinished_head(&self) -> Outcome<bool> {
        let (begun, complete) = (self.0.lines.borrow().has_begun(), self.0.lines.borrow().complete);
        if !begun || complete {
            return Ok(false);
        }
        if self.is_http1() {
            // Nobody but the script knows what was to come.
            self.0.exchange.connection().close(crate::exchange::Close::Graceful);
            return Ok(true);
        }
        self.end_headers(None)?;
        Ok(false)
    }

    /// Has the connection end after a response that was written line by line, unless its length was told and kept to.
    pub fn end_lines(&self) {
        let exchange = &self.0.exchange;
        let lines = self.0.lines.borrow();
        let (RawHead::Http1(head), true) = (&exchange.request().raw, lines.complete) else { return };
        let code = lines.status.and_then(|code| u16::try_from(code).ok()).unwrap_or(200);
        let mut lengths = lines.fields.get_all("content-length").map(|value| value.trim_ascii());
        let announced = lengths.next().filter(|_| lengths.next().is_none());
        let announced = announced.and_then(|length| std::str::from_utf8(length).ok()?.parse().ok());
        let rule = ContentRule::of(&head.method, code);
        let length = if rule.is_delimited_by_fields() { announced } else { Some(0) };
        let delimited = !lines.unknown && !lines.fields.contains("transfer-encoding") && length == Some(lines.sent);
        let stays = code != 101 && head.version == Version::Http11 && !lines.fields.has_token("connection", "close");
        if !delimited || !stays {
            exchange.connection().close_after();
        }
    }
}

pub fn register(engine: &mut Engine) {
    engine.register_fn("write_status", |writer: &mut Writer, code: INT| writer.0.write_status(code, None));
    engine.register_fn("write_status", |writer: &mut Writer, code: INT, reason: Dynamic| {
        writer.0.write_status(code, Some(&reason))
    });
    engine.register_fn("write_header", |writer: &mut Writer, name: Dynamic, value: Dynamic| {
        writer.0.write_header(&name, &value)
    });
    engine.register_fn("write_default_headers", |writer: &mut Writer| {
        writer.0.write_default_headers(writer.0.known_length())
    });
    engine.register_fn("end_headers", |writer: &mut Writer| writer.0.end_headers(writer.0.known_length()));
    engine.register_fn("write_content", |writer: &mut Writer, data: Dynamic| -> Outcome<()> {
        writer.clone().0.write_content_piece(octets("content", &data)?)
    });
    engine.register_fn("write", |writer: &mut Writer, data: Dynamic| {
        writer.clone().0.write_octets("writer.write", &data)
    });
    engine.register_fn("write_raw_content", |writer: &mut Writer, data: Dynamic| {
        writer.clone().0.write_octets("writer.write_raw_content", &data)
    });
    engine.register_fn("write_chunk", |writer: &mut Writer, data: Dynamic| writer.clone().0.write_chunk(&data));
    engine.register_fn("flush", |writer: &mut Writer| writer.0.exchange().connection().flush());
}
