//! Which records are wanted, in words: `type:HEADERS is:error -from:server "a text"`.
//!
//! Words are separated by spaces, and all of them must fit. A `-` in front inverts one. What has no key that is in
//! [`KEYS`] is a text, which must be in what the record says, in a header, or in the name of its script. Letter case
//! does not matter. A text with spaces stands in double quotes.
//!
//! | word | fits |
//! |---|---|
//! | `type:HEADERS,DATA` | frames of these types, `unknown` and `0x42` too; other records by name: `violation`, `not-sent`, `octets` |
//! | `stream:1,5-9` | the stream; over HTTP/1.1 the number of the request |
//! | `frame:12-40` | the number of the record |
//! | `length:0`, `length:16385-` | bytes of the payload |
//! | `flag:END_STREAM` | one of these flags is set |
//! | `code:PROTOCOL_ERROR`, `code:1` | the error code, also of a violation and of what is not sent |
//! | `rule:h2.window` | violations whose rule begins so |
//! | `from:client`, `from:server` | the end that did it |
//! | `cause:raw` | why the recording end sent it: `checked`, `raw` or `automatic` |
//! | `is:error` | something is wrong; also `violation`, `request`, `response`, `malformed`, `cut` |

use super::effect::Effect;
use super::fields::{FieldLine, FieldSection};
use super::frame::Frame;
use super::record::{Cause, Reaction, Record, RecordKind, Side};
use super::text::Columns;
use crate::http::latin1::latin1;
use crate::http::words::similar;
use crate::wire::frame::{ErrorCode, FrameType, flag};
use std::fmt;
use std::ops::RangeInclusive;

/// What a word can begin with, before a colon.
const KEYS: [&str; 10] = ["type", "stream", "frame", "length", "flag", "code", "rule", "from", "cause", "is"];

/// Names of the records that are not frames, as [`name_of`] gives them.
const RECORDS: [&str; 9] =
    ["octets", "preface", "request", "not-sent", "violation", "expectation", "notice", "closed", "ended"];

/// Words of one filter, and bytes of it: each record is held against all of them.
const MAX_WORDS: usize = 64;
const MAX_LENGTH: usize = 4_000;

/// Which records are wanted. The empty one wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(Vec<Word>);

/// Why a text is not a filter; displays as a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError(String);

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FilterError {}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    inverted: bool,
    test: Test,
}

/// Each list fits if one of its members does.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Type(Vec<String>),
    Stream(Vec<RangeInclusive<u64>>),
    Number(Vec<RangeInclusive<u64>>),
    Length(Vec<RangeInclusive<u64>>),
    /// In upper case: ACK and END_STREAM are the same bit.
    Flag(Vec<String>),
    Code(Vec<u32>),
    Rule(Vec<String>),
    From(Vec<Side>),
    Cause(Vec<Cause>),
    Is(Vec<State>),
    /// In lower case.
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Error,
    Violation,
    Request,
    Response,
    Malformed,
    Cut,
}

const STATES: [(&str, State); 6] = [
    ("error", State::Error),
    ("violation", State::Violation),
    ("request", State::Request),
    ("response", State::Response),
    ("malformed", State::Malformed),
    ("cut", State::Cut),
];
const SIDES: [(&str, Side); 2] = [("client", Side::Client), ("server", Side::Server)];
const CAUSES: [(&str, Cause); 3] = [("checked", Cause::Checked), ("raw", Cause::Raw), ("automatic", Cause::Automatic)];

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// A known key has a value that it cannot have, or there is too much of it.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > MAX_LENGTH {
            return Err(FilterError(format!("The filter is longer than {MAX_LENGTH} bytes.")));
        }
        let words = split(text);
        if words.len() > MAX_WORDS {
            return Err(FilterError(format!("The filter has more than {MAX_WORDS} words.")));
        }
        words.iter().map(Word::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a record is wanted.
    pub fn fits(&self, record: &Record) -> bool {
        self.0.iter().all(|word| word.test.fits(record) != word.inverted)
    }
}

/// Words with their `-` and without their quotes, and whether they may have a key.
fn split(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (inverted, body) = match rest.strip_prefix('-') {
            Some(body) if !body.starts_with(char::is_whitespace) && !body.is_empty() => (true, body),
            _ => (false, rest),
        };
        let (quoted, text, end) = match body.strip_prefix('"') {
            // A quote that does not end goes to the end: it is being typed.
            Some(inner) => match inner.split_once('"') {
                Some((text, end)) => (true, text, end),
                None => (true, inner, ""),
            },
            None => {
                let end = body.find(char::is_whitespace).unwrap_or(body.len());
                let (text, end) = body.split_at(end);
                (false, text, end)
            }
        };
        // A minus alone is being typed.
        if !text.is_empty() && (quoted || text != "-") {
            parts.push(Part { inverted, quoted, text: text.to_owned() });
        }
        rest = end.trim_start();
    }
    parts
}

