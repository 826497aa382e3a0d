//! The queue of octets to be transmitted, with marks where they are to be cut.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

use crate::http::transport::Transmit;

/// Octets from here on are queued by reference instead of being copied together.
const SHARE_FROM: usize = 8 * 1024;
/// A buffer of more capacity is given back once it is empty.
const KEPT_CAPACITY: usize = 4 * 1024;

#[derive(Debug)]
struct Segment {
    octets: Bytes,
    write_size: Option<usize>,
    flush_after: bool,
}

#[derive(Debug, Default)]
pub(super) struct Output {
    sealed: VecDeque<Segment>,
    tail: BytesMut,
    write_size: Option<usize>,
    queued: usize,
    /// Octets transmitted since the last cut, where a write size is set.
    since_cut: usize,
}

impl Output {
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    pub(super) fn push(&mut self, octets: &[u8]) {
        self.tail.extend_from_slice(octets);
        self.queued += octets.len();
    }

    pub(super) fn push_bytes(&mut self, octets: Bytes) {
        if octets.len() < SHARE_FROM {
            self.push(&octets);
            return;
        }
        self.seal();
        self.queued += octets.len();
        self.sealed.push_back(Segment { octets, write_size: self.write_size, flush_after: false });
    }

    /// Lets `write` append to the queue.
    pub(super) fn push_with(&mut self, write: impl FnOnce(&mut BytesMut)) {
        let before = self.tail.len();
        write(&mut self.tail);
        self.queued += self.tail.len().saturating_sub(before);
    }

    /// Octets pushed from now on are cut into runs of this many, apart from those before.
    pub(super) fn set_write_size(&mut self, size: Option<usize>) {
        let size = size.filter(|size| *size > 0);
        if size != self.write_size {
            self.flush();
            self.write_size = size;
        }
    }

    /// Marks a cut after everything pushed so far.
    pub(super) fn flush(&mut self) {
        self.seal();
        if let Some(last) = self.sealed.back_mut() {
            last.flush_after = true;
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self { write_size: self.write_size, ..Self::default() };
    }

    pub(super) fn next(&self) -> Option<Transmit<'_>> {
        let (octets, write_size, flush_after) = match self.sealed.front() {
            Some(segment) => (&segment.octets[..], segment.write_size, segment.flush_after),
            None => (&self.tail[..], self.write_size, false),
        };
        if octets.is_empty() {
            return None;
        }
        let until_cut = write_size.map_or(usize::MAX, |size| size.saturating_sub(self.since_cut).max(1));
        let run = octets.get(..until_cut).unwrap_or(octets);
        let flush = run.len() == until_cut || (flush_after && run.len() == octets.len());
        Some(Transmit { octets: run, flush })
    }

    /// Takes `count` octets away; more than [`next`](Self::next) gave count as all that it gave.
    pub(super) fn transmitted(&mut self, count: usize) {
        let Some(Transmit { octets, flush }) = self.next() else { return };
        let (whole, count) = (octets.len(), count.min(octets.len()));
        self.since_cut = if flush && count == whole { 0 } else { self.since_cut.saturating_add(count) };
        self.queued -= count;
        match self.sealed.front_mut() {
            Some(segment) => {
                segment.octets.advance(count);
                if segment.octets.is_empty() {
                    self.sealed.pop_front();
                }
            }
            None => self.tail.advance(count),
        }
        if self.queued == 0 {
            self.since_cut = 0;
            // An empty queue starts anew at the front of its buffer; an idle connection keeps little.
            if self.tail.capacity() > KEPT_CAPACITY {
                self.tail = BytesMut::new();
            } else {
                self.tail.clear();
            }
        }
    }

    fn seal(&mut self) {
        if !self.tail.is_empty() {
            let octets = self.tail.split().freeze();
            self.sealed.push_back(Segment { octets, write_size: self.write_size, flush_after: false });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(output: &mut Output) -> Vec<String> {
        let mut runs = Vec::new();
        while let Some(Transmit { octets, flush }) = output.next() {
            let len = octets.len();
            runs.push(format!("{}{}", octets.escape_ascii(), if flush { "|" } else { "" }));
            output.transmitted(len);
        }
        assert_eq!(output.queued(), 0);
        runs
    }

    #[test]
    fn small_writes_are_gathered() {
        let mut output = Output::default();
        output.push(b"ab");
        output.push_bytes(Bytes::from_static(b"cd"));
        assert_eq!(output.queued(), 4);
        assert_eq!(drain(&mut output), ["abcd"]);
    }

    #[test]
    fn a_write_size_cuts_what_comes_after_it() {
        let mut output = Output::default();
        output.push(b"ab");
        output.set_write_size(Some(3));
        output.push(b"cdefg");
        output.set_write_size(None);
        output.push(b"hij");
        assert_eq!(drain(&mut output), ["ab|", "cde|", "fg|", "hij"]);
    }

    #[test]
    fn partial_writes_do_not_move_the_cut() {
        let mut output = Output::default();
        output.set_write_size(Some(4));
        output.push(b"abcdef");
        output.transmitted(1);
        assert_eq!(output.next(), Some(Transmit { octets: b"bcd", flush: true }));
        output.transmitted(3);
        assert_eq!(output.next(), Some(Transmit { octets: b"ef", flush: false }));
        output.transmitted(100);
        assert_eq!((output.next(), output.queued()), (None, 0));
    }

    #[test]
    fn a_flush_marks_the_end_of_what_is_queued() {
        let mut output = Output::default();
        output.flush();
        output.push(b"a");
        output.flush();
        output.push(b"b");
        assert_eq!(drain(&mut output), ["a|", "b"]);
    }

    #[test]
    fn large_octets_are_not_copied_and_stay_in_order() {
        let mut output = Output::default();
        let large = Bytes::from(vec![b'x'; SHARE_FROM]);
        output.push(b"a");
        output.push_bytes(large.clone());
        output.push(b"b");
        output.transmitted(1);
        assert_eq!(output.next().map(|t| t.octets.as_ptr()), Some(large.as_ptr()));
        output.transmitted(SHARE_FROM);
        assert_eq!(drain(&mut output), ["b"]);
    }
}
