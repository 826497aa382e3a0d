//! `/_wire/connections`: the transcripts of connections.

use super::super::worker::Worker;
use crate::exchange::{Content, ContentError, NextPiece, Pieces, Prepared, Request};
use crate::http::form::parse_urlencoded;
use crate::site;
use crate::transcript::{self, Facts, JSON_ENDS, Line, Record, Transcript};
use bytes::Bytes;
use std::fmt;
use std::iter::once;
use std::sync::Arc;

pub(super) const NO_TRANSCRIPT: &str = "There is no transcript with this number: there was no such connection, or it was closed \
                             long ago, or [transcript] in wpt.toml keeps none. request.connection.id in a script is \
                             the number of its connection.";

const NO_FORMAT: &str = "The format of a transcript is json, jsonl or text: /_wire/connections/ID?format=text. \
                         Or end the path in .json, .jsonl or .txt.";

/// Bytes of a page that are made at once. Other connections of the worker take their turns between pieces.
const PIECE: usize = 16 * 1024;

/// How a transcript is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Lines,
    Text,
}

impl Format {
    fn of_suffix(suffix: &str) -> Option<Self> {
        Some(match suffix {
            "json" => Self::Json,
            "jsonl" => Self::Lines,
            "txt" => Self::Text,
            _ => return None,
        })
    }

    fn of_parameter(value: &[u8]) -> Option<Self> {
        Some(match value {
            b"json" => Self::Json,
            b"jsonl" => Self::Lines,
            b"text" => Self::Text,
            _ => return None,
        })
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Lines => "application/jsonl",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// All connections, without their records.
pub(super) fn all(worker: &Worker) -> Prepared {
    let all = worker.shared.transcripts.transcripts();
    let one = |(index, transcript): (usize, Arc<Transcript>)| {
        format!("{}\n    {}", if index == 0 { "" } else { "," }, transcript.facts().to_json())
    };
    let begin = once("{\n  \"connections\": [".to_owned());
    in_pieces(Format::Json, begin.chain(all.into_iter().enumerate().map(one)).chain(once(JSON_ENDS.to_owned())))
}

/// One transcript; `name` is its id, and may end in a suffix that says in which format.
pub(super) fn one(worker: &Worker, name: &str, request: &Request) -> Prepared {
    let (id, suffix) = name.split_once('.').map_or((name, None), |(id, suffix)| (id, Some(suffix)));
    let parameters = parse_urlencoded(request.query().unwrap_or_default());
    let wanted = parameters.iter().find(|(name, _)| name == "format").map(|(_, value)| value);
    let format = match (suffix, wanted) {
        (Some(suffix), _) => Format::of_suffix(suffix),
        (None, Some(value)) => Format::of_parameter(value),
        (None, None) => Some(Format::Json),
    };
    let Some(format) = format else { return site::status_page(400, NO_FORMAT) };
    let Some(transcript) = id.parse().ok().and_then(|id| worker.shared.transcripts.transcript(id)) else {
        return site::status_page(404, NO_TRANSCRIPT);
    };
    let (facts, records) = transcript.read();
    match format {
        Format::Json => {
            let begin = once(transcript::json_begins(&facts));
            let records = records.enumerate().map(|(index, record)| transcript::json_record(&record, index == 0));
            in_pieces(format, begin.chain(records).chain(once(JSON_ENDS.to_owned())))
        }
        Format::Lines => {
            in_pieces(format, once(transcript::lines_begin(&facts)).chain(records.map(|one| transcript::line(&one))))
        }
        Format::Text => {
            let title = once(transcript::title(&facts) + "\n\n");
            in_pieces(format, title.chain(records.map(move |record| text(&facts, &record))))
        }
    }
}

/// A record and its fields, each on a line.
fn text(facts: &Facts, record: &Record) -> String {
    let mut text = format!("{}\n", Line::new(record, facts.recorded_by));
    for line in transcript::field_lines(record) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// A page that is not stored, made of texts while it is sent.
fn in_pieces(format: Format, texts: impl Iterator<Item = String> + 'static) -> Prepared {
    let mut prepared = site::html_page(String::new());
    prepared.head.fields.set("content-type", format.content_type());
    prepared.head.fields.append("cache-control", "no-store");
    prepared.content = Content::Pieces(Box::new(Texts(Box::new(texts))));
    prepared
}

/// Texts that are made while they are sent.
struct Texts(Box<dyn Iterator<Item = String>>);

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Texts")
    }
}

impl Pieces for Texts {
    fn length(&self) -> Option<u64> {
        None
    }

    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(async {
            let mut piece = String::new();
            while piece.len() < PIECE
                && let Some(text) = self.0.next()
            {
                piece.push_str(&text);
            }
            tokio::task::yield_now().await;
            Ok::<_, ContentError>(if piece.is_empty() { None } else { Some(Bytes::from(piece)) })
        })
    }
}
