//! Field blocks → fields, each with its representation.

use super::reader::{RawRepresentation, Reader, StringLiteral};
use super::table::{DEFAULT_TABLE_SIZE, DynamicTable, TableEntry, entry_size};
use super::{Block, DecodeError, DecodeErrorKind, Entry, Field, Representation, huffman};
use bytes::{Bytes, BytesMut};

/// The decoder of one connection and direction, with its dynamic table.
///
/// After an error the tables of both sides differ, and nothing more can be decoded (RFC 9113 §4.3).
#[derive(Clone, Debug)]
pub struct Decoder {
    table: DynamicTable,
    /// Our acknowledged SETTINGS_HEADER_TABLE_SIZE.
    limit: usize,
    /// The next block must begin with a size update to this or less.
    required: Option<usize>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(DEFAULT_TABLE_SIZE)
    }
}

/// What follows a representation that does nothing to the table, if it begins the block and its integers are short.
/// Transcripts pass over most blocks in this way.
fn after_plain(block: &[u8]) -> Option<&[u8]> {
    let string = |block: &'_ [u8]| -> Option<usize> {
        let length = usize::from(block.first()? & 0x7f);
        (length < 0x7f).then_some(1 + length)
    };
    let (&first, mut rest) = block.split_first()?;
    match first {
        0x80..=0xfe => return Some(rest),
        0x00 | 0x10 => rest = rest.get(string(rest)?..)?,
        0x0f | 0x1f => rest = rest.split_first().filter(|(more, _)| **more < 0x80)?.1,
        0x01..=0x0e | 0x11..=0x1e => {}
        _ => return None,
    }
    rest.get(string(rest)?..)
}

impl Decoder {
    /// A decoder whose table may hold `max_table_size` octets from the beginning on: 4,096 on a new connection.
    pub const fn new(max_table_size: usize) -> Self {
        Self { table: DynamicTable::new(max_table_size), limit: max_table_size, required: None }
    }

    /// Our SETTINGS_HEADER_TABLE_SIZE, once the peer has acknowledged it.
    ///
    /// Below what the peer's encoder uses, it must begin its next block with a size update (RFC 7541 §4.2).
    pub fn set_max_table_size(&mut self, max_table_size: usize) {
        self.limit = max_table_size;
        if max_table_size < self.required.unwrap_or(self.table.max_size()) {
            self.required = Some(max_table_size);
        }
    }

    /// Whether a block does anything to the dynamic table of its reader, or cannot be read.
    pub fn is_changed_by(block: &[u8]) -> bool {
        let mut rest = block;
        while let Some(shorter) = after_plain(rest) {
            rest = shorter;
        }
        let mut reader = Reader::new(rest);
        loop {
            match reader.next() {
                Ok(None) => return false,
                Ok(Some(RawRepresentation::Indexed(_))) => {}
                Ok(Some(RawRepresentation::Literal { representation, .. }))
                    if representation != Representation::Incremental => {}
                _ => return true,
            }
        }
    }

    /// Decodes one whole field block.
    ///
    /// Fields are kept as long as their size by RFC 9113 §6.5.2 is within `max_list_size` octets; the others are
    /// decoded for the dynamic table's sake. A size update is counted as an empty field for this.
    pub fn decode(&mut self, block: Bytes, max_list_size: usize) -> Result<Block, DecodeError> {
        let mut reader = Reader::new(&block);
        // Most representations take one octet (indexed) or twenty and more (literals).
        let mut decoding = Decoding {
            block: &block,
            max_list_size,
            strings: BytesMut::new(),
            entries: Vec::with_capacity(block.len().min(16)),
            list_size: 0,
            counted: 0,
            fields_seen: false,
        };
        let mut start = 0;
        while let Some(raw) = reader.next()? {
            self.decode_one(&mut decoding, raw, start, reader.position())?;
            start = reader.position();
        }
        self.check_required(0)?;
        let Decoding { entries, list_size, counted, .. } = decoding;
        Ok(Block { entries, list_size, truncated: counted > max_list_size, octets: block })
    }

