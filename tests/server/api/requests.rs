//! `request`: query, forms and uploads, content piece by piece, authentication, what the request line said.

use super::{Came, bare, get, http1, http2, serve};
use crate::support::raw::{Client, rst_stream};
use crate::support::server::Server;

/// What the handler says about this request, over both protocols.
#[track_caller]
fn says(body: &str, method: &str, fields: &[(&str, &str)], content: &[u8], expected: &str) {
    let server = serve(&bare(body));
    let answer = http2(&server, method, fields, content);
    assert_eq!((answer.status(), answer.text().as_str()), (Some(200), expected), "over HTTP/2");
    let mut rest: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    if !content.is_empty() {
        rest += &format!("content-length: {}\r\n", content.len());
    }
    rest += "\r\n";
    rest.extend(content.iter().copied().map(char::from));
    let (Came::Stays(came) | Came::Ends(came)) = http1(&server, method, &rest);
    let (_, came) = came.split_once("\r\n\r\n").expect("a head");
    assert_eq!(came, expected, "over HTTP/1.1");
}

const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=b");

#[test]
fn several_uploads_with_name_type_and_octets() {
    let content = b"--b\r\nContent-Disposition: form-data; name=\"plain\"\r\n\r\ntext\r\n\
        --b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\nContent-Type: image/png\r\nX-More: 1\r\n\r\n\xff\0\n2\r\n\
        --b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"b.txt\"\r\n\r\nsecond\r\n\
        --b\r\nContent-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\r\n\r\n--b--\r\n";
    let body = r#"let files = request.POST.get_list("f");
        let file = request.POST["f"];
        let input = file.file;
        let first = input.readline().as_hex();
        `${request.POST.first("plain")}|${files.len()}|${file.name} ${file.filename} ${file.type} ${file.headers.get("x-more")}|${file.value.as_hex()}|`
        + `${first} ${input.tell()} ${input.read().text()}|${files[1].filename} ${type_of(files[1].type)} ${files[1]}|`
        + `${type_of(request.POST["none"])} ${request.POST.get_bytes("f").len}`"#;
    says(body, "POST", &[FORM], content, "text|2|f a.bin image/png 1|ff000a32|ff000a 3 2|b.txt () second|string 4");
}

#[test]
fn a_form_keeps_octets_order_and_repetition() {
    let body = r#"let form = request.POST;
        `${form.first("a")} ${form.last("a")} ${form.get("x", "none")} ${form.last("x", "none")} ${form.get_bytes("b").as_hex()} ${form.items().len()} ${"b" in form}`"#;
    let urlencoded = ("content-type", "application/x-www-form-urlencoded");
    says(body, "POST", &[urlencoded], b"a=1&b=%ff+&a=2&c", "1 2 none none ff20 4 true");
    let body = "`${request.POST.len} ${type_of(request.POST.first(\"a\"))} ${type_of(request.POST.get_bytes(\"a\"))}`";
    says(body, "POST", &[("content-type", "text/plain")], b"a=1", "0 () ()");
}

#[test]
fn json_may_begin_with_a_byte_order_mark() {
    let body = "`${request.json().a} ${parse_json(request.text()).a} ${parse_json(request.body).a}`";
    says(body, "POST", &[], "\u{feff}{\"a\": 7}".as_bytes(), "7 7 7");
}

#[test]
fn a_broken_form_is_an_error_that_says_so() {
    let server = serve(&bare("request.POST.first(\"a\")"));
    let answer = http2(&server, "POST", &[FORM], b"no form");
    assert_eq!(answer.status(), Some(500));
    assert!(answer.text().contains("the form cannot be read: the body has no opening delimiter"), "{}", answer.text());
}

#[test]
fn raw_input_is_read_as_wptserves_input_file() {
    let body = r#"let input = request.raw_input;
        let all = [];
        input.seek(5);
        all.push(input.read(2).text()); all.push(input.tell());
        input.seek(0);
        all.push(input.readline().text()); all.push(input.tell());
        all.push(input.read(-1).text()); all.push(input.tell());
        input.seek(0);
        all.push(input.read().text()); all.push(input.read().len);
        input.seek(0);
        for line in input { all.push(line.len); }
        input.seek(1);
        all.push(input.readlines().len()); all.push(input.length);
        input.seek(0);
        all.push(input.readline(3).text());
        all.push(request.body.len);
        try { input.seek(13); } catch (error) { all.push(error); }
        to_json(all)"#;
    let expected = r#"["ab",7,"12345ab\n",8,"cdef",12,"12345ab\ncdef",0,8,4,2,12,"123",12,"13 is not a position in a body of 12 bytes"]"#;
    says(body, "POST", &[], b"12345ab\ncdef", expected);
}

