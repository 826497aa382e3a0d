//! The parts of bytes of HTTP/1.1: lines of a head, and content.

use super::part::Part;
use memchr::memmem;

/// Bytes of content that a part's value shows.
const MAX_SHOWN: usize = 200;
/// Lines that are told apart.
const MAX_LINES: usize = 500;

/// The parts of bytes that may begin with a head.
pub(super) fn parts(octets: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = 0;
    if is_start(octets) {
        while parts.len() < MAX_LINES && at < octets.len() {
            let rest = octets.get(at..).unwrap_or_default();
            let (length, end) = memchr::memchr(b'\n', rest).map_or((rest.len(), rest.len()), |end| (end, end + 1));
            let line = rest.get(..length).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            parts.push(part(line, at, at + end, parts.is_empty()));
            at += end;
            if line.is_empty() {
                break;
            }
        }
    }
    let content = octets.get(at..).unwrap_or_default();
    if !content.is_empty() {
        let shown = content.get(..MAX_SHOWN).unwrap_or(content);
        let more = if shown.len() < content.len() { "…" } else { "" };
        parts.push(Part::new("content", format!("{}{more}", shown.escape_ascii()), at, octets.len()));
    }
    parts
}

/// Whether a start line is here (RFC 9112 §2.1).
fn is_start(octets: &[u8]) -> bool {
    let line = memchr::memchr(b'\n', octets).and_then(|end| octets.get(..end)).unwrap_or(octets);
    line.starts_with(b"HTTP/") || memmem::find(line, b" HTTP/").is_some()
}

fn part(line: &[u8], from: usize, to: usize, first: bool) -> Part {
    if line.is_empty() {
        return Part::new("end of the head", "", from, to);
    }
    if first {
        let name = if line.starts_with(b"HTTP/") { "status line" } else { "request line" };
        return Part { main: true, ..Part::new(name, line.escape_ascii().to_string(), from, to) };
    }
    let Some(colon) = memchr::memchr(b':', line) else {
        return Part::new("line", line.escape_ascii().to_string(), from, to).with_note("has no colon");
    };
    let (name, value) = line.split_at(colon);
    let trimmed = value.get(1..).unwrap_or_default().trim_ascii();
    let start =
        from + colon + 1 + value.len().saturating_sub(1 + value.get(1..).unwrap_or_default().trim_ascii_start().len());
    let parts = vec![
        Part::new("name", name.escape_ascii().to_string(), from, from + colon),
        Part::new("value", trimmed.escape_ascii().to_string(), start, start + trimmed.len()),
    ];
    let whole = Part::new(&name.escape_ascii().to_string(), trimmed.escape_ascii().to_string(), from, to);
    Part { main: true, parts, ..whole }
}
