//! `handlers/connection/`

use super::{ACK, END_STREAM, Head, Page, Want, check, compare, data, everything, frame, last, sent};
use crate::support::raw::{Client, End};
use crate::support::server::Server;
use wireserve::wire::frame::FrameType;

fn goaway(last_stream: u32, code: u32, debug: &str) -> Want {
    frame(FrameType::GOAWAY, 0, 0, [&last_stream.to_be_bytes()[..], &code.to_be_bytes(), debug.as_bytes()].concat())
}

#[test]
fn goaway_in_mid_body() {
    let server = Server::start();
    let frames = sent(&server, "connection/goaway.rhai");
    let (first, second) = ("The first half, ", "the second half.\n");
    compare(&frames, &[Head("200"), data(0, first), goaway(0, 0, "in mid-body"), last(second)]).unwrap();
    let frames = sent(&server, "connection/goaway.rhai?code=11&last=2147483647");
    let with_code = goaway(0x7fff_ffff, 11, "in mid-body");
    compare(&frames, &[Head("200"), data(0, first), with_code, last(second)]).unwrap();
    // The default is below the stream that asks.
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/hello.rhai");
    client.response(stream);
    client.get("/handlers/connection/goaway.rhai");
    let frames = everything(&mut client);
    assert_eq!(frames.iter().find(|frame| frame.is(FrameType::GOAWAY)).map(|frame| frame.word(0)), Some(1));
    // And the connection closed after it.
    let mut client = Client::h2c(&server);
    client.get("/handlers/connection/goaway.rhai?rest=close");
    let (frames, end) = client.until_end();
    compare(&frames, &[Head("200"), data(0, first), goaway(0, 0, "in mid-body")]).unwrap();
    assert_eq!((end, client.remainder()), (End::Closed, &b""[..]));
}

#[test]
fn goaway_twice() {
    let server = Server::start();
    let page = "Two GOAWAYs came before this.\n";
    for (query, lasts) in [("", [0x7fff_ffff, 1]), ("?order=raise", [1, 0x7fff_ffff])] {
        let mut client = Client::h2c(&server);
        client.get(&format!("/handlers/connection/goaway-twice.rhai{query}"));
        let mut frames = client.until(|frame| frame.header.stream_id == 1 && frame.header.has(END_STREAM));
        frames.extend(everything(&mut client));
        compare(&frames, &[goaway(lasts[0], 0, ""), goaway(lasts[1], 0, ""), Page(page)]).unwrap();
    }
}

#[test]
fn settings() {
    let entry =
        |id: u16, value: u32| frame(FrameType::SETTINGS, 0, 0, [&id.to_be_bytes()[..], &value.to_be_bytes()].concat());
    let odd = || Page("An odd SETTINGS frame came before this.\n");
    check(&[
        ("connection/settings.rhai", vec![entry(2, 2), Page("SETTINGS with 2 = 2 came before this.\n")]),
        (
            "connection/settings.rhai?id=4&value=2147483648",
            vec![entry(4, 0x8000_0000), Page("SETTINGS with 4 = 2147483648 came before this.\n")],
        ),
        (
            "connection/settings.rhai?id=5&value=16383",
            vec![entry(5, 16_383), Page("SETTINGS with 5 = 16383 came before this.\n")],
        ),
        (
            "connection/settings.rhai?id=190&value=1",
            vec![entry(190, 1), Page("SETTINGS with 190 = 1 came before this.\n")],
        ),
        ("connection/settings-frame.rhai", vec![frame(FrameType::SETTINGS, 0, 0, [0; 5]), odd()]),
        ("connection/settings-frame.rhai?kind=ack", vec![frame(FrameType::SETTINGS, ACK, 0, ""), odd()]),
        (
            "connection/settings-frame.rhai?kind=ack-payload",
            vec![frame(FrameType::SETTINGS, ACK, 0, [0, 3, 0, 0, 0, 100]), odd()],
        ),
    ]);
}

#[test]
fn pings_and_short_goaways() {
    let mut flood: Vec<Want> = (0..20).map(|_| frame(FrameType::PING, 0, 0, "wireserv")).collect();
    flood.push(Page("20 PINGs came before this.\n"));
    let odd = || Page("An odd PING came before this.\n");
    let short = || Page("A GOAWAY too short came before this.\n");
    check(&[
        ("connection/ping-flood.rhai?count=20", flood),
        ("connection/ping-frame.rhai", vec![frame(FrameType::PING, 0, 0, "7octets"), odd()]),
        ("connection/ping-frame.rhai?kind=ack", vec![frame(FrameType::PING, ACK, 0, "wireserv"), odd()]),
        ("connection/goaway-payload.rhai", vec![frame(FrameType::GOAWAY, 0, 0, [0; 7]), short()]),
        ("connection/goaway-payload.rhai?length=0", vec![frame(FrameType::GOAWAY, 0, 0, ""), short()]),
    ]);
}

#[test]
fn a_ping_is_timed() {
    let server = Server::start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/connection/ping.rhai");
    let frames = client.until(|frame| frame.is(FrameType::PING));
    let mut answer = frames.last().expect("`until` gives the frame").frame.clone();
    answer.header.flags = ACK;
    client.send(&answer);
    let response = client.response(stream);
    assert_eq!(response.status(), Some(200));
    let timing = response.get("server-timing").expect("the field");
    let milliseconds: f64 = timing.strip_prefix("ping;dur=").and_then(|time| time.parse().ok()).expect("a number");
    assert!((0.0..10_000.0).contains(&milliseconds), "{timing}");
}

#[test]
fn altsvc_and_origin() {
    check(&[
        (
            "connection/altsvc.rhai",
            vec![frame(FrameType::ALTSVC, 0, 1, b"\0\0clear"), Page("An ALTSVC frame came before this.\n")],
        ),
        (
            "connection/origin.rhai",
            vec![
                frame(FrameType::ORIGIN, 0, 0, b"\0\x13https://example.com"),
                Page("An ORIGIN frame came before this.\n"),
            ],
        ),
    ]);
}

#[test]
fn the_connection_ends_while_the_response_runs() {
    let server = Server::start();
    for (how, wanted) in [("close", End::Closed), ("half-close", End::Closed), ("abort", End::Reset)] {
        let mut client = Client::h2c(&server);
        client.get(&format!("/handlers/connection/end.rhai?how={how}"));
        let (frames, end) = client.until_end();
        compare(&frames, &[Head("200"), data(0, "The first octets of a thousand.\n")]).unwrap();
        assert_eq!((end, client.remainder()), (wanted, &b""[..]), "{how}");
    }
}
