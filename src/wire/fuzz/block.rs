//! A field block, changed where readers of HPACK go wrong.

use super::Random;
use super::octets::Count;
use crate::wire::hpack::{BlockBuilder, Name, boundaries};
use bytes::Bytes;
use std::fmt;

/// Octets of representations that are repeated, all copies together.
const MAX_REPEATED: usize = 16 * 1024;

/// Indices that no table has (RFC 7541 §2.3.3).
const BEYOND: [u64; 5] = [1_000, 65_536, 0x7fff_ffff, 0xffff_ffff, u64::MAX];

/// Sizes that a dynamic table may not have by default, or that no table fits into (RFC 7541 §4.2).
const SIZES: [u64; 7] = [0, 1, 31, 4_097, 65_536, 0xffff_ffff, u64::MAX];

/// What was done to a field block. Positions count from its first octet, 0, and lie between representations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockMutation {
    /// The indexed field 0 stands in between (RFC 7541 §6.1).
    IndexZero {
        /// Where.
        at: usize,
    },
    /// An indexed field that no table has stands in between (RFC 7541 §2.3.3).
    IndexBeyond {
        /// Where.
        at: usize,
        /// The index.
        index: u64,
    },
    /// A literal whose index has octets that add nothing stands in between (RFC 7541 §5.1).
    IntegerOverLong {
        /// Where.
        at: usize,
        /// Such octets.
        extra: usize,
    },
    /// An index of more than 64 bits stands in between (RFC 7541 §5.1).
    IntegerOverflow {
        /// Where.
        at: usize,
    },
    /// A literal whose Huffman-coded value is padded by more than seven ones stands in between (RFC 7541 §5.2).
    HuffmanPaddingTooLong {
        /// Where.
        at: usize,
    },
    /// A literal whose Huffman-coded value is padded by zeros stands in between (RFC 7541 §5.2).
    HuffmanPaddingZeros {
        /// Where.
        at: usize,
    },
    /// A literal with EOS in its Huffman-coded value stands in between (RFC 7541 §5.2).
    HuffmanEos {
        /// Where.
        at: usize,
    },
    /// A literal whose value says to be longer than it is stands in between.
    StringLength {
        /// Where.
        at: usize,
        /// Octets that the value announces.
        announced: u64,
    },
    /// A size update stands in between, most often where none may be (RFC 7541 §4.2).
    SizeUpdate {
        /// Where.
        at: usize,
        /// The size.
        size: u64,
    },
    /// A field whose name has a capital stands in between (RFC 9113 §8.2.1).
    Capital {
        /// Where.
        at: usize,
    },
    /// The block ends inside a representation.
    Truncated {
        /// Octets that are left.
        to: usize,
    },
    /// A representation stands there several times.
    Repeated {
        /// The first of them.
        at: usize,
        /// How often.
        times: usize,
    },
    /// A representation stands at the end rather than where it was.
    MovedToTheEnd {
        /// Where it was.
        at: usize,
    },
}

impl fmt::Display for BlockMutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IndexZero { at } => write!(f, "index 0 at {at}"),
            Self::IndexBeyond { at, index } => write!(f, "index {index} at {at}, beyond every table"),
            Self::IntegerOverLong { at, extra } => write!(f, "an index with {extra} bytes that add nothing at {at}"),
            Self::IntegerOverflow { at } => write!(f, "an index of more than 64 bits at {at}"),
            Self::HuffmanPaddingTooLong { at } => write!(f, "Huffman padding of more than seven ones at {at}"),
            Self::HuffmanPaddingZeros { at } => write!(f, "Huffman padding of zeros at {at}"),
            Self::HuffmanEos { at } => write!(f, "EOS in a Huffman-coded value at {at}"),
            Self::StringLength { at, announced } => {
                write!(f, "a value at {at} that announces {announced} bytes and has 5")
            }
            Self::SizeUpdate { at, size } => write!(f, "a size update to {size} at {at}"),
            Self::Capital { at } => write!(f, "a name with a capital at {at}"),
            Self::Truncated { to } => write!(f, "cut after {}, inside a representation", Count(*to)),
            Self::Repeated { at, times } => write!(f, "the representation at {at} repeated {times} times"),
            Self::MovedToTheEnd { at } => write!(f, "the representation at {at} moved to the end"),
        }
    }
}

