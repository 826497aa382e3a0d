//! `response.writer` line by line: `write_status`, `write_header`, `end_headers`, `write_content`, `write`.
//!
//! Over HTTP/1.1 each goes out at once, as it is given, whatever it holds. Over HTTP/2 status and fields are collected
//! and sent as one checked field section by `end_headers`.

use std::cell::RefCell;

use bytes::Bytes;
use rhai::{Dynamic, Engine, INT};

use super::arguments::octets;
use super::fields::{name_of, value_of};
use super::outcome::{Outcome, fail, other_protocol, sent};
use super::parts::checked_status;
use super::response::Response;
use super::writer::{Writer, wait_for_interim};
use crate::exchange::{CallSite, Close, Exchange, Protocol, RawHead, ResponseHead, Version, encode_chunk};
use crate::http::{ContentRule, Fields, status};
use crate::script::octets::latin1;

/// The head of a response as far as it was written line by line, and what was sent after it.
#[derive(Debug, Default)]
pub struct LineWriter(RefCell<Lines>);

#[derive(Debug, Default)]
struct Lines {
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

impl LineWriter {
    /// So much content was sent.
    pub fn count(&self, octets: usize) {
        let mut lines = self.0.borrow_mut();
        lines.sent = lines.sent.saturating_add(octets as u64);
    }

    /// Whether something of a head was written.
    pub fn has_begun(&self) -> bool {
        let lines = self.0.borrow();
        lines.status.is_some() || lines.unknown
    }

    /// Whether a head was begun, and not ended.
    pub fn is_open(&self) -> bool {
        self.has_begun() && !self.is_complete()
    }

    fn is_complete(&self) -> bool {
        self.0.borrow().complete
    }

