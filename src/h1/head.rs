//! Heads and trailer sections (RFC 9112 §2 to §5): found line by line, whatever pieces they arrive in.

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};

use super::config::Limits;
use super::event::{Line, RequestHead, Version};
use super::rejection::Rejection;
use crate::http::is_token_octet;

/// The first octet of a TLS handshake record (RFC 8446 §5.1); no method begins with it.
const TLS_HANDSHAKE: u8 = 22;

/// How far a section was looked through; positions are in the input, which is not taken away before the section's end.
#[derive(Debug)]
pub(super) struct SectionScan {
    line_start: usize,
    scanned: usize,
    /// `None` until the request line was seen; from the start for trailers.
    request_line: Option<Range<usize>>,
    lines: Vec<Range<usize>>,
}

/// A section that is complete: it ends at `end`.
pub(super) struct FoundSection {
    pub(super) end: usize,
    request_line: Range<usize>,
    lines: Vec<Range<usize>>,
}

impl SectionScan {
    pub(super) fn head() -> Self {
        Self { line_start: 0, scanned: 0, request_line: None, lines: Vec::new() }
    }

    /// A trailer section that begins at `start` of the input.
    pub(super) fn trailers(start: usize) -> Self {
        Self { line_start: start, scanned: start, request_line: Some(start..start), lines: Vec::new() }
    }

    /// Looks on; `None` if the section's end has not arrived. Limits are judged by position alone, so that the result
    /// does not depend on how the octets were cut.
    pub(super) fn advance(&mut self, input: &[u8], limits: &Limits) -> Result<Option<FoundSection>, Rejection> {
        if self.request_line.is_none() && input.first() == Some(&TLS_HANDSHAKE) {
            return Err(Rejection::TlsRecord);
        }
        loop {
            let unseen = input.get(self.scanned..).unwrap_or_default();
            let line_end = unseen.iter().position(|octet| *octet == b'\n').map(|at| self.scanned + at + 1);
            self.scanned = line_end.unwrap_or(input.len());
            self.check_length(limits)?;
            let Some(line_end) = line_end else { return Ok(None) };
            let line = self.line_start..line_end;
            self.line_start = line_end;
            let is_empty = without_line_end(input.get(line.clone()).unwrap_or_default()).is_empty();
            match &self.request_line {
                // RFC 9112 §2.2: empty lines before the request line are ignored.
                None if is_empty => {}
                None => {
                    parse_request_line(input.get(line.clone()).unwrap_or_default())?;
                    self.request_line = Some(line);
                }
                Some(request_line) if is_empty => {
                    let request_line = request_line.clone();
                    return Ok(Some(FoundSection {
                        end: line_end,
                        request_line,
                        lines: std::mem::take(&mut self.lines),
                    }));
                }
                Some(_) => {
                    self.lines.push(line);
                    if self.lines.len() > limits.field_lines {
                        return Err(Rejection::TooManyFieldLines);
                    }
                }
            }
        }
    }

    /// Which limit lies first decides.
    fn check_length(&self, limits: &Limits) -> Result<(), Rejection> {
        let section_start = self.request_line.as_ref().map_or(0, |line| if line.is_empty() { line.start } else { 0 });
        let head_limit = section_start.saturating_add(limits.head);
        let line_limit = self.line_start.saturating_add(limits.request_line);
        if self.request_line.is_none() && line_limit <= head_limit && self.scanned > line_limit {
            Err(Rejection::RequestLineTooLong)
        } else if self.scanned > head_limit {
            Err(Rejection::HeadTooLong)
        } else {
            Ok(())
        }
    }
}

impl FoundSection {
    /// The head that these octets, up to the section's end, are.
    pub(super) fn into_head(self, octets: Bytes) -> Result<RequestHead, Rejection> {
        let request_line = octets.slice(self.request_line);
        let (method, target, version) = parse_request_line(&request_line)?;
        Ok(RequestHead {
            method: octets.slice_ref(method),
            target: octets.slice_ref(target),
            version,
            lines: field_lines(&octets, &self.lines)?,
            request_line,
            head_octets: octets,
        })
    }

    /// The trailer fields; the octets are those that were scanned.
    pub(super) fn into_lines(self, octets: &Bytes) -> Result<Vec<Line>, Rejection> {
        field_lines(octets, &self.lines)
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn parse_request_line(line: &[u8]) -> Result<(&[u8], &[u8], Version), Rejection> {
    let line = without_line_end(line);
    if line == b"PRI * HTTP/2.0" {
        return Err(Rejection::Http2Preface);
    }
    // Lenient (RFC 9112 §3): words may be parted by any run of spaces or tabs.
    let mut words = line.split(|octet| matches!(octet, b' ' | b'\t')).filter(|word| !word.is_empty());
    let (method, target) = (words.next().unwrap_or_default(), words.next().ok_or(Rejection::RequestLine)?);
    if !method.iter().all(|octet| is_token_octet(*octet)) {
        return Err(Rejection::Method);
    }
    if target.iter().any(|octet| octet.is_ascii_control()) {
        return Err(Rejection::Target);
    }
    let version = words.next().ok_or(Rejection::NoVersion)?;
    if words.next().is_some() {
        return Err(Rejection::RequestLine);
    }
    let version = match version {
        b"HTTP/1.0" => Version::Http10,
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor] if minor.is_ascii_digit() => Version::Http11,
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => {
            return Err(Rejection::Version);
        }
        _ => return Err(Rejection::VersionSyntax),
    };
    Ok((method, target, version))
}

fn field_lines(octets: &Bytes, ranges: &[Range<usize>]) -> Result<Vec<Line>, Rejection> {
    let mut lines: Vec<Line> = Vec::with_capacity(ranges.len());
    let mut first = 0;
    while let Some(range) = ranges.get(first) {
        if starts_with_whitespace(octets, range) {
            return Err(if first == 0 { Rejection::LeadingWhitespace } else { Rejection::NoColon });
        }
        let folded = ranges.iter().skip(first + 1).take_while(|next| starts_with_whitespace(octets, next)).count();
        let end = ranges.get(first + folded).map_or(range.end, |last| last.end);
        lines.push(field_line(octets.slice(range.start..end))?);
        first += folded + 1;
    }
    Ok(lines)
}

fn starts_with_whitespace(octets: &[u8], line: &Range<usize>) -> bool {
    matches!(octets.get(line.start), Some(b' ' | b'\t'))
}

fn field_line(octets: Bytes) -> Result<Line, Rejection> {
    let text = without_line_end(&octets);
    let colon = text.iter().position(|octet| *octet == b':').ok_or(Rejection::NoColon)?;
    let (name, value) = text.split_at(colon);
    if name.is_empty() || name.iter().any(|octet| *octet <= b' ' || *octet == 0x7f) {
        return Err(Rejection::FieldName);
    }
    let value = value.get(1..).unwrap_or_default();
    let value = if value.contains(&b'\n') { unfolded(value) } else { octets.slice_ref(trimmed(value)) };
    if value.iter().any(|octet| matches!(octet, b'\r' | 0)) {
        return Err(Rejection::FieldValue);
    }
    Ok(Line { name: octets.slice_ref(name), value, octets })
}

fn unfolded(value: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(value.len());
    for part in value.split(|octet| *octet == b'\n') {
        let part = trimmed(part.strip_suffix(b"\r").unwrap_or(part));
        if !out.is_empty() && !part.is_empty() {
            out.put_u8(b' ');
        }
        out.put_slice(part);
    }
    out.freeze()
}

/// Without optional whitespace, which is space and tab only (RFC 9110 §5.6.3).
fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}
