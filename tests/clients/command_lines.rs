//! curl and nghttp: their output is read.

use super::{Ending, Informational, Outcome, Request};
use crate::support::process::{Finished, run};
use crate::support::programs::{require, version};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

fn limit(request: &Request) -> Duration {
    Duration::from_secs(u64::from(request.max_time) + 15)
}

pub fn curl(request: &Request) -> Option<Outcome> {
    let program = require("curl")?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (body, head) = (folder.path().join("body"), folder.path().join("head"));
    let mut command = Command::new(&program);
    command.args(["-q", "-sS", "--path-as-is", "--globoff", "--noproxy", "*", "-X", request.method, "-w", "%{json}"]);
    // A server that pushes RST_STREAM HTTP_1_1_REQUIRED must not make it go on by itself.
    command.arg(if request.url.starts_with("https:") { "--http2" } else { "--http2-prior-knowledge" });
    command.args(["--max-time", &request.max_time.to_string()]).arg("-o").arg(&body).arg("-D").arg(&head);
    if let Some(ca) = &request.ca {
        command.arg("--cacert").arg(ca).args(["--connect-to", "::127.0.0.1:"]);
    }
    for (name, value) in &request.headers {
        command.args(["-H", &format!("{name}: {value}")]);
    }
    if request.upload > 0 {
        let content = folder.path().join("content");
        std::fs::write(&content, vec![b'u'; usize::try_from(request.upload).expect("it fits")]).expect("a file");
        command.arg("-T").arg(content);
    }
    let finished = run(command.args(&request.extra).arg(&request.url), limit(request));
    let report: Value = serde_json::from_str(finished.text().trim()).unwrap_or_default();
    let words = report["errormsg"].as_str().unwrap_or_default().to_owned();
    let body = std::fs::read(&body).unwrap_or_default();
    let mut outcome = Outcome {
        client: "curl".into(),
        version: version(&program, &["--version"]),
        detail: format!("exit {:?} {words}", finished.code()),
        body_octets: body.len() as u64,
        body_sha256: Some(super::sha256(&body)),
        ..Outcome::default()
    };
    read_heads(&String::from_utf8_lossy(&std::fs::read(&head).unwrap_or_default()), &mut outcome);
    outcome.result = curl_ending(&finished, &outcome);
    if matches!(outcome.result, Ending::StreamError | Ending::ConnectionError) {
        // "HTTP/2 stream 1 was not closed cleanly: PROTOCOL_ERROR (err 1)"
        let code = words.rsplit_once("(err ").and_then(|(_, rest)| rest.split(')').next());
        outcome.code = code.and_then(|code| code.parse().ok());
    }
    Some(outcome)
}

/// What curl's exit code means (see `man curl`, EXIT CODES).
fn curl_ending(finished: &Finished, outcome: &Outcome) -> Ending {
    match finished.code() {
        // 7.88 gives 0 with an empty body after a frame that is too long: compare the body.
        Some(0) if outcome.status.is_some() => Ending::Complete,
        Some(28) | None => Ending::Timeout,
        Some(92) => Ending::StreamError,
        Some(16) => Ending::ConnectionError,
        _ => Ending::Other,
    }
}

/// The heads that `-D` wrote: each response's status line and fields; after the last head, trailers.
fn read_heads(text: &str, outcome: &mut Outcome) {
    for head in text.split("\r\n\r\n").filter(|head| !head.trim().is_empty()) {
        let mut lines = head.lines();
        let first = lines.next().unwrap_or_default();
        let fields = |lines: &mut dyn Iterator<Item = &str>| -> Vec<(String, String)> {
            let pair =
                |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
            lines.filter_map(pair).collect()
        };
        let status =
            first.strip_prefix("HTTP/").and_then(|rest| rest.split(' ').nth(1)).and_then(|code| code.parse().ok());
        match status {
            Some(status @ 100..200) => {
                outcome.informational.push(Informational { status, headers: fields(&mut lines) });
            }
            Some(status) => {
                outcome.status = Some(status);
                outcome.headers = fields(&mut lines);
            }
            None => outcome.trailers = fields(&mut head.lines()),
        }
    }
}

/// nghttp's `-v` output tells every frame both ways. It does not check certificates.
pub fn nghttp(request: &Request) -> Option<Outcome> {
    let program = require("nghttp")?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(&program);
    command.args(["-nvy", "--no-dep", "-t", &request.max_time.to_string()]);
    command.args(["-H", &format!(":method: {}", request.method)]);
    for (name, value) in &request.headers {
        command.args(["-H", &format!("{name}: {value}")]);
    }
    if request.upload > 0 {
        let content = folder.path().join("content");
        std::fs::write(&content, vec![b'u'; usize::try_from(request.upload).expect("it fits")]).expect("a file");
        command.arg("-d").arg(content);
    }
    let finished = run(command.args(&request.extra).arg(&request.url), limit(request));
    let mut outcome = Outcome {
        client: "nghttp".into(),
        version: version(&program, &["--version"]),
        detail: finished.stderr.trim().to_owned(),
        ..Outcome::default()
    };
    let mut log = NghttpLog::default();
    for line in finished.text().lines() {
        log.line(line, &mut outcome);
    }
    outcome.result = match log.error {
        Some((ending, code, by)) => {
            (outcome.code, outcome.by) = (Some(code), Some(by.to_owned()));
            ending
        }
        None if finished.status.is_none() || outcome.detail.contains("Timeout") => Ending::Timeout,
        None if log.ended && outcome.status.is_some() => Ending::Complete,
        None => Ending::Other,
    };
    Some(outcome)
}

