//! Responses that the server makes up itself: a status with a sentence, a generated page.

use crate::exchange::{Prepared, ResponseHead};
use crate::http::status;
use bytes::Bytes;
use std::io;

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

/// The answer to a request for a file or folder (`what`) that was there when it was looked up.
pub fn unreadable(what: &str, error: &io::Error) -> Prepared {
    if is_gone(error) {
        return status_page(404, &format!("The {what} was here a moment ago, and is gone."));
    }
    status_page(500, &format!("The {what} exists but cannot be read: {error}."))
}

/// Whether an error means that a file is not there, or not any more.
pub fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
