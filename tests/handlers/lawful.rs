//! The shipped handlers that break no rule.

use crate::support::raw::{Client, Response, exchange};
use crate::support::server::Server;
use std::time::Instant;
use wireserve::wire::frame::FrameType;

fn ask(server: &Server, path: &str) -> Response {
    let mut client = Client::h2c(server);
    let stream = client.get(&format!("/handlers/{path}"));
    client.response(stream)
}

fn over_http1(server: &Server, path: &str) -> String {
    let request = format!("GET /handlers/{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    String::from_utf8_lossy(&exchange(server.connect("http"), request.as_bytes())).into_owned()
}

#[test]
fn pages_over_both_protocols() {
    let server = Server::start();
    let rows = [
        ("hello.rhai", "Hello, world!\n"),
        ("status.rhai?code=418", "This is 418.\n"),
        ("early-hints.rhai?count=2&spacing=0.01", "2 early hints came before this.\n"),
        ("trailers.rhai", "Trailers follow.\n"),
        ("stream.rhai?count=2&spacing=0.01", "line 2\n"),
        ("file.rhai", "This text is in the file beside the script.\n"),
        ("cookies.rhai", "{}"),
        ("fields/repeated.rhai", "Five fields, two names.\n"),
        ("connection/write-size.rhai?octets=5", "Each write had 5 bytes.\n"),
        ("headers.rhai", "\"raw_headers\""),
        ("delay.rhai?seconds=0.01", "Slept for 0.01 s.\n"),
    ];
    for (path, text) in rows {
        let response = ask(&server, path);
        assert!(response.text().contains(text), "{path} over HTTP/2: {response:?}");
        let page = over_http1(&server, path);
        assert!(page.contains(text), "{path} over HTTP/1.1: {page}");
    }
}

#[test]
fn details_of_responses() {
    let server = Server::start();
    let response = ask(&server, "early-hints.rhai?count=2&spacing=0.01");
    assert_eq!(response.informational.len(), 2);
    assert_eq!(response.informational[1].iter().filter(|(name, _)| name == b"link").count(), 2);
    let response = ask(&server, "trailers.rhai?empty=1");
    assert_eq!((response.body.len(), response.trailers.len()), (0, 2));
    let response = ask(&server, "fields/repeated.rhai");
    assert_eq!(response.fields.iter().filter(|(name, _)| name == b"x-list").count(), 3);
    let response = ask(&server, "redirect.rhai?status=307&location=/x");
    assert_eq!((response.status(), response.get("location").as_deref()), (Some(307), Some("/x")));
    let response = ask(&server, "cookies.rhai?name=a&value=1");
    assert!(response.get("set-cookie").is_some_and(|cookie| cookie.starts_with("a=1")));
    let response = ask(&server, "fields/many.rhai?count=300&size=1000");
    assert_eq!(
        response.fields.iter().filter(|(name, value)| name.starts_with(b"x-") && value.len() == 1000).count(),
        300
    );
    assert!(over_http1(&server, "status.rhai?code=418&reason=Teapot").starts_with("HTTP/1.1 418 Teapot\r\n"));
}

#[test]
fn the_request_is_shown_both_ways() {
    let server = Server::start();
    let mut client = Client::h2c(&server);
    let stream = client.request("GET", "/handlers/headers.rhai?a=1", &[("x-a", "1"), ("x-a", "2")], true);
    let seen: serde_json::Value = serde_json::from_slice(&client.response(stream).body).expect("JSON");
    assert_eq!((&seen["method"], &seen["query"], &seen["stream"]), (&"GET".into(), &"a=1".into(), &1.into()));
    let raw = seen["raw_headers"].as_array().expect("a list");
    assert_eq!(raw[0]["name"], ":method");
    assert_eq!(raw.iter().filter(|field| field["name"] == "x-a").count(), 2);
    let octets: String = raw.iter().filter_map(|field| field["octets"].as_str()).collect();
    assert_eq!(seen["raw_header_block"], octets, "the fields' octets are the block");
    let request = "GET /handlers/headers.rhai HTTP/1.1\r\nHOST: localhost\r\nX-a: 1\r\nconnection: close\r\n\r\n";
    let page = exchange(server.connect("http"), request.as_bytes());
    let page = String::from_utf8_lossy(&page);
    assert!(page.contains("\"HOST\"") && page.contains("\"line\""), "{page}");
}

#[test]
fn one_stream_waits_for_another() {
    let server = Server::start();
    let mut client = Client::h2c(&server);
    let waiting = client.get("/handlers/rendezvous.rhai?turn=wait");
    assert!(client.barrier().is_empty());
    client.get("/handlers/rendezvous.rhai?turn=give");
    assert_eq!(client.response(waiting).text(), "Stream 1 went on after stream 3.\n");
    let begin = Instant::now();
    let stream = client.get("/handlers/rendezvous.rhai?seconds=0.05");
    assert_eq!(client.response(stream).status(), Some(504));
    assert!(begin.elapsed().as_secs_f64() >= 0.05);
}

#[test]
fn a_push_is_answered_on_its_own_stream() {
    let server = Server::start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/push.rhai");
    let mut ended = 0;
    let frames = client.until(|frame| {
        ended += usize::from(frame.header.has(1) && (frame.is(FrameType::DATA) || frame.is(FrameType::HEADERS)));
        ended == 2
    });
    let promise = frames.iter().find(|frame| frame.is(FrameType::PUSH_PROMISE)).expect("a PUSH_PROMISE");
    assert_eq!((promise.header.stream_id, promise.word(0)), (stream, 2));
    let pushed = crate::support::raw::assemble(&frames, 2);
    assert_eq!((pushed.status(), &*pushed.text()), (Some(200), "Pushed.\n"));
    let mut client = Client::h2c_with(&server, &[(2, 0)]);
    let stream = client.get("/handlers/push.rhai");
    assert!(client.response(stream).text().contains("ENABLE_PUSH is 0"));
}

#[test]
fn three_hundred_malformed_answers_leave_the_connection_usable() {
    let server = Server::start();
    let mut client = Client::h2c(&server);
    for _ in 0..300 {
        let stream = client.get("/handlers/fields/order.rhai");
        client.until(|frame| frame.header.stream_id == stream && frame.is(FrameType::DATA) && frame.header.has(1));
    }
    let stream = client.get("/handlers/hello.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
}

#[test]
fn values_are_kept_counted_and_waited_for() {
    let server = Server::start();
    assert_eq!(ask(&server, "stash/counter.rhai").text(), "1\n");
    assert!(over_http1(&server, "stash/counter.rhai").ends_with("\r\n\r\n2\n"));
    assert_eq!(ask(&server, "stash/counter.rhai?reset=yes").text(), "1\n");
    assert_eq!(ask(&server, "stash/value.rhai?do=take").status(), Some(404));
    assert_eq!(ask(&server, "stash/wait.rhai?seconds=0.01").status(), Some(504));
    assert_eq!(ask(&server, "stash/value.rhai?do=put&value=a").status(), Some(200));
    let twice = ask(&server, "stash/value.rhai?do=put&value=b");
    assert!(twice.status() == Some(409) && twice.text().contains("already"), "{twice:?}");
    assert_eq!(ask(&server, "stash/value.rhai?do=peek").text(), "a");
    assert_eq!(ask(&server, "stash/wait.rhai").text(), "a");
    let mut client = Client::h2c(&server);
    let waiting = client.get("/handlers/stash/wait.rhai?seconds=20");
    assert!(client.barrier().is_empty());
    assert!(over_http1(&server, "stash/value.rhai?do=put&value=c").starts_with("HTTP/1.1 200"));
    assert_eq!(client.response(waiting).text(), "c");
}
