//! What a request is about: hosts, targets and methods, the same over both protocols.

use crate::support::ask::{Ask, over_http1, over_http2};
use crate::support::http1::Answer;
use crate::support::raw::{Client, exchange};
use crate::support::server::Server;
use wireserve::wire::frame::{ErrorCode, FrameType, RawFrame, flag};

/// Asks over HTTP/2 with exactly these pseudo-fields and `host`.
fn with_host(client: &mut Client, scheme: &str, authority: &str, host: &str) -> Result<u16, u32> {
    let stream = client.take_stream();
    let fields =
        [(":method", "GET"), (":scheme", scheme), (":authority", authority), (":path", "/a.txt"), ("host", host)];
    let block = client.encode(&fields);
    client.send(&RawFrame::new(FrameType::HEADERS, flag::END_HEADERS | flag::END_STREAM, stream, block));
    let answer = client.response(stream);
    answer.reset.map_or_else(|| Ok(answer.status().expect("a status")), Err)
}

#[test]
fn host_may_say_the_same_as_authority_in_other_words() {
    let server = Server::builder().file("a.txt", "a").start();
    let mut client = Client::h2c(&server);
    for (scheme, authority, host) in [
        ("http", "localhost:80", "localhost"),
        ("http", "localhost", "LOCALHOST:80"),
        ("https", "localhost:443", "localhost"),
        ("http", "localhost:", "localhost"),
        ("http", "[::1]:80", "[0:0::1]"),
        ("http", "l%6fcalhost", "localhost."),
    ] {
        assert_eq!(with_host(&mut client, scheme, authority, host), Ok(200), "{scheme} {authority} {host}");
    }
    for (scheme, authority, host) in [
        ("http", "localhost:443", "localhost"),
        ("http", "localhost", "localhosts"),
        ("http", "localhost", "u@localhost"),
    ] {
        let reset = with_host(&mut client, scheme, authority, host);
        assert_eq!(reset, Err(ErrorCode::PROTOCOL_ERROR.0), "{scheme} {authority} {host}");
    }
}

