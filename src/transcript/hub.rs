//! The transcripts of all connections of a process.

use super::json::Snapshot;
use super::log::{Failed, Room, Transcript};
use super::reading::Places;
use super::record::Side;
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::CloseReason;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Instant, SystemTime};

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of records of one connection, the newest; 0 records nothing.
    pub connection: usize,
    /// Bytes of records of all connections, beyond the first 4 KiB of each open one.
    pub total: usize,
    /// Bytes of each DATA frame, and of each run over HTTP/1.1.
    pub data: usize,
    /// Closed connections that can still be read about.
    pub closed: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { connection: 256 * 1024, total: 64 << 20, data: 1024, closed: 1_000 }
    }
}

/// Beyond 2^53 JavaScript does not tell all numbers apart.
const MAX_SAVED_ID: u64 = 1 << 52;

/// All transcripts, shared by all workers.
#[derive(Debug)]
pub struct Hub {
    options: Options,
    clock: fn() -> Instant,
    places: Places,
    /// Bytes given out to transcripts.
    granted: AtomicUsize,
    violations: AtomicU64,
    failed_expectations: AtomicU64,
    all: Mutex<All>,
}

/// What went wrong on all connections since the start, those that are forgotten included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rules that peers broke.
    pub violations: u64,
    /// Expectations of scripts that were not so.
    pub failed_expectations: u64,
}

#[derive(Debug, Default)]
struct All {
    open: BTreeMap<u64, Arc<Transcript>>,
    closed: VecDeque<Closed>,
    /// Connections that began to be recorded.
    begun: u64,
    /// What waits for the next one.
    waiters: Vec<Waker>,
}

/// A closed connection and the bytes that its transcript takes of the total.
#[derive(Debug)]
struct Closed {
    transcript: Arc<Transcript>,
    octets: usize,
}

impl Hub {
    /// A hub without transcripts. `clock` is asked about what happens outside of a connection's turns, `places` about
    /// the calls of scripts.
    pub fn new(options: Options, clock: fn() -> Instant, places: Places) -> Arc<Self> {
        Arc::new(Self {
            options,
            clock,
            places,
            granted: AtomicUsize::new(0),
            violations: AtomicU64::new(0),
            failed_expectations: AtomicU64::new(0),
            all: Mutex::default(),
        })
    }

    /// What went wrong since the start.
    pub fn counts(&self) -> Counts {
        Counts {
            violations: self.violations.load(Ordering::Relaxed),
            failed_expectations: self.failed_expectations.load(Ordering::Relaxed),
        }
    }

    /// The peer of a connection broke a rule.
    pub(super) fn count_violation(&self) {
        self.violations.fetch_add(1, Ordering::Relaxed);
    }

    /// A script expected something in vain.
    pub(super) fn count_failed_expectation(&self) {
        self.failed_expectations.fetch_add(1, Ordering::Relaxed);
    }

    /// How much is kept.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Begins the transcript of a connection that began at `now`, by the wall clock at `opened`, as its end `side` sees
    /// it; `None` if nothing is to be recorded.
    pub(super) fn begin(
        &self,
        facts: (&Peer, Protocol, Side),
        (now, opened): (Instant, SystemTime),
    ) -> Option<Arc<Transcript>> {
        if self.options.connection == 0 {
            return None;
        }
        let mut all = self.all();
        all.begun += 1;
        let transcript = Arc::new(Transcript::new(facts, (now, opened), self.places, all.begun));
        all.open.insert(transcript.id(), Arc::clone(&transcript));
        let waiters = std::mem::take(&mut all.waiters);
        drop(all);
        waiters.into_iter().for_each(Waker::wake);
        Some(transcript)
    }

    /// The instant, for what happens outside of a connection's turns.
    pub(super) fn now(&self) -> Instant {
        (self.clock)()
    }

