//! A transcript as JSON and as JSON Lines, and back.

use super::facts::Facts;
use super::record::Record;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::ser::Formatter;
use std::fmt;
use std::io::{self, Write};

/// The version of the format. A change that an old reader would misread raises it.
pub const VERSION: u32 = 1;

/// What a transcript said at one moment: all that a file has.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The connection.
    pub facts: Facts,
    /// Its records, oldest first.
    pub records: Vec<Record>,
}

/// Why a text is not a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The line of the text, from 1.
    pub line: usize,
    /// What is wrong there.
    pub text: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

impl std::error::Error for ReadError {}

/// The beginning of either form.
#[derive(Serialize, Deserialize)]
struct Head<F> {
    /// Only in JSON Lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    what: Option<Connection>,
    version: u32,
    #[serde(flatten)]
    facts: F,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Connection {
    Connection,
}

/// The whole of JSON, which is made in pieces and read at once.
#[derive(Deserialize)]
struct Whole {
    #[serde(flatten)]
    head: Head<Facts>,
    records: Vec<Record>,
}

impl Facts {
    /// The facts as a JSON object of one line.
    pub fn to_json(&self) -> String {
        to_text(|out| serde_json::to_writer(out, self))
    }
}

impl Record {
    /// The record as a JSON object of one line.
    pub fn to_json(&self) -> String {
        to_text(|out| self.serialize(&mut serde_json::Serializer::with_formatter(out, Spaced)))
    }
}

/// What stands before the records in JSON.
pub fn json_begins(facts: &Facts) -> String {
    let head = Head { what: None, version: VERSION, facts };
    let mut text = to_text(|out| serde_json::to_writer_pretty(out, &head));
    text.truncate(text.trim_end_matches(['\n', '}']).len());
    text.push_str(",\n  \"records\": [");
    text
}

/// A record in JSON; `first` for the first one.
pub fn json_record(record: &Record, first: bool) -> String {
    format!("{}\n    {}", if first { "" } else { "," }, record.to_json())
}

/// What stands behind the records in JSON.
pub const JSON_ENDS: &str = "\n  ]\n}\n";

/// The first line of JSON Lines.
pub fn lines_begin(facts: &Facts) -> String {
    let head = Head { what: Some(Connection::Connection), version: VERSION, facts };
    let mut line = to_text(|out| serde_json::to_writer(out, &head));
    line.push('\n');
    line
}

/// A record as a line of JSON Lines.
pub fn line(record: &Record) -> String {
    let mut line = to_text(|out| serde_json::to_writer(out, record));
    line.push('\n');
    line
}

impl Snapshot {
    /// All of it as one JSON value.
    pub fn to_json(&self) -> String {
        let mut text = json_begins(&self.facts);
        for (index, record) in self.records.iter().enumerate() {
            text.push_str(&json_record(record, index == 0));
        }
        text.push_str(JSON_ENDS);
        text
    }

    /// All of it as JSON Lines: first the connection, then a line for each record.
    pub fn to_lines(&self) -> String {
        let records = self.records.iter().map(line);
        std::iter::once(lines_begin(&self.facts)).chain(records).collect()
    }

    /// Reads what [`to_json`](Self::to_json) or [`to_lines`](Self::to_lines) wrote. Of a frame, `octets`, `fields`,
    /// `fields_whole` and `fields_error` are read; its other keys follow from the bytes.
    ///
    /// # Errors
    /// It is neither, or of another version.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let Some((first, head)) = lines.next() else {
            return Err(ReadError { line: 1, text: "there is nothing".to_owned() });
        };
        // The first line of JSON is the beginning of an object.
        let Ok(head) = serde_json::from_str::<Head<serde_json::Value>>(head).and_then(|head| match head.what {
            Some(_) => Ok(head),
            None => Err(serde_json::Error::custom("not JSON Lines")),
        }) else {
            return Self::read_json(text);
        };
        let error = |line: usize, text: String| ReadError { line: line + 1, text };
        check_version(head.version).map_err(|text| error(first, text))?;
        let facts = serde_json::from_value(head.facts).map_err(|fault| error(first, fault.to_string()))?;
        let read = |(number, line)| serde_json::from_str(line).map_err(|fault| error(number, without_place(&fault)));
        Ok(Self { facts, records: lines.map(read).collect::<Result<_, _>>()? })
    }

    fn read_json(text: &str) -> Result<Self, ReadError> {
        let error = |fault: serde_json::Error| ReadError { line: fault.line().max(1), text: without_place(&fault) };
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let Version { version } = serde_json::from_str(text).map_err(error)?;
        check_version(version).map_err(|text| ReadError { line: 1, text })?;
        let Whole { head, records } = serde_json::from_str(text).map_err(error)?;
        Ok(Self { facts: head.facts, records })
    }
}

fn check_version(version: u32) -> Result<(), String> {
    if version == VERSION {
        return Ok(());
    }
    Err(format!("this is version {version} of the transcript format; this program reads version {VERSION}"))
}

/// The message of an error, without the line and column that serde_json adds.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    }
}

/// JSON that is written into memory.
fn to_text(write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>) -> String {
    let mut out = Vec::with_capacity(512);
    // These types have only keys that are text, and memory takes all bytes.
    let _ = write(&mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// JSON of one line, with a space after each colon and comma.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}