#[test]
fn raw_input_gives_octets_before_the_request_ends() {
    let script = "fn handle_headers(frame, request, response) {
        response.write_status_headers();
        response.write(request.raw_input.read(3));
        for line in request.raw_input { response.write(line); }
    }";
    let server = serve(script);
    let mut client = Client::h2c(&server);
    let stream = client.request("POST", "/handlers/test.rhai", &[], false);
    for (sent, expected) in [("abcd", "abc"), ("e\nf", "de\n"), ("g\n", "fg\n")] {
        client.data(stream, sent.as_bytes(), false);
        let mut came = Vec::new();
        while came.len() < expected.len() {
            came.extend_from_slice(&client.until(|frame| !frame.payload.is_empty()).pop().map_or(
                Vec::new(),
                |frame| {
                    if frame.is(wireserve::wire::frame::FrameType::DATA) { frame.payload.to_vec() } else { Vec::new() }
                },
            ));
        }
        assert_eq!(String::from_utf8_lossy(&came), expected);
    }
    client.data(stream, b"end", true);
    assert_eq!(client.response(stream).text(), "end");
}

#[test]
fn headers_are_read_in_any_case_repeated_or_missing() {
    let body = r#"let headers = request.headers;
        `${headers["X-A"]}|${headers.get("x-no", "none")}|${headers.get_list("x-a").len()}|${headers.get_list("x-no", "none")}|${"X-a" in headers}|${headers.items().filter(|pair| pair[0] == "x-a")[1][1]}`"#;
    says(body, "GET", &[("x-a", "1"), ("x-a", "2")], b"", "1, 2|none|2|none|true|2");
}

#[test]
fn authentication_and_cookies() {
    let body = "`${request.auth.username}:${request.auth.password}`";
    says(body, "GET", &[("authorization", "Basic dGVzdDpQQVNTOng=")], b"", "test:PASS:x");
    says(body, "GET", &[("authorization", "Bearer dGVzdDpQQVNT")], b"", ":");
    let body = r#"`${request.cookies.first("a")} ${request.cookies.last("a")} ${request.cookies.get_bytes("b").as_hex()} ${request.cookies.get("c", "none")}`"#;
    says(body, "GET", &[("cookie", "a=1; b=\"x y\"; a=2")], b"", "1 2 782079 none");
}

#[test]
fn the_request_line_exists_over_http_1() {
    let server = serve(&bare("`${request.request_line}${request.request_path} ${request.protocol_version}`"));
    let (Came::Stays(came) | Came::Ends(came)) = get(&server);
    assert!(came.ends_with("\r\n\r\nGET /handlers/test.rhai HTTP/1.1\r\n/handlers/test.rhai HTTP/1.1"), "{came}");
    let answer = http2(&server, "GET", &[], b"");
    assert!(answer.text().contains("request.request_line exists over HTTP/1.1 only"), "{}", answer.text());
}

#[test]
fn content_too_large_to_keep_is_refused_only_where_it_is_read() {
    let read = "fn main(request, response) { request.text() }";
    let spared = "fn main(request, response) { response.headers.set(\"content-type\", \"text/plain\"); \"not read\" }";
    let stream = "fn handle_data(frame, request, response) { request.context.n = frame.data.len; }
        fn main(request, response) { \"the last text\" }";
    let server = Server::builder()
        .config("[limits]\nbody = 1000\n")
        .handler("read.rhai", read)
        .handler("spared.rhai", spared)
        .handler("stream.rhai", stream)
        .start();
    let mut client = Client::h2c(&server);
    let mut ask = |name: &str, octets: usize| {
        let stream = client.request("POST", &format!("/handlers/{name}.rhai"), &[], false);
        client.data(stream, &vec![b'x'; octets], true);
        client.response(stream)
    };
    assert_eq!(ask("read", 1000).body.len(), 1000);
    let refused = ask("read", 1001);
    assert_eq!(refused.status(), Some(413));
    assert!(refused.text().contains("larger than this server keeps"), "{}", refused.text());
    assert_eq!(ask("spared", 5000).text(), "not read");
    assert_eq!(ask("stream", 5000).text(), "the last text");
}

#[test]
fn what_a_client_breaks_off_is_no_request() {
    let server = Server::builder()
        .handler("main.rhai", "fn main(request, response) { log(`got ${request.body.len}`); \"x\" }")
        .handler("early.rhai", "fn handle_headers(frame, request, response) { log(`got ${request.body.len}`); }")
        .handler("part.rhai", "fn handle_headers(frame, request, response) { request.raw_input.read(1); log(`got ${request.raw_input.read(9).len}`); }")
        .handler("hello.rhai", "fn main(request, response) { \"hello\" }")
        .start();
    for handler in ["main", "early", "part"] {
        let path = format!("/handlers/{handler}.rhai");
        let mut client = Client::h2c(&server);
        let stream = client.request("POST", &path, &[("content-length", "3")], false);
        client.data(stream, b"a", false);
        client.barrier();
        client.send(&rst_stream(stream, 8));
        let stream = client.get("/handlers/hello.rhai");
        assert_eq!(client.response(stream).text(), "hello");
        let stream = client.request("POST", &path, &[], false);
        client.data(stream, b"a", false);
        client.half_close();
        client.until_end();
        let text = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\na");
        let mut socket = server.connect("http");
        std::io::Write::write_all(&mut socket, text.as_bytes()).expect("a part of a request");
        socket.shutdown(std::net::Shutdown::Write).expect("the end of it");
        std::io::Read::read_to_end(&mut socket, &mut Vec::new()).expect("the end of the connection");
    }
    let log = server.log();
    assert!(!log.contains("got") && !log.contains("WARN"), "{log}");
}