#[derive(Debug)]
struct Part {
    inverted: bool,
    quoted: bool,
    text: String,
}

impl Word {
    fn parse(part: &Part) -> Result<Self, FilterError> {
        let Part { inverted, quoted, text } = part;
        let keyed = text.split_once(':').filter(|_| !quoted);
        let keyed = keyed.and_then(|(key, value)| {
            let key = KEYS.into_iter().find(|known| known.eq_ignore_ascii_case(key))?;
            Some((key, value))
        });
        let test = match keyed {
            Some((key, value)) => Test::parse(key, value)?,
            None => Test::Text(text.to_lowercase()),
        };
        Ok(Self { inverted: *inverted, test })
    }
}

impl Test {
    fn parse(key: &str, value: &str) -> Result<Self, FilterError> {
        let values = value.split(',').filter(|one| !one.is_empty());
        let lower = |one: &str| one.to_ascii_lowercase();
        let ranges = || values.clone().map(|one| range(key, one)).collect::<Result<Vec<_>, _>>();
        let test = match key {
            "type" => Self::Type(values.map(type_name).collect::<Result<_, _>>()?),
            "stream" => Self::Stream(ranges()?),
            "frame" => Self::Number(ranges()?),
            "length" => Self::Length(ranges()?),
            "flag" => Self::Flag(values.map(flag_name).collect::<Result<_, _>>()?),
            "code" => Self::Code(values.map(code).collect::<Result<_, _>>()?),
            "rule" => Self::Rule(values.map(lower).collect()),
            "from" => Self::From(values.map(|one| named(key, one, &SIDES)).collect::<Result<_, _>>()?),
            "cause" => Self::Cause(values.map(|one| named(key, one, &CAUSES)).collect::<Result<_, _>>()?),
            _ => Self::Is(values.map(|one| named(key, one, &STATES)).collect::<Result<_, _>>()?),
        };
        Ok(test)
    }

    fn fits(&self, record: &Record) -> bool {
        let within = |ranges: &[RangeInclusive<u64>], number: Option<u64>| {
            // A key without a value, as while it is typed, wants all that have one.
            number.is_some_and(|number| ranges.is_empty() || ranges.iter().any(|range| range.contains(&number)))
        };
        let begins = |list: &[String], name: &str| list.is_empty() || list.iter().any(|one| name.starts_with(one));
        match self {
            Self::Type(names) => {
                let name = name_of(record);
                let is_unknown = |wanted: &str| match name.strip_prefix("unknown(") {
                    Some(number) => wanted == "unknown" || wanted == number.trim_end_matches(')'),
                    None => false,
                };
                names.is_empty() || names.iter().any(|wanted| *wanted == name || is_unknown(wanted))
            }
            Self::Stream(ranges) => within(ranges, Columns::of(&record.kind).stream),
            Self::Number(ranges) => within(ranges, Some(record.seq)),
            Self::Length(ranges) => within(ranges, length_of(record)),
            Self::Flag(names) => frame_of(record).is_some_and(|frame| {
                let mut set = flag::set_names(frame.header().frame_type, frame.header().flags);
                set.any(|flag| names.is_empty() || names.iter().any(|name| name == flag))
            }),
            Self::Code(codes) => code_of(record).is_some_and(|code| codes.is_empty() || codes.contains(&code.0)),
            Self::Rule(rules) => match &record.kind {
                RecordKind::Violation(violation) => begins(rules, violation.rule.as_deref().unwrap_or_default()),
                _ => false,
            },
            Self::From(sides) => record.from.is_some_and(|from| sides.is_empty() || sides.contains(&from)),
            Self::Cause(causes) => record.cause.is_some_and(|cause| causes.is_empty() || causes.contains(&cause)),
            Self::Is(states) => states.is_empty() || states.iter().any(|state| state.fits(record)),
            Self::Text(text) => has_text(record, text),
        }
    }
}

impl State {
    fn fits(self, record: &Record) -> bool {
        match self {
            Self::Error => record.is_error(),
            Self::Violation => matches!(record.kind, RecordKind::Violation(_)),
            Self::Request => match &record.kind {
                RecordKind::Request(_) => true,
                kind => section_of(kind).is_some_and(|section| section.get(b":method").is_some()),
            },
            Self::Response => match &record.kind {
                RecordKind::Octets(octets) => {
                    octets.octets.starts_with(b"HTTP/") && Effect::of(&record.kind) == Effect::Content
                }
                kind => section_of(kind).is_some_and(|section| section.get(b":status").is_some()),
            },
            Self::Malformed => frame_of(record)
                .is_some_and(|frame| matches!(frame.payload(), Some(Err(_))) || matches!(frame.fields(), Some(Err(_)))),
            Self::Cut => match &record.kind {
                RecordKind::Frame(frame) => !frame.is_whole(),
                RecordKind::Octets(octets) => !octets.is_whole(),
                _ => false,
            },
        }
    }
}

