//! `/_wire/connections`: the transcripts of connections, as JSON.

use super::super::worker::Worker;
use super::json_page;
use crate::exchange::Prepared;
use crate::site;
use serde_json::{Value, json};

/// All connections, without their records.
pub(super) fn all(worker: &Worker) -> Prepared {
    let all = worker.shared.transcripts.transcripts();
    json_page(&json!({"connections": all.iter().map(|transcript| transcript.facts()).collect::<Value>()}))
}

/// One connection, by its number.
pub(super) fn one(worker: &Worker, id: &str) -> Prepared {
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
