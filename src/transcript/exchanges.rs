//! The requests of a connection and the responses to them, put together from its records.

use super::exchange::{Exchange, FieldList, Message};
use super::facts::{Facts, GoAwayFacts, ResetFacts};
use super::fields::{FieldLine, FieldSection};
use super::frame::Frame;
use super::http1::Http1;
use super::octets::Meaning;
use super::record::{Record, RecordKind, Side};
use crate::http::latin1::latin1;
use crate::http::status::is_interim;
use crate::wire::frame::{FrameType, HEADER_LENGTH, Payload, flag};
use std::time::Duration;

/// Requests and resets that are listed of a connection, the newest.
const MAX_LISTED: usize = 100;
/// Bytes of all targets in lists, and of one message over HTTP/1.1 that are kept for them.
const MAX_LISTED_OCTETS: usize = 64 * 1024;

/// What the records of a connection say of its requests.
#[derive(Clone, Debug, Default)]
pub struct Exchanges {
    /// In the order in which the requests came; over HTTP/1.1 those whose response is over.
    all: Vec<Exchange>,
    /// The others over HTTP/1.1.
    http1: Http1,
    /// Every reset, in order.
    resets: Vec<ResetFacts>,
    /// The client's newest GOAWAY.
    client_goaway: Option<GoAwayFacts>,
    /// Whether only what lists show is kept: of the newest, without headers and content.
    for_lists: bool,
}

impl Exchanges {
    /// Reads the records of a connection.
    pub fn read(records: impl IntoIterator<Item = Record>) -> Self {
        let mut exchanges = Self::default();
        records.into_iter().for_each(|record| exchanges.take(&record));
        exchanges
    }

    /// Before the first record; keeps only what lists show.
    pub fn for_lists() -> Self {
        Self { for_lists: true, http1: Http1::up_to(MAX_LISTED_OCTETS), ..Self::default() }
    }

    /// All requests, those in progress too.
    pub fn all(&self) -> Vec<Exchange> {
        self.all.iter().cloned().chain(self.http1.clone().finish()).collect()
    }

    /// Puts in the newest requests and resets, and the client's GOAWAY.
    pub fn put_into(&self, facts: &mut Facts) {
        let all = self.all();
        let newest = all.iter().skip(all.len().saturating_sub(MAX_LISTED));
        facts.requests = newest.map(|exchange| exchange.facts(facts.protocol)).collect();
        facts.resets = self.resets.iter().skip(self.resets.len().saturating_sub(MAX_LISTED)).cloned().collect();
        facts.client_goaway.clone_from(&self.client_goaway);
    }

    /// Takes the next record.
    pub fn take(&mut self, record: &Record) {
        match (&record.kind, record.from) {
            (RecordKind::Frame(frame), Some(from)) => self.take_frame(record.time, from, frame),
            (RecordKind::Octets(octets), Some(from)) if octets.meaning == Meaning::Http1 => {
                if let Some(done) = self.http1.octets(record.time, from, octets) {
                    self.add(done);
                }
            }
            (RecordKind::Request(head), _) => self.http1.request(record.time, head),
            _ => {}
        }
    }

    fn take_frame(&mut self, time: Duration, from: Side, frame: &Frame) {
        let stream = frame.header().stream_id;
        match frame.header().frame_type {
            FrameType::DATA => self.take_data(time, from, frame),
            FrameType::HEADERS | FrameType::CONTINUATION | FrameType::PUSH_PROMISE => {
                self.take_section(time, from, frame);
            }
            FrameType::RST_STREAM => {
                if let Some(Ok(Payload::RstStream(reset))) = frame.payload() {
                    self.reset(ResetFacts { time, stream, code: reset.code.to_string(), by: from });
                }
            }
            FrameType::GOAWAY if from == Side::Client => {
                if let Some(Ok(Payload::GoAway(goaway))) = frame.payload() {
                    let (code, last_stream) = (goaway.code.to_string(), goaway.last_stream_id);
                    self.client_goaway = Some(GoAwayFacts { time, code, last_stream, debug: latin1(&goaway.debug) });
                }
            }
            _ => {}
        }
    }

