use super::*;
use crate::wire::frame::{Frame, FrameType, HEADER_LENGTH, Padding, flag};
use crate::wire::hpack::{BlockBuilder, Name};
use bytes::Bytes;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Octets that a change may add to a frame: a repetition is the largest.
const MAX_GROWTH: usize = 40_000;

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A sensible frame of each type, and one of a type that nobody knows.
fn samples() -> Vec<Frame> {
    let mut block = BlockBuilder::new();
    block.indexed(8).incremental(Name::Index(31), b"text/plain").without_indexing(Name::Literal(b"x-a"), b"1");
    let block = block.finish();
    let promise: Bytes = [&[0, 0, 0, 2][..], &block].concat().into();
    let mut padded = Frame::new(FrameType::DATA, 0, 1, "padded");
    padded.set_padding(Some(Bytes::from_static(&[0; 10])));
    let urgent: Bytes = [&[0, 0, 0, 0, 15][..], &block].concat().into();
    vec![
        Frame::new(FrameType::DATA, flag::END_STREAM, 1, "hello"),
        padded,
        Frame::new(FrameType::HEADERS, flag::END_HEADERS, 1, block.clone()),
        Frame::new(FrameType::HEADERS, flag::END_HEADERS | flag::PRIORITY, 1, urgent),
        Frame::new(FrameType::PRIORITY, 0, 1, &[0, 0, 0, 0, 15][..]),
        Frame::new(FrameType::RST_STREAM, 0, 1, &[0, 0, 0, 8][..]),
        Frame::new(FrameType::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100, 0, 4, 0, 1, 0, 0][..]),
        Frame::new(FrameType::PUSH_PROMISE, flag::END_HEADERS, 1, promise),
        Frame::new(FrameType::PING, 0, 0, "wireserv"),
        Frame::new(FrameType::GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0, b'b', b'y', b'e'][..]),
        Frame::new(FrameType::WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1][..]),
        Frame::new(FrameType::CONTINUATION, flag::END_HEADERS, 1, block),
        Frame::new(FrameType::ALTSVC, 0, 0, &[0, 0, b'c', b'l', b'e', b'a', b'r'][..]),
        Frame::new(FrameType::ORIGIN, 0, 0, &[0, 1, b'x'][..]),
        Frame::new(FrameType::PRIORITY_UPDATE, 0, 0, &[0, 0, 0, 1, b'u', b'=', b'1'][..]),
        Frame::new(FrameType(190), 0, 0, ""),
    ]
}

/// Numbers that its authors published for seed 1234567.
#[test]
fn the_generator_is_splitmix64() {
    let mut random = Random::new(1_234_567);
    let words: Vec<u64> = (0..5).map(|_| random.word()).collect();
    let published = [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
        4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
    ];
    assert_eq!(words, published);
}

#[test]
fn numbers_stay_within_their_bounds_and_reach_them() {
    let mut random = Random::new(7);
    let dice: BTreeSet<i64> = (0..200).map(|_| random.between(1, 6)).collect();
    assert_eq!(dice, (1..=6).collect());
    let signs: BTreeSet<bool> = (0..20).map(|_| random.between(i64::MIN, i64::MAX) < 0).collect();
    assert_eq!(signs.len(), 2, "all 64 bits");
    assert_eq!((random.between(5, 5), random.between(5, 4), random.below(0)), (5, 5, 0));
    assert_eq!(random.choice::<u8>(&[]), None);
    assert_eq!(random.octets(13).len(), 13);
    assert!(random.letters(100).iter().all(u8::is_ascii_lowercase));
    let mut cards = [0, 1, 2, 3, 4, 5, 6, 7];
    random.shuffle(&mut cards);
    assert_ne!(cards, [0, 1, 2, 3, 4, 5, 6, 7]);
    cards.sort_unstable();
    assert_eq!(cards, [0, 1, 2, 3, 4, 5, 6, 7]);
}

/// Whoever has noted a seed gets the same octets from every later version. If this fails, mend the code, not the test.
#[test]
fn the_same_seed_gives_the_same_octets_for_ever() {
    let headers = &samples()[2];
    for (seed, mutation, octets) in GOLDEN {
        let (mutant, said) = mutate(headers, seed);
        assert_eq!((&*said.to_string(), &*hex(&mutant.octets())), (mutation, octets), "seed {seed}");
    }
    let mut all = ring::digest::Context::new(&ring::digest::SHA256);
    for (frame, seed) in samples().iter().flat_map(|frame| (0..500).map(move |seed| (frame, seed))) {
        all.update(&mutate(frame, seed).0.octets());
    }
    assert_eq!(hex(all.finish().as_ref()), DIGEST);
}

#[test]
fn every_kind_of_change_happens_to_some_frame() {
    let mut words: BTreeSet<String> = BTreeSet::new();
    for frame in samples() {
        for seed in 0..3_000 {
            let (_, mutation) = mutate(&frame, seed);
            words.insert(format!("{mutation:?}").split(' ').take_while(|word| !word.ends_with(':')).collect());
        }
    }
    let kinds: Vec<String> = words.into_iter().collect();
    assert_eq!(
        kinds,
        [
            "Block(Capital{",
            "Block(HuffmanEos{",
            "Block(HuffmanPaddingTooLong{",
            "Block(HuffmanPaddingZeros{",
            "Block(IndexBeyond{",
            "Block(IndexZero{",
            "Block(IntegerOverLong{",
            "Block(IntegerOverflow{",
            "Block(MovedToTheEnd{",
            "Block(Repeated{",
            "Block(SizeUpdate{",
            "Block(StringLength{",
            "Block(Truncated{",
            "Flag{",
            "Length{",
            "PadLength{",
            "Padding{",
            "Payload(Cut{",
            "Payload(Extended{",
            "Payload(Flipped{",
            "Payload(Inserted{",
            "Payload(Number{",
            "Payload(Removed{",
            "Payload(Repeated{",
            "Payload(Set{",
            "Reserved{",
            "StreamId{",
            "Type{",
            "Word{",
        ]
    );
}

