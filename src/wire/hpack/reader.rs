//! Representations off the front of a field block, without any table.

use super::{DecodeError, DecodeErrorKind, Representation, integer};
use std::ops::Range;

/// A string literal as it lies in the block.
#[derive(Clone, Debug)]
pub(super) struct StringLiteral {
    pub(super) huffman: bool,
    /// Where its octets are, coded or not.
    pub(super) range: Range<usize>,
}

/// A representation as it lies in the block (RFC 7541 §6).
#[derive(Clone, Debug)]
pub(super) enum RawRepresentation {
    Indexed(u64),
    Literal {
        representation: Representation,
        /// 0 with a literal name.
        index: u64,
        name: Option<StringLiteral>,
        value: StringLiteral,
    },
    SizeUpdate(u64),
}

/// Where the representations of a block begin (RFC 7541 §3.1), as far as it can be read, and where the last of them
/// ends.
pub fn boundaries(block: &[u8]) -> Vec<usize> {
    let mut reader = Reader::new(block);
    let mut boundaries = vec![0];
    while let Ok(Some(_)) = reader.next() {
        boundaries.push(reader.position());
    }
    boundaries
}

/// A position in a field block.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    block: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(block: &'a [u8]) -> Self {
        Self { block, position: 0 }
    }

    /// Octets read so far.
    pub(super) const fn position(&self) -> usize {
        self.position
    }

    /// The next representation, or `None` at the end of the block.
    pub(super) fn next(&mut self) -> Result<Option<RawRepresentation>, DecodeError> {
        let Some(&first) = self.block.get(self.position) else {
            return Ok(None);
        };
        let (representation, prefix_bits) = match first {
            0x80.. => return Ok(Some(RawRepresentation::Indexed(self.integer(7)?))),
            0x40..0x80 => (Representation::Incremental, 6),
            0x20..0x40 => return Ok(Some(RawRepresentation::SizeUpdate(self.integer(5)?))),
            0x10..0x20 => (Representation::NeverIndexed, 4),
            0x00..0x10 => (Representation::WithoutIndexing, 4),
        };
        let index = self.integer(prefix_bits)?;
        let name = if index == 0 { Some(self.string()?) } else { None };
        let value = self.string()?;
        Ok(Some(RawRepresentation::Literal { representation, index, name, value }))
    }

    fn rest(&self) -> &'a [u8] {
        self.block.get(self.position..).unwrap_or_default()
    }

    fn integer(&mut self, prefix_bits: u8) -> Result<u64, DecodeError> {
        match integer::decode(prefix_bits, self.rest()) {
            Ok((value, used)) => {
                self.position += used;
                Ok(value)
            }
            Err(error) => Err(self.error(error.into())),
        }
    }

    fn string(&mut self) -> Result<StringLiteral, DecodeError> {
        let huffman = self.rest().first().is_some_and(|first| first & 0x80 != 0);
        let length = self.integer(7)?;
        let start = self.position;
        let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
        let Some(end) = end.filter(|end| *end <= self.block.len()) else {
            return Err(self.error(DecodeErrorKind::Truncated));
        };
        self.position = end;
        Ok(StringLiteral { huffman, range: start..end })
    }

    const fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError { kind, offset: self.position }
    }
}
