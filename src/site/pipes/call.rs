//! Pipes with their arguments read and checked.

use super::error::PipeError;
use super::tokens::{self, Call};
use super::wire::{Ending, How};
use crate::exchange::pace::{Pace, Step};
use crate::exchange::{ErrorCode, MAX_DATA};
use crate::http::is_token_octet;
use crate::http::latin1::from_latin1;
use crate::http::words::similar;
use crate::site::template::Escape;
use std::str::FromStr;
use std::time::Duration;

/// The names of all pipes.
pub(super) const NAMES: [&str; 11] =
    ["sub", "status", "header", "slice", "trickle", "gzip", "delay", "reset", "close", "split", "pad"];

/// The longest delay, and the longest trickle.
pub(super) const LONGEST: Duration = Duration::from_secs(3600);

/// Steps of one trickle.
const MAX_STEPS: usize = 1000;

/// Pipes of one response.
const MAX_PIPES: usize = 100;

/// What the argument of trickle is.
const TRICKLE: &str = "steps joined by colons (a whole number of bytes; d and seconds, at most 3600; rN at the end, \
                       where N is even, to repeat the last N steps, of which one must not be 0), at most 1000";

/// One step from a response to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pipe {
    Sub(Escape),
    Status(u16),
    Header { name: Vec<u8>, value: Vec<u8>, append: bool },
    Slice { start: Option<i64>, end: Option<i64> },
    Trickle(Pace),
    Gzip,
    Delay(Duration),
    End(Ending),
    Split(usize),
    Pad(u8),
}

/// Reads what the query asks for.
pub(super) fn parse(text: &str) -> Result<Vec<Pipe>, PipeError> {
    let calls = tokens::parse(text).map_err(|tokens::LoneBackslash| PipeError::LoneBackslash)?;
    if calls.len() > MAX_PIPES {
        return Err(PipeError::TooMany(MAX_PIPES));
    }
    calls.iter().map(Pipe::read).collect()
}

impl Pipe {
    fn read(call: &Call) -> Result<Self, PipeError> {
        match call.name.as_str() {
            "sub" => {
                let [kind] = arguments(call, "sub(escape)", 0)?;
                Ok(Self::Sub(kind.map_or(Ok(Escape::Html), |kind| kind.read("html or none", escape))?))
            }
            "status" => {
                let read = |text: &str| whole(text).filter(|code| (100..=999).contains(code));
                only(call, "status(code)", "a whole number from 100 to 999", read).map(Self::Status)
            }
            "header" => header(call),
            "slice" => slice(call),
            "trickle" => only(call, "trickle(steps)", TRICKLE, trickle).map(Self::Trickle),
            "gzip" => arguments(call, "gzip", 0).map(|[]| Self::Gzip),
            "delay" => only(call, "delay(seconds)", "a number of seconds from 0 to 3600", seconds).map(Self::Delay),
            "reset" => {
                const USAGE: &str = "reset(code,bytes)";
                let [code, after] = arguments(call, USAGE, 1)?;
                let code = code.ok_or(PipeError::Count { usage: USAGE, given: 0 })?;
                let code = code.read("an error code of RFC 9113 §7, by name or by number", error_code)?;
                Ok(Self::End(Ending { how: How::Reset(code), after: octets(after)? }))
            }
            "close" => {
                let [after] = arguments(call, "close(bytes)", 0)?;
                Ok(Self::End(Ending { how: How::Close, after: octets(after)? }))
            }
            "split" => {
                let read = |text: &str| whole(text).filter(|octets| (1..=MAX_DATA).contains(octets));
                only(call, "split(bytes)", "a whole number from 1 to 16384", read).map(Self::Split)
            }
            "pad" => only(call, "pad(bytes)", "a whole number from 0 to 255", whole).map(Self::Pad),
            name => Err(PipeError::Unknown { name: name.chars().take(80).collect(), like: similar(name, NAMES) }),
        }
    }
}

