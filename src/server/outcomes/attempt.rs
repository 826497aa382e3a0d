//! One request that bore a token, and what became of it: a fold over the records of its connection.

use super::facts::{Client, Ended, Facts, Goaway, Half, Read, Reset, Sent, Timed, Why, Windows};
use super::flow::Flow;
use crate::http::peer::Protocol;
use crate::http::status::is_interim;
use crate::transcript::{Closed, Frame, Octets, Record, RecordKind, Side};
use crate::wire::frame::{FrameHeader, FrameType, HEADER_LENGTH, Payload, flag};
use std::collections::VecDeque;
use std::time::Duration;

/// Expectations that are kept of an attempt, and violations.
const MAX_NOTES: usize = 16;
/// Statuses of informational responses that are kept.
const MAX_INFORMATIONAL: usize = 16;
/// PINGs of the server that may wait for their ACK.
const MAX_PINGS: usize = 16;
/// Bytes of a status line that are looked at.
const STATUS_LINE: usize = 12;

/// What is known of an attempt from its start.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub connection: u64,
    pub protocol: Protocol,
    pub client_address: String,
    /// When the connection began, since 1970.
    pub opened: Duration,
    /// Its stream; over HTTP/1.1 the number of the request.
    pub stream: u64,
    /// One character per byte, as [`path`](Self::path).
    pub method: String,
    pub path: String,
}

/// An attempt, as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub head: Head,
    facts: Facts,
    /// The number of the record with which it began; 0 before it.
    first: u64,
    /// The stream's window.
    window: i64,
    /// Server's PINGs without ACK, and what had gone out before each.
    pings: VecDeque<([u8; 8], Read)>,
    /// A frame of the server that is not whole yet, and how many bytes of it are missing.
    raw: Option<(FrameHeader, u64)>,
    /// The header of one, as far as it was sent.
    raw_header: Vec<u8>,
    /// Why the engine ended the connection; its transport may be open still.
    closing: Option<Closed>,
    /// Another request came after it on its connection.
    is_followed: bool,
    /// The client's GOAWAY came before it was over, or with no other request since.
    goaway_counts: bool,
    /// The response is complete (HTTP/1.1).
    has_response: bool,
}

impl Attempt {
    pub fn new(head: Head) -> Self {
        let is_http2 = head.protocol == Protocol::Http2;
        let half = || if is_http2 { Half::of_stream() } else { Half::default() };
        let sent = Sent { half: half(), ..Sent::default() };
        let client = Client { half: half(), read: is_http2.then(Read::default), ..Client::default() };
        Self {
            head,
            facts: Facts { sent, client, ..Facts::default() },
            first: 0,
            window: 0,
            pings: VecDeque::new(),
            raw: None,
            raw_header: Vec::new(),
            closing: None,
            is_followed: false,
            goaway_counts: false,
            has_response: false,
        }
    }

    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The number of the first of its records.
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// Whether it has resolved.
    pub const fn is_over(&self) -> bool {
        self.facts.times.over.is_some()
    }

    /// What someone may wait for.
    pub const fn milestones(&self) -> (bool, bool, bool, bool) {
        let client = &self.facts.client;
        (self.is_over(), client.reset.is_some(), client.goaway.is_some(), client.closed.is_some())
    }

    /// Another request came on its connection.
    pub const fn follow(&mut self) {
        self.is_followed = true;
    }

    /// Records were gone before they could be counted.
    pub const fn miss(&mut self, records: u64) {
        self.facts.missed += records;
    }

    /// Over HTTP/1.1: bytes of the request's body, and how much content they are.
    pub fn receive_body(&mut self, octets: u64, content: u64) {
        self.facts.client.half.count(octets, 0);
        self.facts.client.half.add_content(content);
    }

    /// Over HTTP/1.1: the request is complete.
    pub const fn end_request(&mut self) {
        self.facts.client.half.ended = true;
    }

    /// Over HTTP/1.1: the response is complete.
    pub fn end_response(&mut self, time: Duration) {
        self.facts.sent.half.ended = true;
        self.has_response = true;
        self.settle(time);
    }

