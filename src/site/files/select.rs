//! What a request selects of a representation: preconditions (RFC 9110 §13) and ranges (RFC 9110 §14).

use super::content::{FilePieces, Segment};
use super::opened::Opened;
use crate::exchange::{Content, Prepared, Request, ResponseHead};
use crate::http::conditional::{self, EntityTag, Precondition, Validators};
use crate::http::ranges::{self, ByteRange, RangeRequest};
use crate::http::{Fields, date};
use crate::site::pages::status_page;
use bytes::{Bytes, BytesMut};

/// The content of a representation.
pub enum Source {
    /// In memory.
    Octets(Bytes),
    /// A file and its length.
    File(Opened, u64),
}

impl Source {
    fn length(&self) -> u64 {
        match self {
            Self::Octets(octets) => octets.len() as u64,
            Self::File(_, length) => *length,
        }
    }

    fn whole(self) -> Content {
        match self {
            Self::Octets(octets) => octets.into(),
            Self::File(file, count) => pieces(file, [Segment::Span { first: 0, count }]),
        }
    }

    fn range(self, range: ByteRange) -> Content {
        match self {
            Self::Octets(octets) => slice(&octets, range).into(),
            Self::File(file, _) => pieces(file, [span(range)]),
        }
    }
}

fn pieces(file: Opened, segments: impl IntoIterator<Item = Segment>) -> Content {
    Content::Pieces(Box::new(FilePieces::new(file, segments)))
}

fn span(range: ByteRange) -> Segment {
    Segment::Span { first: range.first, count: range.len() }
}

fn slice(octets: &Bytes, range: ByteRange) -> Bytes {
    match (usize::try_from(range.first), usize::try_from(range.last)) {
        (Ok(first), Ok(last)) if last < octets.len() => octets.slice(first..=last),
        _ => Bytes::new(),
    }
}

/// The answer of files and folders to methods that they do not have.
pub fn other_method() -> Prepared {
    let mut prepared = status_page(405, "A file has the methods GET and HEAD.");
    prepared.head.fields.append("allow", "GET, HEAD");
    prepared
}

/// Answers GET and HEAD, and other methods with 405, with a representation whose whole response begins with `head`:
/// its `etag` and `last-modified` are what preconditions are about.
pub fn answer(request: &Request, head: &ResponseHead, source: Source) -> Prepared {
    let method = &request.method[..];
    if !matches!(method, b"GET" | b"HEAD") {
        return other_method();
    }
    if !asks_for_less(&request.fields) {
        return Prepared { head: head.clone(), content: source.whole(), ..Prepared::default() };
    }
    let validators = validators(&head.fields);
    match conditional::evaluate(method, &request.fields, &validators) {
        Precondition::Proceed => {}
        Precondition::NotModified => return not_modified(head),
        Precondition::Failed => {
            return status_page(412, "The file is not, or no longer, what the request's condition says.");
        }
    }
    // RFC 9110 §14.2: ranges are for GET alone.
    let range = request.fields.combined("range").filter(|_| method == b"GET");
    match range.filter(|_| conditional::range_applies(&request.fields, &validators)) {
        Some(range) => partial(&range, head, source),
        None => Prepared { head: head.clone(), content: source.whole(), ..Prepared::default() },
    }
}

/// Whether there is a range or a precondition.
fn asks_for_less(fields: &Fields) -> bool {
    let begins_with_if = |name: &[u8]| name.get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case(b"if-"));
    fields.iter().any(|field| begins_with_if(&field.name) || field.is("range"))
}

fn validators(fields: &Fields) -> Validators {
    Validators {
        exists: true,
        etag: fields.get("etag").and_then(|value| EntityTag::parse(value)),
        last_modified: fields.get("last-modified").and_then(|value| date::parse(value)),
    }
}

/// 304 has the fields of the whole response but for those that describe content (RFC 9110 §15.4.5): a client updates
/// what it has stored with them, be it a policy or a permission.
fn not_modified(head: &ResponseHead) -> Prepared {
    let mut head = ResponseHead { status: 304, ..head.clone() };
    let describing = ["content-type", "content-length", "content-encoding", "content-range", "transfer-encoding"];
    head.fields.retain(|field| !describing.iter().any(|name| field.is(name)));
    Prepared { head, ..Prepared::default() }
}

fn partial(range: &[u8], head: &ResponseHead, source: Source) -> Prepared {
    let length = source.length();
    let unsatisfied = |text| {
        let mut prepared = status_page(416, text);
        prepared.head.fields.append("content-range", ranges::unsatisfied(length));
        prepared
    };
    let mut head = head.clone();
    let content = match ranges::parse(range, length) {
        RangeRequest::Whole => source.whole(),
        RangeRequest::Unsatisfiable => {
            return unsatisfied(&format!("The range is outside of the file, which has {length} bytes."));
        }
        // As wptserve answers it, though it might be ignored.
        RangeRequest::Malformed => return unsatisfied("Range is not bytes=FIRST-LAST, FIRST- or -COUNT, or several."),
        RangeRequest::Partial(ranges) => {
            head.status = 206;
            match ranges[..] {
                [range] => {
                    head.fields.set("content-range", range.content_range(length));
                    source.range(range)
                }
                _ => byteranges(&mut head, &ranges, length, source),
            }
        }
    };
    Prepared { head, content, ..Prepared::default() }
}

/// Several ranges as multipart/byteranges (RFC 9110 §14.6), line for line as wptserve does it.
fn byteranges(head: &mut ResponseHead, ranges: &[ByteRange], length: u64, source: Source) -> Content {
    let boundary = uuid::Uuid::new_v4().to_string();
    let content_type = head.fields.get_all("content-type").last().cloned();
    head.fields.set("content-type", format!("multipart/byteranges; boundary={boundary}"));
    let before = |range: &ByteRange| {
        let mut octets = BytesMut::from(&b"\r\n--"[..]);
        octets.extend_from_slice(boundary.as_bytes());
        if let Some(content_type) = &content_type {
            octets.extend_from_slice(b"\r\nContent-Type: ");
            octets.extend_from_slice(content_type);
        }
        octets.extend_from_slice(b"\r\nContent-Range: ");
        octets.extend_from_slice(range.content_range(length).as_bytes());
        octets.extend_from_slice(b"\r\n\r\n");
        octets
    };
    let end = format!("\r\n--{boundary}--");
    match source {
        Source::Octets(octets) => {
            let mut content = BytesMut::new();
            for range in ranges {
                content.extend_from_slice(&before(range));
                content.extend_from_slice(&slice(&octets, *range));
            }
            content.extend_from_slice(end.as_bytes());
            content.freeze().into()
        }
        Source::File(file, _) => {
            let parts = ranges.iter().flat_map(|range| [Segment::Octets(before(range).freeze()), span(*range)]);
            pieces(file, parts.chain([Segment::Octets(end.into())]))
        }
    }
}