fn header(call: &Call) -> Result<Pipe, PipeError> {
    const USAGE: &str = "header(name,value,append)";
    let [Some(name), Some(value), append] = arguments(call, USAGE, 2)? else {
        return Err(PipeError::Count { usage: USAGE, given: 0 });
    };
    let token = |text: &str| (!text.is_empty() && text.bytes().all(is_token_octet)).then(|| text.as_bytes().to_vec());
    // Whitespace around a value is no part of it (RFC 9110 §5.5), and an error over HTTP/2 (RFC 9113 §8.2.1).
    let octets = |text: &str| {
        let octets = from_latin1(text.trim_matches([' ', '\t']))?;
        (!octets.iter().any(|octet| b"\r\n\0".contains(octet))).then_some(octets)
    };
    Ok(Pipe::Header {
        name: name.read("a header name (RFC 9110 §5.1)", token)?,
        value: value.read("a header value (RFC 9110 §5.5): characters up to U+00FF, no CR, LF or NUL", octets)?,
        append: append.map_or(Ok(false), |append| append.read("true or false", boolean))?,
    })
}

fn slice(call: &Call) -> Result<Pipe, PipeError> {
    const USAGE: &str = "slice(start,end)";
    const ALLOWED: &str = "a whole number, or null";
    let [start, end] = arguments(call, USAGE, 1)?;
    let start = start.ok_or(PipeError::Count { usage: USAGE, given: 0 })?;
    Ok(Pipe::Slice {
        start: start.read(ALLOWED, nullable)?,
        end: end.map_or(Ok(None), |end| end.read(ALLOWED, nullable))?,
    })
}

/// After how many octets something ends; `None` for before everything.
fn octets(argument: Option<Argument<'_>>) -> Result<Option<u64>, PipeError> {
    argument.map(|argument| argument.read("a whole number of bytes", whole)).transpose()
}

/// An argument of a call, with what an error says about it.
struct Argument<'a> {
    text: &'a str,
    place: usize,
    usage: &'static str,
}

impl Argument<'_> {
    fn read<T>(&self, allowed: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, PipeError> {
        let Self { text, place, usage } = self;
        read(text).ok_or_else(|| PipeError::Argument {
            usage,
            place: *place,
            given: text.chars().take(80).collect(),
            allowed: allowed.to_owned(),
        })
    }
}

/// The arguments of a call, of which the first `least` must be there and none may follow the last.
fn arguments<'a, const MOST: usize>(
    call: &'a Call,
    usage: &'static str,
    least: usize,
) -> Result<[Option<Argument<'a>>; MOST], PipeError> {
    let given = call.arguments.len();
    if !(least..=MOST).contains(&given) {
        return Err(PipeError::Count { usage, given });
    }
    let mut all = call.arguments.iter().zip(1..).map(|(text, place)| Argument { text, place, usage });
    Ok(std::array::from_fn(|_| all.next()))
}

/// The one argument of a pipe.
fn only<T>(
    call: &Call,
    usage: &'static str,
    allowed: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, PipeError> {
    let [argument] = arguments(call, usage, 1)?;
    argument.ok_or(PipeError::Count { usage, given: 0 })?.read(allowed, read)
}

fn whole<T: FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}

fn nullable(text: &str) -> Option<Option<i64>> {
    if text.eq_ignore_ascii_case("null") { Some(None) } else { whole(text).map(Some) }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn escape(text: &str) -> Option<Escape> {
    match text {
        "html" => Some(Escape::Html),
        "none" => Some(Escape::None),
        _ => None,
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = whole(text)?;
    Duration::try_from_secs_f64(seconds).ok().filter(|time| *time <= LONGEST)
}

fn error_code(text: &str) -> Option<ErrorCode> {
    let text = text.trim();
    let number = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    number.map(ErrorCode).or_else(|| ErrorCode::by_name(&text.to_ascii_uppercase()))
}

fn trickle(text: &str) -> Option<Pace> {
    let mut steps = Vec::new();
    let mut parts = text.split(':');
    while let Some(part) = parts.next() {
        if let Some(count) = part.strip_prefix('r') {
            let count: usize = whole(count).filter(|count| count % 2 == 0 && *count > 0)?;
            // As in wptserve, more steps than there are stand for all of them.
            let from = steps.len().saturating_sub(count);
            return if parts.next().is_none() { Pace::new(steps, Some(from)) } else { None };
        }
        if steps.len() == MAX_STEPS {
            return None;
        }
        steps.push(match part.strip_prefix('d') {
            Some(time) => Step::Pause(seconds(time)?),
            None => Step::Octets(whole(part)?),
        });
    }
    Pace::new(steps, None)
}
