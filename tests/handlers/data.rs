//! `handlers/data/`

use super::{END_HEADERS, END_STREAM, Head, TYPE, block, check, data, headers, joined, last, sent, status_and};
use crate::support::raw::{Client, assemble};
use crate::support::server::Server;
use wireserve::wire::frame::FrameType;

#[test]
fn one_octet_more_than_the_largest_frame() {
    check(&[
        ("data/oversized.rhai", vec![Head("200"), data(END_STREAM, [b'x'; 16_385])]),
        ("data/oversized.rhai?by=3616", vec![Head("200"), data(END_STREAM, [b'x'; 20_000])]),
    ]);
}

#[test]
fn the_largest_frame_is_the_clients() {
    let server = Server::start();
    let mut client = Client::h2c_with(&server, &[(5, 30_000)]);
    let stream = client.get("/handlers/data/oversized.rhai");
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(END_STREAM));
    assert_eq!(frames.last().map(|frame| frame.payload.len()), Some(30_001));
    // Where it would break another rule as well, it says so instead.
    let mut client = Client::h2c_with(&server, &[(5, 100_000)]);
    let stream = client.get("/handlers/data/oversized.rhai");
    assert_eq!(client.response(stream).status(), Some(400));
}

#[test]
fn a_headers_frame_that_is_too_large() {
    let server = Server::start();
    for by in [1, 117, 118, 139, 4000, 40_000] {
        let frames = sent(&server, &format!("data/oversized-headers.rhai?by={by}"));
        assert_eq!(frames[0].payload.len(), 16_384 + by);
        assert_eq!(frames[0].header.flags, END_HEADERS);
        assert_eq!(joined(&frames).len(), 16_384 + by);
        let response = assemble(&frames, 1);
        assert_eq!((response.status(), &*response.text()), (Some(200), "The HEADERS frame was too large.\n"));
        assert!(response.get("x-long").is_some_and(|value| value.bytes().all(|octet| octet == b'x')));
    }
}

#[test]
fn empty_frames_and_sizes() {
    let mut empty = vec![Head("200")];
    empty.extend((0..10).map(|_| data(0, "")));
    empty.push(last("Content at last.\n"));
    let mut sizes = vec![Head("200")];
    sizes.extend((0..4).map(|_| data(0, "xxx")));
    sizes.extend([data(0, "x"), last("")]);
    check(&[("data/empty.rhai", empty), ("data/sizes.rhai?octets=13&size=3", sizes)]);
}

#[test]
fn content_where_none_may_be() {
    let row =
        |status| vec![headers(END_HEADERS, block(&[(":status", status), TYPE])), last("Content where none may be.\n")];
    check(&[("data/head.rhai", row("204")), ("data/head.rhai?status=304", row("304"))]);
    let server = Server::start();
    let mut client = Client::h2c(&server);
    let stream = client.request("HEAD", "/handlers/data/head.rhai?status=200", &[], true);
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(END_STREAM));
    assert!(frames.last().is_some_and(|frame| frame.is(FrameType::DATA) && !frame.payload.is_empty()));
    assert_ne!(joined(&frames), status_and(&[]));
}
