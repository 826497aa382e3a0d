//! `handlers/continuation/`

use super::{
    ACK, END_HEADERS, END_STREAM, TYPE, Want, block, check, continuation, data, frame, headers, joined, last, sent,
    status_and,
};
use crate::support::raw::{Client, assemble};
use crate::support::server::Server;
use wireserve::wire::frame::{FrameType, flag};

/// What `split` cuts.
fn whole() -> Vec<u8> {
    status_and(&[TYPE, ("x-split", "in the middle of a value")])
}

fn split(at: usize, size: usize) -> Vec<Want> {
    let block = whole();
    let (first, rest) = block.split_at(at.min(block.len()));
    let mut wanted = vec![headers(if rest.is_empty() { END_HEADERS } else { 0 }, first)];
    let count = rest.chunks(size).count();
    for (number, fragment) in rest.chunks(size).enumerate() {
        wanted.push(continuation(if number + 1 == count { END_HEADERS } else { 0 }, fragment));
    }
    wanted.push(last("The block was cut.\n"));
    wanted
}

#[test]
fn every_cut_position() {
    let length = whole().len();
    let paths: Vec<String> = (0..=length).map(|at| format!("continuation/split.rhai?at={at}")).collect();
    let rows: Vec<_> = paths.iter().enumerate().map(|(at, path)| (&**path, split(at, 16_384))).collect();
    check(&rows);
}

#[test]
fn every_octet_in_a_frame_of_its_own() {
    check(&[
        ("continuation/split.rhai?at=0&size=1", split(0, 1)),
        ("continuation/split.rhai?at=10&size=5", split(10, 5)),
        ("continuation/split.rhai?at=1000", split(1000, 1)),
    ]);
}

#[test]
fn a_split_block_is_understood_by_a_foreign_decoder() {
    let server = Server::start();
    let response = assemble(&sent(&server, "continuation/split.rhai?at=0&size=3"), 1);
    assert_eq!(response.get("x-split").as_deref(), Some("in the middle of a value"));
}

#[test]
fn empty_fragments() {
    let block = status_and(&[TYPE]);
    let row = |at: usize, count: usize| {
        let mut wanted = vec![headers(0, &block[..at])];
        wanted.extend((0..count).map(|_| continuation(0, "")));
        wanted.push(continuation(END_HEADERS, &block[at..]));
        wanted.push(last("Empty fragments came before this.\n"));
        wanted
    };
    check(&[
        ("continuation/empty.rhai", row(5, 3)),
        ("continuation/empty.rhai?count=2&first=1", row(0, 2)),
        ("continuation/empty.rhai?count=100", row(5, 100)),
    ]);
}

#[test]
fn a_frame_between_headers_and_continuation() {
    let block = status_and(&[TYPE]);
    let row = |between| {
        vec![
            headers(0, &block[..5]),
            between,
            continuation(END_HEADERS, &block[5..]),
            last("A frame came between HEADERS and CONTINUATION.\n"),
        ]
    };
    check(&[
        ("continuation/interleaved.rhai", row(frame(FrameType::PING, 0, 0, "wireserv"))),
        ("continuation/interleaved.rhai?frame=data", row(data(0, "too early\n"))),
        (
            "continuation/interleaved.rhai?frame=window_update&stream=0",
            row(frame(FrameType::WINDOW_UPDATE, 0, 0, [0, 0, 0, 1])),
        ),
        ("continuation/interleaved.rhai?frame=settings", row(frame(FrameType::SETTINGS, 0, 0, ""))),
        ("continuation/interleaved.rhai?frame=unknown", row(frame(FrameType(190), 0, 1, "?"))),
        ("continuation/interleaved.rhai?frame=priority", row(frame(FrameType::PRIORITY, 0, 1, [0, 0, 0, 0, 15]))),
        ("continuation/interleaved.rhai?frame=headers", row(headers(END_HEADERS, &block))),
    ]);
}

#[test]
fn continuations_that_continue_nothing() {
    let response = || headers(END_HEADERS, block(&[(":status", "200"), TYPE]));
    let late = || continuation(END_HEADERS, block(&[("x-late", "yes")]));
    let text = || last("A CONTINUATION continued nothing.\n");
    let cut = status_and(&[TYPE]);
    check(&[
        ("continuation/alone.rhai", vec![late(), response(), text()]),
        ("continuation/alone.rhai?when=after", vec![response(), late(), text()]),
        (
            "continuation/other-stream.rhai",
            vec![
                headers(0, &cut[..5]),
                frame(FrameType::CONTINUATION, END_HEADERS, 3, &cut[5..]),
                last("The rest went astray.\n"),
            ],
        ),
        (
            "continuation/missing.rhai",
            vec![headers(0, block(&[(":status", "200"), TYPE])), last("No CONTINUATION came.\n")],
        ),
    ]);
}

#[test]
fn end_stream_with_a_split_block() {
    let cut = status_and(&[TYPE]);
    let row = |flags| vec![headers(END_STREAM, &cut[..5]), continuation(flags, &cut[5..])];
    check(&[
        ("continuation/end-stream.rhai", row(END_HEADERS)),
        ("continuation/end-stream.rhai?flag=continuation", row(END_HEADERS | END_STREAM)),
    ]);
}

#[test]
fn floods_have_the_size_asked_for() {
    let server = Server::start();
    for (count, size, payload) in [(16, 1024, 1032), (64, 16, 22), (8, 0, 6), (8, 16_000, 16_008)] {
        let frames = sent(&server, &format!("continuation/flood.rhai?count={count}&size={size}"));
        let all: Vec<_> = frames.iter().filter(|frame| frame.is(FrameType::CONTINUATION)).collect();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|frame| frame.payload.len() == payload), "{size}");
        assert!(all.iter().all(|frame| frame.header.has(END_HEADERS) == std::ptr::eq(*frame, all[count - 1])));
        assert_eq!(joined(&frames).len(), block(&[(":status", "200")]).len() + count * payload);
        assert_eq!(assemble(&frames, 1).status(), Some(200), "{size}");
    }
}

#[test]
fn nobody_else_gets_between_a_split_block() {
    // A PING that arrives while the block is open is acknowledged behind it.
    let script = r#"fn main(request, response) {
        let writer = response.writer;
        writer.write_raw_header_frame([[":status", "200"]], #{ end_stream: true, track: true });
        sleep(0.2);
        writer.write_raw_continuation_frame([["x-a", "1"]], #{ end_headers: true, track: true });
    }"#;
    let server = Server::builder().handler("slow.rhai", script).start();
    let mut client = Client::h2c(&server);
    client.get("/handlers/slow.rhai");
    client.until(|frame| frame.is(FrameType::HEADERS));
    client.send(&wireserve::wire::frame::RawFrame::new(FrameType::PING, 0, 0, b"question".to_vec()));
    let next = client.until(|frame| frame.is(FrameType::PING));
    assert_eq!(next.len(), 2, "the block's end, then the ACK");
    assert!(next[0].is(FrameType::CONTINUATION) && next[0].header.has(flag::END_HEADERS));
    assert!(next[1].header.has(ACK));
}
