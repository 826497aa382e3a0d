//! Whether a response has content follows from method and status, however it is written, over both protocols.

use super::{Came, bare, http1, http2, serve, stays};
use crate::support::raw::{Client, Response};
use crate::support::server::Server;
use wireserve::wire::frame::{FrameType, flag};

/// The kinds of frames of an answer over HTTP/2, with END_STREAM as `!`.
fn frames(server: &Server, method: &str) -> String {
    let mut client = Client::h2c(server);
    let stream = client.request(method, "/handlers/test.rhai", &[], true);
    let frames = client.until(|frame| {
        frame.header.stream_id == stream
            && (frame.header.has(flag::END_STREAM) || frame.is(FrameType::RST_STREAM))
            && !frame.is(FrameType::CONTINUATION)
    });
    // Nothing follows the end.
    let after = client.barrier();
    let own = frames.iter().chain(&after).filter(|frame| frame.header.stream_id == stream);
    let kinds = own.map(|frame| {
        format!("{}{}", frame.header.frame_type, if frame.header.has(flag::END_STREAM) { "!" } else { "" })
    });
    kinds.collect::<Vec<_>>().join(" ")
}

/// Everything that writes content, one way each.
const WRITERS: [&str; 9] = [
    "\"abc\"",
    "response.content = [\"a\", || \"bc\"];",
    "let left = [\"abc\"]; response.content = || if left.is_empty() { () } else { left.pop() };",
    "response.write(\"abc\");",
    "response.content = \"abc\"; response.write_status_headers(); response.write_content();",
    "response.content = \"abc\"; response.finish();",
    "writer.write_headers(response.status, []); writer.write_data(\"abc\", true);",
    "writer.write_headers(response.status, []); writer.write_data(\"abc\"); writer.write_trailers([[\"t\", \"1\"]]);",
    "response.trailers.set(\"t\", \"1\"); response.write(\"abc\"); response.write(\"\"); response.finish();",
];

#[test]
fn what_has_no_content_gets_none_whoever_writes_it() {
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 205), ("GET", 304), ("HEAD", 404), ("POST", 204)] {
        for write in WRITERS {
            let server = serve(&bare(&format!("response.status = {status}; {write}")));
            assert_eq!(frames(&server, method), "HEADERS!", "{method} {status} {write}");
            let came = http1(&server, method, "\r\n");
            let Came::Stays(came) = came else { panic!("{method} {status} {write}: the connection ended: {came:?}") };
            assert!(came.ends_with("\r\n\r\n") && !came.contains("abc"), "{method} {status} {write}: {came}");
            // A client finds the end of a 205 by its length (RFC 9112 §6.3).
            assert_eq!(came.contains("content-length: 0\r\n"), status == 205, "{method} {status} {write}: {came}");
        }
    }
}

#[test]
fn line_by_line_over_http_2_too() {
    let write = "writer.write_status(204); writer.end_headers(); writer.write_content(\"abc\"); writer.write(\"d\");";
    assert_eq!(frames(&serve(&bare(write)), "GET"), "HEADERS!");
    let write = "writer.write_header(\"content-length\", 3); writer.end_headers(); writer.write_content(\"abc\");";
    assert_eq!(frames(&serve(&bare(write)), "HEAD"), "HEADERS!");
}

#[test]
fn head_has_content_where_the_script_wants_that() {
    for write in [WRITERS[0], WRITERS[2], WRITERS[3], WRITERS[4], WRITERS[6]] {
        let server = serve(&bare(&format!("response.send_body_for_head_request = true; {write}")));
        assert_eq!(http2(&server, "HEAD", &[], b"").text(), "abc", "{write}");
        let came = http1(&server, "HEAD", "\r\n");
        let Came::Ends(came) = came else { panic!("{write}: no client can go on after that: {came:?}") };
        assert!(came.ends_with("\r\n\r\nabc"), "{write}: {came}");
    }
    // Only HEAD is meant.
    let server = serve(&bare("response.send_body_for_head_request = true; [204, [], \"abc\"]"));
    assert_eq!(frames(&server, "HEAD"), "HEADERS!");
}

#[test]
fn a_length_that_is_not_known_is_not_announced() {
    let made = "let left = [\"abc\"]; response.content = || if left.is_empty() { () } else { left.pop() };";
    let made = serve(&bare(made));
    assert_eq!(http2(&made, "HEAD", &[], b"").get("content-length"), None);
    assert_eq!(http1(&made, "HEAD", "\r\n"), super::stays("HTTP/1.1 200 OK\r\n\r\n"));
    let server = Server::start();
    let mut client = Client::h2c(&server);
    for path in ["/handlers/stream.rhai?count=3&spacing=0", "/handlers/stream.rhai?count=3&spacing=0&pipe=slice(1,2)"] {
        let stream = client.request("HEAD", path, &[], true);
        let answer = client.response(stream);
        assert_eq!((answer.status(), answer.get("content-length")), (Some(200), None), "{path}");
    }
    // What a pipe has made of all of the content is known.
    let stream = client.request("HEAD", "/handlers/stream.rhai?count=3&spacing=0&pipe=gzip", &[], true);
    assert!(client.response(stream).get("content-length").is_some_and(|length| length != "0"));
}

