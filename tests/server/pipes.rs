//! Pipes and substitution, over both protocols.

use crate::support::DEADLINE;
use crate::support::ask::{self, Ask};
use crate::support::http1::Answer;
use crate::support::raw::{self, Client, End, Received, Response};
use crate::support::server::Server;
use flate2::read::GzDecoder;
use rustls::{ClientConnection, StreamOwned};
use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use wireserve::wire::frame::{FrameType, flag};

const DOCUMENT: &str = "0123456789abcdefghijklmnopqrstuvwxyz";

fn start() -> Server {
    let large: Vec<u8> = (0..600_000_u32).map(|number| (number % 251) as u8).collect();
    Server::builder()
        .file("document.txt", DOCUMENT)
        .file("large.bin", large)
        .file("sub.txt", "{{host}} {{GET[a]}}")
        .file("x.sub.html", "<p>{{GET[a]}}</p>{{location[server]}}")
        .file("x.sub.txt", "{{GET[a]}} {{headers[x-test]}}")
        .file("bad.sub.txt", "one\ntwo {{nothing}}")
        .file("fields.txt", "x")
        .file("fields.txt.sub.headers", "X-Host: {{host}}\nX-Query: {{GET[a]}}")
        .file("cached.txt", DOCUMENT)
        .file("cached.txt.headers", "Cache-Control: max-age=9")
        .start()
}

fn ask<'a>(method: &'a str, path: &'a str) -> Ask<'a> {
    Ask { method, ..Ask::get(path) }.with("x-test", "PASS")
}

/// Asks over HTTP/1.1 on a connection of its own.
fn http1(server: &Server, method: &str, path: &str) -> Answer {
    ask::over_http1(server, &ask(method, path))
}

fn http1_octets(server: &Server, method: &str, path: &str) -> Vec<u8> {
    ask::octets(server, &ask(method, path))
}

fn http2(server: &Server, path: &str) -> Response {
    let mut client = Client::h2c(server);
    client.open_windows();
    let stream = client.request("GET", path, &[("x-test", "PASS")], true);
    client.response(stream)
}

/// The same over both protocols: status, text, and the fields asked for.
fn both(server: &Server, path: &str, status: u16, text: &str, fields: &[(&str, Option<&str>)]) {
    let old = http1(server, "GET", path);
    let new = http2(server, path);
    assert_eq!((old.status, new.status()), (status, Some(status)), "{path}: {} / {}", old.text(), new.text());
    assert_eq!((old.text().as_str(), new.text().as_str()), (text, text), "{path}");
    for (name, value) in fields {
        assert_eq!((old.get(name), new.get(name).as_deref()), (*value, *value), "{name} of {path}");
    }
}

#[test]
fn wptserves_pipes() {
    let server = start();
    for (pipe, status, text, fields) in [
        ("status(202)", 202, DOCUMENT, vec![]),
        ("header(X-TEST,PASS)", 200, DOCUMENT, vec![("x-test", Some("PASS"))]),
        ("header(Content-Type,text/html)", 200, DOCUMENT, vec![("content-type", Some("text/html"))]),
        ("header(X-A,FAIL)|header(x-a,PASS)", 200, DOCUMENT, vec![("x-a", Some("PASS"))]),
        (r"header(X-A,a\,b\)c+d%20e)", 200, DOCUMENT, vec![("x-a", Some("a,b)c d e"))]),
        ("slice(1,10)", 200, &DOCUMENT[1..10], vec![("content-length", Some("9"))]),
        ("slice(1)", 200, &DOCUMENT[1..], vec![]),
        ("slice(null,10)", 200, &DOCUMENT[..10], vec![]),
        ("slice(-3)", 200, "xyz", vec![("content-length", Some("3"))]),
        ("slice(-30,-33)", 200, "", vec![("content-length", Some("0"))]),
        ("slice(5,2)", 200, "", vec![]),
        ("slice(30,99)", 200, &DOCUMENT[30..], vec![]),
        ("slice(1,8)|slice(1,-1)|status(203)", 203, "23456", vec![("content-length", Some("5"))]),
    ] {
        both(&server, &format!("/document.txt?pipe={pipe}"), status, text, &fields);
    }
    both(&server, "/document.txt?pipe=status(202)&pipe=status(203)&pipe=", 203, DOCUMENT, &[]);
    both(&server, "/document.txt?%70ipe=status%28202%29", 202, DOCUMENT, &[]);
    let twice = http1(&server, "GET", "/document.txt?pipe=header(X-Test,1)|header(X-Test,2,True)");
    assert_eq!(twice.values("x-test"), ["1", "2"]);
    let head = http1(&server, "HEAD", "/document.txt?pipe=slice(0,4)|status(202)");
    assert_eq!((head.status, head.get("content-length"), head.text().as_str()), (202, Some("4"), ""));
}

