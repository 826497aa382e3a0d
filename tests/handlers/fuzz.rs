//! `handlers/fuzz/`

use super::{END_HEADERS, END_STREAM, Want, check, headers, last, sent};
use crate::support::server::Server;
use std::io::{Read, Write};
use wireserve::wire::flood::{Flood, Kind};
use wireserve::wire::frame::{Frame, FrameType, RawFrame, flag};
use wireserve::wire::fuzz::mutate;
use wireserve::wire::hpack::{BlockBuilder, Name};

fn block() -> Vec<u8> {
    let mut block = BlockBuilder::new();
    block.indexed(8).without_indexing(Name::Index(31), b"text/plain");
    block.octets().to_vec()
}

#[test]
fn one_frame_is_changed_as_the_seed_says() {
    let head = Frame::new(FrameType::HEADERS, flag::END_HEADERS, 1, block());
    let data = Frame::new(FrameType::DATA, 0, 1, "Some content.\n");
    let ping = Frame::new(FrameType::PING, 0, 0, "wireserv");
    let rest = Frame::new(FrameType::CONTINUATION, flag::END_HEADERS, 1, &b"\0\x06x-rest\x09continued"[..]);
    let mutant = |frame: &Frame, seed| Want::Frame(mutate(frame, seed).0.to_raw());
    let said = |kind: &str, frame: &Frame, seed| last(&format!("{kind}, seed {seed}: {}.\n", mutate(frame, seed).1));
    check(&[
        ("fuzz/mutate.rhai?seed=8", vec![mutant(&head, 8), said("headers", &head, 8)]),
        ("fuzz/mutate.rhai?seed=20", vec![mutant(&head, 20), said("headers", &head, 20)]),
        (
            "fuzz/mutate.rhai?frame=data&seed=3",
            vec![headers(END_HEADERS, block()), mutant(&data, 3), said("data", &data, 3)],
        ),
        (
            "fuzz/mutate.rhai?frame=continuation&seed=12",
            vec![headers(0, block()), mutant(&rest, 12), said("continuation", &rest, 12)],
        ),
        (
            "fuzz/mutate.rhai?frame=ping&seed=5",
            vec![mutant(&ping, 5), headers(END_HEADERS, block()), said("ping", &ping, 5)],
        ),
    ]);
}

/// The frames of a flood from where it begins.
fn frames(server: &Server, kind: &str, count: u32, seed: u32) -> Vec<RawFrame> {
    let frames = sent(server, &format!("fuzz/flood.rhai?kind={kind}&count={count}&seed={seed}"));
    frames.into_iter().map(|frame| frame.frame).filter(|frame| !is_page(frame)).take(count as usize).collect()
}

/// What is not of the flood but goes before it.
fn is_page(frame: &RawFrame) -> bool {
    frame.header.has(END_STREAM) && frame.header.frame_type == FrameType::DATA
}

#[test]
fn each_flood_is_what_its_name_says() {
    let server = Server::start();
    for (kind, made, size, stream) in [
        ("settings", Kind::Settings, 0, 0),
        ("ping", Kind::Ping, 0, 0),
        ("informational", Kind::Informational, 16, 1),
        ("window_update", Kind::WindowUpdate, 0, 0),
        ("priority", Kind::Priority, 0, 1),
        ("unknown", Kind::Unknown, 16, 0),
    ] {
        let made: Vec<RawFrame> =
            Flood::new(made, stream, 30, size, 9, "".into()).map(|frame| frame.to_raw()).collect();
        assert_eq!(frames(&server, kind, 30, 9), made, "{kind}");
    }
    let continuations = frames(&server, "continuation", 30, 9);
    let made = Flood::new(Kind::Continuation { ends: true }, 1, 30, 64, 9, vec![0x88].into());
    assert_eq!(continuations, made.take(30).map(|frame| frame.to_raw()).collect::<Vec<_>>());
}

#[test]
fn floods_of_a_stream_come_behind_what_they_need() {
    let server = Server::start();
    let all =
        |path: &str| -> Vec<FrameType> { sent(&server, path).iter().map(|frame| frame.header.frame_type).collect() };
    let many = |first: &[FrameType], frame_type, count: usize| [first, &vec![frame_type; count]].concat();
    let empty = all("fuzz/flood.rhai?kind=data&count=20");
    assert_eq!(empty[..21], many(&[FrameType::HEADERS], FrameType::DATA, 20)[..]);
    let resets = all("fuzz/flood.rhai?kind=rst_stream&count=20");
    assert_eq!(resets[..22], many(&[FrameType::HEADERS, FrameType::DATA], FrameType::RST_STREAM, 20)[..]);
    let promises = all("fuzz/flood.rhai?kind=push_promise&count=20");
    assert_eq!(promises[..20], vec![FrameType::PUSH_PROMISE; 20]);
}

#[test]
fn a_bomb_is_small_on_the_wire_and_large_decoded() {
    let server = Server::start();
    let frames = sent(&server, "fuzz/flood.rhai?kind=hpack_bomb&count=1000");
    let bomb = frames.iter().find_map(|frame| frame.fields.as_ref()).expect("a block").as_ref().expect("it decodes");
    let decoded: usize = bomb.iter().map(|(name, value)| name.len() + value.len()).sum();
    let wire: usize = frames.iter().filter(|frame| frame.fields.is_some()).map(|frame| frame.payload.len()).sum();
    assert!(decoded > 4_000_000 && wire < 6_000, "{wire} octets become {decoded}");
    assert_eq!(bomb.len(), 1002);
}

/// Asks and reads whatever octets come, until the words about the change did; they go out however it is.
fn ask_and_read(server: &Server, kind: &str, seed: u32) {
    let path = format!("/handlers/fuzz/mutate.rhai?frame={kind}&seed={seed}");
    let mut request = BlockBuilder::new();
    request.indexed(2).indexed(6).without_indexing(Name::Index(1), b"localhost");
    request.without_indexing(Name::Index(4), path.as_bytes());
    let mut octets = bytes::BytesMut::from(crate::support::raw::PREFACE);
    RawFrame::new(FrameType::SETTINGS, 0, 0, "").write(&mut octets);
    RawFrame::new(FrameType::HEADERS, END_HEADERS | END_STREAM, 1, request.finish()).write(&mut octets);
    let mut socket = server.connect("h2c");
    socket.write_all(&octets).expect("the server takes it");
    let (mut received, mut buffer) = (Vec::new(), [0; 16_384]);
    let words = format!("{kind}, seed {seed}: ");
    while !received.windows(words.len()).any(|window| window == words.as_bytes()) {
        let count = socket.read(&mut buffer).expect("octets in time");
        assert_ne!(count, 0, "{path}: the end after {received:02x?}");
        received.extend_from_slice(&buffer[..count]);
    }
}

#[test]
fn whatever_the_seed_the_server_stays_in_order() {
    let server = Server::start();
    let kinds = ["headers", "continuation", "data", "settings", "ping", "window_update", "push_promise", "goaway"];
    for kind in kinds.into_iter().chain(["rst_stream", "priority"]) {
        for seed in 0..25 {
            ask_and_read(&server, kind, seed);
        }
    }
    let log = server.log();
    assert!(!log.contains("error:") && !log.contains("panicked"), "{log}");
}