#[test]
fn what_is_said_of_a_change_is_true() {
    for frame in samples() {
        for seed in 0..500 {
            let (mutant, mutation) = mutate(&frame, seed);
            let length = mutant.octets().len() - HEADER_LENGTH;
            match mutation {
                Mutation::Type { from, to } => assert_eq!((from, to), (frame.frame_type, mutant.frame_type)),
                Mutation::Flag { bit, on } => assert_eq!((mutant.has(bit), frame.has(bit)), (on, !on)),
                Mutation::StreamId { from, to } => assert_eq!((from, to), (frame.stream_id, mutant.stream_id)),
                Mutation::Reserved { on } => assert_eq!(mutant.reserved, on),
                Mutation::Length { announced, there } => {
                    assert_eq!((mutant.to_raw().header.length, length), (announced, there));
                }
                Mutation::PadLength { announced, there } => {
                    assert_eq!((mutant.to_raw().payload[0], length), (announced, there + 1));
                    assert!(usize::from(announced) > there);
                }
                Mutation::Payload(OctetsMutation::Cut { to }) => assert_eq!(mutant.payload, frame.payload[..to]),
                _ => assert_ne!(mutant.to_raw().payload, frame.to_raw().payload, "{mutation}"),
            }
        }
    }
}

/// Any frame, be it as odd as scripts can make it.
fn any_frame() -> impl Strategy<Value = Frame> {
    let octets = || proptest::collection::vec(any::<u8>(), 0..300).prop_map(Bytes::from);
    let padding = (octets(), proptest::option::of(any::<u8>())).prop_map(|(octets, length)| Padding { octets, length });
    let header = (any::<u8>(), any::<u8>(), any::<bool>(), 0..=0x7fff_ffff_u32, proptest::option::of(any::<u32>()));
    (header, octets(), proptest::option::of(padding)).prop_map(
        |((frame_type, flags, reserved, stream_id, length), payload, padding)| {
            let frame_type = FrameType(if frame_type < 128 { frame_type % 17 } else { frame_type });
            Frame { frame_type, flags, reserved, stream_id, payload, padding, length }
        },
    )
}

proptest! {
    #![proptest_config(crate::properties::config(256))]

    #[test]
    fn a_mutant_of_whatever_frame_is_another_and_bounded(frame in any_frame(), seed: u64) {
        let (mutant, mutation) = mutate(&frame, seed);
        let (before, after) = (frame.octets(), mutant.octets());
        prop_assert_ne!(&before, &after, "{}", mutation);
        prop_assert_eq!(after.len(), HEADER_LENGTH + mutant.true_length());
        prop_assert!(after.len() <= before.len() + MAX_GROWTH, "{}", mutation);
        prop_assert_eq!((mutant, mutation), mutate(&frame, seed));
    }

    #[test]
    fn mutated_octets_are_others_and_bounded(octets in proptest::collection::vec(any::<u8>(), 0..300), seed: u64) {
        let octets = Bytes::from(octets);
        let (mutant, mutation) = mutate_octets(&octets, seed);
        prop_assert_ne!(&octets, &mutant, "{}", mutation);
        prop_assert!(mutant.len() <= octets.len() + MAX_GROWTH, "{}", mutation);
        prop_assert_eq!((mutant, mutation), mutate_octets(&octets, seed));
    }
}

/// Seed, what it does to HEADERS of `samples`, and the octets.
const GOLDEN: [(u64, &str, &str); 7] = [
    (3, "flag 0x20 set", "000014012400000001885f0a746578742f706c61696e0003782d610131"),
    (7, "payload: bit 4 of byte 18 flipped", "000014010400000001885f0a746578742f706c61696e0003782d611131"),
    (
        8,
        "header block: a value at 13 that announces 16384 bytes and has 5",
        "000024010400000001885f0a746578742f706c61696e0006782d66757a7a7f817f73686f72740003782d610131",
    ),
    (
        13,
        "header block: Huffman padding of more than seven ones at 13",
        "00001f010400000001885f0a746578742f706c61696e0006782d66757a7a821fff0003782d610131",
    ),
    (17, "pad length 178 for 20 bytes", "000015010c00000001b2885f0a746578742f706c61696e0003782d610131"),
    (
        22,
        "header block: the representation at 0 moved to the end",
        "0000140104000000015f0a746578742f706c61696e0003782d61013188",
    ),
    (35, "length 16777215 for 20 bytes", "ffffff010400000001885f0a746578742f706c61696e0003782d610131"),
];

/// SHA-256 over the octets of all mutants of `samples` by the seeds 0 to 499.
const DIGEST: &str = "a93327fc59ca93806bac3a039d1258c2079aee43af22232c4f9dca54aef175ee";
