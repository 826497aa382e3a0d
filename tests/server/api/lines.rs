//! `response.writer` line by line.

use super::{Came, bare, ends, get, http1, http2, main, serve, shown, stays};
use crate::support::raw::Client;
use std::io::{Read, Write};

#[track_caller]
fn is(body: &str, expected: Came) {
    assert_eq!(get(&serve(&bare(body))), expected, "{body}");
}

#[test]
fn lines_go_out_as_written_and_a_true_length_keeps_the_connection() {
    let body = r#"writer.write_status(200, "Fine");
        writer.write_header("X-Case", "Kept");
        writer.write_header("X-Case", 7);
        writer.write_header("content-length", 2);
        writer.end_headers();
        writer.write_content("ok");"#;
    let expected = "HTTP/1.1 200 Fine\r\nX-Case: Kept\r\nX-Case: 7\r\ncontent-length: 2\r\n\r\nok";
    let server = serve(&bare(body));
    assert_eq!(get(&server), stays(expected));
    let answer = http2(&server, "GET", &[], b"");
    assert_eq!(shown(&answer), ":status: 200\nx-case: Kept\nx-case: 7\ncontent-length: 2\n\nok");
}

#[test]
fn what_the_author_leaves_out_is_added_unless_told_otherwise() {
    let server = serve(&main("writer.write_content(\"TEST\");"));
    let fields = "date: D\r\nserver: wireserve\r\ncontent-length: 4\r\n";
    assert_eq!(get(&server), stays(&format!("HTTP/1.1 200 OK\r\n{fields}\r\nTEST")));
    assert_eq!(shown(&http2(&server, "GET", &[], b"")), ":status: 200\nserver: wireserve\ncontent-length: 4\n\nTEST");
    let server = serve(&main("writer.write_status(201); writer.write_content(\"TEST\");"));
    assert_eq!(get(&server), stays(&format!("HTTP/1.1 201 Created\r\n{fields}\r\nTEST")));
    let server = serve(&main("writer.write_header(\"Date\", \"never\"); writer.write_content(\"TEST\");"));
    let expected = "HTTP/1.1 200 OK\r\nDate: never\r\nserver: wireserve\r\ncontent-length: 4\r\n\r\nTEST";
    assert_eq!(get(&server), stays(expected));
    let server = serve(&main("writer.write_status(200); response.content = \"later\"; writer.end_headers();"));
    let expected = "HTTP/1.1 200 OK\r\ndate: D\r\nserver: wireserve\r\ncontent-length: 5\r\n\r\nlater";
    assert_eq!(get(&server), stays(expected));
    let order = "writer.write_status(200); writer.write_default_headers(); writer.write_header(\"x\", \"1\");";
    let server = serve(&main(&format!("response.content = \"abc\"; {order} writer.end_headers();")));
    let expected = "HTTP/1.1 200 OK\r\ndate: D\r\nserver: wireserve\r\ncontent-length: 3\r\nx: 1\r\n\r\nabc";
    assert_eq!(get(&server), stays(expected));
    // Nothing is added, not even how long the content is: the connection's end says that.
    is("writer.write_content(\"TEST\");", ends("HTTP/1.1 200 OK\r\n\r\nTEST"));
    let body = "writer.write_header(\"test-header\", \"v\"); writer.write_content(\"TEST\");";
    is(body, ends("HTTP/1.1 200 OK\r\ntest-header: v\r\n\r\nTEST"));
    let body =
        "response.status = [404, \"Gone\"]; response.headers.set(\"X-A\", \"1\"); writer.write_content(\"TEST\");";
    is(body, ends("HTTP/1.1 404 Gone\r\nX-A: 1\r\n\r\nTEST"));
}

#[test]
fn a_status_line_holds_whatever_is_wanted() {
    let end = "writer.write_header(\"content-length\", 0); writer.end_headers();";
    for (arguments, line) in [
        ("200", "200 OK"),
        ("299", "299 "),
        ("200, ()", "200 OK"),
        ("200, \"\"", "200 "),
        ("200, \"caf\\u00e9\"", "200 caf\u{e9}"),
        ("200, blob([0xff, 0])", "200 \u{ff}\0"),
        ("99999, \"Many\"", "99999 Many"),
        ("-1", "-1 "),
    ] {
        let expected = format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n");
        is(&format!("writer.write_status({arguments}); {end}"), stays(&expected));
    }
    let server = serve(&bare(&format!("writer.write_status(99999); {end}")));
    let answer = http2(&server, "GET", &[], b"");
    assert_eq!(answer.status(), Some(500));
    assert!(answer.text().contains("a status code is 100 to 999, not 99999"), "{}", answer.text());
}

