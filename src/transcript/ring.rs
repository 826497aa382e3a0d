//! Entries in a bounded number of bytes.

use crate::h2::Rule;
use crate::http::transport::Cause;
use std::collections::VecDeque;

/// What an entry costs beside its bytes.
pub(super) const ENTRY_COST: usize = size_of::<Entry>();

/// Which end bytes came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// The other end.
    Peer,
    /// The end that records.
    Own(Cause),
    /// The same, by a raw call that breaks this rule.
    Broken(Rule),
}

/// What the bytes of an entry are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Bytes of HTTP/1.1.
    Http1(Origin),
    /// A whole frame.
    Frame(Origin),
    /// The beginning of a frame.
    FrameBegins(Origin),
    /// The rest of a frame, or less than a frame header.
    Rest(Origin),
    /// A record that is not made of bytes on the wire, as JSON.
    Note,
}

impl Kind {
    /// The same bytes of a raw call, with the rule that they break.
    pub fn breaking(self, rule: Rule) -> Self {
        let origin = Origin::Broken(rule);
        match self {
            Self::Frame(_) => Self::Frame(origin),
            Self::FrameBegins(_) => Self::FrameBegins(origin),
            Self::Rest(_) => Self::Rest(origin),
            Self::Http1(_) | Self::Note => self,
        }
    }
}

/// What became of a record: its bytes are in the ring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Microseconds since the connection began.
    pub at: u64,
    /// How many bytes there were.
    pub length: u32,
    /// How many of them were kept.
    pub kept: u32,
    /// The call that sent them; 0 for none.
    pub site: u32,
    pub kind: Kind,
}

/// Entries and their bytes, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    entries: VecDeque<Entry>,
    octets: VecDeque<u8>,
    /// Entries that had to go.
    dropped: u64,
}

impl Ring {
    /// An empty ring whose first entry will be the one after `dropped` others.
    pub fn after(dropped: u64) -> Self {
        Self { dropped, ..Self::default() }
    }

    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        self.octets.len() + self.entries.len() * ENTRY_COST
    }

    /// Entries that had to go.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The number of the newest entry; 0 before the first.
    pub fn newest(&self) -> u64 {
        self.dropped + self.entries.len() as u64
    }

    /// Adds an entry of `length` bytes, of which `parts` are kept.
    pub fn push(&mut self, at: u64, kind: Kind, site: u32, length: usize, parts: [&[u8]; 2]) {
        let before = self.octets.len();
        self.octets.extend(parts[0]);
        if !parts[1].is_empty() {
            self.octets.extend(parts[1]);
        }
        let kept = u32::try_from(self.octets.len() - before).unwrap_or(u32::MAX);
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.entries.push_back(Entry { at, kind, site, length, kept });
    }

    /// The oldest entry and its bytes in both their pieces.
    pub fn oldest(&self) -> Option<(Entry, [&[u8]; 2])> {
        let entry = *self.entries.front()?;
        Some((entry, pieces(&self.octets, 0, entry.kept as usize)))
    }

    /// Drops the oldest entries, each after a look at it, while `too_large` says so of the size.
    pub fn drop_while(&mut self, too_large: impl Fn(usize) -> bool, mut look: impl FnMut(Entry, [&[u8]; 2])) {
        let mut octets = 0;
        while too_large(self.size() - octets)
            && let Some(entry) = self.entries.pop_front()
        {
            look(entry, pieces(&self.octets, octets, entry.kept as usize));
            octets += entry.kept as usize;
            self.dropped += 1;
        }
        self.octets.drain(..octets);
    }

    /// Drops the oldest entry.
    pub fn drop_oldest(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.octets.drain(..self.octets.len().min(entry.kept as usize));
            self.dropped += 1;
        }
    }

    /// Takes the oldest entry out, with its number and its bytes.
    pub fn pop(&mut self) -> Option<(u64, Entry, Vec<u8>)> {
        let (entry, parts) = self.oldest()?;
        let octets = parts.concat();
        self.drop_oldest();
        Some((self.dropped, entry, octets))
    }

    /// Gives back the memory that it does not use.
    pub fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.octets.shrink_to_fit();
    }

    /// A copy of the entries from the one numbered `from` on, up to `size` bytes of them, but at least one if there is
    /// one. The first is the oldest that is left if `from` had to go.
    pub fn copy_from(&self, from: u64, size: usize) -> Self {
        let skipped = usize::try_from(from.saturating_sub(self.dropped + 1)).unwrap_or(usize::MAX);
        let skipped = skipped.min(self.entries.len());
        let mut copy = Self::after(self.dropped + skipped as u64);
        let rest = self.entries.range(skipped..);
        // Followers look often and find few: only what is new is gone over.
        let mut start = self.octets.len() - rest.clone().map(|entry| entry.kept as usize).sum::<usize>();
        for entry in rest {
            let parts = pieces(&self.octets, start, entry.kept as usize);
            start += entry.kept as usize;
            if copy.size() > 0 && copy.size() + ENTRY_COST + entry.kept as usize > size {
                break;
            }
            copy.push(entry.at, entry.kind, entry.site, entry.length as usize, parts);
        }
        copy
    }
}

/// `count` bytes from `start` on.
fn pieces(octets: &VecDeque<u8>, start: usize, count: usize) -> [&[u8]; 2] {
    let (front, back) = octets.as_slices();
    let end = start.saturating_add(count);
    let clip = |at: usize, base: usize, slice: &[u8]| at.saturating_sub(base).min(slice.len());
    [
        front.get(clip(start, 0, front)..clip(end, 0, front)).unwrap_or_default(),
        back.get(clip(start, front.len(), back)..clip(end, front.len(), back)).unwrap_or_default(),
    ]
}
