//! What web-platform-tests' own HTTP/2 handlers need, one test each.

use crate::support::raw::{self, Client, Received};
use crate::support::server::Server;
use std::io::{Read, Write};
use std::time::{Duration, Instant};
use wireserve::wire::frame::{FrameType, flag};

fn is_end(frame: &Received) -> bool {
    frame.header.has(flag::END_STREAM) && (frame.is(FrameType::DATA) || frame.is(FrameType::HEADERS))
}

fn values<'a>(fields: &'a [(Vec<u8>, Vec<u8>)], name: &str) -> Vec<&'a [u8]> {
    fields.iter().filter(|(field, _)| field == name.as_bytes()).map(|(_, value)| &value[..]).collect()
}

#[test]
fn each_data_frame_is_echoed_before_the_request_body_ends() {
    let server = Server::start();
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/echo.rhai", &[("content-type", "text/plain")], false);
    client.until(|frame| frame.is(FrameType::HEADERS));
    for word in ["one", "two", "three"] {
        client.data(stream, word.as_bytes(), false);
        let frames = client.until(|frame| frame.is(FrameType::DATA) && !frame.payload.is_empty());
        assert_eq!(&frames.last().expect("DATA").payload[..], word.as_bytes());
    }
    client.data(stream, b"", true);
    client.until(is_end);
}

#[test]
fn a_redirect_answers_headers_alone_while_the_upload_runs() {
    let script = r#"fn handle_headers(frame, request, response) {
        response.status = 302;
        response.headers.set("location", "/elsewhere");
        response.write();
    }"#;
    let server = Server::builder().handler("away.rhai", script).start();
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/away.rhai", &[], false);
    let response = client.response(stream);
    assert_eq!((response.status(), response.get("location").as_deref()), (Some(302), Some("/elsewhere")));
    // The rest of the upload is no error, and the connection goes on.
    client.data(stream, &[0; 1000], false);
    client.data(stream, b"", true);
    let stream = client.get("/handlers/hello.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
}

#[test]
fn early_hints_keep_repeated_fields_and_are_spaced_to_10_ms() {
    let script = r#"fn main(request, response) {
        let links = [["link", "</a.css>; rel=preload"], ["link", "</b.js>; rel=preload"]];
        response.writer.write_informational(103, links);
        sleep(0.2);
        response.writer.write_informational(103, [["link", "</c.js>; rel=preload"]]);
        sleep(0.3);
        response.headers.set("x-done", "1");
        "done"
    }"#;
    let server = Server::builder().handler("hints.rhai", script).start();
    let mut client = Client::h2c(&server);
    let mut tries = Vec::new();
    // A busy machine may be late now and then; a server that spaces wrongly is so each time.
    while tries.len() < 6 {
        let taken = hints(&mut client);
        let exact =
            |taken: Duration, wanted: u64| taken.abs_diff(Duration::from_millis(wanted)) <= Duration::from_millis(10);
        if exact(taken[0], 200) && exact(taken[1], 300) {
            return;
        }
        tries.push(taken);
    }
    panic!("not once 200 and 300 ms, to 10 ms: {tries:?}");
}

#[test]
fn a_first_interim_response_keeps_its_distance_from_its_request() {
    const WAYS: [(&str, &str); 2] = [
        ("checked", "writer.write_informational(103, [[\"link\", \"</a.css>\"]])"),
        ("raw", "writer.write_raw_header_frame([[\":status\", \"103\"]], #{ end_headers: true })"),
    ];
    let lines = "fn main(request, response) { response.writer.write_status(103); response.writer.end_headers(); \"\" }";
    let mut server = Server::builder().config("interim_delay = 200\n").file("a.txt", "a").handler("lines.rhai", lines);
    for (name, call) in WAYS {
        let script = format!("fn main(request, response) {{ let writer = response.writer; {call}; {call}; \"done\" }}");
        server = server.handler(&format!("{name}.rhai"), &script);
    }
    let server = server.start();
    let mut client = Client::h2c(&server);
    for (name, _) in WAYS {
        let began = Instant::now();
        let stream = client.get(&format!("/handlers/{name}.rhai"));
        let is_head = |frame: &Received| frame.is(FrameType::HEADERS) && frame.header.stream_id == stream;
        for _ in 0..2 {
            client.until(is_head);
            assert!(began.elapsed() >= Duration::from_millis(200), "{name}: {:?}", began.elapsed());
        }
        client.until(is_end);
    }
    for path in ["/handlers/lines.rhai", "/a.txt?pipe=status(103)"] {
        let began = Instant::now();
        let mut socket = server.connect("http");
        write!(socket, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("the server takes it");
        let mut first = [0; 12];
        socket.read_exact(&mut first).expect("an interim response");
        assert_eq!(&first, b"HTTP/1.1 103");
        assert!(began.elapsed() >= Duration::from_millis(200), "{path}: {:?}", began.elapsed());
    }
}

#[test]
fn raw_headers_can_enter_the_clients_table() {
    let script = r#"fn main(request, response) {
        let fields = [[":status", "200"], ["x-a", "1"]];
        response.writer.write_raw_header_frame(fields, #{ end_headers: true, end_stream: true, incremental: true });
    }"#;
    let server = Server::builder().handler("raw.rhai", script).start();
    let mut client = Client::h2c(&server);
    for _ in 0..2 {
        let stream = client.get("/handlers/raw.rhai");
        let frames = client.until(is_end);
        let head = frames.iter().find(|frame| frame.is(FrameType::HEADERS)).expect("HEADERS");
        assert_eq!(&head.payload[..], b"\x40\x07:status\x03200\x40\x03x-a\x011");
        assert_eq!(raw::assemble(&frames, stream).get("x-a").as_deref(), Some("1"));
    }
    // What a checked call sends afterwards, the client still understands.
    let stream = client.get("/handlers/hello.rhai");
    assert_eq!(client.response(stream).status(), Some(200));
}

#[test]
fn in_a_checkout_http1_connections_end_after_files() {
    let server =
        Server::builder().file("resources/testharness.js", "").file("a.txt", "a").config("interim_delay = 0\n");
    let server = server.start();
    let ask = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: web-platform.test\r\n\r\n");
        let last = "GET /handlers/hello.rhai HTTP/1.1\r\nhost: web-platform.test\r\nconnection: close\r\n\r\n";
        let octets = raw::exchange(server.connect("http"), format!("{request}{last}").as_bytes());
        String::from_utf8_lossy(&octets).matches("HTTP/1.1 200").count()
    };
    assert_eq!(ask("/a.txt"), 1, "the connection ended after the file");
    assert_eq!(ask("/handlers/hello.rhai"), 2, "a script's response has a length, as with wptserve");
    assert!(server.base("http").contains("web-platform.test"), "{}", server.base("http"));
}

