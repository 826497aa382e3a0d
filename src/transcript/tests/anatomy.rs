//! What the bytes of a record mean.

use super::super::{Anatomy, Dissection, Hub, Options, Part};
use super::{hub, octets_of, record, sent};
use crate::h2;
use crate::http::transport::Cause;
use crate::wire::frame::{FrameType, RawFrame, flag};
use crate::wire::hpack::{BlockBuilder, LiteralKind, Name};
use bytes::Bytes;
use proptest::prelude::*;

fn dissect(hub: &Hub, number: u64) -> Option<Anatomy> {
    let (_, records) = hub.transcript(1)?.read();
    let mut dissection = Dissection::new(records, number);
    while dissection.step() {}
    dissection.finish()
}

/// Every part with its depth, as lines.
fn lines(parts: &[Part], depth: usize) -> Vec<String> {
    let line = |part: &Part| {
        let Part { name, value, note, from, to, .. } = part;
        let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
        let own = format!("{:indent$}{from}..{to} {name}: {value}{note}", "", indent = depth * 2);
        std::iter::once(own).chain(lines(&part.parts, depth + 1)).collect::<Vec<_>>()
    };
    parts.iter().flat_map(line).collect()
}

fn of_frame(frame: &RawFrame) -> Vec<String> {
    let hub = hub(Options::default());
    record(&hub, 1).http2(None, 0, &h2::Event::Frame(frame.clone()));
    let parts = dissect(&hub, 1).expect("it is there").parts;
    // The header is the same in all.
    lines(parts.get(1..).unwrap_or_default(), 0)
}

#[test]
fn a_frame_is_told_apart_to_its_last_byte() {
    let frame = |frame_type, flags, payload: &'static [u8]| {
        of_frame(&RawFrame::new(frame_type, flags, 1, Bytes::from_static(payload)))
    };
    assert_eq!(
        frame(FrameType::DATA, flag::PADDED, b"\x02hi\0\0"),
        ["9..10 pad length: 2", "10..12 content: hi", "12..14 padding: 2 bytes"]
    );
    assert_eq!(
        frame(FrameType::DATA, flag::PADDED, b"\x09hi"),
        ["9..10 pad length: 9 (longer than the rest of the payload (RFC 9113 §6.1))", "10..12 content: hi"]
    );
    assert_eq!(
        frame(FrameType::SETTINGS, 0, b"\0\x04\0\0\0\x10\x0f\x0f\0\0\0\x01\xff"),
        [
            "9..15 INITIAL_WINDOW_SIZE: 16",
            "  9..11 identifier: INITIAL_WINDOW_SIZE",
            "  11..15 value: 16",
            "15..21 UNKNOWN(0x0f0f): 1",
            "  15..17 identifier: UNKNOWN(0x0f0f)",
            "  17..21 value: 1",
            "21..22 bytes: \\xff (do not fit into SETTINGS)",
        ]
    );
    assert_eq!(
        frame(FrameType::GOAWAY, 0, b"\0\0\0\x05\0\0\0\x01why"),
        ["9..13 last stream: 5", "13..17 error code: PROTOCOL_ERROR (0x1)", "17..20 debug data: why"]
    );
    assert_eq!(frame(FrameType::RST_STREAM, 0, b"\0\0"), ["9..11 bytes: \\x00\\x00 (do not fit into RST_STREAM)"]);
    assert_eq!(
        frame(FrameType::ORIGIN, 0, b"\0\x01a\0\x09b"),
        ["9..11 origin length: 1", "11..12 origin: a", "12..14 origin length: 9", "14..15 origin: b"]
    );
    assert_eq!(frame(FrameType(0x42), 0, b"?"), ["9..10 payload: ?"]);
}

