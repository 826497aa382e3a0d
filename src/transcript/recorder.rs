//! What happens on a connection becomes records.

use super::hub::Hub;
use super::log::{Piece, Transcript};
use super::record::{
    self, Closed, Expected, NotSent, NotSentReason, Notice, Reaction, RecordKind, RequestHead, Side, Violation,
};
use super::ring::{Kind, Origin};
use crate::h1;
use crate::h2;
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::{Cause, CloseReason};
use crate::wire::frame::{FrameHeader, FrameType, HEADER_LENGTH, RawFrame};
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

/// Characters of a text that a script or the other end gave.
const MAX_TEXT: usize = 1_000;

/// A raw frame whose header announces more than this does not hide what follows it: the peer ends the connection
/// (RFC 9113 §4.2).
const MAX_RAW_FRAME: u32 = 1 << 14;

/// Records what happens on one connection, as one of its ends sees it.
///
/// An instant is that of the turn of the connection; `None` outside of turns. A `call` is the number of the call of a
/// script that sent something; 0 for none.
#[derive(Debug)]
pub struct Recorder {
    hub: Arc<Hub>,
    transcript: Arc<Transcript>,
    raw: RefCell<Unfinished>,
    /// The highest stream on which this end sent a request, as a client.
    requested: Cell<u32>,
}

/// The raw frame that has not ended.
#[derive(Debug, Default)]
struct Unfinished {
    /// Its header, as far as it was sent, if that is not all of it.
    header: Vec<u8>,
    /// How many bytes of it are missing behind its header.
    missing: usize,
}

impl Recorder {
    /// Begins to record a connection that began at `now`, by the wall clock at `opened`, as its end `side` sees it;
    /// `None` if nothing is to be recorded.
    pub fn begin(
        hub: &Arc<Hub>,
        side: Side,
        peer: &Peer,
        protocol: Protocol,
        now: Instant,
        opened: SystemTime,
    ) -> Option<Self> {
        let transcript = hub.begin((peer, protocol, side), (now, opened))?;
        Some(Self { hub: Arc::clone(hub), transcript, raw: RefCell::default(), requested: Cell::default() })
    }

    /// The transcript that it fills.
    pub fn transcript(&self) -> &Arc<Transcript> {
        &self.transcript
    }

    /// What to call when the connection has ended, with the reason.
    pub fn ending(&self) -> impl FnOnce(CloseReason) + use<> {
        let (hub, transcript) = (Arc::clone(&self.hub), Arc::clone(&self.transcript));
        move |why| hub.close(&transcript, why)
    }

    /// Records an event of the HTTP/2 engine.
    pub fn http2(&self, now: Option<Instant>, call: u32, event: &h2::Event) {
        match event {
            h2::Event::Frame(frame) => self.frame(now, frame),
            h2::Event::Sent { octets, .. } if self.side() == Side::Client && octets[..] == h2::PREFACE[..] => {
                self.note(now, Some(Side::Client), RecordKind::Preface);
            }
            h2::Event::Sent { octets, length, cause: Cause::Raw, broken } => {
                self.sent_raw(now, call, (*length, octets), broken);
            }
            h2::Event::Sent { octets, length, cause, .. } => self.sent(now, *cause, call, *length, octets),
            h2::Event::Headers { kind: h2::HeadersKind::Request { .. }, .. } => self.count_request(),
            h2::Event::Preface => self.note(now, Some(Side::Client), RecordKind::Preface),
            h2::Event::NotSent { what, why } => {
                let unsent = self.not_sent(what, *why);
                self.note(now, Some(self.side()), RecordKind::NotSent(unsent));
            }
            h2::Event::Violation(violation) => {
                self.hub.count_violation();
                self.transcript.log().errors.violations += 1;
                self.note(now, Some(self.side().other()), RecordKind::Violation(broken_rule(violation)));
            }
            h2::Event::GoAway { code, .. } => self.transcript.log().errors.peer_goaway = Some(code.to_string()),
            h2::Event::Reset { by: h2::Initiator::Peer, .. } => self.transcript.log().errors.peer_resets += 1,
            h2::Event::Closed { reason } => self.closed(now, *reason),
            _ => {}
        }
    }