#[test]
fn over_http2_no_length_is_added_that_the_status_cannot_have() {
    for (status, length) in [(204, None), (205, Some("0")), (304, None), (404, Some("4"))] {
        let server = serve(&main(&format!("response.status = {status}; writer.write_content(\"TEST\");")));
        let answer = http2(&server, "GET", &[], b"");
        assert_eq!((answer.status(), answer.reset), (Some(status), None), "{status}");
        let found = answer.fields.iter().find(|(name, _)| name == b"content-length");
        assert_eq!(found.map(|(_, value)| &value[..]), length.map(str::as_bytes), "{status}");
    }
}

#[test]
fn folded_lines_bare_lf_and_nul_go_out() {
    let fold =
        "writer.write_header(\"x\", \"a\\r\\n b\"); writer.write_header(\"content-length\", 0); writer.end_headers();";
    is(fold, stays("HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n"));
    let nul =
        "writer.write_header(\"x\", \"\\x00\"); writer.write_header(\"content-length\", 0); writer.end_headers();";
    is(nul, stays("HTTP/1.1 200 OK\r\nx: \0\r\ncontent-length: 0\r\n\r\n"));
    let bare_lf = "writer.write(\"HTTP/1.1 202 Giraffe\\nX-TEST: PASS\\nContent-Length: 7\\n\\nContent\");";
    is(bare_lf, ends("HTTP/1.1 202 Giraffe\nX-TEST: PASS\nContent-Length: 7\n\nContent"));
    let between = "writer.write_status(200); writer.write(\"no colon\\rhere\\n\"); writer.end_headers();";
    is(between, ends("HTTP/1.1 200 OK\r\nno colon\rhere\n\r\n"));
}

