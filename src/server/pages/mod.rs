//! The pages of the server itself: everything below `/_wire/`, and the sentences where there is nothing else to respond
//! with.

pub(super) mod access;
mod assets;
mod connections;
mod docs;
mod inspector;
mod outcome;
mod pieces;
mod query;
mod source;
mod state;
mod status;
mod transcript;
pub(super) mod words;

use super::worker::Worker;
use crate::exchange::{Exchange, Prepared, Request};
use crate::site;

const HELP: &str = "Nothing is at this path. /_wire/ is the inspector, /_wire/connections has the transcripts of \
                    connections as JSON, /_wire/connections/ID one of them (also ID.jsonl, ID.txt, ID.har, ID.sqlog, \
                    ID.pcapng), /_wire/docs/ the documentation, /_wire/source/ the scripts, /_wire/outcome/TOKEN what became of requests with ?wire=TOKEN, \
                    /_wire/status the state of the server, and DELETE /_wire/state forgets it.";

/// The path that all of it is below.
const OWN: &[u8] = b"/_wire/";

/// Whether a request is about the server itself.
pub(super) fn is_own(request: &Request) -> bool {
    request.path().starts_with(OWN)
}

/// Whether it is about the style or a script of the pages, which error pages on any host need.
pub(super) fn is_asset(request: &Request) -> bool {
    request.path().strip_prefix(OWN).is_some_and(|path| path.starts_with(b"assets/"))
}

/// The response to a path below `/_wire/`; `None` for any other path.
pub(super) async fn answer(worker: &Worker, exchange: &Exchange) -> Option<Prepared> {
    let request = exchange.request();
    let path = request.path().strip_prefix(OWN)?;
    // Style and scripts are the same everywhere, and the page of the handlers is for any host.
    if let Some(name) = path.strip_prefix(b"assets/") {
        return Some(assets::answer(request, name));
    }
    if let Err(text) = worker.shared.known_hosts.check(request, exchange.connection().peer()) {
        return Some(site::status_page(403, &text));
    }
    let source = path.strip_prefix(b"source").filter(|path| path.is_empty() || path.starts_with(b"/"));
    let path = String::from_utf8_lossy(path);
    if let Some(token) = path.strip_prefix("outcome/") {
        return Some(outcome::page(worker, exchange, token).await);
    }
    if path.trim_end_matches('/') == "state" {
        return Some(match &request.method[..] {
            b"DELETE" => state::forget(worker, request).await,
            _ => words::other_methods("DELETE"),
        });
    }
    if !matches!(&request.method[..], b"GET" | b"HEAD") {
        return Some(words::other_methods("GET, HEAD"));
    }
    if let Some(source) = source {
        return Some(source::page(worker, if source.is_empty() { b"/" } else { source }));
    }
    Some(match path.trim_end_matches('/').split_once('/') {
        None if path.trim_end_matches('/') == "status" => status::page(worker, request).await,
        None if path.is_empty() => assets::page(worker),
        None if path == "rows" => inspector::rows(worker, request).await,
        None if path == "record" => inspector::record(worker, request).await,
        None if path == "overview" => inspector::overview(worker, request).await,
        None if path == "live" => inspector::live(worker, exchange),
        None if path.trim_end_matches('/') == "connections" => connections::all(worker, exchange).await,
        None if path.trim_end_matches('/') == "docs" => docs::page(worker, "", request),
        Some(("docs", name)) => docs::page(worker, name, request),
        Some(("connections", name)) => transcript::one(worker, name, request),
        _ => site::status_page(404, HELP),
    })
}
