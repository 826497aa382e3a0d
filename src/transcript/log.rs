//! One connection: its facts, its records, what scripts expected.

use super::cursor::Cursor;
use super::facts::{Ending, Errors, Facts, TimedExpectation};
use super::json::Snapshot;
use super::reading::{Note, Places, Records, Tables};
use super::record::{Closed, Expected, Record, RecordKind, Side};
use super::ring::{Kind, Ring};
use super::summary::Summary;
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::CloseReason;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime};

/// What each connection may keep without asking for it.
const FREE: usize = 4 * 1024;
/// Expectations that are kept of a connection.
const MAX_EXPECTATIONS: usize = 1_000;

/// The transcript of one connection, open or closed.
#[derive(Debug)]
pub struct Transcript {
    pub(super) facts: Facts,
    pub(super) began: Instant,
    pub(super) places: Places,
    /// Its place in the order in which connections began to be recorded, from 1.
    pub(super) number: u64,
    pub(super) requests: AtomicU64,
    /// What its records say, as far as it was asked for.
    summary: Mutex<Option<Box<Summary>>>,
    /// The records, if they are those of a file: nothing is added then.
    pub(super) saved: Option<Arc<Vec<Record>>>,
    log: Mutex<Log>,
}

/// What lets a log take more than [`FREE`].
pub(super) trait Room {
    /// Bytes that one connection may keep at most.
    fn per_connection(&self) -> usize;

    /// Allows `octets` more; false if there is no room.
    fn grant(&self, octets: usize) -> bool;
}

/// What changes of it.
#[derive(Debug)]
pub(super) struct Log {
    pub ring: Ring,
    /// The tables of both directions where the ring begins.
    pub tables: Tables,
    pub errors: Errors,
    pub expectations: Vec<TimedExpectation>,
    /// Those that there was no room for.
    pub expectations_dropped: u64,
    /// When and why it ended.
    pub closed: Option<Ending>,
    /// What waits for the next record.
    pub waiters: Vec<Waker>,
    /// Bytes that the ring may take.
    allowance: usize,
    /// The instant of the newest entry, and its microseconds since the connection began. A turn has many entries.
    newest: (Instant, u64),
}

/// What a script expected in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The number of the connection.
    pub connection: u64,
    /// By what name.
    pub name: String,
    /// What more the script said.
    pub detail: String,
}

/// Bytes and what they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub kind: Kind,
    /// The call that sent them; 0 for none.
    pub site: u32,
    /// How many there are.
    pub length: usize,
    /// Those that are kept.
    pub parts: [&'a [u8]; 2],
}

impl Transcript {
    pub(super) fn new(
        (peer, protocol, side): (&Peer, Protocol, Side),
        (began, opened): (Instant, SystemTime),
        places: Places,
        number: u64,
    ) -> Self {
        let opened = opened.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // As JSON has it, so that what is read back is the same.
        let opened = Duration::from_micros(u64::try_from(opened.as_micros()).unwrap_or_default());
        Self::of(Facts::of(peer, protocol, side, opened), began, places, number, None)
    }

    /// The transcript of a file.
    pub(super) fn saved(snapshot: Snapshot, began: Instant, places: Places, number: u64) -> Self {
        let Snapshot { facts, mut records } = snapshot;
        records.sort_by_key(|record| record.seq);
        let expectations = facts.expectations.clone();
        let transcript = Self::of(facts, began, places, number, Some(Arc::new(records)));
        transcript.log().expectations = expectations;
        transcript
    }

    fn of(facts: Facts, began: Instant, places: Places, number: u64, saved: Option<Arc<Vec<Record>>>) -> Self {
        Self {
            facts,
            began,
            places,
            number,
            requests: AtomicU64::new(0),
            summary: Mutex::default(),
            saved,
            log: Mutex::new(Log::new(began)),
        }
    }

    /// The connection's number in this process.
    pub fn id(&self) -> u64 {
        self.facts.id
    }

    /// The protocol spoken.
    pub fn protocol(&self) -> Protocol {
        self.facts.protocol
    }

