//! The transcripts of all connections of a process.

use super::log::{Failed, Transcript};
use super::recorder::Recorder;
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::CloseReason;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Octets of records of one connection, the newest; 0 records nothing.
    pub connection: usize,
    /// Octets of records of all connections, beyond the first 4 KiB of each open one.
    pub total: usize,
    /// Octets of each DATA frame, and of each run of octets over HTTP/1.1.
    pub data: usize,
    /// Closed connections that can still be read about.
    pub closed: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { connection: 256 * 1024, total: 64 << 20, data: 1024, closed: 1_000 }
    }
}

/// All transcripts, shared by all workers.
#[derive(Debug)]
pub struct Hub {
    options: Options,
    clock: fn() -> Instant,
    /// Octets given out to transcripts.
    granted: AtomicUsize,
    open: Mutex<BTreeMap<u64, Arc<Transcript>>>,
    closed: Mutex<VecDeque<Closed>>,
}

/// A closed connection and the octets that its transcript takes of the total.
#[derive(Debug)]
struct Closed {
    transcript: Arc<Transcript>,
    octets: usize,
}

impl Hub {
    /// A hub without transcripts. `clock` is looked at for what happens outside of a connection's turns.
    pub fn new(options: Options, clock: fn() -> Instant) -> Arc<Self> {
        Arc::new(Self {
            options,
            clock,
            granted: AtomicUsize::new(0),
            open: Mutex::default(),
            closed: Mutex::default(),
        })
    }

    /// How much is kept.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Begins the transcript of a connection that was opened at `now`; `None` if nothing is to be recorded.
    pub fn record(
        self: &Arc<Self>,
        peer: &Peer,
        protocol: Protocol,
        now: Instant,
        opened: SystemTime,
    ) -> Option<Recorder> {
        if self.options.connection == 0 {
            return None;
        }
        let transcript = Arc::new(Transcript::new(peer.clone(), protocol, now, opened));
        locked(&self.open).insert(peer.id, Arc::clone(&transcript));
        Some(Recorder { hub: Arc::clone(self), transcript, clock: self.clock })
    }

    /// The transcript of a connection, if it is open or among the last ones that were closed.
    pub fn transcript(&self, id: u64) -> Option<Arc<Transcript>> {
        if let Some(open) = locked(&self.open).get(&id) {
            return Some(Arc::clone(open));
        }
        let closed = locked(&self.closed);
        closed.iter().rev().find(|closed| closed.transcript.id() == id).map(|closed| Arc::clone(&closed.transcript))
    }

    /// All of them: the closed ones in the order in which they were closed, then the open ones.
    pub fn transcripts(&self) -> Vec<Arc<Transcript>> {
        let mut all: Vec<_> = locked(&self.closed).iter().map(|closed| Arc::clone(&closed.transcript)).collect();
        all.extend(locked(&self.open).values().cloned());
        all
    }

    /// What scripts expected in vain, the newest `most` of them, newest last.
    pub fn failed_expectations(&self, most: usize) -> Vec<Failed> {
        let mut failed: Vec<Failed> = Vec::new();
        for transcript in self.transcripts().iter().rev() {
            transcript.failed_expectations(&mut failed, most);
            if failed.len() >= most {
                break;
            }
        }
        failed.reverse();
        failed
    }

    /// Connections that are open.
    pub fn num_open(&self) -> usize {
        locked(&self.open).len()
    }

    /// The connection has ended: its transcript is kept as long as there is room.
    pub(super) fn close(&self, transcript: &Arc<Transcript>, why: CloseReason) {
        let (octets, granted) = transcript.close((self.clock)(), why);
        self.give_back(granted);
        locked(&self.open).remove(&transcript.id());
        while !self.take(octets) {
            if !self.drop_oldest() {
                return;
            }
        }
        let num_closed = {
            let mut closed = locked(&self.closed);
            closed.push_back(Closed { transcript: Arc::clone(transcript), octets });
            closed.len()
        };
        if num_closed > self.options.closed {
            self.drop_oldest();
        }
    }

    /// Allows a transcript so many octets more, at the cost of closed ones; false if there are none.
    pub(super) fn grant(&self, octets: usize) -> bool {
        while !self.take(octets) {
            if !self.drop_oldest() {
                return false;
            }
        }
        true
    }

    fn take(&self, octets: usize) -> bool {
        let total = self.options.total;
        let taken = |granted: usize| granted.checked_add(octets).filter(|sum| *sum <= total);
        self.granted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok()
    }

    fn give_back(&self, octets: usize) {
        self.granted.fetch_sub(octets, Ordering::Relaxed);
    }

    /// Forgets the connection that was closed first; false if there is none.
    fn drop_oldest(&self) -> bool {
        let oldest = locked(&self.closed).pop_front();
        let found = oldest.is_some();
        if let Some(closed) = oldest {
            self.give_back(closed.octets);
        }
        found
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Both collections are whole after every call, whoever panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
