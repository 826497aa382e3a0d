//! What happens on a connection becomes records.

use super::hub::Hub;
use super::json::{hex, reaction_name};
use super::log::{Expected, Transcript};
use super::ring::Kind;
use crate::exchange::{Expectation, Observer};
use crate::h1;
use crate::h2::{self, NotSentReason, Unsent, Violation};
use crate::http::transport::{Cause, CloseReason};
use crate::wire::frame::{FrameType, RawFrame};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Characters of a name or a detail that a script gave.
const MAX_TEXT: usize = 1_000;

/// Records what happens on one connection.
#[derive(Debug)]
pub struct Recorder {
    pub(super) hub: Arc<Hub>,
    pub(super) transcript: Arc<Transcript>,
    pub(super) clock: fn() -> Instant,
}

impl Recorder {
    /// What to do when the connection has ended, with the reason.
    pub fn ending(&self) -> impl FnOnce(CloseReason) + use<> {
        let (hub, transcript) = (Arc::clone(&self.hub), Arc::clone(&self.transcript));
        move |why| hub.close(&transcript, why)
    }

    fn add(&self, now: Option<Instant>, kind: Kind, length: usize, parts: [&[u8]; 2]) {
        let now = now.unwrap_or_else(self.clock);
        self.transcript.add(&self.hub, now, kind, length, parts);
    }

    fn note(&self, now: Option<Instant>, note: &Value) {
        let text = note.to_string();
        self.add(now, Kind::Note, text.len(), [text.as_bytes(), b""]);
    }

    /// Octets that are kept of one record.
    fn most(&self) -> usize {
        self.hub.options().connection / 4
    }

    fn frame(&self, now: Option<Instant>, frame: &RawFrame) {
        let header = frame.header.octets();
        let most = match frame.header.frame_type {
            FrameType::DATA => self.hub.options().data.min(self.most()),
            _ => self.most(),
        };
        let payload = frame.payload.get(..most).unwrap_or(&frame.payload);
        self.add(now, Kind::Received, header.len() + frame.payload.len(), [&header, payload]);
    }

    fn sent(&self, now: Option<Instant>, cause: Cause, length: usize, octets: &[u8]) {
        let kept = octets.get(..self.most()).unwrap_or(octets);
        self.add(now, Kind::Sent(cause), length, [kept, b""]);
    }
}

impl Observer for Recorder {
    fn http2(&self, now: Option<Instant>, event: &h2::Event) {
        match event {
            h2::Event::Preface => self.note(now, &json!({"what": "preface", "from": "client"})),
            h2::Event::Frame(frame) => self.frame(now, frame),
            h2::Event::Sent { octets, length, cause } => self.sent(now, *cause, *length, octets),
            h2::Event::NotSent { what, why } => self.note(now, &not_sent(what, *why, self.hub.options().data)),
            h2::Event::Violation(violation) => self.note(now, &broken_rule(violation)),
            h2::Event::Closed { reason } => self.note(now, &ended(*reason)),
            _ => {}
        }
    }

    fn http1(&self, now: Option<Instant>, event: &h1::Event) {
        match event {
            h1::Event::Sent { octets, length, cause } => self.sent(now, *cause, *length, octets),
            h1::Event::Request { id, head, .. } => {
                let text = |octets: &[u8]| crate::http::latin1::latin1(octets.get(..MAX_TEXT).unwrap_or(octets));
                let note = json!({
                    "what": "request", "from": "client", "number": id.0, "method": text(&head.method),
                    "target": text(&head.target), "head_octets": head.head_octets.len(),
                });
                self.note(now, &note);
            }
            h1::Event::BadRequest { reason, .. } => {
                let note = json!({
                    "what": "violation", "from": "client", "status": reason.status(),
                    "section": reason.section(), "text": reason.why(),
                });
                self.note(now, &note);
            }
            h1::Event::Closed { reason } => self.note(now, &ended(*reason)),
            _ => {}
        }
    }

    fn received(&self, now: Option<Instant>, octets: &[u8]) {
        let most = self.hub.options().data.min(self.most());
        let kept = octets.get(..most).unwrap_or(octets);
        self.add(now, Kind::Received, octets.len(), [kept, b""]);
    }

    fn expected(&self, now: Option<Instant>, expectation: Expectation<'_>) {
        let now = now.unwrap_or_else(self.clock);
        let short = |text: &str| text.chars().take(MAX_TEXT).collect::<String>();
        let (name, detail) = (short(expectation.name), short(expectation.detail));
        let passed = expectation.passed;
        let note = json!({"what": "expectation", "name": name, "passed": passed, "detail": detail});
        self.note(Some(now), &note);
        self.transcript.add_expectation(now, Expected { at: Duration::ZERO, name, passed, detail });
    }
}

fn ended(reason: CloseReason) -> Value {
    json!({"what": "closed", "from": "server", "why": reason.id(), "text": reason.to_string()})
}

fn not_sent(what: &Unsent, why: NotSentReason, most: usize) -> Value {
    let mut note = match what {
        Unsent::Data { stream, data } => {
            let kept = data.get(..most).unwrap_or(data);
            json!({"unsent": "data", "stream": stream, "length": data.len(), "octets": hex(kept)})
        }
        Unsent::Trailers { stream } => json!({"unsent": "trailers", "stream": stream}),
        Unsent::Held { stream } => json!({"unsent": "held-frame", "stream": stream}),
        Unsent::Automatic { octets } => {
            let name = octets.get(3).map(|octet| FrameType(*octet).to_string());
            json!({"unsent": "automatic-frame", "type": name, "octets": hex(octets)})
        }
    };
    note["what"] = "not-sent".into();
    note["from"] = "server".into();
    note["why"] = match why {
        NotSentReason::StreamReset { by, code } => {
            note["code"] = code.to_string().into();
            note["by"] = match by {
                h2::Initiator::Local => "script",
                h2::Initiator::Engine => "engine",
                h2::Initiator::Peer => "client",
            }
            .into();
            "stream-reset"
        }
        NotSentReason::StreamEnded => "stream-ended",
        NotSentReason::Contradicted => "contradicted",
        NotSentReason::RawUnfinished => "raw-unfinished",
        NotSentReason::Unprocessed => "unprocessed",
        NotSentReason::ConnectionClosed => "connection-closed",
        NotSentReason::SwitchedOff => "switched-off",
    }
    .into();
    note
}

fn broken_rule(violation: &Violation) -> Value {
    let Violation { rule, stream, reaction, detail, .. } = violation;
    json!({
        "what": "violation", "from": "client", "rule": rule.id(), "section": rule.section(), "text": rule.text(),
        "stream": stream, "reaction": reaction_name(*reaction), "detail": detail,
    })
}
