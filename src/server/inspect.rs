//! What is below `/_wire/`: what the server knows of itself and of its connections.

use super::worker::Worker;
use crate::exchange::{Prepared, Request};
use crate::site;
use serde_json::{Value, json};

const HELP: &str = "Below /_wire/ there are connections (the transcripts of connections, as JSON), \
                    connections/ID (one of them) and status.";

/// What all of it is below.
const OWN: &[u8] = b"/_wire/";

/// Whether a request is about the server itself.
pub(super) fn is_own(request: &Request) -> bool {
    request.path().starts_with(OWN)
}

/// The answer to a path below `/_wire/`; `None` for any other path.
pub(super) async fn answer(worker: &Worker, request: &Request) -> Option<Prepared> {
    let path = request.path().strip_prefix(OWN)?;
    if !matches!(&request.method[..], b"GET" | b"HEAD") {
        return Some(super::pages::other_methods("GET, HEAD"));
    }
    let path = String::from_utf8_lossy(path);
    Some(match path.trim_end_matches('/').split_once('/') {
        None if path.trim_end_matches('/') == "status" => super::status::page(worker, request).await,
        None if path.trim_end_matches('/') == "connections" => json_page(&connections(worker)),
        Some(("connections", id)) => connection(worker, id),
        _ => site::status_page(404, HELP),
    })
}

fn connections(worker: &Worker) -> Value {
    let all = worker.shared.transcripts.transcripts();
    json!({"connections": all.iter().map(|transcript| transcript.facts()).collect::<Value>()})
}

fn connection(worker: &Worker, id: &str) -> Prepared {
    let transcript = id.parse().ok().and_then(|id| worker.shared.transcripts.transcript(id));
    match transcript {
        Some(transcript) => json_page(&transcript.to_json()),
        None => site::status_page(
            404,
            "No transcript has this number: there was no such connection, it is long closed, or [transcript] in \
             wpt.toml keeps none. request.connection.id in a script is the number of its connection.",
        ),
    }
}

/// A page of JSON that nobody is to keep.
pub(super) fn json_page(value: &Value) -> Prepared {
    let mut prepared = site::html_page(format!("{value:#}\n"));
    prepared.head.fields.set("content-type", "application/json");
    prepared.head.fields.append("cache-control", "no-store");
    prepared
}