    fn reset(&mut self, reset: ResetFacts) {
        if let Some(exchange) = self.of_stream(reset.stream) {
            exchange.reset.get_or_insert_with(|| reset.clone());
        }
        self.resets.push(reset);
        if self.for_lists && self.resets.len() > MAX_LISTED {
            self.resets.remove(0);
        }
    }

    /// Adds the newest exchange.
    fn add(&mut self, mut exchange: Exchange) {
        if !self.for_lists {
            return self.all.push(exchange);
        }
        exchange.strip();
        self.all.push(exchange);
        let mut size: usize = self.all.iter().map(|one| one.target.len()).sum();
        while self.all.len() > MAX_LISTED || size > MAX_LISTED_OCTETS && self.all.len() > 1 {
            size -= self.all.remove(0).target.len();
        }
    }

    fn of_stream(&mut self, stream: u32) -> Option<&mut Exchange> {
        self.all.iter_mut().rev().find(|exchange| exchange.stream == u64::from(stream))
    }

    fn take_data(&mut self, time: Duration, from: Side, frame: &Frame) {
        let header = *frame.header();
        let for_lists = self.for_lists;
        let Some(exchange) = self.of_stream(header.stream_id) else { return };
        let message = exchange.of(from);
        if let Some((length, padding)) = frame.data_lengths() {
            let start = HEADER_LENGTH + usize::from(padding.is_some());
            let end = if for_lists { start } else { frame.octets().len().min(start + length as usize) };
            message.add_content(time, u64::from(length), frame.octets().slice(start.min(end)..end));
        }
        message.ended |= header.has(flag::END_STREAM);
    }

    /// A frame of a field block; its fields are with the last of them, END_STREAM is with the first.
    fn take_section(&mut self, time: Duration, from: Side, frame: &Frame) {
        let header = *frame.header();
        let size = frame.octets().len() as u64;
        let ends = header.frame_type == FrameType::HEADERS && header.has(flag::END_STREAM);
        if let Some(Ok(section)) = frame.fields() {
            self.take_fields(time, from, frame, section);
        }
        if let Some(exchange) = self.of_stream(header.stream_id) {
            let message = exchange.of(from);
            message.headers_size += size;
            message.ended |= ends;
            message.newest = time;
        }
    }

    fn take_fields(&mut self, time: Duration, from: Side, frame: &Frame, section: &FieldSection) {
        let promised = match frame.payload() {
            Some(Ok(Payload::PushPromise(promise))) => Some(promise.promised_stream_id),
            _ => None,
        };
        let stream = promised.unwrap_or(frame.header().stream_id);
        let fields = if self.for_lists { FieldList::new() } else { list(section) };
        if from == Side::Client || promised.is_some() {
            match self.of_stream(stream).filter(|_| promised.is_none()) {
                Some(exchange) => exchange.request.trailers.extend(fields),
                None => self.open(time, stream, promised.is_some(), section, fields),
            }
            return;
        }
        let Some(exchange) = self.of_stream(stream) else { return };
        match section.get(b":status").and_then(|status| std::str::from_utf8(status).ok()?.parse().ok()) {
            Some(status) if is_interim(status) && exchange.status.is_none() => {
                if !fields.is_empty() {
                    exchange.interim.push((time, status, fields));
                }
            }
            Some(status) if exchange.status.is_none() => {
                exchange.status = Some(status);
                (exchange.response.began, exchange.response.headers) = (time, fields);
            }
            _ => exchange.response.trailers.extend(fields),
        }
    }

    /// Adds a request, if the fields are those of one.
    fn open(&mut self, time: Duration, stream: u32, pushed: bool, section: &FieldSection, headers: FieldList) {
        let Some(method) = section.get(b":method") else { return };
        let target = section.get(b":path").or_else(|| section.get(b":authority"));
        self.add(Exchange {
            stream: u64::from(stream),
            pushed,
            method: method.clone(),
            target: target.cloned().unwrap_or_default(),
            request: Message { began: time, newest: time, ended: pushed, headers, ..Message::default() },
            ..Exchange::default()
        });
    }
}

fn list(section: &FieldSection) -> FieldList {
    let lines = section.lines.iter().filter_map(|line| match line {
        FieldLine::Field { name, value, .. } => Some((name.clone(), value.clone())),
        FieldLine::SizeUpdate(_) => None,
    });
    lines.collect()
}