    /// Records an event of the HTTP/1.1 engine.
    pub fn http1(&self, now: Option<Instant>, call: u32, event: &h1::Event) {
        match event {
            h1::Event::Sent { octets, length, cause } => {
                let call = if *cause == Cause::Automatic { 0 } else { call };
                self.add(now, Kind::Http1(Origin::Own(*cause)), call, *length, [self.kept(octets, usize::MAX), b""]);
            }
            h1::Event::Request { id, head, .. } => {
                self.count_request();
                let text = |octets: &Bytes| Bytes::copy_from_slice(octets.get(..MAX_TEXT).unwrap_or(octets));
                let head = RequestHead {
                    number: id.0,
                    method: text(&head.method),
                    target: text(&head.target),
                    head_octets: head.head_octets.len() as u64,
                };
                self.note(now, Some(self.side().other()), RecordKind::Request(head));
            }
            h1::Event::BadRequest { reason, .. } => {
                self.hub.count_violation();
                self.transcript.log().errors.violations += 1;
                let violation = Violation {
                    rule: None,
                    section: reason.section().to_owned(),
                    text: reason.why().to_owned(),
                    stream: None,
                    reaction: None,
                    status: Some(reason.status()),
                    detail: String::new(),
                };
                self.note(now, Some(self.side().other()), RecordKind::Violation(violation));
            }
            h1::Event::Closed { reason } => self.closed(now, *reason),
            _ => {}
        }
    }

    /// Records bytes that arrived over HTTP/1.1, whatever they are.
    pub fn received(&self, now: Option<Instant>, octets: &[u8]) {
        let kept = self.kept(octets, self.hub.options().data);
        self.add(now, Kind::Http1(Origin::Peer), 0, octets.len(), [kept, b""]);
    }

    /// Records what a script expected of the other end.
    pub fn expected(&self, now: Option<Instant>, call: u32, name: &str, passed: bool, detail: &str) {
        let now = now.unwrap_or_else(|| self.hub.now());
        if !passed {
            self.hub.count_failed_expectation();
        }
        let expected = Expected { name: shortened(name), passed, detail: shortened(detail) };
        self.note_of(Some(now), None, call, RecordKind::Expectation(expected.clone()));
        self.transcript.add_expectation(now, expected);
    }

    /// Records something worth knowing, on a stream (a request over HTTP/1.1) or on the connection.
    pub fn notice(&self, now: Option<Instant>, stream: Option<u64>, text: &str) {
        self.note(now, None, RecordKind::Notice(Notice { stream, text: shortened(text) }));
    }

    fn side(&self) -> Side {
        self.transcript.recorded_by()
    }

    fn count_request(&self) {
        self.transcript.requests.fetch_add(1, Ordering::Relaxed);
    }

    fn add(&self, now: Option<Instant>, kind: Kind, site: u32, length: usize, parts: [&[u8]; 2]) {
        let now = now.unwrap_or_else(|| self.hub.now());
        self.transcript.add(&*self.hub, now, Piece { kind, site, length, parts });
    }

    fn note(&self, now: Option<Instant>, from: Option<Side>, kind: RecordKind) {
        self.note_of(now, from, 0, kind);
    }

    fn note_of(&self, now: Option<Instant>, from: Option<Side>, call: u32, kind: RecordKind) {
        self.transcript.note(&*self.hub, now.unwrap_or_else(|| self.hub.now()), (from, call), kind);
    }

    fn closed(&self, now: Option<Instant>, reason: CloseReason) {
        self.note(now, Some(self.side()), RecordKind::Closed(Closed::of(reason, self.side())));
    }

