//! Why a field block can't be decoded.

use super::{huffman::HuffmanError, integer::IntegerError};
use std::fmt;

/// What is wrong with a field block, and where. The peer's tables and ours differ from here on, so that nothing
/// after it can be decoded (RFC 9113 §4.3: COMPRESSION_ERROR).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// What is wrong.
    pub kind: DecodeErrorKind,
    /// Offset in the block of the representation or string that is wrong, in octets.
    pub offset: usize,
}

/// What can be wrong with a field block; each is the peer's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecodeErrorKind {
    /// No such entry in either table, or index 0 (RFC 7541 §2.3.3, §6.1).
    Index(u64),
    /// The block ends inside a representation.
    Truncated,
    /// An integer of more than 64 bits (RFC 7541 §5.1).
    IntegerOverflow,
    /// An integer of more than [`super::integer::MAX_OCTETS`] octets (RFC 7541 §5.1).
    IntegerTooLong,
    /// Huffman padding of eight bits or more (RFC 7541 §5.2).
    HuffmanPaddingTooLong,
    /// Huffman padding that is not the beginning of EOS, or a code that is cut (RFC 7541 §5.2).
    HuffmanPadding,
    /// EOS inside a string (RFC 7541 §5.2).
    HuffmanEos,
    /// A size update beyond our setting (RFC 7541 §6.3).
    SizeUpdateTooLarge {
        /// What the peer wants.
        size: u64,
        /// What we allow.
        limit: usize,
    },
    /// A size update behind a field (RFC 7541 §4.2).
    SizeUpdateNotAtStart,
    /// Our setting was lowered, but the block does not begin with a size update that obeys (RFC 7541 §4.2).
    SizeUpdateMissing {
        /// The largest size that had to be signalled.
        limit: usize,
    },
}

impl From<IntegerError> for DecodeErrorKind {
    fn from(error: IntegerError) -> Self {
        match error {
            IntegerError::Truncated => Self::Truncated,
            IntegerError::Overflow => Self::IntegerOverflow,
            IntegerError::TooLong => Self::IntegerTooLong,
        }
    }
}

impl From<HuffmanError> for DecodeErrorKind {
    fn from(error: HuffmanError) -> Self {
        match error {
            HuffmanError::PaddingTooLong => Self::HuffmanPaddingTooLong,
            HuffmanError::Padding => Self::HuffmanPadding,
            HuffmanError::Eos => Self::HuffmanEos,
        }
    }
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "index {index} is in no table"),
            Self::Truncated => f.write_str("the block ends inside a representation"),
            Self::IntegerOverflow => f.write_str("an integer has more than 64 bits"),
            Self::IntegerTooLong => f.write_str("an integer has too many bytes"),
            Self::HuffmanPaddingTooLong => f.write_str("Huffman padding has more than 7 bits"),
            Self::HuffmanPadding => f.write_str("Huffman padding is not the beginning of EOS"),
            Self::HuffmanEos => f.write_str("EOS inside a Huffman string"),
            Self::SizeUpdateTooLarge { size, limit } => {
                write!(f, "table size update to {size} where {limit} is allowed")
            }
            Self::SizeUpdateNotAtStart => f.write_str("table size update after a header"),
            Self::SizeUpdateMissing { limit } => {
                write!(f, "no table size update to {limit} or less at the start, though the setting was lowered")
            }
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {} of the header block)", self.kind, self.offset)
    }
}

impl std::error::Error for DecodeError {}
