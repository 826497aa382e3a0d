//! The fuzz targets' drivers over their seeds and mutations of them: what cargo-fuzz does, as ordinary tests.
//!
//! The mutations come from a fixed seed: a failure comes again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

#[path = "../../fuzz/drivers/decode.rs"]
mod decode;
#[path = "../../fuzz/drivers/h1.rs"]
mod h1;
#[path = "../../fuzz/drivers/h2.rs"]
mod h2;
#[path = "../../fuzz/drivers/wire.rs"]
mod wire;

/// Mutations of each seed.
const MUTATIONS: usize = 4000;

/// Longest mutated input, in octets.
const LONGEST: usize = 4096;

fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a folder can be read").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no seeds", folder.display());
    files.into_iter().map(|file| (file.clone(), std::fs::read(file).expect("a seed can be read"))).collect()
}

/// Runs every seed and its mutations; says which octets made the driver panic.
fn smoke(target: &str, driver: fn(&[u8])) {
    smoke_some(target, driver, MUTATIONS);
}

/// The same with fewer mutations, for drivers that take longer.
fn smoke_some(target: &str, driver: fn(&[u8]), mutations: usize) {
    let seeds = seeds(target);
    let mut random = Random(0x7769_7265);
    for (path, seed) in &seeds {
        judge(driver, seed, &format!("{}", path.display()));
        for number in 0..mutations {
            let other = &seeds[below(&mut random, seeds.len())].1;
            let mutated = mutate(seed, other, &mut random);
            judge(driver, &mutated, &format!("mutation {number} of {}", path.display()));
        }
    }
}

fn judge(driver: fn(&[u8]), octets: &[u8], what: &str) {
    let result = catch_unwind(AssertUnwindSafe(|| driver(octets)));
    assert!(result.is_ok(), "{what} makes the driver panic: {octets:02x?}");
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn below(random: &mut Random, end: usize) -> usize {
    (random.next_u64() % end.max(1) as u64) as usize
}

/// One to four changes: bits, octets, pieces left out, doubled, or taken from another seed.
fn mutate(seed: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut octets = seed.to_vec();
    for _ in 0..=below(random, 4) {
        let at = below(random, octets.len() + 1);
        let end = at + below(random, octets.len() - at + 1);
        match below(random, 7) {
            0 => octets.iter_mut().skip(at).take(1).for_each(|octet| *octet ^= 1 << below(random, 8)),
            1 => octets.iter_mut().skip(at).take(1).for_each(|octet| *octet = random.next_u64() as u8),
            2 => octets.insert(at, [0, 1, 0x7f, 0x80, 0xff][below(random, 5)]),
            3 => drop(octets.drain(at..end)),
            4 => octets.extend_from_within(at..end),
            5 => octets.truncate(at),
            _ => drop(octets.splice(at..at, other[below(random, other.len())..].iter().copied())),
        }
        octets.truncate(LONGEST);
    }
    octets
}

#[test]
fn frames() {
    smoke("frames", wire::frames);
}

#[test]
fn hpack() {
    smoke("hpack", wire::hpack);
}

#[test]
fn h2_octets() {
    smoke("h2_octets", h2::octets);
}

#[test]
fn h2_operations() {
    smoke("h2_operations", h2::operations);
}

#[test]
fn h2_client_octets() {
    smoke_some("h2_client_octets", h2::client_octets, MUTATIONS / 4);
}

#[test]
fn h2_client_operations() {
    smoke_some("h2_client_operations", h2::client_operations, MUTATIONS / 4);
}

#[test]
fn h2_view() {
    smoke_some("h2_view", h2::view, MUTATIONS / 10);
}

#[test]
fn decode_octets() {
    smoke_some("decode", decode::decode, MUTATIONS / 4);
}

#[test]
fn h1_octets() {
    smoke("h1", h1::h1);
}

#[test]
#[should_panic(expected = "makes the driver panic")]
fn a_panic_is_found() {
    // Only a mutation makes a frame this long.
    smoke("frames", |octets| assert!(octets.len() < 200));
}
