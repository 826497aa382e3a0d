//! Numbers that follow from a seed.

use bytes::Bytes;

/// A generator of numbers that look random and follow from its seed: SplitMix64, as published by Steele, Lea and Flood
/// in "Fast splittable pseudorandom number generators" (2014). Not for secrets.
///
/// The same seed and the same calls give the same numbers, on every machine and in every build. That is a promise of
/// this program: what is drawn here is not changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator of a seed; every seed is as good as any other.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any 64 bits.
    pub const fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `bound` - 1, each as likely as any other but for one part in 2^64 / `bound`; 0 if `bound` is 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        ((self.word() as u128 * bound as u128) >> 64) as u64
    }

    /// As [`Random::below`], for lengths and positions.
    pub const fn position(&mut self, bound: usize) -> usize {
        self.below(bound as u64) as usize
    }

    /// `least` to `most`, both included; `least` if `most` is less.
    pub const fn between(&mut self, least: i64, most: i64) -> i64 {
        let count = most as i128 - least as i128 + 1;
        if count <= 1 {
            return least;
        }
        // Up to 2^64 numbers: one more than fit into `below`.
        let drawn = (self.word() as u128 * count as u128) >> 64;
        (least as i128 + drawn as i128) as i64
    }

    /// This many octets.
    pub fn octets(&mut self, count: usize) -> Bytes {
        let words = std::iter::repeat_with(|| self.word().to_le_bytes());
        let mut octets: Vec<u8> = words.take(count.div_ceil(8)).flatten().collect();
        octets.truncate(count);
        octets.into()
    }

    /// This many letters `a` to `z`.
    pub fn letters(&mut self, count: usize) -> Bytes {
        self.octets(count).iter().map(|octet| b'a' + octet % 26).collect()
    }

    /// One of these; `None` if there are none.
    pub fn choice<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let at = self.position(of.len());
        of.get(at).copied()
    }

    /// Puts them in another order, each as likely as any other.
    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            let other = self.position(last + 1);
            all.swap(last, other);
        }
    }
}
