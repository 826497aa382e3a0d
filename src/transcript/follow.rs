//! Records and connections as they come.
//!
//! Nothing is queued for a reader: it takes what lies in the ring since it last looked. One that is slow misses what had
//! to go meanwhile, and learns how much that was.

use super::cursor::{Copied, Cursor};
use super::hub::Hub;
use super::log::Transcript;
use super::record::Record;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

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
    cursor: Cursor,
}

impl Transcript {
    /// The records after number `since`, those that come included. 0 is before the first.
    pub fn follow(self: &Arc<Self>, since: u64) -> Follow {
        Follow { transcript: Arc::clone(self), cursor: self.cursor(since) }
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
            if let Some(record) = self.cursor.next() {
                return Poll::Ready(Some(Next::One(record)));
            }
            if self.cursor.is_saved() {
                return Poll::Ready(None);
            }
            let log = self.transcript.log();
            match self.cursor.copy(&log.ring, &log.tables) {
                Copied::Some => continue,
                Copied::Missed(count) => return Poll::Ready(Some(Next::Missed(count))),
                Copied::Nothing => {}
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
