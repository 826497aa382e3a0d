//! A frame, changed in one of its parts.

use super::block::{self, BlockMutation};
use super::octets::{self, Count, OctetsMutation};
use super::random::Random;
use crate::wire::frame::{Frame, FrameType, Padding, flag};
use bytes::Bytes;
use std::fmt;

const MAX_STREAM: u32 = 0x7fff_ffff;

/// What was done to a frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mutation {
    /// Another type.
    Type {
        /// What it was.
        from: FrameType,
        /// What it is.
        to: FrameType,
    },
    /// One bit of the flags is the other one.
    Flag {
        /// The bit as a number: 0x01, 0x02 … 0x80.
        bit: u8,
        /// Whether it is set now.
        on: bool,
    },
    /// Another stream.
    StreamId {
        /// What it was.
        from: u32,
        /// What it is.
        to: u32,
    },
    /// The reserved bit is the other one (RFC 9113 §4.1).
    Reserved {
        /// Whether it is set now.
        on: bool,
    },
    /// The header announces another length than there is.
    Length {
        /// Octets announced.
        announced: u32,
        /// Octets that there are.
        there: usize,
    },
    /// A pad length without so much padding (RFC 9113 §6.1).
    PadLength {
        /// Octets of padding announced.
        announced: u8,
        /// Octets behind the pad length.
        there: usize,
    },
    /// Padding, or other padding than before.
    Padding {
        /// Its octets.
        octets: usize,
        /// Whether it is zeros, as it has to be (RFC 9113 §6.1).
        zeros: bool,
    },
    /// A number of the payload that its type gives a meaning: an error code, an increment, a setting, a stream.
    Word {
        /// Its first octet in the payload.
        at: usize,
        /// Its octets, 2 or 4.
        width: usize,
        /// What it is now.
        value: u32,
    },
    /// The payload, whatever it means.
    Payload(OctetsMutation),
    /// The field block.
    Block(BlockMutation),
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type { from, to } => write!(f, "type {to} instead of {from}"),
            Self::Flag { bit, on: true } => write!(f, "flag {bit:#04x} set"),
            Self::Flag { bit, on: false } => write!(f, "flag {bit:#04x} cleared"),
            Self::StreamId { from, to } => write!(f, "stream {to} instead of {from}"),
            Self::Reserved { on: true } => f.write_str("reserved bit set"),
            Self::Reserved { on: false } => f.write_str("reserved bit cleared"),
            Self::Length { announced, there } => write!(f, "length {announced} for {}", Count(*there)),
            Self::PadLength { announced, there } => {
                write!(f, "pad length {announced} for {}", Count(*there))
            }
            Self::Padding { octets, zeros: true } => write!(f, "{} of padding", Count(*octets)),
            Self::Padding { octets, zeros: false } => write!(f, "{} of padding, not zeros", Count(*octets)),
            Self::Word { at, width, value } => write!(f, "payload: {width} bytes at {at} set to {value:#x}"),
            Self::Payload(mutation) => write!(f, "payload: {mutation}"),
            Self::Block(mutation) => write!(f, "header block: {mutation}"),
        }
    }
}

#[derive(Clone, Copy)]
enum Part {
    Type,
    Flag,
    StreamId,
    Reserved,
    Length,
    Padding,
    Word,
    Payload,
    Block,
}

/// Changes a frame in one place, as the seed says; what is written of the result differs from what is written of it.
pub fn mutate(frame: &Frame, seed: u64) -> (Frame, Mutation) {
    let mut random = Random::new(seed);
    let parts = parts(frame.frame_type);
    let first = random.position(parts.len());
    let before = frame.octets();
    for part in parts.iter().cycle().skip(first).take(parts.len()) {
        let mut mutant = frame.clone();
        if let Some(mutation) = apply(*part, &mut mutant, &mut random)
            && mutant.octets() != before
        {
            return (mutant, mutation);
        }
    }
    // Whatever else may come to nothing, this bit is always written.
    let mutant = Frame { reserved: !frame.reserved, ..frame.clone() };
    (mutant, Mutation::Reserved { on: !frame.reserved })
}

/// Parts of a frame that can be changed, those where there is more to go wrong several times.
fn parts(frame_type: FrameType) -> Vec<Part> {
    let mut parts =
        vec![Part::Type, Part::Flag, Part::Flag, Part::StreamId, Part::Reserved, Part::Length, Part::Length];
    parts.extend([Part::Payload; 3]);
    if flag::defined(frame_type) & flag::PADDED != 0 {
        parts.extend([Part::Padding; 2]);
    }
    match frame_type {
        FrameType::HEADERS | FrameType::CONTINUATION => parts.extend([Part::Block; 8]),
        FrameType::PUSH_PROMISE => parts.extend([[Part::Block; 6].as_slice(), &[Part::Word; 3]].concat()),
        FrameType::PRIORITY
        | FrameType::RST_STREAM
        | FrameType::SETTINGS
        | FrameType::GOAWAY
        | FrameType::WINDOW_UPDATE
        | FrameType::PRIORITY_UPDATE => parts.extend([Part::Word; 5]),
        _ => {}
    }
    parts
}

