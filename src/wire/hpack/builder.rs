//! Field blocks written representation by representation, true or not.

use super::{Entry, Representation, huffman, integer};
use bytes::{BufMut, Bytes, BytesMut};

/// A name by its index in either table, or literally.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Name<'a> {
    /// An index of the common address space (RFC 7541 §2.3.3). As 0 means a literal, 0 is followed by no name here.
    Index(u64),
    /// Any octets.
    Literal(&'a [u8]),
}

impl<'a> From<&'a [u8]> for Name<'a> {
    fn from(name: &'a [u8]) -> Self {
        Self::Literal(name)
    }
}

/// The three kinds of literal (RFC 7541 §6.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LiteralKind {
    /// RFC 7541 §6.2.1.
    Incremental,
    /// RFC 7541 §6.2.2.
    WithoutIndexing,
    /// RFC 7541 §6.2.3.
    NeverIndexed,
}

impl LiteralKind {
    /// Bits of the index's prefix and the bits above it.
    const fn pattern(self) -> (u8, u8) {
        match self {
            Self::Incremental => (6, 0x40),
            Self::WithoutIndexing => (4, 0x00),
            Self::NeverIndexed => (4, 0x10),
        }
    }
}

impl From<LiteralKind> for Representation {
    fn from(kind: LiteralKind) -> Self {
        match kind {
            LiteralKind::Incremental => Self::Incremental,
            LiteralKind::WithoutIndexing => Self::WithoutIndexing,
            LiteralKind::NeverIndexed => Self::NeverIndexed,
        }
    }
}

/// Writes representations in the order asked for. Knows no table, checks nothing and can't fail.
#[derive(Clone, Debug, Default)]
pub struct BlockBuilder {
    out: BytesMut,
}

impl BlockBuilder {
    /// An empty block.
    pub fn new() -> Self {
        Self::default()
    }

    /// An indexed field (RFC 7541 §6.1); any index, 0 too.
    pub fn indexed(&mut self, index: u64) -> &mut Self {
        integer::encode(7, 0x80, index, &mut self.out);
        self
    }

    /// A literal field (RFC 7541 §6.2); `name_huffman` is without effect on an indexed name.
    pub fn literal(
        &mut self,
        kind: LiteralKind,
        name: Name<'_>,
        value: &[u8],
        name_huffman: bool,
        value_huffman: bool,
    ) -> &mut Self {
        write_literal(kind, name, value, name_huffman, value_huffman, &mut self.out);
        self
    }

    /// A literal that enters the dynamic table (RFC 7541 §6.2.1), without Huffman coding.
    pub fn incremental(&mut self, name: Name<'_>, value: &[u8]) -> &mut Self {
        self.literal(LiteralKind::Incremental, name, value, false, false)
    }

    /// A literal that stays out of the dynamic table (RFC 7541 §6.2.2), without Huffman coding.
    pub fn without_indexing(&mut self, name: Name<'_>, value: &[u8]) -> &mut Self {
        self.literal(LiteralKind::WithoutIndexing, name, value, false, false)
    }

    /// A literal that no hop may index (RFC 7541 §6.2.3), without Huffman coding.
    pub fn never_indexed(&mut self, name: Name<'_>, value: &[u8]) -> &mut Self {
        self.literal(LiteralKind::NeverIndexed, name, value, false, false)
    }

    /// What was decoded, as it was represented. An integer in more octets than needed is written in the fewest.
    pub fn entry(&mut self, entry: &Entry) -> &mut Self {
        let field = match entry {
            Entry::SizeUpdate { size, .. } => return self.size_update(*size),
            Entry::Field(field) => field,
        };
        let kind = match field.representation {
            Representation::Indexed => return self.indexed(field.index),
            Representation::Incremental => LiteralKind::Incremental,
            Representation::WithoutIndexing => LiteralKind::WithoutIndexing,
            Representation::NeverIndexed => LiteralKind::NeverIndexed,
        };
        let name = if field.index == 0 { Name::Literal(&field.name) } else { Name::Index(field.index) };
        self.literal(kind, name, &field.value, field.name_huffman, field.value_huffman)
    }

    /// A dynamic table size update (RFC 7541 §6.3), anywhere and of any size.
    pub fn size_update(&mut self, size: u64) -> &mut Self {
        integer::encode(5, 0x20, size, &mut self.out);
        self
    }

    /// An integer (RFC 7541 §5.1) with `extra` continuation octets that add nothing, see
    /// [`integer::encode_over_long`].
    pub fn integer(&mut self, prefix_bits: u8, value: u64, first_octet: u8, extra: usize) -> &mut Self {
        integer::encode_over_long(prefix_bits, first_octet, value, extra, &mut self.out);
        self
    }

    /// A string (RFC 7541 §5.2), Huffman-coded or not.
    pub fn string(&mut self, octets: &[u8], huffman: bool) -> &mut Self {
        write_string(octets, huffman, &mut self.out);
        self
    }

    /// A string whose H bit and length may both lie about `octets`, which are written as they are.
    pub fn string_as(&mut self, huffman: bool, length: u64, octets: &[u8]) -> &mut Self {
        integer::encode(7, if huffman { 0x80 } else { 0 }, length, &mut self.out);
        self.raw(octets)
    }

    /// Any octets.
    pub fn raw(&mut self, octets: &[u8]) -> &mut Self {
        self.out.extend_from_slice(octets);
        self
    }

    /// Octets written so far.
    pub fn octets(&self) -> &[u8] {
        &self.out
    }

    /// The block.
    pub fn finish(self) -> Bytes {
        self.out.freeze()
    }
}

/// A literal field (RFC 7541 §6.2).
pub(super) fn write_literal(
    kind: LiteralKind,
    name: Name<'_>,
    value: &[u8],
    name_huffman: bool,
    value_huffman: bool,
    out: &mut BytesMut,
) {
    let (prefix_bits, first_octet) = kind.pattern();
    match name {
        Name::Index(index) => integer::encode(prefix_bits, first_octet, index, out),
        Name::Literal(name) => {
            out.put_u8(first_octet);
            write_string(name, name_huffman, out);
        }
    }
    write_string(value, value_huffman, out);
}

/// A string literal (RFC 7541 §5.2).
pub(super) fn write_string(octets: &[u8], huffman: bool, out: &mut BytesMut) {
    if huffman {
        integer::encode(7, 0x80, huffman::encoded_len(octets) as u64, out);
        huffman::encode(octets, out);
    } else {
        integer::encode(7, 0, octets.len() as u64, out);
        out.extend_from_slice(octets);
    }
}
