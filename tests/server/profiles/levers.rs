//! `handlers/profiles/`, those that are about one request or its connection's end.

use super::{ack, ask, begin, handshake, is_settings, kinds};
use crate::support::raw::{Client, End, Received, frames_in};
use crate::support::server::Server;
use wireserve::wire::frame::{FrameType, RawFrame, flag};

/// What comes for one GET of a connection that is set up, up to the end of its stream.
fn answered(profile: &str) -> (Client, Vec<Received>, Server) {
    let server = Server::start();
    let (mut client, _) = handshake(&server, profile);
    let stream = client.get("/handlers/hello.rhai");
    let frames = client.until(|frame| {
        let ends = frame.header.has(flag::END_STREAM) || frame.is(FrameType::RST_STREAM);
        frame.header.stream_id == stream && ends && !frame.is(FrameType::PUSH_PROMISE)
    });
    (client, frames, server)
}

#[test]
fn settings_of_profiles() {
    let server = Server::start();
    for (profile, entry) in
        [("max-streams-1", (3, 1)), ("window-never-opens", (4, 0)), ("table-size-huge", (1, 1 << 20))]
    {
        let (mut client, settings) = handshake(&server, profile);
        assert!(settings.contains(&entry), "{profile}: {settings:?}");
        assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200), "{profile}");
    }
    // This client's encoder knows no size update.
    assert!(handshake(&server, "table-size-0").1.contains(&(1, 0)));
}

#[test]
fn window_never_opens() {
    let server = Server::start();
    let (mut client, _) = handshake(&server, "window-never-opens");
    let stream = client.request("POST", "/handlers/echo.rhai", &[], false);
    client.data(stream, b"", false);
    let frames = client.barrier();
    assert!(!frames.iter().any(|frame| frame.is(FrameType::WINDOW_UPDATE)), "{:?}", kinds(&frames));
    client.data(stream, b"x", false);
    assert_eq!(client.stream_error(stream), 3);
}

#[test]
fn max_streams_changing() {
    let (mut client, frames, _server) = answered("max-streams-changing");
    let value = |frames: &[Received]| frames.iter().find(|frame| is_settings(frame)).map(|frame| frame.word(2));
    assert_eq!(value(&frames), Some(1));
    client.send(&ack());
    let stream = client.get("/handlers/hello.rhai");
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
    assert_eq!(value(&frames), Some(100));
}

#[test]
fn frames_with_the_first_request() {
    for (profile, wanted) in [
        ("window-overflow", vec!["WINDOW_UPDATE", "HEADERS", "DATA"]),
        ("goaway-mid", vec!["GOAWAY", "HEADERS", "DATA"]),
        ("goaway-graceful", vec!["GOAWAY", "PING", "HEADERS", "DATA"]),
        ("push-disabled-violated", vec!["PUSH_PROMISE", "HEADERS", "HEADERS", "DATA"]),
        ("reset-after-headers", vec!["HEADERS", "RST_STREAM"]),
        ("misdirected-421", vec!["HEADERS"]),
    ] {
        let (mut client, mut frames, _server) = answered(profile);
        frames.retain(|frame| !(frame.is(FrameType::WINDOW_UPDATE) && frame.word(0) != 0x7fff_ffff));
        assert_eq!(kinds(&frames), wanted, "{profile}");
        // The connection goes on.
        client.barrier();
    }
}

#[test]
fn goaway_mid_and_graceful_name_the_last_stream() {
    let (_client, frames, _server) = answered("goaway-mid");
    assert_eq!((frames[0].word(0), frames[0].word(4)), (1, 0));
    let (mut client, mut frames, _server) = answered("goaway-graceful");
    frames.retain(|frame| !frame.is(FrameType::WINDOW_UPDATE));
    assert_eq!((frames[0].word(0), frames[0].word(4)), (0x7fff_ffff, 0));
    // A stream that was opened before the first GOAWAY was seen.
    let stream = client.get("/handlers/hello.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
    client.send(&RawFrame::new(FrameType::PING, flag::ACK, 0, frames[1].payload.clone()));
    let goaway = client.until(|frame| frame.is(FrameType::GOAWAY)).pop().expect("the GOAWAY");
    assert_eq!((goaway.word(0), goaway.word(4)), (stream, 0));
}

#[test]
fn frames_with_the_preface() {
    let server = Server::start();
    for (profile, wanted) in [("altsvc", FrameType::ALTSVC), ("origin-frame", FrameType::ORIGIN)] {
        let mut client = begin(&server, profile);
        let frames = client.until(|frame| frame.is(wanted));
        assert_eq!(kinds(&frames), ["SETTINGS".to_owned(), "WINDOW_UPDATE".to_owned(), wanted.to_string()]);
        assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
    }
    let mut client = begin(&server, "ping-flood");
    let mut count = 0;
    client.until(|frame| {
        count += usize::from(frame.is(FrameType::PING));
        count == 500
    });
    for _ in 0..500 {
        client.send(&RawFrame::new(FrameType::PING, flag::ACK, 0, b"wireserv".to_vec()));
    }
    assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
}

#[test]
fn one_byte_writes() {
    let server = Server::start();
    let (mut client, _) = handshake(&server, "one-byte-writes");
    assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
}

#[test]
fn wrong_preface() {
    let server = Server::start();
    let mut client = begin(&server, "wrong-preface");
    let wanted = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(client.octets(wanted.len()), wanted);
    assert_eq!(frames_in(client.remainder()), (Vec::new(), 0));
}

#[test]
fn half_close() {
    let server = Server::start();
    let mut client = begin(&server, "half-close");
    let (frames, end) = client.until_end();
    // Whether the client's SETTINGS came in time for an ACK is a matter of luck.
    assert!(
        kinds(&frames).join(" ").starts_with("SETTINGS WINDOW_UPDATE") && end == End::Closed,
        "{:?}",
        kinds(&frames)
    );
    // It reads on.
    assert!(client.try_send_octets(&[0; 9]));
}
