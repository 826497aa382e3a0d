//! `handlers/profiles/`

use super::{ack, ask, begin, handshake, is_ack, is_settings, kinds};
use crate::support::raw::{Client, End};
use crate::support::server::Server;
use std::time::{Duration, Instant};
use wireserve::wire::frame::{FrameType, RawFrame, flag};

#[test]
fn no_settings() {
    let server = Server::start();
    let mut client = begin(&server, "no-settings");
    let stream = client.get("/handlers/hello.rhai");
    let mut frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
    frames.extend(client.barrier());
    assert!(!frames.iter().any(is_settings), "{:?}", kinds(&frames));
    assert!(is_ack(&frames[0]), "{:?}", kinds(&frames));
}

#[test]
fn late_settings() {
    let server = Server::start();
    let begin_at = Instant::now();
    let mut client = begin(&server, "late-settings");
    let stream = client.get("/handlers/hello.rhai");
    let first = client.frame().expect("a frame");
    assert!(begin_at.elapsed() >= Duration::from_secs(1) && is_settings(&first), "{:?}", begin_at.elapsed());
    let frames = client.until(|frame| frame.header.stream_id == stream);
    assert_eq!(kinds(&frames), ["WINDOW_UPDATE", "SETTINGS ACK", "HEADERS"]);
}

#[test]
fn settings_flood() {
    let server = Server::start();
    let mut client = begin(&server, "settings-flood");
    let mut count = 0;
    client.until(|frame| {
        count += usize::from(is_settings(frame));
        count == 1001
    });
    for _ in 0..1001 {
        client.send(&ack());
    }
    assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
}

#[test]
fn max_streams_0() {
    let server = Server::start();
    let (mut client, settings) = handshake(&server, "max-streams-0");
    assert!(settings.contains(&(3, 0)), "{settings:?}");
    let stream = client.get("/handlers/hello.rhai");
    assert_eq!(client.stream_error(stream), 7);
}

#[test]
fn tiny_window() {
    let server = Server::builder().handler("text.rhai", "fn main(request, response) { request.text() }").start();
    let (mut client, settings) = handshake(&server, "tiny-window");
    assert!(settings.contains(&(4, 1)), "{settings:?}");
    let stream = client.request("POST", "/handlers/text.rhai", &[], false);
    for octet in b"tiny" {
        client.data(stream, &[*octet], false);
        let granted = client.until(|frame| frame.is(FrameType::WINDOW_UPDATE) && frame.header.stream_id == stream);
        assert_eq!(granted.last().map(|frame| frame.word(0)), Some(1));
    }
    client.data(stream, b"", true);
    assert_eq!(client.response(stream).text(), "tiny");
    let stream = client.request("POST", "/handlers/echo.rhai", &[], false);
    client.data(stream, b"ab", false);
    assert_eq!(client.stream_error(stream), 3, "two octets are one too many");
}

#[test]
fn ping_silence() {
    let server = Server::start();
    let (mut client, _) = handshake(&server, "ping-silence");
    client.send(&RawFrame::new(FrameType::PING, 0, 0, vec![1; 8]));
    let stream = client.get("/handlers/hello.rhai");
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
    assert!(!frames.iter().any(|frame| frame.is(FrameType::PING)), "{:?}", kinds(&frames));
}

#[test]
fn goaway_first() {
    let server = Server::start();
    let mut client = begin(&server, "goaway-first");
    let frames = client.until(|frame| frame.is(FrameType::GOAWAY));
    assert_eq!(kinds(&frames), ["SETTINGS", "WINDOW_UPDATE", "GOAWAY"]);
    let goaway = frames.last().expect("`until` gives the frame");
    assert_eq!((goaway.word(0), goaway.word(4), &goaway.payload[8..]), (0, 0, &b"goaway-first"[..]));
    client.get("/handlers/hello.rhai");
    let after = client.barrier();
    assert!(!after.iter().any(|frame| frame.header.stream_id != 0), "{:?}", kinds(&after));
}

#[test]
fn stall_after_preface() {
    let server = Server::start();
    let mut client = begin(&server, "stall-after-preface");
    client.send(&ack());
    client.get("/handlers/hello.rhai");
    client.send(&RawFrame::new(FrameType::PING, 0, 0, vec![1; 8]));
    client.half_close();
    let (frames, end) = client.until_end();
    assert_eq!((kinds(&frames), end), (vec!["SETTINGS".to_owned(), "WINDOW_UPDATE".to_owned()], End::Closed));
}

#[test]
fn a_profile_has_a_port_of_its_own_in_clear() {
    let config = "[[profile_ports]]\nport = \"auto\"\nkind = \"h2c\"\nprofile = \"tiny-window\"\n";
    let server = Server::builder().config(config).start();
    let url = server.ready()["profiles"]["tiny-window"][0].as_str().expect("a URL").to_owned();
    let authority = url.trim_start_matches("http://").trim_end_matches('/');
    let port = authority.rsplit_once(':').expect("a port").1;
    let socket = crate::support::server::connect(format!("127.0.0.1:{port}"));
    let mut client = Client::over_tcp(socket, authority);
    assert!(client.handshake(&[]).contains(&(4, 1)));
    assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
}