    fn decode_one(
        &mut self,
        decoding: &mut Decoding<'_>,
        raw: RawRepresentation,
        start: usize,
        end: usize,
    ) -> Result<(), DecodeError> {
        if let RawRepresentation::SizeUpdate(size) = raw {
            return self.size_update(decoding, size, start, end);
        }
        self.check_required(start)?;
        decoding.fields_seen = true;
        match raw {
            RawRepresentation::Indexed(index) => self.indexed(decoding, index, start, end),
            RawRepresentation::Literal { representation, index, name, value } => {
                self.literal(decoding, (representation, index), (name, value), start, end)
            }
            RawRepresentation::SizeUpdate(_) => Ok(()),
        }
    }

    fn check_required(&self, offset: usize) -> Result<(), DecodeError> {
        match self.required {
            Some(limit) => Err(DecodeError { kind: DecodeErrorKind::SizeUpdateMissing { limit }, offset }),
            None => Ok(()),
        }
    }

    fn size_update(
        &mut self,
        decoding: &mut Decoding<'_>,
        size: u64,
        start: usize,
        end: usize,
    ) -> Result<(), DecodeError> {
        if decoding.fields_seen {
            return Err(DecodeError { kind: DecodeErrorKind::SizeUpdateNotAtStart, offset: start });
        }
        let wanted = usize::try_from(size).ok().filter(|wanted| *wanted <= self.limit);
        let Some(wanted) = wanted else {
            let kind = DecodeErrorKind::SizeUpdateTooLarge { size, limit: self.limit };
            return Err(DecodeError { kind, offset: start });
        };
        if self.required.is_some_and(|limit| wanted > limit) {
            return self.check_required(start);
        }
        self.required = None;
        self.table.resize(wanted, |_| {});
        if decoding.count(0) {
            decoding.entries.push(Entry::SizeUpdate { size, octets: decoding.octets(start, end) });
        }
        Ok(())
    }

    fn indexed(
        &mut self,
        decoding: &mut Decoding<'_>,
        index: u64,
        start: usize,
        end: usize,
    ) -> Result<(), DecodeError> {
        let unknown = DecodeError { kind: DecodeErrorKind::Index(index), offset: start };
        if decoding.is_full() {
            // A block of one-octet references is read without a copy of each.
            decoding.pass_field(self.table.size_at(index).ok_or(unknown)?);
            return Ok(());
        }
        let (name, value) = self.table.lookup(index).ok_or(unknown)?;
        if decoding.count_field(&name, &value) {
            decoding.entries.push(Entry::Field(Field {
                name,
                value,
                representation: Representation::Indexed,
                index,
                name_huffman: false,
                value_huffman: false,
                octets: decoding.octets(start, end),
            }));
        }
        Ok(())
    }

    fn literal(
        &mut self,
        decoding: &mut Decoding<'_>,
        (representation, index): (Representation, u64),
        (name_literal, value_literal): (Option<StringLiteral>, StringLiteral),
        start: usize,
        end: usize,
    ) -> Result<(), DecodeError> {
        let (name, name_huffman) = match name_literal {
            Some(literal) => (decoding.string(&literal)?, literal.huffman),
            None => match self.table.lookup_name(index) {
                Some(name) => (name, false),
                None => return Err(DecodeError { kind: DecodeErrorKind::Index(index), offset: start }),
            },
        };
        let value = decoding.string(&value_literal)?;
        if representation == Representation::Incremental {
            self.insert(&name, index != 0, &value);
        }
        if decoding.count_field(&name, &value) {
            decoding.entries.push(Entry::Field(Field {
                name,
                value,
                representation,
                index,
                name_huffman,
                value_huffman: value_literal.huffman,
                octets: decoding.octets(start, end),
            }));
        }
        Ok(())
    }