    /// The end that records.
    pub fn recorded_by(&self) -> Side {
        self.facts.recorded_by
    }

    /// Its place in the order in which connections began to be recorded, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Time from the connection's start to `at`, as records have it.
    pub fn elapsed(&self, at: Instant) -> Duration {
        Duration::from_micros(micros(at.saturating_duration_since(self.began)))
    }

    /// What was known of the connection when it began.
    pub fn facts_at_start(&self) -> &Facts {
        &self.facts
    }

    /// The number of its newest record; 0 before the first.
    pub fn newest(&self) -> u64 {
        if let Some(saved) = &self.saved {
            return saved.last().map_or(0, |record| record.seq);
        }
        self.log().ring.newest()
    }

    /// Whether it was read from a file.
    pub fn is_saved(&self) -> bool {
        self.saved.is_some()
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.saved.is_some() || self.log().closed.is_some()
    }

    /// Bytes that its records take.
    pub fn size(&self) -> usize {
        self.log().ring.size()
    }

    /// What is known of the connection at present, and its records. Recording goes on meanwhile.
    pub fn read(&self) -> (Facts, Records) {
        if let Some(saved) = &self.saved {
            return (self.facts.clone(), Records::saved(self.facts.recorded_by, self.places, saved, 0));
        }
        let mut facts = self.facts.clone();
        let log = self.log();
        let (ring, tables) = (log.ring.clone(), log.tables.clone());
        log.put_into(&mut facts);
        drop(log);
        self.put_requests_into(&mut facts);
        let records = Records { side: facts.recorded_by, places: self.places, tables, ring, saved: None };
        (facts, records)
    }

    /// What is known of the connection at present.
    pub fn facts(&self) -> Facts {
        let mut facts = self.facts.clone();
        if self.saved.is_none() {
            self.put_requests_into(&mut facts);
            self.log().put_into(&mut facts);
        }
        facts
    }

    /// Puts in what the records say. Those that were read before are not read again.
    fn put_requests_into(&self, facts: &mut Facts) {
        let mut summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        let summary = summary.get_or_insert_with(|| Box::new(Summary::new(self.cursor(0))));
        let exchanges = summary.catch_up(|cursor| {
            let log = self.log();
            cursor.copy(&log.ring, &log.tables)
        });
        exchanges.put_into(facts);
        facts.requests_total = self.requests.load(Ordering::Relaxed);
    }

    /// The place behind record `since`; 0 is before the first.
    pub(super) fn cursor(&self, since: u64) -> Cursor {
        let (side, places) = (self.recorded_by(), self.places);
        if let Some(saved) = &self.saved {
            let skipped = saved.partition_point(|record| record.seq <= since);
            return Cursor::new(Records::saved(side, places, saved, skipped), since);
        }
        let log = self.log();
        let (dropped, tables) = (log.ring.dropped(), log.tables.clone());
        drop(log);
        // Records before `since` are read for the tables' sake, as far as they are there.
        let ring = Ring::after(dropped.min(since));
        Cursor::new(Records { side, places, tables, ring, saved: None }, since)
    }

