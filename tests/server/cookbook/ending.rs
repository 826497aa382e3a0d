//! Going away, streams that end early, another host.

use super::{acknowledge, ask, kinds, server};
use crate::support::raw::{Client, End, exchange, tls};
use wireserve::wire::frame::{FrameType, RawFrame, flag};

#[test]
fn goaway_below() {
    let server = server();
    let path = "/handlers/goaway-below.rhai?id=5f0c2e1a-0a6e-4c52-8a07-5d2f3b1f00ff";
    let mut client = Client::h2c(&server);
    let pending = client.request("POST", "/handlers/echo.rhai", &[], false);
    let left_out = client.get(path);
    let goaway = client.until(|frame| frame.is(FrameType::GOAWAY)).pop().expect("the GOAWAY");
    assert_eq!((goaway.word(0), goaway.word(4), &goaway.payload[8..]), (pending, 0, &b"not processed"[..]));
    client.data(pending, b"still here", true);
    assert_eq!(client.response(pending).text(), "still here");
    assert_eq!(kinds(&client.barrier(), left_out), [""; 0]);
    client.send(&RawFrame::new(FrameType::GOAWAY, 0, 0, vec![0; 8]));
    assert_eq!(client.until_end().1, End::Closed);
    assert_eq!(ask(&mut Client::h2c(&server), path).text(), "This is try 2.\n");
    let mut client = Client::h2c(&server);
    client.get(path);
    assert_eq!(client.until(|frame| frame.is(FrameType::GOAWAY)).pop().expect("the GOAWAY").word(0), 0);
}

#[test]
fn goaway_new_request() {
    let server = server();
    for (late, text) in [(true, "Stream 3 was opened.\n"), (false, "No stream was opened.\n")] {
        let mut client = Client::h2c(&server);
        let seconds = if late { "20" } else { "0.02" };
        let stream = client.get(&format!("/handlers/goaway-new-request.rhai?seconds={seconds}"));
        let frames = client.until(|frame| frame.is(FrameType::PING));
        assert_eq!(kinds(&frames, 0), ["GOAWAY", "PING"]);
        assert_eq!((frames[0].word(0), frames[0].word(4)), (stream, 0));
        acknowledge(&mut client, &frames[1]);
        client.until(|frame| frame.is(FrameType::HEADERS));
        if late {
            client.get("/handlers/hello.rhai");
        }
        let response = client.response(stream);
        assert_eq!(String::from_utf8_lossy(&response.body), text);
    }
    server.logged("expectation failed: no stream after GOAWAY");
}

#[test]
fn goaway_seen() {
    let server = server();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/goaway-seen.rhai");
    let frames = client.until(|frame| frame.is(FrameType::PING));
    assert_eq!(kinds(&frames, 0), ["GOAWAY", "PING"]);
    assert_eq!((frames[0].word(0), &frames[0].payload[8..]), (0x7fff_ffff, &b"soon"[..]));
    assert!(client.barrier().is_empty(), "it waits for the ACK");
    // A stream that was on its way.
    let other = client.get("/handlers/hello.rhai");
    assert_eq!(client.response(other).status(), Some(200));
    acknowledge(&mut client, &frames[1]);
    let goaway = client.until(|frame| frame.is(FrameType::GOAWAY)).pop().expect("the second GOAWAY");
    assert_eq!((goaway.word(0), &goaway.payload[8..]), (other, &b"now"[..]));
    assert_eq!(client.response(stream).text(), "The first GOAWAY was read before this was sent.\n");
}

#[test]
fn early_response() {
    let server = server();
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/early-response.rhai", &[], false);
    let frames = client.until(|frame| frame.is(FrameType::RST_STREAM));
    assert_eq!(kinds(&frames, stream), ["HEADERS", "DATA", "RST_STREAM"]);
    let response = crate::support::raw::assemble(&frames, stream);
    assert_eq!((response.status(), &*response.text(), response.reset), (Some(413), "Too large.\n", Some(0)));
    assert!(frames.iter().any(|frame| frame.is(FrameType::DATA) && frame.header.has(flag::END_STREAM)));
    // What was on its way is no error.
    client.data(stream, b"late", true);
    assert_eq!(ask(&mut client, "/handlers/hello.rhai").status(), Some(200));
}

#[test]
fn refused_once() {
    let server = server();
    let mut client = Client::h2c(&server);
    for _ in 0..2 {
        let stream = client.get("/handlers/refused-once.rhai");
        assert_eq!(client.stream_error(stream), 7);
        let again = ask(&mut client, "/handlers/refused-once.rhai");
        assert!(again.text().starts_with("This is try "), "{again:?}");
    }
}

#[test]
fn http_1_1_required() {
    let request = b"GET /handlers/http-1-1-required.rhai HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    for (config, status) in [("refuse_h2_over_http1 = false\n", "200"), ("", "505")] {
        let server = crate::support::cookbook::builder().config(config).start();
        let mut client = Client::h2(&server);
        let stream = client.get("/handlers/http-1-1-required.rhai");
        assert_eq!(client.stream_error(stream), 13);
        let stream = tls(&server.connect("h2"), server.authority("h2"), &server.ca(), &[b"http/1.1"]);
        let page = String::from_utf8_lossy(&exchange(stream, request)).into_owned();
        assert!(page.starts_with(&format!("HTTP/1.1 {status} ")), "{page}");
        assert!(
            page.contains(if config.is_empty() { "refuse_h2_over_http1 = false" } else { "as required" }),
            "{page}"
        );
    }
}

/// The script that is named cut-anywhere, at every place.
#[test]
fn cut_anywhere() {
    let server = server();
    let sent = |query: &str| {
        let mut client = Client::h2c(&server);
        client.get(&format!("/handlers/cut-anywhere.rhai?{query}"));
        let (frames, end) = client.until_end();
        let mut octets = bytes::BytesMut::new();
        frames.iter().for_each(|frame| frame.frame.write(&mut octets));
        octets.extend_from_slice(client.remainder());
        (octets, end)
    };
    let whole = sent("cut=44").0;
    assert!(whole.ends_with(b"Hello, world!\n"));
    for cut in 0..44 {
        assert_eq!(sent(&format!("cut={cut}")), (whole[..cut].into(), End::Closed), "{cut}");
    }
    assert_eq!(sent("cut=20&how=reset").1, End::Reset);
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/cut-anywhere.rhai");
    assert_eq!(client.response(stream).text(), "Hello, world!\n");
}

#[test]
fn misdirected() {
    let server = server();
    let mut client = Client::h2(&server);
    let right = ask(&mut client, "/handlers/misdirected.rhai");
    assert_eq!(right.status(), Some(200));
    let authority = format!("www.{}", server.authority("h2"));
    let fields = [(":method", "GET"), (":scheme", "https"), (":authority", &authority)];
    let block = client.encode(&[&fields[..], &[(":path", "/handlers/misdirected.rhai")]].concat());
    let stream = client.take_stream();
    client.send(&RawFrame::new(FrameType::HEADERS, flag::END_HEADERS | flag::END_STREAM, stream, block));
    let wrong = client.response(stream);
    assert_eq!(
        (wrong.status(), &*wrong.text()),
        (Some(421), "This connection is for localhost, not for www.localhost.\n")
    );
    let mut client = Client::over_tls(server.connect("h2"), &authority, &server.ca());
    client.handshake(&[]);
    let own = ask(&mut client, "/handlers/misdirected.rhai");
    assert_eq!(own.status(), Some(200));
    assert_eq!(own.text(), "This connection is for www.localhost.\n");
    assert_ne!(own.get("x-connection"), right.get("x-connection"));
}
