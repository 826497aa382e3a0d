//! Frames, and what is no frame, in the bytes of a direction.

use super::stream::{self, Piece};
use crate::transcript::RecordKind;
use crate::wire::frame::{FrameType, RawFrame, flag};
use bytes::{Bytes, BytesMut};

fn frame(frame_type: FrameType, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    RawFrame::new(frame_type, flags, stream, Bytes::copy_from_slice(payload)).write(&mut out);
    out.to_vec()
}

/// Each piece as its name, with offset and text of what makes no sense.
fn read(parts: &[Vec<u8>]) -> Vec<String> {
    let octets: Bytes = parts.concat().into();
    let pieces = stream::read(&octets);
    assert_eq!(pieces.iter().map(|piece| piece.length).sum::<usize>(), octets.len(), "nothing is left out");
    let text = |piece: &Piece| {
        let name = match &piece.kind {
            RecordKind::Preface => "preface".to_owned(),
            RecordKind::Frame(frame) => frame.header().frame_type.to_string(),
            _ => format!("{} bytes", piece.length),
        };
        let problems = piece.problems.iter().map(|problem| format!(" @{} {}", problem.offset, problem.text));
        format!("{name}{}", problems.collect::<String>())
    };
    pieces.iter().map(text).collect()
}

fn settings() -> Vec<u8> {
    frame(FrameType::SETTINGS, 0, 0, b"")
}

fn ping() -> Vec<u8> {
    frame(FrameType::PING, 0, 0, b"12345678")
}

#[test]
fn frames_follow_the_preface() {
    let headers = frame(FrameType::HEADERS, flag::END_HEADERS, 1, &[0x82, 0x86]);
    assert_eq!(read(&[crate::h2::PREFACE.to_vec(), settings(), headers]), ["preface", "SETTINGS", "HEADERS"]);
    assert_eq!(read(&[settings(), frame(FrameType(0xfa), 0xff, 9, b"?")]), ["SETTINGS", "UNKNOWN(0xfa)"]);
}

#[test]
fn the_first_byte_that_makes_no_sense_is_found() {
    let padded = frame(FrameType::DATA, flag::PADDED, 1, b"\x09abc");
    let mut long = frame(FrameType::DATA, 0, 1, b"abc");
    long[2] = 200;
    let unindexed = frame(FrameType::HEADERS, flag::END_HEADERS | flag::PADDED, 1, b"\x01\x82\xfe\x00");
    let begins = frame(FrameType::HEADERS, 0, 1, &[0x82]);
    let rest = |stream| frame(FrameType::CONTINUATION, flag::END_HEADERS, stream, &[0xfe]);
    for (parts, expected) in [
        (vec![settings(), padded, ping()], &["SETTINGS", "DATA @18 pad length 9 where 3 bytes are left", "PING"][..]),
        (
            vec![settings(), frame(FrameType::PING, 0, 0, b"1234567"), ping()],
            &["SETTINGS", "PING @9 PING cannot have 7 bytes", "PING"],
        ),
        (
            vec![frame(FrameType::DATA, 0, 0, b""), ping()],
            &["DATA @5 DATA on stream 0: it belongs to a stream", "PING"],
        ),
        (vec![settings(), long], &["SETTINGS", "12 bytes @21 DATA announces 200 bytes, and the input ends after 3"]),
        (vec![settings(), vec![0, 0, 1]], &["SETTINGS", "3 bytes @12 3 bytes are less than a frame header"]),
        (vec![unindexed, ping()], &["HEADERS @11 index 126 is in no table (at byte 1 of the header block)", "PING"]),
        (
            vec![begins.clone(), rest(1), ping()],
            &["HEADERS", "CONTINUATION @19 index 126 is in no table (at byte 1 of the header block)", "PING"],
        ),
        (
            vec![rest(1), ping()],
            &[
                "CONTINUATION @3 CONTINUATION without a header block before it @9 index 126 is in no table (at byte 0 of the header block)",
                "PING",
            ],
        ),
        (vec![begins.clone(), ping()], &["HEADERS", "PING @13 PING interrupts the header block on stream 1"]),
        (vec![settings(), begins], &["SETTINGS", "HEADERS @19 the header block on stream 1 does not end"]),
    ] {
        assert_eq!(read(&parts), expected);
    }
}

#[test]
fn frames_are_found_again_behind_what_is_none() {
    let garbage = vec![0xff; 40];
    assert_eq!(
        read(&[settings(), garbage, ping(), settings()]),
        ["SETTINGS", "40 bytes @9 UNKNOWN(0xff) cannot have 16777215 bytes", "PING", "SETTINGS"]
    );
    assert_eq!(read(&[vec![0xff; 3], settings(), ping()])[1..], ["SETTINGS", "PING"]);
    assert_eq!(read(&[b"HTTP/1.1 200 OK\r\n\r\n".to_vec()]).len(), 1);
    assert_eq!(stream::other_protocol(b"HTTP/1.1 200 OK\r\n\r\n"), Some("this is HTTP/1.1, not HTTP/2"));
    assert!(stream::other_protocol(b"\x16\x03\x01\x02\0").is_some_and(|why| why.contains("TLS")));
}
