//! Records and connections as they come.
//!
//! Nothing is queued for a reader: it takes what lies in the ring since it last looked. One that is slow misses what had
//! to go meanwhile, and learns how much that was.

use super::hub::Hub;
use super::log::Transcript;
use super::reading::Records;
use super::record::Record;
use super::ring::Ring;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Bytes that are copied from the ring at once.
const BATCH: usize = 64 * 1024;

/// The next thing that a reader gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Next<T> {
    /// It.
    One(T),
    /// How many had to go before the reader came for them.
    Missed(u64),
}

/// The records of one connection from a number on, as they are made.
#[derive(Debug)]
pub struct Follow {
    transcript: Arc<Transcript>,
    /// What was copied from the ring and not read yet.
    records: Records,
    /// The number of the last record that is not wanted.
    since: u64,
}

impl Transcript {
    /// The records after number `since`, those that come included. 0 is before the first.
    pub fn follow(self: &Arc<Self>, since: u64) -> Follow {
        if let Some(saved) = &self.saved {
            let skipped = saved.partition_point(|record| record.seq <= since);
            let records = Records::saved(self.recorded_by(), self.places, saved, skipped);
            return Follow { transcript: Arc::clone(self), records, since };
        }
        let log = self.log();
        let dropped = log.ring.dropped();
        let tables = log.tables.clone();
        drop(log);
        let (side, places) = (self.recorded_by(), self.places);
        // Records before `since` are read for the tables' sake, as far as they are there.
        let ring = Ring::after(dropped.min(since));
        Follow { transcript: Arc::clone(self), records: Records { side, places, tables, ring, saved: None }, since }
    }
}

impl Follow {
    /// The next record; `None` after the last one of a connection that has ended.
    pub async fn next(&mut self) -> Option<Next<Record>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// As [`next`](Self::next), for those who poll.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Next<Record>>> {
        self.take(Some(context))
    }

    /// The next record that is there already.
    pub fn try_next(&mut self) -> Option<Next<Record>> {
        match self.take(None) {
            Poll::Ready(next) => next,
            Poll::Pending => None,
        }
    }

    fn take(&mut self, mut context: Option<&mut Context<'_>>) -> Poll<Option<Next<Record>>> {
        loop {
            while self.records.ring.dropped() < self.since && self.records.ring.oldest().is_some() {
                self.records.pass();
            }
            if let Some(record) = self.records.next() {
                return Poll::Ready(Some(Next::One(record)));
            }
            if self.records.saved.is_some() {
                return Poll::Ready(None);
            }
            let log = self.transcript.log();
            let (dropped, read) = (log.ring.dropped(), self.records.ring.dropped());
            if dropped > read {
                self.records.ring = Ring::after(dropped);
                self.records.tables.clone_from(&log.tables);
                drop(log);
                let missed = dropped.saturating_sub(self.since.max(read));
                if missed > 0 {
                    return Poll::Ready(Some(Next::Missed(missed)));
                }
                continue;
            }
            if log.ring.newest() > read {
                self.records.ring = log.ring.copy_from(read + 1, BATCH);
                drop(log);
                self.records.tables.refill();
                continue;
            }
            if log.closed.is_some() {
                return Poll::Ready(None);
            }
            if let Some(context) = &mut context {
                let mut log = log;
                if !log.waiters.iter().any(|waiter| waiter.will_wake(context.waker())) {
                    log.waiters.push(context.waker().clone());
                }
            }
            return Poll::Pending;
        }
    }
}

/// The transcripts of a process from a number on, as connections begin.
#[derive(Debug)]
pub struct Connections {
    hub: Arc<Hub>,
    /// Found and not given out yet.
    found: VecDeque<Next<Arc<Transcript>>>,
    /// The number of the last one that was found.
    since: u64,
}

impl Hub {
    /// The transcripts after [number](Transcript::number) `since`, those that come included. 0 is before the first.
    pub fn follow(self: &Arc<Self>, since: u64) -> Connections {
        Connections { hub: Arc::clone(self), found: VecDeque::new(), since }
    }
}

impl Connections {
    /// The next transcript, in the order in which connections began to be recorded.
    pub async fn next(&mut self) -> Next<Arc<Transcript>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// As [`next`](Self::next), for those who poll.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Next<Arc<Transcript>>> {
        if self.found.is_empty() {
            for transcript in self.hub.begun_after(self.since, context.waker()) {
                let missed = transcript.number() - self.since - 1;
                if missed > 0 {
                    self.found.push_back(Next::Missed(missed));
                }
                self.since = transcript.number();
                self.found.push_back(Next::One(transcript));
            }
        }
        match self.found.pop_front() {
            Some(next) => Poll::Ready(next),
            None => Poll::Pending,
        }
    }
}