#[test]
fn what_write_headers_announces_is_kept_to() {
    let long = "content-length announced 5 bytes of body, and with this there would be 8";
    let short = "content-length announced 5 bytes of body, and with this there would be 3";
    let rows = [
        ("writer.write_data(\"12345678\", true);", long, "writer.write_data(\"12345\", true);"),
        ("writer.write_data(\"123\", true);", short, "writer.write_data(\"12345\", true);"),
        ("writer.write_data(\"123\"); writer.write_data(\"45678\");", long, "writer.write_data(\"45\", true);"),
        ("writer.write_data(\"123\"); writer.end_stream();", short, "writer.write_data(\"45\"); writer.end_stream();"),
        (
            "writer.write_data(\"123\"); writer.write_trailers([[\"t\", \"1\"]]);",
            short,
            "writer.write_data(\"45\"); writer.write_trailers([]);",
        ),
    ];
    for (wrong, said, right) in rows {
        let head = "writer.write_headers(200, [[\"Content-Length\", \"5\"]]);";
        let script = bare(&format!("{head} try {{ {wrong} }} catch (error) {{ log(`caught ${{error}}`); {right} }}"));
        let server = serve(&script);
        let answer = http2(&server, "GET", &[], b"");
        assert_eq!((answer.reset, answer.text().as_str()), (None, "12345"), "{wrong}");
        server.logged(&format!("caught {said}"));
        let (Came::Ends(came) | Came::Stays(came)) = http1(&server, "GET", "\r\n");
        assert!(came.ends_with("\r\n\r\n12345"), "{wrong}: {came}");
    }
}

#[test]
fn a_pipelined_request_is_answered_when_the_response_before_it_ends_without_bytes() {
    let script = "writer.write_headers(200, [[\"content-length\", \"5\"]]); writer.write_data(\"12345\"); \
                  sleep(0.05); writer.end_stream();";
    let server = serve(&bare(script));
    assert_eq!(http1(&server, "GET", "\r\n"), stays("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n12345"));
}

#[test]
fn too_little_is_told_when_the_handler_ends() {
    let server = serve(&bare("writer.write_headers(200, [[\"content-length\", \"5\"]]);\nwriter.write_data(\"123\");"));
    let answer = http2(&server, "GET", &[], b"");
    assert_eq!((answer.reset, answer.text().as_str()), (Some(2), "123"));
    let said = "content-length announced 5 bytes of body, and with this there would be 3";
    server.logged(said);
    let server = serve(&bare("writer.write_headers(200, [[\"content-length\", \"5\"]], true);"));
    let answer: Response = http2(&server, "GET", &[], b"");
    assert_eq!(answer.status(), Some(500), "nothing was sent when that was found");
    // Where there is no content its length is that of another response.
    let server = serve(&bare("writer.write_headers(200, [[\"content-length\", \"5\"]], true);"));
    assert_eq!(frames(&server, "HEAD"), "HEADERS!");
}

#[test]
fn pipes_that_take_the_content_away_take_its_length_too() {
    let server = Server::builder().file("a.txt", "0123456789").start();
    for (status, length) in [(204, None), (205, Some("0")), (304, None)] {
        for pipe in ["", "slice(0,4)|", "gzip|", "trickle(2)|", "split(3)|"] {
            for pipe in [format!("{pipe}status({status})"), format!("status({status})|{}", pipe.trim_end_matches('|'))]
            {
                let target = format!("/a.txt?pipe={}", pipe.trim_end_matches('|'));
                let answer = crate::support::ask::over_http1(&server, &crate::support::ask::Ask::get(&target));
                assert_eq!((answer.status, answer.body.len()), (status, 0), "{target}");
                assert_eq!(answer.get("content-length"), length, "{target}");
                let mut client = Client::h2c(&server);
                let stream = client.get(&target);
                let answer = client.response(stream);
                assert_eq!((answer.status(), answer.body.len()), (Some(status), 0), "{target}");
                assert_eq!(answer.get("content-length").as_deref(), length, "{target}");
            }
        }
    }
}

#[test]
fn a_pushed_response_goes_by_the_method_that_was_promised() {
    for (promise, status) in [("\"HEAD\", \"/x\", []", 200), ("\"/x\"", 204), ("\"/x\"", 205)] {
        for write in ["pushed.write(\"abc\"); pushed.finish();", "pushed.content = \"abc\"; pushed.finish();"] {
            let script = format!("let pushed = writer.write_push({promise}); pushed.status = {status}; {write} \"r\"");
            let server = serve(&bare(&script));
            let mut client = Client::h2c(&server);
            let stream = client.get("/handlers/test.rhai");
            let mut frames =
                client.until(|frame| frame.header.stream_id == stream && frame.header.has(flag::END_STREAM));
            frames.extend(client.barrier());
            let pushed: Vec<_> = frames.iter().filter(|frame| frame.header.stream_id == 2).collect();
            assert!(
                matches!(pushed[..], [head] if head.is(FrameType::HEADERS) && head.header.has(flag::END_STREAM)),
                "{promise} {status} {write}: {pushed:?}"
            );
        }
    }
}

#[test]
fn an_asis_file_answers_head_with_its_head() {
    let head = "HTTP/1.1 203 Fine\r\nX-A: 1\r\ncontent-length: 4\r\n\r\n";
    let server = Server::builder().file("a.asis", format!("{head}body")).start();
    let request = b"HEAD /a.asis HTTP/1.1\r\nhost: h\r\n\r\n";
    let came = crate::support::raw::exchange(server.connect("http"), request);
    assert_eq!(String::from_utf8_lossy(&came), head);
    let mut client = Client::h2c(&server);
    let stream = client.request("HEAD", "/a.asis", &[], true);
    let answer = client.response(stream);
    assert_eq!(
        (answer.status(), answer.body.len(), answer.get("content-length").as_deref()),
        (Some(203), 0, Some("4"))
    );
}
