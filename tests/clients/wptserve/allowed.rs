//! The differences that are meant, each with its reason. Whatever else differs is a failure; so is a row that no
//! request needs.

use super::difference::{Difference, Pair};
use crate::support::http1::Answer;

/// One row. `docs/maintainers/wptserve.md` has the same, word by word.
pub struct Allowed {
    pub id: &'static str,
    pub reason: &'static str,
    /// Whether the row covers this difference of these answers: wptserve's, then ours.
    pub covers: fn(&Pair, &Difference, &Answer, &Answer) -> bool,
}

/// The table. The first row that covers a difference is taken.
pub const ALLOWED: [Allowed; 31] = [
    Allowed {
        id: "method",
        reason: "other methods on a file get 405 and Allow (RFC 9110 §15.5.6); wptserve has no route then: 404",
        covers: |pair, _, wptserve, ours| {
            !is_read(pair) && wptserve.status == 404 && ours.status == 405 && ours.get("allow") == Some("GET, HEAD")
        },
    },
    Allowed {
        id: "head-range",
        reason: "only GET has ranges (RFC 9110 §14.2); wptserve responds to HEAD with 206, or 416",
        covers: |pair, _, wptserve, ours| {
            pair.request.method == "HEAD"
                && pair.request.has_range()
                && (wptserve.get("content-range").is_some() || is_multipart(wptserve) || wptserve.status == 416)
                && ours.get("content-range").is_none()
        },
    },
    Allowed {
        id: "range-416",
        reason: "a 416 says how long the file is (RFC 9110 §15.5.17); wptserve drops the header that it has set",
        covers: |_, difference, wptserve, ours| {
            is_field(difference, "content-range")
                && (wptserve.status, ours.status) == (416, 416)
                && wptserve.get("content-range").is_none()
                && ours.get("content-range").is_some_and(|value| value.starts_with("bytes */"))
        },
    },
    Allowed {
        id: "range-unit",
        reason: "a range without a unit, or in another one, is ignored (RFC 9110 §14.2), and the letter case of the unit is free; wptserve: 416",
        covers: |pair, _, wptserve, ours| {
            let range = pair.request.header("Range").unwrap_or_default();
            !range.starts_with("bytes=") && wptserve.status == 416 && matches!(ours.status, 200 | 206)
        },
    },
    Allowed {
        id: "range-list",
        reason: "empty elements of a list are ignored (RFC 9110 §5.6.1), and so are ranges beyond the end if another one is valid; wptserve: 416",
        covers: |pair, _, wptserve, ours| {
            let range = pair.request.header("Range").unwrap_or_default();
            range.contains(',') && wptserve.status == 416 && ours.status == 206
        },
    },
    Allowed {
        id: "range-nothing",
        reason: "`bytes=-` is invalid: 416; wptserve reads it as the whole file",
        covers: |pair, _, wptserve, ours| {
            pair.request.header("Range") == Some("bytes=-") && (wptserve.status, ours.status) == (206, 416)
        },
    },
    Allowed {
        id: "list-range",
        reason: "a directory list has ranges like a file; in wptserve it has none",
        covers: |pair, _, wptserve, ours| {
            pair.request.path().ends_with('/')
                && pair.request.has_range()
                && (wptserve.status, ours.status) == (200, 206)
        },
    },
    Allowed {
        id: "list",
        reason: "a directory list looks different; its links are the same in the same order, except `..`, which links to a list at the root, too",
        covers: |pair, difference, wptserve, ours| {
            pair.request.path().ends_with('/')
                && (is_field(difference, "content-length") || *difference == Difference::Body)
                && (pair.request.method == "HEAD" || (pair.length_is_right && links(wptserve) == links(ours)))
        },
    },
    Allowed {
        id: "location",
        reason: "the redirect to a directory's slash has only the path, which is correct behind any proxy, and keeps the query after the slash; wptserve has the whole URL, and puts the slash after the query; ours has a text for people",
        covers: |pair, difference, wptserve, ours| {
            let covered = ["location", "content-type", "content-length"].iter().any(|name| is_field(difference, name));
            let (path, query) = pair.request.target.split_once('?').unwrap_or((&pair.request.target, ""));
            let wanted = if query.is_empty() { format!("{path}/") } else { format!("{path}/?{query}") };
            (wptserve.status, ours.status) == (301, 301)
                && ours.get("location") == Some(&wanted)
                && (covered || *difference == Difference::Body)
        },
    },
    Allowed {
        id: "more-types",
        reason: "an extension may be in upper case, and hundreds more have a type; in wptserve all these are application/octet-stream",
        covers: |_, difference, wptserve, _| {
            is_field(difference, "content-type") && wptserve.get("content-type") == Some("application/octet-stream")
        },
    },
    Allowed {
        id: "encoded-slash",
        reason: "%2F is not a slash (RFC 3986 §2.2): it names nothing, so that nothing can be reached in two ways",
        covers: |pair, _, wptserve, ours| {
            pair.request.path().contains("%2F") && (wptserve.status, ours.status) == (200, 404)
        },
    },
    Allowed {
        id: "no-content",
        reason: "204 and 304 have no body (RFC 9112 §6.3), and what follows them is the next response; wptserve sends the file",
        covers: |_, difference, wptserve, ours| {
            matches!(ours.status, 204 | 304)
                && wptserve.status == ours.status
                && ours.body.is_empty()
                && (*difference == Difference::Body || is_field(difference, "content-length"))
        },
    },
    Allowed {
        id: "trickle-sums",
        reason: "two counts or two pauses in a row are added, as wptserve's code means to; it fails there: 500",
        covers: |pair, _, wptserve, ours| {
            pair.request.target.contains("trickle(1:2:") && (wptserve.status, ours.status) == (500, 200)
        },
    },
    Allowed {
        id: "late-pipe",
        reason: "an unknown pipe is an error for an `.asis` file, and for a script that sends its response itself, too; in wptserve the response is already being sent",
        covers: |pair, _, wptserve, ours| {
            let writes_itself = [".asis", "/raw.py"].iter().any(|end| pair.request.path().ends_with(end));
            writes_itself && pair.request.target.ends_with("pipe=nope") && (wptserve.status, ours.status) == (202, 500)
        },
    },
    Allowed {
        id: "pipes-twice",
        reason: "pipes apply once to what a script returns; in wptserve twice",
        covers: |pair, difference, wptserve, ours| {
            pair.request.path().ends_with(".py")
                && pair.request.target.ends_with("pipe=slice(1)")
                && (is_field(difference, "content-length") || *difference == Difference::Body)
                && ours.body.get(1..).unwrap_or_default() == wptserve.body
        },
    },
    Allowed {
        id: "pieces",
        reason: "a body that a script makes in pieces is sliced while it is sent, without a known length; wptserve collects it first",
        covers: |pair, difference, _, ours| {
            pair.request.path().ends_with("/pieces.py")
                && pair.request.target.contains("slice(")
                && (is_field(difference, "content-length") || is_field(difference, "transfer-encoding"))
                && ours.is_chunked
        },
    },
    Allowed {
        id: "sub-argument",
        reason: "a wrong argument of `sub` is an error; in wptserve only if there is something to replace",
        covers: |pair, _, wptserve, ours| {
            pair.request.target.ends_with("sub(null)") && (wptserve.status, ours.status) == (200, 500)
        },
    },
    Allowed {
        id: "bind-address",
        reason: "`bind_address` is the address; in wptserve whether only one is bound",
        covers: |pair, difference, wptserve, ours| {
            pair.request.target.contains("bind_address")
                && (is_field(difference, "content-length") || *difference == Difference::Body)
                && (&*wptserve.text(), &*ours.text()) == ("True", "127.0.0.1")
        },
    },
    Allowed {
        id: "repeated-field",
        reason: "a template gets a header that was sent twice as one value, joined by a comma (RFC 9110 §5.3); in wptserve the first, over HTTP/2 the last",
        covers: |pair, difference, _, ours| {
            pair.request.headers.len() == 2
                && pair.request.headers[0].0 == pair.request.headers[1].0
                && (is_field(difference, "content-length") || *difference == Difference::Body)
                && ours.text().contains("one, two")
        },
    },
    Allowed {
        id: "conditional",
        reason: "conditions are obeyed (RFC 9110 §13): 304, 412, or the whole file instead of a range; wptserve ignores them",
        covers: |pair, _, wptserve, ours| {
            let has = |name| pair.request.header(name).is_some();
            let not_changed = has("If-None-Match") && (wptserve.status, ours.status) == (200, 304);
            let failed = has("If-Match") && (wptserve.status, ours.status) == (200, 412);
            not_changed || failed || has("If-Range") && (wptserve.status, ours.status) == (206, 200)
        },
    },
    Allowed {
        id: "http2-location",
        reason: "over HTTP/2 `location` has the scheme https and the host of the request; in wptserve `http2` and an address",
        covers: |_, difference, wptserve, ours| {
            let theirs = wptserve.text().replace("http2", "https").replace("127.0.0.1", "localhost");
            *difference == Difference::Body && wptserve.text().contains("http2://127.0.0.1") && theirs == ours.text()
        },
    },
    Allowed {
        id: "error-text",
        reason: "an error says in plain words what is wrong and what to do; wptserve sends JSON with a Python traceback",
        covers: |pair, difference, wptserve, ours| {
            let is_head = pair.request.method == "HEAD";
            ours.status >= 400
                && wptserve.status >= 400
                && (is_field(difference, "content-type")
                    || is_field(difference, "content-length")
                    || *difference == Difference::Body)
                && (is_head
                    || wptserve.body.starts_with(b"{\"error\": {\"code\": ")
                    || wptserve.body.starts_with(b"<!DOCTYPE HTML>"))
        },
    },
    Allowed {
        id: "gzip-octets",
        reason: "two compressors give two lengths for one body",
        covers: |pair, difference, wptserve, ours| {
            pair.request.target.contains("gzip")
                && is_field(difference, "content-length")
                && wptserve.get("content-length").is_some()
                && (pair.request.method == "HEAD" || (pair.length_is_right && wptserve.body == ours.body))
        },
    },
    Allowed {
        id: "content-length",
        reason: "the length is announced wherever it is known; wptserve announces none for a file, and ends the connection instead",
        covers: |pair, difference, wptserve, ours| {
            is_field(difference, "content-length")
                && wptserve.get("content-length").is_none()
                && (pair.request.method == "HEAD" && ours.status == wptserve.status || pair.length_is_right)
        },
    },
    Allowed {
        id: "chunked",
        reason: "if the length is not known, the body is chunked, so that a truncated body can be told from a complete one; wptserve ends the connection",
        covers: |_, difference, wptserve, ours| {
            is_field(difference, "transfer-encoding") && wptserve.get("transfer-encoding").is_none() && ours.is_chunked
        },
    },
    Allowed {
        id: "connection-close",
        reason: "a connection that will be closed is announced (RFC 9112 §9.6); wptserve only closes it",
        covers: |_, difference, wptserve, ours| {
            is_field(difference, "connection")
                && wptserve.get("connection").is_none()
                && ours.get("connection") == Some("close")
        },
    },
    Allowed {
        id: "reason-phrase",
        reason: "the reason phrases are those of RFC 9110; in wptserve those of RFC 2616, or none",
        covers: |_, difference, wptserve, ours| *difference == Difference::Reason && wptserve.status == ours.status,
    },
    Allowed {
        id: "etag",
        reason: "a file has an entity tag, and conditional requests work; in wptserve it has none, and they do not",
        covers: |_, difference, wptserve, ours| {
            is_field(difference, "etag") && wptserve.get("etag").is_none() && ours.status < 400
        },
    },
    Allowed {
        id: "vary",
        reason: "errors and redirects are pages for browsers and text for others, and say so by vary; in wptserve they are JSON",
        covers: |_, difference, wptserve, ours| {
            is_field(difference, "vary") && wptserve.get("vary").is_none() && ours.status >= 300
        },
    },
    Allowed {
        id: "listing",
        reason: "the list of a directory has the entries of wptserve's in the look of the other pages",
        covers: |pair, difference, wptserve, ours| {
            let is_list = |body: &[u8]| body.windows(21).any(|part| part == b"Directory listing for");
            (pair.request.path().starts_with("/list") || pair.request.path().ends_with("/"))
                && (*difference == Difference::Body || is_field(difference, "content-length"))
                && (wptserve.body.is_empty() || is_list(&wptserve.body))
                && (ours.body.is_empty() || is_list(&ours.body))
                && wptserve.get("content-type").is_some_and(|found| found.starts_with("text/html"))
        },
    },
    Allowed {
        id: "head-asis",
        reason: "HEAD of an `.asis` file gets only its head (RFC 9110 §9.3.2); wptserve sends the whole file",
        covers: |pair, difference, _, ours| {
            *difference == Difference::Body
                && pair.request.method == "HEAD"
                && pair.request.path().ends_with(".asis")
                && ours.body.is_empty()
        },
    },
];

fn is_field(difference: &Difference, name: &str) -> bool {
    matches!(difference, Difference::Field(field) if field == name)
}

fn is_read(pair: &Pair) -> bool {
    matches!(pair.request.method, "GET" | "HEAD")
}

fn is_multipart(answer: &Answer) -> bool {
    answer.get("content-type").is_some_and(|value| value.starts_with("multipart/byteranges"))
}

/// Where the links of a page lead, in order, but for the one to the folder above.
fn links(answer: &Answer) -> Vec<String> {
    let text = answer.text();
    let links = text.split("href=\"").skip(1).filter_map(|rest| rest.split_once('"'));
    links
        .filter(|(_, rest)| !rest.starts_with(">..<"))
        .map(|(link, _)| link.trim_start_matches("./").to_owned())
        .collect()
}
