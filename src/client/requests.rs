//! The job of plain requests: as many at once as the server allows.

use super::exit::Exit;
use super::session::Job;
use crate::h2::{CloseReason, Connection, Event, HeadersKind, Initiator, Misuse, Reaction, Violation};
use crate::http::latin1::latin1;
use crate::wire::frame::ErrorCode;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Instant;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The URL as it was given.
    pub url: String,
    /// Pseudo-headers and headers.
    pub fields: Vec<(Bytes, Bytes)>,
    /// The body; empty for none.
    pub body: Bytes,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub struct Response {
    url: String,
    stream: Option<u32>,
    status: String,
    length: u64,
    num_trailers: Option<usize>,
    outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Waiting,
    Complete,
    Reset { code: ErrorCode, by: Initiator },
    Unprocessed,
    NotSent(Misuse),
}

/// Sends requests, and gathers what comes of them.
pub struct Requests {
    waiting: VecDeque<Request>,
    responses: Vec<Response>,
    violations: Vec<Violation>,
    goaway: Option<ErrorCode>,
    reason: Option<CloseReason>,
}

impl Requests {
    /// Sends these.
    pub fn new(requests: Vec<Request>) -> Self {
        Self { waiting: requests.into(), responses: Vec::new(), violations: Vec::new(), goaway: None, reason: None }
    }

    /// How it ended, if it was not for the time.
    pub fn exit(&self) -> Exit {
        let is_bad = |code: ErrorCode| code != ErrorCode::NO_ERROR;
        if matches!(self.reason, Some(CloseReason::Violation { .. })) || self.goaway.is_some_and(is_bad) {
            return Exit::ConnectionError;
        }
        let unsent = if self.waiting.is_empty() { Exit::Success } else { Exit::ConnectionError };
        self.responses.iter().map(|response| response.exit()).chain([unsent]).max().unwrap_or(Exit::Success)
    }

    /// A line for each request, and for what went wrong on the connection.
    pub fn summary(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.responses.iter().map(|response| self.line(response)).collect();
        lines.extend(self.waiting.iter().map(|request| format!("not sent: {}", request.url)));
        let ending = self.violations.iter().filter(|violation| violation.stream == 0);
        lines.extend(ending.map(|violation| format!("the server broke a rule: {}", rule(violation))));
        if let Some(code) = self.goaway.filter(|code| *code != ErrorCode::NO_ERROR) {
            lines.push(format!("the server ended the connection with GOAWAY {code}"));
        }
        lines
    }

    fn line(&self, response: &Response) -> String {
        let Response { url, stream, status, length, num_trailers, outcome } = response;
        let mut line = stream.map(|stream| format!("stream {stream}: ")).unwrap_or_default();
        if !status.is_empty() {
            line.push_str(&format!("{status}, {length} bytes of body"));
            if let Some(count) = num_trailers {
                line.push_str(&format!(", {count} trailers"));
            }
        } else if *outcome == Outcome::Waiting {
            line.push_str("no response");
        }
        let begin = if line.ends_with(": ") || line.is_empty() { "" } else { ", " };
        match outcome {
            Outcome::Complete => {}
            Outcome::Waiting if status.is_empty() => {}
            Outcome::Waiting => line.push_str(", incomplete"),
            Outcome::Reset { code, by: Initiator::Peer } => {
                line.push_str(&format!("{begin}the server reset the stream with {code}"));
            }
            Outcome::Reset { code, .. } => {
                let broken = self.violations.iter().find(|violation| Some(violation.stream) == *stream);
                let why = broken.map(rule).unwrap_or_else(|| code.to_string());
                line.push_str(&format!("{begin}stream error {code}: {why}"));
            }
            Outcome::Unprocessed => {
                line.push_str(&format!("{begin}the server's GOAWAY says that it was not processed"))
            }
            Outcome::NotSent(misuse) => line.push_str(&format!("{begin}not sent: {misuse}")),
        }
        format!("{line}  {url}")
    }

