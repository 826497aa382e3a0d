//! Fields → field blocks, with the peer's dynamic table in mind.

mod index;
mod policy;

use super::builder::{LiteralKind, Name, write_literal};
use super::reader::{RawRepresentation, Reader, StringLiteral};
use super::table::{DEFAULT_TABLE_SIZE, TableEntry, entry_size, hash};
use super::{DecodeError, DecodeErrorKind, Representation, huffman, integer, static_table};
use bytes::{Bytes, BytesMut};
use index::IndexedTable;
use policy::Policy;
use std::fmt;

/// The encoder of one connection and direction, with its model of the peer's dynamic table.
#[derive(Debug)]
pub struct Encoder {
    table: IndexedTable,
    /// The peer's SETTINGS_HEADER_TABLE_SIZE.
    peer_limit: usize,
    /// What we use of it at most.
    own_limit: usize,
    /// The smallest maximum since the last block, if the next one must begin with size updates.
    smallest: Option<usize>,
    /// The peer's table is larger than its setting allows now: the next block must begin with a size update to this or
    /// less.
    required: Option<usize>,
    /// The model is right. Once it may be wrong, no dynamic entry is used or made any more.
    known: bool,
}

/// A field to be written in a chosen way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldSpec<'a> {
    /// How.
    pub representation: Representation,
    /// An index that exists in either table, or a literal name. With [`Representation::Indexed`]: the entry's index, or
    /// the name of an entry with this name and value.
    pub name: Name<'a>,
    /// Not looked at with [`Representation::Indexed`] and an index.
    pub value: &'a [u8],
    /// Huffman coding of a literal name.
    pub name_huffman: bool,
    /// Huffman coding of the value.
    pub value_huffman: bool,
}

/// Why a field can't be written as chosen; the caller's fault. Nothing was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EncodeError {
    /// No such entry in either table. [`super::BlockBuilder`] would write it all the same.
    Index(u64),
    /// Neither table has an entry with this name and value.
    NotInTable,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "index {index} is in no table"),
            Self::NotInTable => f.write_str("neither table has an entry with this name and value"),
        }
    }
}

