//! Records in a bounded number of octets.

use crate::http::transport::Cause;
use std::collections::VecDeque;

/// What a record costs beside its octets.
pub(super) const RECORD_COST: usize = size_of::<Record>();

/// What a record is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Octets from the client: over HTTP/2 a whole frame.
    Received,
    /// Octets to the client: over HTTP/2 a frame, unless they are raw.
    Sent(Cause),
    /// A JSON object that says everything itself.
    Note,
}

/// One thing that happened. Its octets are in the ring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// Microseconds since the connection began.
    pub at: u64,
    /// What there was of octets.
    pub length: u32,
    /// What was kept of them.
    pub kept: u32,
    pub kind: Kind,
}

/// Records and their octets, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    records: VecDeque<Record>,
    octets: VecDeque<u8>,
    /// Records that had to go.
    dropped: u64,
}

impl Ring {
    /// Octets that it takes.
    pub fn size(&self) -> usize {
        self.octets.len() + self.records.len() * RECORD_COST
    }

    /// Records that had to go.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Adds a record of `length` octets, of which `parts` are kept.
    pub fn push(&mut self, at: u64, kind: Kind, length: usize, parts: [&[u8]; 2]) {
        let before = self.octets.len();
        for part in parts {
            self.octets.extend(part);
        }
        let kept = u32::try_from(self.octets.len() - before).unwrap_or(u32::MAX);
        self.records.push_back(Record { at, kind, length: u32::try_from(length).unwrap_or(u32::MAX), kept });
    }

    /// The oldest record and its octets in both their pieces.
    pub fn oldest(&self) -> Option<(Record, [&[u8]; 2])> {
        let record = *self.records.front()?;
        let kept = record.kept as usize;
        let (front, back) = self.octets.as_slices();
        let first = front.get(..kept).unwrap_or(front);
        let second = back.get(..kept - first.len()).unwrap_or(back);
        Some((record, [first, second]))
    }

    /// Lets go of the oldest record.
    pub fn drop_oldest(&mut self) {
        if let Some(record) = self.records.pop_front() {
            self.octets.drain(..self.octets.len().min(record.kept as usize));
            self.dropped += 1;
        }
    }

    /// Gives back the memory that it does not use.
    pub fn shrink(&mut self) {
        self.records.shrink_to_fit();
        self.octets.shrink_to_fit();
    }

    /// Every record with its octets, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Record, Vec<u8>)> {
        let mut start = 0;
        self.records.iter().map(move |record| {
            let end = (start + record.kept as usize).min(self.octets.len());
            let octets = self.octets.range(start..end).copied().collect();
            start = end;
            (*record, octets)
        })
    }
}