#[test]
fn substitution() {
    let server = start();
    both(&server, "/sub.txt?pipe=sub&a=%3Cb%3E", 200, "localhost &lt;b&gt;", &[("content-length", Some("19"))]);
    both(&server, "/sub.txt?pipe=sub(none)&a=%3Cb%3E", 200, "localhost <b>", &[]);
    both(&server, "/sub.txt?a=1", 200, "{{host}} {{GET[a]}}", &[]);
    both(&server, "/x.sub.txt?a=%3Cb%3E", 200, "<b> PASS", &[]);
    both(&server, "/x.sub.txt?a=1&pipe=slice(0,3)|status(202)", 202, "1 P", &[]);
    both(&server, "/fields.txt?a=b%20c", 200, "x", &[("x-host", Some("localhost")), ("x-query", Some("b c"))]);
    let html = http1(&server, "GET", "/x.sub.html?a=%22");
    assert_eq!(html.text(), format!("<p>&quot;</p>{}", server.base("http")));
    let error = http2(&server, "/bad.sub.txt");
    assert_eq!(error.status(), Some(500));
    assert!(error.text().contains("{{nothing}} at line 2, column 5: there is no name nothing"), "{}", error.text());
}

#[test]
fn gzip_gives_the_same_content_and_the_same_octets_each_time() {
    let server = start();
    let path = "/document.txt?pipe=gzip";
    let answer = http2(&server, path);
    assert_eq!(answer.get("content-encoding").as_deref(), Some("gzip"));
    assert_eq!(answer.get("content-length"), Some(answer.body.len().to_string()));
    let mut text = String::new();
    GzDecoder::new(&answer.body[..]).read_to_string(&mut text).expect("it is gzip");
    assert_eq!(text, DOCUMENT);
    assert_eq!(http1(&server, "GET", path).body, answer.body);
}

