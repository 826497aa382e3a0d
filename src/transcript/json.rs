//! A transcript as JSON and as JSON Lines, and back.

use super::exchanges::Exchanges;
use super::facts::{Ending, Facts};
use super::record::{Record, RecordKind};
use serde::{Deserialize, Serialize};
use serde_json::ser::Formatter;
use std::borrow::Cow;
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

/// A saved transcript, as far as it can be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// What it says.
    pub snapshot: Snapshot,
    /// Why lines were left out, of the first 20.
    pub remarks: Vec<ReadError>,
    /// How many were.
    pub left_out: u64,
}

/// Lines that cannot be read of which is said why.
const MAX_REMARKS: usize = 20;

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
    /// The program that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    program: Option<Cow<'static, str>>,
    #[serde(flatten)]
    facts: F,
}

impl<F> Head<F> {
    fn of(what: Option<Connection>, facts: F) -> Self {
        let program = concat!("wireserve ", env!("CARGO_PKG_VERSION"));
        Self { what, version: VERSION, program: Some(Cow::Borrowed(program)), facts }
    }
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
        to_text(|out| self.write_json(out))
    }

    fn write_json(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        self.serialize(&mut serde_json::Serializer::with_formatter(out, Spaced))
    }
}

/// What stands before the records in JSON.
pub fn json_begins(facts: &Facts) -> String {
    to_text(|out| write_beginning(out, facts))
}

fn write_beginning(out: &mut Vec<u8>, facts: &Facts) -> serde_json::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Head::of(None, facts))?;
    // The object goes on.
    let end = out.strip_suffix(b"\n}").map_or(out.len(), <[u8]>::len);
    out.truncate(end);
    out.extend_from_slice(b",\n  \"records\": [");
    Ok(())
}

/// A record in JSON; `first` for the first one.
pub fn json_record(record: &Record, first: bool) -> String {
    to_text(|out| write_record(out, record, first))
}

fn write_record(out: &mut Vec<u8>, record: &Record, first: bool) -> serde_json::Result<()> {
    out.extend_from_slice(if first { b"\n    " } else { b",\n    " });
    record.write_json(out)
}

/// What stands behind the records in JSON.
pub const JSON_ENDS: &str = "\n  ]\n}\n";

/// The first line of JSON Lines. In a file that is written while the connection is open it is the last line, too, with what
/// is known then.
pub fn lines_begin(facts: &Facts) -> String {
    let head = Head::of(Some(Connection::Connection), facts);
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
        to_text(|out| {
            write_beginning(out, &self.facts)?;
            for (index, record) in self.records.iter().enumerate() {
                write_record(out, record, index == 0)?;
            }
            out.extend_from_slice(JSON_ENDS.as_bytes());
            Ok(())
        })
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
    /// It is neither, or of another version, or a line of it cannot be read.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        let Saved { snapshot, remarks, .. } = Self::read_saved(text.as_bytes())?;
        remarks.into_iter().next().map_or(Ok(snapshot), Err)
    }

    /// As [`read`](Self::read), for files that may be damaged or from another program: lines that cannot be read are
    /// left out.
    ///
    /// # Errors
    /// Its beginning is not that of a transcript, or it is of another version.
    pub fn read_saved(octets: &[u8]) -> Result<Saved, ReadError> {
        let mut lines =
            octets.split(|octet| *octet == b'\n').zip(1..).filter(|(line, _)| !line.trim_ascii().is_empty());
        let Some((head, first)) = lines.next() else {
            return Err(ReadError { line: 1, text: "the file is empty".to_owned() });
        };
        // The first line of JSON is the beginning of an object.
        let Some(head) = read_head(head) else {
            return Self::read_json(octets).map(|snapshot| Saved { snapshot, remarks: Vec::new(), left_out: 0 });
        };
        let error = |text: String| ReadError { line: first, text };
        check_version(head.version).map_err(error)?;
        let facts = serde_json::from_value(head.facts).map_err(|fault| error(fault.to_string()))?;
        let mut reader = Reader { facts, records: Vec::new(), is_complete: false, remarks: Vec::new(), left_out: 0 };
        let cut = (!octets.ends_with(b"\n")).then(|| octets.split(|octet| *octet == b'\n').count());
        lines.for_each(|(line, number)| reader.take(line, number, cut == Some(number)));
        Ok(reader.finish())
    }

    fn read_json(text: &[u8]) -> Result<Self, ReadError> {
        let error = |fault: serde_json::Error| ReadError { line: fault.line().max(1), text: without_place(&fault) };
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let Version { version } = serde_json::from_slice(text).map_err(|fault| ReadError {
            text: format!(
                "this is not a transcript, which begins with {{\"what\":\"connection\",\"version\":{VERSION},: {}",
                without_place(&fault)
            ),
            line: fault.line().max(1),
        })?;
        check_version(version).map_err(|text| ReadError { line: 1, text })?;
        let Whole { head, records } = serde_json::from_slice(text).map_err(error)?;
        Ok(Self { facts: head.facts, records })
    }
}

/// The first line of JSON Lines, or the last one.
fn read_head(line: &[u8]) -> Option<Head<serde_json::Value>> {
    serde_json::from_slice(line).ok().filter(|head: &Head<_>| head.what.is_some())
}

/// Reads the lines behind the first one.
struct Reader {
    facts: Facts,
    records: Vec<Record>,
    /// The last line says what was known at the end.
    is_complete: bool,
    remarks: Vec<ReadError>,
    left_out: u64,
}

impl Reader {
    fn take(&mut self, line: &[u8], number: usize, is_cut: bool) {
        let fault = match serde_json::from_slice(line) {
            Ok(record) => return self.records.push(record),
            Err(fault) => fault,
        };
        if let Some(facts) = read_head(line).and_then(|head| serde_json::from_value(head.facts).ok()) {
            (self.facts, self.is_complete) = (facts, true);
            return;
        }
        let text = match without_place(&fault) {
            _ if is_cut => "the file ends in the middle of this line".to_owned(),
            text => text.replacen("unknown variant", "not known to this version of wireserve:", 1),
        };
        self.left_out += 1;
        if self.remarks.len() < MAX_REMARKS {
            self.remarks.push(ReadError { line: number, text });
        }
    }

    fn finish(self) -> Saved {
        let Self { mut facts, records, is_complete, remarks, left_out } = self;
        let is_as_begun = facts.closed.is_none() && facts.requests_total == 0 && facts.resets.is_empty();
        if !is_complete && is_as_begun && facts.requests.is_empty() {
            let mut exchanges = Exchanges::for_lists();
            records.iter().for_each(|record| exchanges.take(record));
            exchanges.put_into(&mut facts);
            facts.requests_total = facts.requests.len() as u64;
            if let Some(Record { time, kind: RecordKind::Ended(closed), .. }) = records.last() {
                facts.closed = Some(Ending { time: *time, closed: closed.clone() });
            }
        }
        Saved { snapshot: Snapshot { facts, records }, remarks, left_out }
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
