//! Records of one connection as rows, those that fit a filter.

use super::own::Own;
use crate::transcript::{Filter, Follow, Next, Row, Transcript};
use serde::Serialize;
use std::rc::Rc;
use std::sync::Arc;

/// Records that are read before other connections of the worker get their turn.
pub(super) const SLICE: u32 = 32;

/// Rows of one connection, in their order.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    pub connection: u64,
    pub rows: Vec<Row>,
    /// The number of the last record that was looked at: what comes next is after it.
    pub after: u64,
    /// How many records were looked at, those that do not fit included.
    pub seen: u64,
    /// How many had to go before they were looked at.
    pub missed: u64,
    /// Whether there are more at present.
    pub more: bool,
}

/// Reads the records of a connection after one of them.
#[derive(Debug)]
pub(super) struct Reader {
    id: u64,
    follow: Follow,
    since: u64,
    filter: Rc<Filter>,
    own: Own,
    /// The number of the last record that was read.
    after: u64,
}

impl Reader {
    /// `own`: whether the pages below `/_wire/` are to be seen.
    pub fn new(transcript: &Arc<Transcript>, since: u64, filter: Rc<Filter>, own: bool) -> Self {
        // Which streams are hidden is known from their first records on.
        let after = if own { since } else { 0 };
        let follow = transcript.follow(after);
        Self { id: transcript.id(), follow, since, filter, own: Own::new(own), after }
    }

    pub fn id(&self) -> u64 {
        self.id
    }

    pub fn after(&self) -> u64 {
        self.after.max(self.since)
    }

    /// The next rows that are there, up to `most` of them. Other connections of the worker take their turns meanwhile.
    pub async fn page(&mut self, most: usize) -> Page {
        let (mut rows, mut seen, mut missed, mut count) = (Vec::new(), 0, 0, 0_u32);
        let more = loop {
            if rows.len() >= most {
                break true;
            }
            match self.follow.try_next() {
                None => break false,
                Some(Next::Missed(records)) => {
                    // Those up to `since` were not asked for.
                    let asked = self.after();
                    self.after += records;
                    missed += self.after.saturating_sub(asked);
                }
                Some(Next::One(record)) => {
                    self.after = record.seq;
                    if !self.own.hides(&record) && record.seq > self.since {
                        seen += 1;
                        if self.filter.fits(&record) {
                            rows.push(Row::of(&record));
                        }
                    }
                }
            }
            count += 1;
            if count.is_multiple_of(SLICE) {
                tokio::task::yield_now().await;
            }
        };
        Page { connection: self.id, rows, after: self.after(), seen, missed, more }
    }
}
