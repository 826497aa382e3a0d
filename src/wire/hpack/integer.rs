//! Integers with a prefix (RFC 7541 §5.1).

use bytes::{BufMut, BytesMut};
use std::fmt;

/// Octets of the longest integer that is read, the prefix's octet included. 64 bits need 11; the rest is room for
/// over-long forms, which RFC 7541 §5.1 lets a reader limit.
pub const MAX_OCTETS: usize = 16;

/// Why an integer can't be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IntegerError {
    /// The octets end before it does.
    Truncated,
    /// It has more than 64 bits.
    Overflow,
    /// It has more than [`MAX_OCTETS`] octets.
    TooLong,
}

impl fmt::Display for IntegerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the bytes end inside an integer",
            Self::Overflow => "an integer has more than 64 bits",
            Self::TooLong => "an integer has too many bytes",
        })
    }
}

impl std::error::Error for IntegerError {}

/// The bits of the prefix; `prefix_bits` is taken as the nearest of 1 to 8.
const fn mask(prefix_bits: u8) -> u8 {
    match prefix_bits {
        0 | 1 => 0x01,
        2..=7 => (1 << prefix_bits) - 1,
        _ => 0xff,
    }
}

/// Appends `value` in its shortest form. The bits of `first_octet` above the prefix are kept.
///
/// `prefix_bits` is 1 to 8; other numbers are taken as the nearest of these.
pub fn encode(prefix_bits: u8, first_octet: u8, value: u64, out: &mut BytesMut) {
    encode_over_long(prefix_bits, first_octet, value, 0, out);
}

/// Appends `value` with `extra` continuation octets that add nothing.
///
/// A value that fits into the prefix has no continuation, and `extra` has no effect (RFC 7541 §5.1).
pub fn encode_over_long(prefix_bits: u8, first_octet: u8, value: u64, extra: usize, out: &mut BytesMut) {
    let mask = mask(prefix_bits);
    let high = first_octet & !mask;
    if value < u64::from(mask) {
        out.put_u8(high | value as u8);
        return;
    }
    out.put_u8(high | mask);
    let mut rest = value - u64::from(mask);
    while rest >= 0x80 {
        out.put_u8(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    if extra == 0 {
        out.put_u8(rest as u8);
    } else {
        out.put_u8(0x80 | rest as u8);
        out.put_bytes(0x80, extra - 1);
        out.put_u8(0);
    }
}

/// Reads an integer at the front of `octets`: its value and the octets used.
///
/// Over-long forms up to [`MAX_OCTETS`] are read like any other; the octets used tell them apart.
pub fn decode(prefix_bits: u8, octets: &[u8]) -> Result<(u64, usize), IntegerError> {
    let mask = mask(prefix_bits);
    let Some((&first, rest)) = octets.split_first() else {
        return Err(IntegerError::Truncated);
    };
    if first & mask < mask {
        return Ok((u64::from(first & mask), 1));
    }
    decode_continuation(u64::from(mask), rest)
}

/// The octets behind a full prefix.
fn decode_continuation(mut value: u64, octets: &[u8]) -> Result<(u64, usize), IntegerError> {
    for (position, &octet) in octets.iter().take(MAX_OCTETS - 1).enumerate() {
        let bits = u64::from(octet & 0x7f);
        if bits != 0 {
            let shift = 7 * position as u32;
            let shifted = bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits);
            value = shifted.and_then(|shifted| value.checked_add(shifted)).ok_or(IntegerError::Overflow)?;
        }
        if octet & 0x80 == 0 {
            return Ok((value, position + 2));
        }
    }
    Err(if octets.len() >= MAX_OCTETS - 1 { IntegerError::TooLong } else { IntegerError::Truncated })
}
