//! The dynamic table (RFC 7541 §2.3.2, §4), and one address space with the static one (RFC 7541 §2.3.3).

use super::static_table::{STATIC_TABLE, static_entry};
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;

/// Octets of the dynamic table until a setting says otherwise (RFC 9113 §6.5.2).
pub const DEFAULT_TABLE_SIZE: usize = 4096;

/// Octets that an entry costs beside its name and value (RFC 7541 §4.1).
pub const ENTRY_OVERHEAD: usize = 32;

/// Multiplies and rotates eight octets at a time: cheap, and a collision costs no more than a missed index.
pub(super) const fn hash(seed: u64, octets: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = seed ^ (octets.len() as u64).wrapping_mul(MULTIPLIER);
    let mut rest = octets;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        state = (state.rotate_left(29) ^ u64::from_le_bytes(*chunk)).wrapping_mul(MULTIPLIER);
        rest = behind;
    }
    let mut last = 0;
    while let Some((octet, behind)) = rest.split_first() {
        last = (last << 8) | *octet as u64;
        rest = behind;
    }
    state = (state.rotate_left(29) ^ last).wrapping_mul(MULTIPLIER);
    state ^ (state >> 32)
}

/// Name and value of an entry. Neither keeps a received block alive.
#[derive(Clone, Debug)]
pub(super) struct TableEntry {
    pub(super) name: Bytes,
    pub(super) value: Bytes,
}

impl TableEntry {
    /// Copies the value, and the name unless it is shared with another entry: a slice of what was received would keep
    /// a whole read buffer in memory for as long as the entry lives.
    pub(super) fn new(name: &[u8], shared_name: Option<Bytes>, value: &[u8]) -> Self {
        match shared_name {
            Some(name) => Self { name, value: Bytes::copy_from_slice(value) },
            None => {
                let mut both = BytesMut::with_capacity(name.len() + value.len());
                both.extend_from_slice(name);
                both.extend_from_slice(value);
                let mut both = both.freeze();
                let name = both.split_to(name.len());
                Self { name, value: both }
            }
        }
    }

    /// The hash of the name, and that of name and value.
    pub(super) fn hashes(&self) -> [u64; 2] {
        let name = hash(0, &self.name);
        [name, hash(name, &self.value)]
    }

    /// Octets by RFC 7541 §4.1.
    pub(super) fn size(&self) -> usize {
        entry_size(self.name.len(), self.value.len())
    }
}

/// Octets of an entry by RFC 7541 §4.1.
pub(super) const fn entry_size(name: usize, value: usize) -> usize {
    name.saturating_add(value).saturating_add(ENTRY_OVERHEAD)
}

/// The dynamic table. The newest entry has index 62.
#[derive(Clone, Debug)]
pub(super) struct DynamicTable {
    entries: VecDeque<TableEntry>,
    size: usize,
    max_size: usize,
}

impl DynamicTable {
    pub(super) const fn new(max_size: usize) -> Self {
        Self { entries: VecDeque::new(), size: 0, max_size }
    }

    pub(super) const fn size(&self) -> usize {
        self.size
    }

    pub(super) const fn max_size(&self) -> usize {
        self.max_size
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Newest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &TableEntry> {
        self.entries.iter()
    }

    /// The entry `index` of the common address space, if it is a dynamic one.
    pub(super) fn get(&self, index: u64) -> Option<&TableEntry> {
        let position = usize::try_from(index).ok()?.checked_sub(STATIC_TABLE.len() + 1)?;
        self.entries.get(position)
    }

    /// Name and value at `index` of the common address space.
    pub(super) fn lookup(&self, index: u64) -> Option<(Bytes, Bytes)> {
        match static_entry(index) {
            Some((name, value)) => Some((Bytes::from_static(name.as_bytes()), Bytes::from_static(value.as_bytes()))),
            None => self.get(index).map(|entry| (entry.name.clone(), entry.value.clone())),
        }
    }

    /// The size of the entry at `index` of the common address space, by RFC 7541 §4.1.
    pub(super) fn size_at(&self, index: u64) -> Option<usize> {
        match static_entry(index) {
            Some((name, value)) => Some(entry_size(name.len(), value.len())),
            None => self.get(index).map(TableEntry::size),
        }
    }

    /// The name at `index` of the common address space.
    pub(super) fn lookup_name(&self, index: u64) -> Option<Bytes> {
        match static_entry(index) {
            Some((name, _)) => Some(Bytes::from_static(name.as_bytes())),
            None => self.get(index).map(|entry| entry.name.clone()),
        }
    }

    /// Adds an entry after evicting what it displaces, which `evicted` sees; one that is larger than the table empties
    /// it and is not added (RFC 7541 §4.4). Tells whether it was added.
    pub(super) fn insert(&mut self, entry: TableEntry, evicted: impl FnMut(&TableEntry)) -> bool {
        let size = entry.size();
        self.evict(self.max_size.saturating_sub(size), evicted);
        if size > self.max_size {
            return false;
        }
        self.size += size;
        self.entries.push_front(entry);
        true
    }

    /// Changes the maximum and evicts what no longer fits (RFC 7541 §4.3).
    pub(super) fn resize(&mut self, max_size: usize, evicted: impl FnMut(&TableEntry)) {
        self.max_size = max_size;
        self.evict(max_size, evicted);
    }

    /// Evicts everything; the maximum stays.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.size = 0;
    }

    /// Evicts the oldest entries until `size` is no more than `room`.
    fn evict(&mut self, room: usize, mut evicted: impl FnMut(&TableEntry)) {
        while self.size > room {
            let Some(entry) = self.entries.pop_back() else {
                break;
            };
            self.size -= entry.size();
            evicted(&entry);
        }
    }
}
