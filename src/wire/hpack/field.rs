//! What a field block consists of.

use bytes::Bytes;
use std::fmt;

/// How a field was written (RFC 7541 §6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Representation {
    /// One index for name and value (RFC 7541 §6.1).
    Indexed,
    /// A literal that enters the dynamic table (RFC 7541 §6.2.1).
    Incremental,
    /// A literal that does not (RFC 7541 §6.2.2).
    WithoutIndexing,
    /// A literal that no hop may index (RFC 7541 §6.2.3).
    NeverIndexed,
}

impl Representation {
    /// `indexed`, `incremental`, `without-indexing` or `never-indexed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Indexed => "indexed",
            Self::Incremental => "incremental",
            Self::WithoutIndexing => "without-indexing",
            Self::NeverIndexed => "never-indexed",
        }
    }
}

impl fmt::Display for Representation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A field line and how it was represented.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Any octets.
    pub name: Bytes,
    /// Any octets.
    pub value: Bytes,
    /// How it was written.
    pub representation: Representation,
    /// The index of the entry (indexed) or of the name; 0 = the name was a literal.
    pub index: u64,
    /// The name was a Huffman-coded literal.
    pub name_huffman: bool,
    /// The value was a Huffman-coded literal.
    pub value_huffman: bool,
    /// The representation's exact octets.
    pub octets: Bytes,
}

/// A field, or an instruction between fields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A field line.
    Field(Field),
    /// A dynamic table size update (RFC 7541 §6.3).
    SizeUpdate {
        /// The new maximum in octets.
        size: u64,
        /// The instruction's exact octets.
        octets: Bytes,
    },
}

impl Entry {
    /// The exact octets on the wire.
    pub const fn octets(&self) -> &Bytes {
        match self {
            Self::Field(field) => &field.octets,
            Self::SizeUpdate { octets, .. } => octets,
        }
    }
}

/// A decoded field block.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Block {
    /// Fields and size updates in wire order. Their octets in a row are `octets`, unless `truncated`.
    pub entries: Vec<Entry>,
    /// The whole block.
    pub octets: Bytes,
    /// The size by RFC 9113 §6.5.2 in octets: name + value + 32 of every field, kept or not.
    pub list_size: usize,
    /// The limit was passed: what came from there on was decoded for the dynamic table's sake, but not kept.
    pub truncated: bool,
}

impl Block {
    /// The field lines in wire order.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Field(field) => Some(field),
            Entry::SizeUpdate { .. } => None,
        })
    }
}