/// Fetches the hints, and gives the times between the arrivals of the three header sections.
fn hints(client: &mut Client) -> [Duration; 2] {
    let stream = client.get("/handlers/hints.rhai");
    let mut arrivals = Vec::new();
    let mut frames = Vec::new();
    while !frames.last().is_some_and(is_end) {
        let more = client.until(|frame| frame.is(FrameType::HEADERS) || is_end(frame));
        arrivals.push(Instant::now());
        frames.extend(more);
    }
    let response = crate::support::raw::assemble(&frames, stream);
    assert_eq!(response.informational.len(), 2);
    let links: [&[u8]; 2] = [b"</a.css>; rel=preload", b"</b.js>; rel=preload"];
    assert_eq!(values(&response.informational[0], "link"), links);
    assert_eq!(response.text(), "done");
    [arrivals[1] - arrivals[0], arrivals[2] - arrivals[1]]
}

#[test]
fn nul_and_line_ends_in_values_go_out_as_they_are() {
    let script = r#"fn main(request, response) {
        response.writer.write_raw_header_frame(
            [[":status", "200"], ["x-nul", "a\x00b"], ["x-lines", "a\r\nb"]], #{ end_headers: true, end_stream: true });
    }"#;
    let server = Server::builder().handler("nul.rhai", script).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/nul.rhai");
    let response = client.response(stream);
    assert_eq!(values(&response.fields, "x-nul"), [b"a\0b"]);
    assert_eq!(values(&response.fields, "x-lines"), [b"a\r\nb"]);
}

#[test]
fn two_handlers_on_one_connection_wait_for_each_other() {
    let first = r#"fn main(request, response) {
        let context = request.connection.context;
        while context.arrived != true { sleep(0.001); }
        "after the other"
    }"#;
    let second = r#"fn main(request, response) { request.connection.context.arrived = true; "here" }"#;
    let server = Server::builder().handler("first.rhai", first).handler("second.rhai", second).start();
    let mut client = Client::h2c(&server);
    let waiting = client.get("/handlers/first.rhai");
    assert!(client.barrier().is_empty(), "the first handler waits");
    let arriving = client.get("/handlers/second.rhai");
    let mut ended = Vec::new();
    let frames = client.until(|frame| {
        if is_end(frame) {
            ended.push(frame.header.stream_id);
        }
        ended.len() == 2
    });
    assert_eq!(crate::support::raw::assemble(&frames, waiting).text(), "after the other");
    assert_eq!(crate::support::raw::assemble(&frames, arriving).text(), "here");
}

#[test]
fn a_body_comes_from_the_file_beside_the_script() {
    let script = r#"fn main(request, response) { read_file("handlers/beside.txt") }"#;
    let server = Server::builder().handler("beside.rhai", script).handler("beside.txt", "from a file").start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/beside.rhai");
    assert_eq!(client.response(stream).text(), "from a file");
}

#[test]
fn repeated_response_fields_stay_apart() {
    let script = r#"fn main(request, response) {
        response.headers.append("set-cookie", "a=1");
        response.headers.append("set-cookie", "b=2");
        response.headers.append("x-twice", "1");
        response.headers.append("x-twice", "2");
        "ok"
    }"#;
    let server = Server::builder().handler("twice.rhai", script).start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/twice.rhai");
    let response = client.response(stream);
    assert_eq!(values(&response.fields, "set-cookie"), [b"a=1", b"b=2"]);
    assert_eq!(values(&response.fields, "x-twice"), [b"1", b"2"]);
}