/// Kinds of change; the first ten stand in between.
const KINDS: u64 = 13;

/// Changes a block in one place; `None` where that comes to nothing.
pub(super) fn mutate(block: &Bytes, random: &mut Random) -> Option<(Bytes, BlockMutation)> {
    let boundaries = boundaries(block);
    let kind = random.below(KINDS);
    let (octets, mutation) = match kind {
        0..10 => {
            let at = random.choice(&boundaries)?;
            let (more, mutation) = insertion(kind, at, random)?;
            ([block.get(..at)?, &more, block.get(at..)?].concat(), mutation)
        }
        10 => {
            let inside: Vec<usize> = (1..block.len()).filter(|at| !boundaries.contains(at)).collect();
            let to = random.choice(&inside)?;
            (block.get(..to)?.to_vec(), BlockMutation::Truncated { to })
        }
        _ => {
            let which = random.position(boundaries.len().checked_sub(1)?);
            let (at, end) = (*boundaries.get(which)?, *boundaries.get(which + 1)?);
            let (before, piece, after) = (block.get(..at)?, block.get(at..end)?, block.get(end..)?);
            if kind == 11 {
                let most = (MAX_REPEATED / piece.len().max(1)).max(2);
                let times = random.choice(&[2, 2, 3, 10, 100, most])?.min(most);
                ([before, &piece.repeat(times), after].concat(), BlockMutation::Repeated { at, times })
            } else {
                ([before, after, piece].concat(), BlockMutation::MovedToTheEnd { at })
            }
        }
    };
    (octets != *block).then(|| (octets.into(), mutation))
}

/// What is to stand at `at`.
fn insertion(kind: u64, at: usize, random: &mut Random) -> Option<(Bytes, BlockMutation)> {
    let mut more = BlockBuilder::new();
    let huffman = |more: &mut BlockBuilder, octets: &[u8]| {
        more.raw(&[0]).string(b"x-fuzz", false).string_as(true, octets.len() as u64, octets);
    };
    let mutation = match kind {
        0 => {
            more.indexed(0);
            BlockMutation::IndexZero { at }
        }
        1 => {
            let index = random.choice(&BEYOND)?;
            more.indexed(index);
            BlockMutation::IndexBeyond { at, index }
        }
        2 => {
            // Index 59 is vary (RFC 7541 appendix A).
            let extra = 1 + random.position(20);
            more.integer(4, 59, 0, extra).string(b"*", false);
            BlockMutation::IntegerOverLong { at, extra }
        }
        3 => {
            more.raw(&[0xff; 10]).raw(&[0x7f]);
            BlockMutation::IntegerOverflow { at }
        }
        // `a` is 00011, EOS thirty ones (RFC 7541 appendix B).
        4 => {
            huffman(&mut more, &[0b0001_1111, 0b1111_1111]);
            BlockMutation::HuffmanPaddingTooLong { at }
        }
        5 => {
            huffman(&mut more, &[0b0001_1000]);
            BlockMutation::HuffmanPaddingZeros { at }
        }
        6 => {
            huffman(&mut more, &[0xff; 4]);
            BlockMutation::HuffmanEos { at }
        }
        7 => {
            let announced = random.choice(&[6, 127, 16_384, 0xffff_ffff, u64::MAX])?;
            more.raw(&[0]).string(b"x-fuzz", false).string_as(false, announced, b"short");
            BlockMutation::StringLength { at, announced }
        }
        8 => {
            let size = random.choice(&SIZES)?;
            more.size_update(size);
            BlockMutation::SizeUpdate { at, size }
        }
        _ => {
            more.without_indexing(Name::Literal(b"X-Fuzz"), b"1");
            BlockMutation::Capital { at }
        }
    };
    Some((more.finish(), mutation))
}
