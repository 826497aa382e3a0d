use super::HuffmanError;
use super::code::{CODES, LENGTHS, MAX_LENGTH, ORDERED, SYMBOLS};
use bytes::BytesMut;

/// Bits looked up at once: two of the commonest codes, or any code of up to twelve bits.
const LOOKUP_BITS: u32 = 12;
const LOOKUP_SIZE: usize = 1 << LOOKUP_BITS;

/// What a run of [`LOOKUP_BITS`] bits begins with.
#[derive(Clone, Copy)]
struct Found {
    /// The first of them is the earlier.
    symbols: [u8; 2],
    /// How many symbols; 0 = a longer code.
    count: u8,
    /// Bits of their codes together.
    bits: u8,
}

static LOOKUP: [Found; LOOKUP_SIZE] = lookup();

const fn lookup() -> [Found; LOOKUP_SIZE] {
    let mut singles = [Found { symbols: [0, 0], count: 0, bits: 0 }; LOOKUP_SIZE];
    let mut symbol = 0;
    while symbol < 256 {
        let bits = LENGTHS[symbol];
        if bits as u32 <= LOOKUP_BITS {
            let free = LOOKUP_BITS - bits as u32;
            let first = (CODES[symbol] as usize) << free;
            let mut position = first;
            while position < first + (1 << free) {
                singles[position] = Found { symbols: [symbol as u8, 0], count: 1, bits };
                position += 1;
            }
        }
        symbol += 1;
    }
    let mut pairs = singles;
    let mut position = 0;
    while position < LOOKUP_SIZE {
        let first = singles[position];
        let second = singles[(position << first.bits) % LOOKUP_SIZE];
        let bits = first.bits + second.bits;
        if first.count == 1 && second.count == 1 && bits as u32 <= LOOKUP_BITS {
            pairs[position] = Found { symbols: [first.symbols[0], second.symbols[0]], count: 2, bits };
        }
        position += 1;
    }
    pairs
}

/// The codes of one length.
#[derive(Clone, Copy)]
struct Length {
    bits: u8,
    /// The last code of this length, left-aligned, all further bits set.
    last: u32,
    /// The first code of this length, right-aligned.
    first: u32,
    /// Where its symbol is in [`ORDERED`].
    position: u16,
}

/// The lengths above [`LOOKUP_BITS`] that codes have.
const LONG_LENGTHS: usize = 14;
static LONG: [Length; LONG_LENGTHS] = long();

const fn long() -> [Length; LONG_LENGTHS] {
    let mut lengths = [Length { bits: MAX_LENGTH as u8, last: u32::MAX, first: 0, position: 0 }; LONG_LENGTHS];
    let mut used = 0;
    let mut position = 0;
    while position < SYMBOLS {
        let symbol = ORDERED[position] as usize;
        let bits = LENGTHS[symbol];
        if bits as u32 > LOOKUP_BITS {
            if used == 0 || lengths[used - 1].bits != bits {
                lengths[used] = Length { bits, last: 0, first: CODES[symbol], position: position as u16 };
                used += 1;
            }
            let free = 32 - bits as u32;
            lengths[used - 1].last = (CODES[symbol] << free) | ((1 << free) - 1);
        }
        position += 1;
    }
    lengths
}

/// The symbol and the bits of the long code that `word` begins with.
fn long_code(word: u32) -> (u16, u8) {
    for length in &LONG {
        if word <= length.last {
            let offset = (word >> (32 - u32::from(length.bits))).wrapping_sub(length.first) as usize;
            let symbol = ORDERED.get(usize::from(length.position) + offset);
            return (symbol.copied().unwrap_or(EOS), length.bits);
        }
    }
    (EOS, MAX_LENGTH as u8)
}

const EOS: u16 = 256;

/// The most octets that `length` coded octets can mean: the shortest code has five bits. Includes the one octet more
/// that [`decode`] writes into while it works.
pub const fn max_decoded_len(length: usize) -> usize {
    length.saturating_mul(8) / 5 + 2
}