#[test]
fn an_authority_that_is_no_host_is_refused_over_both_protocols() {
    let server = Server::builder().file("a.txt", "a").start();
    let mut client = Client::h2c(&server);
    for authority in ["u@localhost", "local host", "localhost:x", "localhost:99999", "[::1", "::1"] {
        let reset = with_host(&mut client, "http", authority, authority);
        assert_eq!(reset, Err(ErrorCode::PROTOCOL_ERROR.0), "{authority}");
        let request = format!("GET /a.txt HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
        let came = exchange(server.connect("http"), request.as_bytes());
        assert_eq!(Answer::read(&came).expect("an answer").status, 400, "{authority}");
    }
}

#[test]
fn an_absolute_target_is_the_url() {
    let script = "fn main(request, response) { `${request.url} ${request.url_parts.port}` }";
    let server = Server::builder().handler("url.rhai", script).start();
    for (origin, expected) in [
        ("https://localhost", "https://localhost/handlers/url.rhai 443"),
        ("HTTP://LOCALHOST:81", "http://LOCALHOST:81/handlers/url.rhai 81"),
    ] {
        let request =
            format!("GET {origin}/handlers/url.rhai HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let came = exchange(server.connect("http"), request.as_bytes());
        assert_eq!(Answer::read(&came).expect("an answer").text(), expected, "{origin}");
    }
}

#[test]
fn url_parts_have_the_host_as_python_does() {
    let script =
        "fn main(request, response) { `${request.url_parts.hostname}|${request.url_parts.port}|${request.authority}` }";
    let server = Server::builder().handler("parts.rhai", script).start();
    for (host, expected) in [
        ("[::1]:8080", "::1|8080|[::1]:8080"),
        ("LOCALHOST", "localhost|80|LOCALHOST"),
        ("Host.Example:1", "host.example|1|Host.Example:1"),
    ] {
        let request = format!("GET /handlers/parts.rhai HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let came = exchange(server.connect("http"), request.as_bytes());
        assert_eq!(Answer::read(&came).expect("an answer").text(), expected, "{host}");
    }
}

fn asterisk(server: &Server, method: &str) -> [Option<(u16, Option<String>, String)>; 2] {
    let request = format!("{method} * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let came = Answer::read(&exchange(server.connect("http"), request.as_bytes())).expect("an answer");
    let mut client = Client::h2c(server);
    let stream = client.request(method, "*", &[], true);
    let answer = client.response(stream);
    let http2 = answer.status().map(|status| (status, answer.get("allow"), answer.text()));
    [Some((came.status, came.get("allow").map(str::to_owned), came.text())), http2]
}

#[test]
fn options_asks_the_server_itself() {
    let server = Server::start();
    for came in asterisk(&server, "OPTIONS") {
        let (status, allow, text) = came.expect("an answer");
        assert_eq!((status, text.as_str()), (204, ""));
        assert!(allow.is_some_and(|allow| allow.contains("GET") && allow.contains("OPTIONS")));
    }
    let script = "fn main(request, response) { [202, [], `${request.method} ${request.target}`] }";
    let server = Server::builder()
        .handler("star.rhai", script)
        .config("[[routes]]\nmethods = [\"OPTIONS\"]\npath = \"*\"\nscript = \"handlers/star.rhai\"\n")
        .start();
    for came in asterisk(&server, "OPTIONS") {
        assert_eq!(came, Some((202, None, "OPTIONS *".to_owned())));
    }
    let request = b"OPTIONS http://localhost HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let came = Answer::read(&exchange(server.connect("http"), request)).expect("an answer");
    assert_eq!(came.status, 202, "without a path the server is meant (RFC 9112 §3.2.4)");
    // Any other method has no such target.
    let [http1, http2] = asterisk(&server, "GET");
    assert_eq!((http1.expect("an answer").0, http2), (400, None));
}

#[test]
fn a_target_has_a_form_that_its_method_has() {
    let server = Server::builder().file("a.txt", "a").start();
    for (line, status) in [
        ("GET a.txt", 400),
        ("GET localhost:80", 400),
        ("CONNECT /a.txt", 400),
        ("CONNECT *", 400),
        ("POST *", 400),
        ("OPTIONS x", 400),
        ("GET http://localhost/a.txt", 200),
        ("GET /a.txt", 200),
        ("OPTIONS /a.txt", 405),
    ] {
        let request = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let came = Answer::read(&exchange(server.connect("http"), request.as_bytes())).expect("an answer");
        assert_eq!(came.status, status, "{line}");
    }
}

#[test]
fn pages_inside_the_program_answer_to_few_methods() {
    let server = Server::builder().file("t.any.js", "// META: global=window\n").file("folder/a.txt", "a").start();
    for target in ["/", "/handlers/", "/t.any.html", "/folder/", "/_wire/status", "/?list", "/?pipe=sub"] {
        let index = matches!(target, "/" | "/handlers/") || target.starts_with("/?");
        let allowed = if index { "GET, HEAD, POST" } else { "GET, HEAD" };
        for method in ["DELETE", "PUT", "TRACE", "FOO", "OPTIONS", "POST"] {
            if index && method == "POST" {
                continue;
            }
            let ask = Ask { method, ..Ask::get(target) };
            for answer in [over_http1(&server, &ask), over_http2(&server, &ask)] {
                assert_eq!((answer.status, answer.get("allow")), (405, Some(allowed)), "{method} {target}");
            }
        }
        let head = over_http2(&server, &Ask::head(target));
        assert!(head.status < 400 && head.body.is_empty(), "{target}: {}", head.status);
    }
}

#[test]
fn what_is_read_out_of_a_request_is_text() {
    let script = r#"fn main(request, response) {
        let file = request.POST["f"];
        `${request.GET["q"]} ${file.name} ${file.filename} ${file.filename_bytes.len} ${request.POST["ö"]} `
            + `${request.cookies.c} ${request.auth.username} ${request.auth.password} ${request.auth.password_bytes.len}`
    }"#;
    let server = Server::builder().handler("text.rhai", script).start();
    let body = "--b\nContent-Disposition: form-data; name=f; filename=\"é.txt\"\n\nx\n--b\n\
                content-disposition: form-data; name=\"ö\"\n\n--bü\n";
    let ask = Ask::post("/handlers/text.rhai?q=%C3%A4", body.as_bytes())
        .with("content-type", "multipart/form-data; boundary=b")
        .with("cookie", "c=ñ")
        .with("authorization", "Basic w7w6w58=");
    for answer in [over_http1(&server, &ask), over_http2(&server, &ask)] {
        assert_eq!(answer.text(), "ä f é.txt 6 --bü ñ ü ß 2");
    }
}
