//! `/_wire/connections/ID`: the transcript of a connection, in any of its formats.

use super::super::worker::Worker;
use super::pieces::in_pieces;
use super::query::Query;
use crate::exchange::{Prepared, Request};
use crate::http::peer::Protocol;
use crate::site;
use crate::transcript::{self, Facts, JSON_ENDS, Line, Record, Records, Side, direction, har, pcapng, qlog};
use bytes::Bytes;
use std::iter::{once, once_with};

pub(super) const NO_TRANSCRIPT: &str = "There is no transcript with this number: there was no such connection, or it was closed \
                             long ago, or [transcript] in wpt.toml keeps none. request.connection.id in a script is \
                             the number of its connection.";

const NO_FORMAT: &str = "The format of a transcript is json, jsonl, text, har, qlog, pcapng or octets: \
                         /_wire/connections/ID?format=text. Or end the path in .json, .jsonl, .txt, .har, .sqlog or \
                         .pcapng.";

const NO_SIDE: &str = "With format=octets, say whose bytes: from=client or from=server. Other formats have no `from`.";

const NOT_HTTP2: &str = "This connection speaks HTTP/1.1, and the events of qlog are about HTTP/2. \
                         Formats for both are json, jsonl, text, har, pcapng and octets.";

/// How a transcript is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Lines,
    Text,
    Har,
    Qlog,
    Pcapng,
    /// What one end sent.
    Octets(Side),
}

impl Format {
    fn of_suffix(suffix: &str) -> Option<Self> {
        Some(match suffix {
            "json" => Self::Json,
            "jsonl" => Self::Lines,
            "txt" => Self::Text,
            "har" => Self::Har,
            "sqlog" => Self::Qlog,
            "pcapng" => Self::Pcapng,
            _ => return None,
        })
    }

    /// By the parameters `format` and `from`.
    fn of_query(query: &Query) -> Result<Option<Self>, &'static str> {
        let format = query.get("format").map(|value| &value[..]);
        let format = match (format, query.get("from").map(|value| &value[..])) {
            (Some(b"octets"), Some(b"client")) => Self::Octets(Side::Client),
            (Some(b"octets"), Some(b"server")) => Self::Octets(Side::Server),
            (Some(b"octets"), _) | (_, Some(_)) => return Err(NO_SIDE),
            (None, None) => return Ok(None),
            (Some(b"json"), None) => Self::Json,
            (Some(b"jsonl"), None) => Self::Lines,
            (Some(b"text"), None) => Self::Text,
            (Some(b"har"), None) => Self::Har,
            (Some(b"qlog"), None) => Self::Qlog,
            (Some(b"pcapng"), None) => Self::Pcapng,
            (Some(_), None) => return Err(NO_FORMAT),
        };
        Ok(Some(format))
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Json | Self::Har => "application/json",
            Self::Lines => "application/jsonl",
            Self::Text => "text/plain; charset=utf-8",
            Self::Qlog => "application/qlog+json-seq",
            Self::Pcapng => "application/x-pcapng",
            Self::Octets(_) => "application/octet-stream",
        }
    }

    /// What the name of a file ends with.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Json => ".json",
            Self::Lines => ".jsonl",
            Self::Text => ".txt",
            Self::Har => ".har",
            Self::Qlog => ".sqlog",
            Self::Pcapng => ".pcapng",
            Self::Octets(Side::Client) => "-client.bin",
            Self::Octets(Side::Server) => "-server.bin",
        }
    }

    /// Whether a browser is to show it; it saves the others.
    const fn is_shown(self) -> bool {
        matches!(self, Self::Json | Self::Lines | Self::Text)
    }
}

/// One transcript; `name` is its id, and may end in a suffix that says in which format.
pub(super) fn one(worker: &Worker, name: &str, request: &Request) -> Prepared {
    let (id, suffix) = name.split_once('.').map_or((name, None), |(id, suffix)| (id, Some(suffix)));
    let query = match Query::of(request, &["format", "from"]) {
        Ok(query) => query,
        Err(text) => return site::status_page(400, &text),
    };
    let format = match (suffix, Format::of_query(&query)) {
        (_, Err(text)) => return site::status_page(400, text),
        (None, Ok(format)) => Some(format.unwrap_or(Format::Json)),
        (Some(suffix), Ok(None)) => Format::of_suffix(suffix),
        (Some(_), Ok(Some(_))) => None,
    };
    let Some(format) = format else { return site::status_page(400, NO_FORMAT) };
    let Some(transcript) = id.parse().ok().and_then(|id| worker.shared.transcripts.transcript(id)) else {
        return site::status_page(404, NO_TRANSCRIPT);
    };
    if format == Format::Qlog && transcript.protocol() == Protocol::Http1 {
        return site::status_page(400, NOT_HTTP2);
    }
    let (facts, records) = transcript.read();
    let name = facts.file_name();
    let missing = match format {
        Format::Octets(side) => Some(direction::missing(records.clone(), side)),
        _ => None,
    };
    let mut prepared = in_pieces(format.content_type(), pieces(format, facts, records));
    let disposition = if format.is_shown() { "inline" } else { "attachment" };
    let disposition = format!("{disposition}; filename=\"{name}{}\"", format.suffix());
    prepared.head.fields.append("content-disposition", disposition);
    if let Some(missing) = missing {
        prepared.head.fields.append("wire-missing", missing.to_string());
    }
    prepared
}

fn pieces(format: Format, facts: Facts, records: Records) -> Box<dyn Iterator<Item = Bytes>> {
    match format {
        Format::Json => {
            let begin = once(transcript::json_begins(&facts));
            let records = records.enumerate().map(|(index, record)| transcript::json_record(&record, index == 0));
            Box::new(begin.chain(records).chain(once(JSON_ENDS.to_owned())).map(Bytes::from))
        }
        Format::Lines => {
            let begin = once(transcript::lines_begin(&facts));
            Box::new(begin.chain(records.map(|one| transcript::line(&one))).map(Bytes::from))
        }
        Format::Text => {
            let title = once(transcript::title(&facts) + "\n\n");
            Box::new(title.chain(records.map(move |record| text(&facts, &record))).map(Bytes::from))
        }
        Format::Har => Box::new(once_with(move || har::archive(&facts, records.collect()).into())),
        Format::Qlog => Box::new(qlog::pieces(&facts, records).map(Bytes::from)),
        Format::Pcapng => Box::new(pcapng::pieces(&facts, records).map(Bytes::from)),
        Format::Octets(side) => Box::new(direction::octets(records, side)),
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