    /// What is kept of bytes: at most `max`, and no more than a quarter of the room.
    fn kept<'a>(&self, octets: &'a [u8], max: usize) -> &'a [u8] {
        octets.get(..max.min(self.hub.options().connection / 4)).unwrap_or(octets)
    }

    fn frame(&self, now: Option<Instant>, frame: &RawFrame) {
        let header = frame.header.octets();
        let max = if frame.header.frame_type == FrameType::DATA { self.hub.options().data } else { usize::MAX };
        let parts = [&header[..], self.kept(&frame.payload, max)];
        self.add(now, Kind::Frame(Origin::Peer), 0, header.len() + frame.payload.len(), parts);
    }

    /// A frame of the engine or of a checked call.
    fn sent(&self, now: Option<Instant>, cause: Cause, call: u32, length: usize, octets: &[u8]) {
        if self.side() == Side::Client {
            self.count_own_request(octets);
        }
        let call = if cause == Cause::Automatic { 0 } else { call };
        self.add(now, Kind::Frame(Origin::Own(cause)), call, length, [self.kept(octets, usize::MAX), b""]);
    }

    /// Counts a request of this end's own.
    fn count_own_request(&self, octets: &[u8]) {
        let header = octets.first_chunk().map(FrameHeader::parse);
        if let Some(header) = header
            && header.frame_type == FrameType::HEADERS
            && header.stream_id > self.requested.get()
        {
            self.requested.set(header.stream_id);
            self.count_request();
        }
    }

    /// What a raw call sent: frames, parts of frames.
    fn sent_raw(&self, now: Option<Instant>, call: u32, (length, octets): (usize, &[u8]), broken: &[h2::Broken]) {
        let mut raw = self.raw.borrow_mut();
        let mut rest = octets;
        while !rest.is_empty() {
            let (kind, count) = raw.next(rest);
            let (piece, behind) = rest.split_at(count);
            let piece_ends = octets.len() - behind.len();
            let is_here = |broken: &&h2::Broken| piece_ends - count < broken.end && broken.end <= piece_ends;
            let kind = broken.iter().find(is_here).map_or(kind, |broken| kind.breaking(broken.rule));
            rest = behind;
            // Bytes that the engine did not keep belong to the last piece.
            let unseen = if rest.is_empty() { length.saturating_sub(octets.len()) } else { 0 };
            self.add(now, kind, call, count + unseen, [self.kept(piece, usize::MAX), b""]);
        }
    }

    fn not_sent(&self, what: &h2::Unsent, why: h2::NotSentReason) -> NotSent {
        let mut unsent = NotSent {
            unsent: record::Unsent::Data,
            stream: None,
            frame_type: None,
            why: NotSentReason::StreamEnded,
            code: None,
            by: None,
            length: None,
            octets: Bytes::new(),
        };
        match what {
            h2::Unsent::Data { stream, data } => {
                unsent.stream = Some(*stream);
                unsent.length = Some(data.len() as u64);
                unsent.octets = Bytes::copy_from_slice(self.kept(data, self.hub.options().data));
            }
            h2::Unsent::Trailers { stream } => {
                unsent.unsent = record::Unsent::Trailers;
                unsent.stream = Some(*stream);
            }
            h2::Unsent::Held { stream } => {
                unsent.unsent = record::Unsent::HeldFrame;
                unsent.stream = Some(*stream);
            }
            h2::Unsent::Automatic { octets } => {
                unsent.unsent = record::Unsent::AutomaticFrame;
                unsent.frame_type = octets.get(3).map(|octet| FrameType(*octet).to_string());
                unsent.octets = octets.clone();
            }
        }
        unsent.why = match why {
            h2::NotSentReason::StreamReset { by, code } => {
                unsent.code = Some(code.to_string());
                unsent.by = Some(match by {
                    h2::Initiator::Local => record::Initiator::Script,
                    h2::Initiator::Engine => record::Initiator::Engine,
                    h2::Initiator::Peer => self.side().other().into(),
                });
                NotSentReason::StreamReset
            }
            h2::NotSentReason::StreamEnded => NotSentReason::StreamEnded,
            h2::NotSentReason::Contradicted => NotSentReason::Contradicted,
            h2::NotSentReason::RawUnfinished => NotSentReason::RawUnfinished,
            h2::NotSentReason::Unprocessed => NotSentReason::Unprocessed,
            h2::NotSentReason::ConnectionClosed => NotSentReason::ConnectionClosed,
            h2::NotSentReason::SwitchedOff => NotSentReason::SwitchedOff,
        };
        unsent
    }
}

impl Unfinished {
    /// What the next of these bytes are, and how many of them belong to it; there is at least one.
    fn next(&mut self, octets: &[u8]) -> (Kind, usize) {
        let origin = Origin::Own(Cause::Raw);
        if self.missing > 0 {
            let count = self.missing.min(octets.len());
            self.missing -= count;
            return (Kind::Rest(origin), count);
        }
        let begins = self.header.is_empty();
        let room = HEADER_LENGTH - self.header.len();
        self.header.extend_from_slice(octets.get(..room).unwrap_or(octets));
        let Some(header) = self.header.first_chunk().map(FrameHeader::parse) else {
            return (Kind::Rest(origin), octets.len());
        };
        self.header.clear();
        let length = header.length as usize;
        if !begins {
            let count = octets.len().min(room + length);
            self.wait_for(header, room + length - count);
            return (Kind::Rest(origin), count);
        }
        if octets.len() >= HEADER_LENGTH + length {
            return (Kind::Frame(origin), HEADER_LENGTH + length);
        }
        self.wait_for(header, HEADER_LENGTH + length - octets.len());
        (Kind::FrameBegins(origin), octets.len())
    }

    fn wait_for(&mut self, header: FrameHeader, missing: usize) {
        self.missing = if header.length > MAX_RAW_FRAME { 0 } else { missing };
    }
}

fn broken_rule(violation: &h2::Violation) -> Violation {
    let h2::Violation { rule, stream, reaction, detail, .. } = violation;
    Violation {
        rule: Some(rule.id().to_owned()),
        section: rule.section().to_owned(),
        text: rule.text().to_owned(),
        stream: Some(*stream),
        reaction: Some(match reaction {
            h2::Reaction::ConnectionError(code) => Reaction::ConnectionError(code.to_string()),
            h2::Reaction::StreamError(code) => Reaction::StreamError(code.to_string()),
            h2::Reaction::Reported => Reaction::Reported,
        }),
        status: None,
        detail: detail.clone(),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