    fn open(&mut self, connection: &mut Connection, request: &Request) -> Result<u32, Misuse> {
        let fields = request.fields.iter().map(|(name, value)| (&name[..], &value[..]));
        let stream = connection.open(fields, request.body.is_empty())?;
        if !request.body.is_empty() {
            connection.send_data(stream, request.body.clone(), true)?;
        }
        Ok(stream)
    }

    fn of(&mut self, stream: u32) -> Option<&mut Response> {
        self.responses.iter_mut().find(|response| response.stream == Some(stream))
    }
}

impl Response {
    fn exit(&self) -> Exit {
        match self.outcome {
            Outcome::Complete => Exit::Success,
            Outcome::Reset { .. } => Exit::StreamError,
            Outcome::Waiting | Outcome::Unprocessed => Exit::ConnectionError,
            Outcome::NotSent(Misuse::ConnectionClosed | Misuse::GoingAway) => Exit::ConnectionError,
            Outcome::NotSent(_) => Exit::Usage,
        }
    }
}

/// What was broken, and where that is written.
fn rule(violation: &Violation) -> String {
    let Violation { rule, detail, .. } = violation;
    let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
    format!("{} ({}): {}{detail}", rule.id(), rule.section(), rule.text())
}

impl Job for Requests {
    fn event(&mut self, _: Instant, connection: &mut Connection, event: &Event) {
        match event {
            Event::Headers { stream, block, kind, .. } => {
                let Some(response) = self.of(*stream) else { return };
                match kind {
                    HeadersKind::Response => {
                        let status = block.fields().find(|field| field.name == ":status");
                        response.status = status.map(|field| latin1(&field.value)).unwrap_or_default();
                    }
                    HeadersKind::Trailers => response.num_trailers = Some(block.fields().count()),
                    HeadersKind::Informational | HeadersKind::Request { .. } => {}
                }
            }
            Event::Data { stream, data, .. } => {
                if let Some(response) = self.of(*stream) {
                    response.length += data.len() as u64;
                }
            }
            Event::StreamClosed { stream } => {
                if let Some(response) = self.of(*stream)
                    && response.outcome == Outcome::Waiting
                {
                    response.outcome = Outcome::Complete;
                }
            }
            Event::Reset { stream, code, by } => {
                if let Some(response) = self.of(*stream)
                    && response.outcome == Outcome::Waiting
                {
                    // The server may not want the rest of a body (RFC 9113 §8.1).
                    let is_early = *code == ErrorCode::NO_ERROR && !response.status.is_empty();
                    response.outcome =
                        if is_early { Outcome::Complete } else { Outcome::Reset { code: *code, by: *by } };
                }
            }
            Event::Unprocessed { stream } => {
                if let Some(response) = self.of(*stream) {
                    response.outcome = Outcome::Unprocessed;
                }
            }
            Event::PushPromise { promised, .. } => {
                // It fails only if the connection is over.
                let _ = connection.reset(*promised, ErrorCode::REFUSED_STREAM);
            }
            Event::GoAway { code, .. } => self.goaway = Some(*code),
            Event::Violation(violation) if violation.reaction != Reaction::Reported => {
                self.violations.push(violation.clone());
            }
            Event::Closed { reason } => self.reason = Some(*reason),
            _ => {}
        }
    }

    fn act(&mut self, _: Instant, connection: &mut Connection) {
        if connection.is_closed() {
            return;
        }
        while let Some(request) = self.waiting.pop_front() {
            let (stream, outcome) = match self.open(connection, &request) {
                Ok(stream) => (Some(stream), Outcome::Waiting),
                // Until a stream ends.
                Err(Misuse::Concurrency { .. }) => {
                    self.waiting.push_front(request);
                    return;
                }
                Err(misuse) => (None, Outcome::NotSent(misuse)),
            };
            let (status, url) = (String::new(), request.url);
            self.responses.push(Response { url, stream, status, length: 0, num_trailers: None, outcome });
        }
        if self.responses.iter().all(|response| response.outcome != Outcome::Waiting) {
            connection.shut_down();
        }
    }
}
