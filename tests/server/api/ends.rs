//! Where a request ends, who waits for its content, and what a handler leaves behind when it ends.

use super::{http1, main, serve};
use crate::support::raw::{self, Client, rst_stream};
use crate::support::server::Server;
use wireserve::wire::frame::{ErrorCode, FrameType, RawFrame, flag};

const LENGTH: &str = "fn main(request, response) { `${request.body.len}` }";

#[test]
fn a_client_that_waits_is_asked_for_its_content() {
    for script in [
        LENGTH,
        "fn handle_headers(frame, request, response) { response.content = `${request.raw_input.read().len}`; }",
        "fn handle_data(frame, request, response) { response.content += `${frame.payload.len}`; }",
    ] {
        let server = serve(script);
        let mut client = Client::h2c(&server);
        let expect = [("expect", "100-Continue"), ("content-length", "3")];
        let stream = client.request("POST", "/handlers/test.rhai", &expect, false);
        let asked = client.until(|frame| frame.header.stream_id == stream).pop().expect("the interim response");
        let fields = asked.fields.clone().expect("a field block").expect("it can be read");
        assert_eq!(fields, [(b":status".to_vec(), b"100".to_vec())], "{script}");
        client.data(stream, b"abc", true);
        let answer = client.response(stream);
        assert_eq!((answer.text().as_str(), answer.informational.len()), ("3", 0), "{script}");
    }
}

#[test]
fn nobody_is_asked_for_what_nobody_wants_or_what_is_there() {
    let early = serve("fn handle_headers(frame, request, response) { response.status = 417; response.finish(); }");
    let mut client = Client::h2c(&early);
    let stream = client.request("POST", "/handlers/test.rhai", &[("expect", "100-continue")], false);
    let answer = client.response(stream);
    assert_eq!((answer.status(), answer.informational.len()), (Some(417), 0));
    // A file wants no content.
    let stream = client.request("POST", "/no-such-file", &[("expect", "100-continue")], false);
    let answer = client.response(stream);
    assert_eq!((answer.status(), answer.informational.len()), (Some(404), 0));
    let server =
        serve("fn handle_headers(frame, request, response) { sleep(0.1); response.content = `${request.body.len}`; }");
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/test.rhai", &[("expect", "100-continue")], false);
    client.data(stream, b"abc", true);
    let answer = client.response(stream);
    assert_eq!((answer.text().as_str(), answer.informational.len()), ("3", 0), "it did not wait");
    // The script's own 100 is the only one.
    let server = serve(
        "fn handle_headers(frame, request, response) { response.writer.write_informational(100, []); response.content = `${request.body.len}`; }",
    );
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/test.rhai", &[("expect", "100-continue")], false);
    client.until(|frame| frame.header.stream_id == stream);
    client.data(stream, b"abc", true);
    let answer = client.response(stream);
    assert_eq!((answer.text().as_str(), answer.informational.len()), ("3", 0));
}

fn connect(client: &mut Client, extended: bool) -> u32 {
    let stream = client.take_stream();
    let all = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":path", "/handlers/test.rhai"),
        (":authority", "localhost:1"),
    ];
    let fields: Vec<_> =
        all.into_iter().filter(|(name, _)| extended || matches!(*name, ":method" | ":authority")).collect();
    let block = client.encode(&fields);
    client.send(&RawFrame::new(FrameType::HEADERS, flag::END_HEADERS, stream, block));
    stream
}

#[test]
fn connect_has_no_content_to_wait_for() {
    for script in [
        "fn main(request, response) { response.status = 400; `${request.body.len}` }",
        "fn handle_data(frame, request, response) { } fn main(request, response) { response.status = 400; \"0\" }",
    ] {
        let server = serve(script);
        let mut client = Client::h2c(&server);
        let stream = connect(&mut client, true);
        let answer = client.response(stream);
        assert_eq!((answer.status(), answer.text().as_str()), (Some(400), "0"), "{script}");
    }
    let server = Server::builder()
        .handler("test.rhai", "fn main(request, response) { [400, [], `${request.method}`] }")
        .config("[[routes]]\npath = \"*\"\nscript = \"handlers/test.rhai\"\n")
        .start();
    let mut client = Client::h2c(&server);
    let stream = connect(&mut client, false);
    assert_eq!(client.response(stream).status().map(|status| status / 100), Some(4));
}