/// Reads lines like these:
/// ```text
/// [  0.000] recv (stream_id=1) :status: 200
/// [  0.000] recv DATA frame <length=6, flags=0x01, stream_id=1>
/// [  0.000] send GOAWAY frame <length=8, flags=0x00, stream_id=0>
///           (last_stream_id=0, error_code=NO_ERROR(0x00), opaque_data(0)=[])
/// ```
#[derive(Default)]
struct NghttpLog {
    section: Vec<(String, String)>,
    /// The GOAWAY or RST_STREAM whose second line is to come, and who sent it.
    pending: Option<(Ending, &'static str)>,
    error: Option<(Ending, u32, &'static str)>,
    /// The last event was a DATA frame that came in.
    is_data: bool,
    ended: bool,
}

impl NghttpLog {
    fn line(&mut self, line: &str, outcome: &mut Outcome) {
        let event = line.split_once("] ").filter(|_| line.starts_with('[')).map(|(_, event)| event);
        let Some(event) = event else { return self.detail(line, outcome) };
        self.pending = None;
        self.is_data = event.starts_with("recv DATA");
        let (by, event) = match event.split_once(' ') {
            Some(("recv", event)) => ("server", event),
            Some(("send", event)) => ("client", event),
            _ => return,
        };
        let kind = event.split(' ').next().unwrap_or_default();
        match (by, kind) {
            (_, "GOAWAY") => self.pending = Some((Ending::ConnectionError, by)),
            (_, "RST_STREAM") => self.pending = Some((Ending::StreamError, by)),
            ("server", "HEADERS") => self.section_ended(event, outcome),
            ("server", "DATA") => {
                let length = event.split_once("length=").and_then(|(_, rest)| rest.split(',').next());
                outcome.body_octets += length.and_then(|length| length.parse::<u64>().ok()).unwrap_or_default();
                self.ended |= has_end_stream(event);
            }
            ("server", field) if field.starts_with("(stream_id=1") => {
                let (name, value) = split_field(event.split_once(") ").map_or("", |(_, field)| field));
                self.section.push((name.to_owned(), value.to_owned()));
            }
            _ => {}
        }
    }

    fn detail(&mut self, line: &str, outcome: &mut Outcome) {
        // The pad length octet and the padding count in a DATA frame's length.
        if let Some(padding) = line.trim().strip_prefix("(padlen=").and_then(|rest| rest.strip_suffix(')'))
            && std::mem::take(&mut self.is_data)
        {
            outcome.body_octets = outcome.body_octets.saturating_sub(padding.parse().unwrap_or_default());
        }
        let Some((ending, by)) = self.pending.filter(|_| line.contains("error_code=")) else { return };
        self.pending = None;
        let code = line.split_once("error_code=").and_then(|(_, rest)| rest.split_once("(0x"));
        let code = code.and_then(|(_, rest)| u32::from_str_radix(rest.split(')').next()?, 16).ok());
        match code {
            // GOAWAY NO_ERROR is how nghttp says good-bye.
            Some(0) if ending == Ending::ConnectionError => {}
            // The answer was complete before it (RFC 9113 §8.1).
            Some(0) if self.ended => {}
            Some(code) if self.error.is_none_or(|(worse, _, _)| worse == Ending::StreamError) => {
                self.error = Some((ending, code, by));
            }
            _ => {}
        }
    }

    fn section_ended(&mut self, event: &str, outcome: &mut Outcome) {
        let section = std::mem::take(&mut self.section);
        let status = section.iter().find(|(name, _)| name == ":status").and_then(|(_, value)| value.parse().ok());
        match status {
            Some(status @ 100..200) => outcome.informational.push(Informational { status, headers: section }),
            Some(status) => {
                outcome.status = Some(status);
                outcome.headers = section;
            }
            None => outcome.trailers = section,
        }
        self.ended |= has_end_stream(event);
    }
}

fn has_end_stream(event: &str) -> bool {
    let flags = event.split_once("flags=0x").and_then(|(_, rest)| u8::from_str_radix(rest.get(..2)?, 16).ok());
    flags.is_some_and(|flags| flags & 1 == 1)
}

/// Splits `name: value`, where the name may begin with a colon.
fn split_field(field: &str) -> (&str, &str) {
    let colon = field.char_indices().skip(1).find(|&(_, character)| character == ':').map(|(at, _)| at);
    colon.map_or((field, ""), |at| (&field[..at], field[at + 1..].trim_start()))
}
