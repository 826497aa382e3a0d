//! One connection: its facts, its records, what scripts expected.

use super::blocks::Blocks;
use super::hub::Hub;
use super::ring::{Kind, Ring};
use crate::http::peer::{Peer, Protocol};
use crate::http::transport::CloseReason;
use crate::wire::frame::{FrameHeader, HEADER_LENGTH, RawFrame};
use bytes::Bytes;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// What each connection may keep without asking for it.
const FREE: usize = 4 * 1024;
/// Expectations that are kept of a connection.
const MAX_EXPECTATIONS: usize = 1_000;

/// The transcript of one connection, open or closed.
#[derive(Debug)]
pub struct Transcript {
    pub(super) peer: Peer,
    pub(super) protocol: Protocol,
    pub(super) began: Instant,
    /// The same by the wall clock.
    pub(super) opened: SystemTime,
    log: Mutex<Log>,
}

/// What changes of it.
#[derive(Clone, Debug)]
pub(super) struct Log {
    pub ring: Ring,
    /// The tables of both directions where the ring begins.
    pub received: Blocks,
    pub sent: Blocks,
    pub expectations: Vec<Expected>,
    /// Those that there was no room for.
    pub expectations_dropped: u64,
    /// When and why it ended.
    pub closed: Option<(Duration, CloseReason)>,
    /// Octets that the ring may take.
    allowance: usize,
}

/// What a script expected, and whether it was so.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub at: Duration,
    pub name: String,
    pub passed: bool,
    pub detail: String,
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

impl Transcript {
    pub(super) fn new(peer: Peer, protocol: Protocol, began: Instant, opened: SystemTime) -> Self {
        let log = Log {
            ring: Ring::default(),
            received: Blocks::default(),
            sent: Blocks::default(),
            expectations: Vec::new(),
            expectations_dropped: 0,
            closed: None,
            allowance: FREE,
        };
        Self { peer, protocol, began, opened, log: Mutex::new(log) }
    }

    /// The connection's number in this process.
    pub fn id(&self) -> u64 {
        self.peer.id
    }

    /// Octets that its records take.
    pub fn size(&self) -> usize {
        self.log().ring.size()
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        // A log is whole after every call, whoever panicked.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a record; the oldest go if there is no room.
    pub(super) fn add(&self, hub: &Hub, at: Instant, kind: Kind, length: usize, parts: [&[u8]; 2]) {
        let at = at.saturating_duration_since(self.began);
        let micros = at.as_secs() * 1_000_000 + u64::from(at.subsec_micros());
        let mut log = self.log();
        log.ring.push(micros, kind, length, parts);
        if log.ring.size() > log.allowance {
            log.make_room(hub, self.protocol);
        }
    }

    pub(super) fn add_expectation(&self, at: Instant, expected: Expected) {
        let mut log = self.log();
        let at = at.saturating_duration_since(self.began);
        if log.expectations.len() < MAX_EXPECTATIONS {
            log.expectations.push(Expected { at, ..expected });
        } else {
            log.expectations_dropped += 1;
        }
    }

    /// Adds what was expected in vain, newest first, up to `most`.
    pub(super) fn failed_expectations(&self, all: &mut Vec<Failed>, most: usize) {
        let log = self.log();
        let failed = log.expectations.iter().rev().filter(|expected| !expected.passed);
        let room = most.saturating_sub(all.len());
        all.extend(failed.take(room).map(|expected| Failed {
            connection: self.id(),
            name: expected.name.clone(),
            detail: expected.detail.clone(),
        }));
    }

    /// Nothing follows. Gives what the log takes, and what it was allowed beyond [`FREE`].
    pub(super) fn close(&self, at: Instant, why: CloseReason) -> (usize, usize) {
        let mut log = self.log();
        log.closed = Some((at.saturating_duration_since(self.began), why));
        log.ring.shrink();
        let granted = log.allowance - FREE;
        (log.ring.size(), granted)
    }
}

impl Log {
    fn make_room(&mut self, hub: &Hub, protocol: Protocol) {
        let more = self.allowance.min(hub.options().connection.saturating_sub(self.allowance));
        if more > 0 && hub.grant(more) {
            self.allowance += more;
        }
        while self.ring.size() > self.allowance && self.ring.oldest().is_some() {
            if protocol == Protocol::Http2 {
                self.pass_oldest();
            }
            self.ring.drop_oldest();
        }
    }

    /// What the oldest record did to a dynamic table outlives it.
    fn pass_oldest(&mut self) {
        let Some((record, [front, back])) = self.ring.oldest() else { return };
        let blocks = match record.kind {
            Kind::Received => &mut self.received,
            Kind::Sent(_) => &mut self.sent,
            Kind::Note => return,
        };
        let mut start = [0; HEADER_LENGTH];
        let octets = || front.iter().chain(back).copied();
        if octets().zip(&mut start).map(|(octet, slot)| *slot = octet).count() < HEADER_LENGTH {
            return;
        }
        let header = FrameHeader::parse(&start);
        if !Blocks::concern(header.frame_type) {
            return;
        }
        // Nearly always, and without a copy.
        if back.is_empty() && blocks.is_idle(header, front) {
            return;
        }
        if record.kept < record.length || HEADER_LENGTH + header.length as usize != record.length as usize {
            return blocks.lose();
        }
        let payload: Bytes = octets().skip(HEADER_LENGTH).collect();
        blocks.pass(&RawFrame { header, payload });
    }
}
