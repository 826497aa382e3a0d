//! The one output buffer, and where it is cut.

use super::events::Transmit;
use bytes::BytesMut;
use std::collections::VecDeque;

/// Queued content is pulled only while fewer octets than this wait, so that memory stays bounded.
pub(super) const HIGH_WATER: usize = 96 * 1024;

/// A buffer larger than this is given back when it is empty.
const KEEP: usize = 16 * 1024;

/// Octets that wait to be written, with cut marks. Positions count from the connection's first octet.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub buffer: BytesMut,
    /// Octets at the front of the buffer that are written already.
    taken: usize,
    /// The position of the buffer's first octet.
    base: u64,
    /// The position where the current run began.
    run_start: u64,
    /// Regions before the last one.
    sealed: VecDeque<Region>,
    /// Bound of each run in the last region.
    write_size: Option<usize>,
    /// Automatic octets since the buffer was last empty.
    automatic: usize,
}

#[derive(Clone, Copy, Debug)]
struct Region {
    end: u64,
    write_size: Option<usize>,
    flush: bool,
}

impl Output {
    /// Octets that wait.
    pub fn waiting(&self) -> usize {
        self.buffer.len() - self.taken
    }

    /// Counts automatic octets; gives how many wait.
    pub fn count_automatic(&mut self, octets: usize) -> usize {
        self.automatic += octets;
        self.automatic
    }

    /// From here on, runs are no longer than this; 0 counts as 1.
    pub fn set_write_size(&mut self, octets: Option<usize>) {
        self.seal(false);
        self.write_size = octets.map(|octets| octets.max(1));
    }

    /// Everything so far is to be flushed before anything else.
    pub fn flush(&mut self) {
        self.seal(true);
    }

    fn seal(&mut self, flush: bool) {
        let end = self.end();
        if let Some(last) = self.sealed.back_mut()
            && last.end == end
        {
            last.flush |= flush;
        } else if end > self.position() {
            self.sealed.push_back(Region { end, write_size: self.write_size, flush });
        }
    }

    fn end(&self) -> u64 {
        self.base + self.buffer.len() as u64
    }

    fn position(&self) -> u64 {
        self.base + self.taken as u64
    }

    fn region(&self) -> Region {
        let last = Region { end: self.end(), write_size: self.write_size, flush: false };
        self.sealed.front().copied().unwrap_or(last)
    }

    /// The end of the current run and whether a flush follows it.
    fn run(&self) -> (u64, bool) {
        let region = self.region();
        match region.write_size {
            Some(size) => (region.end.min(self.run_start.saturating_add(size as u64)), true),
            None => (region.end, region.flush),
        }
    }

    /// What is to be written next.
    pub fn next(&self) -> Option<Transmit<'_>> {
        if self.waiting() == 0 {
            return None;
        }
        let (end, flush) = self.run();
        let end = usize::try_from(end - self.base).unwrap_or(usize::MAX).min(self.buffer.len());
        Some(Transmit { octets: self.buffer.get(self.taken..end)?, flush })
    }

    /// `octets` were written; more than the current run counts as the run. Gives whether nothing waits any more.
    pub fn transmitted(&mut self, octets: usize) -> bool {
        let (end, _) = self.run();
        let left = usize::try_from(end - self.position()).unwrap_or(usize::MAX);
        self.taken += octets.min(left);
        let position = self.position();
        if position == end {
            self.run_start = position;
        }
        while self.sealed.front().is_some_and(|region| region.end <= position) {
            self.sealed.pop_front();
        }
        if self.taken == self.buffer.len() {
            self.base = position;
            self.run_start = position;
            self.taken = 0;
            self.automatic = 0;
            self.buffer.clear();
            return true;
        }
        if self.taken >= HIGH_WATER {
            bytes::Buf::advance(&mut self.buffer, self.taken);
            self.base = position;
            self.taken = 0;
        }
        false
    }

    /// Gives memory back.
    pub fn shrink(&mut self) {
        if self.buffer.is_empty() && self.buffer.capacity() > KEEP {
            self.buffer = BytesMut::new();
        }
    }
}
