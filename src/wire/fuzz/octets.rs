//! Any octets, changed in one place.

use super::Random;
use bytes::Bytes;
use std::fmt;

/// Octets that one change adds at most, but for a repetition.
const MAX_ADDED: u64 = 300;

/// Octets of something that is repeated, all copies together.
const MAX_REPEATED: usize = 32 * 1024;

/// Numbers at which readers go wrong, by their width in octets.
const INTERESTING: [(usize, u64); 22] = [
    (1, 0),
    (1, 1),
    (1, 0x7f),
    (1, 0x80),
    (1, 0xff),
    (2, 0),
    (2, 0x7fff),
    (2, 0x8000),
    (2, 0xffff),
    (3, 0x00_4000),
    (3, 0x00_4001),
    (3, 0xff_ffff),
    (4, 0),
    (4, 1),
    (4, 0xffff),
    (4, 0x7fff_ffff),
    (4, 0x8000_0000),
    (4, 0xffff_ffff),
    (8, 0),
    (8, 0x7fff_ffff_ffff_ffff),
    (8, 0x8000_0000_0000_0000),
    (8, 0xffff_ffff_ffff_ffff),
];

/// What was done to some octets. Positions count from their first, 0.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OctetsMutation {
    /// One bit is the other one, the lowest being 0.
    Flipped {
        /// The octet.
        at: usize,
        /// The bit.
        bit: u8,
    },
    /// One octet is another.
    Set {
        /// The octet.
        at: usize,
        /// What it is now.
        to: u8,
    },
    /// A number stands there, in network order.
    Number {
        /// Its first octet.
        at: usize,
        /// Its octets.
        width: usize,
        /// The number.
        value: u64,
    },
    /// The end is missing.
    Cut {
        /// Octets that are left.
        to: usize,
    },
    /// Octets in the middle are missing.
    Removed {
        /// The first of them.
        at: usize,
        /// How many.
        count: usize,
    },
    /// Others stand in between.
    Inserted {
        /// The first of them.
        at: usize,
        /// How many.
        count: usize,
    },
    /// Others follow.
    Extended {
        /// How many.
        by: usize,
    },
    /// Some stand there several times.
    Repeated {
        /// The first of them.
        at: usize,
        /// How many are repeated.
        count: usize,
        /// How often they stand there.
        times: usize,
    },
}

impl fmt::Display for OctetsMutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flipped { at, bit } => write!(f, "bit {bit} of byte {at} flipped"),
            Self::Set { at, to } => write!(f, "byte {at} set to {to:#04x}"),
            Self::Number { at, width, value } => write!(f, "{} at {at} set to {value:#x}", Count(*width)),
            Self::Cut { to } => write!(f, "cut after {}", Count(*to)),
            Self::Removed { at, count } => write!(f, "{} at {at} removed", Count(*count)),
            Self::Inserted { at, count } => write!(f, "{} inserted at {at}", Count(*count)),
            Self::Extended { by } => write!(f, "{} added at the end", Count(*by)),
            Self::Repeated { at, count, times } => write!(f, "{} at {at} repeated {times} times", Count(*count)),
        }
    }
}

/// This many octets, in words.
pub(super) struct Count(pub usize);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "byte" } else { "bytes" })
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Flipped,
    Set,
    Number,
    Cut,
    Removed,
    Inserted,
    Extended,
    Repeated,
}

const KINDS: [Kind; 8] =
    [Kind::Flipped, Kind::Set, Kind::Number, Kind::Cut, Kind::Removed, Kind::Inserted, Kind::Extended, Kind::Repeated];

/// Changes octets in one place, as the seed says; the result differs from them.
pub fn mutate_octets(octets: &Bytes, seed: u64) -> (Bytes, OctetsMutation) {
    mutate(octets, &mut Random::new(seed))
}

/// The same with numbers drawn from `random`.
pub(super) fn mutate(octets: &Bytes, random: &mut Random) -> (Bytes, OctetsMutation) {
    let first = random.position(KINDS.len());
    let mutants = KINDS.into_iter().cycle().skip(first).take(KINDS.len());
    let mut mutants = mutants.filter_map(|kind| apply(kind, octets, random)).filter(|(mutant, _)| mutant != octets);
    mutants.next().unwrap_or_else(|| {
        // Whatever else may come to nothing, longer octets are others.
        ([octets, &b"\0"[..]].concat().into(), OctetsMutation::Extended { by: 1 })
    })
}

/// `None` where there is nothing that this kind could change.
fn apply(kind: Kind, octets: &Bytes, random: &mut Random) -> Option<(Bytes, OctetsMutation)> {
    let length = octets.len();
    let at = random.position(length);
    let mut mutant = octets.to_vec();
    let mutation = match kind {
        Kind::Flipped => {
            let bit = random.below(8) as u8;
            *mutant.get_mut(at)? ^= 1 << bit;
            OctetsMutation::Flipped { at, bit }
        }
        Kind::Set => {
            let to = random.below(256) as u8;
            *mutant.get_mut(at)? = to;
            OctetsMutation::Set { at, to }
        }
        Kind::Number => {
            let (width, value) = random.choice(&INTERESTING)?;
            let at = random.position((length + 1).checked_sub(width)?);
            mutant.get_mut(at..at + width)?.copy_from_slice(value.to_be_bytes().get(8 - width..)?);
            OctetsMutation::Number { at, width, value }
        }
        Kind::Cut => {
            mutant.truncate(at);
            OctetsMutation::Cut { to: at }
        }
        Kind::Removed => {
            let count = 1 + random.position(length.checked_sub(at + 1)?.min(16));
            mutant.drain(at..at + count);
            OctetsMutation::Removed { at, count }
        }
        Kind::Inserted => {
            let count = 1 + random.position(16);
            mutant.splice(at..at, random.octets(count));
            OctetsMutation::Inserted { at, count }
        }
        Kind::Extended => {
            let by = 1 + random.below(MAX_ADDED) as usize;
            mutant.extend_from_slice(&random.octets(by));
            OctetsMutation::Extended { by }
        }
        Kind::Repeated => {
            let count = 1 + random.position(length.checked_sub(at + 1)?.min(256));
            let times = random.choice(&[2, 2, 3, 10, 100, MAX_REPEATED])?.min(MAX_REPEATED / count);
            let piece = octets.slice(at..at + count);
            mutant.splice(at..at + count, piece.repeat(times));
            OctetsMutation::Repeated { at, count, times }
        }
    };
    Some((mutant.into(), mutation))
}