    /// All of it.
    pub fn snapshot(&self) -> Snapshot {
        let (facts, records) = self.read();
        Snapshot { facts, records: records.collect() }
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        // A log is consistent between calls, so a poisoned lock is safe to use.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry; the oldest go if there is no room.
    pub(super) fn add(&self, room: &impl Room, at: Instant, piece: Piece<'_>) {
        let mut log = self.log();
        let micros = log.micros_at(at, self.began);
        log.ring.push(micros, piece.kind, piece.site, piece.length, piece.parts);
        if log.ring.size() > log.allowance {
            log.make_room(room);
        }
        if !log.waiters.is_empty() {
            wake(log);
        }
    }

    /// Adds a record that is not made of bytes on the wire.
    pub(super) fn note(&self, room: &impl Room, at: Instant, (from, site): (Option<Side>, u32), kind: RecordKind) {
        // These types have only keys that are text.
        let json = serde_json::to_vec(&Note { from, kind }).unwrap_or_default();
        self.add(room, at, Piece { kind: Kind::Note, site, length: json.len(), parts: [&json, b""] });
    }

    pub(super) fn add_expectation(&self, at: Instant, expected: Expected) {
        let time = self.elapsed(at);
        let mut log = self.log();
        if log.expectations.len() < MAX_EXPECTATIONS {
            log.expectations.push(TimedExpectation { time, expected });
        } else {
            log.expectations_dropped += 1;
        }
    }

    /// Forgets what was recorded so far. What it did to dynamic tables is kept.
    pub(super) fn forget(&self) {
        self.requests.store(0, Ordering::Relaxed);
        let mut summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        *summary = None;
        let mut log = self.log();
        log.errors = Errors::default();
        log.expectations.clear();
        log.expectations_dropped = 0;
        log.drop_while(|_| true);
    }

    /// Adds what was expected in vain, newest first, up to `max`.
    pub(super) fn failed_expectations(&self, all: &mut Vec<Failed>, max: usize) {
        let log = self.log();
        let failed = log.expectations.iter().rev().map(|timed| &timed.expected).filter(|expected| !expected.passed);
        let room = max.saturating_sub(all.len());
        all.extend(failed.take(room).map(|expected| Failed {
            connection: self.id(),
            name: expected.name.clone(),
            detail: expected.detail.clone(),
        }));
    }

    /// Nothing follows. Gives what the log takes, and what it was allowed beyond [`FREE`].
    pub(super) fn close(&self, room: &impl Room, at: Instant, why: CloseReason) -> (usize, usize) {
        let closed = Closed::of(why, self.recorded_by());
        self.note(room, at, (None, 0), RecordKind::Ended(closed.clone()));
        let time = self.elapsed(at);
        let mut log = self.log();
        log.closed = Some(Ending { time, closed });
        log.ring.shrink();
        let size = (log.ring.size(), log.allowance - FREE);
        wake(log);
        size
    }
}

/// Wakes what waits for the next record, after the lock was released.
fn wake(mut log: MutexGuard<'_, Log>) {
    let waiters = std::mem::take(&mut log.waiters);
    drop(log);
    waiters.into_iter().for_each(Waker::wake);
}

fn micros(time: Duration) -> u64 {
    time.as_secs() * 1_000_000 + u64::from(time.subsec_micros())
}

impl Log {
    fn new(began: Instant) -> Self {
        Self {
            ring: Ring::default(),
            tables: Tables::default(),
            errors: Errors::default(),
            expectations: Vec::new(),
            expectations_dropped: 0,
            closed: None,
            waiters: Vec::new(),
            allowance: FREE,
            newest: (began, 0),
        }
    }

    /// Microseconds from `began` to an instant.
    fn micros_at(&mut self, at: Instant, began: Instant) -> u64 {
        if at != self.newest.0 {
            self.newest = (at, micros(at.saturating_duration_since(began)));
        }
        self.newest.1
    }

    /// Puts in what changes.
    fn put_into(&self, facts: &mut Facts) {
        facts.closed.clone_from(&self.closed);
        facts.errors.clone_from(&self.errors);
        facts.expectations.clone_from(&self.expectations);
        facts.expectations_failed = self.expectations.iter().filter(|timed| !timed.expected.passed).count() as u64;
        facts.expectations_dropped = self.expectations_dropped;
        facts.records_dropped = self.ring.dropped();
    }

    fn make_room(&mut self, room: &impl Room) {
        // One record may need more than double.
        while self.ring.size() > self.allowance {
            let more = self.allowance.min(room.per_connection().saturating_sub(self.allowance));
            if more == 0 || !room.grant(more) {
                break;
            }
            self.allowance += more;
        }
        // Some more than has to go, so that not each record makes one go.
        let kept = self.allowance - self.allowance / 64;
        if self.ring.size() > self.allowance {
            self.drop_while(|size| size > kept);
        }
    }

    /// Drops the oldest entries while `too_large` says so of the size.
    fn drop_while(&mut self, too_large: impl Fn(usize) -> bool) {
        self.ring.drop_while(too_large, |entry, parts| self.tables.pass(entry, parts));
    }
}
