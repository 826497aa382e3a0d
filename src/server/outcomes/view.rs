//! An outcome as its JSON shows it.

use super::attempt::Attempt;
use super::facts::{Facts, Why};
use super::store::{Found, Outcomes, Wanted};
use super::token::Token;
use crate::transcript::{Hub, Record, RecordKind};
use crate::wire::frame::FrameType;
use serde::Serialize;
use std::collections::VecDeque;

/// The JSON Schema (2020-12) of an outcome; its records are those of `transcript::SCHEMA`.
pub(in crate::server) const SCHEMA: &str = include_str!("schema.json");
/// The version of this JSON.
const VERSION: u32 = 1;
/// Records that are shown of an attempt, the newest.
const MAX_RECORDS: usize = 64;

/// What became of the requests that bore one token.
#[derive(Debug, Serialize)]
pub(in crate::server) struct Outcome {
    version: u32,
    token: String,
    why: Why,
    text: String,
    attempts: Vec<View>,
    attempts_dropped: u64,
    outcomes_forgotten: u64,
}

#[derive(Debug, Serialize)]
struct View {
    number: u64,
    connection: u64,
    stream: u64,
    protocol: String,
    method: String,
    path: String,
    client_address: String,
    why: Option<Why>,
    text: String,
    #[serde(flatten)]
    facts: Facts,
    transcript: String,
    inspector: String,
    records: VecDeque<Record>,
    records_dropped: u64,
}

impl Outcome {
    /// Waits for what is wanted of a token, and shows it with its records.
    pub async fn of(outcomes: &Outcomes, transcripts: &Hub, token: &Token, wanted: &Wanted) -> Self {
        let found = outcomes.wait(token, wanted).await;
        let text = text(&found, token, wanted);
        let Found { why, attempts, attempts_dropped, forgotten, .. } = found;
        let numbered = attempts.into_iter().zip(attempts_dropped + 1..);
        Self {
            version: VERSION,
            token: token.to_string(),
            why,
            text,
            attempts: numbered.map(|(attempt, number)| View::of(&attempt, number, transcripts)).collect(),
            attempts_dropped,
            outcomes_forgotten: forgotten,
        }
    }
}

impl View {
    fn of(attempt: &Attempt, number: u64, transcripts: &Hub) -> Self {
        let head = &attempt.head;
        let (records, records_dropped) = records(attempt, transcripts);
        Self {
            number,
            connection: head.connection,
            stream: head.stream,
            protocol: head.protocol.to_string(),
            method: head.method.clone(),
            path: head.path.clone(),
            client_address: head.client_address.clone(),
            why: attempt.why(),
            text: attempt.text(),
            facts: attempt.facts().clone(),
            transcript: format!("/_wire/connections/{}", head.connection),
            inspector: format!("/_wire/#connection={}&stream={}", head.connection, head.stream),
            records,
            records_dropped,
        }
    }
}

/// The newest records of an attempt, and how many of its records are left out or gone.
fn records(attempt: &Attempt, transcripts: &Hub) -> (VecDeque<Record>, u64) {
    let mut shown = VecDeque::new();
    let Some(transcript) = transcripts.transcript(attempt.head.connection) else { return (shown, 1) };
    let mut dropped = 0;
    let mut next = attempt.first();
    for record in transcript.read().1 {
        if record.seq < attempt.first() {
            continue;
        }
        // What the ring had to drop.
        dropped += record.seq.saturating_sub(next);
        next = record.seq + 1;
        if !is_of(attempt, &record) {
            continue;
        }
        if shown.len() == MAX_RECORDS {
            shown.pop_front();
            dropped += 1;
        }
        shown.push_back(record);
    }
    (shown, dropped)
}

/// Whether a record belongs to an attempt: that of its stream, and that of its connection until it was over. What
/// belongs to other requests, such as the one that asks for this, never does.
fn is_of(attempt: &Attempt, record: &Record) -> bool {
    let is_during = attempt.facts().times.over.is_none_or(|over| record.time.as_secs_f64() <= over);
    match &record.kind {
        RecordKind::Frame(frame) => {
            let header = frame.header();
            let stream = u64::from(header.stream_id);
            stream == attempt.head.stream || stream == 0 && (is_during || header.frame_type == FrameType::GOAWAY)
        }
        RecordKind::Violation(violation) => {
            violation.stream.map_or(is_during, |stream| u64::from(stream) == attempt.head.stream || stream == 0)
        }
        RecordKind::NotSent(unsent) => unsent.stream.map(u64::from) == Some(attempt.head.stream),
        RecordKind::Notice(notice) => notice.stream.is_none_or(|stream| stream == attempt.head.stream),
        RecordKind::Closed(_) | RecordKind::Ended(_) => true,
        RecordKind::Request(head) => head.number == attempt.head.stream,
        RecordKind::Octets(_) | RecordKind::Expectation(_) | RecordKind::Preface | RecordKind::Dropped(_) => is_during,
    }
}

/// What was found, for people.
fn text(found: &Found, token: &Token, wanted: &Wanted) -> String {
    let Found { why, attempts, forgotten, similar, .. } = found;
    let waited = format!("within {} s", wanted.wait.as_secs_f64());
    match (why, attempts.last()) {
        (Why::NeverCame, _) => {
            let mut text = format!("No request had the token \"{token}\" {waited}.");
            if !similar.is_empty() {
                text += &format!(" These tokens are known: {}.", similar.join(", "));
            }
            if *forgotten > 0 {
                text += &format!(" {forgotten} tokens were forgotten since the server started, the oldest first.");
            }
            text
        }
        (Why::Deadline, Some(newest)) if newest.why().is_none() => {
            format!("After {} s: {}.", wanted.wait.as_secs_f64(), newest.text())
        }
        (Why::Deadline, _) => {
            let missing = match wanted.event {
                Some(event) => format!("for={} was asked for, and has not happened", event.name()),
                None => format!("attempts={} was asked for, and there were {}", wanted.attempts, attempts.len()),
            };
            format!("{missing} {waited}.")
        }
        (_, newest) => newest.map_or_else(String::new, |newest| newest.text() + "."),
    }
}
