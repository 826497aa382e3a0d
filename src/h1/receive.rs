//! From octets to events.

use bytes::{BufMut, BytesMut};

use crate::http::status::reason_phrase;
use crate::http::transport::{Cause, CloseReason};

use super::chunked::{BodyReader, Piece};
use super::connection::{Active, Connection, Reading};
use super::encode::{put_content_length, put_field, put_status_line};
use super::event::{Event, RequestId};
use super::framing;
use super::head::SectionScan;
use super::rejection::Rejection;
use super::respond::Response;

/// Whether there may be more to do without further input.
enum Step {
    Again,
    Wait,
}

impl Connection {
    /// Makes events of the input as far as it goes.
    pub(super) fn advance(&mut self) {
        loop {
            let step = match &self.reading {
                Reading::Head(_) if self.active.is_some() || self.output_is_full() => Ok(Step::Wait),
                Reading::Head(_) => self.advance_head(),
                Reading::Body(_) => self.advance_body(),
                Reading::Drain(..) => self.advance_drain(),
                Reading::Nothing => {
                    self.input.clear();
                    Ok(Step::Wait)
                }
            };
            match step {
                Ok(Step::Again) => {}
                Ok(Step::Wait) => break,
                Err(rejection) => return self.reject(rejection),
            }
        }
        if self.input.is_empty() {
            // What was taken from it lives on in the events; an idle connection keeps no buffer.
            self.input = BytesMut::new();
        }
    }

    fn advance_head(&mut self) -> Result<Step, Rejection> {
        let Reading::Head(scan) = &mut self.reading else { return Ok(Step::Wait) };
        let Some(found) = scan.advance(&self.input, &self.config.limits)? else {
            if self.peer_closed.is_some() {
                if !self.input.iter().all(u8::is_ascii_whitespace) {
                    return Err(Rejection::IncompleteHead);
                }
                self.close_for(self.finished());
            }
            return Ok(Step::Wait);
        };
        let octets = self.input.split_to(found.end).freeze();
        let head = found.into_head(octets)?;
        let meaning = framing::interpret(&head)?;
        self.last_id += 1;
        let id = RequestId(self.last_id);
        self.active = Some(Active {
            id,
            response: Response::NotStarted,
            persist: meaning.persist,
            method: head.method.clone(),
            is_http10: head.version == super::Version::Http10,
            awaits_continue: meaning.expects_continue,
            complete: false,
            unconsumed: 0,
        });
        self.reading = Reading::Body(BodyReader::new(meaning.body));
        let expects_continue = meaning.expects_continue;
        self.events.push_back(Event::Request { id, head, expects_continue, body: meaning.body });
        Ok(Step::Again)
    }

    fn advance_body(&mut self) -> Result<Step, Rejection> {
        let (Reading::Body(reader), Some(active)) = (&mut self.reading, &mut self.active) else {
            return Ok(Step::Wait);
        };
        let id = active.id;
        if !self.input.is_empty() {
            active.awaits_continue = false;
        }
        match reader.advance(&mut self.input, &self.config.limits)? {
            Some(Piece::Data { data, octets }) => {
                active.unconsumed = active.unconsumed.saturating_add(data.len());
                self.events.push_back(Event::Body { id, data, octets });
            }
            Some(Piece::End { trailers, octets }) => {
                active.complete = true;
                active.awaits_continue = false;
                self.reading = Reading::Head(SectionScan::head());
                if !trailers.is_empty() {
                    self.events.push_back(Event::Trailers { id, lines: trailers });
                }
                self.events.push_back(Event::RequestEnd { id, octets });
            }
            None if self.peer_closed.is_some() => {
                if let Some(Piece::Data { data, octets }) = reader.rest(&mut self.input) {
                    self.events.push_back(Event::Body { id, data, octets });
                }
                return Err(Rejection::IncompleteBody);
            }
            None => return Ok(Step::Wait),
        }
        Ok(Step::Again)
    }

    /// Like the body, but nobody is told.
    fn advance_drain(&mut self) -> Result<Step, Rejection> {
        let Reading::Drain(reader, allowance) = &mut self.reading else { return Ok(Step::Wait) };
        match reader.advance(&mut self.input, &self.config.limits)? {
            Some(Piece::Data { octets, .. }) => match allowance.checked_sub(octets.len() as u64) {
                Some(left) => *allowance = left,
                None => {
                    self.close_for(self.finished());
                    return Ok(Step::Wait);
                }
            },
            Some(Piece::End { .. }) => self.reading = Reading::Head(SectionScan::head()),
            None => {
                if self.peer_closed.is_some() {
                    self.close_for(self.finished());
                }
                return Ok(Step::Wait);
            }
        }
        Ok(Step::Again)
    }

    /// The active response is complete: the next request, or the end.
    pub(super) fn response_is_complete(&mut self) {
        let Some(active) = self.active.take() else { return };
        // A client that was not told to continue may or may not send the body: only closing is unambiguous
        // (RFC 9110 §10.1.1).
        if !active.persist || active.awaits_continue {
            return self.close_for(self.finished());
        }
        let drained_body = self.config.limits.drained_body;
        match std::mem::replace(&mut self.reading, Reading::Nothing) {
            Reading::Body(reader) if reader.remaining().is_some_and(|remaining| remaining > drained_body) => {
                return self.close_for(self.finished());
            }
            Reading::Body(reader) => self.reading = Reading::Drain(reader, drained_body),
            other => self.reading = other,
        }
        self.advance();
        self.update_timer(true);
    }

    /// Says why, unless a response has begun, and ends the connection.
    pub(super) fn reject(&mut self, reason: Rejection) {
        let active = self.active.take();
        let response_had_begun = match &active {
            Some(active) => !matches!(active.response, Response::NotStarted),
            None => matches!(self.reading, Reading::Drain(..)),
        };
        let answered = !response_had_begun && self.may_send();
        if answered {
            let without_body = active.as_ref().is_some_and(|active| active.method == b"HEAD"[..]);
            self.write(Cause::Automatic, |out| put_rejection(reason, without_body, out));
        }
        self.events.push_back(Event::BadRequest { id: active.map(|active| active.id), reason, answered });
        self.close_for(CloseReason::Violation { rule: "bad-request" });
    }
}

fn put_rejection(reason: Rejection, without_body: bool, out: &mut BytesMut) {
    let (status, phrase) = (reason.status(), reason_phrase(reason.status()));
    let text = format!("{status} {phrase}: {} ({}).\n", reason.why(), reason.section());
    put_status_line(status, phrase.as_bytes(), out);
    put_field(b"content-type", b"text/plain; charset=utf-8", out);
    put_content_length(text.len() as u64, out);
    put_field(b"connection", b"close", out);
    out.put_slice(b"\r\n");
    if !without_body {
        out.put_slice(text.as_bytes());
    }
}