#[test]
fn a_header_is_told_apart_with_its_index() {
    let mut block = BlockBuilder::new();
    block.indexed(8).literal(LiteralKind::Incremental, Name::Literal(b"x"), b"yz", false, true);
    block.without_indexing(Name::Index(31), b"text/plain").indexed(62);
    let frame = RawFrame::new(FrameType::HEADERS, flag::END_HEADERS, 1, block.finish());
    assert_eq!(
        of_frame(&frame),
        [
            "9..30 header block: 21 bytes",
            "  9..10 :status: 200 (indexed 8)",
            "    9..10 index: 8 (static table)",
            "  10..16 x: yz (incremental, Huffman)",
            "    10..11 representation: incremental",
            "    11..12 name length: 1",
            "    12..13 name: x",
            "    13..14 value length: 2",
            "    14..16 value: yz (Huffman code)",
            "  16..29 content-type: text/plain (without-indexing, name index 31)",
            "    16..18 name index: 31 (static table)",
            "    18..19 value length: 10",
            "    19..29 value: text/plain",
            "  29..30 x: yz (indexed 62)",
            "    29..30 index: 62 (dynamic table)",
        ]
    );
}

#[test]
fn a_block_in_several_frames_is_shown_in_each() {
    let hub = hub(Options::default());
    let recorder = record(&hub, 1);
    let mut block = BlockBuilder::new();
    block.indexed(8).literal(LiteralKind::Incremental, Name::Literal(b"x"), b"yz", false, false);
    let block = block.finish();
    let first = RawFrame::new(FrameType::HEADERS, 0, 1, block.slice(..4));
    let ping = RawFrame::new(FrameType::PING, 0, 0, Bytes::from_static(b"between!"));
    let last = RawFrame::new(FrameType::CONTINUATION, flag::END_HEADERS, 1, block.slice(4..));
    for frame in [&first, &ping, &last] {
        recorder.http2(None, 0, &sent(&octets_of(frame), Cause::Checked));
    }
    let first = dissect(&hub, 1).expect("the first");
    assert_eq!((&first.block[..], first.fields.len()), (&[1, 3][..], 2));
    let shown = lines(&first.parts, 0);
    assert!(shown.contains(&"  10..13 x: yz (incremental, ends in #3)".to_owned()), "{shown:#?}");
    let last = dissect(&hub, 3).expect("the last");
    let shown = lines(&last.parts, 0);
    assert!(shown.contains(&"  9..12 x: yz (incremental, begins in #1)".to_owned()), "{shown:#?}");
    assert!(shown.contains(&"    10..12 value: yz".to_owned()), "{shown:#?}");
    let table = last.table.expect("the table is known");
    assert_eq!((table.before, table.count, &table.entries[..]), (0, 1, &[(62, "x".to_owned(), "yz".to_owned())][..]));
    assert_eq!((dissect(&hub, 2).expect("the PING").block, dissect(&hub, 4).is_none()), (Vec::new(), true));
}

proptest! {
    #![proptest_config(crate::properties::config(400))]

    /// Whatever a frame says: parts lie in their parents and in the frame, and none begins before its neighbor.
    #[test]
    fn parts_lie_where_they_can(
        frame_type in 0..20_u8, flags: u8, stream in 0..10_u32, payload in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let hub = hub(Options { data: 16, ..Options::default() });
        let frame = RawFrame::new(FrameType(frame_type), flags, stream, payload);
        record(&hub, 1).http2(None, 0, &h2::Event::Frame(frame));
        let anatomy = dissect(&hub, 1).expect("it is there");
        let kept = match &anatomy.record.kind {
            super::super::RecordKind::Frame(frame) => frame.octets().len(),
            other => panic!("{other:?}"),
        };
        check(&anatomy.parts, 0, kept);
        prop_assert!(serde_json::to_string(&anatomy).is_ok());
    }
}

fn check(parts: &[Part], from: usize, to: usize) {
    for part in parts {
        assert!(from <= part.from && part.from <= part.to && part.to <= to, "{part:?} is not in {from}..{to}");
        check(&part.parts, part.from, part.to);
    }
}