#[test]
fn a_tunnel_that_nobody_serves_ends_at_once() {
    let server = serve(&super::bare("\"abc\""));
    let mut client = Client::h2c(&server);
    let stream = connect(&mut client, true);
    let frames = client.until(|frame| frame.header.stream_id == stream);
    let head = frames.last().expect("the head");
    assert!(head.is(FrameType::HEADERS) && head.header.has(flag::END_STREAM), "{head:?}");
    let fields = head.fields.clone().expect("a block").expect("readable");
    assert_eq!(fields, [(b":status".to_vec(), b"200".to_vec())], "no content-length (RFC 9110 §9.3.6)");
}

#[test]
fn extended_connect_is_not_announced_unless_a_profile_says_so() {
    let server = Server::builder()
        .file(
            "handlers/profiles/ws.rhai",
            "fn on_connect(connection) { connection.first_settings[\"ENABLE_CONNECT_PROTOCOL\"] = 1; }",
        )
        .start();
    let mut client = Client::over_tcp(server.connect("h2c"), server.authority("h2c"));
    assert!(client.handshake(&[]).iter().all(|(id, _)| *id != 8));
}

#[test]
fn names_are_put_into_lower_case_over_http_2() {
    for script in [
        "response.headers.set(\"X-Head\", \"1\"); response.trailers.set(\"X-End\", \"1\"); \"r\"",
        "writer.write_headers(200, [[\"X-Head\", \"1\"]]); writer.write_data(\"r\"); writer.write_trailers([[\"X-End\", \"1\"]]);",
        "writer.write_informational(103, [[\"Link\", \"</a>\"]]); writer.write_headers([[\":status\", \"200\"], [\"X-Head\", \"1\"]]);
         response.trailers.append(\"X-End\", \"1\"); writer.write_data(\"r\");",
    ] {
        let server = serve(&main(script));
        let answer = super::http2(&server, "GET", &[], b"");
        assert_eq!((answer.reset, answer.get("x-head").as_deref(), answer.text().as_str()), (None, Some("1"), "r"), "{script}");
        assert_eq!(answer.trailers, [(b"x-end".to_vec(), b"1".to_vec())], "{script}");
        let super::Came::Stays(came) = http1(&server, "GET", "\r\n") else { panic!("{script}") };
        assert!(came.contains("X-Head: 1\r\n") && came.contains("X-End: 1\r\n"), "{script}: {came}");
    }
    let script = "let pushed = writer.write_push(\"/x\", [[\"Accept\", \"*/*\"]]); pushed.headers.set(\"X-Head\", \"1\"); pushed.content = \"p\"; pushed.finish(); \"r\"";
    let server = serve(&main(script));
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/test.rhai");
    let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
    let promise = frames.iter().find(|frame| frame.is(FrameType::PUSH_PROMISE)).expect("a promise");
    let fields = promise.fields.clone().expect("a block").expect("readable");
    assert!(fields.contains(&(b"accept".to_vec(), b"*/*".to_vec())), "{fields:?}");
}

#[test]
fn what_has_no_place_in_trailers_is_the_same_error_over_both() {
    for name in ["content-length", "Transfer-Encoding", "host", "trailer", "Connection", "keep-alive", "upgrade", "te"]
    {
        for call in [
            format!("response.trailers.set(\"{name}\", \"close\");"),
            format!("response.trailers.append(\"{name}\", 1);"),
            format!("response.trailers.update([[\"{name}\", \"close\"]]);"),
            format!("response.trailers[\"{name}\"] = \"close\";"),
            format!(
                "writer.write_headers(200, []); writer.write_data(\"r\"); writer.write_trailers([[\"{name}\", \"1\"]]);"
            ),
        ] {
            let script = format!("fn main(request, response) {{ let writer = response.writer;\n{call}\n\"r\" }}");
            let server = serve(&script);
            let said = format!("\"{name}\" is not allowed in trailers");
            let answer = super::http2(&server, "GET", &[], b"");
            http1(&server, "GET", "\r\n");
            server.logged_times(&said, 2);
            assert!(server.log().contains("test.rhai:2:"), "{call}: {}", server.log());
            if call.starts_with("response") {
                assert_eq!(answer.status(), Some(500), "{call}");
            }
        }
    }
    for name in ["content-length", "transfer-encoding"] {
        let script = format!(
            "fn main(request, response) {{\nresponse.writer.write_informational(103, [[\"{name}\", \"1\"]]); }}"
        );
        let server = serve(&script);
        let said = format!("\"{name}\" is not allowed in an interim response");
        assert!(super::http2(&server, "GET", &[], b"").text().contains(&said));
        let super::Came::Stays(came) = http1(&server, "GET", "\r\n") else { panic!("{name}") };
        assert!(came.contains(&said), "{came}");
    }
}

#[test]
fn what_a_handler_promised_and_left_is_reset() {
    for (rest, code) in [
        ("throw \"no\";", ErrorCode::INTERNAL_ERROR),
        ("\"r\"", ErrorCode::CANCEL),
        ("pushed.write(\"begun\"); \"r\"", ErrorCode::CANCEL),
        ("pushed.write(\"begun\"); throw \"no\";", ErrorCode::INTERNAL_ERROR),
        ("let x = 0; loop { x += 1; }", ErrorCode::INTERNAL_ERROR),
    ] {
        let server = Server::builder()
            .handler("test.rhai", &main(&format!("let pushed = writer.write_push(\"/x\"); {rest}")))
            .config("[limits.script]\noperations = 100000\n")
            .start();
        let mut client = Client::h2c(&server);
        client.get("/handlers/test.rhai");
        let reset = client.until(|frame| frame.is(FrameType::RST_STREAM)).pop().expect("RST_STREAM");
        assert_eq!((reset.header.stream_id, reset.word(0)), (2, code.0), "{rest}");
    }
    // What was answered is not.
    for rest in [
        "pushed.finish();",
        "pushed.writer.write_raw_header_frame([[\":status\", \"204\"]], #{ end_headers: true, end_stream: true });",
        "pushed.writer.write_raw_header_frame([[\":status\", \"204\"]], #{ end_headers: true });",
    ] {
        let server = serve(&main(&format!("let pushed = writer.write_push(\"/x\"); {rest} \"r\"")));
        let mut client = Client::h2c(&server);
        let stream = client.get("/handlers/test.rhai");
        let mut frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
        frames.extend(client.barrier());
        assert!(frames.iter().all(|frame| !frame.is(FrameType::RST_STREAM)), "{rest}: {frames:?}");
    }
    // A client that leaves takes what was promised to it along.
    let server = serve(&main("let pushed = writer.write_push(\"/x\"); sleep(30);"));
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/test.rhai");
    client.until(|frame| frame.is(FrameType::PUSH_PROMISE));
    client.send(&rst_stream(stream, 8));
    let reset = client.until(|frame| frame.is(FrameType::RST_STREAM)).pop().expect("RST_STREAM");
    assert_eq!((reset.header.stream_id, reset.word(0)), (2, ErrorCode::CANCEL.0));
}

#[test]
fn a_hook_that_promises_and_leaves_is_no_exception() {
    let hook = "fn on_request(request, response) { response.writer.write_push(\"/x\"); }";
    for (path, body) in [("/a.txt", "text"), ("/handlers/hello.rhai", "")] {
        let server = Server::builder()
            .file("hooks/push.rhai", hook)
            .file("a.txt", "text")
            .config("[hooks]\nscripts = [\"hooks/push.rhai\"]\n")
            .start();
        let mut client = Client::h2c(&server);
        let stream = client.get(path);
        let mut ends = 0;
        let frames = client.until(|frame| {
            ends += usize::from(frame.is(FrameType::RST_STREAM));
            ends += usize::from(frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
            ends == 2
        });
        let reset = frames.iter().find(|frame| frame.is(FrameType::RST_STREAM)).expect("RST_STREAM");
        assert_eq!((reset.header.stream_id, reset.word(0)), (2, ErrorCode::CANCEL.0), "{path} {body}");
    }
}

#[test]
fn handle_frame_gets_the_reset_whatever_the_handler_waits_for() {
    let frames = "fn handle_frame(frame, request, response) { log(`got ${frame.type} ${request.context.at}`); }";
    for rest in [
        "fn main(request, response) { request.context.at = \"main\"; log(\"waits\"); sleep(20); log(\"went on\"); }",
        "fn handle_headers(frame, request, response) { request.context.at = \"main\"; log(\"waits\"); sleep(20); log(\"went on\"); }",
        "fn main(request, response) { request.context.at = \"main\"; log(\"waits\"); let x = 0; loop { x += 1; if x > 100000000 { break; } } log(\"went on\"); }",
    ] {
        let server = serve(&format!("{frames}\n{rest}"));
        let mut client = Client::h2c(&server);
        let stream = client.get("/handlers/test.rhai");
        server.logged("waits");
        client.send(&raw::window_update(stream, 5));
        client.send(&rst_stream(stream, 8));
        server.logged("got RST_STREAM main");
        client.barrier();
        let log = server.log();
        let first = log.find("got WINDOW_UPDATE main").expect("frames before it come before it");
        assert!(first < log.find("got RST_STREAM").unwrap_or_default(), "{log}");
        assert!(!log.contains("went on") && log.matches("got RST_STREAM").count() == 1, "{log}");
    }
}

#[test]
fn handle_frame_gets_the_priority_update_of_its_stream() {
    let script = "fn handle_frame(frame, request, response) { response.content += `${frame.type} `; }
        fn handle_data(frame, request, response) { }
        fn main(request, response) { }";
    let server = serve(script);
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/test.rhai", &[], false);
    let update =
        |stream: u32| RawFrame::new(FrameType::PRIORITY_UPDATE, 0, 0, [&stream.to_be_bytes()[..], b"u=1"].concat());
    client.send(&update(stream + 2));
    client.send(&update(stream));
    client.send(&raw::window_update(stream, 1));
    client.data(stream, b"x", true);
    assert_eq!(client.response(stream).text(), "PRIORITY_UPDATE WINDOW_UPDATE ");
}

#[test]
fn content_that_a_close_cuts_off_is_told() {
    let server = serve(&main("response.content = \"lost\"; request.connection.close();"));
    assert_eq!(http1(&server, "GET", "\r\n"), super::ends(""));
    server.logged("the connection was closed before; call response.finish() first");
    let server = serve(&super::bare("response.content = \"kept\"; response.finish(); request.connection.close();"));
    assert_eq!(http1(&server, "GET", "\r\n"), super::ends("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nkept"));
}

#[test]
fn a_push_is_for_a_host_of_this_server() {
    let script = "fn main(request, response) {
        let pushed = response.writer.write_push(request.GET[\"method\"], request.GET[\"url\"], []);
        pushed.finish(); \"r\" }";
    let server = serve(script);
    let mut client = Client::h2c(&server);
    let mut push = |method: &str, url: &str| {
        let stream = client.get(&format!("/handlers/test.rhai?method={method}&url={url}"));
        let frames = client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
        let promise = frames.iter().find(|frame| frame.is(FrameType::PUSH_PROMISE));
        promise.map(|promise| {
            let fields = promise.fields.clone().expect("a block").expect("readable");
            fields.into_iter().map(|(_, value)| String::from_utf8(value).expect("text")).collect::<Vec<_>>().join(" ")
        })
    };
    let authority = server.authority("h2c");
    assert_eq!(push("HEAD", "/x"), Some(format!("HEAD http {authority} /x")));
    assert_eq!(push("GET", "https://www.localhost:1/x"), Some("GET https www.localhost:1 /x".to_owned()));
    assert_eq!(push("GET", "http://LOCALHOST/"), Some("GET http LOCALHOST /".to_owned()));
    for (method, url) in
        [("POST", "/x"), ("GET", "https://example.org/x"), ("GET", "http://u@localhost/"), ("GET", "x")]
    {
        assert_eq!(push(method, url), None, "{method} {url}");
    }
}