#[test]
fn lengths_and_codings_that_contradict_go_out() {
    let twice =
        "writer.write_header(\"content-length\", 2); writer.write_header(\"Content-Length\", 3); writer.end_headers();
        writer.write(\"abc\");";
    is(twice, ends("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nContent-Length: 3\r\n\r\nabc"));
    let both = "writer.write_header(\"transfer-encoding\", \"chunked\"); writer.write_header(\"content-length\", 3);
        writer.end_headers(); writer.write(\"1\\na\\n0\\r\\n\\r\\n\");";
    is(both, ends("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n1\na\n0\r\n\r\n"));
    let short = "writer.write_header(\"content-length\", 9); writer.end_headers(); writer.write(\"abc\");";
    is(short, ends("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"));
    let chunks = "writer.write_header(\"transfer-encoding\", \"x, chunked\"); writer.write_chunk(\"abc\"); writer.write_chunk(\"\");";
    is(chunks, ends("HTTP/1.1 200 OK\r\ntransfer-encoding: x, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
    is("writer.write_status(204); writer.end_headers();", stays("HTTP/1.1 204 No Content\r\n\r\n"));
    let closing = "writer.write_header(\"content-length\", 0); writer.write_header(\"connection\", \"close\"); writer.end_headers();";
    is(closing, ends("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"));
}

#[test]
fn no_http_at_all_and_heads_that_do_not_end() {
    is("writer.write(\"<p>as in HTTP/0.9\");", ends("<p>as in HTTP/0.9"));
    is("writer.write_raw_content(blob([0xff, 10]));", ends("\u{ff}\n"));
    is("writer.write_status(200);", ends("HTTP/1.1 200 OK\r\n"));
    is("writer.write_status(200); writer.write(\"\\r\\n\");", ends("HTTP/1.1 200 OK\r\n\r\n"));
    // The connection is cut, whatever of this the client has read by then.
    let Came::Ends(came) = get(&serve(&bare("writer.write_header(\"x\", \"1\"); throw \"too late for a page\";")))
    else {
        panic!("the connection goes on")
    };
    assert!("HTTP/1.1 200 OK\r\nx: 1\r\n".starts_with(&came), "{came}");
}

#[test]
fn interim_responses_line_by_line() {
    let hints = "writer.write_status(103); writer.write_header(\"link\", \"</a>\"); writer.end_headers();";
    let lines = "writer.write_status(200); writer.write_header(\"content-length\", 1); writer.end_headers(); writer.write(\"x\");";
    let server = serve(&bare(&format!("{hints} {hints} {lines}")));
    let hint = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    assert_eq!(get(&server), stays(&format!("{hint}{hint}HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx")));
    let answer = http2(&server, "GET", &[], b"");
    assert_eq!((answer.informational.len(), answer.status(), answer.text().as_str()), (2, Some(200), "x"));
    // The final response may be an ordinary one.
    is(&format!("{hints} \"done\""), stays(&format!("{hint}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone")));
    is(
        "writer.write_status(101); writer.write_header(\"upgrade\", \"x\"); writer.end_headers(); writer.write(\"hi\");",
        ends("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\nhi"),
    );
}

#[test]
fn each_line_goes_out_at_once() {
    let script = "fn handle_headers(frame, request, response) {
        response.add_required_headers = false;
        let writer = response.writer;
        writer.write_status(200);
        let first = request.raw_input.read(1);
        writer.write_header(\"x\", first);
        let second = request.raw_input.readline();
        writer.write_header(\"y\", second.text());
    }";
    let server = serve(script);
    let mut socket = server.connect("http");
    socket.write_all(b"POST /handlers/test.rhai HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\n").expect("open");
    let mut expect = |text: &str, next: &[u8]| {
        let mut octets = vec![0; text.len()];
        socket.read_exact(&mut octets).expect("octets before the script goes on");
        assert_eq!(String::from_utf8_lossy(&octets), text);
        socket.write_all(next).expect("open");
    };
    expect("HTTP/1.1 200 OK\r\n", b"a");
    expect("x: a\r\n", b"bcd");
    expect("", b"e\n!!");
    expect("y: bcde\n\r\n", b"!");
}

#[test]
fn an_http_1_0_client_and_head_are_answered_as_written() {
    let body = "writer.write_header(\"content-length\", 2); writer.end_headers(); writer.write_content(\"ok\");";
    let server = serve(&bare(body));
    // To HEAD these octets are no content: the connection cannot go on.
    assert_eq!(http1(&server, "HEAD", "\r\n"), ends("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
    let request = b"GET /handlers/test.rhai HTTP/1.0\r\nconnection: keep-alive\r\n\r\n";
    let came = crate::support::raw::exchange(server.connect("http"), request);
    assert_eq!(String::from_utf8_lossy(&came), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
}

#[test]
fn calls_in_the_wrong_order_are_script_errors() {
    let late = "writer.write_header(\"content-length\", 4); writer.end_headers();
        let text = \"\";
        try { writer.write_header(\"x\", \"1\"); } catch (error) { text = error; }
        writer.write(if text.contains(\"is too late\") { \"late\" } else { \"none\" });";
    is(late, stays("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate"));
    let twice = "writer.write_content(\"TEST\");
        try { writer.write_content(\"more\"); } catch (error) { if !error.contains(\"end_headers\") { throw error; } }";
    let server = serve(&main(twice));
    assert_eq!(http2(&server, "GET", &[], b"").text(), "TEST");
    let early = serve(&main("writer.write(\"HTTP/1.1 200 OK\\r\\n\\r\\n\");"));
    let answer = http2(&early, "GET", &[], b"");
    assert_eq!(answer.status(), Some(500));
    assert!(answer.text().contains("writer.write exists over HTTP/1.1 only"), "{}", answer.text());
}

#[test]
fn raw_writes_after_the_head_are_content_over_http_2_too() {
    let body = "response.status = 203; response.write_status_headers(); writer.write(\"a\"); writer.flush();
        writer.write_raw_content(\"b\"); writer.write(\"\");";
    let server = serve(&bare(body));
    assert_eq!(shown(&http2(&server, "GET", &[], b"")), ":status: 203\n\nab");
    let chunked =
        "HTTP/1.1 203 Non-Authoritative Information\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n";
    assert_eq!(get(&server), stays(chunked));
    let mut client = Client::h2c(&server);
    let stream = client.get("/handlers/test.rhai");
    assert_eq!(client.response(stream).text(), "ab");
}