    fn insert(&mut self, name: &Bytes, name_is_shared: bool, value: &Bytes) {
        if entry_size(name.len(), value.len()) > self.table.max_size() {
            // Nothing to copy for an entry that only empties the table (RFC 7541 §4.4).
            self.table.clear();
        } else {
            let shared = name_is_shared.then(|| name.clone());
            self.table.insert(TableEntry::new(name, shared, value), |_| {});
        }
    }

    /// Name and value of the dynamic entries, newest (index 62) first.
    pub fn table(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.table.iter().map(|entry| (&entry.name, &entry.value))
    }

    /// Octets that the dynamic table holds by RFC 7541 §4.1.
    pub const fn table_size(&self) -> usize {
        self.table.size()
    }

    /// Octets that the dynamic table may hold: what the peer's encoder chose last.
    pub const fn table_max_size(&self) -> usize {
        self.table.max_size()
    }

    /// Octets that the peer's encoder may choose: our setting.
    pub const fn max_table_size(&self) -> usize {
        self.limit
    }
}

/// Each octet at its own position.
static SINGLE_OCTETS: [u8; 256] = {
    let mut octets = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        octets[octet] = octet as u8;
        octet += 1;
    }
    octets
};

/// What is gathered while a block is decoded.
struct Decoding<'a> {
    block: &'a Bytes,
    max_list_size: usize,
    /// All Huffman-coded strings of the block are decoded into this one buffer.
    strings: BytesMut,
    entries: Vec<Entry>,
    /// Octets of all fields by RFC 9113 §6.5.2.
    list_size: usize,
    /// `list_size` and 32 for each size update, which could otherwise be kept in any number.
    counted: usize,
    fields_seen: bool,
}

impl Decoding<'_> {
    /// A part of the block. An octet alone, as most indexed fields are, comes without a reference count.
    fn octets(&self, start: usize, end: usize) -> Bytes {
        let alone = self.block.get(start).filter(|_| end == start + 1);
        match alone.and_then(|octet| SINGLE_OCTETS.get(usize::from(*octet)..=usize::from(*octet))) {
            Some(octet) => Bytes::from_static(octet),
            None => self.block.slice(start..end),
        }
    }

    /// Counts an entry and tells whether it is to be kept.
    fn count(&mut self, octets: usize) -> bool {
        self.counted = self.counted.saturating_add(entry_size(octets, 0));
        self.counted <= self.max_list_size
    }

    /// Whether no further entry is to be kept.
    fn is_full(&self) -> bool {
        self.counted > self.max_list_size
    }

    /// Counts a field, of `size` octets by RFC 9113 §6.5.2, that is not to be kept.
    fn pass_field(&mut self, size: usize) {
        self.list_size = self.list_size.saturating_add(size);
        self.counted = self.counted.saturating_add(size);
    }

    fn count_field(&mut self, name: &Bytes, value: &Bytes) -> bool {
        self.list_size = self.list_size.saturating_add(entry_size(name.len(), value.len()));
        self.count(name.len() + value.len())
    }

    fn string(&mut self, literal: &StringLiteral) -> Result<Bytes, DecodeError> {
        if !literal.huffman {
            return Ok(self.block.slice(literal.range.clone()));
        }
        let coded = self.block.get(literal.range.clone()).unwrap_or_default();
        if self.strings.capacity() < huffman::max_decoded_len(coded.len()) {
            // Enough for every string that can follow, so that a block costs one buffer.
            let rest = self.block.len() - literal.range.start;
            self.strings = BytesMut::with_capacity(huffman::max_decoded_len(rest));
        }
        match huffman::decode(coded, &mut self.strings) {
            Ok(()) => Ok(self.strings.split().freeze()),
            Err(error) => Err(DecodeError { kind: error.into(), offset: literal.range.start }),
        }
    }
}
