//! In what two answers differ, once what cannot be equal is out of the way.

use super::both::{Both, Side};
use super::grid::Request;
use crate::support::http1::Answer;
use std::collections::BTreeSet;
use std::io::Read;

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// One of them, or neither, gave an answer: `Err` has what came instead.
    NoAnswer,
    Status,
    /// The words after the status code, over HTTP/1.1.
    Reason,
    /// The values of the field of that name (in lower case).
    Field(String),
    Body,
}

/// A request with both answers, normalised.
#[derive(Debug)]
pub struct Pair {
    pub request: Request,
    pub wptserve: Result<Answer, String>,
    pub ours: Result<Answer, String>,
    /// Whether our Content-Length was the length of what came.
    pub length_is_right: bool,
}

impl Pair {
    /// Asks both.
    pub fn ask(both: &Both, request: Request, over_http2: bool) -> Self {
        let ask = |side| {
            let answer = if over_http2 { both.ask_over_http2(side, &request) } else { both.ask(side, &request) };
            let is_right = |answer: &Answer| answer.values("content-length") == [answer.body.len().to_string()];
            let length_is_right = answer.as_ref().is_ok_and(is_right);
            let ports = [both.port(side, "http"), both.port(side, "h2")];
            (answer.map(|answer| normalise(answer, &request, ports)), length_is_right)
        };
        let ((wptserve, _), (ours, length_is_right)) = (ask(Side::Wptserve), ask(Side::Ours));
        Self { request, wptserve, ours, length_is_right }
    }

    /// Both answers, if there are two.
    pub fn answers(&self) -> Option<(&Answer, &Answer)> {
        Some((self.wptserve.as_ref().ok()?, self.ours.as_ref().ok()?))
    }

    pub fn differences(&self) -> Vec<Difference> {
        let Some((wptserve, ours)) = self.answers() else { return vec![Difference::NoAnswer] };
        let mut all = Vec::new();
        if wptserve.status != ours.status {
            all.push(Difference::Status);
        }
        if wptserve.reason != ours.reason {
            all.push(Difference::Reason);
        }
        let names: BTreeSet<String> =
            wptserve.fields.iter().chain(&ours.fields).map(|(name, _)| name.to_lowercase()).collect();
        let differ = names.into_iter().filter(|name| wptserve.values(name) != ours.values(name));
        all.extend(differ.map(Difference::Field));
        if wptserve.body != ours.body {
            all.push(Difference::Body);
        }
        all
    }

    /// A difference as people read it.
    pub fn describe(&self, difference: &Difference) -> String {
        let Some((wptserve, ours)) = self.answers() else {
            return format!("wptserve: {:?}; ours: {:?}", self.wptserve.as_ref().err(), self.ours.as_ref().err());
        };
        let (theirs, ours) = match difference {
            Difference::NoAnswer => unreachable!("both have answered"),
            Difference::Status => (wptserve.status.to_string(), format!("{} {}", ours.status, head(&ours.body))),
            Difference::Reason => (wptserve.reason.clone(), ours.reason.clone()),
            Difference::Field(name) => (format!("{:?}", wptserve.values(name)), format!("{:?}", ours.values(name))),
            Difference::Body => (head(&wptserve.body), head(&ours.body)),
        };
        format!("{difference:?}: wptserve {theirs}; ours {ours}")
    }
}

fn head(body: &[u8]) -> String {
    format!("{} octets {:?}", body.len(), String::from_utf8_lossy(&body[..body.len().min(400)]))
}

/// What a gzip stream holds.
fn gunzip(octets: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(octets).read_to_end(&mut content).ok()?;
    Some(content)
}

/// Puts names in the place of what differs from run to run: ports, UUIDs, boundaries; drops Date and Server; unpacks
/// what a pipe packed, since no two compressors give the same octets.
fn normalise(mut answer: Answer, request: &Request, ports: [u16; 2]) -> Answer {
    // More than once, since wptserve packs twice what a script returns.
    while request.target.contains("gzip")
        && let Some(content) = gunzip(&answer.body)
    {
        answer.body = content;
    }
    answer.fields.retain(|(name, _)| !name.eq_ignore_ascii_case("date") && !name.eq_ignore_ascii_case("server"));
    let boundary = answer.get("content-type").and_then(|value| value.split_once("boundary=")).map(|(_, rest)| rest);
    let boundary = boundary.map(|boundary| boundary.trim_matches('"').to_owned());
    let mut names: Vec<(Vec<u8>, &str)> = Vec::new();
    names.extend(boundary.map(|boundary| (boundary.into_bytes(), "BOUNDARY")));
    // Five digits each, as in any range of ports that systems choose from.
    let [first, second] = ports.map(|port| port.to_string().into_bytes());
    names.extend([(first, "PORT1"), (second, "PORT2")]);
    for (_, value) in &mut answer.fields {
        *value = String::from_utf8(rename(value.clone().into_bytes(), &names)).expect("ASCII for ASCII");
    }
    // The large file is nobody's template.
    if answer.body.len() < 100_000 {
        answer.body = rename(answer.body, &names);
    }
    answer
}

fn rename(mut octets: Vec<u8>, names: &[(Vec<u8>, &str)]) -> Vec<u8> {
    for (value, name) in names {
        while let Some(at) = memchr::memmem::find(&octets, value) {
            octets.splice(at..at + value.len(), name.bytes());
        }
    }
    let mut at = 0;
    while at + 36 <= octets.len() {
        if is_uuid(&octets[at..at + 36]) {
            octets.splice(at..at + 36, *b"UUID");
        }
        at += 1;
    }
    octets
}

/// Lower-case hexadecimal digits with hyphens where they belong.
fn is_uuid(octets: &[u8]) -> bool {
    let is_right = |(at, octet): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *octet == b'-',
        _ => matches!(octet, b'0'..=b'9' | b'a'..=b'f'),
    };
    octets.iter().enumerate().all(is_right)
}
