//! Responses that the server makes up itself: statuses, redirects, generated pages, pages inside the binary.

use super::files::select;
use crate::exchange::{Prepared, Request, ResponseHead};
use crate::http::{media_type, status};
use bytes::{Bytes, BytesMut};

/// A short text: what happened, and what to do.
pub fn status_page(status: u16, text: &str) -> Prepared {
    let mut head = ResponseHead { status, ..ResponseHead::default() };
    head.fields.append("content-type", "text/plain; charset=utf-8");
    let content = Bytes::from(format!("{status} {}\n\n{text}\n", status::reason_phrase(status)));
    Prepared { head, content: content.into(), ..Prepared::default() }
}

/// A generated HTML page, whatever the method.
pub fn html_page(page: String) -> Prepared {
    let mut head = ResponseHead { status: 200, ..ResponseHead::default() };
    head.fields.append("content-type", "text/html; charset=utf-8");
    Prepared { head, content: Bytes::from(page).into(), ..Prepared::default() }
}

/// A page inside the binary, typed by its name.
pub fn shipped_page(request: &Request, name: &str, content: Bytes) -> Prepared {
    let mut head = ResponseHead { status: 200, ..ResponseHead::default() };
    head.fields.append("content-type", media_type::by_file_name(name));
    select::answer(request, &head, select::Source::Octets(content))
}

/// The way to the same path with a slash at its end, query kept. For GET and HEAD: a redirect that a client may follow
/// with GET (RFC 9110 §15.4.2) is no answer to other methods, which a folder does not have either.
pub fn add_slash(request: &Request) -> Prepared {
    if !matches!(&request.method[..], b"GET" | b"HEAD") {
        return select::other_method();
    }
    // One slash in front: two would name another host (RFC 3986 §4.2).
    let mut location = BytesMut::from(&b"/"[..]);
    location.extend(request.path().iter().skip_while(|octet| **octet == b'/'));
    location.extend_from_slice(b"/");
    if let Some(query) = request.query() {
        location.extend_from_slice(b"?");
        location.extend_from_slice(query);
    }
    let mut prepared = status_page(301, "A folder's address ends in a slash.");
    prepared.head.fields.append("location", location);
    prepared
}
