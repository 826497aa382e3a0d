//! Responses that the server makes up itself: a status with a sentence, a generated page.

use crate::exchange::{Prepared, ResponseHead};
use crate::http::status;
use bytes::Bytes;

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