/// `None` where the part is not there.
fn apply(part: Part, frame: &mut Frame, random: &mut Random) -> Option<Mutation> {
    match part {
        Part::Type => {
            let from = frame.frame_type;
            // The known types, those between them, and one that nobody knows.
            frame.frame_type = FrameType(random.choice(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 0xfe])?);
            Some(Mutation::Type { from, to: frame.frame_type })
        }
        Part::Flag => {
            let bit = 1 << random.below(8);
            frame.flags ^= bit;
            Some(Mutation::Flag { bit, on: frame.has(bit) })
        }
        Part::StreamId => {
            let from = frame.stream_id;
            let any = random.below(u64::from(MAX_STREAM)) as u32;
            let next = from.saturating_add(2).min(MAX_STREAM);
            frame.stream_id = random.choice(&[0, 1, 2, from ^ 1, next, MAX_STREAM - 1, MAX_STREAM, any])?;
            Some(Mutation::StreamId { from, to: frame.stream_id })
        }
        Part::Reserved => {
            frame.reserved = !frame.reserved;
            Some(Mutation::Reserved { on: frame.reserved })
        }
        Part::Length => {
            let there = frame.true_length();
            let length = u32::try_from(there).unwrap_or(u32::MAX);
            let (less, more) = (length.saturating_sub(1), length.saturating_add(1));
            let any = random.below(16_385) as u32;
            let announced = random.choice(&[0, less, more, length.saturating_add(9), 16_385, 0x00ff_ffff, any])?;
            frame.length = Some(announced);
            Some(Mutation::Length { announced, there })
        }
        Part::Padding => padding(frame, random),
        Part::Word => word(frame, random),
        Part::Payload => {
            let (payload, mutation) = octets::mutate(&frame.payload, random);
            frame.payload = payload;
            Some(Mutation::Payload(mutation))
        }
        Part::Block => {
            let fixed = fixed(frame);
            let (block, mutation) = block::mutate(&frame.payload.get(fixed..)?.to_vec().into(), random)?;
            frame.payload = [frame.payload.get(..fixed)?, &block].concat().into();
            Some(Mutation::Block(mutation))
        }
    }
}

/// Octets before the field block.
fn fixed(frame: &Frame) -> usize {
    match frame.frame_type {
        FrameType::HEADERS if frame.has(flag::PRIORITY) => 5,
        FrameType::PUSH_PROMISE => 4,
        _ => 0,
    }
}

fn padding(frame: &mut Frame, random: &mut Random) -> Option<Mutation> {
    frame.set_flag(flag::PADDED, true);
    if random.below(2) == 0 {
        let mut padding = frame.padding.take().unwrap_or_default();
        let there = frame.payload.len() + padding.octets.len();
        let least = u8::try_from(there).ok()?.checked_add(1)?;
        let announced = u8::MAX - random.below(u64::from(u8::MAX - least) + 1) as u8;
        padding.length = Some(announced);
        frame.padding = Some(padding);
        return Some(Mutation::PadLength { announced, there });
    }
    let (count, zeros) = (random.position(256), random.below(2) == 0);
    let octets = if zeros { vec![0; count].into() } else { random.octets(count) };
    frame.padding = Some(Padding { octets, length: None });
    Some(Mutation::Padding { octets: count, zeros })
}

/// Sets one of the numbers that the type has to one that means trouble.
fn word(frame: &mut Frame, random: &mut Random) -> Option<Mutation> {
    const ANY: [u32; 6] = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xdead_beef];
    const CODES: [u32; 6] = [0, 1, 11, 14, 0x7fff_ffff, 0xffff_ffff];
    // Defaults, bounds and what lies beyond (RFC 9113 §6.5.2).
    const VALUES: [u32; 9] = [0, 1, 2, 16_383, 16_384, 0x00ff_ffff, 0x0100_0000, 0x7fff_ffff, 0x8000_0000];
    const IDS: [u32; 9] = [0, 1, 2, 3, 4, 5, 6, 8, 0xffff];
    let (at, width, value) = match frame.frame_type {
        FrameType::RST_STREAM => (0, 4, random.choice(&CODES)?),
        FrameType::GOAWAY if random.below(2) == 0 => (4, 4, random.choice(&CODES)?),
        FrameType::PRIORITY | FrameType::PUSH_PROMISE => {
            // A stream that depends on itself, or promises itself.
            let own = [frame.stream_id, frame.stream_id.wrapping_add(2), 1, 2];
            (0, 4, if random.below(2) == 0 { random.choice(&own)? } else { random.choice(&ANY)? })
        }
        FrameType::SETTINGS => {
            let entry = 6 * random.position(frame.payload.len() / 6);
            match random.below(3) {
                0 => (entry, 2, random.choice(&IDS)?),
                _ => (entry + 2, 4, random.choice(&VALUES)?),
            }
        }
        _ => (0, 4, random.choice(&ANY)?),
    };
    let mut payload = frame.payload.to_vec();
    payload.get_mut(at..at + width)?.copy_from_slice(value.to_be_bytes().get(4 - width..)?);
    frame.payload = Bytes::from(payload);
    Some(Mutation::Word { at, width, value })
}