    /// Takes the next record of its connection, which changes the window of each stream by `window`.
    pub fn apply(&mut self, record: &Record, flow: &Flow, window: i64) {
        if self.first == 0 && !self.begin(record, flow) {
            return;
        }
        self.window += window;
        match &record.kind {
            RecordKind::Frame(frame) => self.frame(record.from, frame, record.time),
            RecordKind::Octets(octets) => self.octets(record.from, octets, record.time),
            RecordKind::NotSent(unsent) if unsent.stream.map(u64::from) == Some(self.head.stream) => {
                self.facts.sent.not_sent += unsent.length.unwrap_or_default();
            }
            RecordKind::Violation(violation) if self.is_about(violation.stream) => {
                let what = Timed { time: record.time.as_secs_f64(), what: violation.clone() };
                keep(&mut self.facts.violations, what, &mut self.facts.more);
            }
            RecordKind::Expectation(expected) if !self.is_over() || !self.is_followed => {
                let what = Timed { time: record.time.as_secs_f64(), what: expected.clone() };
                keep(&mut self.facts.expectations, what, &mut self.facts.more);
            }
            RecordKind::Closed(closed) => self.closing = Some(closed.clone()),
            RecordKind::Ended(closed) => {
                let time = record.time.as_secs_f64();
                self.facts.client.closed = Some(Ended { time, closed: closed.clone() });
            }
            _ => {}
        }
        if !self.is_over() {
            let windows = Windows { stream: self.window, connection: flow.connection };
            let is_known = flow.is_known && self.head.protocol == Protocol::Http2;
            self.facts.client.window_left = is_known.then_some(windows);
        }
        self.settle(record.time);
    }

    /// Whether it begins with this record.
    fn begin(&mut self, record: &Record, flow: &Flow) -> bool {
        let is_first = match &record.kind {
            RecordKind::Frame(frame) => {
                let header = frame.header();
                record.from == Some(Side::Client)
                    && header.frame_type == FrameType::HEADERS
                    && u64::from(header.stream_id) == self.head.stream
            }
            RecordKind::Request(head) if head.number == self.head.stream => {
                self.facts.client.half.count(head.head_octets, 0);
                self.facts.client.half.content = Some(0);
                true
            }
            _ => false,
        };
        if is_first {
            // Over HTTP/1.1 its bytes are in the record before.
            self.first = if self.head.protocol == Protocol::Http1 { record.seq.max(2) - 1 } else { record.seq };
            self.window = flow.initial;
            let times = &mut self.facts.times;
            times.request = record.time.as_secs_f64();
            times.began = (self.head.opened + record.time).as_secs_f64();
        }
        is_first
    }

    fn is_about(&self, stream: Option<u32>) -> bool {
        let of_connection = !self.is_over() || !self.is_followed;
        stream.map_or(of_connection, |stream| u64::from(stream) == self.head.stream || stream == 0 && of_connection)
    }

    fn frame(&mut self, from: Option<Side>, frame: &Frame, time: Duration) {
        let stream = u64::from(frame.header().stream_id);
        match (from, stream) {
            (Some(Side::Server), 0) => self.connection_frame_sent(frame, time),
            (Some(_), 0) => self.connection_frame_received(frame, time),
            (Some(Side::Server), stream) if stream == self.head.stream => self.frame_sent(frame, time),
            (Some(_), stream) if stream == self.head.stream => self.frame_received(frame, time),
            _ => {}
        }
    }

