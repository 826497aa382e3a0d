//! A dynamic table in which entries are found by name and value at once.

use crate::wire::hpack::static_table::STATIC_TABLE;
use crate::wire::hpack::table::{DynamicTable, TableEntry};
use bytes::Bytes;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The keys are hashes already.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = (self.0 << 8) | u64::from(*octet);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Entries are numbered from 1 in the order of their insertion.
#[derive(Debug)]
pub(super) struct IndexedTable {
    table: DynamicTable,
    /// Hash of a name, or of name and value → number of the latest entry with it. Two that collide hide one another,
    /// which costs a longer representation and nothing else. The latest is also the last to be evicted.
    numbers: HashMap<u64, u64, BuildHasherDefault<Identity>>,
    inserted: u64,
}

impl IndexedTable {
    pub(super) fn new(max_size: usize) -> Self {
        Self { table: DynamicTable::new(max_size), numbers: HashMap::default(), inserted: 0 }
    }

    /// The index of the entry with this name and value.
    pub(super) fn find_entry(&self, entry_hash: u64, name: &[u8], value: &[u8]) -> Option<u64> {
        let index = self.index(*self.numbers.get(&entry_hash)?);
        self.table.get(index).filter(|entry| entry.name == name && entry.value == value).map(|_| index)
    }

    /// The index of the latest entry with this name.
    pub(super) fn find_name(&self, name_hash: u64, name: &[u8]) -> Option<u64> {
        let index = self.index(*self.numbers.get(&name_hash)?);
        self.table.get(index).filter(|entry| entry.name == name).map(|_| index)
    }

    fn index(&self, number: u64) -> u64 {
        STATIC_TABLE.len() as u64 + 1 + self.inserted.wrapping_sub(number)
    }

    /// Adds an entry; `hashes` of its name, and of name and value.
    pub(super) fn insert(&mut self, entry: TableEntry, hashes: (u64, u64)) {
        let oldest = self.oldest();
        if self.table.insert(entry, evict(&mut self.numbers, oldest)) {
            self.inserted += 1;
            self.numbers.insert(hashes.0, self.inserted);
            self.numbers.insert(hashes.1, self.inserted);
        }
    }

    pub(super) fn resize(&mut self, max_size: usize) {
        let oldest = self.oldest();
        self.table.resize(max_size, evict(&mut self.numbers, oldest));
    }

    pub(super) fn clear(&mut self) {
        self.table.clear();
        self.numbers.clear();
    }

    /// The number of the oldest entry.
    fn oldest(&self) -> u64 {
        self.inserted - self.table.len() as u64 + 1
    }

    /// Whether the common address space has an entry `index`.
    pub(super) fn contains(&self, index: u64) -> bool {
        self.lookup_name(index).is_some()
    }

    pub(super) fn lookup_name(&self, index: u64) -> Option<Bytes> {
        self.table.lookup_name(index)
    }

    pub(super) fn lookup(&self, index: u64) -> Option<(Bytes, Bytes)> {
        self.table.lookup(index)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.table.iter().map(|entry| (&entry.name, &entry.value))
    }

    pub(super) const fn size(&self) -> usize {
        self.table.size()
    }

    pub(super) const fn max_size(&self) -> usize {
        self.table.max_size()
    }
}

/// Takes evicted entries out of `numbers`, the first of which has the number `oldest`.
fn evict(numbers: &mut HashMap<u64, u64, BuildHasherDefault<Identity>>, oldest: u64) -> impl FnMut(&TableEntry) + '_ {
    let mut number = oldest;
    move |entry| {
        for hash in entry.hashes() {
            if numbers.get(&hash) == Some(&number) {
                numbers.remove(&hash);
            }
        }
        number += 1;
    }
}
