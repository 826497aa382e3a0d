//! Huffman coding of strings (RFC 7541 §5.2).
//!
//! Decoding looks twelve bits up at once and finds one or two symbols there; the few longer codes are found by their
//! length, as the code is canonical. Encoding gathers codes in one word.

mod code;
mod decode;
#[cfg(test)]
mod tests;

pub use decode::{decode, max_decoded_len};

use bytes::{BufMut, BytesMut};
use code::{CODES, LENGTHS};
use std::fmt;

/// Why a string can't be decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HuffmanError {
    /// Padding of eight bits or more, all ones.
    PaddingTooLong,
    /// Padding that is not the beginning of EOS, or a code that is cut.
    Padding,
    /// The code of EOS.
    Eos,
}

impl fmt::Display for HuffmanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PaddingTooLong => "Huffman padding has more than 7 bits",
            Self::Padding => "Huffman padding is not the beginning of EOS",
            Self::Eos => "EOS inside a Huffman string",
        })
    }
}

impl std::error::Error for HuffmanError {}

/// Code and length of an octet, one beside the other for the cache's sake.
static ENCODE: [(u32, u8); 256] = {
    let mut table = [(0, 0); 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = (CODES[octet], LENGTHS[octet]);
        octet += 1;
    }
    table
};

/// Octets that [`encode`] appends for `octets`.
pub fn encoded_len(octets: &[u8]) -> usize {
    let bits: usize = octets.iter().map(|octet| usize::from(LENGTHS[usize::from(*octet)])).sum();
    bits.div_ceil(8)
}

/// Appends the coded octets, padded with ones.
pub fn encode(octets: &[u8], out: &mut BytesMut) {
    out.reserve(encoded_len(octets));
    let mut waiting: u64 = 0;
    let mut bits: u32 = 0;
    for octet in octets {
        let (code, length) = ENCODE[usize::from(*octet)];
        waiting = (waiting << length) | u64::from(code);
        bits += u32::from(length);
        if bits >= 32 {
            bits -= 32;
            out.put_u32((waiting >> bits) as u32);
        }
    }
    while bits >= 8 {
        bits -= 8;
        out.put_u8((waiting >> bits) as u8);
    }
    if bits > 0 {
        out.put_u8((waiting << (8 - bits)) as u8 | (0xff >> bits));
    }
}
