//! `/_wire/live`: connections and rows as they come, as server-sent events.
//!
//! Nothing is queued for a viewer, and nothing is made before the client has taken what was made before. A viewer looks
//! at the transcripts a few times a second; recording knows nothing of it.

use super::query::{filter, refused};
use super::rows::Reader;
use crate::exchange::{Content, ContentError, Exchange, NextPiece, Pieces, Prepared};
use crate::server::pages::query::Query;
use crate::server::worker::{Shared, Worker};
use crate::site;
use crate::transcript::Transcript;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks.
const TICK: Duration = Duration::from_millis(120);
/// After so long without an event there is a comment, so that what is between client and server keeps the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Connections of which rows are told.
const MAX_WATCHED: usize = 64;
/// Rows of one connection in one event.
const MAX_ROWS: usize = 200;
/// Connections in one event.
const MAX_CONNECTIONS: usize = 50;

/// `live?watch=ID:AFTER,…&filter=`: events `connections` (those that changed), `gone` (the number of the oldest one that
/// can still be read) and `rows`. The id of an event is the value of `watch` with which to go on.
pub(in crate::server::pages) fn live(worker: &Worker, exchange: &Exchange) -> Prepared {
    let request = exchange.request();
    let query = match Query::of(request, &["watch", "filter", "own"]) {
        Ok(query) => query,
        Err(text) => return *refused(text),
    };
    let again = request.fields.get("last-event-id").map(|value| String::from_utf8_lossy(value).into_owned());
    let watch = again.or_else(|| query.text("watch")).unwrap_or_default();
    let Some(watched) = positions(&watch) else {
        return *refused("watch= lists at most 64 connections as ID:AFTER, with commas between them.");
    };
    let filter = match filter(&query) {
        Ok(filter) => filter,
        Err(refused) => return *refused,
    };
    let own = query.get("own").is_some();
    let hub = &worker.shared.transcripts;
    let readers = watched.into_iter().filter_map(|(id, after)| {
        let transcript = hub.transcript(id)?;
        Some(Reader::new(&transcript, after, filter.clone(), own))
    });
    let live = Live {
        readers: readers.collect(),
        shared: Arc::clone(&worker.shared),
        exchange: exchange.clone(),
        told: BTreeMap::new(),
        last: Instant::now(),
        began: false,
    };
    let mut prepared = site::html_page(String::new());
    prepared.head.fields.set("content-type", "text/event-stream");
    prepared.head.fields.append("cache-control", "no-store");
    prepared.content = Content::Pieces(Box::new(live));
    prepared
}

/// Numbers of connections, and of the records after which to begin.
fn positions(text: &str) -> Option<BTreeMap<u64, u64>> {
    let position = |text: &str| {
        let (id, after) = text.split_once(':').unwrap_or((text, "0"));
        Some((id.parse().ok()?, after.parse().ok()?))
    };
    let positions: Option<BTreeMap<u64, u64>> = text.split(',').filter(|one| !one.is_empty()).map(position).collect();
    positions.filter(|positions| positions.len() <= MAX_WATCHED)
}

/// One viewer.
struct Live {
    shared: Arc<Shared>,
    exchange: Exchange,
    readers: Vec<Reader>,
    /// What the viewer knows of each connection.
    told: BTreeMap<u64, Told>,
    last: Instant,
    began: bool,
}

/// What a viewer knows of a connection.
struct Told {
    /// The number of its newest record, and whether it is closed.
    state: (u64, bool),
    /// Of its facts as JSON.
    hash: u64,
}

impl Live {
    async fn next_events(&mut self) -> Option<String> {
        if !self.began {
            self.began = true;
            // Something at once, so that the client knows that it is connected.
            return Some("retry: 1000\n\n".to_owned());
        }
        loop {
            if self.shared.workers.is_stopping() {
                return None;
            }
            let events = self.events().await;
            if !events.is_empty() {
                self.last = Instant::now();
                return Some(events);
            }
            if self.last.elapsed() >= HEARTBEAT {
                self.last = Instant::now();
                return Some(": nothing new\n\n".to_owned());
            }
            if tokio::time::timeout(TICK, self.exchange.lost()).await.is_ok() {
                return None;
            }
        }
    }

    /// What is new.
    async fn events(&mut self) -> String {
        let mut events = String::new();
        self.connections(&mut events).await;
        for index in 0..self.readers.len() {
            let Some(reader) = self.readers.get_mut(index) else { break };
            let page = reader.page(MAX_ROWS).await;
            if page.seen == 0 && page.missed == 0 {
                continue;
            }
            let data = serde_json::to_string(&page).unwrap_or_default();
            let positions = self.readers.iter().map(|reader| format!("{}:{}", reader.id(), reader.after()));
            let id = positions.collect::<Vec<_>>().join(",");
            // Writing to a string cannot fail.
            let _ = write!(events, "event: rows\nid: {id}\ndata: {data}\n\n");
            tokio::task::yield_now().await;
        }
        events
    }

    async fn connections(&mut self, events: &mut String) {
        let all = self.shared.transcripts.transcripts();
        // An old connection may be open long after younger ones were forgotten.
        let is_there = |id: &u64| all.binary_search_by_key(id, |transcript| transcript.id()).is_ok();
        let gone: Vec<u64> = self.told.keys().filter(|id| !is_there(id)).copied().collect();
        if !gone.is_empty() {
            self.told.retain(|id, _| is_there(id));
            let _ = write!(events, "event: gone\ndata: {}\n\n", serde_json::json!(gone));
        }
        let state = |transcript: &Transcript| (transcript.newest(), transcript.is_closed());
        // The newest first: the others follow with the next looks.
        let is_known = |one: &&Arc<Transcript>| self.told.get(&one.id()).is_some_and(|told| told.state == state(one));
        let changed: Vec<Arc<Transcript>> =
            all.iter().rev().filter(|one| !is_known(one)).take(MAX_CONNECTIONS).cloned().collect();
        let mut facts = Vec::new();
        for transcript in changed.iter().rev() {
            let state = state(transcript);
            let json = transcript.facts().to_json();
            let mut hasher = DefaultHasher::new();
            json.hash(&mut hasher);
            let hash = hasher.finish();
            // More records alone are nothing new: else these events, on their own connection, would never end.
            let known = self.told.insert(transcript.id(), Told { state, hash });
            if known.is_none_or(|known| known.hash != hash) {
                facts.push(json);
            }
            tokio::task::yield_now().await;
        }
        if !facts.is_empty() {
            let _ = write!(events, "event: connections\ndata: [{}]\n\n", facts.join(","));
        }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("readers", &self.readers.len()).finish_non_exhaustive()
    }
}

impl Pieces for Live {
    fn length(&self) -> Option<u64> {
        None
    }

    fn next(&mut self) -> NextPiece<'_> {
        Box::pin(async { Ok::<_, ContentError>(self.next_events().await.map(Bytes::from)) })
    }
}
