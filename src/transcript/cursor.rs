//! A place in the records of a connection, from which reading goes on as they come.

use super::reading::{Records, Tables};
use super::record::Record;
use super::ring::Ring;

/// Bytes that are copied from the ring at once.
const BATCH: usize = 64 * 1024;

/// A place in the records of a connection.
#[derive(Debug)]
pub(super) struct Cursor {
    /// What was copied from the ring and not read yet.
    records: Records,
    /// The number of the last record that is not wanted.
    since: u64,
}

/// What a look at the ring gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copied {
    /// There may be a next record.
    Some,
    /// How many records were dropped before they could be copied.
    Missed(u64),
    /// Nothing new.
    Nothing,
}

impl Cursor {
    /// The records after number `since`, of which `records` were copied already.
    pub fn new(records: Records, since: u64) -> Self {
        Self { records, since }
    }

    /// The next record of those that were copied.
    pub fn next(&mut self) -> Option<Record> {
        while self.records.ring.dropped() < self.since && self.records.ring.oldest().is_some() {
            self.records.pass();
        }
        self.records.next()
    }

    /// Whether its records are those of a file: nothing is copied then.
    pub fn is_saved(&self) -> bool {
        self.records.saved.is_some()
    }

    /// Copies what came meanwhile, once all that was copied is read. `tables` are those where the ring begins.
    pub fn copy(&mut self, ring: &Ring, tables: &Tables) -> Copied {
        let (dropped, read) = (ring.dropped(), self.records.ring.dropped());
        if dropped > read {
            self.records.ring = Ring::after(dropped);
            self.records.tables.clone_from(tables);
            let missed = dropped.saturating_sub(self.since.max(read));
            return if missed > 0 { Copied::Missed(missed) } else { Copied::Some };
        }
        if ring.newest() > read {
            self.records.ring = ring.copy_from(read + 1, BATCH);
            self.records.tables.refill();
            return Copied::Some;
        }
        Copied::Nothing
    }
}