    fn frame_sent(&mut self, frame: &Frame, time: Duration) {
        let sent = &mut self.facts.sent;
        self.facts.times.response.get_or_insert(time.as_secs_f64());
        sent.half.take(frame);
        if frame.header().frame_type == FrameType::DATA {
            self.window -= i64::from(frame.header().length);
        }
        if let Some(Ok(Payload::RstStream(reset))) = frame.payload() {
            sent.reset = Some(Reset::new(reset.code, time));
        }
        if let Some(Ok(section)) = frame.fields()
            && let Some(status) =
                section.get(b":status").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok())
        {
            sent.take_status(status);
        }
    }

    fn frame_received(&mut self, frame: &Frame, time: Duration) {
        let client = &mut self.facts.client;
        client.half.take(frame);
        match frame.payload() {
            Some(Ok(Payload::RstStream(reset))) => client.reset = Some(Reset::new(reset.code, time)),
            Some(Ok(Payload::WindowUpdate(update))) => self.window += i64::from(update.increment),
            _ => {}
        }
    }

    fn connection_frame_sent(&mut self, frame: &Frame, time: Duration) {
        match frame.payload() {
            Some(Ok(Payload::GoAway(goaway))) => self.facts.sent.goaway = Some(Goaway::new(&goaway, time)),
            Some(Ok(Payload::Ping(ping))) if !frame.header().has(flag::ACK) => {
                let half = &self.facts.sent.half;
                let read = Read { frames: half.frames.unwrap_or_default(), content: half.content.unwrap_or_default() };
                if self.pings.len() == MAX_PINGS {
                    self.pings.pop_front();
                }
                self.pings.push_back((ping.opaque, read));
            }
            _ => {}
        }
    }

    fn connection_frame_received(&mut self, frame: &Frame, time: Duration) {
        match frame.payload() {
            Some(Ok(Payload::GoAway(goaway))) => {
                let goaway = Goaway::new(&goaway, time);
                self.goaway_counts |= goaway.is_error() && !(self.is_over() && self.is_followed);
                let client = &mut self.facts.client;
                // A later one that says that nothing is wrong does not hide an error.
                if client.goaway.as_ref().is_none_or(|former| goaway.is_error() || !former.is_error()) {
                    client.goaway = Some(goaway);
                }
            }
            Some(Ok(Payload::Ping(ping))) if frame.header().has(flag::ACK) => {
                if let Some(at) = self.pings.iter().position(|(opaque, _)| *opaque == ping.opaque) {
                    self.facts.client.read = self.pings.drain(..=at).next_back().map(|(_, read)| read);
                }
            }
            _ => {}
        }
    }

    /// Bytes that are not a whole frame.
    fn octets(&mut self, from: Option<Side>, octets: &Octets, time: Duration) {
        if from != Some(Side::Server) {
            return;
        }
        if self.head.protocol == Protocol::Http1 {
            return self.response_sent(octets, time);
        }
        if self.raw.is_none() && octets.announced().is_none() {
            // A frame header that comes in pieces.
            self.raw_header.extend_from_slice(&octets.octets);
        }
        let begun = octets.announced().or_else(|| self.raw_header.first_chunk().map(FrameHeader::parse));
        let length = octets.length.max(self.raw_header.len() as u64);
        if let Some(header) = begun {
            self.raw_header.clear();
            let whole = HEADER_LENGTH as u64 + u64::from(header.length);
            self.raw = Some((header, whole));
            self.raw_sent(header, length, 1, time);
        } else if let Some((header, _)) = self.raw {
            self.raw_sent(header, octets.length, 0, time);
        }
    }

    /// Bytes of a frame that is not whole, with the frame itself if it begins.
    fn raw_sent(&mut self, header: FrameHeader, length: u64, frames: u64, time: Duration) {
        let missing = self.raw.map_or(0, |(_, missing)| missing.saturating_sub(length));
        self.raw = (missing > 0).then_some((header, missing));
        if u64::from(header.stream_id) != self.head.stream {
            return;
        }
        self.facts.times.response.get_or_insert(time.as_secs_f64());
        let half = &mut self.facts.sent.half;
        half.count(length, frames);
        if missing == 0 {
            half.end_by(header.frame_type, header.flags);
        }
    }

    /// Bytes of a response over HTTP/1.1.
    fn response_sent(&mut self, octets: &Octets, time: Duration) {
        if self.is_over() {
            return;
        }
        self.facts.times.response.get_or_insert(time.as_secs_f64());
        let sent = &mut self.facts.sent;
        sent.half.count(octets.length, 0);
        if sent.status.is_none()
            && let Some(line) = octets.octets.get(..STATUS_LINE)
            && line.starts_with(b"HTTP/1.")
            && let Some(status) = line.get(9..).and_then(|code| std::str::from_utf8(code).ok()?.parse().ok())
        {
            sent.take_status(status);
        }
    }

    /// Why the connection ended. The end of the transport knows more of what a script did.
    fn end_of_connection(&self) -> Option<&Closed> {
        self.facts.client.closed.as_ref().map(|ended| &ended.closed).or(self.closing.as_ref())
    }

    /// Notes when it was over.
    fn settle(&mut self, time: Duration) {
        if self.facts.times.over.is_none() && self.why().is_some() {
            self.facts.times.over = Some(time.as_secs_f64());
        }
    }

    /// Why it resolved; `None` while it is in progress. What the client reported comes first.
    pub fn why(&self) -> Option<Why> {
        let Facts { sent, client, .. } = &self.facts;
        let is_complete = sent.half.ended && client.half.ended || self.has_response;
        let leaves_out = |goaway: &Goaway| u64::from(goaway.last_stream) < self.head.stream;
        if client.reset.is_some() {
            return Some(Why::ClientReset);
        }
        if self.goaway_counts {
            return Some(Why::Goaway);
        }
        if let Some(reset) = &sent.reset {
            let is_end = reset.is_no_error() && sent.half.ended;
            return Some(if is_end { Why::StreamEnded } else { Why::ServerReset });
        }
        if is_complete {
            return Some(Why::StreamEnded);
        }
        if sent.goaway.as_ref().is_some_and(leaves_out) {
            return Some(Why::Goaway);
        }
        let closed = self.end_of_connection()?;
        let is_by_client = closed.why.starts_with("client-") || closed.why == "transport-failed";
        Some(match &sent.goaway {
            _ if is_by_client => Why::ConnectionLost,
            Some(goaway) if goaway.is_error() => Why::Goaway,
            _ => Why::ServerReset,
        })
    }

    /// Why it resolved, as a sentence without its full stop.
    pub fn text(&self) -> String {
        let Facts { sent, client, .. } = &self.facts;
        let what = match self.why() {
            None => "it is in progress".to_owned(),
            Some(Why::StreamEnded) => "request and response are complete".to_owned(),
            Some(Why::ClientReset) => {
                let code = client.reset.as_ref().map_or("", |reset| &reset.code);
                format!("the client sent RST_STREAM {code}")
            }
            Some(Why::ServerReset) if sent.reset.is_some() => {
                let code = sent.reset.as_ref().map_or("", |reset| &reset.code);
                format!("the server sent RST_STREAM {code}")
            }
            Some(Why::Goaway) => {
                let (by, goaway) =
                    if self.goaway_counts { ("client", &client.goaway) } else { ("server", &sent.goaway) };
                let goaway = goaway.as_ref();
                let code = goaway.map_or("", |goaway| &goaway.code);
                let last = goaway.map_or(0, |goaway| goaway.last_stream);
                format!("the {by} sent GOAWAY {code}, last stream ID {last}")
            }
            Some(_) => {
                let closed = self.end_of_connection().map_or("the connection ended", |closed| &closed.text);
                format!("{closed}, before the response was complete")
            }
        };
        let Head { connection, stream, protocol, .. } = &self.head;
        let unit = if *protocol == Protocol::Http1 { "request" } else { "stream" };
        format!("{unit} {stream} of connection {connection}: {what}")
    }
}

impl Sent {
    fn take_status(&mut self, status: u16) {
        if !is_interim(status) {
            self.status.get_or_insert(status);
        } else if self.informational.len() < MAX_INFORMATIONAL {
            self.informational.push(status);
        }
    }
}

/// Keeps what there is room for, and counts the rest.
fn keep<T>(all: &mut Vec<T>, one: T, more: &mut u64) {
    if all.len() < MAX_NOTES {
        all.push(one);
    } else {
        *more += 1;
    }
}