    /// Has the connection end after a response that was written line by line, unless its length was told and kept to.
    pub fn end(&self, exchange: &Exchange) {
        let lines = self.0.borrow();
        let (RawHead::Http1(head), true) = (&exchange.request().raw, lines.complete) else { return };
        let code = self.code();
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

    /// The status so far.
    fn code(&self) -> u16 {
        self.0.borrow().status.and_then(|code| u16::try_from(code).ok()).unwrap_or(200)
    }

    fn check_head(&self, exchange: &Exchange, function: &str) -> Outcome<()> {
        if self.is_complete() || (!self.has_begun() && exchange.headers_sent()) {
            return fail(format!("{function} is too late: the response's status and headers were already sent"));
        }
        Ok(())
    }

    fn status(&self, exchange: &Exchange, code: INT, reason: Option<&Dynamic>) -> Outcome<()> {
        self.check_head(exchange, "write_status")?;
        if u16::try_from(code).is_ok_and(status::is_interim) {
            wait_for_interim(exchange)?;
        }
        let known = u16::try_from(code).map_or("", status::reason_phrase);
        let reason = reason.filter(|reason| !reason.is_unit()).map_or(Ok(Bytes::from(known)), value_of)?;
        send_octets(exchange, [format!("HTTP/1.1 {code} ").as_bytes(), &reason, b"\r\n"].concat(), None)?;
        self.0.borrow_mut().status = Some(code);
        Ok(())
    }

    fn field(&self, exchange: &Exchange, name: Bytes, value: Bytes) -> Outcome<()> {
        if !self.has_begun() {
            self.status(exchange, 200, None)?;
        }
        send_octets(exchange, [&name[..], b": ", &value, b"\r\n"].concat(), None)?;
        self.0.borrow_mut().fields.append(name, value);
        Ok(())
    }

    /// `date`, `server` and, if all of the content is known, `content-length`, unless they were written.
    fn default_fields(&self, response: &Response, content: Option<usize>) -> Outcome<()> {
        let exchange = response.exchange();
        self.check_head(exchange, "write_default_headers")?;
        let mut fields = self.0.borrow().fields.clone();
        let written = fields.len();
        response.common().complete(&mut fields);
        // Over HTTP/1.1 the content goes out as given, whatever the status.
        let rule = match exchange.protocol() {
            Protocol::Http1 => ContentRule::Any,
            Protocol::Http2 => ContentRule::of(&exchange.request().method, self.code()),
        };
        let length = rule.length(content.map(|length| length as u64)).filter(|_| !fields.delimit_content());
        if let Some(length) = length {
            fields.append("content-length", length.to_string());
        }
        fields.into_iter().skip(written).try_for_each(|field| self.field(exchange, field.name, field.value))
    }

    /// Ends the head; after that of an interim response another one follows.
    pub fn end_headers(&self, response: &Response, content: Option<usize>) -> Outcome<()> {
        let exchange = response.exchange();
        self.check_head(exchange, "end_headers")?;
        if !self.has_begun() {
            self.status(exchange, 200, None)?;
        }
        let code = u16::try_from(self.0.borrow().status.unwrap_or(200)).ok();
        let interim = code.is_some_and(status::is_interim);
        if response.parts().add_required_headers.get() && !interim {
            self.default_fields(response, content)?;
        }
        if is_http1(exchange) {
            send_octets(exchange, &b"\r\n"[..], Some(code.unwrap_or(200)))?;
        } else {
            self.send_collected(response.sender(), interim)?;
        }
        let mut lines = self.0.borrow_mut();
        if interim {
            *lines = Lines::default();
        } else {
            lines.complete = true;
        }
        Ok(())
    }

    /// Sends what was collected as a field section (HTTP/2).
    fn send_collected(&self, exchange: &Exchange, interim: bool) -> Outcome<()> {
        let (code, fields) = {
            let lines = self.0.borrow();
            (lines.status.unwrap_or(200), lines.fields.clone())
        };
        let status = checked_status(code)?;
        match interim {
            true => sent(exchange.send_informational(status, &fields)),
            false => sent(exchange.send_head(&ResponseHead { status, reason: None, fields }, false)),
        }
    }

    /// Prepares for a piece of content: a head that is not complete is completed first, with this piece's length.
    fn before_content(&self, response: &Response, octets: usize) -> Outcome<()> {
        if !response.exchange().headers_sent() && !self.has_begun() {
            self.adopt(response)?;
        }
        if self.is_open() {
            let announces = || self.0.borrow().fields.contains("content-length");
            let given = announces();
            self.end_headers(response, Some(octets))?;
            if !given && announces() {
                self.0.borrow_mut().announced = Some(octets as u64);
            }
        } else if let Some(announced) = self.0.borrow().announced {
            return fail(format!(
                "the first write_content announced its {announced} bytes as the whole body\nhelp: call end_headers before \
                 it to write more"
            ));
        }
        Ok(())
    }

    /// Writes the status and the fields that the response has so far as lines.
    fn adopt(&self, response: &Response) -> Outcome<()> {
        let (exchange, parts) = (response.exchange(), response.parts());
        self.status(exchange, parts.status(), parts.reason().map(Dynamic::from).as_ref())?;
        let fields = parts.headers.0.borrow().clone();
        fields.into_iter().try_for_each(|field| self.field(exchange, field.name, field.value))
    }

    /// Ends what is left of a head at the end of the handler; true if nothing can follow.
    pub fn finish(&self, response: &Response) -> Outcome<bool> {
        if !self.is_open() {
            return Ok(false);
        }
        if is_http1(response.exchange()) {
            // Only the script knows what was to come.
            response.exchange().connection().close(Close::Graceful);
            return Ok(true);
        }
        self.end_headers(response, None)?;
        Ok(false)
    }
}

fn is_http1(exchange: &Exchange) -> bool {
    exchange.protocol() == Protocol::Http1
}

/// Sends octets of the head; over HTTP/2 nothing, yet.
fn send_octets(exchange: &Exchange, octets: impl Into<Bytes>, ends: Option<u16>) -> Outcome<()> {
    if !is_http1(exchange) {
        return Ok(());
    }
    sent(exchange.send_head_octets(octets.into(), ends))
}

fn write_header(writer: &Writer, name: &Dynamic, value: &Dynamic) -> Outcome<()> {
    let (exchange, lines) = (writer.0.exchange(), writer.0.lines());
    lines.check_head(exchange, "write_header")?;
    lines.field(exchange, name_of(name)?, value_of(value)?)
}

fn write_content(writer: &Writer, data: Bytes) -> Outcome<()> {
    let response = &writer.0;
    response.lines().before_content(response, data.len())?;
    response.write_content_piece(data, false)
}

/// One chunk (RFC 9112 §7.1); an empty one is the last.
fn write_chunk(writer: &Writer, data: &Dynamic) -> Outcome<()> {
    let response = &writer.0;
    if !is_http1(response.exchange()) {
        return other_protocol("writer.write_chunk", Protocol::Http1);
    }
    let data = octets("a chunk", data)?;
    let last = data.is_empty();
    let lines = response.lines();
    if lines.has_begun() {
        // The written fields call the content chunked.
        if !lines.is_complete() {
            lines.end_headers(response, None)?;
        }
        return response.write_content_piece(encode_chunk(&data, b""), last);
    }
    if !response.exchange().headers_sent() {
        response.write_status_headers()?;
    }
    // A transfer-encoding that the script set itself is not applied to what follows.
    let by_hand = response.parts().headers.0.borrow().contains("transfer-encoding");
    response.write_data(if by_hand { encode_chunk(&data, b"") } else { data }, last)
}

/// Octets as they are: over HTTP/1.1 wherever in the response that is, over HTTP/2 as content.
fn write_octets(writer: &Writer, function: &'static str, data: &Dynamic) -> Outcome<()> {
    // Text has one octet per character where it can, as names and values have.
    let data = match data.as_immutable_string_ref() {
        Ok(text) => latin1(&text),
        Err(_) => octets("what is written", data)?,
    };
    let (response, lines) = (&writer.0, writer.0.lines());
    let exchange = response.exchange();
    let begun = lines.has_begun();
    if lines.is_complete() || (!begun && exchange.headers_sent() && !exchange.raw_used()) {
        return if data.is_empty() { Ok(()) } else { response.write_content_piece(data, false) };
    }
    if !is_http1(exchange) {
        return other_protocol(function, Protocol::Http1);
    }
    if !begun {
        response.wait_for_raw(data.len())?;
        return sent(exchange.send_raw(data, CallSite::default()));
    }
    lines.0.borrow_mut().unknown = true;
    send_octets(exchange, data, None)
}

pub fn register(engine: &mut Engine) {
    engine.register_fn("write_status", |writer: &mut Writer, code: INT| {
        writer.0.lines().status(writer.0.exchange(), code, None)
    });
    engine.register_fn("write_status", |writer: &mut Writer, code: INT, reason: Dynamic| {
        writer.0.lines().status(writer.0.exchange(), code, Some(&reason))
    });
    engine.register_fn("write_header", |writer: &mut Writer, name: Dynamic, value: Dynamic| {
        write_header(writer, &name, &value)
    });
    engine.register_fn("write_default_headers", |writer: &mut Writer| {
        writer.0.lines().default_fields(&writer.0, writer.0.parts().content_length())
    });
    engine.register_fn("end_headers", |writer: &mut Writer| {
        writer.0.lines().end_headers(&writer.0, writer.0.parts().content_length())
    });
    engine.register_fn("write_content", |writer: &mut Writer, data: Dynamic| -> Outcome<()> {
        write_content(&writer.clone(), octets("content", &data)?)
    });
    engine.register_fn("write", |writer: &mut Writer, data: Dynamic| {
        write_octets(&writer.clone(), "writer.write", &data)
    });
    engine.register_fn("write_raw_content", |writer: &mut Writer, data: Dynamic| {
        write_octets(&writer.clone(), "writer.write_raw_content", &data)
    });
    engine.register_fn("write_chunk", |writer: &mut Writer, data: Dynamic| write_chunk(&writer.clone(), &data));
    engine.register_fn("flush", |writer: &mut Writer| writer.0.exchange().connection().flush());
}
