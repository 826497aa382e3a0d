//! One side of a recorded connection as steps, with the points where it waited for the other side.

use super::exit::Failure;
use super::progress::Progress;
use super::steps::{After, Step, Wait};
use crate::http::peer::Protocol;
use crate::http::transport::Close;
use crate::transcript::{Cause, Meaning, RecordKind, Side, Snapshot};
use crate::wire::frame::{FrameType, HEADER_LENGTH};
use bytes::Bytes;
use std::io::Read;
use std::path::Path;

/// Bytes that a transcript may leave out of all frames: dots are sent in their place.
const MAX_FILLED: usize = 64 << 20;

/// What one end of a recorded connection sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Its bytes, and where it waited.
    pub steps: Vec<Step>,
    /// What it did then.
    pub after: After,
    /// The streams of the client, in the order in which they were opened.
    pub streams: Vec<u32>,
    /// Frames of which the transcript kept only a part. Dots stand for the rest.
    pub num_filled: usize,
}

/// Reads a transcript from a file, JSON or JSON Lines.
///
/// # Errors
/// The file cannot be read, or is not a transcript.
pub fn read(path: &Path) -> Result<Snapshot, Failure> {
    let unread = |error| Failure::usage(format!("cannot read the transcript {}: {error}", path.display()));
    let mut octets = Vec::new();
    match path.to_str() {
        Some("-") => std::io::stdin().lock().read_to_end(&mut octets).map_err(unread)?,
        _ => std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut octets)).map_err(unread)?,
    };
    let text = String::from_utf8_lossy(&octets);
    Snapshot::read(&text).map_err(|error| {
        let help = "a transcript is what /_wire/connections/ID.jsonl gives, or `wireserve fetch --json`";
        Failure::usage(format!("{} is not a transcript: {error}\nhelp: {help}", path.display()))
    })
}

impl Recording {
    /// What `side` sent over HTTP/2.
    ///
    /// # Errors
    /// It cannot be replayed from its beginning, or is not HTTP/2.
    pub fn of(snapshot: &Snapshot, side: Side) -> Result<Self, Failure> {
        check(snapshot)?;
        if snapshot.facts.protocol != Protocol::Http2 {
            return Err(Failure::usage("this transcript is of HTTP/1.1: only HTTP/2 can be replayed"));
        }
        let mut recording = Self { steps: Vec::new(), after: After::Responses, streams: Vec::new(), num_filled: 0 };
        let (mut progress, mut awaited) = (Progress::default(), Progress::default());
        let (mut last, mut room) = (None, MAX_FILLED);
        for record in &snapshot.records {
            recording.note_stream(&record.kind, record.from);
            if record.from != Some(side) {
                match &record.kind {
                    RecordKind::Preface => progress.preface(),
                    RecordKind::Frame(frame) => progress.frame(frame.header()),
                    _ => {}
                }
                continue;
            }
            let step = match &record.kind {
                RecordKind::Preface => Step::Send(Bytes::from_static(crate::h2::PREFACE)),
                RecordKind::Frame(frame) => {
                    let length = HEADER_LENGTH + frame.header().length as usize;
                    Step::Recorded(recording.filled(frame.octets(), length, &mut room)?)
                }
                RecordKind::Octets(octets) if octets.meaning != Meaning::Http1 => {
                    let all = recording.filled(
                        &octets.octets,
                        usize::try_from(octets.length).unwrap_or(usize::MAX),
                        &mut room,
                    )?;
                    if octets.meaning == Meaning::FrameBegins { Step::Recorded(all) } else { Step::Send(all) }
                }
                _ => continue,
            };
            let changed = progress.since(&awaited);
            if !changed.is_empty() {
                recording.steps.push(Step::Wait(Wait::Progress(changed)));
                awaited.clone_from(&progress);
            } else if last.is_some_and(|last| last != record.time) {
                recording.steps.push(Step::Cut);
            }
            last = Some(record.time);
            if let RecordKind::Frame(frame) = &record.kind
                && frame.header().frame_type == FrameType::DATA
                && record.cause != Some(Cause::Raw)
            {
                let (stream, octets) = (frame.header().stream_id, frame.header().length);
                recording.steps.push(Step::Wait(Wait::Window { stream, octets }));
            }
            recording.steps.push(step);
        }
        if side == Side::Server {
            let changed = progress.since(&awaited);
            recording.after = after(snapshot);
            if recording.after != After::Peer && !changed.is_empty() {
                recording.steps.push(Step::Wait(Wait::Progress(changed)));
            }
        }
        if recording.steps.is_empty() {
            return Err(Failure::usage(format!("the {} sent nothing in this transcript", side.name())));
        }
        Ok(recording)
    }

    fn note_stream(&mut self, kind: &RecordKind, from: Option<Side>) {
        if let RecordKind::Frame(frame) = kind
            && from == Some(Side::Client)
            && frame.header().frame_type == FrameType::HEADERS
            && !self.streams.contains(&frame.header().stream_id)
        {
            self.streams.push(frame.header().stream_id);
        }
    }

    /// What was kept, with dots up to its length; `room` is what may still be filled.
    fn filled(&mut self, kept: &Bytes, length: usize, room: &mut usize) -> Result<Bytes, Failure> {
        if kept.len() >= length {
            return Ok(kept.clone());
        }
        *room = room.checked_sub(length - kept.len()).ok_or_else(|| {
            let max = MAX_FILLED >> 20;
            Failure::usage(format!(
                "the transcript leaves out more than {max} MiB of its frames: it cannot be replayed"
            ))
        })?;
        self.num_filled += 1;
        let mut octets = kept.to_vec();
        octets.resize(length, b'.');
        Ok(octets.into())
    }
}

/// Refuses transcripts whose beginning is missing: later field blocks mean nothing without it.
pub fn check(snapshot: &Snapshot) -> Result<(), Failure> {
    let first = snapshot.records.first().map_or(1, |record| record.seq);
    if snapshot.facts.records_dropped == 0 && first == 1 {
        return Ok(());
    }
    Err(Failure::usage(
        "the first records of this transcript were dropped (size limit): it cannot be replayed from its beginning\n\
         help: if `wireserve serve` recorded it, set a larger `connection` in [transcript] of wpt.toml",
    ))
}

/// What the server did after the last byte that it sent.
fn after(snapshot: &Snapshot) -> After {
    let ended = snapshot.records.iter().rev().find_map(|record| match &record.kind {
        RecordKind::Ended(closed) | RecordKind::Closed(closed) => Some(&closed.why),
        _ => None,
    });
    let Some(why) = ended.or(snapshot.facts.closed.as_ref().map(|ending| &ending.closed.why)) else {
        return After::Peer;
    };
    match (snapshot.facts.recorded_by, &**why) {
        (Side::Server, "aborted" | "stalled") | (Side::Client, "server-reset") => After::Close(Close::Abort),
        (Side::Server, "truncated") | (Side::Client, "server-truncated") => After::Close(Close::Truncate),
        (Side::Server, "half-closed") => After::Close(Close::Half),
        (Side::Client, "server-closed") => After::Close(Close::Graceful),
        (Side::Server, "client-closed" | "client-reset" | "client-truncated" | "transport-failed") => After::Peer,
        (Side::Server, _) => After::Close(Close::Graceful),
        (Side::Client, _) => After::Peer,
    }
}