    /// Adds a transcript that was read from a file, as that of a closed connection, for good. If there is one with its
    /// number, it gets the next free number, which is given.
    pub fn add_saved(&self, mut snapshot: Snapshot) -> u64 {
        let taken: BTreeSet<u64> = self.transcripts().iter().map(|transcript| transcript.id()).collect();
        let wanted = Some(snapshot.facts.id).filter(|id| (1..MAX_SAVED_ID).contains(id)).unwrap_or(1);
        let id = (wanted..).find(|id| !taken.contains(id)).unwrap_or(wanted);
        snapshot.facts.id = id;
        let now = (self.clock)();
        let mut all = self.all();
        all.begun += 1;
        let transcript = Arc::new(Transcript::saved(snapshot, now, self.places, all.begun));
        all.closed.push_back(Closed { transcript, octets: 0 });
        id
    }

    /// The transcript of a connection, if it is open or among the last ones that were closed.
    pub fn transcript(&self, id: u64) -> Option<Arc<Transcript>> {
        let all = self.all();
        let closed = || all.closed.iter().rev().map(|closed| &closed.transcript).find(|one| one.id() == id);
        all.open.get(&id).or_else(closed).cloned()
    }

    /// All of them, in the order of their ids.
    pub fn transcripts(&self) -> Vec<Arc<Transcript>> {
        let all = self.all();
        let closed = all.closed.iter().map(|closed| &closed.transcript);
        let mut transcripts: Vec<_> = closed.chain(all.open.values()).cloned().collect();
        drop(all);
        transcripts.sort_unstable_by_key(|transcript| transcript.id());
        transcripts
    }

    /// Those that began after another one, in that order; if there are none, `waker` is woken by the next.
    pub(super) fn begun_after(&self, number: u64, waker: &Waker) -> Vec<Arc<Transcript>> {
        let mut all = self.all();
        if all.begun <= number {
            if !all.waiters.iter().any(|waiter| waiter.will_wake(waker)) {
                all.waiters.push(waker.clone());
            }
            return Vec::new();
        }
        let closed = all.closed.iter().map(|closed| &closed.transcript);
        let wanted = closed.chain(all.open.values()).filter(|transcript| transcript.number() > number);
        let mut begun: Vec<_> = wanted.cloned().collect();
        if begun.is_empty() {
            // All of them are forgotten already.
            all.waiters.push(waker.clone());
        }
        drop(all);
        begun.sort_unstable_by_key(|transcript| transcript.number());
        begun
    }

    /// What scripts expected in vain, the newest `max` of them, newest last.
    pub fn failed_expectations(&self, max: usize) -> Vec<Failed> {
        let mut failed: Vec<Failed> = Vec::new();
        for transcript in self.transcripts().iter().rev() {
            transcript.failed_expectations(&mut failed, max);
            if failed.len() >= max {
                break;
            }
        }
        failed.reverse();
        failed
    }

    /// Forgets closed connections, and what was recorded of open ones so far.
    pub fn forget(&self) {
        while self.drop_oldest() {}
        let open: Vec<_> = self.all().open.values().cloned().collect();
        open.iter().for_each(|transcript| transcript.forget());
    }

    /// The connection has ended: its transcript is kept as long as there is room.
    pub(super) fn close(&self, transcript: &Arc<Transcript>, why: CloseReason) {
        let (octets, granted) = transcript.close(self, (self.clock)(), why);
        self.give_back(granted);
        while !self.take(octets) {
            if !self.drop_oldest() {
                self.all().open.remove(&transcript.id());
                return;
            }
        }
        let num_closed = {
            let mut all = self.all();
            all.open.remove(&transcript.id());
            all.closed.push_back(Closed { transcript: Arc::clone(transcript), octets });
            all.closed.len()
        };
        if num_closed > self.options.closed {
            self.drop_oldest();
        }
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
        let oldest = self.all().closed.pop_front();
        let found = oldest.is_some();
        if let Some(closed) = oldest {
            self.give_back(closed.octets);
        }
        found
    }

    fn all(&self) -> MutexGuard<'_, All> {
        // The collections are consistent between calls, so a poisoned lock is safe to use.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room for Hub {
    fn per_connection(&self) -> usize {
        self.options.connection
    }

    /// At the cost of closed transcripts.
    fn grant(&self, octets: usize) -> bool {
        while !self.take(octets) {
            if !self.drop_oldest() {
                return false;
            }
        }
        true
    }
}