impl std::error::Error for EncodeError {}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder for a new connection, whose peer keeps a table of 4,096 octets. Of a larger one it uses no more
    /// than that unless told otherwise.
    pub fn new() -> Self {
        Self {
            table: IndexedTable::new(DEFAULT_TABLE_SIZE),
            peer_limit: DEFAULT_TABLE_SIZE,
            own_limit: DEFAULT_TABLE_SIZE,
            smallest: None,
            required: None,
            known: true,
        }
    }

    /// The peer's SETTINGS_HEADER_TABLE_SIZE, in octets. The next block begins with the size updates that follow
    /// from it: the smallest since the last block if it was raised again, and the last (RFC 7541 §4.2).
    pub fn set_max_table_size(&mut self, max_table_size: usize) {
        let lowered = max_table_size < self.peer_limit;
        self.peer_limit = max_table_size;
        if max_table_size < self.required.unwrap_or(self.table.max_size()) {
            self.required = Some(max_table_size);
        }
        self.limits_changed(lowered);
    }

    /// What to use of the peer's table at most, in octets.
    pub fn set_table_limit(&mut self, limit: usize) {
        self.own_limit = limit;
        self.limits_changed(false);
    }

    fn limits_changed(&mut self, lowered: bool) {
        let wanted = self.wanted_size();
        if lowered || self.smallest.is_some() || wanted != self.table.max_size() {
            self.smallest = Some(self.smallest.unwrap_or(wanted).min(wanted));
        }
    }

    fn wanted_size(&self) -> usize {
        self.peer_limit.min(self.own_limit)
    }

    /// Appends a whole field block, each field as it serves best: an index if there is one, else a literal that is
    /// indexed unless its name or length speaks against it; Huffman coding where it is shorter.
    ///
    /// `authorization`, `proxy-authorization`, `set-cookie` and a short `cookie` are never indexed (RFC 7541 §7.1.3).
    pub fn encode<'a>(&mut self, fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>, out: &mut BytesMut) {
        self.begin_block(out);
        for (name, value) in fields {
            self.encode_best(name, value, out);
        }
    }

    /// Appends the size updates that are due; they belong in front of a block's first field (RFC 7541 §4.2).
    /// [`Encoder::encode`] does it by itself; a block of [`Encoder::encode_field`] begins with this call.
    pub fn begin_block(&mut self, out: &mut BytesMut) {
        self.write_size_updates(out);
        if let Some(smallest) = self.smallest.take() {
            self.table.resize(smallest);
            self.table.resize(self.wanted_size());
            self.required = None;
        }
    }

    /// Appends the size updates that are due, which stay due: for a block of which nobody knows yet whether it will be
    /// sent. What it does then, [`Encoder::observe`] follows.
    pub fn write_size_updates(&self, out: &mut BytesMut) {
        let Some(smallest) = self.smallest else { return };
        let last = self.wanted_size();
        if smallest < last {
            integer::encode(5, 0x20, smallest as u64, out);
        }
        integer::encode(5, 0x20, last as u64, out);
    }

    fn encode_best(&mut self, name: &[u8], value: &[u8], out: &mut BytesMut) {
        let name_hash = hash(0, name);
        let static_name = static_table::find_name(name_hash, name);
        let policy = Policy::of(static_name, value);
        let entry_hash = hash(name_hash, value);
        if policy != Policy::Never {
            let in_static = static_name.and_then(|_| static_table::find_entry(entry_hash, name, value));
            if let Some(index) = in_static.or_else(|| self.table.find_entry(entry_hash, name, value)) {
                integer::encode(7, 0x80, index, out);
                return;
            }
        }
        let name_index = static_name.or_else(|| self.table.find_name(name_hash, name));
        // An entry that takes most of the table would drive out what is of more use.
        let worthwhile = entry_size(name.len(), value.len()) <= self.table.max_size() / 4 * 3;
        let kind = match policy {
            Policy::Never => LiteralKind::NeverIndexed,
            Policy::Index if worthwhile && self.known => LiteralKind::Incremental,
            Policy::Index | Policy::Without => LiteralKind::WithoutIndexing,
        };
        let written_name = name_index.map_or(Name::Literal(name), Name::Index);
        let shorter = |octets: &[u8]| huffman::encoded_len(octets) < octets.len();
        write_literal(kind, written_name, value, name_index.is_none() && shorter(name), shorter(value), out);
        if kind == LiteralKind::Incremental {
            let shared = name_index.and_then(|index| self.table.lookup_name(index));
            self.table.insert(TableEntry::new(name, shared, value), (name_hash, entry_hash));
        }
    }

    /// Appends one field in a chosen way, as the peer's table stands; an incremental one enters the table.
    pub fn encode_field(&mut self, field: FieldSpec<'_>, out: &mut BytesMut) -> Result<(), EncodeError> {
        let kind = match field.representation {
            Representation::Indexed => return self.encode_indexed(field, out),
            Representation::Incremental => LiteralKind::Incremental,
            Representation::WithoutIndexing => LiteralKind::WithoutIndexing,
            Representation::NeverIndexed => LiteralKind::NeverIndexed,
        };
        let (name, shared) = match field.name {
            Name::Literal(name) => (Bytes::copy_from_slice(name), None),
            Name::Index(index) => {
                let name = self.table.lookup_name(index).ok_or(EncodeError::Index(index))?;
                (name.clone(), Some(name))
            }
        };
        write_literal(kind, field.name, field.value, field.name_huffman, field.value_huffman, out);
        if kind == LiteralKind::Incremental {
            self.insert(&name, shared, field.value);
        }
        Ok(())
    }

    fn encode_indexed(&self, field: FieldSpec<'_>, out: &mut BytesMut) -> Result<(), EncodeError> {
        let index = match field.name {
            Name::Index(index) if self.table.contains(index) => index,
            Name::Index(index) => return Err(EncodeError::Index(index)),
            Name::Literal(name) => {
                let entry_hash = hash(hash(0, name), field.value);
                static_table::find_entry(entry_hash, name, field.value)
                    .or_else(|| self.table.find_entry(entry_hash, name, field.value))
                    .ok_or(EncodeError::NotInTable)?
            }
        };
        integer::encode(7, 0x80, index, out);
        Ok(())
    }

    fn insert(&mut self, name: &[u8], shared_name: Option<Bytes>, value: &[u8]) {
        if self.known {
            let name_hash = hash(0, name);
            self.table.insert(TableEntry::new(name, shared_name, value), (name_hash, hash(name_hash, value)));
        }
    }

    /// Follows a block that the peer gets from elsewhere: what it adds to or changes in the peer's table is done here
    /// too. Not for blocks of this encoder, which knows them already. `see` gets each name and value, but for dynamic
    /// entries once the model was given up.
    ///
    /// If the block can't be followed to its end, the model is given up as by [`Encoder::forget_table`].
    pub fn observe(&mut self, block: &[u8], see: impl FnMut(&[u8], &[u8])) -> Result<(), DecodeError> {
        let observed = self.try_observe(block, see);
        if observed.is_err() {
            self.forget_table();
        }
        observed
    }

    fn try_observe(&mut self, block: &[u8], mut see: impl FnMut(&[u8], &[u8])) -> Result<(), DecodeError> {
        let mut reader = Reader::new(block);
        let mut offset = 0;
        let mut fields_seen = false;
        // What is wrong with a size update hides no field.
        let mut size = Ok(());
        while let Some(raw) = reader.next()? {
            if !matches!(raw, RawRepresentation::SizeUpdate(_)) {
                size = size.and_then(|()| self.check_updated(offset));
                fields_seen = true;
            }
            match raw {
                RawRepresentation::Indexed(index) => match self.table.lookup(index) {
                    Some((name, value)) => see(&name, &value),
                    // Index 0 is no entry of any table (RFC 7541 §6.1).
                    None if self.known || index == 0 => {
                        return Err(DecodeError { kind: DecodeErrorKind::Index(index), offset });
                    }
                    None => {}
                },
                RawRepresentation::SizeUpdate(_) if fields_seen => {
                    return Err(DecodeError { kind: DecodeErrorKind::SizeUpdateNotAtStart, offset });
                }
                RawRepresentation::SizeUpdate(wanted) => {
                    size = size.and_then(|()| self.observe_size_update(wanted, offset));
                }
                RawRepresentation::Literal { representation, index, name, value } => {
                    let shared = match &name {
                        Some(_) => None,
                        None => match self.table.lookup_name(index) {
                            Some(name) => Some(name),
                            None if !self.known => None,
                            None => return Err(DecodeError { kind: DecodeErrorKind::Index(index), offset }),
                        },
                    };
                    let name = name.map(|literal| string(block, &literal)).transpose()?;
                    let value = string(block, &value)?;
                    if let Some(name) = name.as_ref().or(shared.as_ref()) {
                        see(name, &value);
                    }
                    if representation == Representation::Incremental {
                        let octets = name.or_else(|| shared.clone()).unwrap_or_default();
                        self.insert(&octets, shared, &value);
                    }
                }
            }
            offset = reader.position();
        }
        size.and_then(|()| self.check_updated(offset))
    }

    /// A block without the size update that a lowered setting asks for is an error to the peer (RFC 7541 §4.2).
    fn check_updated(&self, offset: usize) -> Result<(), DecodeError> {
        match self.required {
            Some(limit) => Err(DecodeError { kind: DecodeErrorKind::SizeUpdateMissing { limit }, offset }),
            None => Ok(()),
        }
    }

    fn observe_size_update(&mut self, size: u64, offset: usize) -> Result<(), DecodeError> {
        let limit = self.peer_limit;
        match usize::try_from(size).ok().filter(|size| *size <= limit) {
            Some(size) => {
                self.table.resize(size);
                self.required = self.required.filter(|required| size > *required);
                Ok(())
            }
            None => Err(DecodeError { kind: DecodeErrorKind::SizeUpdateTooLarge { size, limit }, offset }),
        }
    }

    /// Gives the model of the peer's table up, as something unreadable was sent: from here on only literals without
    /// indexing and static entries are written.
    pub fn forget_table(&mut self) {
        self.known = false;
        self.table.clear();
    }

    /// Whether the model of the peer's table is believed to be right.
    pub const fn table_known(&self) -> bool {
        self.known
    }

    /// Name and value of the dynamic entries, newest (index 62) first.
    pub fn table(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.table.iter()
    }

    /// Octets that the dynamic table holds by RFC 7541 §4.1.
    pub const fn table_size(&self) -> usize {
        self.table.size()
    }

    /// Octets that the dynamic table may hold, as last signalled to the peer.
    pub const fn table_max_size(&self) -> usize {
        self.table.max_size()
    }

    /// The peer's setting, in octets.
    pub const fn max_table_size(&self) -> usize {
        self.peer_limit
    }
}

/// A string of `block`, decoded.
fn string(block: &[u8], literal: &StringLiteral) -> Result<Bytes, DecodeError> {
    let octets = block.get(literal.range.clone()).unwrap_or_default();
    if !literal.huffman {
        return Ok(Bytes::copy_from_slice(octets));
    }
    let mut decoded = BytesMut::new();
    match huffman::decode(octets, &mut decoded) {
        Ok(()) => Ok(decoded.freeze()),
        Err(error) => Err(DecodeError { kind: error.into(), offset: literal.range.start }),
    }
}
