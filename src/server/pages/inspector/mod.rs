//! What the inspector's page asks for: rows, one record with the meaning of its bytes, a connection at a glance, and all
//! of it as it comes.

mod live;
mod own;
mod query;
mod rows;

pub(super) use live::live;

use super::super::worker::Worker;
use crate::exchange::{Prepared, Request};
use crate::site;
use crate::transcript::{Dissection, Overseer};
use own::Own;
use query::Asked;
use rows::{Reader, SLICE};
use serde::Serialize;

/// Rows of one page.
const MAX_ROWS: usize = 5_000;

/// `rows?connection=&after=&limit=&filter=`: the rows that fit, a page of them.
pub(super) async fn rows(worker: &Worker, request: &Request) -> Prepared {
    let page = async {
        let asked = Asked::of(worker, request, &["connection", "own", "after", "limit", "filter"])?;
        let (after, limit) = (asked.number("after", 0)?, asked.number("limit", 1_000)?);
        let limit = usize::try_from(limit).unwrap_or(MAX_ROWS).clamp(1, MAX_ROWS);
        let mut reader = Reader::new(&asked.transcript, after, asked.filter()?, asked.own);
        Ok::<_, Box<Prepared>>(json(&reader.page(limit).await))
    };
    page.await.unwrap_or_else(|refused| *refused)
}

/// `record?connection=&number=`: one record, and what its bytes mean.
pub(super) async fn record(worker: &Worker, request: &Request) -> Prepared {
    let asked = Asked::of(worker, request, &["connection", "own", "number"]);
    let asked = asked.and_then(|asked| Ok((asked.number("number", 0)?, asked.transcript)));
    let (wanted, transcript) = match asked {
        Ok(asked) => asked,
        Err(refused) => return *refused,
    };
    let (facts, records) = transcript.read();
    let mut dissection = Dissection::new(records, wanted);
    let mut count = 0_u32;
    while dissection.step() {
        count += 1;
        if count.is_multiple_of(SLICE) {
            tokio::task::yield_now().await;
        }
    }
    match dissection.finish() {
        Some(anatomy) => json(&anatomy),
        None if wanted <= facts.records_dropped => {
            site::status_page(410, "This record had to go: newer ones needed its room. See [transcript] in wpt.toml.")
        }
        None => site::status_page(404, "This connection has no record with this number."),
    }
}

/// `overview?connection=`: streams over time, and windows.
pub(super) async fn overview(worker: &Worker, request: &Request) -> Prepared {
    let Asked { transcript, own, .. } = match Asked::of(worker, request, &["connection", "own"]) {
        Ok(asked) => asked,
        Err(refused) => return *refused,
    };
    let (facts, records) = transcript.read();
    let mut overseer = Overseer::new(facts.protocol, facts.records_dropped);
    let mut hidden = Own::new(own);
    for (count, record) in (1_u32..).zip(records) {
        overseer.take(&record, !hidden.hides(&record));
        if count.is_multiple_of(SLICE) {
            tokio::task::yield_now().await;
        }
    }
    json(&overseer.finish())
}

/// A response that no cache keeps.
fn json(value: &impl Serialize) -> Prepared {
    // These types have only keys that are text.
    let text = serde_json::to_string(value).unwrap_or_default();
    let mut prepared = site::html_page(text);
    prepared.head.fields.set("content-type", "application/json");
    prepared.head.fields.append("cache-control", "no-store");
    prepared
}