/// Bits read ahead: the next one is the highest of `word`; behind the `bits` that are real come ones.
struct Bits<'a> {
    rest: &'a [u8],
    word: u64,
    bits: u32,
}

impl Bits<'_> {
    /// Reads ahead 56 bits or more, or all that are left.
    fn refill(&mut self) {
        if let Some(chunk) = self.rest.first_chunk::<8>() {
            // Whole octets are taken; the bits of the next one are already right, and will be set again.
            self.word |= u64::from_be_bytes(*chunk) >> self.bits;
            let octets = (63 - self.bits) / 8;
            self.bits += octets * 8;
            self.rest = self.rest.get(octets as usize..).unwrap_or_default();
        } else {
            while self.bits <= 56
                && let Some((octet, behind)) = self.rest.split_first()
            {
                self.word |= u64::from(*octet) << (56 - self.bits);
                self.bits += 8;
                self.rest = behind;
            }
        }
    }

    const fn take(&mut self, bits: u8) {
        self.word <<= bits;
        self.bits -= bits as u32;
    }

    /// The next 32 bits, with ones behind the last.
    const fn peek(&self) -> u32 {
        let ones = if self.bits < 64 { u64::MAX >> self.bits } else { 0 };
        ((self.word | ones) >> 32) as u32
    }
}

/// Appends the decoded octets; on an error, nothing.
pub fn decode(coded: &[u8], out: &mut BytesMut) -> Result<(), HuffmanError> {
    let start = out.len();
    out.resize(start + max_decoded_len(coded.len()), 0);
    let decoded = decode_into(coded, out.get_mut(start..).unwrap_or_default());
    out.truncate(start + decoded.unwrap_or(0));
    decoded.map(|_| ())
}

/// Decodes into a slice of [`max_decoded_len`] octets and tells how many of them are used.
fn decode_into(coded: &[u8], out: &mut [u8]) -> Result<usize, HuffmanError> {
    let mut bits = Bits { rest: coded, word: 0, bits: 0 };
    let mut length = 0;
    loop {
        bits.refill();
        while bits.bits >= MAX_LENGTH as u32 {
            let found = &LOOKUP[(bits.word >> (64 - LOOKUP_BITS)) as usize];
            if found.count == 0 {
                let (symbol, used) = long_code((bits.word >> 32) as u32);
                put(out, length, [u8::try_from(symbol).map_err(|_| HuffmanError::Eos)?, 0]);
                bits.take(used);
                length += 1;
            } else {
                put(out, length, found.symbols);
                bits.take(found.bits);
                length += usize::from(found.count);
            }
        }
        if bits.rest.is_empty() {
            return decode_end(bits, out, length);
        }
    }
}

/// The last bits, symbol by symbol, and the padding.
fn decode_end(mut bits: Bits<'_>, out: &mut [u8], mut length: usize) -> Result<usize, HuffmanError> {
    loop {
        let word = bits.peek();
        let found = &LOOKUP[(word >> (32 - LOOKUP_BITS)) as usize];
        let (symbol, used) = match found.count {
            0 => long_code(word),
            _ => (u16::from(found.symbols[0]), LENGTHS[usize::from(found.symbols[0])]),
        };
        if u32::from(used) > bits.bits {
            break;
        }
        put(out, length, [u8::try_from(symbol).map_err(|_| HuffmanError::Eos)?, 0]);
        bits.take(used);
        length += 1;
    }
    match bits.peek() {
        u32::MAX if bits.bits < 8 => Ok(length),
        u32::MAX => Err(HuffmanError::PaddingTooLong),
        _ => Err(HuffmanError::Padding),
    }
}

/// Writes two octets, of which the second may yet be overwritten.
fn put(out: &mut [u8], position: usize, octets: [u8; 2]) {
    if let Some(pair) = out.get_mut(position..position + 2) {
        pair.copy_from_slice(&octets);
    }
}