#[test]
fn wrong_pipes_are_named() {
    let server = start();
    for (pipe, text) in [
        ("nope", "There is no pipe \"nope\". There are sub, status, header"),
        ("statu(200)", "Did you mean status?"),
        ("status", "The pipe status(code) has no arguments here"),
        ("status(abc)", "Argument 1 of the pipe status(code) must be a whole number from 100 to 999, not \"abc\""),
        ("status(99)", "from 100 to 999"),
        ("status(1,2)", "has 2 arguments here"),
        ("gzip()", "It takes no arguments and no parentheses"),
        ("sub(xml)", "must be html or none, not \"xml\""),
        ("header(a)", "has 1 argument here"),
        ("header(a%20b,c)", "Argument 1 of the pipe header(name,value,append) must be a header name"),
        (r"header(a,b\nc)", "Argument 2 of the pipe header(name,value,append) must be a header value"),
        ("header(a,%E2%82%AC)", "must be a header value"),
        ("header(a,b,maybe)", "must be true or false"),
        ("slice(a)", "must be a whole number, or null"),
        ("trickle(1:x)", "Argument 1 of the pipe trickle(steps) must be steps joined by colons"),
        ("trickle()", "must be steps joined by colons"),
        ("trickle(d0.1:r1)", "must be steps joined by colons"),
        ("trickle(r2:1)", "must be steps joined by colons"),
        ("trickle(0:d0:r2)", "must be steps joined by colons"),
        ("trickle(d9999)", "at most 3600"),
        ("trickle(d-1)", "must be steps joined by colons"),
        ("trickle(dinf)", "must be steps joined by colons"),
        ("trickle(1:d3600:r2)", "would take longer than 3600 seconds"),
        ("trickle(d1:r2)", "would take longer than 3600 seconds"),
        ("delay(x)", "must be a number of seconds from 0 to 3600"),
        ("reset(NOPE)", "must be an error code of RFC 9113 §7, by name or by number"),
        ("reset(CANCEL,x)", "must be a whole number of bytes"),
        ("split(0)", "from 1 to 16384"),
        ("pad(256)", "from 0 to 255"),
        (r"status(200\", "end in a backslash"),
    ] {
        let path = format!("/document.txt?pipe={pipe}");
        for (status, answer) in [
            (Some(http1(&server, "GET", &path).status), http1(&server, "GET", &path).text()),
            (http2(&server, &path).status(), http2(&server, &path).text()),
        ] {
            assert_eq!(status, Some(500), "{pipe}: {answer}");
            assert!(answer.contains(text), "{pipe}: {answer}");
        }
    }
    let many = http1(&server, "GET", &format!("/document.txt?pipe={}", "status(202)|".repeat(101)));
    assert!(many.text().contains("more than 100 pipes"), "{}", many.text());
    let padded = http1(&server, "GET", "/document.txt?pipe=pad(8)");
    assert_eq!(padded.status, 500);
    assert!(padded.text().contains("The pipe pad exists over HTTP/2 only"), "{}", padded.text());
    let large = http1(&server, "GET", "/nothing-here.txt?pipe=nope");
    assert_eq!(large.status, 404, "what is no success is not piped");
}

#[test]
fn trickle_paces_and_says_that_nothing_is_to_be_stored() {
    let server = start();
    let path = "/document.txt?pipe=trickle(10:d0.05:r2)";
    let mut client = Client::h2c(&server);
    let before = Instant::now();
    let stream = client.get(path);
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
    assert!(before.elapsed() >= Duration::from_millis(200), "a pause follows each of the four parts");
    assert_eq!(data_lengths(&frames, stream), [10, 10, 10, 6, 0]);
    let answer = raw::assemble(&frames, stream);
    assert_eq!(answer.text(), DOCUMENT);
    assert_eq!(answer.get("cache-control").as_deref(), Some("no-cache, no-store, must-revalidate"));
    assert_eq!((answer.get("pragma").as_deref(), answer.get("expires").as_deref()), (Some("no-cache"), Some("0")));
    assert_eq!(answer.get("content-length"), None, "as with wptserve");
    let old = http1(&server, "GET", path);
    assert_eq!((old.text().as_str(), old.is_chunked), (DOCUMENT, true));
    let cached = [("cache-control", Some("max-age=9")), ("pragma", None), ("expires", None)];
    both(&server, "/cached.txt?pipe=trickle(1:d0.01)", 200, DOCUMENT, &cached);
    both(&server, "/document.txt?pipe=slice(0,5)|trickle(1:d0:2)", 200, "01234", &[("content-length", Some("5"))]);
    both(&server, "/document.txt?pipe=trickle(3:d0.001:4)|slice(2,6)", 200, "2345", &[]);
}

#[test]
fn a_trickle_starts_at_once_and_ends_when_the_client_leaves() {
    let server = start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/large.bin?pipe=trickle(1000:d1:r2)");
    let frames = client.until(|frame| frame.is(FrameType::DATA));
    assert_eq!(data_lengths(&frames, stream), [1000], "the rest is a second away");
    client.send(&raw::rst_stream(stream, 8));
    assert!(client.barrier().iter().all(|frame| !frame.is(FrameType::DATA)));
    let log = server.log();
    assert!(!log.contains("ERROR"), "{log}");
}

fn data_lengths(frames: &[Received], stream: u32) -> Vec<u32> {
    let data = frames.iter().filter(|frame| frame.is(FrameType::DATA) && frame.header.stream_id == stream);
    data.map(|frame| frame.header.length).collect()
}

#[test]
fn split_cuts_content_into_frames_writes_and_chunks() {
    let server = start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/document.txt?pipe=split(10)");
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
    assert_eq!(data_lengths(&frames, stream), [10, 10, 10, 6]);
    assert_eq!(raw::assemble(&frames, stream).get("content-length").as_deref(), Some("36"));
    assert_eq!(http1(&server, "GET", "/document.txt?pipe=split(10)").text(), DOCUMENT);
    let octets = http1_octets(&server, "GET", "/document.txt?pipe=trickle(20)|split(10)");
    let text = String::from_utf8_lossy(&octets).into_owned();
    assert!(
        text.ends_with("\r\n\r\na\r\n0123456789\r\na\r\nabcdefghij\r\na\r\nklmnopqrst\r\n6\r\nuvwxyz\r\n0\r\n\r\n"),
        "{text}"
    );
    let large = http2(&server, "/large.bin?pipe=split(7000)");
    assert_eq!((large.body.len(), large.reset), (600_000, None));
}

#[test]
fn split_makes_each_piece_a_write_over_http_1() {
    let server = start();
    let mut stream = raw::tls(&server.connect("https"), server.authority("https"), &server.ca(), &[b"http/1.1"]);
    let request = format!(
        "GET /document.txt?pipe=split(10) HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        server.authority("https")
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("the server takes the octets");
    // A write of the server's is a TLS record.
    let sizes: Vec<usize> = std::iter::from_fn(|| record(&mut stream)).filter(|size| *size > 0).collect();
    assert_eq!(sizes[1..], [10, 10, 10, 6], "{sizes:?}");
}

/// How much plain text the next TLS record has; `None` at the end of the connection.
fn record(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> Option<usize> {
    let mut record = vec![0; 5];
    stream.sock.read_exact(&mut record).ok()?;
    record.resize(5 + usize::from(u16::from_be_bytes([record[3], record[4]])), 0);
    stream.sock.read_exact(&mut record[5..]).expect("a whole record");
    stream.conn.read_tls(&mut &record[..]).expect("a record is taken");
    let state = stream.conn.process_new_packets().expect("the record is good");
    let size = state.plaintext_bytes_to_read();
    stream.conn.reader().read_exact(&mut vec![0; size]).expect("so much is there");
    Some(size)
}

#[test]
fn pad_fills_every_data_frame_and_counts_against_the_window() {
    let server = start();
    let mut client = Client::h2c(&server);
    let stream = client.get("/document.txt?pipe=split(20)|pad(7)");
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
    let data: Vec<_> = frames.iter().filter(|frame| frame.is(FrameType::DATA)).collect();
    assert_eq!(data_lengths(&frames, stream), [28, 24]);
    for frame in &data {
        assert!(frame.header.has(flag::PADDED));
        assert_eq!(frame.payload[0], 7);
        assert!(frame.payload.ends_with(&[0; 7]));
    }
    assert_eq!(raw::assemble(&frames, stream).text(), DOCUMENT);
    // The whole window is used, padding included, and not more.
    let stream = client.get("/large.bin?pipe=pad(255)");
    let used = |frames: &[Received]| data_lengths(frames, stream).iter().sum::<u32>();
    let mut frames = client.until(|frame| used(std::slice::from_ref(frame)) > 0);
    while used(&frames) < 65_535 - 52 - 256 {
        frames.extend(client.frame());
    }
    frames.extend(client.barrier());
    assert!(used(&frames) <= 65_535 - 52, "{}", used(&frames));
    let all = http2(&server, "/large.bin?pipe=pad(255)");
    assert_eq!(all.body.len(), 600_000);
    let empty = http2(&server, "/document.txt?pipe=slice(0,0)|pad(3)");
    assert_eq!((empty.status(), empty.body.len()), (Some(200), 0));
}

#[test]
fn reset_ends_the_stream_or_the_connection() {
    let server = start();
    let mut client = Client::h2c(&server);
    for (pipe, code, text) in [
        ("reset(CANCEL,5)", 8, "01234"),
        ("reset(enhance_your_calm,99)", 11, DOCUMENT),
        ("reset(2,0)", 2, ""),
        ("split(3)|reset(0xbeef,7)", 0xbeef, "0123456"),
        ("reset(REFUSED_STREAM)", 7, ""),
    ] {
        let stream = client.get(&format!("/document.txt?pipe={pipe}"));
        let answer = client.response(stream);
        assert_eq!((answer.reset, answer.text().as_str()), (Some(code), text), "{pipe}");
        assert_eq!(answer.status(), (pipe != "reset(REFUSED_STREAM)").then_some(200), "{pipe}");
    }
    let stream = client.get("/large.bin?pipe=reset(CANCEL,40000)");
    let answer = client.response(stream);
    assert_eq!((answer.body.len(), answer.get("content-length").as_deref()), (40_000, Some("600000")));
    let stream = client.get("/document.txt?pipe=header(Content-Length,9)|reset(CANCEL,4)");
    let answer = client.response(stream);
    assert_eq!((answer.text().as_str(), answer.get("content-length").as_deref()), ("0123", Some("9")));
    let stream = client.get("/document.txt?pipe=status(204)|reset(CANCEL,4)");
    let answer = client.response(stream);
    assert_eq!((answer.status(), answer.get("content-length"), answer.reset), (Some(204), None, Some(8)));
    let stream = client.request("HEAD", "/document.txt?pipe=reset(CANCEL,0)", &[], true);
    let answer = client.response(stream);
    assert_eq!((answer.status(), answer.reset), (Some(200), Some(8)));
    // Over HTTP/1.1 a TCP reset, before which what was sent may be lost on the way.
    let stream = server.connect("http");
    let request =
        format!("GET /document.txt?pipe=reset(CANCEL) HTTP/1.1\r\nHost: {}\r\n\r\n", server.authority("http"));
    std::io::Write::write_all(&mut &stream, request.as_bytes()).expect("the server takes the octets");
    let error = (&stream).read(&mut [0; 16]).expect_err("nothing was sent before the reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn close_ends_the_connection_in_mid_response() {
    let server = start();
    for (pipe, text) in [("close(5)", "01234"), ("close(0)", ""), ("close(99)", DOCUMENT)] {
        let path = format!("/document.txt?pipe={pipe}");
        let answer = http1(&server, "GET", &path);
        assert_eq!((answer.get("content-length"), answer.text().as_str()), (Some("36"), text), "{pipe}");
        let mut client = Client::h2c(&server);
        let stream = client.get(&path);
        let (frames, end) = client.until_end();
        assert_eq!(end, End::Closed);
        assert!(frames.iter().all(|frame| !frame.is(FrameType::GOAWAY) && !frame.header.has(flag::END_STREAM)));
        assert_eq!(raw::assemble(&frames, stream).text(), text, "{pipe}");
    }
    for pipe in ["close", "delay(0.001)|close"] {
        let path = format!("/document.txt?pipe={pipe}");
        assert!(http1_octets(&server, "GET", &path).is_empty());
        let mut client = Client::h2c(&server);
        let stream = client.get(&path);
        let (frames, _) = client.until_end();
        assert!(frames.iter().all(|frame| frame.header.stream_id != stream));
    }
}

#[test]
fn delay_holds_back_the_fields() {
    let server = start();
    let mut client = Client::h2c(&server);
    let before = Instant::now();
    let late = client.get("/document.txt?pipe=delay(0.05)|delay(0.05)");
    let early = client.get("/document.txt");
    assert_eq!(client.response(early).text(), DOCUMENT);
    assert_eq!(client.response(late).text(), DOCUMENT);
    let taken = before.elapsed();
    assert!(taken >= Duration::from_millis(100) && taken < DEADLINE, "{taken:?}");
    let old = Instant::now();
    assert_eq!(http1(&server, "GET", "/document.txt?pipe=delay(0.05)").text(), DOCUMENT);
    assert!(old.elapsed() >= Duration::from_millis(50));
}

#[test]
fn large_files_are_cut_without_being_read() {
    let server = start();
    let last = http2(&server, "/large.bin?pipe=slice(-5)");
    assert_eq!(last.body, (599_995..600_000_u32).map(|number| (number % 251) as u8).collect::<Vec<u8>>());
    let middle = http1(&server, "GET", "/large.bin?pipe=slice(300000,400000)");
    assert_eq!((middle.body.len(), middle.body[0]), (100_000, (300_000_u32 % 251) as u8));
}

#[test]
fn the_result_of_a_script_is_piped() {
    let list = "fn main(request, response) { response.content = [\"PA\", || \"S\", [\"S\"]]; }";
    let function = "fn main(request, response) { let n = 0; response.content = || { n += 1; if n > 9 { () } else { \
                    `${n}` } }; }";
    let server = Server::builder()
        .handler("text.rhai", "fn main(request, response) { response.headers[\"X-A\"] = \"1\"; \"PASS\" }")
        .handler("list.rhai", list)
        .handler("function.rhai", function)
        .handler("fails.rhai", "fn main(request, response) { response.content = || { throw \"no\" }; }")
        .handler("template.sub.rhai", "fn main(request, response) { \"{{host}} {{GET[a]}}\" }")
        .handler("late.rhai", "fn main(request, response) { throw \"late\" }")
        .start();
    both(
        &server,
        "/handlers/text.rhai?pipe=slice(null,2)",
        200,
        "PA",
        &[("content-length", Some("2")), ("x-a", Some("1"))],
    );
    both(&server, "/handlers/text.rhai?pipe=status(404)|header(X-A,2,1)", 404, "PASS", &[("x-a", Some("1"))]);
    both(&server, "/handlers/list.rhai?pipe=slice(1)", 200, "ASS", &[]);
    both(&server, "/handlers/function.rhai?pipe=slice(2,5)", 200, "345", &[]);
    both(&server, "/handlers/function.rhai?pipe=slice(-2)", 200, "89", &[("content-length", Some("2"))]);
    both(
        &server,
        "/handlers/function.rhai?pipe=trickle(2:d0.001:r2)|header(A,b)",
        200,
        "123456789",
        &[("a", Some("b"))],
    );
    both(&server, "/handlers/template.sub.rhai?a=%3C", 200, "localhost <", &[]);
    both(&server, "/handlers/hello.rhai?pipe=slice(0,1)", 200, "H", &[]);
    for (path, status) in
        [("text.rhai?pipe=nope", 500), ("late.rhai?pipe=status(202)", 500), ("fails.rhai?pipe=gzip", 500)]
    {
        let answer = http2(&server, &format!("/handlers/{path}"));
        assert_eq!(answer.status(), Some(status), "{path}: {}", answer.text());
    }
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/fails.rhai?pipe=slice(0,1)");
    assert_eq!(client.response(stream).reset, Some(2), "the fields were sent already");
    let stream = client.get("/handlers/function.rhai?pipe=split(2)|pad(1)|reset(CANCEL,4)");
    let answer = client.response(stream);
    assert_eq!((answer.text().as_str(), answer.reset), ("1234", Some(8)));
}

#[test]
fn of_an_as_is_file_only_the_rhythm_changes() {
    let octets = "HTTP/1.1 202 Giraffe\r\nX-Test: PASS\r\nContent-Length: 7\r\n\r\nContent";
    let server = Server::builder().file("test.asis", octets).start();
    let path = "/test.asis?pipe=trickle(1:d0.02:5:d0.02)|status(404)|slice(null,2)";
    let before = Instant::now();
    assert_eq!(String::from_utf8_lossy(&http1_octets(&server, "GET", path)), octets);
    assert!(before.elapsed() >= Duration::from_millis(40));
    let answer = http2(&server, path);
    assert_eq!((answer.status(), answer.text().as_str()), (Some(202), "Content"));
    assert_eq!(http1(&server, "GET", "/test.asis?pipe=nope").status, 500);
}

#[test]
fn of_what_a_script_writes_itself_only_the_rhythm_changes() {
    let writer = "fn main(request, response) { response.writer.write_headers([[\":status\", \"200\"]]); \
                  response.writer.write_data(\"0123456789\"); response.writer.write_data(\"abcde\"); }";
    let raw_frames = "fn main(request, response) { response.writer.write_raw_header_frame([[\":status\", \"200\"]], \
                      #{ end_headers: true }); for n in 0..4 { response.writer.write_raw_data_frame(\"0123\", n == 3) } }";
    let lines = "fn main(request, response) { response.writer.write_status(202); response.writer.end_headers(); \
                 response.writer.write_content(\"0123456789\"); }";
    let server = Server::builder()
        .handler("writer.rhai", writer)
        .handler("raw.rhai", raw_frames)
        .handler("lines.rhai", lines)
        .start();
    let mut client = Client::h2c(&server);
    let mut asked = |path: &str| {
        let before = Instant::now();
        let stream = client.get(path);
        let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
        let lengths = data_lengths(&frames, stream);
        (raw::assemble(&frames, stream), lengths, before.elapsed())
    };
    let (answer, lengths, taken) = asked("/handlers/writer.rhai?pipe=trickle(4:d0.02:r2)|status(404)|slice(0,1)");
    assert_eq!((answer.status(), answer.text().as_str()), (Some(200), "0123456789abcde"));
    assert_eq!(answer.get("cache-control"), None);
    assert_eq!(lengths, [4, 4, 2, 2, 3, 0]);
    assert!(taken >= Duration::from_millis(80), "{taken:?}");
    let (_, lengths, taken) = asked("/handlers/raw.rhai?pipe=trickle(4:d0.02:r2)");
    assert_eq!(lengths, [4, 4, 4, 4]);
    assert!(taken >= Duration::from_millis(60), "{taken:?}");
    let before = Instant::now();
    let answer = http1(&server, "GET", "/handlers/lines.rhai?pipe=trickle(4:d0.02:r2)|status(404)");
    assert_eq!((answer.status, answer.text().as_str()), (202, "0123456789"));
    assert!(before.elapsed() >= Duration::from_millis(60));
}

#[test]
fn a_status_of_interim_responses_is_sent_over_http_1_1_as_wptserve_does() {
    let server = start();
    for (code, reason) in [(100, "Continue"), (101, "Switching Protocols"), (103, "Early Hints"), (199, "")] {
        let path = format!("/document.txt?pipe=status({code})|header(X-A,1)");
        let text = String::from_utf8(http1_octets(&server, "GET", &path)).expect("text");
        let (head, content) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with(&format!("HTTP/1.1 {code} {reason}\r\n")), "{head}");
        assert!(head.to_lowercase().contains("\r\nx-a: 1"), "{head}");
        assert_eq!(content, DOCUMENT, "{code}");
        let over_2 = http2(&server, &path);
        assert_eq!(over_2.status(), Some(500), "{code}");
        assert!(over_2.text().contains("status(100 to 199) exists over HTTP/1.1 only"), "{}", over_2.text());
    }
}
