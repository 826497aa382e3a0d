//! The differences that are meant, each with its reason. Whatever else differs is a failure; so is a row that no
//! request needs.

use super::difference::{Difference, Pair, gunzip};
use crate::support::http1::Answer;

/// One row.
pub struct Allowed {
    pub id: &'static str,
    pub reason: &'static str,
    /// Whether the row covers this difference of these answers.
    pub covers: fn(&Pair, &Difference, &Answer, &Answer) -> bool,
}

/// The table; the columns of `covers` are: the pair, the difference, wptserve's answer, ours.
pub const ALLOWED: [Allowed; 7] = [
    Allowed {
        id: "content-length",
        reason: "wptserve announces no length for a file, and ends the connection instead; ours always announces it",
        covers: |pair, difference, wptserve, ours| {
            is_field(difference, "content-length")
                && wptserve.get("content-length").is_none()
                && (pair.request.method == "HEAD" || is_length(ours))
        },
    },
    Allowed {
        id: "chunked",
        reason: "where the length is not known ours frames the content, so that a cut connection can be told from its end",
        covers: |_, difference, wptserve, ours| {
            is_field(difference, "transfer-encoding") && wptserve.get("transfer-encoding").is_none() && ours.is_chunked
        },
    },
    Allowed {
        id: "connection-close",
        reason: "ours says that it closes, as asked (RFC 9112 §9.6); wptserve only does it",
        covers: |_, difference, wptserve, ours| {
            is_field(difference, "connection")
                && wptserve.get("connection").is_none()
                && ours.get("connection") == Some("close")
        },
    },
    Allowed {
        id: "reason-phrase",
        reason: "ours has the phrases of RFC 9110; wptserve those of RFC 2616 for some, none for others",
        covers: |_, difference, wptserve, ours| *difference == Difference::Reason && wptserve.status == ours.status,
    },
    Allowed {
        id: "error-text",
        reason: "ours says in plain words what is wrong and what to do; wptserve gives JSON with a Python traceback",
        covers: |_, difference, wptserve, ours| {
            ours.status >= 400
                && wptserve.status >= 400
                && (is_field(difference, "content-type")
                    || is_field(difference, "content-length")
                    || *difference == Difference::Body)
                && wptserve.body.starts_with(b"{\"error\": {\"code\": ")
        },
    },
    Allowed {
        id: "etag",
        reason: "ours can be asked conditionally, and has an entity tag for it; wptserve has none",
        covers: |_, difference, wptserve, ours| {
            is_field(difference, "etag") && wptserve.get("etag").is_none() && ours.status < 400
        },
    },
    Allowed {
        id: "gzip-octets",
        reason: "two compressors, one content; the length is that of the compressed octets",
        covers: |pair, difference, wptserve, ours| {
            pair.request.target.contains("gzip")
                && (*difference == Difference::Body || is_field(difference, "content-length"))
                && gunzip(&wptserve.body).is_some()
                && gunzip(&wptserve.body) == gunzip(&ours.body)
                && is_length(ours)
        },
    },
];

fn is_field(difference: &Difference, name: &str) -> bool {
    matches!(difference, Difference::Field(field) if field == name)
}

/// Whether its Content-Length is what came.
fn is_length(answer: &Answer) -> bool {
    answer.values("content-length") == [answer.body.len().to_string()]
}