/// In lower case, words joined by a hyphen.
fn name_of(record: &Record) -> String {
    let name = Columns::of(&record.kind).name.to_ascii_lowercase();
    name.trim_start_matches(['✗', '✓', ' ']).replace([' ', '_'], "-")
}

fn length_of(record: &Record) -> Option<u64> {
    Columns::of(&record.kind).length
}

fn frame_of(record: &Record) -> Option<&Frame> {
    match &record.kind {
        RecordKind::Frame(frame) => Some(frame),
        _ => None,
    }
}

fn section_of(kind: &RecordKind) -> Option<&FieldSection> {
    match kind {
        RecordKind::Frame(frame) => frame.fields().and_then(Result::ok),
        _ => None,
    }
}

fn code_of(record: &Record) -> Option<ErrorCode> {
    let name = match &record.kind {
        RecordKind::Violation(violation) => match violation.reaction.as_ref()? {
            Reaction::ConnectionError(code) | Reaction::StreamError(code) => code,
            Reaction::Reported => return None,
        },
        RecordKind::NotSent(unsent) => unsent.code.as_ref()?,
        _ => return record.code(),
    };
    ErrorCode::by_name(name)
}

/// Whether a text in lower case is in what a record says, its headers, or the name of its script.
fn has_text(record: &Record, text: &str) -> bool {
    let has = |all: &str| all.to_lowercase().contains(text);
    let columns = Columns::of(&record.kind);
    let field = |line: &FieldLine| match line {
        FieldLine::Field { name, value, .. } => has(&format!("{}: {}", latin1(name), latin1(value))),
        FieldLine::SizeUpdate(_) => false,
    };
    has(&columns.name)
        || has(&columns.says)
        || section_of(&record.kind).is_some_and(|section| section.lines.iter().any(field))
        || record.script.as_ref().is_some_and(|place| has(&place.to_string()))
}

fn range(key: &str, text: &str) -> Result<RangeInclusive<u64>, FilterError> {
    let number = |text: &str, missing: u64| if text.is_empty() { Ok(missing) } else { text.parse::<u64>() };
    let (from, to) = match text.split_once('-') {
        Some((from, to)) => (number(from, 0), number(to, u64::MAX)),
        None => (text.parse(), text.parse()),
    };
    match (from, to) {
        (Ok(from), Ok(to)) => Ok(from..=to),
        _ => Err(FilterError(format!("{key}: expects numbers such as 1 or 5-9, not {text:?}."))),
    }
}

/// The name of a frame type, `unknown`, the number of an unknown type, or the name of another record.
fn type_name(text: &str) -> Result<String, FilterError> {
    let wanted = text.to_ascii_lowercase().replace('_', "-");
    let frames = (0..=u8::MAX).filter_map(|code| FrameType(code).name());
    let frames: Vec<String> = frames.map(|name| name.to_ascii_lowercase().replace('_', "-")).collect();
    let known = || frames.iter().map(String::as_str).chain(RECORDS).chain(["unknown"]);
    let is_number = wanted.strip_prefix("0x").is_some_and(|digits| u8::from_str_radix(digits, 16).is_ok());
    if is_number || known().any(|known| known == wanted) {
        return Ok(wanted);
    }
    let advice = match similar(&wanted, known()) {
        Some(near) if frames.iter().any(|name| name == near) => {
            format!("a similar type is {}", near.to_ascii_uppercase().replace('-', "_"))
        }
        Some(near) => format!("a similar type is {near}"),
        None => format!("types are those of RFC 9113 §6 such as HEADERS, unknown, 0x42, {}", RECORDS.join(", ")),
    };
    Err(FilterError(format!("type: knows no {text:?}; {advice}.")))
}

fn flag_name(name: &str) -> Result<String, FilterError> {
    let upper = name.to_ascii_uppercase().replace('-', "_");
    if flag::by_name(&upper).is_some() {
        return Ok(upper);
    }
    Err(FilterError(format!("flag: expects END_STREAM, END_HEADERS, PADDED, PRIORITY or ACK, not {name:?}.")))
}

fn code(text: &str) -> Result<u32, FilterError> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    let by_name = || ErrorCode::by_name(&text.to_ascii_uppercase().replace('-', "_")).map(|code| code.0);
    number.or_else(by_name).ok_or_else(|| {
        FilterError(format!("code: expects an error code of RFC 9113 §7 such as PROTOCOL_ERROR or 1, not {text:?}."))
    })
}

fn named<T: Copy>(key: &str, text: &str, all: &[(&str, T)]) -> Result<T, FilterError> {
    let found = all.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names = all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        FilterError(format!("{key}: expects {names}, not {text:?}."))
    })
}
