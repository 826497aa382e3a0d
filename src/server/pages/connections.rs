//! `/_wire/connections`: all connections, or some of them, without their records.

use super::super::worker::Worker;
use super::pieces::{JSON, in_pieces};
use super::query::Query;
use crate::exchange::{Exchange, Prepared};
use crate::http::latin1::latin1;
use crate::transcript::{Facts, JSON_ENDS, Transcript};
use crate::{net, site};
use bytes::Bytes;
use std::collections::HashMap;
use std::iter::once;
use std::sync::Arc;
use std::time::Duration;

/// Seconds that a request may wait.
const MAX_WAIT: u64 = 60;
/// How long it waits without `seconds`.
const WAIT: u64 = 5;
/// How often a request that waits looks again.
const LOOK: Duration = Duration::from_millis(20);

/// Which connections are wanted.
struct Wanted {
    /// One of their requests was for this path, without or with its query.
    path: Option<String>,
    /// Their ids are higher.
    since: u64,
    /// Only the newest one with a request for something else than the server's own pages.
    last: bool,
    /// For how long to wait until one is there and all of them have ended.
    wait: Option<Duration>,
}

/// The connections that the query names.
pub(super) async fn all(worker: &Worker, exchange: &Exchange) -> Prepared {
    let wanted = match Wanted::of(exchange) {
        Ok(wanted) => wanted,
        Err(text) => return site::status_page(400, &text),
    };
    let found = wanted.find(worker, exchange).await;
    let one = |(index, transcript): (usize, Arc<Transcript>)| {
        format!("{}\n    {}", if index == 0 { "" } else { "," }, transcript.facts().to_json())
    };
    let begin = once("{\n  \"connections\": [".to_owned());
    let texts = begin.chain(found.into_iter().enumerate().map(one)).chain(once(JSON_ENDS.to_owned()));
    in_pieces(JSON, texts.map(Bytes::from))
}

impl Wanted {
    fn of(exchange: &Exchange) -> Result<Self, String> {
        let query = Query::of(exchange.request(), &["path", "since", "last", "wait", "seconds"])?;
        let path = query.get("path").map(|path| latin1(path));
        if let Some(path) = path.as_ref().filter(|path| !path.starts_with('/')) {
            return Err(format!("`path` must begin with /, not \"{}\".", path.escape_debug()));
        }
        let seconds = query.number("seconds")?;
        if seconds.is_some_and(|seconds| seconds > MAX_WAIT) {
            return Err(format!("`seconds` must be from 0 to {MAX_WAIT}."));
        }
        let wait = match query.get("wait").map(|value| &value[..]) {
            None if seconds.is_some() => return Err("`seconds` needs `wait=closed`.".to_owned()),
            None => None,
            Some(b"closed") => Some(Duration::from_secs(seconds.unwrap_or(WAIT))),
            Some(other) => return Err(format!("`wait` can be `closed`, not \"{}\".", other.escape_ascii())),
        };
        if let Some(value) = query.get("last").filter(|value| !value.is_empty()) {
            return Err(format!("`last` has no value: write ?last, not ?last={}.", value.escape_ascii()));
        }
        Ok(Self { path, since: query.number("since")?.unwrap_or(0), last: query.get("last").is_some(), wait })
    }

    /// Those that are there, or are there once they have ended. The connection that asks is not waited for.
    async fn find(&self, worker: &Worker, exchange: &Exchange) -> Vec<Arc<Transcript>> {
        let own = exchange.connection().peer().id;
        let deadline = self.wait.map(|wait| net::now() + wait);
        let mut known = HashMap::new();
        loop {
            let found = self.find_now(worker, &mut known).await;
            let has_ended = |transcript: &Arc<Transcript>| transcript.is_closed() || transcript.id() == own;
            let is_done = !found.is_empty() && found.iter().all(has_ended);
            if is_done || deadline.is_none_or(|deadline| net::now() >= deadline) {
                return found;
            }
            // The response may have nowhere to go any more.
            if tokio::time::timeout(LOOK, exchange.lost()).await.is_ok() {
                return found;
            }
        }
    }

    /// `known`: whether a connection matches, and up to which record it was read for that.
    async fn find_now(&self, worker: &Worker, known: &mut HashMap<u64, (u64, bool)>) -> Vec<Arc<Transcript>> {
        let mut all = worker.shared.transcripts.transcripts();
        all.retain(|transcript| transcript.id() > self.since);
        if self.path.is_none() && !self.last {
            return all;
        }
        let mut found = Vec::new();
        // The newest first, which may be enough.
        for transcript in all.into_iter().rev() {
            let newest = transcript.newest();
            let is_match = match known.get(&transcript.id()) {
                Some((read, is_match)) if *is_match || *read == newest => *is_match,
                _ => {
                    let is_match = self.matches(&transcript.facts());
                    known.insert(transcript.id(), (newest, is_match));
                    // Other connections of the worker take their turns meanwhile.
                    tokio::task::yield_now().await;
                    is_match
                }
            };
            if is_match {
                found.push(transcript);
                if self.last {
                    break;
                }
            }
        }
        found.reverse();
        found
    }

    fn matches(&self, facts: &Facts) -> bool {
        let bare = |path: &str| path.split('?').next() == self.path.as_deref();
        facts.requests.iter().any(|request| match &self.path {
            Some(wanted) => request.path == *wanted || bare(&request.path),
            None => !request.path.starts_with("/_wire/"),
        })
    }
}
